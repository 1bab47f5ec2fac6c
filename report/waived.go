package report

import (
	"fmt"
	"time"

	"aircheck/jobs"
)

// Waived says that a finding of the report is intended, and who said so.
type Waived struct {
	Finding string     `json:"finding"` // its jobs.FindingKey
	Waiver  string     `json:"waiver"`  // id of the waiver
	Reason  string     `json:"reason"`
	Person  string     `json:"person"`
	Expires *time.Time `json:"expires,omitempty"` // nil: never
}

// Waive marks the findings that waivers hold for; held is by jobs.FindingKey. Verdict and digest stay as they are: both are about the stream.
func (r *Report) Waive(held map[string]jobs.Waiver) {
	r.Waived = nil
	if len(held) == 0 {
		return
	}
	for i := range r.Findings {
		key := jobs.FindingKey(&r.Findings[i])
		if w, ok := held[key]; ok {
			r.Waived = append(r.Waived, Waived{Finding: key, Waiver: w.ID, Reason: w.Reason, Person: w.Person, Expires: w.Expires})
		}
	}
}

// waivers are those of the findings, by their keys.
func (r *Report) waivers() map[string]*Waived {
	by := make(map[string]*Waived, len(r.Waived))
	for i := range r.Waived {
		by[r.Waived[i].Finding] = &r.Waived[i]
	}
	return by
}

// String says in a few printable words who waived a finding, and why; nothing of one that nobody waived.
func (w *Waived) String() string {
	if w == nil {
		return ""
	}
	until := ""
	if w.Expires != nil {
		until = " until " + w.Expires.UTC().Format(time.DateTime) + " UTC"
	}
	return Printable(fmt.Sprintf("waived by %s%s: %s", w.Person, until, w.Reason))
}
