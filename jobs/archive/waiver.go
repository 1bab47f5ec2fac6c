package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aircheck/jobs"
	"aircheck/storage"
)

const (
	// maxWaivers bounds the waivers that are read: each is matched with each finding.
	maxWaivers = 10_000
	// maxAuditEntries bounds the keys of the log that are looked at; what is older than so many entries is no longer shown.
	maxAuditEntries = 100_000
	// maxAuditRead bounds the entries that are read at once.
	maxAuditRead     = 1000
	maxWaiverBytes   = 1 << 20
	maxReasonLength  = 2000 // characters of a reason or a detail
	maxPersonLength  = 200
	maxAuditEntrySum = 64 << 10
)

var errWaiver = errors.New("no valid waiver")

// Actions of the audit log.
const (
	ActionWaive     = "waive"
	ActionEndWaiver = "end waiver"
)

// PutWaiver stores a new waiver and an entry of the log. The log comes first: what was done without a trace is worse than a trace of what failed. An empty ID is filled in.
func (a *Archive) PutWaiver(ctx context.Context, w *jobs.Waiver) error {
	if w.ID == "" {
		w.ID = jobs.NewID(w.Created, nil)
	}
	if err := validWaiver(w); err != nil {
		return permanent("put waiver", err)
	}
	key, err := storage.Waiver(w.ID)
	if err != nil {
		return permanent("waiver", err)
	}
	doc, err := encode("waiver", w, maxWaiverBytes)
	if err != nil {
		return err
	}
	entry := jobs.AuditEntry{Time: w.Created, Person: w.Person, Action: ActionWaive, Object: w.ID, Detail: w.Code + ": " + w.Reason}
	if err := a.Audit(ctx, entry); err != nil {
		return err
	}
	if mark, err := storage.WaiverCode(w.ID, w.Code); err == nil { // without a mark it is read always
		if err := a.store.Put(ctx, mark, nil); err != nil {
			return classify("mark waiver", err)
		}
	}
	return classify("put waiver", a.store.PutNew(ctx, key, doc))
}

// validWaiver refuses what people could not answer for later.
func validWaiver(w *jobs.Waiver) error {
	switch {
	case w.Code == "" || w.Person == "" || w.Reason == "" || w.Created.IsZero():
		return fmt.Errorf("%w: code, person, reason and time are required", errWaiver)
	case utf8.RuneCountInString(w.Reason) > maxReasonLength || utf8.RuneCountInString(w.Person) > maxPersonLength:
		return fmt.Errorf("%w: a reason of more than %d or a person of more than %d characters", errWaiver, maxReasonLength, maxPersonLength)
	}
	return nil
}

// Waiver reads one waiver; the error wraps storage.ErrNotFound when there is none.
func (a *Archive) Waiver(ctx context.Context, id string) (jobs.Waiver, error) {
	key, err := storage.Waiver(id)
	if err != nil {
		return jobs.Waiver{}, permanent("waiver", err)
	}
	doc, err := a.get(ctx, key, maxWaiverBytes)
	if err != nil {
		return jobs.Waiver{}, classify("get waiver", err)
	}
	var w jobs.Waiver
	if err := decode("waiver", doc, &w, maxWaiverBytes); err != nil {
		return jobs.Waiver{}, err
	}
	if w.ID != id {
		return jobs.Waiver{}, permanent("decode waiver", fmt.Errorf("%s holds waiver %q", key, w.ID))
	}
	return w, nil
}

// Waivers reads all waivers, those that ended included, the newest first. One that cannot be read is left out: it must not hide the others.
func (a *Archive) Waivers(ctx context.Context) ([]jobs.Waiver, error) {
	ids, err := a.names(ctx, storage.WaiverPrefix, maxWaivers)
	if err != nil {
		return nil, err
	}
	return a.waivers(ctx, ids)
}

// WaiversFor reads, as Waivers does, those that can be about some findings: of another code none is.
func (a *Archive) WaiversFor(ctx context.Context, findings []jobs.Finding) ([]jobs.Waiver, error) {
	if len(findings) == 0 {
		return nil, nil
	}
	ids, err := a.names(ctx, storage.WaiverPrefix, maxWaivers)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	wanted := map[string]bool{}
	for i := range findings {
		wanted[findings[i].Code] = true
	}
	mine, other := map[string]bool{}, map[string]bool{}
	err = a.store.List(ctx, storage.WaiverCodePrefix, func(info storage.Info) error {
		if id, code, ok := strings.Cut(strings.TrimPrefix(info.Key, storage.WaiverCodePrefix), "/"); ok {
			mine[id], other[id] = mine[id] || wanted[code], other[id] || !wanted[code]
		}
		return nil
	})
	if err != nil {
		return nil, classify("list "+storage.WaiverCodePrefix, err)
	}
	return a.waivers(ctx, slices.DeleteFunc(ids, func(id string) bool { return other[id] && !mine[id] }))
}

// waivers reads waivers by their ids.
func (a *Archive) waivers(ctx context.Context, ids []string) ([]jobs.Waiver, error) {
	list := make([]jobs.Waiver, 0, len(ids))
	for _, id := range ids {
		w, err := a.Waiver(ctx, id)
		switch {
		case err == nil:
			list = append(list, w)
		case jobs.ClassOf(err) != jobs.Permanent:
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b jobs.Waiver) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	return list, nil
}

// EndWaiver takes a waiver back. One that ended already stays as it is.
func (a *Archive) EndWaiver(ctx context.Context, id, person string, now time.Time) error {
	w, err := a.Waiver(ctx, id)
	if err != nil || w.Ended != nil {
		return err
	}
	if person == "" || utf8.RuneCountInString(person) > maxPersonLength {
		return permanent("end waiver", fmt.Errorf("%w: who ends it is required", errWaiver))
	}
	now = now.UTC()
	w.Ended, w.EndedBy = &now, person
	doc, err := encode("waiver", &w, maxWaiverBytes)
	if err != nil {
		return err
	}
	key, err := storage.Waiver(id)
	if err != nil {
		return permanent("waiver", err)
	}
	if err := a.Audit(ctx, jobs.AuditEntry{Time: now, Person: person, Action: ActionEndWaiver, Object: id, Detail: w.Code}); err != nil {
		return err
	}
	return classify("put waiver", a.store.Put(ctx, key, doc))
}

// Audit adds an entry to the log of what people did.
func (a *Archive) Audit(ctx context.Context, e jobs.AuditEntry) error {
	e.Time = e.Time.UTC()
	key, err := storage.WaiverLog(jobs.NewID(e.Time, nil))
	if err != nil {
		return permanent("log entry", err)
	}
	doc, err := encode("log entry", e, maxAuditEntrySum)
	if err != nil {
		return err
	}
	return classify("put log entry", a.store.PutNew(ctx, key, doc))
}

// AuditLog reads the newest entries of the log, at most limit of them, the newest first. What cannot be read is left out.
func (a *Archive) AuditLog(ctx context.Context, limit int) ([]jobs.AuditEntry, error) {
	ids, err := a.names(ctx, storage.WaiverLogPrefix, maxAuditEntries)
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	ids = ids[:min(len(ids), max(0, limit), maxAuditRead)]
	list := make([]jobs.AuditEntry, 0, len(ids))
	for _, id := range ids {
		e, err := a.auditEntry(ctx, id)
		switch {
		case err == nil:
			list = append(list, e)
		case jobs.ClassOf(err) != jobs.Permanent:
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b jobs.AuditEntry) int { return b.Time.Compare(a.Time) })
	return list, nil
}

func (a *Archive) auditEntry(ctx context.Context, id string) (e jobs.AuditEntry, err error) {
	key, err := storage.WaiverLog(id)
	if err != nil {
		return e, permanent("log entry", err)
	}
	doc, err := a.get(ctx, key, maxAuditEntrySum)
	if err != nil {
		return e, classify("get log entry", err)
	}
	return e, decode("log entry", doc, &e, maxAuditEntrySum)
}

// names lists the ids of the documents below a prefix. The ids begin with the time: where there are more than limit of them, the newest are kept.
func (a *Archive) names(ctx context.Context, prefix string, limit int) ([]string, error) {
	var ids []string
	err := a.store.List(ctx, prefix, func(info storage.Info) error {
		id, ok := documentID(info.Key, prefix)
		if !ok {
			return nil // not ours
		}
		if ids = append(ids, id); len(ids) >= 2*limit {
			ids = newest(ids, limit)
		}
		return nil
	})
	return newest(ids, limit), classify("list "+prefix, err)
}

func newest(ids []string, limit int) []string {
	return slices.Delete(ids, 0, max(0, len(ids)-limit))
}

func documentID(key, prefix string) (string, bool) {
	id, ok := strings.CutPrefix(key, prefix)
	if ok {
		id, ok = strings.CutSuffix(id, ".json")
	}
	return id, ok
}
