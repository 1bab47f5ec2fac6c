package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

// maxInstalments bounds the pieces of one live check: one a second for the two hours that the clocks of a stream can make of one, as many again, and what an
// hour that does not end adds in a year. A follower slows down long before.
const maxInstalments = 20_000

// Begin marks a growing check as open, so that reconcilers look after its windows from the first on. It comes before the first instalment, as a mark
// comes before a manifest.
func (a *Archive) Begin(ctx context.Context, id string) error {
	key, err := storage.OpenCheck(id)
	if err != nil {
		return permanent("begin check", err)
	}
	return classify("mark check as open", a.store.Put(ctx, key, nil))
}

// PutInstalment writes the next piece of a growing check. It is the fence between producers: of several that write the same piece one succeeds,
// and the error of the others wraps storage.ErrExists; they must read what is there before they go on.
func (a *Archive) PutInstalment(ctx context.Context, i *jobs.Instalment) error {
	doc, err := jobs.EncodeInstalment(i)
	if err != nil {
		return err
	}
	key, err := storage.Instalment(i.Check, i.Index)
	if err != nil {
		return permanent("instalment", err)
	}
	return classify("put instalment", a.store.PutNew(ctx, key, doc))
}

// Instalment reads one piece of a growing check; the error wraps storage.ErrNotFound while it is not there.
func (a *Archive) Instalment(ctx context.Context, id string, index int) (*jobs.Instalment, error) {
	key, err := storage.Instalment(id, index)
	if err != nil {
		return nil, permanent("instalment", err)
	}
	doc, err := a.get(ctx, key, jobs.MaxCheckBytes)
	if err != nil {
		return nil, classify("get instalment", err)
	}
	i, err := jobs.DecodeInstalment(doc)
	if errors.Is(err, jobs.ErrVersion) {
		return nil, permanent("instalment", fmt.Errorf("%s: %w", key, err)) // a later release can read it
	}
	if err != nil {
		return nil, permanent("instalment", fmt.Errorf("%s: %w: %w", key, ErrSpoiled, err))
	}
	if i.Check != id || i.Index != index {
		return nil, permanent("instalment", fmt.Errorf("%s: %w: it holds instalment %d of check %q", key, ErrSpoiled, i.Index, i.Check))
	}
	return i, nil
}

// ErrSpoiled is wrapped by the errors about a growing check that nobody can put together: one of its instalments is damaged, or does not go on where the one
// before ended.
var ErrSpoiled = errors.New("unreadable instalment")

// maxTogether bounds the instalments that are read at the same time: an hour has some hundreds of them, and a store takes tens of milliseconds for each.
const maxTogether = 16

// Instalments reads the pieces of a growing check from index from on, in their order; none is no error. There is no listing: looking for news costs one
// request, and as long as there are more, twice as many are asked for at the same time.
func (a *Archive) Instalments(ctx context.Context, id string, from int) ([]*jobs.Instalment, error) {
	var list []*jobs.Instalment
	for n, together := from, 1; n < maxInstalments; n, together = n+together, min(2*together, maxTogether) {
		batch, errs := a.instalments(ctx, id, n, min(together, maxInstalments-n))
		for i, piece := range batch {
			if piece == nil && errs[i] == nil { // the end
				return list, nil
			}
			if errs[i] != nil {
				return nil, errs[i]
			}
			list = append(list, piece)
			if piece.Last {
				return list, nil
			}
		}
	}
	return list, nil
}

// instalments reads n pieces at the same time; those that are not there are nil, without an error.
func (a *Archive) instalments(ctx context.Context, id string, from, n int) ([]*jobs.Instalment, []error) {
	list, errs := make([]*jobs.Instalment, n), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if list[i], errs[i] = a.Instalment(ctx, id, from+i); errors.Is(errs[i], storage.ErrNotFound) {
				list[i], errs[i] = nil, nil
			}
		})
	}
	group.Wait()
	return list, errs
}

// Growing is a check as far as its instalments go.
type Growing struct {
	Check *jobs.Check
	// Instalments is how many of them are in it; the next has this index.
	Instalments int
	// Newest is the last of them.
	Newest *jobs.Instalment
}

// Growing puts the instalments of a check together; the error wraps storage.ErrNotFound when there are none.
func (a *Archive) Growing(ctx context.Context, id string) (*Growing, error) {
	g := &Growing{}
	if err := a.GrowOn(ctx, id, g); err != nil {
		return nil, err
	}
	if g.Check == nil {
		return nil, permanent("put check together", fmt.Errorf("check %s has no instalments: %w", id, storage.ErrNotFound))
	}
	return g, nil
}

// GrowOn adds to g the instalments that came since; the zero Growing has none. The check in g must not be in use elsewhere. After an error g is of no
// further use.
func (a *Archive) GrowOn(ctx context.Context, id string, g *Growing) error {
	list, err := a.Instalments(ctx, id, g.Instalments)
	if err != nil {
		return err
	}
	for _, i := range list {
		if err := g.add(i); err != nil {
			return permanent("put check together", fmt.Errorf("%w: %w", ErrSpoiled, err))
		}
	}
	return nil
}

func (g *Growing) add(i *jobs.Instalment) error {
	if i.Begin != nil {
		if i.Begin.ID != i.Check {
			return fmt.Errorf("instalment %d of check %s begins check %q", i.Index, i.Check, i.Begin.ID)
		}
		begun := *i.Begin
		t := &begun.Timeline
		t.Sequences, t.Findings, t.Markers = slices.Clone(t.Sequences), slices.Clone(t.Findings), slices.Clone(t.Markers)
		g.Check = &begun
	}
	if g.Check == nil {
		return fmt.Errorf("instalment %d of check %s comes before the first", i.Index, i.Check)
	}
	if err := g.Check.Grow(i); err != nil {
		return err
	}
	g.Instalments, g.Newest = i.Index+1, i
	return nil
}

// OpenLive lists the beginnings of the checks of a live stream that have no report yet, the earliest first.
func (a *Archive) OpenLive(ctx context.Context, name string) ([]time.Time, error) {
	if !jobs.ValidStreamName(name) {
		return nil, permanent("list open checks", fmt.Errorf("%w: stream name %q", storage.ErrBadKey, name))
	}
	var begins []time.Time
	err := a.store.List(ctx, storage.OpenPrefix+name+"-", func(info storage.Info) error {
		id, err := storage.ParseOpenCheck(info.Key)
		if err != nil {
			return nil // not ours
		}
		if other, begin, ok := jobs.ParseLiveID(id); ok && other == name {
			begins = append(begins, begin)
		}
		return nil
	})
	slices.SortFunc(begins, time.Time.Compare)
	return begins, classify("list open checks", err)
}

// Grown gives a growing check as far as it goes.
func (a *Archive) Grown(ctx context.Context, id string) (*jobs.Check, error) {
	g, err := a.Growing(ctx, id)
	if err != nil {
		return nil, err
	}
	return g.Check, nil
}
