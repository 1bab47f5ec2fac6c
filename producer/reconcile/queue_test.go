package reconcile

import (
	"context"
	"maps"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

// fakeQueue is a queue whose tasks a test moves by hand.
type fakeQueue struct {
	mu     sync.Mutex
	tasks  map[queue.Ref]queue.State
	done   map[jobs.WindowID]bool
	epochs map[jobs.WindowID]int
	judge  int
	total  int
	deaths map[jobs.WindowID]int
	forgot bool
	// givenUp are the checks that were told to be given up.
	givenUp []string
	err     error
	refuse  map[int]error // by window: what requeueing it ends in
	moves   int           // how often a task was enqueued
}

func newFakeQueue() *fakeQueue {
	q := &fakeQueue{}
	q.flush()
	return q
}

// flush is FLUSHALL.
func (q *fakeQueue) flush() {
	q.tasks, q.done, q.epochs = map[queue.Ref]queue.State{}, map[jobs.WindowID]bool{}, map[jobs.WindowID]int{}
	q.deaths, q.total, q.judge = map[jobs.WindowID]int{}, 0, 0
}

func (q *fakeQueue) AnnounceQueues(context.Context) error { return q.err }

func (q *fakeQueue) Expect(_ context.Context, _ string, n int) error { q.total = n; return q.err }

func (q *fakeQueue) Fanin(context.Context, string) (queue.Fanin, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return queue.Fanin{Done: maps.Clone(q.done), Epochs: maps.Clone(q.epochs), JudgeEpoch: q.judge}, q.err
}

func (q *fakeQueue) MarkDone(_ context.Context, _, sequence string, window int) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done[jobs.WindowID{Sequence: sequence, Index: window}] = true
	return q.total > 0 && len(q.done) >= q.total, q.err
}

func (q *fakeQueue) Unmark(_ context.Context, _ string, windows []jobs.Window) error {
	for _, w := range windows {
		delete(q.done, w.ID())
	}
	return q.err
}

func (q *fakeQueue) States(_ context.Context, refs []queue.Ref) ([]queue.State, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	states := make([]queue.State, len(refs))
	for i, r := range refs {
		states[i] = queue.Absent
		if s, ok := q.tasks[r]; ok {
			states[i] = s
		}
	}
	return states, q.err
}

func (q *fakeQueue) Reclaim(ctx context.Context, r queue.Ref) (bool, int, error) {
	if q.tasks[r] != queue.Orphaned {
		return false, 0, q.err
	}
	delete(q.tasks, r)
	n, err := q.CountDeath(ctx, r)
	return true, n, err
}

func (q *fakeQueue) CountDeath(_ context.Context, r queue.Ref) (int, error) {
	id := jobs.WindowID{Sequence: r.Sequence, Index: r.Window}
	q.deaths[id]++
	return q.deaths[id], q.err
}

func (q *fakeQueue) enqueue(r queue.Ref) {
	if _, taken := q.tasks[r]; !taken {
		q.tasks[r] = queue.Waiting
		q.moves++
	}
}

func (q *fakeQueue) RequeueWindow(_ context.Context, task jobs.Task, name string) error {
	q.epochs[task.Window.ID()] = max(q.epochs[task.Window.ID()], task.Epoch)
	if err := q.refuse[task.Window.Index]; err != nil {
		return err
	}
	q.enqueue(queue.WindowRef(name, task.Check, task.Window, task.Epoch))
	return q.err
}

func (q *fakeQueue) RequeueJudge(_ context.Context, check string, epoch int) error {
	q.judge = max(q.judge, epoch)
	q.enqueue(queue.JudgeRef(check, epoch))
	return q.err
}

func (q *fakeQueue) LastError(_ context.Context, r queue.Ref) (string, error) {
	if q.tasks[r] == queue.Archived {
		return "the disk is full", q.err
	}
	return "", q.err
}

func (q *fakeQueue) TellGivenUp(_ context.Context, check, stream, why string, _ time.Time) error {
	q.givenUp = append(q.givenUp, check+" of "+stream+": "+why)
	return q.err
}

func (q *fakeQueue) Forget(context.Context, string) error { q.forgot = true; return q.err }
