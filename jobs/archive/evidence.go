package archive

import (
	"context"
	"fmt"
	"io"

	"aircheck/jobs"
	"aircheck/storage"
)

// Evidence reads the list of pictures that were made of a check; the error wraps storage.ErrNotFound while there is none.
func (a *Archive) Evidence(ctx context.Context, id string) (*jobs.Evidence, error) {
	key, err := storage.EvidenceIndex(id)
	if err != nil {
		return nil, permanent("evidence", err)
	}
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
