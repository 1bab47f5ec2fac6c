package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"aircheck/jobs"
)

const (
	// maxBackfills bounds those that run at the same time: they share the queue's room anyway.
	maxBackfills = 4
	// keptBackfills bounds those that are remembered.
	keptBackfills = 100
)

// BackfillAnswer is what a backfill is answered with: what it does, and, unless it was only asked for, where it is found.
type BackfillAnswer struct {
	Plan     BackfillPlan `json:"plan"`
	Backfill *Backfill    `json:"backfill,omitempty" doc:"absent in a dry run, and where there is nothing to do"`
}

// backfills are those of this process.
type backfills struct {
	now func() time.Time

	mu   sync.Mutex
	list []*running // the oldest first
}

// running is a backfill; Backfill is guarded by the mutex of backfills.
type running struct {
	Backfill
	stop context.CancelFunc
}

func newBackfills(now func() time.Time) *backfills { return &backfills{now: now} }

// begin makes room for a backfill; nil when too many run.
func (b *backfills) begin(plan *BackfillPlan, person string, stop context.CancelFunc) *running {
	b.mu.Lock()
	defer b.mu.Unlock()
	active := 0
	for _, r := range b.list {
		if r.State == "running" {
			active++
		}
	}
	if active >= maxBackfills {
		return nil
	}
	now := b.now()
	r := &running{stop: stop, Backfill: Backfill{
		ID: jobs.NewID(now, nil), Target: plan.Target, Person: person, Begun: now.UTC(), State: "running", Total: plan.Total,
		Progress: BackfillProgress{Left: plan.Total.Checks},
	}}
	b.list = append(b.list, r)
	if old := slices.IndexFunc(b.list, func(r *running) bool { return r.State != "running" }); len(b.list) > keptBackfills && old >= 0 {
		b.list = slices.Delete(b.list, old, old+1)
	}
	return r
}

func (b *backfills) told(r *running, p BackfillProgress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.Progress = p
}

func (b *backfills) ended(r *running, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.State = "done"
	if err != nil {
		r.State, r.Error = "failed", err.Error()
	}
	if errors.Is(err, context.Canceled) {
		r.Error = "stopped: the same request submits the rest"
	}
}

// all copies the list, the newest first.
func (b *backfills) all() []Backfill {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := []Backfill{}
	for _, r := range slices.Backward(b.list) {
		list = append(list, r.Backfill)
	}
	return list
}

func (b *backfills) find(id string) (*running, Backfill, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.list {
		if r.ID == id {
			return r, r.Backfill, true
		}
	}
	return nil, Backfill{}, false
}

func (c *call) backfill() (*answer, error) {
	var r BackfillRequest
	if p := decode(c.w, c.r, &r); p != nil {
		return nil, p
	}
	if r.From == "" {
		return nil, problemf(KindInvalid, "from is missing: give a time such as 2026-11-22, -24h or -7d")
	}
	c.unhurried()
	plan, run, err := c.cfg.Fleet.PlanBackfill(c.r.Context(), r)
	if err != nil {
		return nil, err
	}
	plan.Items = orEmpty(plan.Items)
	if r.DryRun || plan.Total.Checks == 0 {
		return ok(BackfillAnswer{Plan: plan})
	}
	begun := c.start(&plan, run)
	if begun == nil {
		return nil, problemf(KindBusy, "%d backfills are running already", maxBackfills)
	}
	_, now, _ := c.backfills.find(begun.ID)
	return &answer{
		status: http.StatusAccepted, body: BackfillAnswer{Plan: plan, Backfill: &now}, header: http.Header{"Location": {Prefix + "/backfills/" + begun.ID}},
	}, nil
}

// start runs a backfill beyond its request, as long as the API lives.
func (c *call) start(plan *BackfillPlan, run func(context.Context, func(BackfillProgress)) error) *running {
	ctx, stop := context.WithCancel(c.work)
	r := c.backfills.begin(plan, c.person.Name, stop)
	if r == nil {
		stop()
		return nil
	}
	c.jobs.Go(func() {
		defer stop()
		err := run(ctx, func(p BackfillProgress) { c.backfills.told(r, p) })
		c.backfills.ended(r, err)
		c.cfg.Log.Info("backfill ended", "backfill", r.ID, "target", plan.Target, "error", err)
	})
	return r
}

func (c *call) listBackfills() (*answer, error) {
	return ok(BackfillList{Backfills: c.backfills.all()})
}

func (c *call) getBackfill() (*answer, error) {
	_, b, found := c.backfills.find(c.r.PathValue("id"))
	if !found {
		return nil, problemf(KindNotFound, "this process knows no backfill %q", c.r.PathValue("id"))
	}
	return ok(b)
}

func (c *call) stopBackfill() (*answer, error) {
	r, _, found := c.backfills.find(c.r.PathValue("id"))
	if !found {
		return c.getBackfill()
	}
	r.stop()
	return c.getBackfill()
}
