package judge

import (
	"cmp"
	"fmt"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// maxTracks bounds the ordinals of tracks of one kind in a sequence; FFmpeg's demuxers stop at a thousand streams of all kinds.
	maxTracks = 64
	// maxFindings bounds the findings of one code on one rendition; what comes later widens the last one.
	maxFindings = 2000
	// minPackets is from how many packets on something must come out of a decoder: it may hold back a few for good.
	minPackets = 4
)

// stream is the serial fold over one track of a sequence. Exported fields are its state.
type stream struct {
	Kind  measurement.Kind
	Track int
	// First is the format that the rendition is described by, Format the one in force.
	First, Format measurement.Format
	Frames        int64
	// Undecoded counts the packets of units of which only key frames were decoded, beyond those.
	Undecoded int64 `json:",omitempty"`
	// Front is the end of what the detectors have seen.
	Front jobs.Micros
	// Begun is true once a row has its place, and Head is where the first one stands, also where no detector sees it.
	Begun bool        `json:",omitempty"`
	Head  jobs.Micros `json:",omitempty"`
	// Strange: the first segment that has the track shares none with the one before it. Something else stands there, and what lies before the track says nothing about
	// where it begins.
	Strange bool `json:",omitempty"`
	// Unit is the unit that rows are taken from; nil before the first and where the track is absent.
	Unit *placedTrack `json:",omitempty"`
	// Here is the unit itself, booked in Ledger when it is left.
	Here *placedUnit `json:",omitempty"`
	// Rows counts the unit's rows.
	Rows   int
	Ledger ledger
	// Shallow is the time of which only key frames were decoded.
	Shallow shallows `json:",omitempty"`
	// Broken is true when units since the last row could not be read, so that a hole needs no other explanation.
	Broken bool
	Epoch  int
	// Disc counts the discontinuities that the playlist announces up to the present unit.
	Disc     int
	Order    order
	Findings []jobs.Finding
	Lacks    []lack `json:",omitempty"`
	Clock    restart
	// Since is where the last unit of an object began.
	Since jobs.Micros `json:",omitempty"`
	// Astray is true while the last rows had no place; AstrayFrom is where what stands before them ends.
	Astray     bool        `json:",omitempty"`
	AstrayFrom jobs.Micros `json:",omitempty"`
	Video      *videoTrack `json:",omitempty"`
	Audio      *audioTrack `json:",omitempty"`
	// Chart is what is drawn of the track; nil where nothing is.
	Chart *chart `json:",omitempty"`

	objectMode bool
	params     *params
	video      []videoDetector
	audio      []audioDetector
	// until is how far the track should go at least, duration how long it is; both are known at the end.
	until, duration jobs.Micros
}

func newStream(kind measurement.Kind, track int, objectMode bool, p *params) *stream {
	s := &stream{Kind: kind, Track: track}
	if kind == measurement.Video {
		s.Video = &videoTrack{Damage: damage{Settling: true}}
	} else {
		s.Audio = &audioTrack{Damage: damage{Settling: true}}
	}
	if p.drawn() {
		s.Chart = newChart()
	}
	s.equip(objectMode, p)
	return s
}

// equip gives a new or restored stream what is no state.
func (s *stream) equip(objectMode bool, p *params) {
	s.objectMode, s.params = objectMode, p
	if s.Kind == measurement.Video {
		s.video = newVideoDetectors(p, s.emit)
	} else {
		s.audio = newAudioDetectors(p, s.emit)
	}
	s.Chart.equip(s.audio)
}

// before orders the streams of a sequence: video first, then by track.
func (s *stream) compare(o *stream) int {
	if s.Kind != o.Kind {
		if s.Kind == measurement.Video {
			return -1
		}
		return 1
	}
	return cmp.Compare(s.Track, o.Track)
}

// emit keeps a finding; times before the timeline's zero are cut.
func (s *stream) emit(f jobs.Finding) {
	f.Start, f.End = max(0, f.Start), max(0, f.End)
	var count int
	var last *jobs.Finding
	for i := range s.Findings {
		if s.Findings[i].Code == f.Code {
			count++
			last = &s.Findings[i]
		}
	}
	if count < maxFindings {
		s.Findings = append(s.Findings, f)
		return
	}
	last.End = max(last.End, f.End)
	if f.Severity.Rank() > last.Severity.Rank() {
		last.Severity, last.Value, last.Threshold = f.Severity, f.Value, f.Threshold
	}
	last.Message = tooMany(f.Code)
}

func tooMany(code string) string {
	return fmt.Sprintf("more than %d × %s: the rest is told as one", maxFindings, code)
}

// enter begins a unit: what the rows to come belong to.
func (s *stream) enter(u *placedUnit, formats []measurement.Format) {
	t := u.track(s.Kind, s.Track)
	if t == nil && s.objectMode {
		s.pass(u)
		return
	}
	s.leave()
	s.Here = &placedUnit{Index: u.Index, State: u.State, Detail: u.Detail, From: u.From, To: u.To, Epoch: u.Epoch, Unlisted: u.Unlisted}
	if t == nil {
		s.Unit = nil
		s.Broken = s.Broken || unreadable(u.State)
		return
	}
	if s.objectMode {
		s.span(t)
	}
	s.begin(t, u.Epoch)
	s.Order.Cuts = u.Cuts
	s.Disc = u.Disc
	s.Broken = s.Broken || unreadable(u.State)
	s.Format = formats[t.Format]
	if s.First.Kind == "" {
		s.First = s.Format
	}
}

// span says which time a unit of an object covers. A clock that begins again within the unit makes its first timestamp the smallest of all: what was
// booked before the unit stays as it is.
func (s *stream) span(t *placedTrack) {
	from := max(0, t.First+s.Clock.Shift)
	if !beyond(from) {
		from = max(from, s.Since)
		s.Since = from
	}
	s.Here.From, s.Here.To = from, max(from+1, t.End+s.Clock.Shift)
}

// begin makes the track of a unit the one that rows are taken from.
func (s *stream) begin(t *placedTrack, epoch int) {
	s.Rows = 0
	s.Order.enter(t.First)
	if epoch != s.Epoch {
		s.Order.EpochBorder = s.Epoch != 0
		s.Epoch = epoch
		s.resettle(t.First)
	}
	if s.Broken {
		s.resettle(t.First)
	}
	s.Order.Guessed = t.Untimed || s.Unit != nil && s.Unit.Untimed
	s.Order.EpochBorder = s.Order.EpochBorder || s.Order.Guessed
	unit := *t
	unit.First, unit.End = t.First+s.Clock.Shift, t.End+s.Clock.Shift
	s.Unit = &unit
	if unit.fast() {
		s.Undecoded += int64(min(max(0, unit.Packets-unit.Frames), maxTerm))
	}
}

// pass lets a unit of an object go by that has nothing of this track. Only what is wrong with the object as a whole concerns it.
func (s *stream) pass(u *placedUnit) {
	if len(u.Tracks) > 0 || !unreadable(u.State) {
		return
	}
	s.leave()
	s.Broken = true
	sp := spanOf(u)
	sp.From = max(sp.From, s.Ledger.end())
	sp.To = max(sp.To, sp.From+1)
	s.Ledger.add(sp)
}

// unreadable tells whether a unit in this state has no media for a reason that is told elsewhere.
func unreadable(st measurement.UnitState) bool {
	return st != measurement.UnitOK && st != measurement.UnitTruncated
}

// undecoded tells whether a unit has packets of the track that gave nothing at all. An object has no segments that could be called corrupt: there it is
// the track that could not be decoded.
func (s *stream) undecoded() bool {
	if s.Unit == nil || s.Rows > 0 {
		return false
	}
	if s.Here.State == measurement.UnitCorrupt {
		return s.objectMode
	}
	return s.Unit.Packets >= minPackets && !unreadable(s.Here.State)
}

func (s *stream) damage() *damage {
	if s.Kind == measurement.Video {
		return &s.Video.Damage
	}
	return &s.Audio.Damage
}

func (s *stream) resettle(at jobs.Micros) {
	d := s.damage()
	d.Settling, d.Since = true, at
}

// leave books the unit that ends.
func (s *stream) leave() {
	u := s.Here
	if u == nil {
		return
	}
	if s.Video != nil && s.Video.Twin != nil {
		s.Video.settleTwin(s, 0) // what its unit does not go on behind is no hole
	}
	if s.undecoded() {
		s.damage().Settling = false // a whole unit is no settling in
		s.damage().lost(s, s.Unit.First, s.Unit.End)
		s.Broken = true
		u.State, u.Detail = unitFailed, "none of the "+string(s.Kind)+" could be decoded"
	}
	s.Here = nil
	sp := spanOf(u)
	switch {
	case s.objectMode:
		s.Ledger.mark(sp)
		return
	case u.State == measurement.UnitTruncated && s.Unit != nil:
		s.Broken = true // what is missing up to the next row is told already
		end := max(u.From, min(s.reached(), u.To))
		s.Ledger.add(span{From: u.From, To: end, State: jobs.Analysed})
		sp.From = end
	case u.State == measurement.UnitOK && s.Unit == nil:
		sp.State, sp.Reason = jobs.Skipped, "no "+string(s.Kind)+" of this track in the segment"
	}
	s.Ledger.add(sp)
}

// reached is where the rows so far end.
func (s *stream) reached() jobs.Micros {
	if s.Kind == measurement.Video {
		return s.Video.reached(s)
	}
	return s.Audio.reached(s)
}

// The gaps that a packager knows of: HLS has a word for them, in DASH nothing is listed there.
const (
	declaredGap = "EXT-X-GAP"
	unlistedGap = "the manifest lists no segment for this time"
)

// spanOf says what a unit's state means for coverage.
func spanOf(u *placedUnit) span {
	sp := span{From: u.From, To: u.To, State: jobs.Failed, Lost: true}
	switch u.State {
	case measurement.UnitOK:
		sp.State, sp.Lost = jobs.Analysed, false
	case measurement.UnitMissing:
		sp.Reason = "the segment is missing"
	case measurement.UnitCorrupt:
		sp.Reason = "the bytes are no media that can be decoded"
	case measurement.UnitTruncated:
		sp.Reason = "the media ends early"
	case measurement.UnitEncrypted:
		sp.State, sp.Reason = jobs.Skipped, "encrypted"
	case measurement.UnitGap:
		sp.State, sp.Reason, sp.Lost = jobs.Skipped, declaredGap, false
		if u.Unlisted {
			sp.Reason = unlistedGap
		}
	default: // what could not be had, or not be measured
		sp.Reason = words(u.Detail)
	}
	if sp.Reason == "" && sp.State != jobs.Analysed {
		sp.Reason = "not measured"
	}
	return sp
}

// hole is a time between two rows in which there is nothing; calm when nothing moved around it.
func (s *stream) hole(from, to jobs.Micros, calm bool) {
	s.lack(lack{From: max(0, from), To: to, Reason: noMedia, Natural: s.variable(), Calm: calm})
	s.blind(from, to)
}

// blind tells the detectors that nothing is known of [from, to).
func (s *stream) blind(from, to jobs.Micros) {
	s.Chart.flush()
	for _, d := range s.video {
		d.gap(from, to)
	}
	for _, d := range s.audio {
		d.gap(from, to)
	}
}

// opens notes where a row stands if it is the first.
func (s *stream) opens(at jobs.Micros) {
	if !s.Begun {
		s.Begun, s.Head = true, at
	}
}

// end is where the track's own media ends, once everything is delivered.
func (s *stream) end() jobs.Micros { return max(0, s.Front) }

// drain delivers what waits for a successor.
func (s *stream) drain() {
	s.leave()
	if s.Kind == measurement.Video {
		s.Video.drain(s)
	} else {
		s.Audio.drain(s)
	}
}

// finish ends all detectors at the end of the rendition.
func (s *stream) finish(duration jobs.Micros) {
	s.Chart.flush()
	if front := s.end(); duration > front && s.Frames > 0 {
		s.blind(front, duration)
	}
	for _, d := range s.video {
		d.finish(duration)
	}
	for _, d := range s.audio {
		d.finish(duration)
	}
	s.finishDamage()
	s.Order.judge(s)
	s.admit(duration)
	slices.SortFunc(s.Findings, compareFindings)
}
