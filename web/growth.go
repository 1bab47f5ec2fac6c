package web

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage"
)

const (
	// growthKept bounds the growing checks that are kept at a time: an hour of six renditions takes some megabytes.
	growthKept = 16
	// growthIdle is after how long one that nobody looks at is dropped.
	growthIdle = 5 * time.Minute
	// growthEvery is the time between two looks at the store for one check, however many people look at its page.
	growthEvery = 2 * time.Second
)

// growth keeps the growing checks that people look at: their instalments are hundreds of objects an hour, and each is read once.
type growth struct {
	archive *archive.Archive
	now     func() time.Time

	mu     sync.Mutex
	checks map[string]*growing
}

// growing is one of them. Whoever has put something into turn may use as and looked.
type growing struct {
	turn   chan struct{}
	as     archive.Growing
	looked time.Time
	used   time.Time // of growth
	kept   bool      // of growth: it is known that there is such a check
}

func newGrowth(a *archive.Archive, now func() time.Time) *growth {
	return &growth{archive: a, now: now, checks: map[string]*growing{}}
}

// view calls fn with a growing check as far as it goes. fn must not keep it. The error wraps storage.ErrNotFound when there is no such check.
func (g *growth) view(ctx context.Context, id string, fn func(*jobs.Check)) error {
	one := g.take(id)
	select {
	case one.turn <- struct{}{}:
		defer func() { <-one.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if now := g.now(); one.as.Check == nil || now.Sub(one.looked) >= growthEvery {
		err := g.archive.GrowOn(ctx, id, &one.as)
		if errors.Is(err, archive.ErrSpoiled) {
			one.as = archive.Growing{}
		}
		g.settle(id, one)
		if err != nil {
			return err // what was read stays: a viewer who leaves costs the next one nothing
		}
		one.looked = now
	}
	if one.as.Check == nil {
		return fmt.Errorf("check %s has no instalments: %w", id, storage.ErrNotFound)
	}
	fn(one.as.Check)
	return nil
}

// take finds a check, or begins with it.
func (g *growth) take(id string) *growing {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	one := g.checks[id]
	if one == nil {
		one = &growing{turn: make(chan struct{}, 1)}
		g.checks[id] = one
	}
	one.used = now
	return one
}

// settle keeps what was read of a check, making room for it, or forgets an id of which there is no check: such ids take no place from others. Whoever calls it has the turn.
func (g *growth) settle(id string, one *growing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case one.as.Check == nil:
		if g.checks[id] == one {
			delete(g.checks, id)
		}
	case !one.kept && g.checks[id] == one:
		g.makeRoom(one.used)
		one.kept = true
	}
}

// makeRoom drops what nobody looks at any more and, where that is not enough, what was looked at longest ago. Who is at it goes on with it.
func (g *growth) makeRoom(now time.Time) {
	oldest, kept := "", 0
	for id, one := range g.checks {
		switch {
		case !one.kept: // somebody is finding out
		case now.Sub(one.used) >= growthIdle:
			delete(g.checks, id)
		default:
			if kept++; oldest == "" || one.used.Before(g.checks[oldest].used) {
				oldest = id
			}
		}
	}
	if kept >= growthKept {
		delete(g.checks, oldest)
	}
}
