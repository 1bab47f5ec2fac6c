// Package reconcile compares what the store holds of the unfinished checks with what the queue is doing about them, and enqueues the difference.
//
// It is what makes Redis expendable: a queue that was emptied, a worker that was killed, a task that fell between two lists, all look the same
// from here, a window without a result that nobody works on. Any number of reconcilers may run; what they enqueue has fixed ids.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/storage"
)

// Queue is what the reconciler needs of the queue; *queue.Client has it.
type Queue interface {
	AnnounceQueues(ctx context.Context) error
	Expect(ctx context.Context, check string, windows int) error
	Fanin(ctx context.Context, check string) (queue.Fanin, error)
	MarkDone(ctx context.Context, check, sequence string, window int) (bool, error)
	Unmark(ctx context.Context, check string, windows []jobs.Window) error
	States(ctx context.Context, refs []queue.Ref) ([]queue.State, error)
	Reclaim(ctx context.Context, ref queue.Ref) (reclaimed bool, deaths int, err error)
	CountDeath(ctx context.Context, ref queue.Ref) (int, error)
	RequeueWindow(ctx context.Context, task jobs.Task, queue string) error
	RequeueJudge(ctx context.Context, check string, epoch int) error
	LastError(ctx context.Context, ref queue.Ref) (string, error)
	Forget(ctx context.Context, check string) error
	TellGivenUp(ctx context.Context, check, stream, why string, now time.Time) error
}

var _ Queue = (*queue.Client)(nil)

// Config sets up a Reconciler. Archive, Queue and Task are required.
type Config struct {
	Archive *archive.Archive
	Queue   Queue
	// Task makes the task of a window of a check, as it was submitted.
	Task func(check *jobs.Check, w jobs.Window) (jobs.Task, error)
	// Sweep removes ghosts from the queue; nil: nobody does.
	Sweep func(ctx context.Context) (int, error)
	// Abandon ends and finishes a live check that nobody follows any more (follow.Finisher); nil: it stays open.
	Abandon func(ctx context.Context, check string) error
	// Every is the time between two looks. Defaults to 2 s.
	Every time.Duration
	// Grace is how long a window must look abandoned before it is enqueued anew. It covers the moments in which a task is between two states, and
	// a submission that is still going on. It doubles with each time the same window gets lost. Defaults to 3 s.
	Grace time.Duration
	// Deaths is how many workers a window may take down, or how often it may vanish into the archive, before it gets an outcome. Defaults to 5:
	// a machine that dies takes innocent windows along, five in a row it does not. As many judges without a report end a check in a failure.
	Deaths int
	Now    func() time.Time // defaults to time.Now
	Log    *slog.Logger     // defaults to slog.Default()
}

const (
	defaultEvery  = 2 * time.Second
	defaultGrace  = 3 * time.Second
	defaultDeaths = 5
	// concurrency bounds the checks that are looked at together; a look is mostly waiting for Redis.
	concurrency = 8
	// sweepEvery is far above a lease, as the sweep demands.
	sweepEvery = time.Minute
	// maxGraceShift bounds the doubling: about three minutes with the default grace.
	maxGraceShift = 6
	// orphanAge is how long a mark without a manifest is taken for a submission in progress.
	orphanAge = time.Hour
)

// Reconciler looks after the unfinished checks. It is not safe for concurrent use.
type Reconciler struct {
	cfg    Config
	checks map[string]*follow // by check id
	// growing are the checks without a manifest, by id.
	growing map[string]*growing
	swept   time.Time
}

// New makes a reconciler.
func New(cfg Config) (*Reconciler, error) {
	if cfg.Archive == nil || cfg.Queue == nil || cfg.Task == nil {
		return nil, errors.New("reconciler needs an archive, a queue and a way to make tasks")
	}
	if cfg.Every <= 0 {
		cfg.Every = defaultEvery
	}
	if cfg.Grace <= 0 {
		cfg.Grace = defaultGrace
	}
	if cfg.Deaths <= 0 {
		cfg.Deaths = defaultDeaths
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Reconciler{cfg: cfg, checks: map[string]*follow{}, growing: map[string]*growing{}, swept: cfg.Now()}, nil
}

// Run looks every few seconds until ctx ends. A look that fails is logged and repeated: store and queue may come back.
func (r *Reconciler) Run(ctx context.Context) error {
	tick := time.NewTicker(r.cfg.Every)
	defer tick.Stop()
	for {
		if err := r.Tick(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Log.Warn("reconcile", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick looks once at every unfinished check. Trouble with one check does not keep it from the others.
func (r *Reconciler) Tick(ctx context.Context) error {
	if err := r.cfg.Queue.AnnounceQueues(ctx); err != nil {
		return err
	}
	open, err := r.cfg.Archive.Open(ctx)
	if err != nil {
		return err
	}
	r.forgetAllBut(open)
	var (
		group errgroup.Group
		mu    sync.Mutex
		errs  []error
	)
	failed := func(id string, err error) {
		if err != nil {
			mu.Lock()
			errs = append(errs, fmt.Errorf("check %s: %w", id, err))
			mu.Unlock()
		}
	}
	group.SetLimit(concurrency)
	for _, o := range open {
		f, err := r.follow(ctx, o)
		failed(o.ID, err)
		if f != nil {
			group.Go(func() error { failed(f.id, f.look(ctx)); return nil })
		}
	}
	_ = group.Wait()
	return errors.Join(append(errs, r.sweep(ctx))...)
}

// Following is how many checks are being looked after.
func (r *Reconciler) Following() int { return len(r.checks) }

func (r *Reconciler) forgetAllBut(open []archive.Open) {
	still := make(map[string]*follow, len(open))
	grow := make(map[string]*growing, len(r.growing))
	for _, o := range open {
		if f := r.checks[o.ID]; f != nil {
			still[o.ID] = f
		}
		if g := r.growing[o.ID]; g != nil {
			grow[o.ID] = g
		}
	}
	r.checks, r.growing = still, grow
}

// follow finds or makes what is remembered of a check; nil when there is nothing to look at.
func (r *Reconciler) follow(ctx context.Context, o archive.Open) (*follow, error) {
	if f := r.checks[o.ID]; f != nil {
		return f, nil
	}
	if g := r.growing[o.ID]; g != nil && !g.last {
		g, err := r.grow(ctx, o)
		return g.followed(), err
	}
	check, err := r.cfg.Archive.Check(ctx, o.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return r.withoutManifest(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	delete(r.growing, o.ID)
	f := newFollow(r.cfg, check)
	r.checks[o.ID] = f
	return f, nil
}

// withoutManifest looks whether the check grows, and removes the mark of a submission that broke off before there was anything to do.
func (r *Reconciler) withoutManifest(ctx context.Context, o archive.Open) (*follow, error) {
	if _, _, live := jobs.ParseLiveID(o.ID); live {
		if g, err := r.grow(ctx, o); g != nil || err != nil {
			return g.followed(), err
		}
	}
	return nil, r.unmark(ctx, o)
}

func (r *Reconciler) unmark(ctx context.Context, o archive.Open) error {
	if r.cfg.Now().Sub(o.Since) < orphanAge {
		return nil
	}
	r.cfg.Log.Info("remove the mark of a check that never got a manifest", "check", o.ID)
	return r.cfg.Archive.Close(ctx, o.ID)
}

func (r *Reconciler) sweep(ctx context.Context) error {
	now := r.cfg.Now()
	if r.cfg.Sweep == nil || now.Sub(r.swept) < sweepEvery {
		return nil
	}
	r.swept = now
	n, err := r.cfg.Sweep(ctx)
	if n > 0 {
		r.cfg.Log.Info("removed ghosts from the queue", "tasks", n)
	}
	return err
}
