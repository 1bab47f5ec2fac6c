package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/live"
	"aircheck/storage"
)

const (
	// retryAfter is the pause after the store failed; nothing is lost meanwhile.
	retryAfter = time.Second
	// maxConflicts is how often in a row another follower may win before this one gives up: two that lead one stream for longer are a fault of the leases.
	maxConflicts = 20
)

// run is one Run of a Follower.
type run struct {
	*Follower
	s       *state
	old     []string // pending objects of earlier followers
	results chan outcome
	group   sync.WaitGroup
	fetches int
	retry   time.Time // no write before
	again   map[*item]time.Time
	closed  []string // checks that are to be finished when the next has begun
	lost    int      // conflicts in a row
	dirty   bool     // there are segments that the pending object does not know
	end     *end     // where the stream ended before; nil: nobody knows that it did
	leaving bool     // the stream goes on, and is followed no longer
}

type outcome struct {
	it  *item
	got fetched
	err error
}

// Run follows the stream until ctx ends, in which case the next follower goes on where it stopped, or until the stream ends, in which case its last hour is
// closed. The error says that the stream cannot be followed at all, or that somebody else follows it too.
func (f *Follower) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	r := &run{Follower: f, results: make(chan outcome), again: map[*item]time.Time{}}
	defer r.group.Wait()
	defer cancel()
	f.followed = false
	if err := r.begin(ctx); err != nil {
		return stopped(ctx, err)
	}
	if err := r.resume(ctx); err != nil {
		return stopped(ctx, err)
	}
	updates, failed := make(chan live.Update), make(chan error, 1)
	r.group.Go(func() { r.refresh(ctx, updates, failed) })
	for {
		done, wake, err := r.step(ctx)
		if done || err != nil {
			return stopped(ctx, err)
		}
		if err := r.wait(ctx, updates, failed, wake); err != nil {
			return stopped(ctx, err)
		}
	}
}

// stopped makes the end of ctx no error.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Finish closes the hour of a stream that is followed no longer, after Run has returned: what was archived and not written is written, and the manifest
// made. The next one who follows the stream begins a new period.
func (f *Follower) Finish(ctx context.Context) error {
	r := &run{Follower: f, results: make(chan outcome), again: map[*item]time.Time{}}
	defer r.group.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := r.begin(ctx); err != nil {
		return err
	}
	r.s.ended, r.leaving = true, true
	for {
		done, wake, err := r.step(ctx)
		if done || err != nil {
			return err
		}
		if err := r.wait(ctx, nil, nil, wake); err != nil {
			return err
		}
	}
}

// begin recovers the state.
func (r *run) begin(ctx context.Context) error {
	found, err := r.recover(ctx)
	if err != nil {
		return fmt.Errorf("recover stream %s: %w", r.cfg.Stream.Name, err)
	}
	all, keys, err := r.takePending(ctx)
	if err != nil {
		return fmt.Errorf("recover stream %s: %w", r.cfg.Stream.Name, err)
	}
	r.s, r.old, r.dirty = found.state, keys, true
	stale, err := r.stale(ctx, r.s, all.periods())
	if err != nil {
		return fmt.Errorf("recover stream %s: %w", r.cfg.Stream.Name, err)
	}
	r.s.adoptPending(all, stale, r.cfg.Now())
	r.closed = found.unfinished
	return nil
}

// refresh reads the playlists again and again. An update waits until it is taken: who cannot keep up with the stream asks no further.
func (r *run) refresh(ctx context.Context, updates chan<- live.Update, failed chan<- error) {
	for {
		limited, cancel := context.WithTimeout(ctx, refreshTimeout)
		begun := r.cfg.Now()
		u, err := r.cfg.Source.Refresh(limited)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			failed <- err
			return
		}
		r.cfg.Metrics.Refreshed(r.cfg.Stream.Name, r.cfg.Now().Sub(begun))
		select {
		case updates <- u:
		case <-ctx.Done():
			return
		}
		if u.Ended || !sleep(ctx, max(u.Wait, leastWait)) {
			return
		}
	}
}

// wait waits for the next thing to happen and takes it into the state.
func (r *run) wait(ctx context.Context, updates <-chan live.Update, failed <-chan error, wake time.Time) error {
	var alarm <-chan time.Time
	if !wake.IsZero() {
		timer := time.NewTimer(max(wake.Sub(r.cfg.Now()), time.Millisecond))
		defer timer.Stop()
		alarm = timer.C
	}
	if r.s.waiting() > maxWaiting {
		updates = nil
	}
	select {
	case u := <-updates:
		news, faults := r.s.accept(&u, r.cfg.Now())
		r.dirty = r.dirty || news
		r.told(faults)
	case o := <-r.results:
		r.fetched(ctx, o)
	case err := <-failed:
		return err
	case <-alarm:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (r *run) told(faults []live.Fault) {
	for i := range faults {
		r.cfg.Metrics.Faulted(r.cfg.Stream.Name, faults[i].Code, faults[i].Message)
		r.cfg.Log.Info("fault", "stream", r.cfg.Stream.Name, "code", faults[i].Code, "message", faults[i].Message)
	}
}

func (r *run) fetched(ctx context.Context, o outcome) {
	r.fetches--
	if o.err != nil {
		if ctx.Err() == nil {
			r.cfg.Log.Warn("archive segment", "stream", r.cfg.Stream.Name, "segment", o.it.Number, "error", o.err)
		}
		o.it.busy = false
		r.again[o.it] = r.cfg.Now().Add(retryAfter)
		return
	}
	delete(r.again, o.it)
	r.s.finish(o.it, o.got)
	r.told(o.got.faults)
	if o.got.missing != "" {
		r.cfg.Metrics.Faulted(r.cfg.Stream.Name, "segment.missing", o.got.missing)
		r.cfg.Log.Info("segment could not be had", "stream", r.cfg.Stream.Name, "segment", o.it.Number, "why", o.got.missing)
		return
	}
	r.cfg.Metrics.Archived(r.cfg.Stream.Name, o.got.bytes)
}

// step does what can be done now: it starts fetches, and writes what is due. It tells whether the stream is over, and when to look again.
func (r *run) step(ctx context.Context) (done bool, wake time.Time, err error) {
	now := r.cfg.Now()
	if r.dirty {
		if err := r.putPending(ctx, r.s); err != nil {
			return false, now.Add(retryAfter), r.trouble(ctx, err)
		}
		r.dirty = false
		r.dropPending(ctx, r.old, false)
		r.old = nil
	}
	r.finishClosed(ctx)
	wake = r.start(ctx, now)
	if now.Before(r.retry) {
		return false, earlier(wake, r.retry), nil
	}
	for {
		now = r.cfg.Now()
		closing, at := r.s.closing(now)
		write, later := r.s.due(now)
		begins := len(r.closed) > 0 && len(r.s.periods) > 0 && r.s.periods[0].next == 0
		if !closing && !write && !begins {
			wake = earlier(earlier(wake, at), later)
			break
		}
		if err := r.write(ctx, closing, now); err != nil {
			return false, now.Add(retryAfter), r.trouble(ctx, err)
		}
	}
	if r.dirty || len(r.closed) > 0 {
		return false, now, nil
	}
	if r.s.ended && len(r.s.periods) == 0 && r.s.waiting() == 0 && r.fetches == 0 {
		return true, time.Time{}, r.tidy(ctx)
	}
	return false, wake, nil
}

// trouble puts off what failed for a passing reason.
func (r *run) trouble(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, errBeaten) {
		return err
	}
	r.cfg.Log.Warn("write down what was archived", "stream", r.cfg.Stream.Name, "error", err)
	r.retry = r.cfg.Now().Add(retryAfter)
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// start begins fetches as far as there are places; it tells when one that failed is to be tried again.
func (r *run) start(ctx context.Context, now time.Time) (wake time.Time) {
	for _, it := range r.s.toFetch(maxWaiting) {
		if at := r.again[it]; now.Before(at) {
			wake = earlier(wake, at)
			continue
		}
		if r.fetches >= maxFetches {
			break
		}
		it.busy = true
		r.fetches++
		t := target{Segment: it.Segment, source: it.row.id, sequence: it.period.places[it.row.id].sequence, period: it.period.begin, known: it.known}
		r.group.Go(func() { r.bring(ctx, it, t) })
	}
	return wake
}

// bring fetches a segment.
func (r *run) bring(ctx context.Context, it *item, t target) {
	got, err := r.fetch.segment(ctx, t)
	select {
	case r.results <- outcome{it: it, got: got, err: err}:
	case <-ctx.Done():
	}
}

var errBeaten = errors.New("another producer follows the stream too")

// write puts the next instalment of the running period, and enqueues its windows. When another follower was faster, what it wrote is taken over.
func (r *run) write(ctx context.Context, last bool, now time.Time) error {
	s, p := r.s, r.s.periods[0]
	d := s.cut(r.cfg.Owner, last, now)
	if p.next == 0 {
		if err := r.cfg.Archive.Begin(ctx, p.id); err != nil {
			return err
		}
	}
	ends := last && s.ended && !r.leaving
	if ends {
		if err := r.putEnd(ctx); err != nil {
			return err
		}
	}
	err := r.cfg.Archive.PutInstalment(ctx, d.instalment)
	if errors.Is(err, storage.ErrExists) {
		if err = r.contested(ctx, d); err != nil || r.s != s {
			return err
		}
	}
	if err != nil {
		return err
	}
	r.lost, r.followed = 0, true
	if r.end != nil && !ends {
		r.forgetEnd(ctx)
	}
	tasks := s.stored(d, now)
	r.enqueue(ctx, tasks, d.instalment)
	if last {
		s.closed(p)
		r.closed, r.dirty = append(r.closed, p.id), true
	}
	return nil
}

// contested finds out whose the instalment is that is there already. It is this follower's own when the answer to its put got lost.
func (r *run) contested(ctx context.Context, d *draft) error {
	there, err := r.cfg.Archive.Instalment(ctx, d.instalment.Check, d.instalment.Index)
	if err != nil && !errors.Is(err, archive.ErrSpoiled) {
		return err
	}
	if err == nil {
		hand, err := decodeHandover(there)
		if err == nil && hand.Owner == r.cfg.Owner && same(there, d.instalment) {
			return nil
		}
	}
	if r.lost++; r.lost > maxConflicts {
		return errBeaten
	}
	s, err := r.reload(ctx, r.s)
	if err != nil {
		return err
	}
	r.s, r.dirty, r.again = s, true, map[*item]time.Time{}
	return nil
}

// same compares two instalments by what they bring.
func same(a, b *jobs.Instalment) bool {
	one, errA := jobs.EncodeInstalment(a)
	two, errB := jobs.EncodeInstalment(b)
	return errA == nil && errB == nil && string(one) == string(two)
}

func (r *run) enqueue(ctx context.Context, tasks []jobs.Task, i *jobs.Instalment) {
	for _, task := range tasks {
		if err := r.cfg.Queue.EnqueueWindow(ctx, task, queue.Live); err != nil {
			if ctx.Err() == nil {
				r.cfg.Log.Warn("enqueue window, which the reconciler will do", "check", i.Check, "window", task.Window.Index, "error", err)
			}
			break
		}
	}
	if len(i.Windows) == 0 || len(i.Findings)+len(i.Updates) > 0 {
		if err := r.cfg.Queue.EnqueueObserve(ctx, i.Check); err != nil && ctx.Err() == nil {
			r.cfg.Log.Warn("tell faults with the next window", "check", i.Check, "error", err)
		}
	}
	if len(i.Windows) > 0 {
		r.cfg.Metrics.Wrote(r.cfg.Stream.Name, len(i.Windows), r.cfg.Now().Sub(i.Published))
	}
}

// finishClosed makes ordinary checks of closed ones. The first instalment of the next period comes before, so that at any moment an open check says where to
// go on; where there is no next, the pending object, which is stored by now, says that nothing is left.
func (r *run) finishClosed(ctx context.Context) {
	if len(r.s.periods) > 0 && r.s.periods[0].next == 0 {
		return
	}
	for _, id := range r.closed {
		r.finishLater(ctx, id)
	}
	r.closed = nil
}

// finishLater makes an ordinary check of a closed one, beside what goes on. When it does not come to it, the next follower or the reconciler does it.
func (r *run) finishLater(ctx context.Context, id string) {
	finisher := Finisher{Archive: r.cfg.Archive, Queue: r.cfg.Queue, Address: r.cfg.Address}
	r.group.Go(func() {
		if !enter(ctx, r.cfg.Limits.finishes) {
			return
		}
		defer leave(r.cfg.Limits.finishes)
		for pause := retryAfter; ; pause = min(2*pause, time.Minute) {
			err := finisher.Finish(ctx, id)
			if err == nil || ctx.Err() != nil {
				return
			}
			r.cfg.Log.Warn("finish live check", "check", id, "error", err)
			if jobs.ClassOf(err) == jobs.Permanent || !sleep(ctx, pause) {
				return
			}
		}
	})
}

// tidy tidies up after a stream that is over: what is being finished is waited for, because nobody else would know of it soon.
func (r *run) tidy(ctx context.Context) error {
	r.group.Wait()
	_, keys, err := r.takePending(ctx)
	if err != nil {
		return err
	}
	r.dropPending(ctx, keys, true)
	return nil
}
