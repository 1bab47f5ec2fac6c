package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/worker"
)

// localTries is how often a local check tries a window: once more than once, because a second decoder child may not share the bad luck of one that
// crashed or hung, and because the last try records what cannot be fetched instead of losing the window; and no more, because a hostile stream would
// make each try cost its whole deadline.
const localTries = 2

// lookAhead is how many windows a slot may be ahead of the judge. It bounds the measurements that wait in memory for a slow window before them.
const lookAhead = 4

// folder is what a local check needs of the judge: windows come in the order of the manifest.
type folder interface {
	// Window folds a measurement, a Parquet object.
	Window(w jobs.Window, object []byte) error
	// Failed says that there is no measurement of the window and why.
	Failed(w jobs.Window, o jobs.Outcome) error
}

// measured is what became of one window: an object or an outcome.
type measured struct {
	window  jobs.Window
	object  []byte
	outcome *jobs.Outcome
	err     error // the cause of the outcome
}

// localRun measures the windows of a check concurrently and folds them in order.
type localRun struct {
	check    *jobs.Check
	measurer worker.Measurer
	task     func(*jobs.Check, jobs.Window) (jobs.Task, error)
	fold     folder
	// keep is called with every measurement before it is folded; nil keeps none.
	keep func(w jobs.Window, object []byte) error
	// done is called after every window.
	done func(w jobs.Window)

	good    int
	failure error // of the first window that could not be measured
}

// run returns when all windows are folded, or with the first error that is not the fault of one window. If not a single window could be measured
// and the reason was aircheck's own or its network's, that reason is the error: such a report would say nothing about the stream.
func (l *localRun) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan measured, lookAhead*l.measurer.Slots())
	group.Go(func() error { return l.dispatch(ctx, group, queue) })
	group.Go(func() error { return l.collect(ctx, queue) })
	if err := group.Wait(); err != nil {
		return err
	}
	if l.good == 0 && l.failure != nil {
		return l.failure
	}
	return nil
}

// dispatch starts the windows in order; a full queue holds it back.
func (l *localRun) dispatch(ctx context.Context, group *errgroup.Group, queue chan<- chan measured) error {
	defer close(queue)
	for _, w := range l.check.Windows {
		answer := make(chan measured, 1)
		select {
		case queue <- answer:
		case <-ctx.Done():
			return ctx.Err()
		}
		group.Go(func() error {
			m, err := l.measure(ctx, w)
			if err == nil {
				answer <- m
			}
			return err
		})
	}
	return nil
}

// collect folds the answers in the order in which they were asked for.
func (l *localRun) collect(ctx context.Context, queue <-chan chan measured) error {
	for answer := range queue {
		select {
		case m := <-answer:
			if err := l.take(m); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

func (l *localRun) take(m measured) error {
	if m.outcome != nil {
		if c := m.outcome.Class; l.failure == nil && (c == jobs.Transient || c == jobs.Permanent) {
			l.failure = m.err
		}
		if err := l.fold.Failed(m.window, *m.outcome); err != nil {
			return fmt.Errorf("judge window %d of %s: %w", m.window.Index, m.window.Sequence, err)
		}
		l.done(m.window)
		return nil
	}
	l.good++
	if l.keep != nil {
		if err := l.keep(m.window, m.object); err != nil {
			return err
		}
	}
	if err := l.fold.Window(m.window, m.object); err != nil {
		return fmt.Errorf("judge window %d of %s: %w", m.window.Index, m.window.Sequence, err)
	}
	l.done(m.window)
	return nil
}

// measure tries a window until there is a measurement or nothing to hope for. Its own error is a cancellation or a broken manifest.
func (l *localRun) measure(ctx context.Context, w jobs.Window) (measured, error) {
	task, err := l.task(l.check, w)
	if err != nil {
		return measured{}, fmt.Errorf("make task for window %d of %s: %w", w.Index, w.Sequence, err)
	}
	for try := 1; ; try++ {
		task.LastTry = try == localTries
		object, err := l.measurer.Measure(ctx, task)
		if err == nil {
			return measured{window: w, object: object}, nil
		}
		if ctx.Err() != nil {
			return measured{}, ctx.Err()
		}
		class := jobs.ClassOf(err)
		if again := class == jobs.Crash || class == jobs.Timeout || class == jobs.Transient; !again || try == localTries {
			return measured{window: w, outcome: outcomeOf(l.check.ID, w, err, try), err: err}, nil
		}
	}
}

func outcomeOf(check string, w jobs.Window, err error, tries int) *jobs.Outcome {
	return &jobs.Outcome{
		V: jobs.Version, Check: check, Sequence: w.Sequence, Window: w.Index,
		Class: jobs.ClassOf(err), Message: err.Error(), Attempts: tries,
	}
}
