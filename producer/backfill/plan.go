package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/producer/estimate"
	"aircheck/producer/submit"
	"aircheck/storage"
)

// State says what becomes of an item.
type State string

// The states of an item in a plan.
const (
	Wanted     State = "wanted"     // it will be submitted
	Present    State = "present"    // a backfill has submitted it before
	Checked    State = "checked"    // its live check has a report under the same profile; with OnlyMissing
	Unreadable State = "unreadable" // its playlist or index cannot be read
)

// Planned is an item with what its check takes.
type Planned struct {
	ID    string    `json:"id"` // of the check
	Input string    `json:"input"`
	Begin time.Time `json:"begin"`
	State State     `json:"state"`
	// Windows, Bytes, Media and CPU are those of wanted items; see estimate.Estimate.
	Windows int          `json:"windows,omitempty"`
	Bytes   int64        `json:"bytes,omitempty"`
	Exact   bool         `json:"bytes_exact,omitempty"`
	Media   jobs.Seconds `json:"media_seconds,omitempty"`
	CPU     jobs.Seconds `json:"cpu_seconds,omitempty"`
	Error   string       `json:"error,omitempty"` // of an unreadable one
}

// Plan is what a backfill would do.
type Plan struct {
	Items []Planned `json:"items"`
	Total Total     `json:"total"`
}

// Total sums up the wanted items, and counts the others.
type Total struct {
	Checks     int          `json:"checks"`
	Windows    int          `json:"windows"`
	Bytes      int64        `json:"bytes"`
	Exact      bool         `json:"bytes_exact"`
	Media      jobs.Seconds `json:"media_seconds"`
	CPU        jobs.Seconds `json:"cpu_seconds"`
	Present    int          `json:"present"`
	Checked    int          `json:"checked"`
	Unreadable int          `json:"unreadable"`
}

// Planner makes plans.
type Planner struct {
	Archive *archive.Archive
	// Submitter prepares checks, and nothing else.
	Submitter *submit.Submitter
	Options   submit.Options
	Rates     estimate.Rates
	// OnlyMissing leaves out what has a report from when it was live.
	OnlyMissing bool
	// Progress is called with the number of items that were looked at, from one goroutine at a time; nil: nobody wants to know.
	Progress func(done, all int)
}

// prepares is how many playlists are read at the same time.
const prepares = 8

// ID is the id of the check of an item: one of the same input, profile and depth is the same check.
func ID(i Item, o submit.Options) string {
	return jobs.DeriveID(i.Begin, "backfill", i.Input, i.Begin.UTC().Format(time.RFC3339), o.Profile.Digest, o.Depth)
}

// Plan looks at every item and writes nothing.
func (p *Planner) Plan(ctx context.Context, items []Item) (*Plan, error) {
	plan := &Plan{Items: make([]Planned, len(items))}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(prepares)
	ready := make(chan struct{}, len(items))
	for i, item := range items {
		group.Go(func() (err error) {
			plan.Items[i], err = p.look(inner, item)
			ready <- struct{}{}
			return err
		})
		p.tell(len(ready), len(items))
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	p.tell(len(items), len(items))
	plan.sum()
	return plan, nil
}

func (p *Planner) tell(done, all int) {
	if p.Progress != nil {
		p.Progress(done, all)
	}
}

// look tells what becomes of one item. What cannot be read is no reason to leave the others; what cannot be reached is.
func (p *Planner) look(ctx context.Context, item Item) (Planned, error) {
	one := Planned{ID: ID(item, p.Options), Input: item.Input, Begin: item.Begin.UTC(), State: Wanted}
	there, err := p.exists(ctx, one.ID)
	if err != nil {
		return one, err
	}
	if there {
		one.State = Present
		return one, nil
	}
	if p.OnlyMissing && item.Live != "" {
		checked, err := p.checkedLive(ctx, item.Live)
		if err != nil {
			return one, err
		}
		if checked {
			one.State = Checked
			return one, nil
		}
	}
	check, err := p.Submitter.Prepare(ctx, item.Input, p.Options)
	switch {
	case err != nil && ctx.Err() == nil && jobs.ClassOf(err) == jobs.Permanent:
		one.State, one.Error = Unreadable, err.Error()
		return one, nil
	case err != nil:
		return one, fmt.Errorf("read %s: %w", storage.Redact(item.Input), err)
	}
	e := estimate.Of(check, p.Rates)
	one.Windows, one.Bytes, one.Exact, one.Media, one.CPU = e.Windows, e.Bytes, e.Exact, e.Media, e.CPU
	return one, nil
}

func (p *Planner) exists(ctx context.Context, id string) (bool, error) {
	key, err := storage.CheckManifest(id)
	if err != nil {
		return false, err
	}
	_, err = p.Archive.Store().Stat(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// checkedLive tells whether the check of an hour that was followed has a report that says what this backfill would say.
func (p *Planner) checkedLive(ctx context.Context, id string) (bool, error) {
	done, err := p.Archive.HasReport(ctx, id)
	if err != nil || !done {
		return false, err
	}
	check, err := p.Archive.Check(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return check.Profile.Digest == p.Options.Profile.Digest && check.Depth == p.Options.Depth, nil
}

func (p *Plan) sum() {
	p.Total = Total{Exact: true}
	t := &p.Total
	for i := range p.Items {
		one := &p.Items[i]
		switch one.State {
		case Present:
			t.Present++
		case Checked:
			t.Checked++
		case Unreadable:
			t.Unreadable++
		default:
			t.Checks++
			t.Windows += one.Windows
			t.Bytes += one.Bytes
			t.Exact = t.Exact && one.Exact
			t.Media += one.Media
			t.CPU += one.CPU
		}
	}
}
