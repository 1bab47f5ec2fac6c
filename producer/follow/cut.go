package follow

import (
	"encoding/json"
	"time"

	"aircheck/jobs"
)

// handover is what the next follower needs to go on after an instalment; it stands in jobs.Instalment.Follow.
type handover struct {
	Owner string `json:"owner"`
	// Rows are by the source's id.
	Rows map[string]handedRow `json:"rows"`
	// Faults are the places of findings that may go on, by key.
	Faults map[string]int `json:"faults,omitempty"`
	// Discontinuities are the source's numbers, in the order of the check's indices.
	Discontinuities []int64 `json:"discontinuities,omitempty"`
}

type handedRow struct {
	// Sequence is that of the check.
	Sequence string `json:"sequence"`
	// Newest is the newest segment that is in an instalment, of this check or of an earlier one.
	Newest *mark `json:"newest,omitempty"`
}

// draft is an instalment that is not stored yet, with what changes when it is.
type draft struct {
	instalment *jobs.Instalment
	taken      map[*row]int
	// grown are the places as they will be, by the source's id.
	grown map[string]*place
}

const (
	// idleWindows: a row without news for so many windows is not waited for.
	idleWindows = 3
	// hurryWindows: a row with so many windows ready is written at once, as after an outage.
	hurryWindows = 3
	// eagerInstalments of a check are written as they come; from then on one takes at least a second, so that a stream of very short segments does not make more
	// of them than package archive reads: twice as many as an hour has seconds, and the outages of a year.
	eagerInstalments = 3600
	// An hour ends with a segment of the next, which an origin that is down for a weekend does not bring. From quietAfter its beginning on, faults that go on
	// are written down a quietShare of that time apart, but before the check counts as abandoned.
	quietAfter = 2 * time.Hour
	quietShare = 20
	maxQuiet   = 30 * time.Minute
)

// window is the wanted length of a window as a time.
func (s *state) window() time.Duration { return time.Duration(s.stream.Window) * time.Microsecond }

// due tells whether an instalment of the running period is to be written now, and otherwise when to ask again; zero: when something happens.
func (s *state) due(now time.Time) (bool, time.Time) {
	if len(s.periods) == 0 {
		return false, time.Time{}
	}
	p := s.periods[0]
	if next := s.wrote.Add(time.Second); p.next >= eagerInstalments && now.Before(next) {
		return false, next
	}
	if write, at := s.windowsDue(p, now); write || !at.IsZero() {
		if write {
			return true, now
		}
		return s.newsDue(p, now, at)
	}
	return s.newsDue(p, now, time.Time{})
}

// windowsDue waits until every row that lives has gained a window, but not longer than a window for those that lag.
func (s *state) windowsDue(p *period, now time.Time) (bool, time.Time) {
	full, lag := 0, 0
	for _, r := range s.rows {
		n, length := r.ready(p)
		switch {
		case length >= hurryWindows*s.stream.Window:
			return true, now
		case length >= s.stream.Window || n >= maxWindowSegments:
			full++
		case n < len(r.items) && r.items[n].period != p: // it has come to a later period
		case r.newest != nil && now.Sub(r.newest.Seen) < idleWindows*s.window() && p.places[r.id] != nil:
			lag++
		}
	}
	if full == 0 {
		s.fullSince = time.Time{}
		return false, time.Time{}
	}
	if s.fullSince.IsZero() {
		s.fullSince = now
	}
	limit := s.fullSince.Add(s.window())
	return lag == 0 || !now.Before(limit), limit
}

// newsDue writes new faults soon, and how old ones go on about as often as windows; other is when something else is due.
func (s *state) newsDue(p *period, now, other time.Time) (bool, time.Time) {
	if p.ledger.idle() {
		return false, other
	}
	at := s.wrote.Add(max(s.window(), min(now.Sub(p.begin.Add(quietAfter))/quietShare, maxQuiet)))
	if l := &p.ledger; !l.fresh.IsZero() && l.fresh.Add(tellWithin).Before(at) {
		at = l.fresh.Add(tellWithin)
	}
	if !now.Before(at) {
		return true, now
	}
	if other.IsZero() || at.Before(other) {
		other = at
	}
	return false, other
}

// closing tells whether the running period is over: every row has come to a later one, or the stream has ended, and nothing of it is under way. A row without
// news is waited for no longer than a window. Otherwise it tells when to ask again.
func (s *state) closing(now time.Time) (bool, time.Time) {
	if len(s.periods) == 0 {
		return false, time.Time{}
	}
	p := s.periods[0]
	behind := false
	for _, r := range s.rows {
		if p.places[r.id] == nil {
			continue
		}
		if n, _ := r.ready(p); n < len(r.items) && r.items[n].period == p {
			return false, time.Time{}
		}
		behind = behind || len(r.items) == 0 || r.items[len(r.items)-1].period == p
	}
	switch {
	case s.ended:
		return true, now
	case p.passed.IsZero():
		return false, time.Time{}
	}
	limit := p.passed.Add(s.window())
	return !behind || !now.Before(limit), limit
}

// cut drafts the next instalment of the running period. Whole windows are taken; with last also what does not fill one.
func (s *state) cut(owner string, last bool, now time.Time) *draft {
	p := s.periods[0]
	out := &jobs.Instalment{V: jobs.Version, Check: p.id, Index: p.next, Last: last}
	d := &draft{instalment: out, taken: map[*row]int{}, grown: map[string]*place{}}
	if p.next == 0 {
		out.Begin = s.beginning(p, now)
	}
	for _, id := range p.order {
		s.cutRow(p, s.byID[id], d, now)
	}
	if out.Published.IsZero() {
		out.Published = now
	}
	s.placeMarkers(p, d.grown)
	var keys map[string]int
	out.Findings, out.Updates, keys = p.ledger.write()
	out.Markers = p.ledger.markers
	hand := handover{Owner: owner, Rows: map[string]handedRow{}, Faults: keys, Discontinuities: p.discs}
	for _, id := range p.order {
		r := s.byID[id]
		newest := r.wrote
		if n := d.taken[r]; n > 0 {
			newest = markOf(&r.items[n-1].Segment)
		}
		hand.Rows[id] = handedRow{Sequence: p.places[id].sequence, Newest: newest}
	}
	out.Follow, _ = json.Marshal(hand) // numbers, times and names: it cannot fail
	return d
}

// cutRow drafts a row's part and its windows.
func (s *state) cutRow(p *period, r *row, d *draft, now time.Time) {
	out, pl := d.instalment, p.places[r.id]
	ready, _ := r.ready(p)
	grown := *pl
	before := r.wrote
	var part []jobs.Segment
	first, start := pl.count, pl.end
	for i := range ready {
		it := r.items[i]
		seg := it.place(p, &grown, before)
		before = markOf(&it.Segment)
		part = append(part, seg)
		length := grown.end - start
		if length < s.stream.Window && grown.count-first < maxWindowSegments && !(out.Last && i == ready-1) {
			continue
		}
		out.Windows = append(out.Windows, jobs.Window{
			Sequence: pl.sequence, Index: grown.windows, First: first, Last: grown.count, Start: start, End: grown.end, Head: grown.windows == 0,
		})
		grown.windows++
		first, start = grown.count, grown.end
		d.taken[r] = i + 1
	}
	taken := d.taken[r]
	after := *pl
	d.grown[r.id] = &after
	if taken == 0 {
		return
	}
	after.grow(part[:taken], numbersOf(r.items[:taken]))
	out.Parts = append(out.Parts, jobs.Part{Sequence: pl.sequence, Segments: part[:taken]})
	for i, it := range r.items[:taken] {
		if it.Seen.After(out.Published) {
			out.Published = it.Seen
		}
		for _, f := range it.faults {
			p.goOn(&f, pl.sequence, &part[i])
			p.ledger.tell(f.Key, findingOf(&f, pl.sequence, part[i].Start, part[i].Start+part[i].Duration), now)
		}
		it.faults = nil
	}
}

// place makes the item's segment of the check, behind all that is in pl.
func (it *item) place(p *period, pl *place, before *mark) jobs.Segment {
	was, hole := it.Discontinuity, false
	if before != nil {
		was = before.Discontinuity
		hole = it.Number != before.Number+1 // numbers that jumped, or that nobody made up for
	}
	seg := jobs.Segment{
		Index: pl.count, ByteRange: jobs.ByteRange{URI: it.got.uri, Length: -1}, Start: pl.end, Duration: it.Duration, Init: it.got.init,
		Key: it.Key, Gap: it.Gap, ProgramTime: it.ProgramTime, Missing: it.got.missing, Discontinuity: p.discontinuity(pl, it.Discontinuity, was, hole),
	}
	if seg.Init != nil {
		seg.InitKey = it.InitKey
	}
	if seg.Gap {
		seg.Missing = ""
	}
	if pl.disc != seg.Discontinuity { // the first of its group
		seg.Clock = it.Clock
	}
	if seg.Valid() != nil { // one such segment would keep the whole stream from being written down
		seg = jobs.Segment{
			Index: seg.Index, ByteRange: jobs.ByteRange{Length: -1}, Start: seg.Start, Duration: seg.Duration, Discontinuity: seg.Discontinuity,
			Missing: "its playlist describes it in a way that nobody can keep",
		}
	}
	pl.count, pl.end, pl.disc = pl.count+1, pl.end+seg.Duration, seg.Discontinuity
	return seg
}

// stored takes over a draft whose instalment is in the store, and gives the tasks of its windows.
func (s *state) stored(d *draft, now time.Time) []jobs.Task {
	p, out := s.periods[0], d.instalment
	for _, part := range out.Parts {
		r := s.rowOf(p, part.Sequence)
		n := len(part.Segments)
		p.places[r.id].grow(part.Segments, numbersOf(r.items[:n]))
		r.wrote = markOf(&r.items[n-1].Segment)
		r.items = append([]*item(nil), r.items[n:]...)
	}
	var tasks []jobs.Task
	for _, w := range out.Windows {
		pl := p.places[s.rowOf(p, w.Sequence).id]
		pl.windows = w.Index + 1
		if task, ok := pl.task(p.id, w); ok {
			tasks = append(tasks, task)
		}
	}
	for _, pl := range p.places {
		pl.trim()
	}
	p.ledger.written()
	p.next, p.last = out.Index+1, out.Last
	s.fullSince, s.wrote = time.Time{}, now
	return tasks
}

func numbersOf(items []*item) []int64 {
	numbers := make([]int64, len(items))
	for i := range numbers {
		numbers[i] = items[i].Number
	}
	return numbers
}

func (s *state) rowOf(p *period, sequence string) *row {
	for _, id := range p.order {
		if p.places[id].sequence == sequence {
			return s.byID[id]
		}
	}
	return nil
}

// beginning is the check that the first instalment of a period begins.
func (s *state) beginning(p *period, now time.Time) *jobs.Check {
	c := &jobs.Check{
		V: jobs.Version, ID: p.id, Input: s.stream.Input, Created: now.UTC(), Profile: s.stream.Profile, BreakProfile: s.stream.Breaks, Queue: "live", WindowLength: s.stream.Window,
		Timeline: jobs.Timeline{Kind: s.stream.Kind},
	}
	for _, id := range p.order {
		q := s.byID[id].describes
		q.ID, q.Mode, q.Segments, q.Object, q.Duration, q.Role, q.Truncated = p.places[id].sequence, jobs.ModeSegments, nil, nil, 0, "", false
		c.Timeline.Sequences = append(c.Timeline.Sequences, q)
	}
	return c
}
