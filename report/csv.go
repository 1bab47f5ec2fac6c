package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"aircheck/jobs"
)

// csv writes one line a finding (RFC 4180), for spreadsheets. An empty cell is a value that there is not.
func (r *Report) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"input", "rendition", "code", "severity", "start", "end", "value", "threshold", "unit", "confidence", "message", "ebu_qc", "movielabs", "waived"}}
	waivers := r.waivers()
	for _, f := range r.Findings {
		ids := IdentifiersOf(f.Code)
		rows = append(rows, []string{
			inert(r.Check.Input), inert(f.Rendition), inert(f.Code), string(f.Severity), seconds(f.Start), seconds(f.End),
			number(f.Value), number(f.Threshold), inert(f.Unit), number(&f.Confidence), inert(f.Message), ids.EBU, ids.MovieLabs,
			inert(waivers[jobs.FindingKey(&f)].String()),
		})
	}
	if err := c.WriteAll(rows); err != nil {
		return fmt.Errorf("write CSV report: %w", err)
	}
	return nil
}

// inert keeps a spreadsheet from reading a text as a formula: names of files and tracks come from outside.
func inert(s string) string {
	s = Printable(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

func seconds(s jobs.Seconds) string {
	text, _ := s.MarshalJSON() // never fails
	return string(text)
}

func number(n *jobs.Number) string {
	if n == nil {
		return ""
	}
	text, _ := n.MarshalJSON() // never fails
	return string(text)
}
