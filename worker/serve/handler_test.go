package serve

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage"
	"aircheck/storage/mem"
	"aircheck/worker/fold"
)

// fakeQueue counts like the real one.
type fakeQueue struct {
	mu    sync.Mutex
	total int
	done  map[jobs.WindowID]bool

	unreadable map[jobs.WindowID]int

	judges   []string
	observed []string
	forgot   []string
	told     []jobs.Event
	verdicts map[string]jobs.Verdict
	spent    map[string]time.Duration
	err      error
}

func (q *fakeQueue) TellVerdict(_ context.Context, id string, v jobs.Verdict) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.verdicts == nil {
		q.verdicts = map[string]jobs.Verdict{}
	}
	q.verdicts[id] = v
	return q.err
}

func (q *fakeQueue) CountCPU(_ context.Context, check string, spent time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.spent == nil {
		q.spent = map[string]time.Duration{}
	}
	q.spent[check] += spent
	return q.err
}

func (q *fakeQueue) MarkDone(_ context.Context, _, sequence string, window int) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return false, q.err
	}
	if q.done == nil {
		q.done = map[jobs.WindowID]bool{}
	}
	q.done[jobs.WindowID{Sequence: sequence, Index: window}] = true
	return q.total > 0 && len(q.done) >= q.total, nil
}

func (q *fakeQueue) EnqueueJudge(_ context.Context, check string, _ int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.judges = append(q.judges, check)
	return nil
}

func (q *fakeQueue) Publish(_ context.Context, events []jobs.Event) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.told = append(q.told, events...)
	return q.err
}

func (q *fakeQueue) EnqueueObserve(_ context.Context, check string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.observed = append(q.observed, check)
	return q.err
}

func (q *fakeQueue) CountUnreadable(_ context.Context, _ string, w jobs.Window) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.unreadable == nil {
		q.unreadable = map[jobs.WindowID]int{}
	}
	q.unreadable[w.ID()]++
	return q.unreadable[w.ID()], q.err
}

func (q *fakeQueue) Unmark(_ context.Context, _ string, windows []jobs.Window) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range windows {
		delete(q.done, w.ID())
	}
	return q.err
}

func (q *fakeQueue) Forget(_ context.Context, check string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forgot = append(q.forgot, check)
	return nil
}

// fakeMeasurer answers with the window's name.
type fakeMeasurer struct {
	mu    sync.Mutex
	calls []int
	err   error
}

func (m *fakeMeasurer) Measure(_ context.Context, task jobs.Task) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, task.Window.Index)
	return []byte(task.Window.Sequence), m.err
}
func (m *fakeMeasurer) Slots() int   { return 1 }
func (m *fakeMeasurer) Close() error { return nil }

type bench struct {
	*Handler
	check    *jobs.Check
	queue    *fakeQueue
	measurer *fakeMeasurer
	judged   int
}

// newBench makes a handler and an open check of so many windows.
func newBench(t *testing.T, windows int) *bench {
	t.Helper()
	check := &jobs.Check{ID: jobs.NewID(time.Now(), nil), Input: "a.mp4", Queue: "vod", Profile: jobs.Profile{Name: "default"}}
	check.Profile.Seal()
	check.Timeline = jobs.Timeline{Kind: jobs.SourceFile, Sequences: []jobs.Sequence{{
		ID: "s0", Mode: jobs.ModeObject, Duration: jobs.Micros(windows) * 1e6, Object: &jobs.Object{URI: "/a.mp4", Size: 1},
	}}}
	for i := range windows {
		check.Windows = append(check.Windows, jobs.Window{
			Sequence: "s0", Index: i, Start: jobs.Micros(i) * 1e6, End: jobs.Micros(i+1) * 1e6, Head: i == 0, Foot: i == windows-1,
		})
	}
	b := &bench{check: check, queue: &fakeQueue{total: windows}, measurer: &fakeMeasurer{}}
	b.Handler = &Handler{
		Archive: archive.New(mem.New(nil)), Queue: b.queue, Measurer: b.measurer,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		JudgeBy: func(_ context.Context, c *jobs.Check) ([]byte, error) {
			b.judged++
			if c.ID != check.ID || len(c.Windows) != windows {
				t.Errorf("judge got another check: %+v", c)
			}
			return []byte{'r', byte('0' + b.judged)}, nil
		},
	}
	if err := b.Archive.Create(t.Context(), check); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) task(i int) jobs.Task {
	return jobs.Task{Check: b.check.ID, Window: b.check.Windows[i], Object: b.check.Timeline.Sequences[0].Object}
}

func TestMeasureStoresThenCounts(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	for _, i := range []int{1, 0, 1, 1} { // in any order, and again and again
		if err := b.Measure(t.Context(), b.task(i)); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(b.measurer.calls, []int{1, 0}) {
		t.Errorf("measured windows %v, want each once", b.measurer.calls)
	}
	results, err := b.Archive.Results(t.Context(), b.check.ID)
	if err != nil || len(results) != 2 || results[jobs.WindowID{Sequence: "s0"}] != archive.Measured {
		t.Errorf("results %v, %v", results, err)
	}
	if len(b.queue.judges) == 0 || b.queue.judges[0] != b.check.ID {
		t.Errorf("judges enqueued: %v", b.queue.judges)
	}
}

func TestMeasureFailsWithoutATrace(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	b.measurer.err = jobs.Classify(jobs.Crash, errors.New("boom"))
	if err := b.Measure(t.Context(), b.task(0)); jobs.ClassOf(err) != jobs.Crash {
		t.Errorf("error %v lost its class", err)
	}
	if results, err := b.Archive.Results(t.Context(), b.check.ID); len(results) != 0 || err != nil || len(b.queue.done) != 0 {
		t.Errorf("results %v, done %v, %v", results, b.queue.done, err)
	}
}

func TestQueueTroubleDoesNotSpendTheWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	b.queue.err = errors.New("redis is gone")
	if err := b.Measure(t.Context(), b.task(0)); err != nil {
		t.Errorf("a stored window failed: %v", err)
	}
}

func TestGiveUpEndsTheWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	outcome := func(i int) jobs.Outcome {
		return jobs.Outcome{Check: b.check.ID, Sequence: "s0", Window: i, Class: jobs.Timeout, Message: "too slow", Attempts: 2}
	}
	if err := b.Measure(t.Context(), b.task(0)); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := b.GiveUp(t.Context(), outcome(i)); err != nil {
			t.Fatal(err)
		}
	}
	results, err := b.Archive.Results(t.Context(), b.check.ID)
	if err != nil || results[b.check.Windows[0].ID()] != archive.Measured || results[b.check.Windows[1].ID()] != archive.Failed {
		t.Errorf("results %v, %v: want the measurement to stand and the outcome beside it", results, err)
	}
	if len(b.queue.judges) == 0 {
		t.Error("the outcome of the last window did not complete the check")
	}
	// A late delivery of the window that was given up must not measure it.
	if err := b.Measure(t.Context(), b.task(1)); err != nil || !slices.Equal(b.measurer.calls, []int{0}) {
		t.Errorf("measured %v, %v", b.measurer.calls, err)
	}
	_, got, err := b.Archive.Window(t.Context(), b.check.ID, b.check.Windows[1].ID(), archive.Failed)
	if err != nil || got == nil || got.Class != jobs.Timeout || got.Message != "too slow" {
		t.Errorf("outcome %+v, %v", got, err)
	}
}

func TestJudgeWritesOneReportAndCloses(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	if open, err := b.Archive.Open(t.Context()); err != nil || len(open) != 1 || open[0].ID != b.check.ID {
		t.Fatalf("open %v, %v", open, err)
	}
	for range 2 {
		if err := b.Judge(t.Context(), b.check.ID); err != nil {
			t.Fatal(err)
		}
	}
	doc, err := b.Archive.Report(t.Context(), b.check.ID)
	if err != nil || string(doc) != "r1" || b.judged != 1 {
		t.Errorf("report %q, judged %d times, %v", doc, b.judged, err)
	}
	if open, err := b.Archive.Open(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("still open: %v, %v", open, err)
	}
	if !slices.Contains(b.queue.forgot, b.check.ID) {
		t.Error("counters were not dropped")
	}
}

func TestFirstOfTwoJudgesWins(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	inner := b.JudgeBy
	b.JudgeBy = func(ctx context.Context, c *jobs.Check) ([]byte, error) {
		if b.judged == 0 { // another worker gets there while this one is judging
			if err := b.Archive.PutReport(ctx, c.ID, []byte("other")); err != nil {
				t.Error(err)
			}
		}
		return inner(ctx, c)
	}
	if err := b.Judge(t.Context(), b.check.ID); err != nil {
		t.Fatal(err)
	}
	if doc, err := b.Archive.Report(t.Context(), b.check.ID); err != nil || string(doc) != "other" {
		t.Errorf("report %q, %v", doc, err)
	}
}

// TestUnreadableResultIsMeasuredAgain: a result that cannot be read is as good as none, a bounded number of times.
func TestUnreadableResultIsMeasuredAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, 3)
	for i := range 3 {
		if err := b.Measure(t.Context(), b.task(i)); err != nil {
			t.Fatal(err)
		}
	}
	broken := b.check.Windows[1].ID()
	b.JudgeBy = func(ctx context.Context, c *jobs.Check) ([]byte, error) {
		if r, err := b.Archive.Result(ctx, c.ID, broken); r == archive.Failed || err != nil {
			return []byte("report"), err
		}
		err := &fold.Unreadable{Results: map[jobs.WindowID]archive.Result{broken: archive.Measured}, Err: errors.New("no Parquet")}
		return nil, jobs.Classify(jobs.Permanent, err)
	}
	for n := 1; n < maxUnreadable; n++ {
		if err := b.Judge(t.Context(), b.check.ID); jobs.ClassOf(err) != jobs.Permanent {
			t.Fatalf("judge: %v, want a permanent error", err)
		}
		if r, err := b.Archive.Result(t.Context(), b.check.ID, broken); r != archive.None || err != nil || b.queue.done[broken] || len(b.queue.done) != 2 {
			t.Fatalf("round %d: result %v, done %v, %v: want the window alone to be undone", n, r, b.queue.done, err)
		}
		if err := b.Measure(t.Context(), b.task(1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Judge(t.Context(), b.check.ID); jobs.ClassOf(err) != jobs.Transient || !b.queue.done[broken] {
		t.Fatalf("judge: %v, done %v: want another try with the outcome", err, b.queue.done)
	}
	_, o, err := b.Archive.Window(t.Context(), b.check.ID, broken, archive.Failed)
	if err != nil || o.Class != jobs.Permanent || o.Attempts != maxUnreadable {
		t.Fatalf("outcome %+v, %v", o, err)
	}
	if err := b.Judge(t.Context(), b.check.ID); err != nil {
		t.Error(err)
	}
}

func TestJudgeErrors(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	unknown := jobs.NewID(time.Now(), nil)
	if err := b.Judge(t.Context(), unknown); jobs.ClassOf(err) != jobs.Permanent || !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("check without a manifest: %v", err)
	}
	b.JudgeBy = func(context.Context, *jobs.Check) ([]byte, error) { return nil, errors.New("boom") }
	if err := b.Judge(t.Context(), b.check.ID); err == nil {
		t.Error("judge's error was lost")
	}
	if open, err := b.Archive.Open(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("an unjudged check was closed: %v, %v", open, err)
	}
}
