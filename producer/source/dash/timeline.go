package dash

import (
	"context"
	"fmt"
	"io"

	"aircheck/jobs"
	"aircheck/producer/source/file"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

// minHole is the shortest time without a segment that becomes a gap of its own; the segment before lasts longer by one that is shorter. Rounding makes
// holes of a few milliseconds, an absent segment one of a second or more.
const minHole jobs.Micros = 250e3

// Timeline reads the manifest at loc. The error is the origin's: the manifest, or an index that it names, could not be asked for. Faults of what was
// read are findings.
func Timeline(ctx context.Context, origin storage.Origin, loc location.Location) (jobs.Timeline, error) {
	data, loc, err := load(ctx, origin, loc)
	if err != nil {
		return jobs.Timeline{}, err
	}
	m := Parse(data)
	b := builder{
		reader: reader{origin: origin, loc: loc, mpd: &m, indexes: map[string]index{}},
		out:    jobs.Timeline{Kind: jobs.SourceDASH, Sequences: []jobs.Sequence{}},
	}
	if err := b.build(ctx); err != nil {
		return jobs.Timeline{}, err
	}
	return b.out, nil
}

// load reads the manifest, and tells where it came from after redirects.
func load(ctx context.Context, origin storage.Origin, loc location.Location) ([]byte, location.Location, error) {
	body, err := origin.Open(ctx, loc.URI(), 0, maxManifest+1)
	if err != nil {
		return nil, loc, err
	}
	defer body.Close()
	info, _ := storage.Describe(body)
	data, err := io.ReadAll(io.LimitReader(body, maxManifest+1))
	return data, loc.Moved(info.Location), err
}

// builder makes the timeline of a manifest.
type builder struct {
	reader
	out  jobs.Timeline
	zero jobs.Micros // where the timeline begins on the presentation's
	end  jobs.Micros // where the presentation ends
}

func (b *builder) build(ctx context.Context) error {
	rows := b.mpd.rows()
	pieces := make([][]piece, len(rows))
	for i, r := range rows {
		var err error
		if pieces[i], err = b.row(ctx, r); err != nil {
			return err
		}
	}
	b.bounds(pieces)
	for i, r := range rows {
		if len(pieces[i]) == 0 {
			continue
		}
		if err := b.add(ctx, r, pieces[i]); err != nil {
			return err
		}
		pieces[i] = nil
	}
	if len(rows) == 0 && len(b.mpd.Faults) == 0 {
		b.mpd.Faults = append(b.mpd.Faults, Fault{Code: codeInvalid, Severity: jobs.Fail, Value: -1, Message: "no representation that can be read"})
	}
	b.findings()
	b.markers()
	return nil
}

func (b *builder) row(ctx context.Context, r *row) ([]piece, error) {
	var all []piece
	for _, rep := range r.reps {
		list, err := b.pieces(ctx, rep)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// bounds finds where the timeline begins: at the first period, or at the first segment of one that has left its beginning behind.
func (b *builder) bounds(pieces [][]piece) {
	first := true
	for _, list := range pieces {
		if len(list) == 0 {
			continue
		}
		if at := list[0].start; first || at < b.zero {
			b.zero, first = at, false
		}
		b.end = max(b.end, list[len(list)-1].end)
	}
	if !b.mpd.Dynamic && len(b.mpd.Periods) > 0 && b.mpd.Periods[0].Start >= 0 {
		b.zero = min(b.zero, b.mpd.Periods[0].Start)
	}
}

// add makes a sequence of a row. One file without an index is cut or read by random access, as it would be by itself.
func (b *builder) add(ctx context.Context, r *row, list []piece) error {
	v := r.first.Variant
	seq := jobs.Sequence{ID: fmt.Sprintf("s%d", len(b.out.Sequences)), Name: r.first.name(), Mode: jobs.ModeSegments, Media: r.first.Set.Media, Variant: &v}
	seq.Target = max(0, b.mpd.MaxSegment)
	v.Ladder, v.MinBuffer = r.first.Set.ladder(r.first.Period), max(0, b.mpd.MinBuffer)
	if b.plainFile(r, list) {
		tl, err := file.Timeline(ctx, b.origin, list[0].at.URI)
		if err == nil {
			one := tl.Sequences[0]
			seq.Mode, seq.Segments, seq.Object, seq.Duration, seq.Truncated = one.Mode, one.Segments, one.Object, one.Duration, one.Truncated
			b.out.Findings = append(b.out.Findings, tl.Findings...)
		} else if !storage.IsPermanent(err) {
			return err
		}
	}
	if seq.Object == nil && seq.Segments == nil {
		seq.Segments, seq.Duration = b.segments(r, list)
	}
	for _, rep := range r.reps {
		rep.sequence = seq.ID
	}
	b.out.Sequences = append(b.out.Sequences, seq)
	return nil
}

// plainFile tells whether a row is one file in the clear without an index, which is its only period.
func (b *builder) plainFile(r *row, list []piece) bool {
	i := &r.first.Info
	return len(b.mpd.Periods) == 1 && i.Kind <= KindBase && i.Index == nil && r.first.Set.Media != "captions" && len(list) == 1 && list[0].at.URI != "" && list[0].key == nil
}

// segments tiles the timeline with the pieces of a row, and with gaps where it has none.
func (b *builder) segments(r *row, list []piece) ([]jobs.Segment, jobs.Micros) {
	out := make([]jobs.Segment, 0, len(list))
	var at jobs.Micros // where the segment before ends
	for k := range list {
		p := &list[k]
		start, end := max(at, p.start-b.zero), max(at, p.end-b.zero)
		if start-at >= minHole {
			out = append(out, b.gap(len(out), p.period, at, start))
		} else if len(out) > 0 {
			out[len(out)-1].Duration += start - at
		} else {
			start = 0
		}
		out = append(out, b.segment(len(out), p, k == 0 || list[k-1].period != p.period, start, end))
		at = max(end, start)
	}
	last := len(b.mpd.Periods) - 1
	if !r.inLast(last+1) && b.end-b.zero-at >= minHole {
		out = append(out, b.gap(len(out), last, at, b.end-b.zero))
		at = b.end - b.zero
	}
	return out, at
}

func (b *builder) gap(i, period int, from, to jobs.Micros) jobs.Segment {
	return jobs.Segment{Index: i, ByteRange: jobs.ByteRange{Length: -1}, Start: from, Duration: to - from, Discontinuity: period, Gap: true}
}

// segment makes a segment of a piece; first: it is the first of its period.
func (b *builder) segment(i int, p *piece, first bool, start, end jobs.Micros) jobs.Segment {
	s := jobs.Segment{Index: i, ByteRange: p.at, Start: start, Duration: max(0, end-start), Init: p.init, Key: p.key, Discontinuity: p.period}
	if first {
		s.Clock = &jobs.MediaClock{Zero: p.zero + b.zero, At: p.media, Exact: p.exact}
	}
	if b.mpd.Dynamic && b.mpd.Start != nil {
		t := b.mpd.Start.Add(micro(p.start))
		s.ProgramTime = &t
	}
	return s
}

// findings turns the faults of the manifest and of its segments into findings.
func (b *builder) findings() {
	for _, list := range [][]Fault{b.mpd.Faults, b.faults} {
		for k := range list {
			b.finding(&list[k])
		}
	}
}

func (b *builder) finding(f *Fault) {
	v := jobs.Finding{Code: f.Code, Severity: f.Severity, Confidence: 1, Message: "manifest: " + f.Message}
	if f.Line > 0 {
		v.Message = fmt.Sprintf("manifest line %d: %s", f.Line, f.Message)
	}
	if f.Rep != nil {
		v.Rendition = f.Rep.sequence
	}
	if f.Value >= 0 {
		v.Value = jobs.Figure(f.Value)
	}
	length := max(0, b.end-b.zero)
	v.Start, v.End = 0, length.At()
	if f.End > f.Start || f.Start > 0 {
		v.Start, v.End = b.within(f.Start).At(), b.within(f.End).At()
	}
	if rule, ok := jobs.RuleOf(f.Code); ok {
		v.Unit = rule.Unit
	}
	b.out.Findings = append(b.out.Findings, v)
}

// within is a time of the presentation on the timeline.
func (b *builder) within(t jobs.Micros) jobs.Micros {
	return min(max(0, t-b.zero), max(0, b.end-b.zero))
}
