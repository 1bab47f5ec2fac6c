package report

import (
	"testing"

	"aircheck/jobs"
)

func TestFindingsThatDifferInTheirRenditionAreOneLine(t *testing.T) {
	f := func(rendition string, start jobs.Seconds) jobs.Finding {
		return jobs.Finding{Code: "video.black", Severity: jobs.Fail, Rendition: rendition, Start: start, End: 9, Confidence: 1, Message: "black"}
	}
	r := &Report{}
	r.Findings = []jobs.Finding{f("v0", 1), f("v1", 1), f("v2", 1), f("v1", 2), f("v1", 2), f("", 3), f("v0", 3), f("v4", 1), f("v9", 1)}
	list := r.grouped()
	var got []string
	for i := range list {
		got = append(got, list[i].where())
	}
	want := []string{"v0-v2, v4, v9", "v1", "v1", "stream", "v0"}
	if len(got) != len(want) {
		t.Fatalf("grouped as %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("grouped as %q, want %q", got, want)
		}
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		ids  []string
		want string
	}{
		{[]string{"v0", "v1"}, "v0, v1"}, {[]string{"v0", "v1", "v2", "a0"}, "v0-v2, a0"}, {[]string{"v9", "v10", "v11"}, "v9-v11"}, {[]string{"x", "v"}, "x, v"},
	} {
		if got := ranges(c.ids); got != c.want {
			t.Errorf("%q: %q, want %q", c.ids, got, c.want)
		}
	}
}

func TestExplained(t *testing.T) {
	f := jobs.Finding{Message: "black"}
	if got := explained(f); got != "black" {
		t.Errorf("without a cause: %q", got)
	}
	f.Cause, f.Evidence = "source", "in all 3 video renditions"
	if got := explained(f); got != "black (source: in all 3 video renditions)" {
		t.Errorf("with a cause: %q", got)
	}
}
