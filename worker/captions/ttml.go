package captions

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"strconv"
	"strings"

	"aircheck/jobs/measurement"
)

// maxDepth bounds the nesting of a TTML document; more is no document that a player reads.
const maxDepth = 64

// isTTML tells a TTML document, alone or in the samples of a fragmented MP4 (stpp, ISO/IEC 14496-30).
func isTTML(data []byte) bool { return document(data) != nil }

// document is the XML of a TTML document; nil when there is none.
func document(data []byte) []byte {
	trimmed := bytes.TrimSpace(data)
	if bytes.HasPrefix(trimmed, []byte("<")) && bytes.Contains(trimmed[:min(len(trimmed), 4096)], []byte("http://www.w3.org/ns/ttml")) {
		return trimmed
	}
	for at := 0; at+8 <= len(data); {
		size := int(binary.BigEndian.Uint32(data[at:]))
		if size < 8 || size > len(data)-at {
			return nil
		}
		if body := bytes.TrimSpace(data[at+8 : at+size]); string(data[at+4:at+8]) == "mdat" && bytes.HasPrefix(body, []byte("<")) &&
			bytes.Contains(body[:min(len(body), 4096)], []byte("http://www.w3.org/ns/ttml")) {
			return body
		}
		at += size
	}
	return nil
}

// element is one that is open, with the times that hold inside it.
type element struct {
	name     string
	from, to int64 // to is 0 for no end
	chars    int
	begun    bool // it has times of its own
}

// readTTML reads the times of paragraphs and spans, and how much they show (W3C TTML1, 10).
func readTTML(data []byte) *measurement.Captions {
	text := document(data)
	// In a fragment the times of a document count on the clock of the media (ISO/IEC 14496-30, 5.3).
	c := &measurement.Captions{Format: "ttml", Mapped: len(data) > 0 && data[0] == 0}
	r := rates{frame: 30, tick: 0}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false
	d.CharsetReader = nil
	open := []element{{}}
	for {
		t, err := d.RawToken()
		if err != nil {
			return c
		}
		top := &open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if len(open) == maxDepth {
				return c
			}
			if t.Name.Local == "tt" {
				r.read(t.Attr)
			}
			open = append(open, top.child(t, r))
		case xml.EndElement:
			if len(open) == 1 {
				return c
			}
			open = open[:len(open)-1]
			if above := &open[len(open)-1]; top.begun && (top.name == "p" || top.name == "span") {
				add(c, top.from, top.to, top.chars)
			} else {
				above.chars += top.chars
			}
		case xml.CharData:
			if len(open) > 1 && top.shows() {
				top.chars += visible(t)
			}
		}
	}
}

func (e *element) shows() bool { return e.name == "p" || e.name == "span" || e.name == "br" }

// child is an element inside this one: its times count from the beginning of its parent (timeContainer par).
func (e *element) child(t xml.StartElement, r rates) element {
	o := element{name: t.Name.Local, from: e.from, to: e.to}
	var length int64
	for _, a := range t.Attr {
		v, ok := r.time(a.Value)
		switch {
		case !ok:
		case a.Name.Local == "begin":
			o.from, o.begun = e.from+v, true
		case a.Name.Local == "end":
			o.to, o.begun = e.from+v, true
		case a.Name.Local == "dur":
			length, o.begun = v, true
		}
	}
	if length > 0 && (o.to == 0 || o.from+length < o.to) {
		o.to = o.from + length
	}
	return o
}

// rates are those that times may be given in.
type rates struct{ frame, tick int64 }

func (r *rates) read(attrs []xml.Attr) {
	for _, a := range attrs {
		n, ok := digits(a.Value, 9)
		switch {
		case !ok || n <= 0:
		case a.Name.Local == "frameRate":
			r.frame = n
		case a.Name.Local == "tickRate":
			r.tick = n
		}
	}
}

// time reads hh:mm:ss.fff, hh:mm:ss:ff or an offset with a unit, in microseconds.
func (r *rates) time(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if parts := strings.Split(s, ":"); len(parts) == 4 {
		at, ok := clock(strings.Join(parts[:3], ":"))
		n, okFrames := digits(parts[3], 4)
		return at + n*1e6/r.frame, ok && okFrames
	} else if len(parts) == 3 {
		return clock(s)
	}
	for _, u := range []struct {
		suffix string
		micros float64
	}{{"ms", 1e3}, {"h", 3600e6}, {"m", 60e6}, {"s", 1e6}, {"f", 1e6 / float64(r.frame)}, {"t", 1e6 / float64(max(1, r.tick))}} {
		number, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(number, 64)
		if v = v * u.micros; err != nil || !(v >= 0 && v <= maxTime) {
			return 0, false
		}
		return int64(v), true
	}
	return 0, false
}
