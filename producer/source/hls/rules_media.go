package hls

import (
	"fmt"
	"slices"
	"strings"

	"aircheck/jobs"
)

// mediaRules are those about the tags and segments of one media playlist.
func (p *parser) mediaRules(m *Media) {
	p.targetRule(m)
	p.versionRule(m)
	p.typeRule(m)
	p.mapRule(m)
	p.rangeRule(m)
	p.windowRule(m)
}

// several collects what one rule has against segments: the first, the last, how many, and the worst.
type several struct {
	first, last, worst int // positions
	count              int
	value              float64
}

func (s *several) add(i int, value float64) {
	if s.count == 0 {
		s.first = i
	}
	if s.count == 0 || value > s.value {
		s.worst, s.value = i, value
	}
	s.last = i
	s.count++
}

// fault is about all of them; line is that of the worst.
func (s *several) fault(code string, line int, format string, args ...any) Fault {
	f := Fault{Code: code, Line: line, Segment: s.first, Last: s.last, Value: s.value, Message: fmt.Sprintf(format, args...)}
	if s.count > 1 {
		f.Message += fmt.Sprintf("; so it is with %d segments, %d to %d", s.count, s.first, s.last)
	}
	return f
}

// targetRule: RFC 8216 section 4.3.3.1.
func (p *parser) targetRule(m *Media) {
	if p.noTarget {
		return
	}
	if p.target == 0 {
		p.broken(about("playlist.target_duration", 0, "no EXT-X-TARGETDURATION"))
		return
	}
	var long several
	for i := range m.Segments {
		length := m.Segments[i].length
		if whole := (length + 5e8) / 1e9 * 1e9; whole.micros() > m.Target {
			long.add(i, (length.micros() - m.Target).Seconds())
		}
	}
	if long.count > 0 {
		s := &m.Segments[long.worst]
		p.broken(long.fault("playlist.target_duration", s.infLine, "segment %d lasts %s, EXT-X-TARGETDURATION in line %d says %s",
			long.worst, shown(s.length.micros()), p.target, shown(m.Target)))
	}
}

// shown writes a length for people: "5.2 s".
func shown(d jobs.Micros) string { return fmt.Sprintf("%.6g s", d.Seconds()) }

// versionNeed is a feature that needs a version.
type versionNeed struct {
	version, line int
	what          string
}

// versionRule: RFC 8216 section 7.
func (p *parser) versionRule(m *Media) {
	var high versionNeed
	want := func(version, line int, what string) {
		if version > high.version {
			high = versionNeed{version, line, what}
		}
	}
	for i := range m.Segments {
		s := &m.Segments[i]
		if s.decimal {
			want(3, s.infLine, "EXTINF with decimals")
		}
		if s.Range != nil {
			want(4, s.Line, "EXT-X-BYTERANGE")
		}
		if s.Map != nil && m.IFramesOnly {
			want(5, s.Map.Line, "EXT-X-MAP")
		} else if s.Map != nil {
			want(6, s.Map.Line, "EXT-X-MAP")
		}
		keyNeeds(s.Key, want)
	}
	if m.IFramesOnly {
		want(4, p.once["EXT-X-I-FRAMES-ONLY"], "EXT-X-I-FRAMES-ONLY")
	}
	if line := p.once["EXT-X-SKIP"]; line > 0 {
		want(9, line, "EXT-X-SKIP")
	}
	p.versionNeeded(high)
}

func keyNeeds(k *Key, want func(version, line int, what string)) {
	if k == nil {
		return
	}
	if k.Format != "" || k.Method == "SAMPLE-AES" {
		want(5, k.Line, "EXT-X-KEY with SAMPLE-AES or a KEYFORMAT")
	}
	if k.IV != nil {
		want(2, k.Line, "EXT-X-KEY with an IV")
	}
}

// versionNeeded compares the highest need, that of variable substitution included, with EXT-X-VERSION.
func (p *parser) versionNeeded(high versionNeed) {
	for _, t := range p.out.Unknown {
		if t.Name == "EXT-X-DEFINE" && high.version < 8 {
			high = versionNeed{8, t.Line, t.Name}
		}
	}
	if high.version <= p.out.Version || p.version < 0 {
		return
	}
	declared := fmt.Sprintf("EXT-X-VERSION in line %d says %d", p.version, p.out.Version)
	if p.version == 0 {
		declared = "there is no EXT-X-VERSION"
	}
	f := about("playlist.version", high.line, "%s needs version %d, %s", high.what, high.version, declared)
	f.Value = float64(high.version - p.out.Version)
	p.broken(f)
}

// typeRule: RFC 8216 section 4.3.3.5.
func (p *parser) typeRule(m *Media) {
	line := p.once["EXT-X-PLAYLIST-TYPE"]
	switch {
	case line == 0:
	case m.Type != "VOD" && m.Type != "EVENT":
		p.broken(about("playlist.type", line, "EXT-X-PLAYLIST-TYPE %s is neither VOD nor EVENT", m.Type))
	case m.Type == "VOD" && !m.EndList:
		p.broken(about("playlist.type", line, "EXT-X-PLAYLIST-TYPE:VOD without EXT-X-ENDLIST"))
	case m.Type == "EVENT" && !m.EndList && m.MediaSequence > 1:
		p.broken(about("playlist.type", line, "EXT-X-PLAYLIST-TYPE:EVENT, but the playlist begins with media sequence number %d: segments were removed", m.MediaSequence))
	}
}

// mapRule: RFC 8216 section 3.3.
func (p *parser) mapRule(m *Media) {
	if m.Skipped > 0 { // a delta update leaves EXT-X-MAP out with the segments before which it stands
		return
	}
	var bare several
	for i := range m.Segments {
		if s := &m.Segments[i]; s.Map == nil && !s.Gap && fragmented(s.URI) {
			bare.add(i, 0)
		}
	}
	if bare.count > 0 {
		s := &m.Segments[bare.first]
		p.broken(bare.fault("playlist.map_missing", s.Line, "segment %d, %s, has no EXT-X-MAP", bare.first, label(s.URI)))
	}
}

// fragmented tells by its name whether a segment is fragmented MP4.
func fragmented(uri string) bool {
	path, _, _ := strings.Cut(uri, "#")
	path, _, _ = strings.Cut(path, "?")
	dot := strings.LastIndexByte(path, '.')
	return dot >= 0 && slices.Contains([]string{".m4s", ".mp4", ".m4v", ".m4a", ".cmfv", ".cmfa", ".cmft"}, strings.ToLower(path[dot:]))
}

// rangeRule looks for ranges that overlap: those of one resource in the order of their offsets, each against the one that reaches furthest before it.
func (p *parser) rangeRule(m *Media) {
	var order []int
	for i := range m.Segments {
		if m.Segments[i].Range != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &m.Segments[a], &m.Segments[b]
		if c := strings.Compare(x.URI, y.URI); c != 0 {
			return c
		}
		return compare(x.Range.Offset, y.Range.Offset)
	})
	var overlap several
	far := -1
	for _, i := range order {
		s := &m.Segments[i]
		if far < 0 || m.Segments[far].URI != s.URI {
			far = i
			continue
		}
		before := m.Segments[far].Range
		if s.Range.Offset < before.Offset+before.Length && *s.Range != *before {
			overlap.add(max(i, far), 0)
		}
		if s.Range.Offset+s.Range.Length > before.Offset+before.Length {
			far = i
		}
	}
	if overlap.count > 0 {
		overlap.first = min(overlap.first, overlap.last)
		s := &m.Segments[overlap.worst]
		p.broken(overlap.fault("playlist.byterange", s.Line, "segment %d, bytes %d to %d of %s, overlaps another segment",
			overlap.worst, s.Range.Offset, s.Range.Offset+s.Range.Length-1, label(s.URI)))
	}
}

func compare[T int | int64 | jobs.Micros](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// leastTargets and leastSegments are how much a live playlist must hold (RFC 8216 section 6.2.2, HLS Authoring Specification 8.11).
const (
	leastTargets  = 3
	leastSegments = 6
)

// windowRule looks at what a player that joins has to choose from. A playlist that has lost nothing yet is only young; a delta update shows a part.
func (p *parser) windowRule(m *Media) {
	if m.EndList || m.Type != "" || m.MediaSequence <= 1 || m.Skipped > 0 || m.Target <= 0 {
		return
	}
	lack := leastTargets - float64(m.Duration)/float64(m.Target)
	if lack <= 0 && len(m.Segments) >= leastSegments {
		return
	}
	f := about("playlist.live_window", 0, "%d segments of %s in all, EXT-X-TARGETDURATION is %s", len(m.Segments), shown(m.Duration), shown(m.Target))
	f.Value = max(lack, 0)
	p.broken(f)
}
