package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/storage"
)

// follow is what the reconciler remembers of one check from look to look. All of it can be found out again. The manifest itself is not kept: with its
// segments it is a hundred times as large, and needed only when something was lost.
type follow struct {
	cfg     Config
	id      string
	queue   string
	windows []jobs.Window
	// lost holds the windows that nobody seems to work on.
	lost map[jobs.WindowID]*loss
	// epochs are the greatest ones heard of; Redis may have forgotten them.
	epochs map[jobs.WindowID]int
	judge  loss
	// judgeEpoch is the greatest epoch of the judge.
	judgeEpoch int
	// growing: there is no manifest yet, so nobody knows how many windows there will be.
	growing bool
	// load reads the check, for the tasks of lost windows.
	load func(ctx context.Context, id string) (*jobs.Check, error)
}

// loss is about one task that is not alive.
type loss struct {
	since time.Time // zero: it is alive
	times int       // how often it was enqueued anew
}

// due tells whether the task has been lost for long enough to do something about it, and remembers when it was first seen so.
func (l *loss) due(now time.Time, grace time.Duration) bool {
	if l.since.IsZero() {
		l.since = now
	}
	return now.Sub(l.since) >= grace<<min(l.times, maxGraceShift)
}

// enqueueTime is what a producer may take for one window of a submission that is still going on.
const enqueueTime = 2 * time.Millisecond

// renewed notes that the task was enqueued anew.
func (l *loss) renewed() { l.since, l.times = time.Time{}, l.times+1 }

func newFollow(cfg Config, check *jobs.Check) *follow {
	return &follow{
		cfg: cfg, id: check.ID, queue: check.Queue, windows: check.Windows,
		lost: map[jobs.WindowID]*loss{}, epochs: map[jobs.WindowID]int{}, load: cfg.Archive.Check,
	}
}

// look brings the check forward if nobody else does.
func (f *follow) look(ctx context.Context) error {
	fanin, err := f.cfg.Queue.Fanin(ctx, f.id)
	if err != nil {
		return err
	}
	for id, epoch := range fanin.Epochs {
		f.epochs[id] = max(f.epochs[id], epoch)
	}
	f.judgeEpoch = max(f.judgeEpoch, fanin.JudgeEpoch)
	var todo []jobs.Window
	for _, w := range f.windows {
		if !fanin.Done[w.ID()] {
			todo = append(todo, w)
		}
	}
	f.forgetDone(todo)
	if len(todo) == 0 && f.growing {
		return nil
	}
	if len(todo) == 0 {
		for _, l := range f.lost { // how often each was lost stays known: a result that cannot be read makes it lost again
			l.since = time.Time{}
		}
		return f.lookAfterJudge(ctx)
	}
	f.judge = loss{times: f.judge.times}
	return f.lookAfterWindows(ctx, todo)
}

// lookAfterWindows deals with the windows that Redis does not count as done. The store is asked only when one of them has been lost for a while: a
// healthy check costs two round trips to Redis.
func (f *follow) lookAfterWindows(ctx context.Context, todo []jobs.Window) error {
	states, err := f.states(ctx, todo)
	if err != nil {
		return err
	}
	due := f.dueWindows(todo, states)
	if len(due) == 0 {
		return nil
	}
	results, err := f.cfg.Archive.Results(ctx, f.id)
	if err != nil {
		return err
	}
	// Redis may have lost its data: whatever the store has is counted again, and so is how many there are to be.
	if !f.growing {
		if err := f.cfg.Queue.Expect(ctx, f.id, len(f.windows)); err != nil {
			return err
		}
	}
	complete, err := f.count(ctx, todo, results)
	if err != nil {
		return err
	}
	if complete && !f.growing {
		return f.lookAfterJudge(ctx)
	}
	return f.reviveAll(ctx, due, results)
}

// reviveAll revives those of the lost windows that have no result. Trouble with one does not keep it from the others.
func (f *follow) reviveAll(ctx context.Context, due []dueWindow, results map[jobs.WindowID]archive.Result) error {
	var check *jobs.Check
	var errs []error
	for _, d := range due {
		if results[d.window.ID()] != archive.None {
			continue
		}
		if check == nil {
			var err error
			if check, err = f.load(ctx, f.id); err != nil {
				return err
			}
		}
		if err := f.revive(ctx, check, d); err != nil {
			errs = append(errs, fmt.Errorf("window %d of %s: %w", d.window.Index, d.window.Sequence, err))
		}
	}
	return errors.Join(errs...)
}

func (f *follow) states(ctx context.Context, windows []jobs.Window) ([]queue.State, error) {
	refs := make([]queue.Ref, len(windows))
	for i, w := range windows {
		refs[i] = f.ref(w)
	}
	return f.cfg.Queue.States(ctx, refs)
}

func (f *follow) ref(w jobs.Window) queue.Ref {
	return queue.WindowRef(f.queue, f.id, w, f.epochs[w.ID()])
}

// dueWindow is a window that has been lost for long enough.
type dueWindow struct {
	window jobs.Window
	state  queue.State
}

func (f *follow) dueWindows(todo []jobs.Window, states []queue.State) []dueWindow {
	now, grace := f.cfg.Now(), f.cfg.Grace+time.Duration(len(f.windows))*enqueueTime
	var due []dueWindow
	for i, w := range todo {
		id := w.ID()
		if states[i].Alive() {
			if l := f.lost[id]; l != nil {
				l.since = time.Time{}
			}
			continue
		}
		l := f.lost[id]
		if l == nil {
			l = new(loss)
			f.lost[id] = l
		}
		if l.due(now, grace) {
			due = append(due, dueWindow{window: w, state: states[i]})
		}
	}
	return due
}

// count marks as done what has a result, and tells whether that is everything.
func (f *follow) count(ctx context.Context, todo []jobs.Window, results map[jobs.WindowID]archive.Result) (complete bool, err error) {
	for _, w := range todo {
		if results[w.ID()] == archive.None {
			continue
		}
		if complete, err = f.cfg.Queue.MarkDone(ctx, f.id, w.Sequence, w.Index); err != nil {
			return false, err
		}
		delete(f.lost, w.ID())
	}
	return complete, nil
}

// revive enqueues a lost window in a new epoch, or gives it up when it has cost too many workers.
func (f *follow) revive(ctx context.Context, check *jobs.Check, d dueWindow) error {
	ref := f.ref(d.window)
	buried, deaths, err := f.bury(ctx, ref, d.state)
	if err != nil || !buried {
		return err
	}
	if deaths >= f.cfg.Deaths {
		return f.giveUp(ctx, d.window, jobs.Crash, deaths, fmt.Sprintf("%d workers in a row ended without a result while this window was theirs", deaths))
	}
	epoch := ref.Epoch + 1
	if err := f.requeue(ctx, check, d.window, epoch); err != nil {
		if jobs.ClassOf(err) == jobs.Permanent {
			return f.giveUp(ctx, d.window, jobs.Permanent, deaths, err.Error())
		}
		return err
	}
	f.cfg.Log.Info("enqueued a lost window again",
		"check", f.id, "sequence", d.window.Sequence, "window", d.window.Index, "was", d.state, "epoch", epoch)
	f.epochs[d.window.ID()] = epoch
	f.lost[d.window.ID()].renewed()
	return nil
}

// requeue makes the task of a window anew. It fails with Permanent when there can be no such task: it is too large to be encoded, say.
func (f *follow) requeue(ctx context.Context, check *jobs.Check, w jobs.Window, epoch int) error {
	task, err := f.cfg.Task(check, w)
	if err != nil {
		return jobs.Classify(jobs.Permanent, fmt.Errorf("make task: %w", err))
	}
	task.Epoch = epoch
	return f.cfg.Queue.RequeueWindow(ctx, task, f.queue)
}

// bury takes what is left of a lost task out of the queue and returns how often its window has ended without a word. What merely vanished was
// Redis's fault and is not counted. It is not buried when a worker or another reconciler came to it first.
func (f *follow) bury(ctx context.Context, ref queue.Ref, was queue.State) (buried bool, deaths int, err error) {
	switch was {
	case queue.Orphaned:
		return f.cfg.Queue.Reclaim(ctx, ref)
	case queue.Archived, queue.Finished:
		deaths, err = f.cfg.Queue.CountDeath(ctx, ref)
	}
	return err == nil, deaths, err
}

func (f *follow) giveUp(ctx context.Context, w jobs.Window, class jobs.Class, deaths int, why string) error {
	f.cfg.Log.Error("gave up a window", "check", f.id, "sequence", w.Sequence, "window", w.Index, "deaths", deaths, "error", why)
	err := f.cfg.Archive.PutOutcome(ctx, jobs.Outcome{
		V: jobs.Version, Check: f.id, Sequence: w.Sequence, Window: w.Index, Class: class, Attempts: deaths, Message: why,
	})
	if err != nil {
		return err
	}
	_, err = f.cfg.Queue.MarkDone(ctx, f.id, w.Sequence, w.Index)
	return err
}

// lookAfterJudge makes sure that a check whose windows are all done gets its report, and is closed when it has it.
func (f *follow) lookAfterJudge(ctx context.Context) error {
	finished, err := f.cfg.Archive.HasReport(ctx, f.id)
	if err != nil {
		return err
	}
	if finished {
		return f.close(ctx)
	}
	states, err := f.cfg.Queue.States(ctx, []queue.Ref{queue.JudgeRef(f.id, f.judgeEpoch)})
	if err != nil {
		return err
	}
	if states[0].Alive() {
		f.judge.since = time.Time{}
		return nil
	}
	if !f.judge.due(f.cfg.Now(), f.cfg.Grace) {
		return nil
	}
	return f.reviveJudge(ctx, states[0])
}

func (f *follow) close(ctx context.Context) error {
	if err := f.cfg.Archive.Close(ctx, f.id); err != nil {
		return err
	}
	return f.cfg.Queue.Forget(ctx, f.id)
}

// reviveJudge enqueues the judge anew, or ends the check when it cannot be judged. First it counts the results in the store: a judge that ends in the
// archive may have missed one.
func (f *follow) reviveJudge(ctx context.Context, was queue.State) error {
	results, err := f.cfg.Archive.Results(ctx, f.id)
	if err != nil {
		return err
	}
	var missing []jobs.Window
	for _, w := range f.windows {
		if results[w.ID()] == archive.None {
			missing = append(missing, w)
		}
	}
	if len(missing) > 0 {
		f.cfg.Log.Warn("results that were counted are not in the store", "check", f.id, "windows", len(missing))
		return f.cfg.Queue.Unmark(ctx, f.id, missing)
	}
	ref := queue.JudgeRef(f.id, f.judgeEpoch)
	why, err := f.cfg.Queue.LastError(ctx, ref)
	if err != nil {
		return err
	}
	buried, deaths, err := f.bury(ctx, ref, was)
	if err != nil || !buried {
		return err
	}
	if deaths >= f.cfg.Deaths {
		return f.fail(ctx, why, deaths)
	}
	if err := f.cfg.Queue.RequeueJudge(ctx, f.id, f.judgeEpoch+1); err != nil {
		return err
	}
	f.judgeEpoch++
	f.judge.renewed()
	f.cfg.Log.Info("enqueued the judge", "check", f.id, "was", was, "epoch", f.judgeEpoch)
	return nil
}

// fail ends a check that cannot be judged. Its measurements stay.
func (f *follow) fail(ctx context.Context, why string, deaths int) error {
	if why == "" {
		why = "the worker ended while it judged"
	}
	f.cfg.Log.Error("gave up a check", "check", f.id, "deaths", deaths, "error", why)
	if err := f.cfg.Archive.PutFailure(ctx, jobs.Failure{V: jobs.Version, Check: f.id, Message: why, Attempts: deaths}); err != nil {
		return err
	}
	stream, err := f.stream(ctx)
	if err != nil {
		return err
	}
	// Before the check is closed: whoever looks after it next tells it again, under the same id, and nobody misses it.
	if err := f.cfg.Queue.TellGivenUp(ctx, f.id, stream, why, f.cfg.Now()); err != nil {
		return err
	}
	return f.close(ctx)
}

// stream is what events call the check after: the name of its live stream, or its input.
func (f *follow) stream(ctx context.Context) (string, error) {
	if name, _, live := jobs.ParseLiveID(f.id); live {
		return name, nil
	}
	check, err := f.cfg.Archive.Check(ctx, f.id)
	if err != nil {
		return "", err
	}
	return storage.Redact(check.Input), nil
}
