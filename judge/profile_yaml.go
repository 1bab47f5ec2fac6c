package judge

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"aircheck/jobs"
)

const (
	// maxProfile bounds a profile's YAML; the longest that makes sense has a few KB.
	maxProfile = 64 << 10
	// maxNesting bounds its depth: kind, detector, side where limits differ by it, parameter.
	maxNesting = 4
)

// profileDoc is a profile as it is written.
type profileDoc struct {
	name, base, description string
	settings                []setting
	known                   thresholdList
}

type setting struct {
	name  string
	value float64
	never bool
}

func parseProfile(b []byte) (*profileDoc, error) {
	if len(b) > maxProfile {
		return nil, fmt.Errorf("%d bytes are more than the %d allowed", len(b), maxProfile)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	doc := &profileDoc{known: Thresholds()}
	if root.Kind == 0 {
		return doc, nil // nothing but comments
	}
	top := root.Content[0]
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return doc, nil
	}
	return doc, doc.mapping(top, "", 0)
}

// mapping reads a mapping; prefix is the dotted name of what it belongs to.
func (d *profileDoc) mapping(n *yaml.Node, prefix string, depth int) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: %s is no mapping of names to values", n.Line, orTop(prefix))
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a key is no plain name", key.Line)
		}
		if seen[key.Value] {
			return fmt.Errorf("line %d: %q stands twice", key.Line, key.Value)
		}
		seen[key.Value] = true
		if err := d.entry(key, value, prefix, depth); err != nil {
			return err
		}
	}
	return nil
}

func orTop(prefix string) string {
	if prefix == "" {
		return "the document"
	}
	return prefix
}

func (d *profileDoc) entry(key, value *yaml.Node, prefix string, depth int) error {
	if depth == 0 {
		switch key.Value {
		case "name":
			return text(value, &d.name)
		case "base":
			return text(value, &d.base)
		case "description":
			return text(value, &d.description)
		}
	}
	name := key.Value
	if prefix != "" {
		name = prefix + "." + key.Value
	}
	t, known := d.known.named(name)
	switch {
	case known:
		s, err := t.parse(value)
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", value.Line, name, err)
		}
		d.settings = append(d.settings, s)
		return nil
	case depth < maxNesting-1 && d.known.isGroup(name):
		return d.mapping(value, name, depth+1)
	}
	return fmt.Errorf("line %d: %w", key.Line, noThreshold(name))
}

func text(n *yaml.Node, into *string) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: want a text", n.Line)
	}
	*into = n.Value
	return nil
}

// isGroup tells whether thresholds begin with this name and a dot.
func (l thresholdList) isGroup(name string) bool {
	for _, t := range l {
		if strings.HasPrefix(t.Name, name+".") {
			return true
		}
	}
	return false
}

func noThreshold(name string) error {
	known := []string{"name", "base", "description"}
	seen := map[string]bool{}
	for _, t := range Thresholds() {
		for group := t.Name; group != ""; group, _ = cutLast(group) {
			if !seen[group] {
				seen[group] = true
				known = append(known, group)
			}
		}
	}
	if n := jobs.Nearest(name, known); n != "" {
		return fmt.Errorf("%q is no threshold; did you mean %q?", name, n)
	}
	return fmt.Errorf("%q is no threshold", name)
}

func cutLast(name string) (string, bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", false
	}
	return name[:i], true
}

// never switches a severity or a limit off.
const never = "never"

// parseSettings reads single thresholds, "name=value".
func parseSettings(list []string) (*profileDoc, error) {
	doc := &profileDoc{known: Thresholds()}
	for _, one := range list {
		name, value, ok := strings.Cut(one, "=")
		if !ok {
			return nil, fmt.Errorf("%q: want a threshold and its value, such as video.black.fail=3s", one)
		}
		t, known := doc.known.named(strings.TrimSpace(name))
		if !known {
			return nil, noThreshold(strings.TrimSpace(name))
		}
		s, err := t.value(strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name, err)
		}
		doc.settings = append(doc.settings, s)
	}
	return doc, nil
}

var errNotNumber = errors.New("want a number")

// parse reads a value: a number, a duration where the unit is seconds, or never.
func (t Threshold) parse(n *yaml.Node) (setting, error) {
	if n.Kind != yaml.ScalarNode {
		return setting{}, errNotNumber
	}
	if n.Tag == "!!null" {
		return t.value(never)
	}
	return t.value(n.Value)
}

func (t Threshold) value(text string) (setting, error) {
	s := setting{name: t.Name}
	if text == never {
		if !t.Optional() {
			return s, errors.New("it cannot be switched off")
		}
		s.never = true
		return s, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && t.Unit == "s" {
		var d time.Duration
		if d, err = time.ParseDuration(text); err == nil {
			v = d.Seconds()
		}
	}
	switch {
	case err != nil && t.Unit == "s":
		return s, fmt.Errorf("want a duration such as 2s or a number of seconds, got %q", text)
	case err != nil:
		return s, fmt.Errorf("%w, got %q", errNotNumber, text)
	case !(v >= t.Min && v <= t.Max):
		return s, fmt.Errorf("%g is outside of %g to %g%s", v, t.Min, t.Max, spaced(t.Unit))
	}
	s.value = v
	return s, nil
}

func spaced(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}
