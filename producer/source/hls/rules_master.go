package hls

import (
	"fmt"
	"strconv"
	"strings"
)

// masterRules are those about what variants declare. Each is told once, at the first variant, with how many there are.
func (p *parser) masterRules(m *Master) {
	variants := m.of(EntryVariant)
	p.variants("playlist.bandwidth_missing", append(variants, m.of(EntryIFrames)...), "no BANDWIDTH that can be read", func(e *Entry) bool {
		return e.Variant.Bandwidth <= 0
	})
	p.variants("playlist.average_bandwidth", variants, "an AVERAGE-BANDWIDTH that cannot be read or is above BANDWIDTH", func(e *Entry) bool {
		_, said := e.attrs["AVERAGE-BANDWIDTH"]
		return said && (e.Variant.AverageBandwidth <= 0 || e.Variant.Bandwidth > 0 && e.Variant.AverageBandwidth > e.Variant.Bandwidth)
	})
	p.variants("playlist.average_bandwidth_missing", variants, "no AVERAGE-BANDWIDTH", func(e *Entry) bool {
		_, said := e.attrs["AVERAGE-BANDWIDTH"]
		return !said
	})
	p.variants("playlist.codecs_missing", variants, "no CODECS", func(e *Entry) bool { return strings.TrimSpace(e.Variant.Codecs) == "" })
	p.variants("playlist.resolution_missing", variants, "no RESOLUTION that can be read", func(e *Entry) bool {
		_, said := e.attrs["RESOLUTION"]
		return (said || e.Variant.Codecs != "" && !audioOnly(e.Variant.Codecs)) && (e.Variant.Width <= 0 || e.Variant.Height <= 0)
	})
	p.variants("playlist.frame_rate_missing", variants, "no FRAME-RATE that can be read", func(e *Entry) bool {
		rate, err := strconv.ParseFloat(e.Variant.FrameRate, 64)
		return e.pictures() && (err != nil || !(rate > 0 && rate < maxFrameRate))
	})
	p.masterVersion(m)
}

// maxFrameRate is faster than any stream; what is declared beyond is a slip of the pen.
const maxFrameRate = 1000

// pictures tells whether a variant says that there are pictures in it.
func (e *Entry) pictures() bool {
	return e.Variant.Width > 0 || e.Variant.Codecs != "" && !audioOnly(e.Variant.Codecs)
}

// of lists the entries of a kind.
func (m *Master) of(kind EntryKind) []*Entry {
	var list []*Entry
	for i := range m.Entries {
		if m.Entries[i].Kind == kind {
			list = append(list, &m.Entries[i])
		}
	}
	return list
}

// variants tells of those that have a fault.
func (p *parser) variants(code string, list []*Entry, what string, faulty func(*Entry) bool) {
	var first *Entry
	n := 0
	for _, e := range list {
		if faulty(e) {
			n++
			if first == nil {
				first = e
			}
		}
	}
	if first == nil {
		return
	}
	f := about(code, first.Line, "variant %s has %s", label(first.URI), what)
	if n > 1 {
		f.Message += fmt.Sprintf("; so it is with %d variants of %d", n, len(list))
	}
	p.broken(f)
}

// masterVersion: RFC 8216bis section 8.
func (p *parser) masterVersion(m *Master) {
	var high versionNeed
	for i := range m.Entries {
		e := &m.Entries[i]
		if strings.HasPrefix(e.InStream, "SERVICE") && high.version < 7 {
			high = versionNeed{7, e.Line, "INSTREAM-ID " + clip(e.InStream)}
		}
		for name := range e.attrs {
			if strings.HasPrefix(name, "REQ-") && high.version < 12 {
				high = versionNeed{12, e.Line, "an attribute that begins with REQ-"}
			}
		}
	}
	p.versionNeeded(high)
}

// groupTypes are the attributes by which a variant names groups, with what they name.
var groupTypes = [...]struct {
	attribute string
	kind      EntryKind
}{{"AUDIO", EntryAudio}, {"VIDEO", EntryVideo}, {"SUBTITLES", EntrySubtitles}, {"CLOSED-CAPTIONS", EntryInStream}}

// groupRules: RFC 8216 sections 4.3.4.1 and 4.3.4.2.
func (p *parser) groupRules(m *Master) {
	var found repeated
	for _, t := range p.strange {
		found.add("unknown TYPE", about("playlist.rendition", t.Line, "EXT-X-MEDIA of unknown TYPE %s", t.Value))
	}
	for _, g := range groupTypes {
		groups := map[string]bool{}
		for _, e := range m.of(g.kind) {
			groups[e.Group] = true
		}
		used := map[string]bool{}
		for _, e := range m.of(EntryVariant) {
			name, named := e.attrs[g.attribute]
			if named && !used[name] && !groups[name] && (g.kind != EntryInStream || name != "NONE") {
				found.add("no group "+g.attribute, about("playlist.group", e.Line, "variant %s names the %s group %q, which does not exist", label(e.URI), g.attribute, clip(name)))
			}
			used[name] = used[name] || named
		}
		found.renditionRules(m.of(g.kind), used)
	}
	for i := range found {
		p.broken(found[i].told())
	}
}

// repeated are faults of which there may be one in every line: each kind is one cause, and told once.
type repeated []repeat

type repeat struct {
	kind  string
	first Fault
	count int
}

// told is the first of a kind, and how many there are.
func (r *repeat) told() Fault {
	f := r.first
	if r.count > 1 {
		f.Message += fmt.Sprintf("; so it is %d times", r.count)
	}
	return f
}

func (r *repeated) add(kind string, f Fault) {
	for i := range *r {
		if o := &(*r)[i]; o.kind == kind && o.first.Code == f.Code {
			o.count++
			return
		}
	}
	*r = append(*r, repeat{kind, f, 1})
}

// renditionRules looks at all renditions of one type; used are the groups that variants name.
func (r *repeated) renditionRules(list []*Entry, used map[string]bool) {
	told, defaults, names := map[string]bool{}, map[string]bool{}, map[[2]string]bool{}
	for _, e := range list {
		fault := e.renditionFault()
		if fault == "" && names[[2]string{e.Group, e.Name}] {
			fault = "has the NAME of another in its group"
		}
		if fault == "" && e.attrs["DEFAULT"] == "YES" && defaults[e.Group] {
			fault = "is a second DEFAULT in its group"
		}
		names[[2]string{e.Group, e.Name}] = true
		defaults[e.Group] = defaults[e.Group] || e.attrs["DEFAULT"] == "YES"
		if fault != "" {
			r.add(fault, about("playlist.rendition", e.Line, "EXT-X-MEDIA %s %s", clip(nameOf(e)), fault))
			continue
		}
		if !used[e.Group] && !told[e.Group] {
			told[e.Group] = true
			r.add(fmt.Sprint(e.Kind), about("playlist.group_unused", e.Line, "no variant uses the %s group %q", e.Kind, clip(e.Group)))
		}
	}
}

// renditionFault is what an EXT-X-MEDIA lacks.
func (e *Entry) renditionFault() string {
	_, hasURI := e.attrs["URI"]
	switch {
	case e.Group == "":
		return "has no GROUP-ID"
	case e.Name == "":
		return "has no NAME"
	case e.Kind == EntrySubtitles && e.URI == "":
		return "has no URI"
	case e.Kind == EntryInStream && e.InStream == "":
		return "has no INSTREAM-ID"
	case e.Kind == EntryInStream && hasURI:
		return "has a URI, though closed captions lie in the pictures"
	}
	return ""
}
