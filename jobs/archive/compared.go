package archive

import (
	"context"
	"errors"

	"aircheck/jobs"
	"aircheck/storage"
)

// PutCompared stores what came of a comparison. One that is there already stays: both are the same pure function of the same media.
func (a *Archive) PutCompared(ctx context.Context, check, key string, doc []byte) error {
	name, err := storage.Comparison(check, key)
	if err != nil {
		return permanent("comparison", err)
	}
	return a.putOnce(ctx, "put comparison", name, doc)
}

// Compared reads what came of a comparison; nil when there is nothing, or nothing that can be read.
func (a *Archive) Compared(ctx context.Context, check, key string) ([]byte, error) {
	name, err := storage.Comparison(check, key)
	if err != nil {
		return nil, permanent("comparison", err)
	}
	doc, err := a.get(ctx, name, jobs.MaxComparedBytes)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrTooLarge):
		return nil, nil
	case err != nil:
		return nil, classify("get comparison", err)
	}
	return doc, nil
}
