package judge

import (
	"bytes"
	"flag"
	"maps"
	"math"
	"os"
	"strings"
	"testing"

	"aircheck/jobs"
)

var update = flag.Bool("update", false, "write profiles/default.yaml from the table of thresholds")

// defaultYAML writes the table of thresholds as a profile.
func defaultYAML() []byte {
	r, err := Resolve(nil)
	if err != nil {
		panic(err)
	}
	_, body, _ := bytes.Cut(r.YAML(false), []byte("\n"))
	return append([]byte("# Every threshold with its default. A profile of your own needs only what it changes; `never` switches a severity off.\n"+
		"description: What is wrong with any stream. Loudness is measured and not judged.\n"), body...)
}

func TestDefaultProfileIsTheTable(t *testing.T) {
	if *update {
		if err := os.WriteFile("profiles/default.yaml", defaultYAML(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	source, err := os.ReadFile("profiles/default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(source, defaultYAML()) {
		t.Error("profiles/default.yaml is not what the table says; run with -update")
	}
	p, err := LoadProfile("", source)
	if err != nil {
		t.Fatal(err)
	}
	defaults := defaultThresholds()
	if !maps.Equal(p.Thresholds, defaults) {
		t.Errorf("the default profile is %v, the table %v", p.Thresholds, defaults)
	}
}

func TestEmbeddedProfiles(t *testing.T) {
	digests := map[string]bool{}
	for _, name := range ProfileNames() {
		p, err := LoadProfile(name, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p.Name != name || p.Digest == "" || digests[p.Digest] {
			t.Errorf("%s is called %q, digest %q", name, p.Name, p.Digest)
		}
		digests[p.Digest] = true
	}
	p, _ := LoadProfile("ebu-r128", nil)
	for name, want := range map[string]float64{"audio.loudness.target": -23, "audio.loudness.tolerance_fail": 1, "audio.true_peak.max": -1, "video.black.fail": 2} {
		if p.Thresholds[name] != want {
			t.Errorf("ebu-r128: %s is %g, want %g", name, p.Thresholds[name], want)
		}
	}
}

func TestProfileOfOnesOwn(t *testing.T) {
	p, err := LoadProfile("mine.yaml", []byte(`
name: sports
base: atsc-a85
video:
  black: {info: 250ms, fail: 1.5}
  freeze:
    fail: never
    warn: 4s
audio.silence.level: -50
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"video.black.info": 0.25, "video.black.fail": 1.5, "video.freeze.warn": 4, "audio.silence.level": -50, "audio.loudness.target": -24,
	}
	for name, v := range want {
		if p.Thresholds[name] != v {
			t.Errorf("%s is %g, want %g", name, p.Thresholds[name], v)
		}
	}
	if _, ok := p.Thresholds["video.freeze.fail"]; ok || p.Name != "sports" {
		t.Errorf("%q: video.freeze.fail is still there", p.Name)
	}
}

func TestProfileErrorsSayWhereAndWhatInstead(t *testing.T) {
	for source, want := range map[string]string{
		"video: {blak: {fail: 2s}}":                           `line 1: "video.blak" is no threshold; did you mean "video.black"?`,
		"video:\n  black:\n    fial: 2":                       `line 3: "video.black.fial" is no threshold; did you mean "video.black.fail"?`,
		"viddeo: {black: {fail: 2}}":                          `did you mean "video"?`,
		"zzzz: 1":                                             `line 1: "zzzz" is no threshold`,
		"audio.loudness.traget: -23":                          `did you mean "audio.loudness.target"?`,
		"video: {black: {fail: 2x}}":                          `want a duration such as 2s or a number of seconds, got "2x"`,
		"video: {black: {fail: -1}}":                          "-1 is outside of 0 to 86400 s",
		"video: {black: {fail: .nan}}":                        "line 1: video.black.fail",
		"video: {black: {fail: NaN}}":                         "NaN is outside of 0",
		"video: {black: {fail: 2, fail: 3}}":                  `"fail" stands twice`,
		"video: {black: {ratio: never}}":                      "cannot be switched off",
		"video: {black: 2}":                                   "video.black is no mapping",
		"video: {black: {fail: [1]}}":                         "want a number",
		"video: {black: {info: 3}}":                           "video.black.fail (2) is less than video.black.info (3)",
		"base: ebur128":                                       `did you mean "ebu-r128"?`,
		"- 1":                                                 "line 1: the document is no mapping",
		"a: &a {b: 1}\nvideo: *a":                             "is no threshold",
		"video: &a {black: *a}":                               "video.black is no mapping",
		"video: {black: {fail: 2}":                            "read YAML",
		"video:\n  black:\n    fail:\n      more: 1":          "want a number",
		"? {a: b}\n: 1":                                       "a key is no plain name",
		"description: {a: b}":                                 "want a text",
		"video: {black: {fail: " + strings.Repeat("9", 70000): "are more than the 65536 allowed",
	} {
		_, err := LoadProfile("x", []byte(source))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: error is %v, want %q", source, err, want)
		}
	}
	if _, err := LoadProfile("ebu-r182", nil); err == nil || !strings.Contains(err.Error(), `did you mean "ebu-r128"?`) {
		t.Errorf("an unknown profile: %v", err)
	}
}

func TestThresholdTable(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range Thresholds() {
		if seen[v.Name] || v.Doc == "" || strings.Count(v.Name, ".") < 2 || strings.Count(v.Name, ".") >= maxNesting {
			t.Errorf("%q stands twice, has no documentation, or is no name", v.Name)
		}
		seen[v.Name] = true
		if !math.IsNaN(v.Default) && (v.Default < v.Min || v.Default > v.Max) || v.Min > v.Max {
			t.Errorf("%s: default %g is outside of %g to %g", v.Name, v.Default, v.Min, v.Max)
		}
	}
}

// FuzzProfile: no YAML crashes the reader, and what it accepts is complete and within bounds.
func FuzzProfile(f *testing.F) {
	f.Add([]byte("video: {black: {fail: 2s}}"))
	f.Add([]byte("base: ebu-r128\naudio: {silence: {level: -50, warn: never}}"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("? {}\n: {}\n"))
	f.Add(defaultYAML())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := LoadProfile("fuzz", b)
		if err != nil {
			return
		}
		for _, v := range Thresholds() {
			got, ok := p.Thresholds[v.Name]
			if !ok && !v.Optional() || ok && !(got >= v.Min && got <= v.Max) {
				t.Errorf("%s is %g, %v", v.Name, got, ok)
			}
		}
		if p.Digest == "" {
			t.Error("the profile is not sealed")
		}
	})
}

func TestLayers(t *testing.T) {
	r, err := Resolve([]Layer{
		{Name: "ebu-r128"},
		{Name: "house", Source: []byte("video: {black: {fail: 3s}}\naudio: {true_peak: {max: -2}}")},
		{Set: []string{"video.freeze.fail=never", "video.black.info = 1s"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "ebu-r128+house+set" || r.Digest == "" {
		t.Errorf("it is called %q, digest %q", r.Name, r.Digest)
	}
	want := map[string]float64{"audio.loudness.target": -23, "audio.true_peak.max": -2, "video.black.fail": 3, "video.black.info": 1}
	for name, v := range want {
		if r.Thresholds[name] != v {
			t.Errorf("%s is %g, want %g", name, r.Thresholds[name], v)
		}
	}
	if _, ok := r.Thresholds["video.freeze.fail"]; ok {
		t.Error("video.freeze.fail is still there")
	}
	for name, from := range map[string]string{"audio.loudness.target": "ebu-r128", "audio.true_peak.max": "house", "video.freeze.fail": "set", "video.freeze.warn": ""} {
		if r.From[name] != from {
			t.Errorf("%s is from %q, want %q", name, r.From[name], from)
		}
	}
}

// TestShownProfileReadsBack: what is shown is a profile file that judges alike, in full and as what it changes.
func TestShownProfileReadsBack(t *testing.T) {
	layers := [][]Layer{nil, {{Name: "dpp"}, {Name: "x: y\n#", Source: []byte("name: \"a\\nb\"\nvideo: {black: {fail: never}}")}}}
	for _, name := range ProfileNames() {
		layers = append(layers, []Layer{{Name: name}})
	}
	for _, l := range layers {
		r, err := Resolve(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, changed := range []bool{false, true} {
			p, err := LoadProfile("shown", r.YAML(changed))
			if err != nil || p.Digest != r.Digest {
				t.Errorf("%s, changed only: %v: %v, digest %s, want %s\n%s", r.Name, changed, err, p.Digest, r.Digest, r.YAML(changed))
			}
		}
	}
}

func TestSetErrors(t *testing.T) {
	for set, want := range map[string]string{
		"video.black.fail":        "want a threshold and its value",
		"video.black.fial=2s":     `did you mean "video.black.fail"?`,
		"video.black.fail=x":      "want a duration",
		"video.black.fail=-2":     "is outside of",
		"video.black.ratio=never": "cannot be switched off",
	} {
		if _, err := Resolve([]Layer{{Set: []string{set}}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", set, err, want)
		}
	}
}

// TestSidesAreSeverities: limits that differ by the side are switched off and kept in order as others are.
func TestSidesAreSeverities(t *testing.T) {
	for _, side := range []string{"sync.offset.early", "reference.offset.early", "reference.offset.late"} {
		r, err := Resolve([]Layer{{Set: []string{side + ".warn=never"}}})
		if err != nil {
			t.Fatalf("%s: %v", side, err)
		}
		if _, ok := r.Thresholds[side+".warn"]; ok {
			t.Errorf("%s.warn is still on", side)
		}
		if _, err := Resolve([]Layer{{Set: []string{side + ".fail=1ms"}}}); err == nil || !strings.Contains(err.Error(), "is less than "+side+".warn") {
			t.Errorf("%s: a failure before the warning gives %v", side, err)
		}
	}
}

// TestDoubtfulIsNeverWorseThanInfo: a profile without info gets no warnings of what may be nothing.
func TestDoubtfulIsNeverWorseThanInfo(t *testing.T) {
	for _, name := range ProfileNames() {
		p, err := LoadProfile(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range Codes() {
			if l, ok := newParams(p).levels(code).mild().reached(seconds(day)); ok && l.severity != jobs.Info {
				t.Errorf("%s: what may be nothing is %s of %s", name, l.severity, code)
			}
		}
	}
}

// TestAProfileIsReadAtOnce: a worker reads one for every check. Were the table of thresholds made for every name in it, that would be three times the work.
func TestAProfileIsReadAtOnce(t *testing.T) {
	n := testing.AllocsPerRun(3, func() {
		if _, err := LoadProfile(DefaultProfile, nil); err != nil {
			t.Error(err)
		}
	})
	// Thirty-odd a threshold: most are the YAML reader's. The table itself takes six or so a rule, once for each name would be thousands.
	if most := 32 * float64(len(Thresholds())); n > most {
		t.Errorf("%.0f allocations, more than %.0f", n, most)
	}
}
