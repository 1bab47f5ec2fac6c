package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s\nwant:\n%s", name, got, want)
	}
}

func testCheck() *jobs.Check {
	return &jobs.Check{
		V: 1, ID: "c0ffee", Input: "s3://media/ladder/master.m3u8", Created: time.Unix(1_700_000_000, 0),
		Profile: jobs.Profile{Name: "default", Digest: "sha256:00"},
	}
}

func num(v float64) *jobs.Number { return jobs.Figure(v) }

func whole(end jobs.Seconds) []jobs.Interval {
	return []jobs.Interval{{Start: 0, End: end, State: jobs.Analysed}}
}

// testResult is a stream with everything that a report can show.
func testResult() jobs.Result {
	holed := []jobs.Interval{
		{Start: 0, End: 12, State: jobs.Analysed},
		{Start: 12, End: 14, State: jobs.Failed, Reason: "segment 6 is missing"},
		{Start: 14, End: 20, State: jobs.Analysed},
	}
	return jobs.Result{
		Verdict:  jobs.VerdictFail,
		Duration: 20,
		Renditions: []jobs.Rendition{
			{ID: "v0", Kind: "video", Codec: "h264", Width: 640, Height: 360, FrameRate: "25/1", Duration: 20, Frames: 500},
			{ID: "v1", Kind: "video", Codec: "h264", Width: 320, Height: 180, FrameRate: "30000/1001", Duration: 20, Frames: 450},
			{ID: "a0", Kind: "audio", Codec: "aac", SampleRate: 44100, Channels: 2, Layout: "stereo", Language: "de", Duration: 19.98},
		},
		Findings: []jobs.Finding{
			{Code: "playlist.invalid", Severity: jobs.Info, Start: 0, End: 20, Confidence: 1, Message: "no EXT-X-VERSION"},
			{Code: "audio.loudness", Severity: jobs.Warn, Rendition: "a0", Start: 0, End: 19.98, Value: num(-23.04), Threshold: num(-24), Unit: "LUFS", Confidence: 1, Message: "0.96 LU too loud"},
			{Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: 3, End: 5.52, Value: num(2.52), Threshold: num(2), Unit: "s", Confidence: 1, Message: "black for 2.52 s"},
			{Code: "audio.silence", Severity: jobs.Warn, Rendition: "a0", Start: 5, End: 8.1, Value: num(3.1), Threshold: num(2.5), Unit: "s", Confidence: 0.9, Message: "silence for 3.1 s"},
			{Code: "segment.missing", Severity: jobs.Fail, Rendition: "v1", Start: 12, End: 14, Confidence: 1, Message: "seg\x1b[2J006.ts: not found"},
		},
		Coverage: []jobs.Coverage{
			{Rendition: "v0", Detector: "video.black", Intervals: whole(20)},
			{Rendition: "v0", Detector: "video.freeze", Intervals: whole(20)},
			{Rendition: "v1", Detector: "video.black", Intervals: holed},
			{Rendition: "v1", Detector: "video.freeze", Intervals: holed},
			{Rendition: "a0", Detector: "audio.silence", Intervals: whole(19.98)},
		},
		Summary: jobs.Summary{Loudness: []jobs.Loudness{
			{Rendition: "a0", Integrated: num(-23.04), Range: num(3.2), MaxMomentary: num(-18.25), MaxShortTerm: num(-20), TruePeak: num(-1.06)},
		}},
	}
}

func build(t *testing.T, check *jobs.Check, result jobs.Result, run Run) *Report {
	t.Helper()
	r, err := Build(check, result, "1.2.3", "5.1.9", run)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func document(t *testing.T, r *Report) []byte {
	t.Helper()
	doc, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestJSON(t *testing.T) {
	r := build(t, testCheck(), testResult(), Run{Timing: map[string]any{"seconds": 1.5}})
	golden(t, "report.json", document(t, r))
	golden(t, "empty.json", document(t, build(t, testCheck(), jobs.Result{Verdict: jobs.VerdictIncomplete}, Run{})))
}

func TestDigestCoversTheStreamAlone(t *testing.T) {
	base := build(t, testCheck(), testResult(), Run{}).Digest
	named := testCheck()
	named.ID, named.Input, named.Created = "other", "/tmp/x.mp4", time.Unix(5, 0)
	if got := build(t, named, testResult(), Run{Host: map[string]any{"cpus": 64}}).Digest; got != base {
		t.Errorf("id, input and run change the digest: %s, want %s", got, base)
	}
	changes := map[string]func(*jobs.Check, *jobs.Result){
		"verdict":         func(_ *jobs.Check, r *jobs.Result) { r.Verdict = jobs.VerdictWarn },
		"duration":        func(_ *jobs.Check, r *jobs.Result) { r.Duration += 0.000001 },
		"rendition":       func(_ *jobs.Check, r *jobs.Result) { r.Renditions[0].Frames++ },
		"finding":         func(_ *jobs.Check, r *jobs.Result) { r.Findings[0].Start += 0.001 },
		"order":           func(_ *jobs.Check, r *jobs.Result) { r.Findings[0], r.Findings[1] = r.Findings[1], r.Findings[0] },
		"coverage":        func(_ *jobs.Check, r *jobs.Result) { r.Coverage[0].Intervals[0].State = jobs.Skipped },
		"summary":         func(_ *jobs.Check, r *jobs.Result) { r.Summary.Loudness[0].TruePeak = nil },
		"profile name":    func(c *jobs.Check, _ *jobs.Result) { c.Profile.Name = "strict" },
		"profile content": func(c *jobs.Check, _ *jobs.Result) { c.Profile.Digest = "sha256:01" },
	}
	for name, change := range changes {
		check, result := testCheck(), testResult()
		change(check, &result)
		if got := build(t, check, result, Run{}).Digest; got == base {
			t.Errorf("%s: the digest did not change", name)
		}
	}
	r, err := Build(testCheck(), testResult(), "1.2.4", "5.1.9", Run{})
	if err != nil || r.Digest == base {
		t.Errorf("version: the digest did not change (err %v)", err)
	}
}

func TestDigestOfIgnoresLayoutOnly(t *testing.T) {
	r := build(t, testCheck(), testResult(), Run{})
	var compact bytes.Buffer
	if err := json.Compact(&compact, document(t, r)); err != nil {
		t.Fatal(err)
	}
	if got, err := DigestOf(compact.Bytes()); err != nil || got != r.Digest {
		t.Errorf("digest of the compact document is %s, %v; want %s", got, err, r.Digest)
	}
	if _, err := DigestOf([]byte(`{"verdict":"pass"}`)); err == nil {
		t.Error("a document without check has a digest")
	}
	if _, err := DigestOf([]byte(`{"check":{}}{}`)); err == nil {
		t.Error("two documents have a digest")
	}
}

func TestParse(t *testing.T) {
	doc := document(t, build(t, testCheck(), testResult(), Run{}))
	r, err := Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	if again := document(t, r); !bytes.Equal(again, doc) {
		t.Errorf("a parsed report prints as\n%s\nwant\n%s", again, doc)
	}
	unknown := bytes.Replace(doc, []byte(`"schema"`), []byte(`"later": {"x": 1}, "schema"`), 1)
	if _, err := Parse(unknown); err != nil {
		t.Errorf("an unknown member: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	doc := string(document(t, build(t, testCheck(), testResult(), Run{})))
	tests := []struct{ name, from, to, want string }{
		{"schema", "report/v1", "report/v9", "schema"},
		{"verdict", `"verdict": "fail"`, `"verdict": "great"`, "verdict"},
		{"severity", `"severity": "warn"`, `"severity": "loud"`, "severity"},
		{"order", `"end": 5.52`, `"end": 2.5`, "ends before"},
		{"state", `"state": "failed"`, `"state": "lost"`, "interval"},
		{"content", `"frames": 500`, `"frames": 501`, "digest"},
		{"garbage", doc, "not JSON", "invalid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(doc, tt.from, tt.to, 1)
			if changed == doc {
				t.Fatalf("%q is not in the document", tt.from)
			}
			if _, err := Parse([]byte(changed)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one about %q", err, tt.want)
			}
		})
	}
	_, err := Parse([]byte(strings.Replace(doc, `"frames": 500`, `"frames": 501`, 1)))
	if !errors.Is(err, ErrDigest) {
		t.Errorf("changed content: got %v, want ErrDigest", err)
	}
}

func FuzzParse(f *testing.F) {
	r, err := Build(testCheck(), testResult(), "1.2.3", "5.1.9", Run{})
	if err != nil {
		f.Fatal(err)
	}
	doc, err := r.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc)
	f.Add([]byte(`{"schema":"aircheck.report/v1","verdict":"pass","check":{}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := Parse(doc)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := r.Text(&out, TextOptions{Width: 80}); err != nil {
			t.Errorf("text of a valid report: %v", err)
		}
		if strings.ContainsRune(out.String(), 0x1b) {
			t.Error("text without colours holds an escape")
		}
	})
}

func TestExitStatus(t *testing.T) {
	clean := jobs.Result{Verdict: jobs.VerdictPass, Duration: 1, Coverage: []jobs.Coverage{{Rendition: "v0", Detector: "video.black", Intervals: whole(1)}}}
	with := func(r jobs.Result, severities ...jobs.Severity) jobs.Result {
		for _, s := range severities {
			r.Findings = append(r.Findings, jobs.Finding{Code: "video.black", Severity: s})
		}
		return r
	}
	holed, pending, skipped := clean, clean, clean
	holed.Coverage = []jobs.Coverage{{Intervals: []jobs.Interval{{End: 1, State: jobs.Failed}}}}
	pending.Coverage = []jobs.Coverage{{Intervals: []jobs.Interval{{End: 1, State: jobs.Pending}}}}
	skipped.Coverage = []jobs.Coverage{{Intervals: []jobs.Interval{{End: 1, State: jobs.Skipped}}}}
	tests := []struct {
		name   string
		result jobs.Result
		failOn jobs.Severity
		want   int
	}{
		{"clean", clean, jobs.Fail, ExitClean},
		{"skipped is not incomplete", skipped, jobs.Fail, ExitClean},
		{"hole", holed, jobs.Fail, ExitIncomplete},
		{"pending", pending, Never, ExitIncomplete},
		{"nothing to cover", jobs.Result{Verdict: jobs.VerdictIncomplete}, jobs.Fail, ExitIncomplete},
		{"warn below fail", with(clean, jobs.Warn), jobs.Fail, ExitClean},
		{"warn at warn", with(clean, jobs.Warn), jobs.Warn, ExitFindings},
		{"fail at info", with(clean, jobs.Fail), jobs.Info, ExitFindings},
		{"fail at never", with(clean, jobs.Fail), Never, ExitClean},
		{"findings before incomplete", with(holed, jobs.Info, jobs.Fail), jobs.Fail, ExitFindings},
		{"incomplete when findings are below", with(holed, jobs.Info), jobs.Fail, ExitIncomplete},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := build(t, testCheck(), tt.result, Run{}).ExitStatus(tt.failOn); got != tt.want {
				t.Errorf("exit status %d, want %d", got, tt.want)
			}
		})
	}
}

func TestParseFailOn(t *testing.T) {
	for _, s := range []string{"info", "warn", "fail", "never"} {
		if got, err := ParseFailOn(s); err != nil || string(got) != s {
			t.Errorf("ParseFailOn(%q) = %q, %v", s, got, err)
		}
	}
	if _, err := ParseFailOn("sometimes"); err == nil {
		t.Error("ParseFailOn accepts an unknown severity")
	}
}

func TestPrintable(t *testing.T) {
	tests := map[string]string{
		"plain, with Ümläut, 日本": "plain, with Ümläut, 日本",
		"esc\x1b[2J":             `esc\x1b[2J`,
		"line\nbreak\ttab":       `line\nbreak\ttab`,
		"bidi\u202eexe":          `bidi\u202eexe`,
		"bad\xffutf8":            `bad\ufffdutf8`,
	}
	for in, want := range tests {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOtherFormats(t *testing.T) {
	result := testResult()
	result.Findings[0].Message = "=HYPERLINK(\"x\") & <b>"
	r := build(t, testCheck(), result, Run{})
	for _, f := range Formats() {
		if f == FormatText || f == FormatJSON || f == FormatHTML { // have tests of their own
			continue
		}
		golden(t, string(f)+".txt", written(t, r, f))
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range Formats() {
		if got, err := ParseFormat(string(f)); err != nil || got != f {
			t.Errorf("ParseFormat(%q) = %q, %v", f, got, err)
		}
		if len(written(t, build(t, testCheck(), testResult(), Run{}), f)) == 0 || f.MediaType() == "" {
			t.Errorf("format %s writes nothing", f)
		}
	}
	if _, err := ParseFormat("pdf"); err == nil || !strings.Contains(err.Error(), "junit") {
		t.Errorf("an unknown format: %v, want an error that lists the known ones", err)
	}
}
