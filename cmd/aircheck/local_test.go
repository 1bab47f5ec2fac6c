package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"aircheck/jobs"
)

// fakeMeasurer answers with the window's number, after what each test asks for.
type fakeMeasurer struct {
	slots   int
	measure func(ctx context.Context, w jobs.Window, try int) error

	mu    sync.Mutex
	tries map[int]int
	last  map[int]bool // windows whose last call was to be the last try
}

func (f *fakeMeasurer) Measure(ctx context.Context, task jobs.Task) ([]byte, error) {
	f.mu.Lock()
	if f.tries == nil {
		f.tries, f.last = map[int]int{}, map[int]bool{}
	}
	f.tries[task.Window.Index]++
	f.last[task.Window.Index] = task.LastTry
	try := f.tries[task.Window.Index]
	f.mu.Unlock()
	if f.measure != nil {
		if err := f.measure(ctx, task.Window, try); err != nil {
			return nil, err
		}
	}
	return fmt.Append(nil, task.Window.Index), nil
}

func (f *fakeMeasurer) Slots() int   { return f.slots }
func (f *fakeMeasurer) Close() error { return nil }

// fakeFold notes what it is given.
type fakeFold struct {
	order  []string
	failed []jobs.Outcome
}

func (f *fakeFold) Window(w jobs.Window, object []byte) error {
	f.order = append(f.order, string(object))
	return nil
}

func (f *fakeFold) Failed(w jobs.Window, o jobs.Outcome) error {
	f.order = append(f.order, fmt.Sprintf("-%d", w.Index))
	f.failed = append(f.failed, o)
	return nil
}

func newLocalRun(windows int, m *fakeMeasurer, fold *fakeFold) *localRun {
	check := &jobs.Check{ID: "c"}
	for i := range windows {
		check.Windows = append(check.Windows, jobs.Window{Sequence: "s0", Index: i})
	}
	return &localRun{
		check: check, measurer: m, fold: fold,
		task: func(c *jobs.Check, w jobs.Window) (jobs.Task, error) { return jobs.Task{Check: c.ID, Window: w}, nil },
		done: func(jobs.Window) {},
	}
}

func TestLocalRunFoldsInOrder(t *testing.T) {
	const windows = 50
	release := make(chan struct{})
	m := &fakeMeasurer{slots: 4, measure: func(ctx context.Context, w jobs.Window, _ int) error {
		// The first window is the slowest: it waits until a later one was measured.
		switch w.Index {
		case 0:
			select {
			case <-release:
			case <-ctx.Done():
			}
		case 3:
			close(release)
		}
		return nil
	}}
	fold := &fakeFold{}
	if err := newLocalRun(windows, m, fold).run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range windows {
		want = append(want, fmt.Sprint(i))
	}
	if !slices.Equal(fold.order, want) {
		t.Errorf("folded %v, want all windows in order", fold.order)
	}
}

func TestLocalRunTries(t *testing.T) {
	tests := []struct {
		name   string
		class  jobs.Class
		fails  int // tries that fail
		tries  int // wanted
		failed bool
	}{
		{"a crash is tried again", jobs.Crash, 1, 2, false},
		{"two crashes are an outcome", jobs.Crash, 9, 2, true},
		{"a timeout is tried again", jobs.Timeout, 1, 2, false},
		{"a permanent error is not", jobs.Permanent, 9, 1, true},
		{"a transient one is, for what can be had", jobs.Transient, 1, 2, false},
		{"and no more: the origin has tried already", jobs.Transient, 9, 2, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &fakeMeasurer{slots: 2, measure: func(_ context.Context, w jobs.Window, try int) error {
				if w.Index == 1 && try <= tt.fails {
					return jobs.Classify(tt.class, errors.New("boom"))
				}
				return nil
			}}
			fold := &fakeFold{}
			if err := newLocalRun(3, m, fold).run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if m.tries[1] != tt.tries {
				t.Errorf("%d tries, want %d", m.tries[1], tt.tries)
			}
			if m.last[0] || m.last[1] != (tt.tries == localTries) {
				t.Errorf("last tries: %v, want that of window 1 if there are %d", m.last, localTries)
			}
			if failed := len(fold.failed) == 1; failed != tt.failed {
				t.Fatalf("outcomes %v, want one: %t", fold.failed, tt.failed)
			}
			if tt.failed && (fold.failed[0].Class != tt.class || fold.failed[0].Attempts != tt.tries || fold.failed[0].Window != 1) {
				t.Errorf("outcome %+v", fold.failed[0])
			}
		})
	}
}

func TestLocalRunFailsWhenNothingCouldBeRead(t *testing.T) {
	denied := errors.New("denied")
	m := &fakeMeasurer{slots: 2, measure: func(context.Context, jobs.Window, int) error { return jobs.Classify(jobs.Permanent, denied) }}
	if err := newLocalRun(3, m, &fakeFold{}).run(t.Context()); !errors.Is(err, denied) {
		t.Errorf("got %v, want the cause", err)
	}
	m = &fakeMeasurer{slots: 2, measure: func(context.Context, jobs.Window, int) error { return jobs.Classify(jobs.Crash, denied) }}
	if err := newLocalRun(3, m, &fakeFold{}).run(t.Context()); err != nil {
		t.Errorf("a stream that crashes every decoder is a report, not an error: %v", err)
	}
}

func TestLocalRunStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := &fakeMeasurer{slots: 2, measure: func(ctx context.Context, w jobs.Window, _ int) error {
		if w.Index == 2 {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}}
	if err := newLocalRun(100, m, &fakeFold{}).run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestLocalRunPassesOnJudgeErrors(t *testing.T) {
	broken := errors.New("disk full")
	l := newLocalRun(20, &fakeMeasurer{slots: 2}, &fakeFold{})
	l.keep = func(jobs.Window, []byte) error { return broken }
	if err := l.run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of keep", err)
	}
}
