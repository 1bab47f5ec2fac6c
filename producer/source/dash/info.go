package dash

import (
	"aircheck/jobs"
)

// maxEntries bounds the entries of a SegmentTimeline or SegmentList as they stand in the manifest.
const maxEntries = 200_000

// info adds to what is inherited what an element's SegmentBase, SegmentList or SegmentTemplate says. Attributes and children are inherited one by one.
func (p *parser) info(above Info, n *node, early *jobs.Micros) Info {
	kinds := map[string]Kind{"SegmentBase": KindBase, "SegmentList": KindList, "SegmentTemplate": KindTemplate}
	out := above
	if !out.Explicit {
		out.Timescale, out.StartNumber = 1, 1
	}
	for _, c := range n.children {
		kind, ok := kinds[c.name]
		if !ok {
			continue
		}
		out.Kind, out.Line, out.Explicit = kind, c.line, true
		*early = max(*early, offset(c))
		p.numbers(&out, c)
		p.addresses(&out, c)
		p.timeline(&out, c)
		p.list(&out, c)
	}
	return out
}

func (p *parser) numbers(out *Info, n *node) {
	out.Timescale = p.count(n, "timescale", out.Timescale)
	if out.Timescale <= 0 || out.Timescale > maxTimescale {
		p.invalid(n.line, jobs.Fail, "%s@timescale is %d", clip(n.name), out.Timescale)
		out.Timescale = 1
	}
	out.Offset = p.count(n, "presentationTimeOffset", out.Offset)
	out.Duration = p.count(n, "duration", out.Duration)
	out.StartNumber = p.count(n, "startNumber", out.StartNumber)
	out.EndNumber = p.count(n, "endNumber", out.EndNumber)
}

func (p *parser) addresses(out *Info, n *node) {
	for _, t := range []struct {
		name  string
		media bool
		to    **template
	}{{"media", true, &out.Media}, {"initialization", false, &out.Init}} {
		s, ok := n.attr(t.name)
		if !ok || n.name != "SegmentTemplate" {
			continue
		}
		parsed, err := parseTemplate(s, t.media)
		if err != nil {
			p.invalid(n.line, jobs.Fail, "SegmentTemplate@%s: %v", t.name, err)
		}
		*t.to = parsed
	}
	if c := n.first("Initialization"); c != nil {
		out.HasInit = true
		out.InitURL, _ = c.attr("sourceURL")
		out.InitRange = p.bytes(c, "range")
	}
	if r := p.bytes(n, "indexRange"); r != nil {
		out.Index = r
	}
	if c := n.first("RepresentationIndex"); c != nil && out.Index == nil {
		out.Index = p.bytes(c, "range")
	}
}

func (p *parser) bytes(n *node, name string) *byteRange {
	s, ok := n.attr(name)
	if !ok {
		return nil
	}
	r, err := parseRange(s)
	if err != nil {
		p.invalid(n.line, jobs.Fail, "%s@%s %q: %v", clip(n.name), name, clip(s), err)
	}
	return r
}

// timeline reads a SegmentTimeline (ISO/IEC 23009-1 section 5.3.9.6).
func (p *parser) timeline(out *Info, n *node) {
	c := n.first("SegmentTimeline")
	if c == nil {
		return
	}
	out.HasTimeline, out.TimelineLine, out.Timeline = true, c.line, nil
	for _, e := range c.children {
		if e.name != "S" {
			continue
		}
		if len(out.Timeline) == maxEntries {
			p.invalid(e.line, jobs.Fail, "more than %d entries in a SegmentTimeline; the others are left out", maxEntries)
			return
		}
		s := S{Line: e.line, T: p.count(e, "t", -1), D: p.count(e, "d", -1), Number: p.count(e, "n", -1)}
		s.R = p.repeats(e)
		if s.D <= 0 {
			p.invalid(e.line, jobs.Fail, "S without a duration (@d); the entry is left out")
			continue
		}
		out.Timeline = append(out.Timeline, s)
	}
}

// repeats reads S@r, which alone may be negative.
func (p *parser) repeats(e *node) int64 {
	if s, _ := e.attr("r"); len(s) > 1 && s[0] == '-' {
		return -1
	}
	return p.count(e, "r", 0)
}

func (p *parser) list(out *Info, n *node) {
	if n.name != "SegmentList" {
		return
	}
	if _, ok := n.foreign("xlink", "href"); ok {
		p.invalid(n.line, jobs.Fail, "segment list refused: it stands in another document (xlink:href), which aircheck does not read")
		return
	}
	list := n.all("SegmentURL")
	if len(list) == 0 {
		return
	}
	out.HasList, out.List = true, nil
	for _, e := range list {
		if len(out.List) == maxEntries {
			p.invalid(e.line, jobs.Fail, "more than %d entries in a SegmentList; the others are left out", maxEntries)
			return
		}
		u := SegmentURL{Line: e.line, Range: p.bytes(e, "mediaRange")}
		u.Media, _ = e.attr("media")
		out.List = append(out.List, u)
	}
}
