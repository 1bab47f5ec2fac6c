package reconcile

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/storage/mem"
)

// bench is one open check of three windows, submitted at epoch 0, and a clock.
type bench struct {
	t       *testing.T
	queue   *fakeQueue
	archive *archive.Archive
	check   *jobs.Check
	now     time.Time
	rec     *Reconciler
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, queue: newFakeQueue(), now: time.Unix(1_800_000_000, 0)}
	b.archive = archive.New(mem.New(func() time.Time { return b.now }))
	b.check = checkOf(b.now, 3)
	if err := b.archive.Create(t.Context(), b.check); err != nil {
		t.Fatal(err)
	}
	b.queue.total = 3
	for i := range 3 {
		b.queue.tasks[b.ref(i, 0)] = queue.Waiting
	}
	b.rec = b.reconciler()
	return b
}

func checkOf(now time.Time, windows int) *jobs.Check {
	check := &jobs.Check{ID: jobs.NewID(now, nil), Input: "a.mp4", Queue: "vod", Profile: jobs.Profile{Name: "default"}}
	check.Profile.Seal()
	check.Timeline = jobs.Timeline{Kind: jobs.SourceFile, Sequences: []jobs.Sequence{{
		ID: "s0", Mode: jobs.ModeObject, Duration: jobs.Micros(windows) * 1e6, Object: &jobs.Object{URI: "/a.mp4", Size: 1},
	}}}
	for i := range windows {
		check.Windows = append(check.Windows, jobs.Window{
			Sequence: "s0", Index: i, Start: jobs.Micros(i) * 1e6, End: jobs.Micros(i+1) * 1e6, Head: i == 0, Foot: i == windows-1,
		})
	}
	return check
}

func taskOf(check *jobs.Check, w jobs.Window) (jobs.Task, error) {
	return jobs.Task{Check: check.ID, Window: w, Object: check.Timeline.Sequences[0].Object}, nil
}

func (b *bench) reconciler() *Reconciler {
	b.t.Helper()
	r, err := New(Config{
		Archive: b.archive, Queue: b.queue, Task: taskOf, Now: func() time.Time { return b.now }, Grace: 3 * time.Second, Deaths: 3,
		Log: slog.New(slog.NewTextHandler(b.t.Output(), nil)),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *bench) ref(window, epoch int) queue.Ref {
	return queue.WindowRef("vod", b.check.ID, b.check.Windows[window], epoch)
}

// tick looks once a second for n seconds.
func (b *bench) tick(n int) {
	b.t.Helper()
	for range n {
		b.now = b.now.Add(time.Second)
		if err := b.rec.Tick(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
}

// measured stores a window's measurement, as a worker does that is killed before it can say so.
func (b *bench) measured(window int) {
	b.t.Helper()
	if err := b.archive.PutMeasurement(b.t.Context(), b.check.ID, b.check.Windows[window].ID(), []byte("m")); err != nil {
		b.t.Fatal(err)
	}
}

// finish does what a worker does with a task.
func (b *bench) finish(window, epoch int) {
	b.t.Helper()
	b.measured(window)
	b.queue.tasks[b.ref(window, epoch)] = queue.Finished
	b.queue.done[b.check.Windows[window].ID()] = true
}

func (b *bench) want(window, epoch int, s queue.State) {
	b.t.Helper()
	got, ok := b.queue.tasks[b.ref(window, epoch)]
	if !ok {
		got = queue.Absent
	}
	if got != s {
		b.t.Errorf("window %d in epoch %d is %s, want %s", window, epoch, got, s)
	}
}

func TestHealthyCheckIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue.tasks[b.ref(0, 0)] = queue.Running
	b.tick(600)
	if b.queue.moves != 0 {
		t.Errorf("%d tasks were enqueued", b.queue.moves)
	}
}

func TestFlushedQueueIsFilledAgainFromTheStore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.finish(0, 0)
	b.tick(2)
	b.queue.flush()
	b.tick(2)
	if b.queue.moves != 0 {
		t.Error("windows were enqueued before the grace was over")
	}
	b.tick(3)
	b.want(0, 1, queue.Absent)
	b.want(1, 1, queue.Waiting)
	b.want(2, 1, queue.Waiting)
	if !b.queue.done[b.check.Windows[0].ID()] || b.queue.total != 3 {
		t.Errorf("done %v of %d: the stored window was not counted again", b.queue.done, b.queue.total)
	}
}

func TestWindowOfADeadWorkerMoves(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue.tasks[b.ref(1, 0)] = queue.Orphaned
	b.tick(5)
	b.want(1, 0, queue.Absent)
	b.want(1, 1, queue.Waiting)
	b.want(0, 0, queue.Waiting)
	if b.queue.moves != 1 {
		t.Errorf("%d tasks were enqueued, want one", b.queue.moves)
	}
}

func TestMomentaryOrphanIsNoDeath(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 10 { // between being taken and being leased
		b.queue.tasks[b.ref(1, 0)] = queue.Orphaned
		b.tick(2)
		b.queue.tasks[b.ref(1, 0)] = queue.Running
		b.tick(1)
	}
	b.want(1, 0, queue.Running)
}

func TestWindowThatKillsWorkersIsGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for epoch := range 3 {
		b.queue.tasks[b.ref(1, epoch)] = queue.Orphaned
		b.tick(3<<epoch + 2)
	}
	b.want(1, 3, queue.Absent)
	results, err := b.archive.Results(t.Context(), b.check.ID)
	if err != nil || results[b.check.Windows[1].ID()] != archive.Failed {
		t.Fatalf("results %v, %v: want an outcome", results, err)
	}
	_, o, err := b.archive.Window(t.Context(), b.check.ID, b.check.Windows[1].ID(), archive.Failed)
	if err != nil || o.Class != jobs.Crash || o.Attempts != 3 {
		t.Errorf("outcome %+v, %v", o, err)
	}
	if !b.queue.done[b.check.Windows[1].ID()] {
		t.Error("the given-up window does not count as done")
	}
}

func TestArchivedWindows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	// 0 was given up with an outcome that nobody counted, 1 without one: its payload was refused.
	if err := b.archive.PutOutcome(t.Context(), jobs.Outcome{Check: b.check.ID, Sequence: "s0", Window: 0, Class: jobs.Timeout}); err != nil {
		t.Fatal(err)
	}
	b.queue.tasks[b.ref(0, 0)], b.queue.tasks[b.ref(1, 0)] = queue.Archived, queue.Archived
	b.tick(5)
	b.want(0, 1, queue.Absent)
	b.want(1, 1, queue.Waiting)
	if !b.queue.done[b.check.Windows[0].ID()] {
		t.Error("the outcome was not counted")
	}
}

func TestOneBadWindowDoesNotStarveTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue.refuse = map[int]error{0: errors.New("out of memory")}
	b.queue.flush()
	for range 5 {
		b.now = b.now.Add(time.Second)
		if err := b.rec.Tick(t.Context()); err != nil && !strings.Contains(err.Error(), "window 0 of s0: out of memory") {
			t.Fatal(err)
		}
	}
	b.want(0, 1, queue.Absent)
	b.want(1, 1, queue.Waiting)
	b.want(2, 1, queue.Waiting)
	b.queue.refuse = nil
	b.tick(10)
	if b.queue.epochs[b.check.Windows[0].ID()] == 0 || b.queue.moves != 3 {
		t.Errorf("%d tasks were enqueued, want the third when it could be", b.queue.moves)
	}
}

func TestWindowThatCannotBecomeATaskIsGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue.refuse = map[int]error{1: jobs.Classify(jobs.Permanent, errors.New("encode task: too large"))}
	b.queue.flush()
	b.tick(6)
	_, o, err := b.archive.Window(t.Context(), b.check.ID, b.check.Windows[1].ID(), archive.Failed)
	if err != nil || o.Class != jobs.Permanent || !strings.Contains(o.Message, "too large") {
		t.Fatalf("outcome %+v, %v", o, err)
	}
	if !b.queue.done[b.check.Windows[1].ID()] {
		t.Error("the given-up window does not count as done")
	}
	b.want(2, 1, queue.Waiting)
}

func TestGraceGrowsWithEachLoss(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	delete(b.queue.tasks, b.ref(0, 0))
	var waits []int
	for epoch := 1; epoch <= 4; epoch++ {
		seconds := 0
		for b.queue.tasks[b.ref(0, epoch)] != queue.Waiting {
			b.tick(1)
			seconds++
		}
		waits = append(waits, seconds)
		delete(b.queue.tasks, b.ref(0, epoch))
	}
	for i := 1; i < len(waits); i++ {
		if waits[i] < 2*waits[i-1]-3 || waits[i] > 2*waits[i-1]+3 {
			t.Errorf("waited %v s: want each about twice the one before", waits)
		}
	}
}

func TestMarkWithoutManifest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := jobs.NewID(b.now, nil)
	if err := b.archive.Store().Put(t.Context(), "open/"+id, nil); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		open, err := b.archive.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(open)
	}
	b.tick(2)
	if n := count(); n != 2 {
		t.Fatalf("%d open, want 2: the submission may be going on", n)
	}
	b.now = b.now.Add(2 * time.Hour)
	b.tick(1)
	if n := count(); n != 1 {
		t.Errorf("%d open, want 1", n)
	}
}

func TestTwoReconcilersEnqueueOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	second := b.reconciler()
	b.queue.tasks[b.ref(0, 0)] = queue.Orphaned
	delete(b.queue.tasks, b.ref(1, 0))
	for range 6 {
		b.tick(1)
		if err := second.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if b.queue.moves != 2 || len(b.queue.tasks) != 3 {
		t.Errorf("%d tasks were enqueued, %v", b.queue.moves, b.queue.tasks)
	}
}

func TestTroubleIsReportedAndPasses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue.err = errors.New("redis is gone")
	if err := b.rec.Tick(t.Context()); err == nil {
		t.Error("no error")
	}
	b.queue.err = nil
	b.tick(1)
}

func TestNewAsksForWhatItNeeds(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); err == nil {
		t.Error("accepted nothing")
	}
}
