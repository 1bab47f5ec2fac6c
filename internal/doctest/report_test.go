// Package doctest holds documents that are contracts against the code.
package doctest

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/judge"
	"aircheck/report"
	"aircheck/worker/serve"
)

func read(t *testing.T, name string) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// section is the part of a document from one heading to another; the end when until is empty.
func section(t *testing.T, doc, from, until string) string {
	t.Helper()
	_, part, ok := strings.Cut("\n"+doc, "\n"+from+"\n")
	if !ok {
		t.Fatalf("no heading %q", from)
	}
	if until != "" {
		if part, _, ok = strings.Cut(part, "\n"+until+"\n"); !ok {
			t.Fatalf("no heading %q", until)
		}
	}
	return part
}

// members lists the JSON names of a type and of what is in it.
func members(typ reflect.Type, into map[string]bool) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Array {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ.PkgPath() == "time" {
		return
	}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			members(f.Type, into)
			continue
		case !f.IsExported() || name == "-" || into[name]:
			continue
		}
		into[name] = true
		members(f.Type, into)
	}
}

// TestReportDocumentHasEveryMember: what is new in a type of the contract must be said in docs/REPORT.md.
func TestReportDocumentHasEveryMember(t *testing.T) {
	doc := read(t, "REPORT.md")
	findings := section(t, doc, "## findings", "## coverage")
	for _, tt := range []struct {
		name string
		part string
		of   any
	}{
		{"the report", section(t, doc, "# The report, `aircheck.report/v1`", "## Events"), report.Report{}},
		{"an event", section(t, doc, "## Events", "## Beside the report") + findings, jobs.Event{}},
		{"curves", section(t, doc, "### curves.json", "### evidence/index.json"), jobs.Curves{}},
		{"evidence", section(t, doc, "### evidence/index.json", "### signatures.json"), jobs.Evidence{}},
		{"a signature", section(t, doc, "### signatures.json", "### Waivers"), jobs.Signed{}},
		{"a waiver", section(t, doc, "### signatures.json", "### Segment verdicts") + findings, jobs.Waiver{}},
		{"the audit log", section(t, doc, "### Waivers", "### Segment verdicts"), jobs.AuditEntry{}},
		{"a segment's verdict", section(t, doc, "### Segment verdicts", "## Other formats"), serve.Grade{}},
	} {
		names := map[string]bool{}
		members(reflect.TypeOf(tt.of), names)
		if len(names) < 2 {
			t.Errorf("%s has only %d members: the test looks at nothing", tt.name, len(names))
		}
		for name := range names {
			if !strings.Contains(tt.part, "`"+name+"`") && !strings.Contains(tt.part, "`"+name+"[]`") && !strings.Contains(tt.part, "## "+name+"\n") {
				t.Errorf("docs/REPORT.md does not say what %s of %s is", name, tt.name)
			}
		}
	}
}

func TestReportDocumentHasEveryValue(t *testing.T) {
	doc := read(t, "REPORT.md")
	for _, name := range []string{
		jobs.CurveLuma, jobs.CurveMotion, jobs.CurveBlockiness, jobs.CurveMomentary, jobs.CurveShortTerm, jobs.CurveIntegrated, jobs.CurvePeak, jobs.CurveBitRate,
		string(jobs.EventOpened), string(jobs.EventUpdated), string(jobs.EventClosed), string(jobs.EventWithdrawn), string(jobs.EventFinished),
		jobs.RoleBefore, jobs.RoleFirst, jobs.RoleWorst, jobs.RoleAfter, string(jobs.Pending), string(jobs.VerdictIncomplete),
	} {
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("docs/REPORT.md does not tell of %s", name)
		}
	}
	formats := section(t, doc, "## Other formats", "### Identifiers of others")
	for _, f := range report.Formats() {
		if f != report.FormatJSON && !strings.Contains(formats, "| `"+string(f)+"` |") {
			t.Errorf("docs/REPORT.md does not tell of the format %s", f)
		}
	}
}

// TestIdentifiers: the table of the document is that of the code, and only codes that exist are in it.
func TestIdentifiers(t *testing.T) {
	table := section(t, read(t, "REPORT.md"), "### Identifiers of others", "")
	known := 0
	for _, code := range judge.Codes() {
		ids := report.IdentifiersOf(code)
		row := "| `" + code + "` | " + strings.TrimSpace(ids.EBU+" "+ids.EBUName) + " | " + ids.MovieLabs + " |"
		switch {
		case ids == report.Identifiers{}:
			if strings.Contains(table, "`"+code+"`") {
				t.Errorf("the document has identifiers of %s, the code has none", code)
			}
		case !strings.Contains(table, row+"\n"):
			t.Errorf("the document has no line %s", row)
		default:
			known++
		}
	}
	if lines := strings.Count(table, "\n| `"); lines != known || known < 10 {
		t.Errorf("%d lines in the document, %d codes with identifiers", lines, known)
	}
}
