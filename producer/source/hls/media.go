package hls

import (
	"encoding/binary"
	"strings"
	"time"

	"aircheck/jobs"
)

// pending is what has been said about the next segment.
type pending struct {
	line    int // of EXTINF; 0 when there was none
	length  nanos
	decimal bool   // EXTINF with a decimal point
	rng     *Range // Offset -1: after the one before
	gap     bool
	when    *time.Time
	whenAt  int // line of the date
}

// media returns the media playlist, made at its first tag.
func (p *parser) media() *Media {
	if p.out.Media == nil {
		p.out.Media = &Media{}
	}
	return p.out.Media
}

// mediaTag reads the tags about a media playlist as a whole (RFC 8216 section 4.3.3).
func (p *parser) mediaTag(name, value string) bool {
	switch name {
	case "EXT-X-TARGETDURATION":
		n, err := parseSeconds(value)
		if err != nil {
			p.bad(-1, jobs.Fail, name, value, err)
		}
		p.media().Target = n.micros()
		p.target, p.noTarget = p.number, err != nil
	case "EXT-X-MEDIA-SEQUENCE":
		p.media().MediaSequence = p.count(name, value)
	case "EXT-X-DISCONTINUITY-SEQUENCE":
		p.media().DiscontinuitySequence = p.count(name, value)
	case "EXT-X-PLAYLIST-TYPE":
		p.media().Type = clip(value)
	case "EXT-X-ENDLIST":
		p.media().EndList = true
	case "EXT-X-I-FRAMES-ONLY":
		p.media().IFramesOnly = true
	default:
		return false
	}
	return true
}

func (p *parser) count(name, value string) int64 {
	n, err := parseCount(value)
	if err != nil {
		p.bad(-1, jobs.Fail, name, value, err)
	}
	return n
}

// segmentTag reads the tags about the segments that follow (RFC 8216 section 4.3.2).
func (p *parser) segmentTag(name, value string) bool {
	switch name {
	case "EXTINF":
		p.extinf(value)
	case "EXT-X-BYTERANGE":
		n, o, err := parseRange(value)
		if err != nil {
			p.bad(p.next(), jobs.Fail, name, value, err)
			break
		}
		p.pending.rng = &Range{Offset: o, Length: n}
	case "EXT-X-MAP":
		p.initSection(p.list(p.next(), name, value))
	case "EXT-X-KEY":
		p.key(p.list(p.next(), name, value))
	case "EXT-X-DISCONTINUITY":
		p.discont++
	case "EXT-X-GAP":
		p.pending.gap = true
	case "EXT-X-PROGRAM-DATE-TIME":
		t, err := parseTime(value)
		if err != nil {
			p.faultAt(p.number, p.next(), jobs.Warn, "%s:%s: no date and time with a zone", name, clip(value))
		}
		p.pending.when, p.pending.whenAt = t, p.number
	default:
		return false
	}
	return true
}

// extinf reads "<duration>,[<title>]".
func (p *parser) extinf(value string) {
	if p.pending.line > 0 {
		p.fault(p.pending.line, jobs.Fail, "EXTINF without a URI")
	}
	number, _, _ := strings.Cut(value, ",")
	p.pending.line = p.number
	n, err := parseSeconds(strings.TrimSpace(number))
	if err != nil {
		p.faultAt(p.number, p.next(), jobs.Fail, "EXTINF:%s: %v", clip(value), err)
		n = -1
	}
	p.pending.length, p.pending.decimal = n, strings.Contains(number, ".")
}

func (p *parser) initSection(attrs map[string]string) {
	m := &Map{Line: p.number, URI: attrs["URI"], Key: p.usable}
	if s, ok := attrs["BYTERANGE"]; ok {
		n, o, err := parseRange(s)
		if err != nil {
			p.bad(p.next(), jobs.Fail, "BYTERANGE", s, err)
		} else {
			m.Range = &Range{Offset: max(o, 0), Length: n}
		}
	}
	if m.URI == "" {
		p.faultAt(p.number, p.next(), jobs.Fail, "EXT-X-MAP without a URI")
		m = nil
	}
	p.init = m
}

// key replaces the key of the same KEYFORMAT; METHOD=NONE ends them all.
func (p *parser) key(attrs map[string]string) {
	k := &Key{Line: p.number, Method: attrs["METHOD"], URI: attrs["URI"], Format: attrs["KEYFORMAT"]}
	if k.Format == "identity" {
		k.Format = ""
	}
	switch k.Method {
	case "NONE":
		p.keys, p.usable = nil, nil
		return
	case "":
		p.faultAt(p.number, p.next(), jobs.Fail, "EXT-X-KEY without a METHOD")
		k.Method = "unknown"
	}
	if s, ok := attrs["IV"]; ok {
		iv, err := parseIV(s)
		if err != nil {
			p.bad(p.next(), jobs.Fail, "IV", s, err)
		}
		k.IV = iv
	}
	if k.URI == "" {
		p.faultAt(p.number, p.next(), jobs.Fail, "EXT-X-KEY without a URI")
	}
	for i, old := range p.keys {
		if old.Format == k.Format {
			p.keys = append(p.keys[:i:i], p.keys[i+1:]...)
			break
		}
	}
	if p.keys = append(p.keys, k); len(p.keys) > maxSystems {
		p.keys = p.keys[1:]
	}
	p.usable = p.pick()
}

// maxSystems bounds the keys in force at one time: one for each DRM system that a stream can be played with.
const maxSystems = 8

// pick finds the key that a reader without a DRM system can use, else the first, with the systems of all: any of them would open the segment.
func (p *parser) pick() *Key {
	systems := make([]string, len(p.keys))
	for i, k := range p.keys {
		if k.Format == "" {
			return k
		}
		systems[i] = clip(k.Format)
	}
	first := *p.keys[0]
	first.Systems = systems
	return &first
}

func (p *parser) segment(uri string) {
	if p.pending.line == 0 {
		p.fault(p.number, jobs.Fail, "URI without EXTINF")
		p.pending = pending{}
		return
	}
	m := p.media()
	if len(m.Segments) == maxSegments {
		p.overflow("segments", maxSegments)
	} else {
		m.Segments = append(m.Segments, Segment{
			Line: p.number, URI: uri, Range: p.rangeOf(m, uri), Map: p.init, Key: p.usable,
			Discontinuity: p.discont, Gap: p.pending.gap, ProgramTime: p.pending.when,
			length: p.pending.length, infLine: p.pending.line, timeLine: p.pending.whenAt, decimal: p.pending.decimal,
		})
	}
	p.pending = pending{}
}

// rangeOf works out an omitted offset: the range begins after the one of the segment before, which must be of the same resource
// (RFC 8216 section 4.3.2.2).
func (p *parser) rangeOf(m *Media, uri string) *Range {
	r := p.pending.rng
	if r == nil || r.Offset >= 0 {
		return r
	}
	r.Offset = 0
	if n := len(m.Segments); n > 0 && m.Segments[n-1].URI == uri && m.Segments[n-1].Range != nil {
		before := m.Segments[n-1].Range
		r.Offset = before.Offset + before.Length
	} else {
		p.faultAt(p.number, p.next(), jobs.Fail, "EXT-X-BYTERANGE without an offset, and no range of the same resource before it")
	}
	if r.Offset > maxOffset {
		p.faultAt(p.number, p.next(), jobs.Fail, "EXT-X-BYTERANGE outside any file")
		r.Offset = 0
	}
	return r
}

// place numbers the segments and puts them on the timeline. A duration that could not be read is taken to be the target duration: a guess, but nearer
// than nothing.
func (p *parser) place(m *Media) {
	var sum nanos
	first := min(m.MediaSequence, maxNumber) + min(m.Skipped, maxNumber)
	for i := range m.Segments {
		s := &m.Segments[i]
		s.Sequence = first + int64(i)
		length := s.length
		if length < 0 {
			length = min(nanos(m.Target)*1000, maxLength)
		}
		if sum+length > maxTotal {
			p.faultAt(s.Line, i, jobs.Fail, "the playlist is longer than ten years")
			length = 0
		}
		s.Start = sum.micros()
		sum += length
		s.Duration = sum.micros() - s.Start
	}
	m.Duration = sum.micros()
}

// sequenceIV is a media sequence number as an initialisation vector: big-endian, padded on the left (RFC 8216 section 5.2).
func sequenceIV(n int64) []byte {
	iv := make([]byte, 16)
	binary.BigEndian.PutUint64(iv[8:], uint64(n))
	return iv
}
