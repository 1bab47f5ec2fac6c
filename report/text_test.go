package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"aircheck/jobs"
)

func render(t *testing.T, r *Report, o TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Text(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	full := build(t, testCheck(), testResult(), Run{})
	golden(t, "wide.txt", []byte(render(t, full, TextOptions{Where: "data/checks/c0ffee/report.json"})))
	golden(t, "narrow.txt", []byte(render(t, full, TextOptions{Width: 80})))
	golden(t, "colour.txt", []byte(render(t, full, TextOptions{Width: 80, Colour: true})))
	golden(t, "empty.txt", []byte(render(t, build(t, testCheck(), jobs.Result{Verdict: jobs.VerdictIncomplete}, Run{}), TextOptions{})))
}

func TestTextFitsTheTerminal(t *testing.T) {
	result := testResult()
	result.Findings[0].Message = strings.Repeat("long ", 100)
	result.Renditions[0].Layout = strings.Repeat("x", 300)
	result.Coverage = result.Coverage[:2] // the reasons of holes are not cut
	r := build(t, testCheck(), result, Run{})
	for _, width := range []int{80, 85, 100, 120, 200} {
		table := render(t, r, TextOptions{Width: width})
		for line := range strings.Lines(table) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("width %d: a line of %d columns: %q", width, n, line)
			}
		}
	}
}

func TestTextKeepsTheWorstFindings(t *testing.T) {
	result := testResult()
	for range 3 * maxRows {
		result.Findings = append([]jobs.Finding{{Code: "video.black", Severity: jobs.Info, Rendition: "v0", End: 1, Confidence: 1}}, result.Findings...)
	}
	out := render(t, build(t, testCheck(), result, Run{}), TextOptions{})
	rest := fmt.Sprintf("… and %d more findings", len(result.Findings)-maxRows)
	for _, want := range []string{"segment.missing", "audio.silence", rest} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in a text of %d bytes", want, len(out))
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestTextReportsWriteErrors(t *testing.T) {
	err := build(t, testCheck(), testResult(), Run{}).Text(brokenWriter{}, TextOptions{})
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v, want the writer's error", err)
	}
}

// TestSkippedForDepthIsAHole: what --depth fast did not look at is no detector that has nothing to go by.
func TestSkippedForDepthIsAHole(t *testing.T) {
	result := testResult()
	skip := jobs.Interval{End: 20, State: jobs.Skipped, Depth: jobs.DepthFast, Reason: "only key frames"}
	result.Coverage = []jobs.Coverage{
		{Rendition: "v0", Detector: "video.black", Intervals: []jobs.Interval{{End: 20, State: jobs.Analysed, Depth: jobs.DepthFast}}},
		{Rendition: "v0", Detector: "video.blur", Intervals: []jobs.Interval{skip}},
		{Rendition: "v0", Detector: "video.flash", Intervals: []jobs.Interval{skip}},
	}
	out := render(t, build(t, testCheck(), result, Run{}), TextOptions{})
	for _, want := range []string{"Coverage   analysed 33.3 %, skipped 66.7 %\n", "skipped (2 of 3 detectors): only key frames\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "Not judged") {
		t.Errorf("called not measurable:\n%s", out)
	}
}

func TestPercentNeverRoundsAHoleAway(t *testing.T) {
	tests := map[float64]string{1: "100 %", 0.99999: "99.9 %", 0.5: "50.0 %", 0.00001: "0.1 %", 0: "0 %"}
	for share, want := range tests {
		if got := percent(share); got != want {
			t.Errorf("percent(%v) = %q, want %q", share, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	tests := map[jobs.Seconds]string{0: "0:00:00.000", 5.52: "0:00:05.520", 3599.9996: "1:00:00.000", 90061.0015: "25:01:01.002", -1.5: "-0:00:01.500"}
	for s, want := range tests {
		if got := Clock(s); got != want {
			t.Errorf("Clock(%v) = %q, want %q", float64(s), got, want)
		}
	}
}

// TestWhatIsNotMeasurableIsNoHole: a detector that has nothing to go by on a stream is told by name, and the others are not called incomplete for it.
func TestWhatIsNotMeasurableIsNoHole(t *testing.T) {
	result := testResult()
	whole := func(state jobs.State, reason string) []jobs.Interval {
		return []jobs.Interval{{End: 20, State: state, Reason: reason}}
	}
	result.Coverage = []jobs.Coverage{
		{Rendition: "v0", Detector: "video.black", Intervals: whole(jobs.Analysed, "")},
		{Rendition: "v0", Detector: "captions.gap", Intervals: whole(jobs.Skipped, "no captions")},
		{Rendition: "v0", Detector: "captions.drift", Intervals: whole(jobs.Skipped, "no captions")},
	}
	out := render(t, build(t, testCheck(), result, Run{}), TextOptions{})
	for _, want := range []string{"Coverage   analysed 100 %\n", "Not judged v0  captions.gap, captions.drift: no captions\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for i := range result.Coverage {
		result.Coverage[i].Intervals = whole(jobs.Skipped, "encrypted")
	}
	if out = render(t, build(t, testCheck(), result, Run{}), TextOptions{}); !strings.Contains(out, "skipped 100 %") || strings.Contains(out, "Not judged") {
		t.Errorf("a rendition that nothing could examine is\n%s", out)
	}
}
