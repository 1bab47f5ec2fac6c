package judge

import (
	"cmp"
	"embed"
	"fmt"
	"math"
	"strings"

	"aircheck/jobs"
)

//go:embed profiles/*.yaml
var embedded embed.FS

const (
	// DefaultProfile is the profile that judges when nobody names one, and that every other one builds on.
	DefaultProfile = "default"
	// maxLayers bounds how many profiles may be laid over each other, bases included.
	maxLayers = 16
)

// ProfileNames lists the profiles that ship with the program.
func ProfileNames() []string {
	return []string{DefaultProfile, "ebu-r128", "atsc-a85", "dpp", "netflix", "live-monitor", "archive"}
}

// ProfileSource returns the YAML of a profile that ships with the program.
func ProfileSource(name string) ([]byte, error) {
	for _, n := range ProfileNames() {
		if n == name {
			return embedded.ReadFile("profiles/" + n + ".yaml")
		}
	}
	hint := ""
	if n := jobs.Nearest(name, ProfileNames()); n != "" {
		hint = fmt.Sprintf("; did you mean %q?", n)
	}
	return nil, fmt.Errorf("profile %q is unknown: it is neither a file nor one of %s%s", name, strings.Join(ProfileNames(), ", "), hint)
}

// ProfileDescription returns the sentence in which a profile that ships with the program says what it is for.
func ProfileDescription(name string) (string, error) {
	source, err := ProfileSource(name)
	if err != nil {
		return "", err
	}
	doc, err := parseProfile(source)
	if err != nil {
		return "", fmt.Errorf("profile %s: %w", name, err)
	}
	return doc.description, nil
}

// Layer is a profile to be laid over others.
type Layer struct {
	// Name is what the layer is called: the name of a profile that ships with the program where Source is nil, else of a file.
	Name string
	// File is where it was read, for errors: two files may have one name. Empty: Name.
	File string
	// Source is the file's YAML.
	Source []byte
	// Set holds single thresholds, "video.black.fail=3s"; Name and Source do not count then.
	Set []string
}

// setLayer is what a layer of single thresholds is called.
const setLayer = "set"

// LoadProfile resolves one profile: an embedded one by name, or a file's YAML, for which name is only what it is called.
func LoadProfile(name string, file []byte) (jobs.Profile, error) {
	p, err := Resolve([]Layer{{Name: name, Source: file}})
	return p.Profile, err
}

// Resolved is a profile and where its thresholds come from.
type Resolved struct {
	jobs.Profile
	// From maps the thresholds that are not the defaults' to the layer that set them or, with never, left them out of force.
	From map[string]string
}

// Resolve lays profiles over the defaults, the last one on top. The result is complete and sealed. Unknown keys, values out of range and values of the
// wrong kind are errors that name the line.
func Resolve(layers []Layer) (Resolved, error) {
	r := Resolved{Profile: jobs.Profile{Thresholds: defaultThresholds()}, From: map[string]string{}}
	var names []string
	for _, l := range layers {
		name, err := r.lay(l, 0)
		if err != nil {
			return Resolved{}, err
		}
		names = append(names, name)
	}
	r.Name = strings.Join(names, "+")
	if err := consistent(r.Thresholds); err != nil {
		return Resolved{}, fmt.Errorf("profile %s: %w", r.Name, err)
	}
	r.Seal()
	return r, nil
}

// lay puts a layer and what it builds on over what is there. It returns the name that the layer gives itself.
func (r *Resolved) lay(l Layer, depth int) (string, error) {
	doc, name, err := l.parse()
	if err != nil {
		return "", err
	}
	if depth == maxLayers {
		return "", fmt.Errorf("profile %s: more than %d profiles build on each other", name, maxLayers)
	}
	if doc.base != "" && doc.base != DefaultProfile {
		if _, err := r.lay(Layer{Name: doc.base}, depth+1); err != nil {
			return "", fmt.Errorf("profile %s: base: %w", cmp.Or(l.File, name), err)
		}
	}
	for _, s := range doc.settings {
		r.From[s.name] = name
		if s.never {
			delete(r.Thresholds, s.name)
		} else {
			r.Thresholds[s.name] = s.value
		}
	}
	return name, nil
}

func (l Layer) parse() (*profileDoc, string, error) {
	if l.Set != nil {
		doc, err := parseSettings(l.Set)
		return doc, setLayer, err
	}
	source := l.Source
	if source == nil {
		var err error
		if source, err = ProfileSource(l.Name); err != nil {
			return nil, "", err
		}
	}
	doc, err := parseProfile(source)
	if err != nil {
		return nil, "", fmt.Errorf("profile %s: %w", cmp.Or(l.File, l.Name), err)
	}
	if doc.name != "" {
		return doc, doc.name, nil
	}
	return doc, l.Name, nil
}

// defaultThresholds are those of the table.
func defaultThresholds() map[string]float64 {
	m := map[string]float64{}
	for _, t := range Thresholds() {
		if !math.IsNaN(t.Default) {
			m[t.Name] = t.Default
		}
	}
	return m
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
