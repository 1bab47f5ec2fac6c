package judge

import (
	"embed"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"aircheck/jobs"
)

//go:embed profiles/*.yaml
var embedded embed.FS

const (
	// DefaultProfile is the profile that judges when nobody names one, and that every other one builds on.
	DefaultProfile = "default"
	// maxProfile bounds a profile's YAML; the longest that makes sense has a few KB.
	maxProfile = 64 << 10
	// maxNesting bounds its depth: kind, detector, parameter.
	maxNesting = 3
)

// ProfileNames lists the profiles that ship with the program.
func ProfileNames() []string { return []string{DefaultProfile, "ebu-r128", "atsc-a85"} }

// ProfileSource returns the YAML of a profile that ships with the program.
func ProfileSource(name string) ([]byte, error) {
	for _, n := range ProfileNames() {
		if n == name {
			return embedded.ReadFile("profiles/" + n + ".yaml")
		}
	}
	hint := ""
	if n := nearest(name, ProfileNames()); n != "" {
		hint = fmt.Sprintf("; did you mean %q?", n)
	}
	return nil, fmt.Errorf("profile %q is unknown: it is neither a file nor one of %s%s", name, strings.Join(ProfileNames(), ", "), hint)
}

// LoadProfile resolves a profile: an embedded one by name, or a file's YAML, for which name is only what it is called. The result is complete and sealed.
// Unknown keys, values out of range and values of the wrong kind are errors that name the line.
func LoadProfile(name string, file []byte) (jobs.Profile, error) {
	if file == nil {
		source, err := ProfileSource(name)
		if err != nil {
			return jobs.Profile{}, err
		}
		file = source
	}
	doc, err := parseProfile(file)
	if err != nil {
		return jobs.Profile{}, fmt.Errorf("profile %s: %w", name, err)
	}
	thresholds, err := baseThresholds(doc.base)
	if err != nil {
		return jobs.Profile{}, fmt.Errorf("profile %s: base: %w", name, err)
	}
	for _, s := range doc.settings {
		if s.never {
			delete(thresholds, s.name)
		} else {
			thresholds[s.name] = s.value
		}
	}
	if err := consistent(thresholds); err != nil {
		return jobs.Profile{}, fmt.Errorf("profile %s: %w", name, err)
	}
	p := jobs.Profile{Name: name, Thresholds: thresholds}
	if doc.name != "" {
		p.Name = doc.name
	}
	p.Seal()
	return p, nil
}

// baseThresholds are those that a profile builds on: of an embedded profile, or the defaults of the table.
func baseThresholds(base string) (map[string]float64, error) {
	if base != "" {
		p, err := LoadProfile(base, nil)
		return p.Thresholds, err
	}
	m := map[string]float64{}
	for _, t := range Thresholds() {
		if !math.IsNaN(t.Default) {
			m[t.Name] = t.Default
		}
	}
	return m, nil
}

// consistent checks that severities get worse with length.
func consistent(m map[string]float64) error {
	for _, t := range Thresholds() {
		prefix, ok := strings.CutSuffix(t.Name, ".fail")
		if !ok {
			continue
		}
		last, lastName := math.Inf(-1), ""
		for _, s := range []string{".info", ".warn", ".fail"} {
			v, ok := m[prefix+s]
			if !ok {
				continue
			}
			if v < last {
				return fmt.Errorf("%s (%g) is less than %s (%g)", prefix+s, v, lastName, last)
			}
			last, lastName = v, prefix+s
		}
	}
	return nil
}

// profileDoc is a profile as it is written.
type profileDoc struct {
	name, base string
	settings   []setting
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
	doc := &profileDoc{}
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
			var ignored string
			return text(value, &ignored)
		}
	}
	name := key.Value
	if prefix != "" {
		name = prefix + "." + key.Value
	}
	t, known := thresholdNamed(name)
	switch {
	case known:
		s, err := t.parse(value)
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", value.Line, name, err)
		}
		d.settings = append(d.settings, s)
		return nil
	case depth < maxNesting-1 && isGroup(name):
		return d.mapping(value, name, depth+1)
	}
	return unknownKey(key.Line, name)
}

func text(n *yaml.Node, into *string) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: want a text", n.Line)
	}
	*into = n.Value
	return nil
}

// isGroup tells whether thresholds begin with this name and a dot.
func isGroup(name string) bool {
	for _, t := range Thresholds() {
		if strings.HasPrefix(t.Name, name+".") {
			return true
		}
	}
	return false
}

func unknownKey(line int, name string) error {
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
	if n := nearest(name, known); n != "" {
		return fmt.Errorf("line %d: %q is no threshold; did you mean %q?", line, name, n)
	}
	return fmt.Errorf("line %d: %q is no threshold", line, name)
}

func cutLast(name string) (string, bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", false
	}
	return name[:i], true
}

var errNotNumber = errors.New("want a number")

// parse reads a value: a number, a duration where the unit is seconds, or never.
func (t Threshold) parse(n *yaml.Node) (setting, error) {
	s := setting{name: t.Name}
	if n.Kind != yaml.ScalarNode {
		return s, errNotNumber
	}
	if n.Tag == "!!null" || n.Value == "never" {
		if !t.Optional() {
			return s, errors.New("it cannot be switched off")
		}
		s.never = true
		return s, nil
	}
	v, err := strconv.ParseFloat(n.Value, 64)
	if err != nil && t.Unit == "s" {
		var d time.Duration
		if d, err = time.ParseDuration(n.Value); err == nil {
			v = d.Seconds()
		}
	}
	switch {
	case err != nil && t.Unit == "s":
		return s, fmt.Errorf("want a duration such as 2s or a number of seconds, got %q", n.Value)
	case err != nil:
		return s, fmt.Errorf("%w, got %q", errNotNumber, n.Value)
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

// nearest finds the name at the least edit distance, if that is small enough to be a slip: a third of the name.
func nearest(name string, known []string) string {
	best, distance := "", len(name)/3+1
	for _, k := range known {
		if d := levenshtein(name, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// levenshtein is the least number of insertions, deletions and replacements of bytes that makes b of a.
func levenshtein(a, b string) int {
	const longest = 100
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
