package report

import (
	"fmt"

	"aircheck/jobs"
)

// The exit statuses of aircheck. When several apply, the order is 1, 3, 4, 0.
const (
	ExitClean      = 0 // analysed in full, no finding at or above --fail-on
	ExitError      = 1 // aircheck itself could not do it
	ExitUsage      = 2 // the command line is wrong
	ExitFindings   = 3 // findings at or above --fail-on
	ExitIncomplete = 4 // part of the input could not be analysed
)

// Never is the --fail-on value with which no finding sets the exit status.
const Never jobs.Severity = "never"

// ParseFailOn reads the value of --fail-on.
func ParseFailOn(s string) (jobs.Severity, error) {
	switch v := jobs.Severity(s); v {
	case jobs.Info, jobs.Warn, jobs.Fail, Never:
		return v, nil
	}
	return "", fmt.Errorf("unknown severity %q: info, warn, fail or never", s)
}

// ExitStatus is the exit status of a check that aircheck itself could do. Findings that are waived do not count: somebody looked at them.
func (r *Report) ExitStatus(failOn jobs.Severity) int {
	if failOn != Never {
		waivers := r.waivers()
		for _, f := range r.Findings {
			if f.Severity.Rank() >= failOn.Rank() && waivers[jobs.FindingKey(&f)] == nil {
				return ExitFindings
			}
		}
	}
	if r.Incomplete() {
		return ExitIncomplete
	}
	return ExitClean
}

// Incomplete tells whether some time that should have been analysed was not: an interval that failed or is pending, or a check that
// found nothing it could have analysed.
func (r *Report) Incomplete() bool {
	if r.Verdict == jobs.VerdictIncomplete {
		return true
	}
	for _, c := range r.Coverage {
		for _, iv := range c.Intervals {
			if iv.State == jobs.Failed || iv.State == jobs.Pending {
				return true
			}
		}
	}
	return false
}
