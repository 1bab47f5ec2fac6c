package hls

import (
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/storage"
)

const (
	// maxKnown bounds the segments of one playlist that are remembered to compare the next version with: of a window of hours the newest hour. It is what a
	// stream costs in memory, some 100 bytes each.
	maxKnown = 2000
	// epoch is what is added to the numbers of a sequence each time when its media sequence numbers begin anew, so that they grow: more than a sequence has
	// in practice, where the largest are times in milliseconds, and easy to read past.
	epoch = 1_000_000_000_000_000
	// maxNumber bounds media sequence numbers and those of discontinuities, so that sums with epochs do not overflow.
	maxNumber = 1 << 60
	// joinTargets is how far from the end a player joins (RFC 8216 section 6.3.3).
	joinTargets = 3
	// dueTargets is when a live playlist must have a new segment (RFC 8216 section 6.2.1), in tenths of the target duration.
	dueTargets = 15
)

// playlist is the state of one media playlist between two refreshes.
type playlist struct {
	id      string
	child   *child
	version storage.Info
	digest  uint64
	target  time.Duration
	control *Control
	next    time.Time // when it is due
	ended   bool

	begun  bool
	epoch  int64
	newest int64 // the last number that was told; -1 before the first
	disc   int64 // the discontinuity of that
	first  int64 // media sequence numbers [first, end) of the newest version
	end    int64
	known  []known // the newest of them
	length jobs.Micros
	kind   string
	// shift is what is added to the discontinuity sequence numbers of the playlist where they do not count on.
	shift   int64
	suspect int       // refreshes in a row that showed older numbers only
	full    time.Time // when a version came whole, no delta update
	// refused: the server did not want to wait for the next segment, so it is asked for what it has: its numbers may have begun anew.
	refused bool
	lines   bool // its versions end with a line break: one that does not is cut off

	heard       time.Time // when it was last had
	grew        time.Time // when it last brought segments
	progress    time.Time // the same, or when it could be had again
	steady      time.Time // when its edge was last found where it should be
	short       bool      // segments were removed early, and the window is short since
	failed      int
	unavailable trouble
	stale       trouble
	drift       trouble
	edge        edge
	lasting     map[string]span // faults that may go on, by code
	told        announced
	total       jobs.Micros // how long all segments are that were told
}

// known is what is remembered of a segment.
type known struct {
	number        int64 // media sequence number
	hash          uint64
	duration      jobs.Micros
	discontinuity int64
	gap           bool
	init          *Map
	encrypted     bool
}

func newPlaylist(id string, c *child) *playlist {
	c.list = Playlist{}
	return &playlist{id: id, child: c, target: defaultTarget, newest: -1, lasting: map[string]span{}}
}

// describe is the playlist without segments.
func (p *playlist) describe() live.Sequence {
	attrs := p.child.attrs
	if attrs != nil && *attrs == (jobs.Variant{}) {
		attrs = nil
	}
	s := live.Sequence{Describes: jobs.Sequence{ID: p.id, Name: p.child.name, Mode: jobs.ModeSegments, Media: p.child.media, Variant: attrs}}
	if p.begun {
		s.Target = p.target
		s.Describes.Target = jobs.FromDuration(p.target)
	}
	return s
}

// blocks tells whether the server lets one wait for the next segment.
func (p *playlist) blocks() bool {
	return p.begun && !p.refused && p.control != nil && p.control.CanBlockReload
}

// skips tells whether a delta update can be used: while the last whole version and the last news are younger than half the skip boundary (draft-pantos-hls-rfc8216bis section
// 6.3.7), and nothing is encrypted, because a delta does not say which key is in force where it begins.
func (p *playlist) skips(now time.Time) bool {
	if !p.begun || p.control == nil || p.control.CanSkipUntil <= 0 || len(p.known) == 0 || p.known[len(p.known)-1].encrypted {
		return false
	}
	fresh := time.Duration(p.control.CanSkipUntil) * time.Microsecond / 2
	return now.Sub(p.full) < fresh && now.Sub(p.grew) < fresh
}

// take adds what a request brought to the update.
func (l *Live) take(p *playlist, got *loaded, update *live.Update) {
	now := l.cfg.Now()
	same := errors.Is(got.err, storage.ErrUnchanged)
	if got.blocking >= 0 && got.err != nil && !same && storage.IsPermanent(got.err) {
		p.refused, p.next = true, now
		return
	}
	p.refused = false
	if got.err != nil && !same {
		l.missed(p, got, now)
		return
	}
	if !p.unavailable.since.IsZero() { // the time without it is told already
		p.progress, p.stale = now, trouble{}
		p.rebase()
	}
	p.heard, p.failed, p.unavailable = now, 0, trouble{}
	news := false
	if digest := digestOf(got.data); !same && (got.delta || digest != p.digest || !p.begun) {
		p.digest = digest
		news = l.merge(p, got, now, update)
	}
	if !same && got.blocking < 0 && !got.delta { // what directives name has versions of its own
		p.version = got.version
	}
	p.judgeStale(news, now)
	p.plan(l, got, news, now)
}

func digestOf(data []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(data) // never fails
	return h.Sum64()
}

// plan says when the playlist is due again: a target duration after the request for a version with news, half of it after one without (RFC 8216 section
// 6.3.4), at once after a blocking reload that brought what it waited for.
func (p *playlist) plan(l *Live, got *loaded, news bool, now time.Time) {
	switch {
	case news && p.blocks():
		p.next = now
	case news:
		p.next = l.later(got.began, p.target)
	default:
		p.next = l.later(now, p.target/2)
	}
}

// missed books a playlist that could not be had.
func (l *Live) missed(p *playlist, got *loaded, now time.Time) {
	p.failed++
	since := p.unavailable.start(got.began)
	p.unavailable.begin(now, now.Sub(since).Seconds(), p.label("%s", reason(got.err)))
	if p.failed == 1 { // the first failure may have taken long, and be over with the next try
		p.unavailable.value = 0
	}
	p.next = l.later(now, backOff(p.failed, p.target, time.Duration(p.length)*time.Microsecond))
	if storage.IsPermanent(got.err) { // an address that expired, perhaps
		l.master.next = minTime(l.master.next, p.next)
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// judgeStale sees whether a new segment is overdue.
func (p *playlist) judgeStale(news bool, now time.Time) {
	if news {
		p.grew = now
	}
	if news || p.progress.IsZero() {
		p.progress, p.stale = now, trouble{}
		return
	}
	due := p.progress.Add(p.target * dueTargets / 10)
	if p.ended || p.suspect > 0 || !now.After(due) {
		return
	}
	p.stale.start(due)
	p.stale.begin(now, now.Sub(due).Seconds(), p.label("no new segment for %s, with a target duration of %s", brief(now.Sub(p.progress)), brief(p.target)))
	p.rebase()
}

// rebase measures the edge anew, after something else that has a finding of its own.
func (p *playlist) rebase() { p.edge, p.drift = edge{}, trouble{} }

// brief writes a time for people.
func brief(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

// merge compares a version with what is known, and tells what is new; false when nothing is.
func (l *Live) merge(p *playlist, got *loaded, now time.Time, update *live.Update) bool {
	p.lines = endsLine(got.data)
	p.child.base = p.child.loc.Moved(got.version.Location)
	list := Parse(got.data)
	m := list.Media
	v := &version{p: p, list: list, media: m, now: now, update: update, resume: l.resume, known: p.begun, before: p.end, others: l.playlists}
	if m == nil || len(m.Segments) == 0 && m.Skipped == 0 {
		v.tellFaults()
		return false
	}
	if m.MediaSequence > maxNumber || m.DiscontinuitySequence > maxNumber {
		v.tellFaults()
		v.fault("playlist.invalid", -1, 0, p.label("EXT-X-MEDIA-SEQUENCE %d, EXT-X-DISCONTINUITY-SEQUENCE %d: nobody counts that far", m.MediaSequence, m.DiscontinuitySequence))
		return false
	}
	if m.Target > 0 {
		p.target = time.Duration(m.Target) * time.Microsecond
	}
	p.control, p.ended = m.Control, m.EndList
	if m.Skipped == 0 {
		p.full = now
	}
	v.first = m.MediaSequence
	v.end = v.first + m.Skipped + int64(len(m.Segments))
	if p.begun && m.Skipped > 0 && v.first+m.Skipped > p.end { // it leaves out what is not known: ask for all of it
		p.full = time.Time{}
		return false
	}
	news := v.join()
	v.tellFaults()
	v.tellMarkers()
	if got.blocking >= 0 && v.end <= got.blocking && !now.Before(p.progress) && !p.ended && now.Sub(got.began) < p.target/2 {
		v.fault("playlist.part", got.blocking, 0, p.label("the answer to a blocking reload for segment %d came without it, after %s", got.blocking, brief(now.Sub(got.began))))
	}
	return news
}

// hashOf is what identifies a segment's bytes, without the query of its address.
func hashOf(s *Segment) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s", plain(s.URI)) // hashes never fail
	if s.Range != nil {
		fmt.Fprintf(h, "@%d+%d", s.Range.Offset, s.Range.Length)
	}
	return h.Sum64()
}
