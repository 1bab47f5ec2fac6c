package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"aircheck/jobs"
	"aircheck/storage"
)

// Evidence reads the list of pictures that were made of a check, or while there is none that of its first frames so far; the error wraps storage.ErrNotFound while there is neither.
func (a *Archive) Evidence(ctx context.Context, id string) (*jobs.Evidence, error) {
	key, err := storage.EvidenceIndex(id)
	if err != nil {
		return nil, permanent("evidence", err)
	}
	e, err := a.evidence(ctx, id, key)
	if err == nil && !e.Interim || err != nil && !errors.Is(err, storage.ErrNotFound) {
		return e, err
	}
	frames, _, err := a.firstFrames(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case frames == nil && e == nil:
		return nil, permanent("get evidence", fmt.Errorf("%s: %w", key, storage.ErrNotFound))
	case frames == nil:
		return e, nil
	case e != nil: // releases before the lists kept first frames here, and may still do beside this one
		addFirst(frames, e.Items)
	}
	return frames, nil
}

func (a *Archive) evidence(ctx context.Context, id, key string) (*jobs.Evidence, error) {
	doc, err := a.get(ctx, key, maxEvidenceBytes)
	if err != nil {
		return nil, classify("get evidence", err)
	}
	e := new(jobs.Evidence)
	if err := decode("evidence", doc, e, maxEvidenceBytes); err != nil {
		return nil, err
	}
	switch {
	case e.V != jobs.EvidenceVersion:
		return nil, permanent("decode evidence", fmt.Errorf("%w %d", jobs.ErrVersion, e.V))
	case e.Check != id || len(e.Items) > jobs.MaxProofs:
		return nil, permanent("decode evidence", fmt.Errorf("%s holds %d items about check %q", key, len(e.Items), e.Check))
	}
	return e, nil
}

// firstFrames reads the newest list of first frames, and gives the number of the next one; the list is nil where there is none that can be read.
func (a *Archive) firstFrames(ctx context.Context, id string) (e *jobs.Evidence, next int, err error) {
	prefix, err := storage.FirstFramesPrefix(id)
	if err != nil {
		return nil, 0, permanent("first frames", err)
	}
	newest := ""
	err = a.store.List(ctx, prefix, func(info storage.Info) error {
		if key, err := storage.FirstFrames(id, next); err == nil && key == info.Key {
			newest, next = key, next+1
		}
		return nil
	})
	if err != nil || newest == "" {
		return nil, 0, classify("list first frames", err)
	}
	if e, err = a.evidence(ctx, id, newest); jobs.ClassOf(err) == jobs.Permanent {
		return nil, next, nil
	}
	return e, next, err
}

// AddFirstFrames adds first frames to those of a check that goes on. Of several callers none takes anything from the others: each list is an object of its own with all that the
// one before has, written on condition that it is new. What is there already, and what is more than jobs.MaxFirstFrames, is left out.
func (a *Archive) AddFirstFrames(ctx context.Context, id string, items []jobs.Proof) error {
	for range jobs.MaxFirstFrames + 1 { // each try that is lost has added to the list
		e, next, err := a.firstFrames(ctx, id)
		if err != nil {
			return err
		}
		if e == nil {
			e = &jobs.Evidence{Check: id, Items: []jobs.Proof{}}
		}
		e.V, e.Interim = jobs.EvidenceVersion, true
		if !addFirst(e, items) {
			return nil
		}
		key, err := storage.FirstFrames(id, next)
		if err != nil {
			return permanent("first frames", err)
		}
		doc, err := encode("evidence", e, maxEvidenceBytes)
		if err != nil {
			return err
		}
		if err := a.store.PutNew(ctx, key, doc); !errors.Is(err, storage.ErrExists) {
			return classify("put first frames", err)
		}
	}
	return jobs.Classify(jobs.Transient, fmt.Errorf("put first frames of check %s: others were faster each time", id))
}

// addFirst adds the first frames that a list lacks and has room for, and tells whether there were any.
func addFirst(e *jobs.Evidence, items []jobs.Proof) bool {
	before := len(e.Items)
	for i := range items {
		if len(e.Items) < jobs.MaxFirstFrames && !slices.ContainsFunc(e.Items, func(p jobs.Proof) bool { return p.Finding == items[i].Finding }) {
			e.Items = append(e.Items, items[i])
		}
	}
	return len(e.Items) > before
}

// PutEvidence stores the list of pictures. The pictures come first: a list that names what is not there would be a page of broken images.
func (a *Archive) PutEvidence(ctx context.Context, e *jobs.Evidence) error {
	key, err := storage.EvidenceIndex(e.Check)
	if err != nil {
		return permanent("evidence", err)
	}
	versioned := *e
	versioned.V = jobs.EvidenceVersion
	doc, err := encode("evidence", &versioned, maxEvidenceBytes)
	if err != nil {
		return err
	}
	return classify("put evidence", a.store.Put(ctx, key, doc))
}

// PutEvidenceFile stores one of the pictures of a check.
func (a *Archive) PutEvidenceFile(ctx context.Context, id, name string, body []byte) error {
	key, err := storage.EvidenceFile(id, name)
	if err != nil {
		return permanent("evidence", err)
	}
	if len(body) > MaxEvidenceFileBytes {
		return permanent("put evidence", fmt.Errorf("%s: %w: %d bytes", key, storage.ErrTooLarge, len(body)))
	}
	return classify("put evidence", a.store.Put(ctx, key, body))
}

// EvidenceFile opens one of the pictures of a check and says how many bytes it has. Whoever calls it closes it. The error wraps storage.ErrNotFound when there is no such
// file, and storage.ErrTooLarge when it is none that aircheck wrote.
func (a *Archive) EvidenceFile(ctx context.Context, id, name string) (io.ReadCloser, int64, error) {
	key, err := storage.EvidenceFile(id, name)
	if err != nil {
		return nil, 0, permanent("evidence", err)
	}
	info, err := a.store.Stat(ctx, key)
	if err != nil {
		return nil, 0, classify("look for evidence", err)
	}
	if info.Size > MaxEvidenceFileBytes {
		return nil, 0, permanent("get evidence", fmt.Errorf("%s: %w: %d bytes", key, storage.ErrTooLarge, info.Size))
	}
	body, err := a.store.Get(ctx, key, 0, info.Size)
	if err != nil {
		return nil, 0, classify("get evidence", err)
	}
	return body, info.Size, nil
}
