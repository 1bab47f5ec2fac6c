package judge

import (
	"fmt"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// sequence is the serial fold over one sequence's windows. Exported fields are its state.
type sequence struct {
	ID string
	// Next is the window that comes next, NextUnit the segment.
	Next, NextUnit int
	Place          placement
	Ledger         ledger
	Streams        []*stream
	Faults         faults
	// Declared is the duration that the container declares, Truncated where its media stops before.
	Declared  jobs.Micros
	Truncated *fault `json:",omitempty"`
	// Stops says that the object ends before the container says, where its media does.
	Stops bool `json:",omitempty"`
	// Since is where the last unit of an object began.
	Since jobs.Micros `json:",omitempty"`
	// Owed says that a window failed of which nobody knows how long it lasts: no time can be booked for it, and a verdict is owed all the same.
	Owed bool `json:",omitempty"`
	// Texts are the subtitles of a sequence that has such.
	Texts []textCue `json:",omitempty"`
	// TextFormat is what they are written in.
	TextFormat string `json:",omitempty"`
	// Last is the segment that came last, nil unless it could be read.
	Last *lastSegment `json:",omitempty"`
	// Marks are its segments as the ladder sees them.
	Marks segmentMarks
	// Packaging is nil where nothing was packaged.
	Packaging *packaging `json:",omitempty"`

	// Announced is what its segments announce.
	Announced announcements

	// dash: the segments are those of a DASH manifest.
	dash   bool
	def    *jobs.Sequence
	params *params
	// told: the producer saw the file's end already.
	told      bool
	rendition string // the first of its renditions; known at the end
}

func (q *sequence) objectMode() bool { return q.def.Mode == jobs.ModeObject }

// stream finds a stream.
func (q *sequence) stream(kind measurement.Kind, track int) *stream {
	for _, s := range q.Streams {
		if s.Kind == kind && s.Track == track {
			return s
		}
	}
	return nil
}

// appear makes the streams that a unit is the first to have. What was before them is time without them.
func (q *sequence) appear(u *placedUnit) {
	strange := q.ousts(u)
	for i := range u.Tracks {
		t := &u.Tracks[i]
		if q.stream(t.Kind, t.Track) != nil {
			continue
		}
		s := newStream(t.Kind, t.Track, q.objectMode(), q.params)
		s.Strange = strange
		s.Ledger = q.Ledger.without("no " + string(t.Kind) + " of this track yet")
		q.Streams = append(q.Streams, s)
		slices.SortFunc(q.Streams, (*stream).compare)
	}
}

// window folds one measured window.
func (q *sequence) window(w jobs.Window, m Measurement) error {
	h := m.Header()
	if err := q.expects(w, h.Sequence, h.Window); err != nil {
		return err
	}
	q.Declared = max(q.Declared, min(jobs.Micros(h.Duration), maxTimeline))
	f := &fold{q: q, formats: h.Formats, at: map[rowKey]int{}, cursor: map[*stream]int{}}
	for i := range h.Units {
		if err := f.unit(&h.Units[i], w); err != nil {
			return fmt.Errorf("window %d of %s: %w", w.Index, q.ID, err)
		}
	}
	if err := m.Frames(f.frame); err != nil {
		return fmt.Errorf("read pictures of window %d of %s: %w", w.Index, q.ID, err)
	}
	if err := m.Slots(f.slot); err != nil {
		return fmt.Errorf("read sound of window %d of %s: %w", w.Index, q.ID, err)
	}
	f.close()
	q.absent(w, "the measurement does not mention the segment")
	q.Next++
	return nil
}

// expects checks that a window is the next of this sequence.
func (q *sequence) expects(w jobs.Window, sequence string, window int) error {
	if sequence != q.ID || window != w.Index {
		return fmt.Errorf("window %d of %s: the measurement is of window %d of %s", w.Index, q.ID, window, sequence)
	}
	return q.inOrder(w)
}

func (q *sequence) inOrder(w jobs.Window) error {
	if w.Index != q.Next {
		return fmt.Errorf("window %d of %s comes when window %d is due", w.Index, q.ID, q.Next)
	}
	if !q.objectMode() && (w.First != q.NextUnit || w.Last < w.First || w.Last > len(q.def.Segments)) {
		return fmt.Errorf("window %d of %s holds the segments [%d, %d) when %d of %d is due", w.Index, q.ID, w.First, w.Last, q.NextUnit, len(q.def.Segments))
	}
	return nil
}

// failed folds a window for which there is no measurement.
func (q *sequence) failed(w jobs.Window, o jobs.Outcome) error {
	if err := q.inOrder(w); err != nil {
		return err
	}
	reason := failureReason(o)
	from, to := w.Start, w.End
	if q.objectMode() {
		from = max(from, q.Ledger.end())
		to = max(from, to)
		q.Owed = q.Owed || to == from
		u := &placedUnit{State: unitFailed, Detail: reason, From: from, To: to, Epoch: q.Place.Epoch}
		q.Ledger.add(spanOf(u))
		q.Faults.object(u, from)
		for _, s := range q.Streams {
			s.enter(u, nil)
		}
	} else {
		if w.First < w.Last {
			from = q.def.Segments[w.First].Start + q.Place.Drift
		}
		q.absent(w, reason)
		to = q.Ledger.end()
	}
	q.Faults.worker(o, from, to)
	q.Next++
	return nil
}

// unitFailed is the state of a unit that aircheck itself could not measure.
const unitFailed measurement.UnitState = "failed"

// failureReason says why a window was not measured. The outcome's own message is for operators: it may name places, and what it says differs from run to run.
func failureReason(o jobs.Outcome) string {
	switch o.Class {
	case jobs.Crash:
		return "the decoder crashed"
	case jobs.Timeout:
		return "the decoder took too long"
	}
	return "the window could not be measured"
}

// absent books the rest of a window's segments, of which nothing is known.
func (q *sequence) absent(w jobs.Window, reason string) {
	if q.objectMode() {
		return
	}
	for i := q.NextUnit; i < w.Last; i++ {
		u := &measurement.Unit{Index: i, State: unitFailed, Detail: reason}
		placed, _ := q.Place.segment(u, &q.def.Segments[i], nil)
		q.book(&placed)
		q.Packaging.hole()
		for _, s := range q.Streams {
			s.enter(&placed, nil)
		}
	}
	q.NextUnit = w.Last
}

// book enters a unit into the sequence's own ledger and faults.
func (q *sequence) book(u *placedUnit) {
	q.appear(u)
	sp := spanOf(u)
	if u.State == measurement.UnitTruncated {
		sp.From = u.mediaEnd()
		q.Ledger.add(span{From: u.From, To: sp.From, State: jobs.Analysed})
	}
	q.Ledger.add(sp)
	q.Faults.unit(u)
	q.Last = lastOf(u)
}

// object books a unit of an object: its state holds until the next one.
func (q *sequence) object(u *placedUnit) {
	q.appear(u)
	sp := spanOf(u)
	p := u.primary()
	switch {
	case p == nil && u.State == measurement.UnitOK:
		return
	case p == nil:
		sp.From = q.Ledger.end()
		sp.To = sp.From + 1
		q.Faults.object(u, sp.From)
	default:
		if u.State == measurement.UnitCorrupt {
			u = &placedUnit{State: measurement.UnitOK} // its tracks tell
		}
		sp.From = max(0, p.First)
		if !beyond(sp.From) { // a clock that begins again within a unit must not undo what was booked
			sp.From = max(sp.From, q.Since)
			q.Since = sp.From
		}
		sp.To = max(sp.From+1, p.End)
		q.Faults.object(u, sp.From)
	}
	q.Ledger.mark(sp)
}

// truncate notes that an object stops early. Where, is told by its index, which every window reads alike, or it is where the media ends: that is known at the
// end, for a window sees no more than its own.
func (q *sequence) truncate(m *measurement.Unit) {
	if m.TruncatedAt <= 0 {
		q.Stops = true
		return
	}
	at := max(0, q.Place.objectTime(jobs.Micros(m.TruncatedAt)))
	if q.Truncated == nil || at < q.Truncated.From {
		q.Truncated = &fault{State: m.State, Detail: m.Detail, First: -1, From: at}
	}
}

// rowKey finds the unit that a row belongs to: units are numbered for each kind of track on its own.
type rowKey struct {
	kind        measurement.Kind
	track, unit int32
}

// fold is the work on one window: its units, and how far each stream has come in them.
type fold struct {
	q       *sequence
	formats []measurement.Format
	units   []placedUnit
	at      map[rowKey]int
	cursor  map[*stream]int
	// Rows of one unit follow each other: what the last one belongs to.
	last   rowKey
	stream *stream
}

// unit places a unit and books it.
func (f *fold) unit(m *measurement.Unit, w jobs.Window) error {
	m = f.q.fitting(m)
	var u placedUnit
	if f.q.objectMode() {
		u = f.q.Place.object(m, f.formats)
		if m.State == measurement.UnitTruncated {
			f.q.truncate(m)
			u.State = measurement.UnitOK // as far as it is there
		}
		f.q.object(&u)
	} else {
		if m.Index < f.q.NextUnit || m.Index >= w.Last {
			return fmt.Errorf("segment %d stands where one of [%d, %d) is due", m.Index, f.q.NextUnit, w.Last)
		}
		f.missing(m.Index)
		var leap *jump
		u, leap = f.q.Place.segment(m, &f.q.def.Segments[m.Index], f.formats)
		u.Unlisted = f.q.dash && u.State == measurement.UnitGap
		f.q.book(&u)
		f.q.Marks.note(&u, m.Size, f.formats)
		f.q.texts(m)
		f.q.Announced.note(&u, m.Splices)
		f.leap(&u, leap)
		f.untimed(&u, m)
		f.q.Packaging.segment(&packagedSegment{placedUnit: &u, m: m, seg: &f.q.def.Segments[m.Index], formats: f.formats, dash: f.q.dash, clock: f.q.Place.Clock})
		f.q.NextUnit++
	}
	f.add(u)
	return nil
}

// missing books segments that the measurement passes over.
func (f *fold) missing(until int) {
	for ; f.q.NextUnit < until; f.q.NextUnit++ {
		m := &measurement.Unit{Index: f.q.NextUnit, State: unitFailed, Detail: "the measurement does not mention the segment"}
		u, _ := f.q.Place.segment(m, &f.q.def.Segments[m.Index], nil)
		f.q.book(&u)
		f.q.Packaging.hole()
		f.add(u)
	}
}

func (f *fold) add(u placedUnit) {
	at := len(f.units)
	for i := range u.Tracks {
		t := &u.Tracks[i]
		f.at[rowKey{t.Kind, int32(t.Track), int32(u.Index)}] = at
		if s := f.q.stream(t.Kind, t.Track); s != nil {
			if _, ok := f.cursor[s]; !ok && s.Here == nil && s.Unit == nil {
				f.cursor[s] = at // it begins here
			}
		}
	}
	f.units = append(f.units, u)
}

// leap tells a jump of the clock on the track that shows it.
func (f *fold) leap(u *placedUnit, j *jump) {
	if j == nil {
		return
	}
	t := u.primary()
	format := &f.formats[t.Format]
	frame := slotLength
	s := f.q.stream(t.Kind, t.Track)
	if s.Kind == measurement.Video {
		frame = max(1, t.Base.micros(s.Video.Cadence.nominal(format, 0)))
	}
	s.Order.leap(j, frame)
}

// advance lets a stream enter the units up to at.
func (f *fold) advance(s *stream, at int) {
	for next := f.cursor[s]; next <= at; next++ {
		s.enter(&f.units[next], f.formats)
		f.cursor[s] = next + 1
	}
}

// find brings a stream to the unit of a row.
func (f *fold) find(kind measurement.Kind, track, unit int32) (*stream, error) {
	key := rowKey{kind, track, unit}
	if f.stream != nil && f.last == key {
		return f.stream, nil
	}
	at, ok := f.at[key]
	s := f.q.stream(kind, int(track))
	if !ok || s == nil {
		return nil, fmt.Errorf("a row names %s track %d in unit %d, which the header does not have", kind, track, unit)
	}
	if at < f.cursor[s]-1 {
		return nil, fmt.Errorf("a row of %s track %d in unit %d comes late", kind, track, unit)
	}
	f.advance(s, at)
	f.last, f.stream = key, s
	return s, nil
}

func (f *fold) frame(row *measurement.Frame) error {
	s, err := f.find(measurement.Video, row.Track, row.Unit)
	if err != nil {
		return err
	}
	s.Video.frame(s, row)
	return nil
}

func (f *fold) slot(row *measurement.Slot) error {
	s, err := f.find(measurement.Audio, row.Track, row.Unit)
	if err != nil {
		return err
	}
	s.Audio.slot(s, row)
	return nil
}

// close lets every stream see every unit.
func (f *fold) close() {
	for _, s := range f.q.Streams {
		f.advance(s, len(f.units)-1)
	}
}
