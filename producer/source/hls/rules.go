package hls

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"aircheck/jobs"
)

// rules holds the playlist against the rules of jobs.Rules. They are looked at when all is read, and each tells a playlist once, so that a thousand
// segments with one fault are one finding.
func (p *parser) rules(data []byte) {
	if !IsPlaylist(data) || p.out.Master != nil && p.out.Media != nil {
		return // what is no playlist is not held against the rules for one
	}
	p.encoding(data)
	p.tagRules()
	if m := p.out.Media; m != nil && len(m.Segments) > 0 {
		p.mediaRules(m)
		p.timeRules(m)
		p.dateRules(m)
		p.cueRule(m)
	}
	if m := p.out.Media; m != nil && len(m.Segments)+len(m.Parts) > 0 {
		p.latencyRules(m)
	}
	if m := p.out.Master; m != nil {
		p.masterRules(m)
		p.groupRules(m)
	}
}

// broken adds a fault of a rule. Rules are few and each tells little, so they have no part in the bound of faults.
func (p *parser) broken(f Fault) {
	f.Severity = severityOf(f.Code, f.Value)
	p.out.Faults = append(p.out.Faults, f)
}

// about is a fault about the playlist as a whole.
func about(code string, line int, format string, args ...any) Fault {
	return Fault{Code: code, Line: line, Segment: -1, Message: fmt.Sprintf(format, args...)}
}

// severityOf is what the profile "default" says; the judge asks the profile of the check.
func severityOf(code string, value float64) jobs.Severity {
	out := jobs.Info
	if rule, ok := jobs.RuleOf(code); ok {
		for _, l := range rule.Levels {
			if value >= l.From {
				out = l.Severity
			}
		}
	}
	return out
}

// encoding: RFC 8216 section 4.1.
func (p *parser) encoding(data []byte) {
	switch {
	case bytes.HasPrefix(data, []byte(bom)):
		p.broken(about("playlist.utf8", 1, "begins with a byte order mark"))
	case !utf8.Valid(data):
		p.broken(about("playlist.utf8", badLine(data), "not UTF-8"))
	}
}

// badLine is the first line that is not UTF-8.
func badLine(data []byte) int {
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if !utf8.Valid(line) {
			return n
		}
	}
	return 0
}

// mayStand notes a tag that stands where or as often as it must not.
func (p *parser) mayStand(name string) {
	switch name {
	case "EXT-X-BYTERANGE", "EXT-X-PROGRAM-DATE-TIME": // once a segment
		if p.once[name] > p.lastURI {
			p.twice = append(p.twice, Tag{Line: p.number, Name: name})
		}
		p.once[name] = p.number
		return
	case "EXT-X-MEDIA-SEQUENCE":
		p.early(name, p.next() > 0)
	case "EXT-X-DISCONTINUITY-SEQUENCE":
		p.early(name, p.next() > 0 || p.discont > 0)
	case "EXTM3U", "EXT-X-VERSION", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START", "EXT-X-TARGETDURATION", "EXT-X-ENDLIST", "EXT-X-PLAYLIST-TYPE",
		"EXT-X-I-FRAMES-ONLY", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXT-X-SKIP", "EXT-X-CONTENT-STEERING":
	default:
		return
	}
	if p.once[name] > 0 {
		p.twice = append(p.twice, Tag{Line: p.number, Name: name})
	}
	p.once[name] = p.number
}

// early notes a tag that stands too late. One that stands a second time is told for that alone.
func (p *parser) early(name string, late bool) {
	if late && p.once[name] == 0 {
		p.late = append(p.late, Tag{Line: p.number, Name: name})
	}
}

// tagRules tells of each tag that stands too often once.
func (p *parser) tagRules() {
	told := map[string]bool{}
	for _, t := range p.twice {
		if told[t.Name] {
			continue
		}
		told[t.Name] = true
		n := 0
		for _, o := range p.twice {
			if o.Name == t.Name {
				n++
			}
		}
		f := about("playlist.duplicate_tag", t.Line, "%s stands a second time", t.Name)
		if n > 1 {
			f.Message = fmt.Sprintf("%s stands %d times more often than it may, here first", t.Name, n)
		}
		p.broken(f)
	}
	for _, t := range p.late {
		p.broken(about("playlist.misplaced_tag", t.Line, "%s stands after the first segment or discontinuity", t.Name))
	}
}
