package page

import (
	"bytes"
	"strings"
	"testing"

	"aircheck/jobs"
)

func renderCompare(t testing.TB, d CompareData) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCompare(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// pairOf is the sample, and the sample after somebody has worked on it.
func pairOf(t testing.TB) CompareData {
	t.Helper()
	a, b := full(t), full(t)
	list := b.Report.Findings[:2:2]
	list[1].Severity, list[1].End, list[1].Value = jobs.Warn, 4.5, num(1.5)
	b.Report.Findings = append(list, jobs.Finding{Code: "audio.click", Severity: jobs.Info, Rendition: "a0", Start: 15, End: 15.01, Confidence: 1, Message: "a click"})
	b.Report.Verdict, b.Report.Check.Profile.Name = jobs.VerdictWarn, "default"
	b.Report.Summary.Loudness[0].Integrated = num(-24.5)
	b.Profile = &jobs.Profile{Name: "default", Thresholds: map[string]float64{"audio.true_peak.max": -2}}
	return CompareData{A: CompareSide{Report: a.Report, Profile: a.Profile, Curves: a.Curves, Name: "before"}, B: CompareSide{Report: b.Report, Profile: b.Profile, Curves: b.Curves, Name: "after"}}
}

func TestCompareSaysWhatChanged(t *testing.T) {
	html := renderCompare(t, pairOf(t))
	for _, want := range []string{
		"1 only in B", "2 only in A", "1 changed, 1 the same", "warn, was fail", "lasts 1.5 s, was 2.52 s", "1.5 s, was 2.52 s",
		"audio.loudness.target", "never", "-24.5 (-1.5)", "a click", "segment.missing", "before", "after",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q in the page", want)
		}
	}
}

func TestCompareFindings(t *testing.T) {
	f := func(code string, start, end jobs.Seconds) jobs.Finding {
		return jobs.Finding{Code: code, Rendition: "v0", Severity: jobs.Warn, Start: start, End: end}
	}
	tests := []struct {
		name                        string
		a, b                        []jobs.Finding
		onlyA, onlyB, changed, same int
	}{
		{"nothing", nil, nil, 0, 0, 0, 0},
		{"the same", []jobs.Finding{f("x", 1, 2)}, []jobs.Finding{f("x", 1, 2)}, 0, 0, 0, 1},
		{"another code", []jobs.Finding{f("x", 1, 2)}, []jobs.Finding{f("y", 1, 2)}, 1, 1, 0, 0},
		{"overlaps", []jobs.Finding{f("x", 1, 5)}, []jobs.Finding{f("x", 4, 6)}, 0, 0, 1, 0},
		{"begins nearby", []jobs.Finding{f("x", 1, 1.1)}, []jobs.Finding{f("x", 1.4, 1.5)}, 0, 0, 1, 0},
		{"begins elsewhere", []jobs.Finding{f("x", 1, 1.1)}, []jobs.Finding{f("x", 1.7, 1.8)}, 1, 1, 0, 0},
		{"one became two", []jobs.Finding{f("x", 1, 9)}, []jobs.Finding{f("x", 1, 3), f("x", 5, 9)}, 0, 1, 1, 0},
		{"two became one", []jobs.Finding{f("x", 1, 3), f("x", 5, 9)}, []jobs.Finding{f("x", 1, 9)}, 1, 0, 1, 0},
		{"unsorted", []jobs.Finding{f("x", 5, 9), f("x", 1, 3)}, []jobs.Finding{f("x", 1, 3), f("x", 5, 9)}, 0, 0, 0, 2},
		{"new before", []jobs.Finding{f("x", 5, 6)}, []jobs.Finding{f("x", 1, 2), f("x", 5, 6)}, 0, 1, 0, 1},
	}
	for _, tt := range tests {
		d := compareFindings(tt.a, tt.b)
		if len(d.onlyA) != tt.onlyA || len(d.onlyB) != tt.onlyB || len(d.changed) != tt.changed || d.same != tt.same {
			t.Errorf("%s: only A %d, only B %d, changed %d, same %d", tt.name, len(d.onlyA), len(d.onlyB), len(d.changed), d.same)
		}
		back := compareFindings(tt.b, tt.a)
		if len(back.onlyA) != len(d.onlyB) || len(back.onlyB) != len(d.onlyA) || back.same != d.same {
			t.Errorf("%s: the other way round only A %d, only B %d, same %d", tt.name, len(back.onlyA), len(back.onlyB), back.same)
		}
	}
}
