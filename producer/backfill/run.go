package backfill

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/producer/submit"
)

// Submitter submits checks under their own ids; *submit.Submitter is one.
type Submitter interface {
	SubmitOnce(ctx context.Context, input string, o submit.Options) (*jobs.Check, bool, error)
}

// Stats tells what is in the queues; *queue.Client does.
type Stats interface {
	Stats(ctx context.Context) ([]queue.QueueStats, error)
}

// Runner submits the wanted items of a plan.
type Runner struct {
	Submitter Submitter
	Stats     Stats
	Options   submit.Options
	// Rate is how many windows a second are submitted on average; 0: as many as can be.
	Rate float64
	// MaxOpen is how many windows may be in the queue when a check is added to it; a check of more is added when the queue is empty. 0: any number.
	MaxOpen int
	// Wait waits; nil means a timer. The error is the context's.
	Wait func(ctx context.Context, d time.Duration) error
	// Done is told of each item that was submitted, in order; nil: nobody is.
	Done func(one Planned, check *jobs.Check, created bool)
	Log  *slog.Logger
}

const (
	// lookEvery is the time between two looks at a queue that is full: windows take seconds.
	lookEvery = time.Second
	// submitTries are for what comes from a network: three times with a pause.
	submitTries = 3
	submitPause = 5 * time.Second
)

// Result says what a run did.
type Result struct {
	Submitted int `json:"submitted"`
	Windows   int `json:"windows"`
	Present   int `json:"present"` // others were faster
	Failed    int `json:"failed"`
	Left      int `json:"left"` // not come to
}

// Run submits what is wanted, the oldest first. When ctx ends it returns what was done: each check is either in the store or it is not, and the next run of the same backfill
// submits the rest. An item that fails is counted and left to the next run.
func (r *Runner) Run(ctx context.Context, plan *Plan) (Result, error) {
	var result Result
	result.Left = plan.Total.Checks
	for i := range plan.Items {
		one := &plan.Items[i]
		if one.State != Wanted {
			continue
		}
		if err := r.room(ctx, one.Windows); err != nil {
			return result, err
		}
		check, created, err := r.submit(ctx, one)
		if ctx.Err() != nil && check == nil {
			return result, ctx.Err()
		}
		result.Left--
		switch {
		case check == nil:
			r.log().Error("submit", "input", one.Input, "error", err)
			result.Failed++
			continue
		case !created:
			result.Present++
		default:
			result.Submitted++
			result.Windows += len(check.Windows)
		}
		if err != nil { // it exists, and a producer enqueues the rest
			r.log().Warn("submit", "input", one.Input, "error", err)
		}
		if r.Done != nil {
			r.Done(*one, check, created)
		}
		if created && r.Rate > 0 && result.Left > 0 {
			if err := r.wait(ctx, time.Duration(float64(len(check.Windows))/r.Rate*float64(time.Second))); err != nil {
				return result, err
			}
		}
	}
	return result, nil
}

func (r *Runner) log() *slog.Logger {
	if r.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Log
}

// room waits until the queue has room for so many windows.
func (r *Runner) room(ctx context.Context, windows int) error {
	if r.MaxOpen <= 0 {
		return ctx.Err()
	}
	for {
		open, err := r.open(ctx)
		if err != nil {
			return err
		}
		if open == 0 || open+windows <= r.MaxOpen {
			return ctx.Err()
		}
		if err := r.wait(ctx, lookEvery); err != nil {
			return err
		}
	}
}

// open counts the windows in the queue that nobody has finished.
func (r *Runner) open(ctx context.Context) (int, error) {
	all, err := r.Stats.Stats(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for room in queue %s: %w", r.Options.Queue, err)
	}
	for _, q := range all {
		if q.Queue == r.Options.Queue {
			return q.Pending + q.Active + q.Scheduled + q.Retry, nil
		}
	}
	return 0, nil
}

// submit tries again what may pass.
func (r *Runner) submit(ctx context.Context, one *Planned) (check *jobs.Check, created bool, err error) {
	o := r.Options
	o.ID = one.ID
	for try := 1; ; try++ {
		check, created, err = r.Submitter.SubmitOnce(ctx, one.Input, o)
		if check != nil || err == nil || jobs.ClassOf(err) == jobs.Permanent || try == submitTries {
			return check, created, err
		}
		if err := r.wait(ctx, submitPause); err != nil {
			return nil, false, err
		}
	}
}

func (r *Runner) wait(ctx context.Context, d time.Duration) error {
	if r.Wait != nil {
		return r.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
