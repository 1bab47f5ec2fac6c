package main

import (
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/report"
)

// TestWaivedFindings: who waived a finding stands in each form of the report, wherever it comes from, and the finding counts no more; the verdict and the stored report stay.
func TestWaivedFindings(t *testing.T) {
	t.Parallel()
	s, env := newRemote(t)
	s.finish(t)
	id := s.check.ID
	stored, err := s.archive.Report(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if code, stdout, _ := exec(t, s.env, "report", id, "--format", "json"); code != report.ExitFindings || stdout != string(stored) {
		t.Fatalf("exit status %d, and the report is not the stored one: %s", code, stdout)
	}
	waiver := &jobs.Waiver{
		Code: "video.black", Check: id, Finding: jobs.Finding{Code: "video.black", Severity: jobs.Fail}, Reason: "a <b>slate</b>", Person: "mia", Created: time.Now().UTC(),
	}
	if err := s.archive.PutWaiver(t.Context(), waiver); err != nil {
		t.Fatal(err)
	}
	for where, env := range map[string][]string{"store": s.env, "server": env} {
		for format, want := range map[string]string{
			"text": "waived by mia: a <b>slate</b>", "json": `"person": "mia"`, "junit": "<skipped>", "html": "a &lt;b&gt;slate&lt;/b&gt;",
		} {
			code, stdout, stderr := exec(t, env, "report", id, "--format", format)
			if code != report.ExitClean && code != report.ExitIncomplete || !strings.Contains(stdout, want) {
				t.Errorf("%s by %s: exit status %d, no %q in %s%s", format, where, code, want, stdout, stderr)
			}
			if format == "junit" && strings.Contains(stdout, "<failure") {
				t.Errorf("by %s, a waived finding fails:\n%s", where, stdout)
			}
			if format == "text" && !strings.HasPrefix(stdout, "FAIL") {
				t.Errorf("by %s, the verdict is hidden:\n%s", where, stdout)
			}
		}
	}
	if now, err := s.archive.Report(t.Context(), id); err != nil || string(now) != string(stored) {
		t.Errorf("the stored report changed: %s, %v", now, err)
	}
	if err := s.archive.EndWaiver(t.Context(), waiver.ID, "leo", time.Now()); err != nil {
		t.Fatal(err)
	}
	if code, stdout, _ := exec(t, s.env, "report", id, "--format", "json"); code != report.ExitFindings || stdout != string(stored) {
		t.Errorf("after the waiver ended: exit status %d, %s", code, stdout)
	}
}
