package judge

import (
	"fmt"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// packaging looks at how the segments of one sequence are packaged: against what the playlist says, and each against the one before. It is one fold over units, never over
// their rows; a nil one looks at nothing. Exported fields are its state.
type packaging struct {
	Durations segmentDurations
	Keys      segmentKeys
	Transport segmentTransport
	Borders   segmentBorders
	Declared  declaredFormats
	Clock     segmentClock
}

// newPackaging is nil where there is nothing that was packaged: a file has segments only because aircheck cuts it.
func newPackaging(kind jobs.SourceKind, def *jobs.Sequence) *packaging {
	if kind == jobs.SourceFile || def.Mode != jobs.ModeSegments || def.Role == jobs.RoleReference || def.Media == "captions" {
		return nil
	}
	return &packaging{}
}

// packagedSegment is one segment with everything that is known of it. The placed unit is of this segment; m and formats are what was measured.
type packagedSegment struct {
	*placedUnit
	m       *measurement.Unit
	seg     *jobs.Segment
	formats []measurement.Format
	dash    bool
	clock   *groupClock // what the manifest says of the segment's group; nil for nothing
}

// readable tells whether the segment has media with a place.
func (s *packagedSegment) readable() bool {
	return len(s.Tracks) > 0 && (s.State == measurement.UnitOK || s.State == measurement.UnitTruncated) && !beyond(s.primary().First) && !beyond(s.primary().End)
}

// segment takes the next segment of the sequence.
func (p *packaging) segment(s *packagedSegment) {
	if p == nil {
		return
	}
	if !s.readable() {
		p.hole()
		return
	}
	p.Durations.see(s)
	p.Keys.see(s)
	p.Transport.see(s)
	p.Borders.see(s)
	p.Declared.see(s)
	p.Clock.see(s)
}

// hole tells that a segment is not there or cannot be read: what follows is not measured against what was before it.
func (p *packaging) hole() {
	if p == nil {
		return
	}
	p.Durations.hole()
	p.Keys.hole()
	p.Borders.hole()
}

// findings are those of all rules, each with what its value says; the profile gives their severity.
func (p *packaging) findings(q *sequence) []jobs.Finding {
	if p == nil {
		return nil
	}
	var list []jobs.Finding
	list = append(list, p.Durations.findings(q.dash)...)
	list = append(list, p.Keys.findings(q.dash)...)
	list = append(list, p.Transport.findings()...)
	list = append(list, p.Borders.findings(q)...)
	list = append(list, p.Clock.findings()...)
	if q.def.Variant != nil {
		list = append(list, p.Declared.findings(q.def.Variant)...)
	}
	rulings := newRulings(q.params)
	kept := list[:0]
	for _, f := range list {
		if rulings.rule(&f) {
			kept = append(kept, f)
		}
	}
	return kept
}

// boutReach is how many segments may lie between two that break the same rule and still be one finding: a packager that does something wrong with every key frame that
// comes late, or every advertisement, is one cause.
const boutReach = 10

// bout is a row of segments that break the same rule.
type bout struct {
	From, To    jobs.Micros
	First, Last int
	Count       int
	// Worst is the greatest value, which segment At has; Detail says more about it.
	Worst  float64
	At     int
	Detail string `json:",omitempty"`
}

// bouts are all that break one rule, in order.
type bouts []bout

// add takes a segment that breaks the rule.
func (b *bouts) add(u *placedUnit, value float64, detail string) {
	if n := len(*b); n > 0 {
		if l := &(*b)[n-1]; u.Index-l.Last <= boutReach || n == maxFindings {
			l.To, l.Last = max(l.To, u.To), u.Index
			l.Count++
			if value > l.Worst {
				l.Worst, l.At, l.Detail = value, u.Index, detail
			}
			return
		}
	}
	*b = append(*b, bout{From: u.From, To: u.To, First: u.Index, Last: u.Index, Count: 1, Worst: value, At: u.Index, Detail: detail})
}

// name says which segments a bout has.
func (b *bout) name() string {
	switch {
	case b.Count == 1:
		return fmt.Sprintf("segment %d", b.First)
	case b.Count == b.Last-b.First+1:
		return fmt.Sprintf("segments %d to %d", b.First, b.Last)
	}
	return fmt.Sprintf("%d of the segments %d to %d", b.Count, b.First, b.Last)
}

// worst says which segment is the worst, where there are several.
func (b *bout) worst() string {
	if b.Count == 1 {
		return b.Detail
	}
	return fmt.Sprintf("%s in segment %d, which is the worst", b.Detail, b.At)
}

// findings are those of a rule; says writes the message.
func (b bouts) findings(code string, says func(*bout) string) []jobs.Finding {
	var list []jobs.Finding
	rule, _ := jobs.RuleOf(code)
	for i := range b {
		o := &b[i]
		f := jobs.Finding{Code: code, Start: max(0, o.From).At(), End: max(0, o.To).At(), Confidence: 1, Message: says(o)}
		if rule.Unit != "" {
			f.Value, f.Unit = jobs.Figure(o.Worst), rule.Unit
		}
		list = append(list, f)
	}
	return list
}

// plural picks a verb by the count of a bout.
func (b *bout) plural(one, many string) string {
	if b.Count == 1 {
		return one
	}
	return many
}
