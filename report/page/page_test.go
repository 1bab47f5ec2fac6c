package page

import (
	"bytes"
	"html/template"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/report"
)

func num(v float64) *jobs.Number { return jobs.Figure(v) }

// sample is a check with everything that a page can show.
func sample(t testing.TB) CheckData {
	t.Helper()
	whole := []jobs.Interval{{End: 20, State: jobs.Analysed}}
	holed := []jobs.Interval{{End: 12, State: jobs.Analysed}, {Start: 12, End: 14, State: jobs.Failed, Reason: "segment 6 is missing"}, {Start: 14, End: 20, State: jobs.Analysed}}
	skipped := []jobs.Interval{{End: 20, State: jobs.Skipped, Reason: "no captions"}}
	result := jobs.Result{
		Verdict: jobs.VerdictFail, Duration: 20,
		Renditions: []jobs.Rendition{
			{ID: "v0", Kind: "video", Codec: "h264", Width: 640, Height: 360, FrameRate: "25/1", Duration: 20, Frames: 500},
			{ID: "v1", Kind: "video", Codec: "h264", Width: 320, Height: 180, FrameRate: "25/1", Duration: 20, Frames: 450},
			{ID: "a0", Kind: "audio", Codec: "aac", SampleRate: 48000, Channels: 2, Layout: "stereo", Language: "de", Duration: 20},
		},
		Findings: []jobs.Finding{
			{Code: "playlist.invalid", Severity: jobs.Info, End: 20, Confidence: 1, Message: "no EXT-X-VERSION"},
			{Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: 3, End: 5.52, Value: num(2.52), Threshold: num(2), Unit: "s", Confidence: 1, Message: "black for 2.52 s", Cause: "source", Evidence: "in both video renditions at the same time"},
			{Code: "audio.silence", Severity: jobs.Warn, Rendition: "a0", Start: 5, End: 8.1, Value: num(3.1), Threshold: num(2.5), Unit: "s", Confidence: 0.9, Message: "silence for 3.1 s"},
			{Code: "segment.missing", Severity: jobs.Fail, Rendition: "v1", Start: 12, End: 14, Confidence: 1, Message: "seg006.ts: not found", Cause: "delivery"},
		},
		Coverage: []jobs.Coverage{
			{Rendition: "v0", Detector: "video.black", Intervals: whole}, {Rendition: "v0", Detector: "video.freeze", Intervals: whole},
			{Rendition: "v0", Detector: "captions.gap", Intervals: skipped},
			{Rendition: "v1", Detector: "video.black", Intervals: holed}, {Rendition: "v1", Detector: "video.freeze", Intervals: holed},
			{Rendition: "a0", Detector: "audio.silence", Intervals: whole}, {Rendition: "a0", Detector: "audio.hum", Intervals: whole},
		},
		Summary: jobs.Summary{
			Loudness: []jobs.Loudness{{Rendition: "a0", Integrated: num(-23.04), Range: num(3.2), MaxMomentary: num(-18.25), MaxShortTerm: num(-20)}},
			Markers:  []jobs.Marker{{Kind: "break", Source: "scte35.ts", ID: "7", Start: 9, End: 15, Text: "splice_insert out, 6 s"}},
		},
	}
	check := &jobs.Check{V: 1, ID: "c0ffee", Input: "s3://media/ladder/master.m3u8", Created: time.Unix(1_700_000_000, 0), Profile: jobs.Profile{Name: "ebu-r128", Digest: "sha256:00"}}
	r, err := report.Build(check, result, "1.2.3", "5.1.9", report.Run{})
	if err != nil {
		t.Fatal(err)
	}
	return CheckData{Report: r}
}

func render(t testing.TB, d CheckData) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCheck(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCheckSaysEverythingWithoutScript(t *testing.T) {
	d := sample(t)
	d.Evidence = &jobs.Evidence{Items: []jobs.Proof{{Finding: "video.black/v0/3000000", Pictures: []jobs.Picture{{Role: jobs.RoleFirst, Rendition: "v0", At: 3, File: "a.jpg", Width: 640, Height: 360}}}}}
	d.File = func(name string) template.URL { return template.URL("evidence/" + name) }
	d.Waivers = map[string]jobs.Waiver{"audio.silence/a0/5000000": {ID: "w", Reason: "a minute's silence", Person: "Ada"}}
	html := render(t, d)
	for _, want := range []string{
		"FAIL", "s3://media/ladder/master.m3u8", "0:00:20.000", "2 fail", "1 warn", "1 info", "1 of them waived", "ebu-r128",
		"Not everything was analysed", "failed 3.3 %", "segment 6 is missing", "no captions",
		`id="f=video.black/v0/3000000"`, "black for 2.52 s", "in both video renditions", "waived: <bdi>a minute&#39;s silence",
		`src="evidence/a.jpg"`, "-23.0", "splice_insert out, 6 s", `class="hole failed"`, "2 detectors in part",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q in the page", want)
		}
	}
}
