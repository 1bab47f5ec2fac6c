package dash

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	// maxTemplate bounds a URL template; what location.Resolve takes is as long.
	maxTemplate = 8 << 10
	// maxWidth bounds the width in a format tag: 64 bits have twenty digits.
	maxWidth = 32
)

// template is a URL template (ISO/IEC 23009-1 section 5.3.9.4.4), cut at its identifiers.
type template struct {
	parts []part
	// number and time tell whether what it names differs from one segment to the next.
	number, time bool
}

type part struct {
	literal string
	name    string // identifier; empty for a literal
	width   int
}

// parseTemplate cuts a template up; media tells whether $Number$, $Time$ and $SubNumber$ are allowed.
func parseTemplate(s string, media bool) (*template, error) {
	if s == "" || len(s) > maxTemplate {
		return nil, fmt.Errorf("a template of %d bytes", len(s))
	}
	pieces := strings.Split(s, "$")
	if len(pieces)%2 == 0 {
		return nil, fmt.Errorf("%q has a $ without its pair", clip(s))
	}
	t := &template{}
	for i, piece := range pieces {
		if i%2 == 0 {
			t.parts = append(t.parts, part{literal: piece})
			continue
		}
		p, err := parsePart(piece, media)
		if err != nil {
			return nil, err
		}
		t.number = t.number || p.name == "Number"
		t.time = t.time || p.name == "Time"
		t.parts = append(t.parts, p)
	}
	return t, nil
}

// parsePart reads an identifier with its format tag: "Number%05d"; "" is an escaped $.
func parsePart(s string, media bool) (part, error) {
	if s == "" {
		return part{literal: "$"}, nil
	}
	name, format, tagged := strings.Cut(s, "%")
	p := part{name: name}
	switch name {
	case "Number", "Time":
		if !media {
			return part{}, fmt.Errorf("identifier $%s$ in the template of an initialisation segment", name)
		}
	case "Bandwidth":
	case "RepresentationID":
		if tagged {
			return part{}, fmt.Errorf("identifier $RepresentationID$ with a format tag")
		}
	default:
		return part{}, fmt.Errorf("identifier $%s$ is not known", clip(name))
	}
	if !tagged {
		return p, nil
	}
	width, ok := strings.CutPrefix(format, "0")
	width, okD := strings.CutSuffix(width, "d")
	n, err := strconv.ParseUint(width, 10, 8)
	if !ok || !okD || err != nil || n > maxWidth {
		return part{}, fmt.Errorf("format tag %%%s is none: %%0nd", clip(format))
	}
	p.width = int(n)
	return p, nil
}

// expand fills in the identifiers.
func (t *template) expand(id string, bandwidth, number, time int64) string {
	var b strings.Builder
	for _, p := range t.parts {
		switch p.name {
		case "":
			b.WriteString(p.literal)
		case "RepresentationID":
			b.WriteString(id)
		case "Bandwidth":
			pad(&b, bandwidth, p.width)
		case "Number":
			pad(&b, number, p.width)
		case "Time":
			pad(&b, time, p.width)
		}
	}
	return b.String()
}

func pad(b *strings.Builder, v int64, width int) {
	s := strconv.FormatInt(v, 10)
	for range width - len(s) {
		b.WriteByte('0')
	}
	b.WriteString(s)
}

// join gives what ref means relative to base, both as written in the manifest (RFC 3986 section 5.2): a chain of BaseURLs becomes one reference, which
// package location judges as a whole. A base that names a file stands for its directory.
func join(base, ref string) string {
	switch {
	case base == "" || ref != "" && hasScheme(ref) || strings.HasPrefix(ref, "//"):
		return ref
	case ref == "":
		return base
	}
	root, path := splitRoot(base)
	if strings.HasPrefix(ref, "/") {
		return root + ref
	}
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	i := strings.LastIndexByte(path, '/')
	if i < 0 && root != "" {
		return root + "/" + ref
	}
	return root + path[:i+1] + ref
}

// splitRoot parts "https://host" from the path of a reference.
func splitRoot(ref string) (root, path string) {
	at := strings.Index(ref, "//")
	if at < 0 || at > 0 && !hasScheme(ref) {
		return "", ref
	}
	end := strings.IndexAny(ref[at+2:], "/?#")
	if end < 0 {
		return ref, ""
	}
	return ref[:at+2+end], ref[at+2+end:]
}

// hasScheme tells whether a reference begins with "scheme:" (RFC 3986 section 3.1).
func hasScheme(ref string) bool {
	name, _, ok := strings.Cut(ref, ":")
	if !ok || name == "" {
		return false
	}
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '+' && r != '-' && r != '.') {
			return false
		}
	}
	return true
}
