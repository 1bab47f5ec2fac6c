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
		if err := g.archive.GrowOn(ctx, id, &one.as); err != nil {
			if errors.Is(err, archive.ErrSpoiled) {
				one.as = archive.Growing{}
			}
			return err // what was read stays: a viewer who leaves costs the next one nothing
		}
		one.looked = now
	}
	if one.as.Check == nil {
		g.drop(id, one)
		return fmt.Errorf("check %s has no instalments: %w", id, storage.ErrNotFound)
	}
	fn(one.as.Check)
	return nil
}

// take finds a check or makes room for it.
func (g *growth) take(id string) *growing {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	one := g.checks[id]
	if one == nil {
		g.makeRoom(now)
		one = &growing{turn: make(chan struct{}, 1)}
		g.checks[id] = one
	}
	one.used = now
	return one
}

// makeRoom drops what nobody looks at any more and, where that is not enough, what was looked at longest ago. Who is at it goes on with it.
func (g *growth) makeRoom(now time.Time) {
	oldest := ""
	for id, one := range g.checks {
		switch {
		case now.Sub(one.used) >= growthIdle:
			delete(g.checks, id)
		case oldest == "" || one.used.Before(g.checks[oldest].used):
			oldest = id
		}
	}
	if len(g.checks) >= growthKept {
		delete(g.checks, oldest)
	}
}

func (g *growth) drop(id string, one *growing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.checks[id] == one {
		delete(g.checks, id)
	}
}
