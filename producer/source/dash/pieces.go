package dash

import (
	"context"
	"errors"
	"fmt"

	"aircheck/jobs"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

const (
	// maxAll bounds the segments of one stream together: a day of 2 s segments on twenty sequences.
	maxAll = 1_000_000
	// maxAddresses bounds the addresses in the segments of one stream together, in bytes: half of what a manifest of a check may have.
	maxAddresses = jobs.MaxCheckBytes / 2
	// rounding is what periods and segments may differ by without one of them lying outside the other: lengths are written in milliseconds.
	rounding jobs.Micros = 1000
)

// piece is one segment on the presentation's timeline, with its addresses.
type piece struct {
	slot
	start, end jobs.Micros
	period     int
	begins     jobs.Micros // of the period
	counted    bool        // the number is one of the manifest's own
	// clock is what the media's clock shows when the presentation's time is 0, and where the segment begins; exact: the manifest tells each segment's time.
	zero, media jobs.Micros
	exact       bool
	at          jobs.ByteRange
	init        *jobs.ByteRange
	key         *jobs.Key
}

// reader turns representations into pieces. It is for one goroutine.
type reader struct {
	origin    storage.Origin
	loc       location.Location
	mpd       *MPD
	faults    []Fault
	count     int
	addresses int
	refused   int
	indexes   map[string]index
	most      int // segments of the stream; 0 means maxAll
	// from leaves out what ends before this time of the presentation, edge is the present on its clock: nil when a manifest is looked at once.
	from jobs.Micros
	edge *jobs.Micros
}

func (r *reader) limit() int {
	if r.most > 0 {
		return r.most
	}
	return maxAll
}

func (r *reader) fault(rep *Representation, line int, s jobs.Severity, format string, args ...any) {
	if len(r.faults) == maxSegmentFaults {
		return
	}
	message := fmt.Sprintf("representation %s: %s", clip(rep.ID), fmt.Sprintf(format, args...))
	f := Fault{Code: codeInvalid, Severity: s, Line: line, Rep: rep, Value: -1, Message: message}
	if q := rep.Period; q.end() >= 0 {
		f.Start, f.End = q.Start, q.end()
	}
	r.faults = append(r.faults, f)
}

// pieces lists the segments of a representation in its period. The error is the origin's.
func (r *reader) pieces(ctx context.Context, rep *Representation) ([]piece, error) {
	var list []piece
	var err error
	switch i := &rep.Info; {
	case rep.Period.Start < 0:
		r.fault(rep, rep.Period.Line, jobs.Fail, "nothing says when its period begins")
	case i.Kind == KindTemplate:
		list = r.byTemplate(rep)
	case i.Kind == KindList:
		list = r.byList(rep)
	case i.Index != nil:
		list, err = r.byIndex(ctx, rep)
	default:
		list = r.whole(rep)
	}
	return list, err
}

const (
	// maxSegmentFaults bounds what is told of the segments of a stream; a thousand bad addresses are one cause.
	maxSegmentFaults = 200
	// maxIndexes bounds the segment indexes that are asked for: some for each of the periods of a film with advertisements.
	maxIndexes = 1000
)

var errIndexes = fmt.Errorf("%w: more than %d of them in one manifest", errIndex, maxIndexes)

// times lists the slots of a representation, as far as they lie in its period.
func (r *reader) times(rep *Representation) []slot {
	i := &rep.Info
	if r.mpd.Dynamic && i.counts() && r.edge == nil && rep.Period.Duration < 0 && i.EndNumber == 0 {
		r.fault(rep, i.Line, jobs.Fail, "%v", errOpen)
		return nil
	}
	if r.count > r.limit() {
		return nil // said already
	}
	var list []slot
	var err error
	if r.mpd.Dynamic && i.counts() && r.edge != nil {
		list, err = r.available(rep)
	} else {
		list, err = i.slots(rep.Period.Duration)
	}
	if err != nil {
		r.fault(rep, i.Line, jobs.Fail, "%v", err)
	}
	r.count += len(list)
	kept := list[:0]
	for _, s := range list {
		if i.end(s) > max(0, r.from-rep.Period.Start) && (rep.Period.Duration < 0 || i.start(s) < rep.Period.Duration-rounding || i.start(s) == 0) {
			kept = append(kept, s)
		}
	}
	if r.count > r.limit() {
		r.fault(rep, rep.Line, jobs.Fail, "not used: the stream has more than %d segments", r.limit())
		return nil
	}
	if len(kept) == 0 && err == nil && r.edge == nil {
		r.fault(rep, max(i.Line, rep.Line), jobs.Fail, "no media segments")
	}
	return kept
}

// available lists the segments of @duration each that exist by now and have not left the window (ISO/IEC 23009-1 section 5.3.9.5.3): those that are complete,
// and none that ended longer ago than @timeShiftBufferDepth.
func (r *reader) available(rep *Representation) ([]slot, error) {
	i, q := &rep.Info, rep.Period
	d := i.Duration
	if micros(d, i.Timescale) <= 0 {
		return nil, errNoTimes
	}
	// Counted in ticks: on a clock that began in 1970, a length rounded to microseconds is wrong by minutes.
	in := func(m jobs.Micros) int64 { return toTicks(m, i.Timescale) }
	now := *r.edge - q.Start
	last := in(now+rep.Early) / d // so many are complete
	if q.Duration >= 0 {
		last = min(last, (in(q.Duration-rounding)+d-1)/d)
	}
	if i.EndNumber >= i.StartNumber && i.EndNumber > 0 {
		last = min(last, i.EndNumber-i.StartNumber+1)
	}
	depth := maxWindow
	if r.mpd.TimeShift >= 0 {
		depth = min(depth, r.mpd.TimeShift)
	}
	first := max(0, in(now-depth)/d, in(r.from-q.Start)/d, last-maxSegments)
	var list []slot
	for k := first; k < last; k++ {
		s, err := i.slotAt(k)
		if err != nil {
			return list, err
		}
		list = append(list, s)
	}
	return list, nil
}

// maxWindow is how far back segments are looked for that are counted by the clock.
const maxWindow jobs.Micros = 600e6

// counts tells whether segments are counted instead of listed.
func (i *Info) counts() bool { return i.Kind == KindTemplate && !i.HasTimeline && i.Duration > 0 }

// place is the piece of a slot, without addresses. The last segment of @duration each is as long as the period leaves room for.
func (rep *Representation) place(s slot) piece {
	q, i := rep.Period, &rep.Info
	p := piece{slot: s, period: q.Index, begins: q.Start, key: rep.Protection}
	p.counted = i.Kind == KindList || i.Media != nil && i.Media.number
	p.zero, p.media, p.exact = micros(i.Offset, i.Timescale)-q.Start, micros(s.at, i.Timescale), i.HasTimeline
	p.start, p.end = q.Start+max(0, i.start(s)), q.Start+i.end(s)
	if q.Duration >= 0 && (!i.HasTimeline && i.Kind == KindTemplate || p.end-q.end() > maxOverhang) {
		p.end = max(p.start, min(p.end, q.end()))
	}
	return p
}

// maxOverhang is by how much a segment may be longer than its period without being cut: manifests round the length of a presentation to tenths of a second.
const maxOverhang jobs.Micros = 200e3

func (r *reader) byTemplate(rep *Representation) []piece {
	i := &rep.Info
	if i.Media == nil {
		r.fault(rep, max(i.Line, rep.Line), jobs.Fail, "SegmentTemplate without a usable @media")
		return nil
	}
	slots := r.times(rep)
	if len(slots) > 1 && !i.Media.number && !i.Media.time {
		r.fault(rep, i.Line, jobs.Fail, "SegmentTemplate@media has neither $Number$ nor $Time$, so that all %d segments have one address", len(slots))
		slots = slots[:1]
	}
	init := r.init(rep)
	list := make([]piece, 0, len(slots))
	for _, s := range slots {
		p := rep.place(s)
		p.init = init
		ref := i.Media.expand(rep.ID, rep.Variant.Bandwidth, s.number, s.at)
		if p.at = (jobs.ByteRange{Length: -1}); r.room(rep, s.line) {
			p.at.URI = r.resolve(rep, s.line, join(rep.Base, ref))
		}
		r.used(&p)
		list = append(list, p)
	}
	return list
}

func (r *reader) byList(rep *Representation) []piece {
	i := &rep.Info
	slots := r.times(rep)
	init := r.init(rep)
	var list []piece
	first := i.StartNumber
	for _, s := range slots {
		k := s.number - first
		if k < 0 || k >= int64(len(i.List)) {
			r.fault(rep, i.Line, jobs.Fail, "the segment list has %d addresses for %d segments", len(i.List), len(slots))
			break
		}
		u := &i.List[k]
		s.line = u.Line
		p := rep.place(s)
		p.init = init
		if p.at = (jobs.ByteRange{Length: -1}); r.room(rep, s.line) {
			p.at = ranged(r.resolve(rep, u.Line, join(rep.Base, u.Media)), u.Range)
		}
		r.used(&p)
		list = append(list, p)
	}
	return list
}

// byIndex reads the segment index of a file. A file whose index cannot be read is one segment: whoever reads it says what is wrong.
func (r *reader) byIndex(ctx context.Context, rep *Representation) ([]piece, error) {
	if r.count > r.limit() {
		return nil, nil // said already; a further index would only be kept
	}
	i := &rep.Info
	uri := r.resolve(rep, rep.Line, rep.Base)
	if uri == "" {
		return r.whole(rep), nil
	}
	x, err := r.index(ctx, uri, *i.Index)
	if err == nil && len(x.list) == 0 {
		return r.whole(rep), nil // said, or found out by the worker
	}
	switch {
	case errors.Is(err, errIndex), errors.Is(err, errNested):
		r.fault(rep, i.Line, jobs.Warn, "%v", err)
		return r.whole(rep), nil
	case err != nil && !storage.IsPermanent(err):
		return nil, err
	case err != nil:
		return r.whole(rep), nil // the worker finds the same, and tells it with its time
	}
	if r.count += len(x.list); r.count > r.limit() {
		r.fault(rep, rep.Line, jobs.Fail, "not used: the stream has more than %d segments", r.limit())
		return nil, nil
	}
	init := r.init(rep)
	if init == nil && i.Index.Offset > 0 {
		init = &jobs.ByteRange{URI: uri, Length: i.Index.Offset}
	}
	var list []piece
	for _, s := range x.list {
		s.line = i.Line
		p := piece{slot: s.slot, period: rep.Period.Index, key: rep.Protection, init: init, at: jobs.ByteRange{URI: uri, Offset: s.off, Length: s.size}}
		offset := micros(i.Offset, i.Timescale)
		from, to := micros(s.at, x.timescale)-offset, micros(s.at+s.d, x.timescale)-offset
		if to <= 0 || s.size == 0 || rep.Period.Duration >= 0 && from >= rep.Period.Duration-rounding {
			continue
		}
		p.start, p.end = rep.Period.Start+max(0, from), rep.Period.Start+to
		p.zero, p.media, p.exact = offset-rep.Period.Start, micros(s.at, x.timescale), true
		if rep.Period.Duration >= 0 && p.end-rep.Period.end() > maxOverhang {
			p.end = rep.Period.end()
		}
		r.used(&p)
		list = append(list, p)
	}
	return list, nil
}

// index reads a segment index once. One that is none, or is not there, is empty from then on; what another try may cure is asked for again.
func (r *reader) index(ctx context.Context, uri string, at byteRange) (index, error) {
	key := fmt.Sprint(uri, at)
	if x, ok := r.indexes[key]; ok {
		return x, nil
	}
	if len(r.indexes) >= maxIndexes {
		return index{}, errIndexes
	}
	x, err := readIndex(ctx, r.origin, uri, at)
	if err == nil || storage.IsPermanent(err) || errors.Is(err, errIndex) || errors.Is(err, errNested) {
		r.indexes[key] = x
	}
	return x, err
}

// whole is a representation that is one file.
func (r *reader) whole(rep *Representation) []piece {
	q := rep.Period
	if q.Duration < 0 {
		r.fault(rep, rep.Line, jobs.Fail, "%v", errNoLength)
		return nil
	}
	p := piece{start: q.Start, end: q.end(), period: q.Index, key: rep.Protection}
	p.line, p.zero = rep.Line, micros(rep.Info.Offset, rep.Info.Timescale)-q.Start
	p.at = jobs.ByteRange{URI: r.resolve(rep, rep.Line, rep.Base), Length: -1}
	r.used(&p)
	return []piece{p}
}

// init is the initialisation segment of a representation; nil when it has none.
func (r *reader) init(rep *Representation) *jobs.ByteRange {
	i := &rep.Info
	switch {
	case i.HasInit && (i.InitURL != "" || i.InitRange != nil):
		out := ranged(r.resolve(rep, i.Line, join(rep.Base, i.InitURL)), i.InitRange)
		return &out
	case i.Init != nil && i.Kind == KindTemplate:
		ref := i.Init.expand(rep.ID, rep.Variant.Bandwidth, 0, 0)
		return &jobs.ByteRange{URI: r.resolve(rep, i.Line, join(rep.Base, ref)), Length: -1}
	}
	return nil
}

func ranged(uri string, r *byteRange) jobs.ByteRange {
	if r == nil {
		return jobs.ByteRange{URI: uri, Length: -1}
	}
	return jobs.ByteRange{URI: uri, Offset: r.Offset, Length: r.Length}
}

// room tells whether the stream may have more addresses, and says once when it may not.
func (r *reader) room(rep *Representation, line int) bool {
	if r.addresses <= maxAddresses {
		return true
	}
	if r.addresses != fullAddresses {
		r.addresses = fullAddresses
		r.fault(rep, line, jobs.Fail, "segments refused from here on: the addresses of the stream's segments are longer than %d bytes together", maxAddresses)
	}
	return false
}

// fullAddresses marks that it has been said.
const fullAddresses = 1 << 60

func (r *reader) used(p *piece) {
	if r.addresses >= fullAddresses {
		p.init, p.key = nil, nil
		return
	}
	r.addresses += len(p.at.URI)
	if p.init != nil {
		r.addresses += len(p.init.URI)
	}
}

// resolve applies the rule of package location; the first refusals are told one by one.
func (r *reader) resolve(rep *Representation, line int, ref string) string {
	loc, err := r.loc.Resolve(ref)
	if err == nil {
		return loc.URI()
	}
	if r.refused++; r.refused <= maxFaults {
		r.fault(rep, line, jobs.Fail, "%s: %v", clip(location.Display(ref)), err)
	}
	return ""
}
