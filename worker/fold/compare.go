package fold

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/jobs/archive"
)

// compareTries is how often a comparison is tried: another decoder child may not share the bad luck of one that crashed or hung.
const compareTries = 2

// ErrMore is wrapped by the error of a Compare that was told to stop before everything was compared. What is done is kept.
var ErrMore = errors.New("there are more pictures to compare")

// Comparer is what a fold needs to compare pictures with those of the reference. All functions are called from several goroutines at once.
type Comparer struct {
	// Load returns what was kept of a comparison, nil for nothing; nil: nothing is kept.
	Load func(ctx context.Context, key string) ([]byte, error)
	// Run makes a comparison: a worker.Measurer's Measure; nil: only what was kept is used.
	Run func(ctx context.Context, task jobs.Task) ([]byte, error)
	// Keep keeps one; nil: nobody does.
	Keep func(ctx context.Context, key string, object []byte) error
	// Go tells whether another comparison may begin; nil: always.
	Go func() bool
	// Slots is how many run at the same time.
	Slots int
	Log   *slog.Logger // nil: slog.Default()
}

// Kept compares with what the store holds and makes nothing anew.
func Kept(a *archive.Archive, check string) Comparer {
	return Comparer{Load: func(ctx context.Context, key string) ([]byte, error) { return a.Compared(ctx, check, key) }}
}

// Compare ends the folding of windows and compares the pictures with those of the reference. It does nothing in a check without one. A comparison that cannot be made for a
// reason that will not pass is left out, which the coverage says.
func (f *Fold) Compare(ctx context.Context, c Comparer) error {
	work, err := f.judge.Comparisons()
	if err != nil {
		return fmt.Errorf("compare check %s: %w", f.check.ID, err)
	}
	results := make([]*jobs.Compared, len(work))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, c.Slots))
	for i := range work {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() (err error) {
			results[i], err = c.one(ctx, f.check, &work[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("compare check %s: %w", f.check.ID, err)
	}
	for _, r := range results {
		if r == nil {
			continue
		}
		if err := f.judge.Compared(r); err != nil {
			return fmt.Errorf("compare check %s: %w", f.check.ID, err)
		}
	}
	return nil
}

// one looks for a comparison and makes it if need be; nil when it cannot be made.
func (c *Comparer) one(ctx context.Context, check *jobs.Check, work *jobs.Compare) (*jobs.Compared, error) {
	key := work.Key()
	if c.Load != nil {
		object, err := c.Load(ctx, key)
		if err != nil {
			return nil, err
		}
		if r := kept(object, key, len(work.Pairs)); r != nil {
			return r, nil
		}
	}
	if c.Run == nil {
		return nil, nil
	}
	if c.Go != nil && !c.Go() {
		return nil, ErrMore
	}
	r, err := c.run(ctx, check, work, key)
	if r == nil || err != nil || c.Keep == nil {
		return r, err
	}
	object, err := jobs.EncodeCompared(r)
	if err != nil {
		return nil, err
	}
	return r, c.Keep(ctx, key, object)
}

func (c *Comparer) run(ctx context.Context, check *jobs.Check, work *jobs.Compare, key string) (*jobs.Compared, error) {
	task, err := jobs.CompareTask(check, work)
	if err != nil {
		return nil, jobs.Classify(jobs.Permanent, err)
	}
	task.LastTry = true
	for try := 1; ; try++ {
		object, err := c.Run(ctx, task)
		if err == nil {
			return keyed(object, key, len(work.Pairs))
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		class := jobs.ClassOf(err)
		if again := class == jobs.Crash || class == jobs.Timeout || class == jobs.Transient; again && try < compareTries {
			continue
		}
		if class == jobs.Transient || class == jobs.Cancelled {
			return nil, fmt.Errorf("compare %s with %s: %w", work.Picture.Sequence, work.Reference.Sequence, err)
		}
		c.log().Warn("leave pictures uncompared", "check", check.ID, "sequence", work.Picture.Sequence, "class", class, "error", err)
		return nil, nil
	}
}

func (c *Comparer) log() *slog.Logger {
	if c.Log == nil {
		return slog.Default()
	}
	return c.Log
}

// keyed reads what a decoder child answered, which does not know the name of its work.
func keyed(object []byte, key string, pairs int) (*jobs.Compared, error) {
	r, err := jobs.DecodeCompared(object)
	if err != nil {
		return nil, err
	}
	r.Key = key
	if n := len(r.Rows); n > 0 && r.Rows[n-1].Pair >= pairs {
		return nil, jobs.Classify(jobs.Permanent, fmt.Errorf("comparison %s has a row of pair %d of %d", key, r.Rows[n-1].Pair, pairs))
	}
	return r, nil
}

// kept reads what was kept; nil when it is of no use and has to be made anew.
func kept(object []byte, key string, pairs int) *jobs.Compared {
	if object == nil {
		return nil
	}
	r, err := jobs.DecodeCompared(object)
	if err != nil || r.Key != key || len(r.Rows) > 0 && r.Rows[len(r.Rows)-1].Pair >= pairs {
		return nil
	}
	return r
}
