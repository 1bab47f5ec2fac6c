package dash

import (
	"fmt"
	"strings"

	"aircheck/jobs"
)

// maxNamed is how many representations a message names.
const maxNamed = 4

// check looks at what a manifest says against what it must say: the rules of package jobs that need the manifest alone. What is absent is not told where the
// XML broke off: it may stand in what is lost.
func (p *parser) check() {
	p.checkIDs()
	for _, q := range p.out.Periods {
		done := map[int]bool{}
		for _, s := range q.Sets {
			for _, r := range s.Reps {
				if line := max(r.Info.TimelineLine, r.Info.Line); !done[line] {
					done[line] = true
					p.checkSegments(r)
				}
			}
		}
	}
	if p.broken {
		return
	}
	p.checkTop()
	p.checkRepresentations()
}

func (p *parser) rule(code string, s jobs.Severity, line int, rep *Representation, format string, args ...any) {
	p.fault(Fault{Code: code, Severity: s, Line: line, Rep: rep, Value: -1, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) checkTop() {
	m := &p.out
	if m.MinBuffer < 0 {
		p.rule("playlist.min_buffer_time", jobs.Info, m.Line, nil, "MPD without a usable @minBufferTime: players guess how much to buffer")
	}
	if !m.Profiles {
		p.rule("playlist.attribute_missing", jobs.Info, m.Line, nil, "MPD without @profiles")
	}
	if !m.Dynamic {
		return
	}
	if m.Start == nil {
		p.rule("playlist.availability_start", jobs.Warn, m.Line, nil, "dynamic MPD without @availabilityStartTime: no player can tell which segments exist by now")
	}
	if m.Published == nil {
		p.rule("playlist.attribute_missing", jobs.Info, m.Line, nil, "dynamic MPD without @publishTime")
	}
	if len(m.Timing) == 0 {
		p.rule("playlist.utc_timing", jobs.Info, m.Line, nil, "dynamic MPD without UTCTiming: players whose clocks are wrong ask for segments too early or too late")
	}
}

// checkIDs looks for ids that are used twice (ISO/IEC 23009-1 sections 5.3.2.2, 5.3.3.2, 5.3.5.2).
func (p *parser) checkIDs() {
	periods := map[string]int{}
	for _, q := range p.out.Periods {
		p.unique(periods, "Period", q.ID, q.Line)
		sets, reps := map[string]int{}, map[string]int{}
		for _, s := range q.Sets {
			p.unique(sets, "AdaptationSet", s.ID, s.Line)
			for _, r := range s.Reps {
				p.unique(reps, "Representation", r.ID, r.Line)
			}
		}
	}
}

func (p *parser) unique(seen map[string]int, element, id string, line int) {
	if id == "" {
		return
	}
	if first, ok := seen[id]; ok {
		p.fault(Fault{
			Code: "playlist.duplicate_id", Severity: jobs.Warn, Line: line, Value: -1, About: element + " " + clip(id),
			Message: fmt.Sprintf("%s@id %s stands at line %d already", element, clip(id), first),
		})
		return
	}
	seen[id] = line
}

// lacks counts the representations that lack something.
type lacks struct {
	code, what string
	severity   jobs.Severity
	first      *Representation
	names      []string
	count      int
}

func (l *lacks) add(r *Representation) {
	if l.first == nil {
		l.first = r
	}
	if l.count++; len(l.names) < maxNamed {
		l.names = append(l.names, clip(r.ID))
	}
}

// named is the list of representations in a message.
func named(names []string, count int) string {
	list := strings.Join(names, ", ")
	if more := count - len(names); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return strings.TrimSpace(list)
}

// checkRepresentations looks for attributes that are not there; one finding an attribute, however many representations lack it.
func (p *parser) checkRepresentations() {
	list := []*lacks{
		{code: "playlist.bandwidth_missing", what: "@bandwidth", severity: jobs.Warn},
		{code: "playlist.codecs_missing", what: "@codecs", severity: jobs.Info},
		{code: "playlist.resolution_missing", what: "@width and @height", severity: jobs.Info},
		{code: "playlist.frame_rate_missing", what: "@frameRate", severity: jobs.Info},
		{code: "playlist.attribute_missing", what: "@id", severity: jobs.Info},
		{code: "playlist.attribute_missing", what: "@mimeType", severity: jobs.Info},
	}
	for _, q := range p.out.Periods {
		for _, s := range q.Sets {
			for _, r := range s.Reps {
				v, video := &r.Variant, s.Media == "video"
				sidecar := s.Media == "captions" && r.Mime != "application/mp4"
				for i, missing := range []bool{
					v.Bandwidth == 0, v.Codecs == "" && !sidecar, video && (v.Width == 0 || v.Height == 0), video && v.FrameRate == "", r.ID == "", r.Mime == "",
				} {
					if missing {
						list[i].add(r)
					}
				}
			}
		}
	}
	for _, l := range list {
		if l.count > 0 {
			p.fault(Fault{
				Code: l.code, Severity: l.severity, Line: l.first.Line, Rep: l.first, Value: -1, About: l.what,
				Message: fmt.Sprintf("no %s: %d representations (%s)", l.what, l.count, named(l.names, l.count)),
			})
		}
	}
}

// owner names the representations that share the addressing that is looked at.
func (r *Representation) owner() string {
	if r.Info.Line > r.Line {
		return "representation " + clip(r.ID)
	}
	var names []string
	for _, o := range r.Set.Reps[:min(maxNamed, len(r.Set.Reps))] {
		names = append(names, clip(o.ID))
	}
	if len(r.Set.Reps) == 1 {
		return "representation " + names[0]
	}
	return "representations " + named(names, len(r.Set.Reps))
}

// timed notes a fault that lies somewhere and has a value in seconds. Both ends are relative to the period.
func (p *parser) timed(code string, line int, r *Representation, from, to, value jobs.Micros, format string, args ...any) {
	start := max(0, r.Period.Start)
	p.fault(Fault{
		Code: code, Severity: jobs.Info, Line: line, Rep: r, Start: addMicros(start, from), End: addMicros(start, to), Value: value.Seconds(),
		Message: r.owner() + ": " + fmt.Sprintf(format, args...),
	})
}

// tick is what neighbours in a SegmentTimeline may differ by: times written in one timescale and rounded into another.
const tick jobs.Micros = 1000

// maxRounding is by how much a segment may be longer than @maxSegmentDuration, which packagers write in tenths of a second.
const maxRounding jobs.Micros = 100e3

// checkSegments looks at the times of one representation, on behalf of all that share them.
func (p *parser) checkSegments(r *Representation) {
	i := &r.Info
	if i.Kind != KindTemplate && i.Kind != KindList {
		return
	}
	length := r.Period.Duration
	if p.slots > maxAll {
		return // more than is used of any stream
	}
	list, err := i.slots(length)
	p.slots += len(list)
	if err != nil || len(list) == 0 {
		return // told by whoever needs the segments
	}
	longest := list[0]
	for k, s := range list {
		if s.d > longest.d {
			longest = s
		}
		if k > 0 {
			p.checkBorder(r, list[k-1], s)
		}
	}
	if over := micros(longest.d, i.Timescale) - p.out.MaxSegment; p.out.MaxSegment > 0 && over > maxRounding {
		p.tooLong(r, longest, over)
	}
	p.checkCoverage(r, list)
}

// tooLong tells of the longest segment: of the manifest as a whole, for where all are as long, each version of a live one names another.
func (p *parser) tooLong(r *Representation, s slot, over jobs.Micros) {
	i, begins := &r.Info, max(0, r.Period.Start)
	p.fault(Fault{
		Code: "playlist.max_segment_duration", Severity: jobs.Info, Line: s.line, Rep: r, About: "@maxSegmentDuration", Value: over.Seconds(),
		Start: addMicros(begins, i.start(s)), End: addMicros(begins, i.end(s)),
		Message: fmt.Sprintf("%s: segment %d lasts %.3f s, @maxSegmentDuration is %.3f s", r.owner(), s.number, micros(s.d, i.Timescale).Seconds(), p.out.MaxSegment.Seconds()),
	})
}

func (p *parser) checkBorder(r *Representation, before, s slot) {
	i := &r.Info
	from, to := i.end(before), i.start(s)
	switch by := to - from; {
	case by > tick:
		p.timed("playlist.timeline_gap", s.line, r, from, to, by, "the SegmentTimeline has no segment for %.3f s before $Time$ %d (segment %d)", by.Seconds(), s.at, s.number)
	case by < -tick:
		p.timed("playlist.timeline_overlap", s.line, r, to, from, -by, "$Time$ %d (segment %d) lies %.3f s before the end of the segment before", s.at, s.number, (-by).Seconds())
	}
}

// coverageTolerance is what a period may be longer than its segments: the frame that sound ends before pictures do, and lengths in tenths of a second.
const coverageTolerance jobs.Micros = 200e3

// checkCoverage compares the segments with the period that they are to fill.
func (p *parser) checkCoverage(r *Representation, list []slot) {
	i, length := &r.Info, r.Period.Duration
	if p.broken || p.out.Dynamic || length <= 0 {
		return
	}
	if head := i.start(list[0]); head > coverageTolerance && p.out.TimeShift < 0 { // what a live stream leaves behind lacks its beginning
		p.timed("playlist.period_coverage", list[0].line, r, 0, head, head, "the first segment begins %.3f s after its period", head.Seconds())
	}
	last := list[len(list)-1]
	if lack := length - i.end(last); lack > coverageTolerance {
		p.timed("playlist.period_coverage", last.line, r, i.end(last), length, lack, "the segments end %.3f s before their period", lack.Seconds())
	}
}

// periodTolerance is what the lengths of periods may differ by: they are written in tenths of a second.
const periodTolerance jobs.Micros = 100e3

// checkPeriod compares where a period ends by its own words with where the next one begins, or the presentation ends; next is absent when nobody says.
func (p *parser) checkPeriod(q *Period, next jobs.Micros, what string) {
	if p.broken || q.Start < 0 || q.Duration < 0 || next < 0 {
		return
	}
	by := next - (q.Start + q.Duration)
	if by > -periodTolerance && by < periodTolerance {
		return
	}
	words := "before"
	if by < 0 {
		by, words = -by, "after"
	}
	p.fault(Fault{
		Code: "playlist.period_duration", Severity: jobs.Info, Line: q.Line, Start: q.Start, End: q.Start + q.Duration, Value: by.Seconds(),
		Message: fmt.Sprintf("period %d ends %.3f s %s %s", q.Index, by.Seconds(), words, what),
	})
}
