package reconcile

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"aircheck/jobs/queue"
	"aircheck/storage"
)

func TestFlushAfterTheLastWindowStillEndsInAReport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 {
		b.finish(i, 0)
	}
	b.queue.flush()
	b.tick(8)
	if s := b.queue.tasks[queue.JudgeRef(b.check.ID, 1)]; s != queue.Waiting {
		t.Errorf("judge is %q", s)
	}
	if b.queue.moves != 1 {
		t.Errorf("%d tasks were enqueued, want the judge alone", b.queue.moves)
	}
}

func TestLostJudgeIsEnqueuedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 {
		b.finish(i, 0)
	}
	b.queue.tasks[queue.JudgeRef(b.check.ID, 0)] = queue.Running
	b.tick(30)
	if b.queue.moves != 0 {
		t.Fatal("a running judge was enqueued again")
	}
	b.queue.tasks[queue.JudgeRef(b.check.ID, 0)] = queue.Orphaned
	b.tick(5)
	if _, there := b.queue.tasks[queue.JudgeRef(b.check.ID, 0)]; there || b.queue.tasks[queue.JudgeRef(b.check.ID, 1)] != queue.Waiting {
		t.Errorf("tasks %v", b.queue.tasks)
	}
}

func TestCountedResultThatIsNotThereIsMeasuredAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 {
		b.finish(i, 0)
	}
	if err := b.archive.Store().Delete(t.Context(), fmt.Sprintf("checks/%s/m/s0/000002.parquet", b.check.ID)); err != nil {
		t.Fatal(err)
	}
	b.queue.tasks[queue.JudgeRef(b.check.ID, 0)] = queue.Archived
	b.tick(12)
	b.want(2, 1, queue.Waiting)
	b.want(1, 1, queue.Absent)
	b.finish(2, 1)
	b.tick(12)
	if b.queue.tasks[queue.JudgeRef(b.check.ID, 1)] != queue.Waiting {
		t.Errorf("tasks %v", b.queue.tasks)
	}
}

func TestCheckThatCannotBeJudgedEnds(t *testing.T) {
	t.Parallel()
	for state, why := range map[queue.State]string{queue.Archived: "the disk is full", queue.Orphaned: "the worker ended while it judged"} {
		b := newBench(t)
		for i := range 3 {
			b.finish(i, 0)
		}
		for epoch := range 3 {
			b.queue.tasks[queue.JudgeRef(b.check.ID, epoch)] = state
			if _, err := b.archive.Failure(t.Context(), b.check.ID); !errors.Is(err, storage.ErrNotFound) {
				t.Fatalf("%s: after %d judges: %v, want no failure yet", state, epoch, err)
			}
			b.tick(3<<epoch + 2)
		}
		f, err := b.archive.Failure(t.Context(), b.check.ID)
		if err != nil || f.Message != why || f.Attempts != 3 {
			t.Errorf("%s: failure %+v, %v", state, f, err)
		}
		if open, err := b.archive.Open(t.Context()); err != nil || len(open) != 0 || !b.queue.forgot {
			t.Errorf("%s: open %v, %v, forgot %t", state, open, err, b.queue.forgot)
		}
		if want := b.check.ID + " of " + b.check.Input + ": " + why; !slices.Equal(b.queue.givenUp, []string{want}) {
			t.Errorf("%s: told %q, want %q", state, b.queue.givenUp, want)
		}
	}
}

func TestJudgeThatRedisLostIsNoFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 {
		b.finish(i, 0)
	}
	for epoch := range 6 {
		delete(b.queue.tasks, queue.JudgeRef(b.check.ID, epoch))
		b.tick(3<<epoch + 2)
	}
	if open, err := b.archive.Open(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("open %v, %v", open, err)
	}
}

func TestFinishedCheckIsClosedAndForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 {
		b.finish(i, 0)
	}
	b.tick(1)
	if b.rec.Following() != 1 {
		t.Fatalf("follows %d checks", b.rec.Following())
	}
	// The judge died between the report and the mark.
	if err := b.archive.PutReport(t.Context(), b.check.ID, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	b.tick(2)
	if open, err := b.archive.Open(t.Context()); err != nil || len(open) != 0 || !b.queue.forgot || b.rec.Following() != 0 {
		t.Errorf("open %v, %v, forgot %t, follows %d", open, err, b.queue.forgot, b.rec.Following())
	}
}
