// Package archive reads and writes what the store holds of a check: its manifest, the measurements and outcomes of its windows, its report.
//
// It is the truth about a check, where the queue is only a means. It may import jobs and storage; it judges, measures and enqueues nothing.
package archive

import (
	"context"
	"errors"
	"fmt"
	"io"

	"aircheck/jobs"
	"aircheck/storage"
)

// Bounds of what is read back.
const (
	// MaxMeasurementBytes: a frame is about 1 KB and no window holds a million of them.
	MaxMeasurementBytes = 1 << 30
	// MaxReportBytes is the bound of package report.
	MaxReportBytes = 64 << 20
)

// Archive is a store seen as checks. It is safe for concurrent use. Its errors are classified: what trying again cannot help is Permanent.
type Archive struct{ store storage.Store }

// New makes an archive of a store.
func New(store storage.Store) *Archive { return &Archive{store: store} }

// Store is the store behind the archive.
func (a *Archive) Store() storage.Store { return a.store }

// Create writes the manifest of a new check and marks it open. The mark comes first: a manifest that nobody looks for would be a check that never
// ends, a mark without a manifest is litter.
func (a *Archive) Create(ctx context.Context, check *jobs.Check) error {
	doc, err := jobs.EncodeCheck(check)
	if err != nil {
		return err
	}
	key, err := storage.CheckManifest(check.ID)
	if err != nil {
		return permanent("manifest", err)
	}
	open, err := storage.OpenCheck(check.ID)
	if err != nil {
		return permanent("manifest", err)
	}
	if err := a.store.Put(ctx, open, nil); err != nil {
		return classify("mark check as open", err)
	}
	if err := a.store.PutNew(ctx, key, doc); err != nil {
		return classify("put manifest", err)
	}
	return nil
}

// Check reads a manifest.
func (a *Archive) Check(ctx context.Context, id string) (*jobs.Check, error) {
	key, err := storage.CheckManifest(id)
	if err != nil {
		return nil, permanent("manifest", err)
	}
	doc, err := a.get(ctx, key, jobs.MaxCheckBytes)
	if err != nil {
		return nil, classify("get manifest", err)
	}
	return jobs.DecodeCheck(doc)
}

// Report reads the report document of a check; the error wraps storage.ErrNotFound while there is none.
func (a *Archive) Report(ctx context.Context, id string) ([]byte, error) {
	key, err := storage.Report(id)
	if err != nil {
		return nil, permanent("report", err)
	}
	doc, err := a.get(ctx, key, MaxReportBytes)
	return doc, classify("get report", err)
}

// HasReport tells whether a check is finished.
func (a *Archive) HasReport(ctx context.Context, id string) (bool, error) {
	key, err := storage.Report(id)
	if err != nil {
		return false, permanent("report", err)
	}
	return a.has(ctx, key)
}

// PutReport writes the report of a check unless there is one already. Whichever came first stays, because somebody may have read it.
func (a *Archive) PutReport(ctx context.Context, id string, doc []byte) error {
	key, err := storage.Report(id)
	if err != nil {
		return permanent("report", err)
	}
	return a.putOnce(ctx, "put report", key, doc)
}

// Failure reads why a check has no report and never will; the error wraps storage.ErrNotFound while there is no such thing.
func (a *Archive) Failure(ctx context.Context, id string) (jobs.Failure, error) {
	key, err := storage.Failure(id)
	if err != nil {
		return jobs.Failure{}, permanent("failure", err)
	}
	doc, err := a.get(ctx, key, jobs.MaxOutcomeBytes)
	if err != nil {
		return jobs.Failure{}, classify("get failure", err)
	}
	return jobs.DecodeFailure(doc)
}

// PutFailure writes that a check will have no report, unless that was said already.
func (a *Archive) PutFailure(ctx context.Context, f jobs.Failure) error {
	doc, err := jobs.EncodeFailure(f)
	if err != nil {
		return err
	}
	key, err := storage.Failure(f.Check)
	if err != nil {
		return permanent("failure", err)
	}
	return a.putOnce(ctx, "put failure", key, doc)
}

// get reads a whole object of at most limit bytes.
func (a *Archive) get(ctx context.Context, key string, limit int64) (doc []byte, err error) {
	body, err := a.store.Get(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := body.Close(); err == nil {
			err = e
		}
	}()
	doc, err = io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(doc)) > limit {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", key, storage.ErrTooLarge, limit)
	}
	return doc, nil
}

func (a *Archive) has(ctx context.Context, key string) (bool, error) {
	_, err := a.store.Stat(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, classify("look for "+key, err)
}

// putOnce writes an object that may be there already.
func (a *Archive) putOnce(ctx context.Context, what, key string, doc []byte) error {
	err := a.store.PutNew(ctx, key, doc)
	if errors.Is(err, storage.ErrExists) {
		return nil
	}
	return classify(what, err)
}

// classify lets the backend decide what is permanent.
func classify(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", what, err)
	case storage.IsPermanent(err):
		return permanent(what, err)
	}
	return jobs.Classify(jobs.Transient, fmt.Errorf("%s: %w", what, err))
}

func permanent(what string, err error) error {
	return jobs.Classify(jobs.Permanent, fmt.Errorf("%s: %w", what, err))
}

// Reachable asks the store for something that need not be there.
func (a *Archive) Reachable(ctx context.Context) error {
	_, err := a.has(ctx, "healthz")
	return err
}
