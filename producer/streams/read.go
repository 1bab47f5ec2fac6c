package streams

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"aircheck/jobs"
)

// reader reads the nodes of a file and collects what is wrong.
type reader struct {
	profile func(name string) error
	names   map[string]int // lines, by the name of a stream
	errs    []error
}

func (r *reader) fail(line int, format string, args ...any) {
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, fmt.Errorf("line %d: "+format, append([]any{line}, args...)...))
	}
}

// fields reads a mapping; each key has its reader.
type fields map[string]func(value *yaml.Node)

func (r *reader) mapping(n *yaml.Node, what string, known fields) {
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "%s is no mapping of names to values", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read := known[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fail(key.Line, "a key of %s is no plain name", what)
		case seen[key.Value]:
			r.fail(key.Line, "%q stands twice in %s", key.Value, what)
		case read == nil:
			r.unknown(key, what, known)
		case value.Kind == yaml.AliasNode:
			r.fail(value.Line, "%s: aliases are not allowed: put what streams share into defaults", key.Value)
		default:
			read(value)
		}
		seen[key.Value] = true
	}
}

func (r *reader) unknown(key *yaml.Node, what string, known fields) {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	if n := jobs.Nearest(key.Value, names); n != "" {
		r.fail(key.Line, "%q is no key of %s; did you mean %q?", key.Value, what, n)
		return
	}
	r.fail(key.Line, "%q is no key of %s: there are %s", key.Value, what, strings.Join(names, ", "))
}

// file reads the whole; the defaults count for all streams, wherever they stand.
func (r *reader) file(top *yaml.Node) *File {
	f := &File{}
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return f
	}
	var list *yaml.Node
	defaults := Stream{Renditions: Renditions{Which: All}}
	r.mapping(top, "the file", fields{
		"defaults": func(n *yaml.Node) { r.mapping(n, "defaults", r.settings(&defaults)) },
		"streams":  func(n *yaml.Node) { list = n },
		"schedule": func(n *yaml.Node) { f.Schedule = r.schedule(n) },
		"events":   func(n *yaml.Node) { f.Events = r.events(n) },
	})
	if list == nil {
		return f
	}
	f.None = list.Kind == yaml.SequenceNode && len(list.Content) == 0
	for _, n := range r.sequence(list, "streams", maxStreams) {
		s := defaults
		s.Line = n.Line
		r.stream(n, &s)
		f.Streams = append(f.Streams, s)
	}
	return f
}

func (r *reader) stream(n *yaml.Node, s *Stream) {
	known := r.settings(s)
	known["name"] = func(n *yaml.Node) { r.name(n, s) }
	known["url"] = func(n *yaml.Node) {
		if s.URL = r.text(n, "url"); s.URL == "" {
			return
		}
		if err := CheckURL(s.URL); err != nil {
			r.fail(n.Line, "url: %v", err)
		}
	}
	before := len(r.errs)
	r.mapping(n, "a stream", known)
	if len(r.errs) > before {
		return
	}
	if s.Name == "" {
		r.fail(n.Line, "a stream without a name")
	}
	if s.URL == "" {
		r.fail(n.Line, "stream %q without a url", s.Name)
	}
}

func (r *reader) name(n *yaml.Node, s *Stream) {
	s.Name = r.text(n, "name")
	if !jobs.ValidStreamName(s.Name) {
		r.fail(n.Line, "name %q: want 1 to 48 small letters, digits, - and _, beginning with a letter or a digit", s.Name)
		return
	}
	if line := r.names[s.Name]; line > 0 {
		r.fail(n.Line, "name %q is taken by the stream of line %d", s.Name, line)
	}
	r.names[s.Name] = n.Line
}

// settings are the keys that a stream and the defaults have.
func (r *reader) settings(s *Stream) fields {
	return fields{
		"renditions": func(n *yaml.Node) { s.Renditions = r.renditions(n) },
		"profile":    func(n *yaml.Node) { s.Profile = r.profileName(n, "profile") },
		"breaks":     func(n *yaml.Node) { s.Breaks = r.profileName(n, "breaks") },
		"window":     func(n *yaml.Node) { s.Window = r.duration(n, "window", minWindow, maxWindow) },
		"archive":    func(n *yaml.Node) { r.archive(n, s) },
		"notify":     func(n *yaml.Node) { s.Notify = append([]string{}, r.texts(n, "notify")...) }, // an empty list is nobody
	}
}

// profileName reads the name of a profile that there is.
func (r *reader) profileName(n *yaml.Node, what string) string {
	name := r.text(n, what)
	if r.profile == nil || name == "" {
		return name
	}
	if err := r.profile(name); err != nil {
		r.fail(n.Line, "%s: %v", what, err)
	}
	return name
}

func (r *reader) archive(n *yaml.Node, s *Stream) {
	r.mapping(n, "archive", fields{
		"keep": func(n *yaml.Node) {
			if n.Kind == yaml.ScalarNode && n.Value == "forever" {
				s.Keep = 0
				return
			}
			s.Keep = r.duration(n, "keep", minKeep, 100*366*24*time.Hour)
		},
	})
}

func (r *reader) renditions(n *yaml.Node) Renditions {
	if n.Kind == yaml.SequenceNode {
		names := r.texts(n, "renditions")
		if len(names) == 0 {
			r.fail(n.Line, "renditions: the list is empty; want %s, %s, %s or names", All, Highest, Lowest)
		}
		return Renditions{Names: names}
	}
	switch which := r.text(n, "renditions"); which {
	case All, Highest, Lowest:
		return Renditions{Which: which}
	default:
		r.fail(n.Line, "renditions: %q; want %s, %s, %s or a list of names", which, All, Highest, Lowest)
		return Renditions{Which: All}
	}
}

func (r *reader) sequence(n *yaml.Node, what string, limit int) []*yaml.Node {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil
	case n.Kind != yaml.SequenceNode:
		r.fail(n.Line, "%s is no list", what)
		return nil
	case len(n.Content) > limit:
		r.fail(n.Line, "%s has %d entries, at most %d are allowed", what, len(n.Content), limit)
		return nil
	}
	return n.Content
}

func (r *reader) texts(n *yaml.Node, what string) []string {
	var list []string
	for _, one := range r.sequence(n, what, maxNames) {
		if s := r.text(one, what); s != "" {
			list = append(list, s)
		}
	}
	return list
}

func (r *reader) text(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.fail(n.Line, "%s: want a text", what)
		return ""
	}
	return n.Value
}

// duration reads "10s", "24h" or "7d".
func (r *reader) duration(n *yaml.Node, what string, least, most time.Duration) time.Duration {
	s := r.text(n, what)
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var number int64
		if number, err = strconv.ParseInt(days, 10, 32); err == nil {
			d = time.Duration(min(max(number, -1), 1e5)) * 24 * time.Hour
		}
	}
	switch {
	case s == "":
	case err != nil:
		r.fail(n.Line, "%s: %q is no length of time such as 10s, 24h or 7d", what, s)
	case d < least || d > most:
		r.fail(n.Line, "%s: %s is outside of %s to %s", what, s, least, most)
	default:
		return d
	}
	return 0
}
