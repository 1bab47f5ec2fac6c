package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

const (
	maxAudit = 1000
	audit    = 100
)

func (c *call) waivers() (*answer, error) {
	active, err := c.flag("active")
	if err != nil {
		return nil, err
	}
	if err := c.query("active"); err != nil {
		return nil, err
	}
	all, err := c.cfg.Archive.Waivers(c.r.Context())
	if err != nil {
		return nil, err
	}
	list, now := []jobs.Waiver{}, c.cfg.Now()
	for _, w := range all {
		if !active || inForce(&w, now) {
			list = append(list, w)
		}
	}
	return ok(WaiverList{Waivers: list})
}

func inForce(w *jobs.Waiver, now time.Time) bool {
	return w.Ended == nil && (w.Expires == nil || now.Before(*w.Expires))
}

// waiverID is the waiver that a request is about. Its form is that of a check's.
func (c *call) waiverID() (string, error) {
	id := c.r.PathValue("id")
	if !jobs.ValidID(id) {
		return "", problemf(KindNotFound, "%q is not the id of a waiver", id)
	}
	return id, nil
}

func (c *call) waiver() (*answer, error) {
	id, err := c.waiverID()
	if err != nil {
		return nil, err
	}
	w, err := c.cfg.Archive.Waiver(c.r.Context(), id)
	if err != nil {
		return nil, noWaiver(id, err)
	}
	return ok(w)
}

func noWaiver(id string, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return problemf(KindNotFound, "there is no waiver %s", id)
	}
	return err
}

func (c *call) endWaiver() (*answer, error) {
	id, err := c.waiverID()
	if err != nil {
		return nil, err
	}
	if err := c.cfg.Archive.EndWaiver(c.r.Context(), id, c.person.Name, c.cfg.Now()); err != nil {
		return nil, noWaiver(id, err)
	}
	return c.waiver()
}

func (c *call) waive() (*answer, error) {
	var r WaiverRequest
	if p := decode(c.w, c.r, &r); p != nil {
		return nil, p
	}
	now := c.cfg.Now().UTC()
	r.Reason = strings.TrimSpace(r.Reason)
	switch {
	case !jobs.ValidID(r.Check):
		return nil, problemf(KindInvalid, "check: %q is not the id of a check", r.Check)
	case r.Reason == "":
		return nil, problemf(KindInvalid, "reason is missing: whoever reads the log later wants to know why")
	case r.Expires != nil && !now.Before(*r.Expires):
		return nil, problemf(KindInvalid, "expires: %s is over", r.Expires.Format(time.RFC3339))
	}
	finding, err := c.finding(r.Check, r.Finding)
	if err != nil {
		return nil, err
	}
	signature, err := c.signature(r.Check, r.Finding)
	if err != nil {
		return nil, err
	}
	w := &jobs.Waiver{
		Code: finding.Code, Stream: r.Stream, Signature: signature, Check: r.Check, Finding: finding, Reason: r.Reason, Person: c.person.Name,
		Created: now, Expires: r.Expires,
	}
	if err := c.cfg.Archive.PutWaiver(c.r.Context(), w); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusCreated, body: w, header: http.Header{"Location": {Prefix + "/waivers/" + w.ID}}}, nil
}

// finding looks a finding up in its report, or in the one so far.
func (c *call) finding(check, key string) (jobs.Finding, error) {
	r, _, err := c.cfg.Fleet.Report(c.r.Context(), check, true)
	if err != nil {
		return jobs.Finding{}, err
	}
	for i := range r.Findings {
		if jobs.FindingKey(&r.Findings[i]) == key {
			return r.Findings[i], nil
		}
	}
	return jobs.Finding{}, problemf(KindNotFound, "check %s has no finding %q: write its code, rendition and start in microseconds", check, key)
}

// signature is what a waiver follows a finding by.
func (c *call) signature(check, key string) (jobs.Signature, error) {
	list, err := c.cfg.Archive.Signatures(c.r.Context(), check)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return jobs.Signature{}, err
	}
	for _, s := range list {
		if s.Finding == key {
			return s.Signature, nil
		}
	}
	return jobs.Signature{}, problemf(KindNotReady, "finding %q has no signature by which a waiver could follow it: findings that are only for information have none, and those of a live check get theirs "+
		"with the report", key)
}

func (c *call) audit() (*answer, error) {
	limit, err := c.number("limit", audit, 1, maxAudit)
	if err != nil {
		return nil, err
	}
	if err := c.query("limit"); err != nil {
		return nil, err
	}
	list, err := c.cfg.Archive.AuditLog(c.r.Context(), limit)
	if err != nil {
		return nil, err
	}
	return ok(AuditList{Entries: orEmpty(list)})
}
