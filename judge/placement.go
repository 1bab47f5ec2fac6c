package judge

import (
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// zeroTolerance is how far from 0 an object's first timestamp may lie and still be meant: encoders with B frames start 0.08 s in. Beyond, the
	// object was cut out of something longer and its zero is where it begins.
	zeroTolerance jobs.Micros = 500e3
	// jumpTolerance is how far timestamps may jump between two segments and still be believed. Beyond, the playlist says where the segment is:
	// an encoder that was restarted without EXT-X-DISCONTINUITY does not make the stream a day long.
	jumpTolerance jobs.Micros = 1e6
	// roundingTolerance is how far an EXTINF may be off: integers were the rule before version 3 of the protocol (RFC 8216, 4.3.2.1).
	roundingTolerance jobs.Micros = 500e3
	// driftTolerance is how far media may stray from the playlist before segment borders follow the media.
	driftTolerance jobs.Micros = 250e3
	// alignTolerance is how far the clocks of an audio playlist and of the first video playlist may differ and still be one clock.
	alignTolerance jobs.Micros = 10e6
)

// placement ties the clock of one sequence to the timeline. Segments of one discontinuity group share a clock that runs by itself, so the
// rounding of EXTINF moves no frame; a new group begins where the playlist says.
type placement struct {
	Anchor *anchor `json:",omitempty"`
	// Epoch counts the anchors: timestamps are comparable within one.
	Epoch int
	Disc  int
	// Guessed: nothing in the group has a timestamp so far, so that where its clock stands is a guess. Such a group is not among Groups.
	Guessed bool `json:",omitempty"`
	// Drift is how far the media has run away from the playlist.
	Drift jobs.Micros
	// Hole is true when the unit before could not be read.
	Hole bool
	// Ends holds where each track's packets ended in the last unit that had them.
	Ends   []trackEnd
	Groups []group
	// Clock is what the manifest says of the clock of the present group; nil when it says nothing.
	Clock *groupClock `json:",omitempty"`
}

// groupClock is what the manifest says at the first segment of a group. It holds for those behind it, too, of which one may be the first that can be read.
type groupClock struct {
	jobs.MediaClock
	Disc  int
	Start jobs.Micros // of that segment
}

// clocked takes what the manifest says at a segment, or keeps what it said before in the same group.
func (p *placement) clocked(s *jobs.Segment) {
	switch {
	case s.Clock != nil:
		p.Clock = &groupClock{*s.Clock, s.Discontinuity, s.Start}
	case p.Clock != nil && p.Clock.Disc != s.Discontinuity:
		p.Clock = nil
	}
}

type trackEnd struct {
	Kind  measurement.Kind
	Track int
	End   jobs.Micros
	// Tail is what a track without timestamps goes on behind.
	Tail jobs.Micros `json:",omitempty"`
}

// group is where a discontinuity group was placed.
type group struct {
	Disc int
	anchor
	Wrap int
	// Zero is what the clock shows at the timeline's zero by the manifest; nil when it does not say.
	Zero *jobs.Micros `json:",omitempty"`
}

// placedUnit is a unit with its place on the timeline; From and To are the borders that coverage is kept in.
type placedUnit struct {
	Index    int
	State    measurement.UnitState
	Detail   string
	From, To jobs.Micros
	// Due is where the media of a segment should end at the latest.
	Due   jobs.Micros
	Epoch int
	Disc  int // the segment's discontinuity
	// Cuts: a new period begins here, and players cut what the one before has beyond.
	Cuts bool
	// Unlisted: a gap in what a DASH manifest lists.
	Unlisted bool `json:",omitempty"`
	Tracks   []placedTrack
}

// placedTrack is one track of a unit. Turn is added to its raw timestamps to undo the wrap of the clock.
type placedTrack struct {
	measurement.UnitTrack
	Base       timeBase
	Origin     origin
	Turn       int64
	First, End jobs.Micros
}

func (u *placedUnit) track(kind measurement.Kind, track int) *placedTrack {
	for i := range u.Tracks {
		if t := &u.Tracks[i]; t.Kind == kind && t.Track == track {
			return t
		}
	}
	return nil
}

// primary is the track that tells the unit's place: the first video track, else the first track.
func (u *placedUnit) primary() *placedTrack {
	for i := range u.Tracks {
		if u.Tracks[i].Kind == measurement.Video {
			return &u.Tracks[i]
		}
	}
	if len(u.Tracks) > 0 {
		return &u.Tracks[0]
	}
	return nil
}

// lead is the first track with timestamps; without one, the primary track.
func (u *placedUnit) lead() *placedTrack {
	for i := range u.Tracks {
		if !u.Tracks[i].Untimed {
			return &u.Tracks[i]
		}
	}
	return u.primary()
}

// jump is a leap of the clock between two segments that the playlist does not know of.
type jump struct {
	At jobs.Micros
	By jobs.Micros
}

// tracksOf takes the tracks of a unit that have packets and a format.
func tracksOf(u *measurement.Unit, formats []measurement.Format) []placedTrack {
	var tracks []placedTrack
	for _, t := range u.Tracks {
		if t.Packets > 0 && t.Format >= 0 && t.Format < len(formats) && t.Track >= 0 && t.Track < maxTracks && formats[t.Format].Kind == t.Kind {
			t.EndPTS = max(t.EndPTS, t.FirstPTS)
			tracks = append(tracks, placedTrack{UnitTrack: t, Base: baseOf(&formats[t.Format])})
		}
	}
	return tracks
}

// segment places a unit of a row of segments. The jump is nil unless the clock leapt.
func (p *placement) segment(m *measurement.Unit, s *jobs.Segment, formats []measurement.Format) (placedUnit, *jump) {
	p.clocked(s)
	at := clampTime(s.Start + p.Drift)
	u := placedUnit{Index: m.Index, State: m.State, Detail: m.Detail, From: at, To: clampTime(at + s.Duration), Disc: s.Discontinuity, Cuts: s.Clock != nil, Tracks: tracksOf(m, formats)}
	if len(u.Tracks) == 0 {
		u.Epoch = p.Epoch
		p.Hole = p.Hole || m.State != measurement.UnitOK
		return u, nil
	}
	var leap *jump
	if p.Anchor == nil || s.Discontinuity != p.Disc || p.Guessed && !u.lead().Untimed {
		u.Cuts = p.Clock != nil && (p.Anchor == nil || s.Discontinuity != p.Disc)
		p.anchorAt(&u, at, formats)
		p.Disc, p.Guessed = s.Discontinuity, u.lead().Untimed
		if !p.Guessed {
			p.Groups = append(p.Groups, group{s.Discontinuity, *p.Anchor, formats[u.Tracks[0].Format].WrapBits, p.Clock.zero()})
		}
	} else {
		p.run(&u, at, formats)
		leap = p.leap(&u, at)
		if leap != nil {
			p.anchorAt(&u, at, formats)
			leap.At = u.primary().First
		}
	}
	p.settle(&u, s)
	return u, leap
}

// zero is what the clock shows at the timeline's zero; nil when the manifest does not say.
func (c *groupClock) zero() *jobs.Micros {
	if c == nil {
		return nil
	}
	zero := c.Zero
	return &zero
}

// exact tells whether the manifest gives the time of each segment.
func (c *groupClock) exact() bool { return c != nil && c.Exact }

// settle remembers where the unit ended and follows the media where it strays from the playlist.
func (p *placement) settle(u *placedUnit, s *jobs.Segment) {
	u.Epoch = p.Epoch
	p.Hole = u.State == measurement.UnitTruncated // where it ends says nothing about what follows
	for i := range u.Tracks {
		p.ended(&u.Tracks[i])
	}
	u.Due = u.To
	if stray := u.primary().First - s.Start; abs(stray-p.Drift) > driftTolerance {
		u.From += stray - p.Drift
		u.To += stray - p.Drift
		p.Drift = stray
		u.Due = min(u.Due, u.To) // media that begins late need not end late
	}
}

func (p *placement) ended(t *placedTrack) {
	for i := range p.Ends {
		if e := &p.Ends[i]; e.Kind == t.Kind && e.Track == t.Track {
			e.End, e.Tail = t.End, t.tail()
			return
		}
	}
	p.Ends = append(p.Ends, trackEnd{t.Kind, t.Track, t.End, t.tail()})
}

// tail is how much sound comes behind the end of what has timestamps.
func (t *placedTrack) tail() jobs.Micros {
	return max(0, min(t.Base.micros(t.Tail), jumpTolerance))
}

// endOf is where the track's packets ended.
func (p *placement) endOf(t *placedTrack) (jobs.Micros, bool) {
	e := p.before(t)
	return e.End, e.Kind != ""
}

// before is the track's last end; zero when there was none.
func (p *placement) before(t *placedTrack) trackEnd {
	for _, e := range p.Ends {
		if e.Kind == t.Kind && e.Track == t.Track {
			return e
		}
	}
	return trackEnd{}
}

// run places a unit's tracks by the running clock; at is where the playlist expects it, which decides how often the clock has wrapped.
func (p *placement) run(u *placedUnit, at jobs.Micros, formats []measurement.Format) {
	for i := range u.Tracks {
		t := &u.Tracks[i]
		t.Origin = p.Anchor.origin(t.Base)
		want := clampTicks(t.Origin.Ticks, t.Base.ticks(at-t.Origin.At))
		t.Turn = turns(t.FirstPTS, want, formats[t.Format].WrapBits)
		if t.Untimed { // it goes on from where it ended, or begins with its segment
			if e := p.before(t); e.Kind != "" && abs(e.End+e.Tail-at) <= jumpTolerance {
				want = clampTicks(t.Origin.Ticks, t.Base.ticks(e.End+e.Tail-t.Origin.At))
			}
			t.Turn = difference(want, t.FirstPTS)
		}
		t.First, t.End = t.time(t.FirstPTS), t.time(t.EndPTS)
	}
}

// time places a raw timestamp of the track.
func (t *placedTrack) time(pts int64) jobs.Micros {
	return t.Origin.time(t.Base, clampTicks(pts, t.Turn))
}

// clampTicks adds without overflow.
func clampTicks(a, b int64) int64 { return difference(a, -b) }

// leap tells by how much the clock jumped, when neither the media before nor the playlist expects it.
func (p *placement) leap(u *placedUnit, at jobs.Micros) *jump {
	t := u.primary()
	expected, ok := p.endOf(t)
	tolerance := jumpTolerance
	if p.Hole || !ok {
		expected = at
		tolerance += roundingTolerance
	}
	if by := t.First - expected; abs(by) > tolerance && abs(t.First-at) > tolerance {
		return &jump{By: by}
	}
	return nil
}

// anchorAt begins an epoch: the unit's earliest timestamp stands at the given time. Where the media before it ends no further off than an EXTINF may be
// rounded, the unit's first track that has timestamps goes on from there instead.
func (p *placement) anchorAt(u *placedUnit, at jobs.Micros, formats []measurement.Format) {
	base := earliest(u.Tracks, formats)
	base.At = at
	if t := u.lead(); p.Anchor != nil && !p.Hole {
		if end, ok := p.endOf(t); ok && abs(end-at) <= roundingTolerance {
			base = anchor{t.FirstPTS, t.Base, end}
		}
	}
	p.Anchor = &base
	p.Epoch++
	p.run(u, base.At, formats)
}

// earliest finds the first timestamp over all tracks, wraps between tracks undone.
func earliest(tracks []placedTrack, formats []measurement.Format) anchor {
	var first anchor
	timed := false
	for i := range tracks {
		t := &tracks[i]
		a := anchor{Ticks: t.FirstPTS, Base: t.Base}
		if i == 0 || !timed && !t.Untimed {
			first, timed = a, !t.Untimed
			continue
		}
		if t.Untimed {
			continue
		}
		near := first.origin(t.Base).Ticks
		a.Ticks = clampTicks(a.Ticks, turns(a.Ticks, near, formats[t.Format].WrapBits))
		if t.Base.micros(difference(a.Ticks, near)) < 0 {
			first = a
		}
	}
	return first
}

// object places a unit of an object. The container's zero is the timeline's, unless the object begins far from it. Units have no borders of
// their own: coverage runs from one to the next.
func (p *placement) object(m *measurement.Unit, formats []measurement.Format) placedUnit {
	u := placedUnit{Index: m.Index, State: m.State, Detail: m.Detail, Tracks: tracksOf(m, formats)}
	if len(u.Tracks) > 0 {
		if p.Anchor == nil {
			p.zero(&u, formats)
		}
		for i := range u.Tracks {
			t := &u.Tracks[i]
			t.Origin = p.Anchor.origin(t.Base)
			t.First, t.End = t.time(t.FirstPTS), t.time(t.EndPTS)
		}
		u.From = u.primary().First
	}
	u.To = u.From
	u.Epoch = p.Epoch
	return u
}

func (p *placement) zero(u *placedUnit, formats []measurement.Format) {
	a := earliest(u.Tracks, formats)
	if abs(a.Base.micros(a.Ticks)) <= zeroTolerance {
		a.Ticks = 0
	}
	p.Anchor = &a
	p.Epoch = 1
}

// objectTime places a time on the container's clock.
func (p *placement) objectTime(t jobs.Micros) jobs.Micros {
	if p.Anchor == nil {
		return t
	}
	return p.Anchor.At + t - p.Anchor.Base.micros(p.Anchor.Ticks)
}
