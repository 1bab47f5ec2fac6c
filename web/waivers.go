package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/waive"
	"aircheck/web/door"
)

// Bounds of what people write.
const (
	maxForm   = 64 << 10 // bytes
	maxReason = 1000     // characters
	// auditShown is how much of the log the page shows.
	auditShown = 200
)

// waiverList is what the page of waivers shows.
type waiverList struct {
	Waivers []waiverLine
	Log     []jobs.AuditEntry
	CanEnd  bool
}

// waiverLine is a waiver with what it is now.
type waiverLine struct {
	jobs.Waiver
	Status string // "holds", "expired", "ended"
}

// Holds tells whether it counts.
func (l waiverLine) Holds() bool { return l.Status == "holds" }

// Until is the last day on which it holds: it ends at the midnight after that.
func (l waiverLine) Until() string {
	return l.Expires.Add(-time.Nanosecond).UTC().Format("2 Jan 2006")
}

func (p *pages) waivers(w http.ResponseWriter, r *http.Request) {
	list, err := p.archive.Waivers(r.Context())
	if err != nil {
		p.fail(w, r, "The list of waivers", err)
		return
	}
	body := waiverList{CanEnd: door.Identity(r.Context()).Can(door.Operator)}
	for i := range list {
		body.Waivers = append(body.Waivers, waiverLine{Waiver: list[i], Status: waiverStatus(&list[i], p.now())})
	}
	if body.Log, err = p.archive.AuditLog(r.Context(), auditShown); err != nil {
		p.fail(w, r, "The log", err)
		return
	}
	p.show(w, r, http.StatusOK, "waivers", p.frame(r, "Waivers", body))
}

func waiverStatus(w *jobs.Waiver, now time.Time) string {
	switch {
	case waive.Active(w, now):
		return "holds"
	case w.Ended != nil:
		return "ended"
	}
	return "expired"
}

// errForm says what is wrong with a form, for the one who filled it in.
type errForm string

func (e errForm) Error() string { return string(e) }

// waive marks a finding of a check as intended.
func (p *pages) waive(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	waiver, err := p.readWaiver(w, r, id)
	if err == nil {
		err = p.archive.PutWaiver(r.Context(), waiver)
	}
	var form errForm
	switch {
	case errors.As(err, &form):
		p.refuse(w, r, trouble{Status: http.StatusBadRequest, Text: form.Error(), Advice: "Go back and try again; nothing was changed."})
	case err != nil:
		p.fail(w, r, "The waiver", err)
	default:
		http.Redirect(w, r, "/checks/"+id, http.StatusSeeOther)
	}
}

// readWaiver makes a waiver of the form and of what is stored about the finding.
func (p *pages) readWaiver(w http.ResponseWriter, r *http.Request, id string) (*jobs.Waiver, error) {
	if !jobs.ValidID(id) {
		return nil, fmt.Errorf("check %q: %w", id, storage.ErrNotFound)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, errForm("The form cannot be read.")
	}
	reason := strings.TrimSpace(r.PostForm.Get("reason"))
	if reason == "" || utf8.RuneCountInString(reason) > maxReason {
		return nil, errForm(fmt.Sprintf("Say in 1 to %d characters why this is intended: somebody will want to know in half a year.", maxReason))
	}
	now := p.now().UTC()
	waiver := &jobs.Waiver{
		ID: jobs.NewID(now, nil), Check: id, Reason: reason, Person: door.Identity(r.Context()).Name, Created: now.Truncate(time.Second),
	}
	var err error
	if waiver.Expires, err = expiry(r.PostForm.Get("expires"), now); err != nil {
		return nil, err
	}
	f, err := p.findReport(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if err := p.fillWaiver(r, waiver, f.report); err != nil {
		return nil, err
	}
	if r.PostForm.Get("scope") != "everywhere" {
		waiver.Stream = waive.StreamOf(id, f.report.Check.Input)
	}
	return waiver, nil
}

// fillWaiver takes over the finding and what its content looks like.
func (p *pages) fillWaiver(r *http.Request, waiver *jobs.Waiver, of *report.Report) error {
	key := r.PostForm.Get("finding")
	missing := true
	for i := range of.Findings {
		if jobs.FindingKey(&of.Findings[i]) == key {
			waiver.Finding, waiver.Code, missing = of.Findings[i], of.Findings[i].Code, false
			break
		}
	}
	if missing {
		return errForm("The check has no such finding any more: what is live may still change.")
	}
	signed, err := p.archive.Signatures(r.Context(), waiver.Check)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	for i := range signed {
		if signed[i].Finding == key {
			waiver.Signature = signed[i].Signature
			return nil
		}
	}
	return errForm("Nothing is stored about what this finding looks and sounds like, so it could not be known again. Waivers are for findings at warn or fail about picture or sound.")
}

// expiry reads a date; the waiver holds to its end. Empty is never.
func expiry(text string, now time.Time) (*time.Time, error) {
	if text = strings.TrimSpace(text); text == "" {
		return nil, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, errForm("The day of expiry has to be written as 2027-01-31.")
	}
	end := day.AddDate(0, 0, 1)
	if !end.After(now) {
		return nil, errForm("The day of expiry is over already.")
	}
	return &end, nil
}

// endWaiver takes a waiver back.
func (p *pages) endWaiver(w http.ResponseWriter, r *http.Request) {
	if err := p.archive.EndWaiver(r.Context(), r.PathValue("id"), door.Identity(r.Context()).Name, p.now().UTC()); err != nil {
		p.fail(w, r, "The waiver", err)
		return
	}
	http.Redirect(w, r, "/waivers", http.StatusSeeOther)
}
