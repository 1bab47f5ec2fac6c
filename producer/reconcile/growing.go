package reconcile

import (
	"context"
	"errors"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage"
)

const (
	// growEvery is how often a growing check is asked for new instalments. Nobody waits for it: a follower enqueues its windows itself.
	growEvery = 10 * time.Second
	// finishAfter is how long a check whose last instalment is written may be without a manifest: its follower may be waiting for its turn.
	finishAfter = 2 * time.Minute
	// abandonAfter is how long a growing check may be without news. A follower has some with every window, or says what is wrong with the stream.
	abandonAfter = 2 * time.Hour
)

// growing is what the reconciler remembers of a check that has no manifest yet, because its stream is live. Its windows are looked after like all others; it is
// not judged.
type growing struct {
	*follow
	next   int // index of the next instalment
	last   bool
	looked time.Time // when instalments were asked for
	news   time.Time // when there were some
}

// grow finds or makes what is remembered of a growing check; nil when it has no instalment yet.
func (r *Reconciler) grow(ctx context.Context, o archive.Open) (*growing, error) {
	now := r.cfg.Now()
	g := r.growing[o.ID]
	if g == nil {
		check := &jobs.Check{ID: o.ID, Queue: "live"}
		g = &growing{follow: newFollow(r.cfg, check), news: now}
		g.growing = true
		g.load = r.cfg.Archive.Grown
	}
	if now.Sub(g.looked) < growEvery {
		return g, nil
	}
	list, err := r.cfg.Archive.Instalments(ctx, o.ID, g.next)
	if errors.Is(err, archive.ErrSpoiled) { // its stream is followed in another check; that this one has no report must be seen
		return nil, g.fail(ctx, "one of its instalments cannot be read: "+err.Error(), 0)
	}
	if err != nil {
		return nil, err
	}
	if g.next == 0 && len(list) == 0 {
		return nil, nil
	}
	g.looked, r.growing[o.ID] = now, g
	for _, i := range list {
		g.windows = append(g.windows, i.Windows...)
		g.next, g.last, g.news = i.Index+1, i.Last, now
	}
	return g, r.abandon(ctx, g, now)
}

// abandon has a check finished that nobody seems to finish.
func (r *Reconciler) abandon(ctx context.Context, g *growing, now time.Time) error {
	patience := abandonAfter
	if g.last {
		patience = finishAfter
	}
	if r.cfg.Abandon == nil || now.Sub(g.news) < patience {
		return nil
	}
	r.cfg.Log.Info("finish a live check that nobody follows", "check", g.id)
	g.news = now // not again at once
	err := r.cfg.Abandon(ctx, g.id)
	if errors.Is(err, storage.ErrExists) {
		return nil // somebody follows it after all
	}
	if errors.Is(err, archive.ErrSpoiled) {
		return g.fail(ctx, err.Error(), 0)
	}
	return err
}

// forgetDone drops the windows that are done: a growing check is not judged, and its manifest will name them again.
func (f *follow) forgetDone(todo []jobs.Window) {
	if f.growing {
		f.windows = append([]jobs.Window(nil), todo...)
	}
}

// followed is what a tick looks at; nil for none.
func (g *growing) followed() *follow {
	if g == nil {
		return nil
	}
	return g.follow
}
