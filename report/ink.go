package report

import "aircheck/jobs"

// ink colours text for a terminal, or leaves it alone.
type ink bool

// ANSI SGR parameters. Bright colours are avoided: half of all palettes make them unreadable on one background or the other.
const (
	sgrRed    = "31"
	sgrGreen  = "32"
	sgrYellow = "33"
	sgrPurple = "35"
	sgrCyan   = "36"
	sgrFaint  = "2"
	sgrBold   = "1"
)

func (on ink) paint(sgr, s string) string {
	if !on || s == "" {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

func (on ink) faint(s string) string { return on.paint(sgrFaint, s) }

func (on ink) severity(sev jobs.Severity, s string) string {
	switch sev {
	case jobs.Fail:
		return on.paint(sgrRed, s)
	case jobs.Warn:
		return on.paint(sgrYellow, s)
	}
	return on.paint(sgrCyan, s)
}

func (on ink) verdict(v jobs.Verdict, s string) string {
	switch v {
	case jobs.VerdictFail:
		return on.paint(sgrBold+";"+sgrRed, s)
	case jobs.VerdictIncomplete:
		return on.paint(sgrBold+";"+sgrPurple, s)
	case jobs.VerdictWarn:
		return on.paint(sgrBold+";"+sgrYellow, s)
	}
	return on.paint(sgrBold+";"+sgrGreen, s)
}
