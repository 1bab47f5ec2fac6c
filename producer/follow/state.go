package follow

import (
	"path"
	"slices"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

// state is what a Follower knows. It does no I/O; one goroutine owns it.
type state struct {
	stream *Stream
	rows   []*row
	byID   map[string]*row // by the source's id
	// periods are those that are not closed, in order; the first is being written.
	periods []*period
	// floor is before which no new period begins: what was closed stays closed.
	floor time.Time
	// loose are faults and markers from before there was a segment.
	loose   []live.Fault
	markers []live.Marker
	ended   bool
	// fullSince is when the first row had a window ready; zero: none has.
	fullSince time.Time
	// wrote is when the last instalment was written.
	wrote time.Time
}

// row is a sequence of the source.
type row struct {
	id        string
	describes jobs.Sequence
	// items are the segments that are in no instalment, in order.
	items  []*item
	newest *mark   // of all that was accepted
	wrote  *mark   // of all that is in instalments
	period *period // of newest; nil: it is in an instalment of an earlier follower
	// late is since when it brings segments that have no place, because the check began without it; zero: it has one.
	late time.Time
}

// item is a segment on its way from a playlist into an instalment.
type item struct {
	live.Segment
	row    *row
	period *period
	busy   bool // it is being fetched
	known  bool // a follower before this one has seen it, so it may be archived
	done   bool
	// lost stands for segments that left the playlist before anybody saw them.
	lost bool
	got  fetched
	// faults are told when the item has its place.
	faults []live.Fault
}

func newState(s *Stream) *state { return &state{stream: s, byID: map[string]*row{}} }

// row finds or makes the row of a source's id.
func (s *state) row(id string) *row {
	r := s.byID[id]
	if r == nil {
		r = &row{id: id}
		s.byID[id] = r
		s.rows = append(s.rows, r)
	}
	return r
}

// accept takes what a refresh brought; now is the time. It tells whether there is a new segment, and the faults that are told for the first time.
func (s *state) accept(u *live.Update, now time.Time) (news bool, faults []live.Fault) {
	chosen := s.choose(u.Sequences)
	for i := range u.Sequences {
		if !chosen[i] || len(s.rows) >= maxRows && s.byID[u.Sequences[i].Describes.ID] == nil {
			continue
		}
		r := s.row(u.Sequences[i].Describes.ID)
		r.describes = u.Sequences[i].Describes
		if r.describes.Target == 0 {
			r.describes.Target = max(0, jobs.FromDuration(u.Sequences[i].Target))
		}
	}
	s.together(u.Sequences, chosen)
	for i := range u.Sequences {
		r := s.byID[u.Sequences[i].Describes.ID]
		if r == nil || !chosen[i] {
			continue
		}
		for k := range u.Sequences[i].Segments {
			news = s.segment(r, &u.Sequences[i].Segments[k], now) || news
		}
	}
	s.ended = s.ended || u.Ended
	told := s.lateRows(u.Faults, now)
	if len(s.periods) > 0 {
		told = append(s.takeLoose(), told...)
	}
	for _, f := range told {
		if s.fault(f, now) {
			faults = append(faults, f)
		}
	}
	s.remember(u.Markers)
	return news, faults
}

func (s *state) choose(all []live.Sequence) []bool {
	if s.stream.Choose != nil {
		if chosen := s.stream.Choose(all); len(chosen) == len(all) && slices.Contains(chosen, true) {
			return chosen
		}
	}
	return slices.Repeat([]bool{true}, len(all))
}

// segment accepts a segment unless it is known.
func (s *state) segment(r *row, seg *live.Segment, now time.Time) bool {
	if r.newest != nil && seg.Number <= r.newest.Number || seg.Number < 0 {
		return false
	}
	clean := cleaned(seg, now)
	for _, hole := range holes(r.newest, &clean) {
		s.add(r, hole, true, now)
	}
	return s.add(r, &clean, false, now)
}

// maxYear is the last that RFC 3339 can write.
const maxYear = 9999

// cleaned is a segment whose numbers an instalment can hold; package live promises nothing, and what is pending was stored by another.
func cleaned(seg *live.Segment, now time.Time) live.Segment {
	clean := *seg
	clean.Duration = min(max(clean.Duration, 0), maxDuration)
	if clean.Seen.IsZero() {
		clean.Seen = now
	}
	if t := clean.ProgramTime; t != nil && (t.Year() < 0 || t.Year() > maxYear) {
		clean.ProgramTime = nil
	}
	return clean
}

// add gives a segment its period; false when that has no place for the row.
func (s *state) add(r *row, seg *live.Segment, lost bool, now time.Time) bool {
	p := s.periodOf(r, seg)
	r.newest, r.period = markOf(seg), p
	if p.places[r.id] == nil && p.next == 0 {
		p.add(r.id, jobs.SequenceID(len(p.order)))
	}
	if p.places[r.id] == nil && s.deserted(p, seg) {
		p = s.beginAnew(r, seg)
	}
	if p.places[r.id] == nil { // it appeared in the middle of an hour: a check's sequences are known from its beginning
		if r.late.IsZero() {
			r.late = now
		}
		return false
	}
	r.late = time.Time{}
	if p != s.periods[0] && s.periods[0].passed.IsZero() {
		s.periods[0].passed = now
	}
	it := &item{Segment: *seg, row: r, period: p, lost: lost, done: lost || seg.Gap}
	if lost {
		it.got.missing = "it left the playlist before aircheck saw it"
	}
	r.items = append(r.items, it)
	return true
}

const (
	// maxHole bounds the segments that are made up for those that nobody saw: an hour in segments of 2 s.
	maxHole = 1800
	// holeTolerance is by how much the time that passed may differ from what the missing numbers would take, as a factor.
	holeTolerance = 2
)

// holes makes up the segments between before and next: numbers that no playlist showed because nobody looked. Where the time that passed does not
// allow for them, the numbers have jumped, which is a fault of the stream and no hole.
func holes(before *mark, next *live.Segment) []*live.Segment {
	if before == nil || next.Number <= before.Number+1 || next.Number-before.Number > maxHole || before.Duration <= 0 {
		return nil
	}
	n := next.Number - before.Number - 1
	passed := next.Seen.Sub(before.Seen)
	if before.ProgramTime != nil && next.ProgramTime != nil {
		passed = next.ProgramTime.Sub(*before.ProgramTime)
	}
	if jobs.FromDuration(passed)*holeTolerance < before.Duration*jobs.Micros(n) {
		return nil
	}
	list := make([]*live.Segment, n)
	for i := range list {
		seg := &live.Segment{
			Number: before.Number + 1 + int64(i), Duration: before.Duration, Discontinuity: before.Discontinuity, Seen: next.Seen, At: jobs.ByteRange{Length: -1},
		}
		if before.ProgramTime != nil && next.ProgramTime != nil {
			at := before.ProgramTime.Add(time.Duration(before.Duration) * time.Microsecond * time.Duration(i+1))
			seg.ProgramTime = &at
		}
		list[i] = seg
	}
	return list
}

// periodOf finds the period of a segment by its hour, and makes it where that is later than all. A row never goes back to an earlier period.
func (s *state) periodOf(r *row, seg *live.Segment) *period {
	hour := hourOf(seg)
	if hour.Before(s.floor) {
		hour = s.floor
	}
	n := len(s.periods)
	if n == 0 || s.later(hour) && !s.shared(r, seg) {
		s.periods = append(s.periods, s.newPeriod(hour))
		s.periods[n].first = markOf(seg)
		return s.periods[n]
	}
	p := s.periods[0]
	for _, one := range s.periods[1:] {
		if one.begun(seg, hour) {
			p = one
		}
	}
	if len(r.items) > 0 {
		if last := r.items[len(r.items)-1].period; last.begin.After(p.begin) {
			return last
		}
	}
	return p
}

// later tells whether an hour begins after the last period's.
func (s *state) later(hour time.Time) bool {
	return hour.After(s.periods[len(s.periods)-1].begin)
}

func (s *state) newPeriod(begin time.Time) *period {
	p := &period{begin: begin, id: jobs.LiveID(s.stream.Name, begin), places: map[string]*place{}}
	for _, r := range s.rows {
		p.add(r.id, jobs.SequenceID(len(p.order)))
		r.late = time.Time{} // from here on it has a place, whether it brings anything or not
	}
	return p
}

func (p *period) add(row, sequence string) {
	p.places[row] = &place{sequence: sequence, disc: -1}
	p.order = append(p.order, row)
}

// ready counts the items at the head of a row that belong to a period and are done, and their length.
func (r *row) ready(p *period) (n int, length jobs.Micros) {
	for _, it := range r.items {
		if it.period != p || !it.done {
			break
		}
		n++
		length += it.Duration
	}
	return n, length
}

// waiting counts the items that are in no instalment.
func (s *state) waiting() int {
	n := 0
	for _, r := range s.rows {
		n += len(r.items)
	}
	return n
}

// toFetch lists up to n items that nobody fetches, the oldest of every row first.
func (s *state) toFetch(n int) []*item {
	var list []*item
	for _, r := range s.rows {
		for _, it := range r.items {
			if !it.done && !it.busy {
				list = append(list, it)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *item) int { return a.Seen.Compare(b.Seen) })
	return list[:min(n, len(list))]
}

// finish takes what came of fetching an item.
func (s *state) finish(it *item, got fetched) {
	it.busy, it.done, it.got = false, true, got
	it.faults = append(it.faults, got.faults...)
}

// extension is that of the archived object: the original one where it is fit for a key.
func extension(uri string, fallback string) string {
	uri, _, _ = strings.Cut(uri, "?")
	uri, _, _ = strings.Cut(uri, "#")
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(uri), "."))
	if ext == "" || len(ext) > 6 || strings.Trim(ext, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return fallback
	}
	return ext
}
