package dash

import (
	"fmt"
	"strings"

	"aircheck/jobs"
)

// codeInvalid is of what cannot be understood; the other codes are those of rules in package jobs.
const codeInvalid = "playlist.invalid"

// Parse reads a manifest. It gives up on nothing: the faults say what could not be understood.
func Parse(data []byte) MPD {
	p := &parser{out: MPD{Duration: absent, MinBuffer: absent, UpdatePeriod: absent, TimeShift: absent, MaxSegment: absent, Delay: absent}, told: map[string]bool{}}
	root, line, err := readXML(data)
	if p.broken = err != nil; p.broken {
		p.out.Cut = true
		p.invalid(line, jobs.Fail, "the XML breaks off here: %v", err)
	}
	switch {
	case root == nil:
	case root.name != "MPD":
		p.invalid(root.line, jobs.Fail, "the root element is %s, not MPD", clip(root.name))
	default:
		p.mpd(root)
		p.check()
	}
	return p.out
}

type parser struct {
	out  MPD
	more int
	told map[string]bool
	// broken: the XML broke off, or something was left out, so what is absent may have been there.
	broken bool
	events int
	reps   int // of all periods
	slots  int // segments that the rules looked at
}

// fault notes what is wrong; the first of a manifest are told one by one, and each once.
func (p *parser) fault(f Fault) {
	key := fmt.Sprint(f.Code, f.Line, f.Start)
	if f.Value < 0 {
		key += f.Message
	}
	if p.told[key] {
		return
	}
	if len(p.out.Faults) < maxFaults {
		p.told[key] = true
		p.out.Faults = append(p.out.Faults, f)
		return
	}
	p.more++
	last := &p.out.Faults[maxFaults-1]
	*last = Fault{Code: codeInvalid, Severity: jobs.Warn, Value: -1, About: "more faults", Message: fmt.Sprintf("%d more faults", p.more+1)}
}

func (p *parser) invalid(line int, s jobs.Severity, format string, args ...any) {
	p.fault(Fault{Code: codeInvalid, Severity: s, Line: line, Value: -1, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) mpd(n *node) {
	m := &p.out
	m.Line = n.line
	if kind, ok := n.attr("type"); ok && kind != "static" && kind != "dynamic" {
		p.invalid(n.line, jobs.Warn, "MPD@type is %s, neither static nor dynamic", clip(kind))
	} else {
		m.Dynamic = kind == "dynamic"
	}
	if s, ok := n.attr("availabilityStartTime"); ok {
		if t, err := parseTime(s); err == nil {
			m.Start = &t
		} else {
			p.invalid(n.line, jobs.Fail, "MPD@availabilityStartTime %q: %v", clip(s), err)
		}
	}
	if s, ok := n.attr("publishTime"); ok {
		if t, err := parseTime(s); err == nil {
			m.Published = &t
		} else {
			p.invalid(n.line, jobs.Warn, "MPD@publishTime %q: %v", clip(s), err)
		}
	}
	_, m.Profiles = n.attr("profiles")
	m.Duration = p.duration(n, "mediaPresentationDuration")
	m.MinBuffer = p.duration(n, "minBufferTime")
	m.UpdatePeriod = p.duration(n, "minimumUpdatePeriod")
	m.TimeShift = p.duration(n, "timeShiftBufferDepth")
	m.MaxSegment = p.duration(n, "maxSegmentDuration")
	m.Delay = p.duration(n, "suggestedPresentationDelay")
	for _, c := range n.all("Location") {
		if s := strings.TrimSpace(c.text()); s != "" && len(s) <= maxTemplate {
			m.Locations = append(m.Locations, s)
		}
	}
	for _, c := range n.all("UTCTiming") {
		scheme, _ := c.attr("schemeIdUri")
		value, _ := c.attr("value")
		m.Timing = append(m.Timing, Timing{Scheme: scheme, Value: strings.TrimSpace(value)})
	}
	p.periods(n)
}

func (p *parser) duration(n *node, name string) jobs.Micros {
	s, ok := n.attr(name)
	if !ok {
		return absent
	}
	d, err := parseDuration(s)
	if err != nil {
		p.invalid(n.line, jobs.Warn, "%s@%s %q: %v", clip(n.name), name, clip(s), err)
		return absent
	}
	return d
}

func (p *parser) count(n *node, name string, otherwise int64) int64 {
	s, ok := n.attr(name)
	if !ok {
		return otherwise
	}
	v, err := parseCount(s)
	if err != nil {
		p.invalid(n.line, jobs.Warn, "%s@%s %q: %v", clip(n.name), name, clip(s), err)
		return otherwise
	}
	return v
}

// periods reads the periods and works out when they begin and end (ISO/IEC 23009-1 section 5.3.2.1).
func (p *parser) periods(n *node) {
	top := scope{early: 0}.below(p, n)
	for _, c := range n.all("Period") {
		if len(p.out.Periods) == maxPeriods {
			p.invalid(c.line, jobs.Fail, "more than %d periods; the others are left out", maxPeriods)
			p.broken = true
			break
		}
		if href, ok := c.foreign("xlink", "href"); ok && href != "urn:mpeg:dash:resolve-to-zero:2013" {
			p.broken = true
			p.invalid(c.line, jobs.Fail, "period refused: it stands in another document (xlink:href), which aircheck does not read")
			continue
		} else if ok {
			continue
		}
		period := &Period{Line: c.line, Index: len(p.out.Periods), Start: p.duration(c, "start"), Duration: p.duration(c, "duration")}
		period.ID, _ = c.attr("id")
		p.out.Periods = append(p.out.Periods, period)
		p.period(period, c, top.below(p, c))
	}
	p.times()
}

func (p *parser) times() {
	list := p.out.Periods
	for i, q := range list {
		switch {
		case q.Start >= 0:
		case i > 0 && list[i-1].Start >= 0 && list[i-1].Duration >= 0:
			q.Start = addMicros(list[i-1].Start, list[i-1].Duration)
		case i == 0 && !p.out.Dynamic:
			q.Start = 0
		}
		if i > 0 {
			p.checkPeriod(list[i-1], q.Start, "the next one begins")
		}
		if i > 0 && q.Start >= 0 && list[i-1].Start >= 0 && list[i-1].Duration < 0 {
			list[i-1].Duration = max(0, q.Start-list[i-1].Start)
		}
	}
	if len(list) == 0 {
		return
	}
	q := list[len(list)-1]
	p.checkPeriod(q, p.out.Duration, "@mediaPresentationDuration")
	if q.Duration < 0 && q.Start >= 0 && p.out.Duration >= q.Start {
		q.Duration = p.out.Duration - q.Start
	}
}

// scope is what elements hand down to those below them.
type scope struct {
	base  string
	early jobs.Micros
	info  Info
	attrs map[string]string // of AdaptationSet, for Representation
	key   *jobs.Key
}

// inherited are the attributes that a representation takes from its adaptation set (ISO/IEC 23009-1 section 5.3.7).
func inherited() []string {
	return []string{"mimeType", "codecs", "width", "height", "frameRate", "lang", "contentType"}
}

// below is the scope inside an element.
func (s scope) below(p *parser, n *node) scope {
	if b := n.first("BaseURL"); b != nil {
		if text := strings.TrimSpace(b.text()); len(text) <= maxTemplate && len(s.base) <= maxTemplate {
			s.base = join(s.base, text)
		} else {
			p.invalid(b.line, jobs.Fail, "BaseURL of %d bytes is left out", len(text))
		}
		s.early = max(s.early, offset(b))
	}
	s.info = p.info(s.info, n, &s.early)
	attrs := map[string]string{}
	for k, v := range s.attrs {
		attrs[k] = v
	}
	for _, name := range inherited() {
		if v, ok := n.attr(name); ok {
			attrs[name] = strings.TrimSpace(v)
		}
	}
	s.attrs = attrs
	s.key = protection(n, s.key)
	return s
}

// offset is an element's @availabilityTimeOffset; INF counts as none, because then nothing is waited for.
func offset(n *node) jobs.Micros {
	v, _ := n.attr("availabilityTimeOffset")
	if v == "" || strings.ContainsAny(v, "PINFinfe-+") {
		return 0
	}
	d, err := parseDuration("PT" + v + "S")
	if err != nil {
		return 0
	}
	return d
}
