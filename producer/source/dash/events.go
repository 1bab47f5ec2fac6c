package dash

import (
	"slices"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/scte35"
)

func micro(m jobs.Micros) time.Duration { return time.Duration(m) * time.Microsecond }

// eventStream reads the events of a period (ISO/IEC 23009-1 section 5.10.2).
func (p *parser) eventStream(q *Period, n *node) {
	scheme, _ := n.attr("schemeIdUri")
	value, _ := n.attr("value")
	timescale := p.count(n, "timescale", 1)
	if timescale <= 0 || timescale > maxTimescale {
		p.invalid(n.line, jobs.Warn, "EventStream@timescale is %d", timescale)
		return
	}
	offset := p.count(n, "presentationTimeOffset", 0)
	for _, c := range n.all("Event") {
		if p.events++; p.events > maxEvents {
			p.invalid(c.line, jobs.Info, "more than %d events; the others are left out", maxEvents)
			return
		}
		e := Event{Line: c.line, Scheme: clip(scheme), Value: clip(value), Duration: absent}
		e.ID, _ = c.attr("id")
		e.ID = clip(e.ID)
		e.Start = micros(p.count(c, "presentationTime", 0)-offset, timescale)
		if d := p.count(c, "duration", -1); d >= 0 {
			e.Duration = micros(d, timescale)
		}
		e.Binary, e.Text = message(c)
		q.Events = append(q.Events, e)
	}
}

// message is what an event carries: a splice_info_section in base64 (ANSI/SCTE 214-1), or words.
func message(n *node) (binary, text string) {
	if s := n.first("Signal"); s != nil {
		if b := s.first("Binary"); b != nil {
			return strings.Join(strings.Fields(b.text()), ""), ""
		}
	}
	text, _ = n.attr("messageData")
	if t := strings.TrimSpace(n.text()); t != "" {
		text = t
	}
	return "", clip(text)
}

// splice tells whether the events of a stream announce splices (ANSI/SCTE 214-1 section 6.7.2).
func (e *Event) splice() bool { return strings.HasPrefix(e.Scheme, "urn:scte:scte35:") }

// meanings are what the splice information of an event announces; none when it carries no section that can be read.
func (e *Event) meanings() []scte35.Meaning {
	text := e.Binary
	if text == "" {
		text = e.Text
	}
	if !e.splice() || text == "" {
		return nil
	}
	section, err := scte35.ParseText(text)
	if err != nil {
		return nil
	}
	return section.Meanings()
}

// markers puts the events on the timeline.
func (b *builder) markers() {
	for _, q := range b.mpd.Periods {
		for k := range q.Events {
			e := &q.Events[k]
			if q.Start < 0 || q.Duration >= 0 && e.Start >= q.Duration {
				continue
			}
			start := b.within(addMicros(q.Start, e.Start))
			m := e.marker()
			m.Start, m.End = start.At(), start.At()
			if d := e.length(); d > 0 {
				m.End = max(start, b.within(addMicros(q.Start, addMicros(e.Start, d)))).At()
			}
			b.out.Markers = append(b.out.Markers, m)
		}
	}
}

// length is how long an event lasts by its own words, else by those of its section; absent when nobody says.
func (e *Event) length() jobs.Micros {
	if e.Duration > 0 {
		return e.Duration
	}
	for _, m := range e.meanings() {
		if m.Edge == scte35.Begin && m.Duration > 0 {
			return jobs.FromDuration(m.Duration)
		}
	}
	return e.Duration
}

// marker describes an event: by its section where there is one, of which the first edge counts, for the event has one time.
func (e *Event) marker() jobs.Marker {
	m := jobs.Marker{Kind: "other", Source: "eventstream", ID: e.ID, Text: e.Scheme}
	if e.Text != "" && !e.splice() {
		m.Text = e.Text
	}
	if !e.splice() {
		return m
	}
	m.Kind = "break"
	list := e.meanings()
	if i := slices.IndexFunc(list, func(m scte35.Meaning) bool { return m.Edge != "" }); i > 0 {
		list = list[i:]
	}
	if len(list) > 0 {
		m.Kind, m.Text = list[0].Kind, list[0].Text
		if m.ID == "" {
			m.ID = list[0].ID
		}
	}
	return m
}
