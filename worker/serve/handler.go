// Package serve is a worker's half of the queue: it measures windows, stores what came out, and judges checks that are complete.
//
// Nothing here relies on being called once. A task may be delivered twice or run on two workers at a time; keys are fixed and the first
// object under one stays, so the results are there exactly once.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/worker"
	"aircheck/worker/fold"
)

// Queue is what a handler needs of the queue.
type Queue interface {
	// MarkDone notes that a window is done and tells whether its check is complete.
	MarkDone(ctx context.Context, check, sequence string, window int) (complete bool, err error)
	EnqueueJudge(ctx context.Context, check string, epoch int) error
	// EnqueueObserve asks for a growing check to be judged as far as it goes.
	EnqueueObserve(ctx context.Context, check string) error
	// Publish tells events.
	Publish(ctx context.Context, events []jobs.Event) error
	// CountUnreadable notes that a window's stored result could not be read, and returns how often that happened.
	CountUnreadable(ctx context.Context, check string, w jobs.Window) (int, error)
	// Unmark takes back MarkDone.
	Unmark(ctx context.Context, check string, windows []jobs.Window) error
	// TellVerdict notes in the list of recent checks that one is finished.
	TellVerdict(ctx context.Context, id string, v jobs.Verdict) error
	// CountCPU adds to the processor time of a live check.
	CountCPU(ctx context.Context, check string, spent time.Duration) error
	// Forget drops the counters of a finished check.
	Forget(ctx context.Context, check string) error
}

// Judge makes the report of a check whose windows all have a result.
type Judge func(ctx context.Context, check *jobs.Check) (report []byte, err error)

// Handler does the work of a worker. All fields but Observer, Illustrator, Log and Now are required.
type Handler struct {
	Archive  *archive.Archive
	Queue    Queue
	Measurer worker.Measurer
	JudgeBy  Judge
	// Observer judges live checks while they grow; nil: this worker leaves that to others.
	Observer *Observer
	// Illustrator makes pictures of findings; nil: nobody does.
	Illustrator *Illustrator
	Log         *slog.Logger     // nil: slog.Default()
	Now         func() time.Time // nil: time.Now
}

// Measure measures a window, stores the measurement, and only then reports it as done: a worker that dies in between has at worst done it in vain.
func (h *Handler) Measure(ctx context.Context, task jobs.Task) error {
	id := task.Window.ID()
	result, err := h.Archive.Result(ctx, task.Check, id)
	if err != nil {
		return err
	}
	if result != archive.None {
		return h.done(ctx, task.Check, id)
	}
	metered, count := h.metered(ctx, task.Check)
	object, err := h.Measurer.Measure(metered, task)
	count()
	if err != nil {
		return fmt.Errorf("measure window %d of %s: %w", id.Index, id.Sequence, err)
	}
	if err := h.Archive.PutMeasurement(ctx, task.Check, id, object); err != nil {
		return err
	}
	return h.done(ctx, task.Check, id)
}

// GiveUp stores why a window has no measurement, so that its check can end.
func (h *Handler) GiveUp(ctx context.Context, o jobs.Outcome) error {
	if err := h.Archive.PutOutcome(ctx, o); err != nil {
		return err
	}
	return h.done(ctx, o.Check, jobs.WindowID{Sequence: o.Sequence, Index: o.Window})
}

// done counts the window in; the last one asks for the judge. The window's result is safe by now, so trouble with the queue is no reason
// to measure it again: the reconciler finds the result and counts.
func (h *Handler) done(ctx context.Context, check string, id jobs.WindowID) error {
	complete, err := h.Queue.MarkDone(ctx, check, id.Sequence, id.Index)
	if err == nil && complete {
		err = h.Queue.EnqueueJudge(ctx, check, 0)
	}
	if err != nil {
		h.log().Warn("leave counting to the reconciler", "check", check, "sequence", id.Sequence, "window", id.Index, "error", err)
	}
	h.news(ctx, check)
	return nil
}

// news asks for a live check to be judged as far as it goes. Trouble is no reason to do anything again: the next window asks too.
func (h *Handler) news(ctx context.Context, check string) {
	if _, _, live := jobs.ParseLiveID(check); !live {
		return
	}
	if err := h.Queue.EnqueueObserve(ctx, check); err != nil && ctx.Err() == nil {
		h.log().Warn("leave observing to the next window", "check", check, "error", err)
	}
}

// Observe judges a live check as far as it goes.
func (h *Handler) Observe(ctx context.Context, check string) error {
	if h.Observer == nil {
		return nil
	}
	return h.Observer.Observe(ctx, check)
}

// Judge writes the report of a check, and closes the check.
func (h *Handler) Judge(ctx context.Context, id string) error {
	finished, err := h.Archive.HasReport(ctx, id)
	if err != nil {
		return err
	}
	if !finished {
		if err := h.report(ctx, id); err != nil {
			return err
		}
	}
	h.news(ctx, id)
	h.finished(ctx, id)
	h.illustrate(ctx, id)
	if err := h.Archive.Close(ctx, id); err != nil {
		return err
	}
	if err := h.Queue.Forget(ctx, id); err != nil {
		h.log().Warn("leave counters to their time to live", "check", id, "error", err)
	}
	return nil
}

func (h *Handler) report(ctx context.Context, id string) error {
	check, err := h.Archive.Check(ctx, id)
	if err != nil {
		return err
	}
	doc, err := h.JudgeBy(ctx, check)
	var lost *fold.Unreadable
	if errors.As(err, &lost) {
		err = h.redo(ctx, check, lost)
	}
	if err != nil {
		return fmt.Errorf("judge check %s: %w", id, err)
	}
	return h.Archive.PutReport(ctx, id, doc)
}

// maxUnreadable is how often a window is measured anew because its result cannot be read. With the reconciler's growing patience that is a minute and
// a half and more: time for a fleet that is being updated to agree on a release.
const maxUnreadable = 5

// redo takes results that nobody can read for lost. Most windows have none afterwards, and the reconciler has them measured again; those for
// which that was tried in vain get an outcome. It returns the error in which this attempt at a verdict ends.
func (h *Handler) redo(ctx context.Context, check *jobs.Check, lost *fold.Unreadable) error {
	var again []jobs.Window
	for _, w := range check.Windows {
		r, ok := lost.Results[w.ID()]
		if !ok {
			continue
		}
		times, err := h.Queue.CountUnreadable(ctx, check.ID, w)
		if err != nil {
			return err
		}
		if err := h.Archive.Discard(ctx, check.ID, w.ID(), r); err != nil {
			return err
		}
		if times < maxUnreadable {
			again = append(again, w)
			continue
		}
		if err := h.Archive.PutOutcome(ctx, jobs.Outcome{
			V: jobs.Version, Check: check.ID, Sequence: w.Sequence, Window: w.Index, Class: jobs.Permanent, Attempts: times,
			Message: fmt.Sprintf("%d results of this window could not be read: %v", times, lost.Err),
		}); err != nil {
			return err
		}
	}
	if len(again) == 0 {
		return jobs.Classify(jobs.Transient, lost) // all have an outcome now: the next attempt folds it
	}
	if err := h.Queue.Unmark(ctx, check.ID, again); err != nil {
		return err
	}
	return jobs.Classify(jobs.Permanent, fmt.Errorf("%d windows have to be measured again: %w", len(again), lost))
}

func (h *Handler) log() *slog.Logger {
	if h.Log == nil {
		return slog.Default()
	}
	return h.Log
}
