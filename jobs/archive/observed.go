package archive

import (
	"context"
	"fmt"

	"aircheck/jobs"
	"aircheck/storage"
)

// MaxJudgeStateBytes bounds the stored state of a judge, which is compressed.
const MaxJudgeStateBytes = 256 << 20

// JudgeState reads what was stored of the judge of a growing check; the error wraps storage.ErrNotFound when nothing was.
func (a *Archive) JudgeState(ctx context.Context, id string) ([]byte, error) {
	key, err := storage.JudgeState(id)
	if err != nil {
		return nil, permanent("judge state", err)
	}
	doc, err := a.get(ctx, key, MaxJudgeStateBytes)
	return doc, classify("get judge state", err)
}

// PutJudgeState stores the state of the judge of a growing check in the place of what was there.
func (a *Archive) PutJudgeState(ctx context.Context, id string, doc []byte) error {
	key, err := storage.JudgeState(id)
	if err != nil {
		return permanent("judge state", err)
	}
	if len(doc) > MaxJudgeStateBytes {
		return permanent("put judge state", fmt.Errorf("%s: %w: %d bytes", key, storage.ErrTooLarge, len(doc)))
	}
	return classify("put judge state", a.store.Put(ctx, key, doc))
}

// Interim reads the report of a growing check so far; the error wraps storage.ErrNotFound while there is none.
func (a *Archive) Interim(ctx context.Context, id string) ([]byte, error) {
	key, err := storage.Interim(id)
	if err != nil {
		return nil, permanent("interim report", err)
	}
	doc, err := a.get(ctx, key, MaxReportBytes)
	return doc, classify("get interim report", err)
}

// PutInterim stores the report of a growing check so far.
func (a *Archive) PutInterim(ctx context.Context, id string, doc []byte) error {
	key, err := storage.Interim(id)
	if err != nil {
		return permanent("interim report", err)
	}
	return classify("put interim report", a.store.Put(ctx, key, doc))
}

// DropInterim deletes the report so far of a check that has its final one.
func (a *Archive) DropInterim(ctx context.Context, id string) error {
	key, err := storage.Interim(id)
	if err != nil {
		return permanent("interim report", err)
	}
	return classify("delete interim report", a.store.Delete(ctx, key))
}

// Add adds the next instalment; the zero Growing takes the first. After an error g is of no further use.
func (g *Growing) Add(i *jobs.Instalment) error {
	if i.Index != g.Instalments {
		return permanent("put check together", fmt.Errorf("instalment %d of check %s where %d is due", i.Index, i.Check, g.Instalments))
	}
	if err := g.add(i); err != nil {
		return permanent("put check together", err)
	}
	return nil
}
