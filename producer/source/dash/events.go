package dash

import (
	"encoding/base64"
	"strings"
	"time"

	"aircheck/jobs"
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
			return strings.Join(strings.Fields(b.text), ""), ""
		}
	}
	text, _ = n.attr("messageData")
	if t := strings.TrimSpace(n.text); t != "" {
		text = t
	}
	return "", clip(text)
}

// splice tells whether the events of a stream announce splices (ANSI/SCTE 214-1 section 6.7.2).
func (e *Event) splice() bool { return strings.HasPrefix(e.Scheme, "urn:scte:scte35:") }

// section is the splice_info_section of an event; nil when it has none that can be read.
func (e *Event) section() []byte {
	s := e.Binary
	if s == "" {
		s = e.Text
	}
	if b, err := base64.StdEncoding.DecodeString(s); err == nil && len(b) > 0 && b[0] == 0xfc {
		return b
	}
	return nil
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
			if e.Duration > 0 {
				m.End = max(start, b.within(addMicros(q.Start, addMicros(e.Start, e.Duration)))).At()
			}
			b.out.Markers = append(b.out.Markers, m)
		}
	}
}

// length is how long an event lasts; absent when nobody says.
func (e *Event) length() jobs.Micros { return e.Duration }

// marker describes an event.
func (e *Event) marker() jobs.Marker {
	m := jobs.Marker{Kind: "other", Source: "eventstream", ID: e.ID, Text: e.Scheme}
	if e.splice() {
		m.Kind = "break"
	}
	if e.Text != "" && !e.splice() {
		m.Text = e.Text
	}
	return m
}
