package hls

import (
	"bytes"
	"fmt"
	"strings"

	"aircheck/jobs"
	"aircheck/producer/source/location"
)

const bom = "\xef\xbb\xbf"

// IsPlaylist tells by its first bytes whether something is a playlist.
func IsPlaylist(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimPrefix(head, []byte(bom)), []byte("#EXTM3U"))
}

// Parse reads a playlist. It never fails: what is wrong stands in Faults.
func Parse(data []byte) Playlist {
	p := parser{out: Playlist{Version: 1}, once: map[string]int{}}
	if p.out.Page = jobs.IsWebPage(data); p.out.Page {
		p.fault(0, jobs.Fail, "is "+jobs.WebPage)
		return p.out // its lines are no addresses
	}
	if len(data) > maxPlaylist {
		p.fault(0, jobs.Fail, "longer than %d bytes; the rest is not read", maxPlaylist)
		data = data[:maxPlaylist]
	}
	p.header(data)
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if len(line) > maxLine {
			p.fault(number, jobs.Fail, "line longer than %d bytes", maxLine)
			continue
		}
		p.number = number
		p.line(strings.TrimSpace(strings.TrimPrefix(string(line), bom)))
	}
	p.finish()
	p.rules(data)
	return p.out
}

// parser is the state between two lines.
type parser struct {
	out     Playlist
	number  int
	faults  int
	pending pending
	variant *Entry // EXT-X-STREAM-INF that waits for its URI
	keys    []*Key // in force, one a KEYFORMAT
	usable  *Key   // which of them a segment is told to have
	init    *Map
	discont int
	partInf int            // line of EXT-X-PART-INF
	lastURI int            // line of the segment before
	once    map[string]int // lines of the tags that may stand once
	twice   []Tag          // and of those that stand again
	late    []Tag          // tags that should have stood before the segments
	strange []Tag          // EXT-X-MEDIA of an unknown TYPE, which is the value
	target  int            // line of EXT-X-TARGETDURATION
	version int            // line of EXT-X-VERSION; -1 when it cannot be read
	// noTarget: EXT-X-TARGETDURATION cannot be read, and that is told.
	noTarget bool
	full     bool // a bound was reached and told
}

// header judges the beginning (RFC 8216 section 4.1).
func (p *parser) header(data []byte) {
	if !IsPlaylist(data) {
		p.fault(1, jobs.Fail, "does not begin with #EXTM3U")
	}
}

func (p *parser) line(s string) {
	switch {
	case s == "":
	case strings.HasPrefix(s, "#EXT"):
		name, value, _ := strings.Cut(s[1:], ":")
		p.tag(name, strings.TrimSpace(value))
	case s[0] == '#':
	case p.variant != nil:
		p.variant.URI = s
		p.entry(*p.variant)
		p.variant = nil
	default:
		p.segment(s)
		p.lastURI = p.number
	}
}

func (p *parser) tag(name, value string) {
	p.mayStand(name)
	switch {
	case name == "EXTM3U":
	case name == "EXT-X-VERSION":
		if v, err := parseCount(value); err == nil && v < 1000 {
			p.out.Version, p.version = int(v), p.number
		} else {
			p.bad(-1, jobs.Warn, name, value, errNumber)
			p.version = -1
		}
	case name == "EXT-X-INDEPENDENT-SEGMENTS":
		p.out.Independent = true
	case p.masterTag(name, value) || p.segmentTag(name, value) || p.mediaTag(name, value) || p.latencyTag(name, value) || p.announceTag(name, value):
	case len(p.out.Unknown) < maxUnknown:
		p.out.Unknown = append(p.out.Unknown, Tag{p.number, name, value})
	}
}

// list reads the attributes of a tag; a fault in the list is recorded and what stands before it is used.
func (p *parser) list(at int, name, value string) map[string]string {
	attrs, err := attributes(value)
	if err != nil {
		p.bad(at, jobs.Fail, name, value, err)
	}
	return attrs
}

// bad records a tag with an unreadable value; at is the segment that it is about, or -1.
func (p *parser) bad(at int, sev jobs.Severity, name, value string, err error) {
	p.faultAt(p.number, at, sev, "%s:%s: %v", name, clip(value), err)
}

// next is the position that the next segment will have.
func (p *parser) next() int {
	if p.out.Media == nil {
		return 0
	}
	return len(p.out.Media.Segments)
}

func (p *parser) fault(line int, sev jobs.Severity, format string, args ...any) {
	p.faultAt(line, -1, sev, format, args...)
}

// overflow tells once that a bound of the playlist was reached.
func (p *parser) overflow(what string, bound int) {
	if !p.full {
		p.fault(p.number, jobs.Fail, "more than %d %s; the rest is not read", bound, what)
	}
	p.full = true
}

func (p *parser) faultAt(line, segment int, sev jobs.Severity, format string, args ...any) {
	p.faults++
	if p.faults <= maxFaults {
		p.out.Faults = append(p.out.Faults, Fault{Line: line, Segment: segment, Severity: sev, Message: fmt.Sprintf(format, args...)})
	}
}

// finish judges the playlist as a whole.
func (p *parser) finish() {
	if p.variant != nil {
		p.fault(p.variant.Line, jobs.Fail, "EXT-X-STREAM-INF without a URI")
	}
	if p.pending.line > 0 {
		p.fault(p.pending.line, jobs.Fail, "EXTINF without a URI")
	}
	if p.out.Master != nil && p.out.Media != nil {
		p.fault(0, jobs.Fail, "multivariant and media playlist in one")
	}
	if m := p.out.Media; m != nil {
		p.place(m)
	}
	if n := p.faults - maxFaults; n > 0 {
		p.out.Faults = append(p.out.Faults, Fault{Segment: -1, Severity: jobs.Fail, Message: fmt.Sprintf("%d more faults", n)})
	}
}

// maxQuote bounds what a message quotes of a playlist, in characters.
const maxQuote = 80

func clip(s string) string { return location.Clip(s, maxQuote) }
