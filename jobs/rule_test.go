package jobs

import (
	"regexp"
	"strings"
	"testing"
)

// TestRules: every rule can be looked up, and says where it comes from.
func TestRules(t *testing.T) {
	code := regexp.MustCompile(`^(playlist|segment|ladder|timestamp)\.[a-z0-9_]+$`)
	seen := map[string]bool{}
	for _, r := range Rules() {
		if !code.MatchString(r.Code) || seen[r.Code] {
			t.Errorf("%q is no code, or there twice", r.Code)
		}
		seen[r.Code] = true
		if len(r.Summary) < 20 || !strings.HasSuffix(r.Summary, ".") || strings.ContainsAny(r.Summary+r.Applies+r.Clause, "|\n") {
			t.Errorf("%s: the summary %q is no sentence, or breaks the table", r.Code, r.Summary)
		}
		if r.Clause == "" || r.Applies == "" || r.Checked == "" {
			t.Errorf("%s: clause %q, applies %q, checked %q", r.Code, r.Clause, r.Applies, r.Checked)
		}
		checkLevels(t, r)
		if got, ok := RuleOf(r.Code); !ok || got.Code != r.Code {
			t.Errorf("%s is not found", r.Code)
		}
	}
	if _, ok := RuleOf("playlist.none"); ok {
		t.Error("a rule that there is not is found")
	}
}

func checkLevels(t *testing.T, r Rule) {
	t.Helper()
	last := -1.0
	rank := 0
	for _, l := range r.Levels {
		if l.Severity.Rank() <= rank || l.From < last || l.From < 0 || r.Unit == "" && l.From != 0 {
			t.Errorf("%s: levels %v: want severities that grow with the value, and 0 for a rule without a unit", r.Code, r.Levels)
		}
		rank, last = l.Severity.Rank(), l.From
	}
}
