package judge

import (
	"cmp"

	"aircheck/jobs"
)

// verdict is the one word for all findings and the coverage: fail, incomplete, warn, pass, in this order. What aircheck could not do is no
// warning about the stream.
func verdict(findings []jobs.Finding, lost bool) jobs.Verdict {
	worst := 0
	for _, f := range findings {
		worst = max(worst, f.Severity.Rank())
	}
	switch {
	case worst >= jobs.Fail.Rank():
		return jobs.VerdictFail
	case lost:
		return jobs.VerdictIncomplete
	case worst >= jobs.Warn.Rank():
		return jobs.VerdictWarn
	}
	return jobs.VerdictPass
}

// compareFindings is the order of findings in a report.
func compareFindings(a, b jobs.Finding) int {
	return cmp.Or(
		cmp.Compare(a.Start, b.Start), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Rendition, b.Rendition), cmp.Compare(a.End, b.End),
		cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.Message, b.Message),
	)
}
