package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/worker/fold"
)

// maxFoldedAtOnce bounds the windows that are folded before the state is stored: more than come in a minute of the widest ladder, and few seconds of work.
const maxFoldedAtOnce = 500

// Observer judges live checks while they grow, and tells which findings opened, went on and closed. It folds each window once: between two looks the state of
// the judge lies in the store, and, as long as no other worker takes a look, in memory. Archive, Queue and Version are required.
type Observer struct {
	Archive *archive.Archive
	Queue   *queue.Client
	// Version is that of aircheck, for the reports.
	Version string
	// Grade: write a grade beside each archived segment (Grade, one object a segment).
	Grade bool
	// Pictures: ask for the first frame of findings that open.
	Pictures bool
	// CacheBytes bounds the memory for checks between two looks; 0 means 256 MB.
	CacheBytes int
	Now        func() time.Time // nil: time.Now
	Log        *slog.Logger     // nil: slog.Default()

	cache cache
}

// Observe looks at a check until there is no news. Another worker that is at it is left alone: it sees the news too.
func (o *Observer) Observe(ctx context.Context, id string) error {
	turn, err := o.Queue.Observe(ctx, id)
	if turn == nil || err != nil {
		return jobs.Classify(jobs.Transient, err)
	}
	w := o.cache.take(id, turn.Before)
	for {
		if err := o.look(ctx, id, w); err != nil {
			// Out of reach of ctx: who is next must not wait for the lease to run out.
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
			defer cancel()
			return errors.Join(fmt.Errorf("observe check %s: %w", id, err), turn.Drop(release))
		}
		again, err := turn.Done(ctx)
		if err != nil {
			return jobs.Classify(jobs.Transient, err)
		}
		if !again && !w.more {
			break
		}
		if !again {
			o.cache.put(id, turn.Token, w, o.cacheBytes())
			return o.Queue.EnqueueObserve(ctx, id)
		}
	}
	if w.finished {
		return nil
	}
	o.cache.put(id, turn.Token, w, o.cacheBytes())
	return nil
}

const (
	releaseWithin     = 5 * time.Second
	defaultCacheBytes = 256 << 20
)

func (o *Observer) cacheBytes() int {
	if o.CacheBytes > 0 {
		return o.CacheBytes
	}
	return defaultCacheBytes
}

func (o *Observer) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

func (o *Observer) log() *slog.Logger {
	if o.Log == nil {
		return slog.Default()
	}
	return o.Log
}

// look takes what is new of a check into w, and tells what came of it.
func (o *Observer) look(ctx context.Context, id string, w *watched) error {
	for {
		// Anew once for a state that cannot be used, and once for each sequence with a result that cannot.
		if err := o.lookOnce(ctx, id, w); !errors.Is(err, errAgain) || ctx.Err() != nil {
			return err
		}
		o.log().Warn("judge a live check anew", "check", id)
	}
}

func (o *Observer) lookOnce(ctx context.Context, id string, w *watched) error {
	if w.next == nil {
		if err := o.load(ctx, id, w); err != nil {
			return err
		}
	}
	if w.finished {
		return nil
	}
	doc, err := o.Archive.Report(ctx, id)
	if err == nil {
		return o.finish(ctx, id, w, doc)
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	news, err := o.grow(ctx, id, w)
	if err != nil || w.check() == nil {
		return err
	}
	folded, err := o.foldDue(ctx, w)
	if err != nil {
		return err
	}
	w.fresh = append(w.fresh, folded...)
	if !news && len(w.fresh) == 0 || !w.ripe(o.now()) {
		return nil
	}
	return o.tell(ctx, id, w)
}

// grow reads the new instalments; it tells whether there is news that does not depend on a measurement.
func (o *Observer) grow(ctx context.Context, id string, w *watched) (news bool, err error) {
	list, err := o.Archive.Instalments(ctx, id, w.growth.Instalments)
	if err != nil {
		return false, err
	}
	for _, i := range list {
		if err := w.add(i); err != nil {
			return false, err
		}
		news = news || len(i.Findings)+len(i.Updates)+len(i.Markers) > 0 || i.Last
	}
	w.news = w.news || news
	return w.news, nil
}

// foldDue folds the windows that are measured, those of each sequence in order.
func (o *Observer) foldDue(ctx context.Context, w *watched) ([]dueWindow, error) {
	var folded []dueWindow
	w.more = false
	sequences := w.check().Timeline.Sequences
	share := maxFoldedAtOnce/max(len(sequences), 1) + 1 // nothing is told before all of them have begun
	for _, q := range sequences {
		for n, d := range w.due(q.ID) {
			if n >= share {
				w.more = true
				break
			}
			done, err := o.foldOne(ctx, w, d.Window)
			if err != nil {
				return nil, err
			}
			if !done {
				break
			}
			w.next[q.ID]++
			folded = append(folded, d)
		}
	}
	return folded, nil
}

// foldOne folds a window if it has a result.
func (o *Observer) foldOne(ctx context.Context, w *watched, window jobs.Window) (bool, error) {
	id := w.check().ID
	r, err := o.Archive.Result(ctx, id, window.ID())
	if r == archive.None || w.unreadable[window.ID()] || err != nil {
		return false, err
	}
	if err := w.begin(); err != nil {
		return false, err
	}
	object, outcome, err := o.Archive.Window(ctx, id, window.ID(), r)
	switch {
	case errors.Is(err, archive.ErrUnreadable):
		return false, w.spoil(window.ID())
	case err != nil:
	case outcome != nil:
		err = w.fold.Failed(window, *outcome)
	default:
		if err = w.fold.Window(window, object); err != nil && !fold.IsNewer(err) {
			o.log().Warn("stop before a result that cannot be read", "check", id, "sequence", window.Sequence, "window", window.Index, "error", err)
			return false, w.spoil(window.ID())
		}
	}
	if err != nil {
		return false, fmt.Errorf("fold window %d of %s: %w", window.Index, window.Sequence, err)
	}
	return true, nil
}

// tell judges the fold to its end, tells what is new, and stores the state from before that end: the next look goes on there.
func (o *Observer) tell(ctx context.Context, id string, w *watched) error {
	if err := w.begin(); err != nil {
		return err
	}
	snapshot, err := w.fold.Snapshot()
	if err != nil {
		return err
	}
	folded := w.fold
	r, err := folded.Report(o.Version, report.Run{})
	w.fold, w.snapshot = nil, &snapshot
	if err != nil {
		return err
	}
	now := o.now()
	o.annex(ctx, w, folded, now)
	doc, err := r.JSON()
	if err != nil {
		return err
	}
	if err := o.Archive.PutInterim(ctx, id, doc); err != nil {
		return err
	}
	if err := o.publish(ctx, w, r, now); err != nil {
		return err
	}
	o.hour(ctx, w.check(), r)
	o.grade(ctx, w, r, now)
	body, err := w.encode(snapshot)
	if err != nil {
		return err
	}
	w.bytes = len(snapshot.Judge) + w.timelineBytes()
	w.fresh, w.news, w.toldAt = nil, false, now
	return o.Archive.PutJudgeState(ctx, id, body)
}
