package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
)

// TestEveryCodeHasAMethodPage: a finding that nobody can look up is noise.
func TestEveryCodeHasAMethodPage(t *testing.T) {
	headings := []string{"Measured", "Judged", "Value", "Source", "Known misses", "Known false alarms"}
	for _, code := range Codes() {
		page, err := Method(code)
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		if s := Summary(page); len(s) < 20 || !strings.HasSuffix(s, ".") || strings.HasPrefix(s, "#") {
			t.Errorf("%s: the summary %q is no sentence", code, s)
		}
		if _, ok := jobs.RuleOf(code); ok {
			continue
		}
		for _, h := range headings {
			if strings.Count(page, "**"+h+":** ") != 1 {
				t.Errorf("%s: want one heading %q", code, h)
			}
		}
	}
	pages, err := fs.ReadDir(methods, "methods")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if code := strings.TrimSuffix(p.Name(), ".md"); !slices.Contains(Codes(), code) {
			t.Errorf("%s is the page of no code", p.Name())
		}
	}
	if _, err := Method("video.blak"); err == nil || !strings.Contains(err.Error(), `did you mean "video.black"?`) {
		t.Errorf("an unknown code: %v", err)
	}
}

// TestEveryThresholdBelongsToACode: otherwise no page would show it.
func TestEveryThresholdBelongsToACode(t *testing.T) {
	n := 0
	for _, code := range Codes() {
		n += len(Limits(code))
	}
	if n != len(Thresholds()) {
		t.Errorf("%d thresholds belong to codes, there are %d", n, len(Thresholds()))
	}
}

// detectorsDoc is docs/DETECTORS.md: the method pages with the table of thresholds.
func detectorsDoc(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString("# Detectors\n\nWhat aircheck can find: how each defect is measured and judged, by which source, and where that fails. `aircheck detectors CODE` prints a page.\n" +
		"The defaults are those of the profile `default`. F1 is the harmonic mean of precision and recall on clips with injected defects ([ACCURACY.md](ACCURACY.md)).\n\n" +
		"This file is made from judge/methods, the table of thresholds and docs/accuracy.json by `go test ./judge -run TestDetectorsDoc -update`.\n")
	kind, figures := "", accuracyFigures(t)
	for _, code := range Codes() {
		if _, ok := jobs.RuleOf(code); ok {
			continue // docs/PACKAGING.md has them
		}
		if k := kindOf(code); k != kind {
			kind = k
			fmt.Fprintf(&b, "\n## %s\n", kind)
		}
		page, err := Method(code)
		if err != nil {
			t.Error(err)
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", code, page)
		if f1, ok := figures[code]; ok {
			fmt.Fprintf(&b, "\n**Accuracy:** F1 %.3f\n", f1)
		}
		if limits := Limits(code); len(limits) > 0 {
			b.WriteString("\n| threshold | default | |\n|---|---|---|\n")
			for _, l := range limits {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", l.Name, shownDefault(l), l.Doc)
			}
		}
	}
	return b.Bytes()
}

// accuracyFigures are the F1 of the last full run of the accuracy bench, by code.
func accuracyFigures(t *testing.T) map[string]float64 {
	t.Helper()
	body, err := os.ReadFile("../docs/accuracy.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Full struct {
			F1 map[string]float64 `json:"f1"`
		} `json:"full"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Full.F1
}

func shownDefault(t Threshold) string {
	if math.IsNaN(t.Default) {
		return never
	}
	return strings.TrimSpace(fmt.Sprintf("%g %s", t.Default, t.Unit))
}

func TestDetectorsDoc(t *testing.T) {
	const name = "../docs/DETECTORS.md"
	want := detectorsDoc(t)
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the method pages say; run with -update (%v)", name, err)
	}
}

// packagingDoc is docs/PACKAGING.md: every rule with its clause.
func packagingDoc() []byte {
	var b bytes.Buffer
	b.WriteString("# Packaging and delivery\n\nThe rules that aircheck holds playlists, manifests, segments and live delivery to: what each demands, where it comes from, and how severe it is in the profile\n" +
		"`default`. A profile can give every rule another severity, or none: `playlist.version.warn: never`. `aircheck detectors CODE` prints a rule.\n\n" +
		"This file is made from jobs/rule_*.go by `go test ./judge -run TestPackagingDoc -update`.\n\n" +
		"| code | what is wrong | for | clause | default |\n|---|---|---|---|---|\n")
	for _, r := range jobs.Rules() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.Code, r.Summary, r.Applies, r.Clause, shownLevels(r))
	}
	for _, r := range jobs.Rules() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", r.Code, r.Checked)
	}
	return b.Bytes()
}

func shownLevels(r jobs.Rule) string {
	var list []string
	for _, l := range r.Levels {
		if r.Unit == "" {
			list = append(list, string(l.Severity))
		} else {
			list = append(list, fmt.Sprintf("%s from %g %s", l.Severity, l.From, r.Unit))
		}
	}
	if len(list) == 0 {
		return "off"
	}
	return strings.Join(list, ", ")
}

func TestPackagingDoc(t *testing.T) {
	const name = "../docs/PACKAGING.md"
	want := packagingDoc()
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the rules say; run with -update (%v)", name, err)
	}
}
