package report

import (
	"bytes"
	"strings"
	"testing"

	"aircheck/jobs"
)

func TestAnnounced(t *testing.T) {
	r := Report{Result: jobs.Result{Verdict: jobs.VerdictPass, Summary: jobs.Summary{Markers: []jobs.Marker{
		{Kind: "break", Source: "daterange", ID: "ad-1", Start: 20, End: 50.5, Text: "splice_insert out, 30 s"},
		{Kind: "programme", Source: "cue", Start: 60, End: 60},
		{Kind: "other", Source: "daterange", ID: "x\x1b[31m", Start: 3700, End: 3700, Text: "class x\n"},
	}}}}
	var b bytes.Buffer
	if err := r.Text(&b, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Announced  0:00:20.000 to 0:00:50.500  break  splice_insert out, 30 s (daterange ad-1)",
		"           0:01:00.000  programme (cue)",
		"           1:01:40.000  other  class x",
	}
	for _, line := range want {
		if !strings.Contains(b.String(), line) {
			t.Errorf("no line %q in\n%s", line, b.String())
		}
	}
	if strings.ContainsRune(b.String(), 0x1b) {
		t.Errorf("an escape sequence of the stream reaches the terminal: %q", b.String())
	}
}

func TestAnnouncedIsBounded(t *testing.T) {
	r := Report{Result: jobs.Result{Summary: jobs.Summary{Markers: make([]jobs.Marker, 1000)}}}
	for i := range r.Summary.Markers {
		r.Summary.Markers[i] = jobs.Marker{Kind: "break", Source: "cue", Text: strings.Repeat("long ", 100)}
	}
	var b bytes.Buffer
	if err := r.Text(&b, TextOptions{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "break"); n != maxAnnounced || !strings.Contains(b.String(), "… and 980 more markers: --format json has all") {
		t.Errorf("%d lines of\n%s", n, b.String())
	}
	for line := range strings.Lines(b.String()) {
		if len([]rune(strings.TrimSuffix(line, "\n"))) > 80 {
			t.Errorf("too wide: %q", line)
		}
	}
}
