package queue

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aircheck/jobs"
)

func TestWindowsAreMeasuredAndTheLastOneCompletesTheCheck(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		ctx, client, check := t.Context(), NewClient(conn), newCheck()
		var judged atomic.Int64
		h := handler{
			measure: func(ctx context.Context, task jobs.Task) error {
				complete, err := client.MarkDone(ctx, task.Check, task.Window.Sequence, task.Window.Index)
				if err == nil && complete {
					err = client.EnqueueJudge(ctx, task.Check, 0)
				}
				return err
			},
			judge: func(_ context.Context, id string) error {
				if id != check {
					t.Errorf("judge %s, want %s", id, check)
				}
				judged.Add(1)
				return nil
			},
		}
		const windows = 12
		if err := client.Expect(ctx, check, windows); err != nil {
			t.Fatal(err)
		}
		for i := range windows {
			if err := client.EnqueueWindow(ctx, taskOf(check, i), Names()[i%3]); err != nil {
				t.Fatal(err)
			}
		}
		c, drain, _ := consume(t, conn, h, ConsumerConfig{Slots: 3})
		eventually(t, 10*time.Second, "judged", func() bool { return judged.Load() > 0 })
		drain()
		if n := c.Counts(); n.Measured != windows || n.Judged != uint64(judged.Load()) || n.Running != 0 {
			t.Errorf("counts %+v", n)
		}
		fanin := must(client.Fanin(ctx, check))(t)
		if len(fanin.Done) != windows || !fanin.Done[jobs.WindowID{Sequence: "s0", Index: 7}] {
			t.Errorf("done: %v", fanin.Done)
		}
	})
}

func TestEnqueueTwiceIsOnce(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		ctx, client, task := t.Context(), NewClient(conn), taskOf(newCheck(), 0)
		for range 3 {
			if err := client.EnqueueWindow(ctx, task, Vod); err != nil {
				t.Fatal(err)
			}
			if err := client.EnqueueJudge(ctx, task.Check, 0); err != nil {
				t.Fatal(err)
			}
		}
		task.Epoch = 1
		if err := client.RequeueWindow(ctx, task, Vod); err != nil {
			t.Fatal(err)
		}
		for _, s := range must(client.Stats(ctx))(t) {
			want := map[string]int{Vod: 2, Judge: 1}[s.Queue]
			if s.Pending != want {
				t.Errorf("queue %s has %d tasks, want %d", s.Queue, s.Pending, want)
			}
		}
		if f := must(client.Fanin(ctx, task.Check))(t); f.Epochs[jobs.WindowID{Sequence: "s0", Index: 0}] != 1 {
			t.Errorf("epochs %v", f.Epochs)
		}
		if err := client.EnqueueWindow(ctx, task, "fast"); jobs.ClassOf(err) != jobs.Permanent {
			t.Errorf("unknown queue: %v", err)
		}
	})
}

func TestClassesBecomeRetries(t *testing.T) {
	t.Parallel()
	quick := Policy{FirstDelay: time.Millisecond, Attempts: map[jobs.Class]int{jobs.Transient: 3, jobs.Crash: 2}}
	tests := []struct {
		name     string
		err      error
		attempts int
		class    jobs.Class // of the outcome
		panics   bool
	}{
		{name: "transient", err: errBoom, attempts: 4, class: jobs.Transient},
		{name: "permanent", err: jobs.Classify(jobs.Permanent, errBoom), attempts: 1, class: jobs.Permanent},
		{name: "undecodable", err: jobs.Classify(jobs.Undecodable, errBoom), attempts: 1, class: jobs.Undecodable},
		{name: "crash", err: jobs.Classify(jobs.Crash, errBoom), attempts: 2, class: jobs.Crash},
		{name: "panic", panics: true, attempts: 2, class: jobs.Crash},
	}
	backends(t, func(t *testing.T, conn *Conn) {
		client := NewClient(conn)
		byCheck := map[string]int{} // check: index in tests
		var mu sync.Mutex
		attempts, outcomes := make([]int, len(tests)), map[string]jobs.Outcome{}
		h := handler{
			measure: func(_ context.Context, task jobs.Task) error {
				mu.Lock()
				i := byCheck[task.Check]
				attempts[i]++
				mu.Unlock()
				if tests[i].panics {
					panic("a detector divides by zero")
				}
				return tests[i].err
			},
			giveUp: func(_ context.Context, o jobs.Outcome) error {
				mu.Lock()
				defer mu.Unlock()
				outcomes[o.Check] = o
				return nil
			},
		}
		for i := range tests {
			task := taskOf(newCheck(), 0)
			byCheck[task.Check] = i
			if err := client.EnqueueWindow(t.Context(), task, Vod); err != nil {
				t.Fatal(err)
			}
		}
		c, drain, _ := consume(t, conn, h, ConsumerConfig{Slots: 2, Policy: quick})
		eventually(t, 20*time.Second, "all given up", func() bool { return c.Counts().GivenUp == uint64(len(tests)) })
		drain()
		for check, i := range byCheck {
			o := outcomes[check]
			if attempts[i] != tests[i].attempts || o.Class != tests[i].class || o.Attempts != attempts[i] || o.Message == "" {
				t.Errorf("%s: %d attempts, outcome %+v", tests[i].name, attempts[i], o)
			}
			ref := WindowRef(Vod, check, jobs.Window{Sequence: "s0"}, 0)
			if s := must(client.States(t.Context(), []Ref{ref}))(t); s[0] != Archived {
				t.Errorf("%s: task is %s", tests[i].name, s[0])
			}
		}
	})
}

// TestLastTry: a window that cannot be had in full is measured once more, and what is there is stored.
func TestLastTry(t *testing.T) {
	t.Parallel()
	conn := open(t, embedded(t))
	var mu sync.Mutex
	var last []bool
	h := handler{
		measure: func(_ context.Context, task jobs.Task) error {
			mu.Lock()
			defer mu.Unlock()
			if last = append(last, task.LastTry); task.LastTry {
				return nil
			}
			return jobs.Classify(jobs.Transient, errBoom)
		},
		giveUp: func(context.Context, jobs.Outcome) error { t.Error("the window was given up"); return nil },
	}
	if err := NewClient(conn).EnqueueWindow(t.Context(), taskOf(newCheck(), 0), Vod); err != nil {
		t.Fatal(err)
	}
	c, drain, _ := consume(t, conn, h, ConsumerConfig{Policy: Policy{FirstDelay: time.Millisecond, Attempts: map[jobs.Class]int{jobs.Transient: 2}}})
	eventually(t, 20*time.Second, "measured", func() bool { return c.Counts().Measured+c.Counts().GivenUp == 1 })
	drain()
	if !slices.Equal(last, []bool{false, false, true}) {
		t.Errorf("tries were the last one: %v, want the third alone", last)
	}
}

func TestOutcomeThatCannotBeStoredIsTriedAgain(t *testing.T) {
	t.Parallel()
	conn := open(t, embedded(t))
	var tries atomic.Int64
	h := handler{
		measure: func(context.Context, jobs.Task) error { return jobs.Classify(jobs.Permanent, errBoom) },
		giveUp: func(context.Context, jobs.Outcome) error {
			if tries.Add(1) < 3 {
				return errors.New("disk full")
			}
			return nil
		},
	}
	if err := NewClient(conn).EnqueueWindow(t.Context(), taskOf(newCheck(), 0), Live); err != nil {
		t.Fatal(err)
	}
	c, _, _ := consume(t, conn, h, ConsumerConfig{Policy: Policy{FirstDelay: time.Millisecond}})
	eventually(t, 20*time.Second, "outcome stored", func() bool { return c.Counts().GivenUp == 1 })
}

func TestDrainFinishesWhatRuns(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		client := NewClient(conn)
		check := newCheck()
		started, finish := make(chan struct{}, 2), make(chan struct{})
		h := handler{measure: func(ctx context.Context, _ jobs.Task) error {
			started <- struct{}{}
			select {
			case <-finish:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		for i := range 2 {
			if err := client.EnqueueWindow(t.Context(), taskOf(check, i), Vod); err != nil {
				t.Fatal(err)
			}
		}
		c, drain, _ := consume(t, conn, h, ConsumerConfig{})
		<-started
		drained := make(chan struct{})
		go func() { drain(); close(drained) }()
		<-c.stopped // else the first window could end, and the second begin, before the drain does
		close(finish)
		<-drained
		if n := c.Counts(); n.Measured+n.Cancelled != 1 || n.Measured != 1 {
			t.Errorf("counts %+v, want one window measured", n)
		}
		refs := []Ref{WindowRef(Vod, check, jobs.Window{Sequence: "s0"}, 0), WindowRef(Vod, check, jobs.Window{Sequence: "s0", Index: 1}, 0)}
		if s := must(client.States(t.Context(), refs))(t); s[0] != Finished || s[1] != Waiting {
			t.Errorf("states %v, want the first finished and the second waiting", s)
		}
	})
}

func TestAbortGivesWindowsBackUncounted(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		client := NewClient(conn)
		task := taskOf(newCheck(), 0)
		started := make(chan struct{}, 1)
		stubborn := handler{measure: func(ctx context.Context, _ jobs.Task) error {
			started <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}}
		if err := client.EnqueueWindow(t.Context(), task, Vod); err != nil {
			t.Fatal(err)
		}
		_, _, abort := consume(t, conn, stubborn, ConsumerConfig{})
		<-started
		abort()
		ref := WindowRef(Vod, task.Check, task.Window, 0)
		if s := must(client.States(t.Context(), []Ref{ref}))(t); s[0] != Waiting {
			t.Fatalf("task is %s, want waiting", s[0])
		}
		// With one attempt allowed, a counted failure would make the next one the last.
		next := handler{measure: func(_ context.Context, task jobs.Task) error {
			if task.LastTry {
				t.Error("being stopped counted as a failure")
			}
			return nil
		}}
		c, _, _ := consume(t, conn, next, ConsumerConfig{Policy: Policy{Attempts: map[jobs.Class]int{jobs.Transient: 1}}})
		eventually(t, 10*time.Second, "measured by another worker", func() bool { return c.Counts().Measured == 1 })
	})
}

func TestForeignPayloadIsRefused(t *testing.T) {
	t.Parallel()
	conn := open(t, embedded(t))
	client := NewClient(conn)
	c, drain, _ := consume(t, conn, handler{}, ConsumerConfig{})
	for _, payload := range []string{`{"v":2,"check":"x"}`, `nonsense`, `{}`} {
		for _, kind := range []string{typeMeasure, typeJudge, "other"} {
			ref := Ref{Queue: Vod, Check: newCheck(), Sequence: "s0"}
			if err := client.enqueue(t.Context(), newTask(kind, payload), ref, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, 10*time.Second, "all archived", func() bool {
		return must(client.Stats(t.Context()))(t)[1].Archived == 9
	})
	drain()
	if n := c.Counts(); n.Measured+n.Judged+n.GivenUp != 0 {
		t.Errorf("counts %+v", n)
	}
}

func TestClassified(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithTimeoutCause(t.Context(), 0, errDeadline)
	defer cancel()
	<-over.Done()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		want jobs.Class
	}{
		{"deadline", over, context.DeadlineExceeded, jobs.Timeout},
		{"deadline seen as a cancellation", over, jobs.Classify(jobs.Cancelled, errBoom), jobs.Timeout},
		{"crash at the deadline stays", over, jobs.Classify(jobs.Crash, errBoom), jobs.Crash},
		{"shutdown", stopped, errBoom, jobs.Cancelled},
		{"permanent at shutdown stays", stopped, jobs.Classify(jobs.Permanent, errBoom), jobs.Permanent},
		{"plain", t.Context(), errBoom, jobs.Transient},
	}
	for _, tt := range tests {
		if got := jobs.ClassOf(classified(tt.ctx, tt.err)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestWindowTimeout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		length jobs.Micros
		want   time.Duration
	}{{0, 2 * time.Minute}, {60e6, 12 * time.Minute}, {1, 2 * time.Minute}, {3600e6, time.Hour}} {
		if got := WindowTimeout(jobs.Window{Start: 5, End: 5 + tt.length}); got != tt.want {
			t.Errorf("%d µs: %s, want %s", tt.length, got, tt.want)
		}
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	p := Policy{}.withDefaults()
	for _, tt := range []struct {
		failures int
		err      error
		min, max time.Duration
	}{
		{0, errBoom, time.Second, 1500 * time.Millisecond},
		{3, errBoom, 8 * time.Second, 12 * time.Second},
		{90, errBoom, time.Minute, 90 * time.Second},
		{5, context.Canceled, 0, 0},
		{5, errLease, 0, 0},
		{5, jobs.Classify(jobs.Crash, errBoom), time.Second, time.Second},
	} {
		if d := p.delay(tt.failures, tt.err, nil); d < tt.min || d > tt.max {
			t.Errorf("after %d failures with %v: %s, want %s to %s", tt.failures, tt.err, d, tt.min, tt.max)
		}
	}
}

// TestJudgeThatFailsLeavesItsReason for the reconciler, which counts how often.
func TestJudgeThatFailsLeavesItsReason(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		ctx, client, check := t.Context(), NewClient(conn), newCheck()
		ref, w := JudgeRef(check, 0), jobs.Window{Sequence: "s0", Index: 3}
		if why := must(client.LastError(ctx, ref))(t); why != "" {
			t.Errorf("error %q of a task that is not there", why)
		}
		if err := client.EnqueueJudge(ctx, check, 0); err != nil {
			t.Fatal(err)
		}
		h := handler{judge: func(context.Context, string) error { return jobs.Classify(jobs.Permanent, errBoom) }}
		_, drain, _ := consume(t, conn, h, ConsumerConfig{})
		eventually(t, 10*time.Second, "archived", func() bool { return must(client.States(ctx, []Ref{ref}))(t)[0] == Archived })
		drain()
		if why := must(client.LastError(ctx, ref))(t); why != errBoom.Error() {
			t.Errorf("last error %q", why)
		}
		for n := 1; n <= 2; n++ {
			if deaths := must(client.CountDeath(ctx, ref))(t); deaths != n {
				t.Errorf("%d deaths, want %d", deaths, n)
			}
		}
		for n := 1; n <= 2; n++ {
			if times := must(client.CountUnreadable(ctx, check, w))(t); times != n {
				t.Errorf("unreadable %d times, want %d", times, n)
			}
		}
		if deaths := must(client.CountDeath(ctx, ref))(t); deaths != 1 {
			t.Errorf("%d deaths after something was done about them, want 1", deaths)
		}
		if deaths := must(client.CountDeath(ctx, WindowRef(Vod, check, w, 0)))(t); deaths != 1 {
			t.Errorf("%d deaths of the window, want 1: a bad result is none", deaths)
		}
	})
}
