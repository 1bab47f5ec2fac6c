package hls

import (
	"aircheck/jobs"
)

// Control is EXT-X-SERVER-CONTROL; lengths are 0 when absent or unreadable.
type Control struct {
	Line                                 int
	CanBlockReload, CanSkipDateRanges    bool
	CanSkipUntil, HoldBack, PartHoldBack jobs.Micros
}

// Part is an EXT-X-PART.
type Part struct {
	Line        int
	Segment     int // position in Media.Segments of the segment that it is a part of; len(Segments) for one that is not complete yet
	URI         string
	Duration    jobs.Micros
	Range       *Range
	Independent bool
	Gap         bool
}

// Hint is an EXT-X-PRELOAD-HINT.
type Hint struct {
	Line  int
	Type  string // PART or MAP
	URI   string
	Start int64 // BYTERANGE-START
	// Length is BYTERANGE-LENGTH; -1 when absent: to the end.
	Length int64
}

// latencyTag reads the tags of low-latency HLS (RFC 8216bis sections 4.4.3.7, 4.4.3.8, 4.4.4.9, 4.4.5.2 and 4.4.5.3).
func (p *parser) latencyTag(name, value string) bool {
	switch name {
	case "EXT-X-SERVER-CONTROL":
		attrs := p.list(-1, name, value)
		p.media().Control = &Control{
			Line: p.number, CanBlockReload: attrs["CAN-BLOCK-RELOAD"] == "YES", CanSkipDateRanges: attrs["CAN-SKIP-DATERANGES"] == "YES",
			CanSkipUntil: p.seconds(attrs, "CAN-SKIP-UNTIL"), HoldBack: p.seconds(attrs, "HOLD-BACK"), PartHoldBack: p.seconds(attrs, "PART-HOLD-BACK"),
		}
	case "EXT-X-PART-INF":
		p.media().PartTarget = p.seconds(p.list(-1, name, value), "PART-TARGET")
		p.partInf = p.number
	case "EXT-X-PART":
		p.part(p.list(p.next(), name, value))
	case "EXT-X-PRELOAD-HINT":
		p.hint(p.list(-1, name, value))
	case "EXT-X-SKIP":
		p.media().Skipped = min(p.amount(p.list(-1, name, value), "SKIPPED-SEGMENTS", 0), maxSkipped)
	default:
		return false
	}
	return true
}

// maxSkipped bounds what a delta update may leave out, so that sums of sequence numbers stay far from the limits of the type.
const maxSkipped = 1 << 31

// seconds reads an attribute in seconds; 0 when it is absent, and a fault when it cannot be read.
func (p *parser) seconds(attrs map[string]string, name string) jobs.Micros {
	s, ok := attrs[name]
	if !ok {
		return 0
	}
	n, err := parseSeconds(s)
	if err != nil {
		p.bad(-1, jobs.Warn, name, s, err)
	}
	return n.micros()
}

// amount reads an attribute that is a decimal integer.
func (p *parser) amount(attrs map[string]string, name string, absent int64) int64 {
	s, ok := attrs[name]
	if !ok {
		return absent
	}
	n, err := parseCount(s)
	if err != nil {
		p.bad(-1, jobs.Warn, name, s, err)
		return absent
	}
	return n
}

func (p *parser) part(attrs map[string]string) {
	m := p.media()
	if len(m.Parts) == maxParts {
		p.overflow("parts", maxParts)
		return
	}
	part := Part{
		Line: p.number, Segment: len(m.Segments), URI: attrs["URI"], Duration: p.seconds(attrs, "DURATION"),
		Independent: attrs["INDEPENDENT"] == "YES", Gap: attrs["GAP"] == "YES",
	}
	if s, ok := attrs["BYTERANGE"]; ok {
		part.Range = p.partRange(m, part.URI, s)
	}
	if part.URI == "" {
		p.faultAt(p.number, p.next(), jobs.Fail, "EXT-X-PART without a URI")
	}
	m.Parts = append(m.Parts, part)
}

// partRange works out an omitted offset as rangeOf does for segments.
func (p *parser) partRange(m *Media, uri, value string) *Range {
	n, o, err := parseRange(value)
	if err != nil {
		p.bad(p.next(), jobs.Fail, "BYTERANGE", value, err)
		return nil
	}
	if o < 0 {
		o = 0
		if i := len(m.Parts) - 1; i >= 0 && m.Parts[i].URI == uri && m.Parts[i].Range != nil {
			o = min(m.Parts[i].Range.Offset+m.Parts[i].Range.Length, maxOffset)
		}
	}
	return &Range{Offset: o, Length: n}
}

func (p *parser) hint(attrs map[string]string) {
	m := p.media()
	if len(m.Hints) == maxParts {
		p.overflow("preload hints", maxParts)
		return
	}
	m.Hints = append(m.Hints, Hint{
		Line: p.number, Type: clip(attrs["TYPE"]), URI: attrs["URI"],
		Start: p.amount(attrs, "BYTERANGE-START", 0), Length: p.amount(attrs, "BYTERANGE-LENGTH", -1),
	})
}
