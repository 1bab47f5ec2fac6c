package archive

import (
	"context"
	"time"

	"aircheck/storage"
)

// Open is a check that has no report yet.
type Open struct {
	ID    string
	Since time.Time // by the store's clock
}

// maxOpen bounds the open checks that one listing keeps in memory.
const maxOpen = 1_000_000

// Open lists the checks that have no report yet. It costs nothing for those that have.
func (a *Archive) Open(ctx context.Context) ([]Open, error) {
	var open []Open
	err := a.store.List(ctx, storage.OpenPrefix, func(info storage.Info) error {
		id, err := storage.ParseOpenCheck(info.Key)
		if err != nil || len(open) >= maxOpen {
			return nil // not ours; or more than anybody can follow, and the first ones come first
		}
		open = append(open, Open{ID: id, Since: info.Modified})
		return nil
	})
	if err != nil {
		return nil, classify("list open checks", err)
	}
	return open, nil
}

// Close takes away the mark of a check that has its report or its failure, or that never got a manifest.
func (a *Archive) Close(ctx context.Context, id string) error {
	key, err := storage.OpenCheck(id)
	if err != nil {
		return permanent("close check", err)
	}
	return classify("close check", a.store.Delete(ctx, key))
}
