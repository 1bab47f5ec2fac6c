// Package schedule does things by the clock: cron expressions in time zones, and what was missed.
//
// A tick is named by its entry and its time, and whatever is done for it must be idempotent under that name: then any number of producers may run the same schedule. What the
// store remembers saves them work; that nothing is done twice does not hang on it.
package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

const (
	// late is after how long nobody would say that a tick was on time: a hand-over between producers takes seconds.
	late = 2 * time.Minute
	// maxCatchUp bounds the ticks that are made up for; the newest are.
	maxCatchUp = 1000
	// maxDowntime bounds how far back missed ticks are looked for.
	maxDowntime = 366 * 24 * time.Hour
	// maxSleep bounds the wait for a tick, because clocks are set.
	maxSleep = time.Minute
	// maxTrying is for how long a tick that fails for reasons that may pass is tried: others wait for it.
	maxTrying = 24 * time.Hour
	// retryAfter is the pause before a tick that failed for a reason that may pass is tried again.
	retryAfter = time.Minute
	// spread keeps several producers from beginning a tick in the same moment: the later ones then see that it is done.
	spread = 3 * time.Second
	// maxState bounds what is read back.
	maxState = 64 << 10
)

// State is what the store remembers of an entry.
type State struct {
	// Last is the newest tick that is done; of an entry that was never run, when it was first seen.
	Last time.Time `json:"last"`
	// Ran is when that was, and Error what went wrong for good.
	Ran   time.Time `json:"ran"`
	Error string    `json:"error,omitempty"`
	// Begun is the tick that was begun and is not done, and Since when it was first tried; zero: none is. It was not missed, however late it is.
	Begun time.Time `json:"begun,omitzero"`
	Since time.Time `json:"since,omitzero"`
}

// Config sets up a Runner. Store and Do are required.
type Config struct {
	Store storage.Store
	// Do does what an entry wants at a tick. It may be called again for the same tick, also by others at the same time. A permanent error ends the tick; after
	// others it is tried again.
	Do   func(ctx context.Context, e Entry, tick time.Time) error
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error // nil: a timer
	Log  *slog.Logger
}

// Runner runs entries.
type Runner struct {
	cfg     Config
	changed chan struct{}

	mu      sync.Mutex
	entries []Entry
}

// New makes a Runner without entries.
func New(cfg Config) *Runner {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Wait == nil {
		cfg.Wait = wait
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Runner{cfg: cfg, changed: make(chan struct{}, 1)}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Set says what is to be run from now on.
func (r *Runner) Set(entries []Entry) {
	r.mu.Lock()
	same := slices.EqualFunc(r.entries, entries, Entry.Equal)
	r.entries = slices.Clone(entries)
	r.mu.Unlock()
	if same {
		return
	}
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Run runs the entries until ctx ends. When they change, what runs is interrupted, and taken up again if it is still wanted.
func (r *Runner) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		r.mu.Lock()
		entries := slices.Clone(r.entries)
		r.mu.Unlock()
		inner, cancel := context.WithCancel(ctx)
		var group sync.WaitGroup
		for _, e := range entries {
			group.Go(func() { r.follow(inner, e) })
		}
		select {
		case <-ctx.Done():
		case <-r.changed:
		}
		cancel()
		group.Wait()
	}
	return nil
}

// follow runs one entry.
func (r *Runner) follow(ctx context.Context, e Entry) {
	for ctx.Err() == nil {
		next, err := r.Step(ctx, e)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.cfg.Log.Error("scheduled run failed and will be tried again", "schedule", e.Name, "error", err)
		}
		pause := min(next.Sub(r.cfg.Now()), maxSleep)
		if next.IsZero() {
			pause = maxSleep
		}
		if r.cfg.Wait(ctx, max(pause, 0)+rand.N(spread)) != nil {
			return
		}
	}
}

// Step does what is due of an entry and returns when to look again. An entry that nobody has seen before begins now: it has missed nothing.
func (r *Runner) Step(ctx context.Context, e Entry) (next time.Time, err error) {
	now := r.cfg.Now()
	soon := now.Add(retryAfter)
	state, err := Load(ctx, r.cfg.Store, e.Name)
	if errors.Is(err, storage.ErrNotFound) {
		state = State{Last: now.UTC()}
		err = r.save(ctx, e.Name, state)
	}
	if err != nil {
		return soon, err
	}
	for _, tick := range r.due(e, state, now) {
		if state, err = r.runTick(ctx, e, state, tick); err != nil {
			return soon, err
		}
	}
	// What was left out stays behind without a word in the store: it is left out again.
	return e.Cron.Next(maxTime(state.Last, now)), nil
}

// runTick runs a tick, and gives the state when it is done, for good or bad. That it was begun is written down before: neither a restart nor trouble that
// lasts makes a missed tick of it.
func (r *Runner) runTick(ctx context.Context, e Entry, state State, tick time.Time) (State, error) {
	if !state.Begun.Equal(tick) {
		state.Begun, state.Since = tick.UTC(), r.cfg.Now().UTC()
		if err := r.save(ctx, e.Name, state); err != nil {
			return state, err
		}
	}
	err := r.cfg.Do(ctx, e, tick)
	trying := r.cfg.Now().Sub(state.Since) < maxTrying
	if err != nil && (ctx.Err() != nil || jobs.ClassOf(err) != jobs.Permanent && trying) {
		return state, fmt.Errorf("tick %s: %w", tick.Format(time.RFC3339), err)
	}
	state = State{Last: tick.UTC(), Ran: r.cfg.Now().UTC()}
	if err != nil {
		state.Error = err.Error()
		r.cfg.Log.Error("scheduled run failed", "schedule", e.Name, "tick", tick, "error", err)
	}
	return state, r.save(ctx, e.Name, state)
}

// due are the ticks to be run now, the oldest first.
func (r *Runner) due(e Entry, state State, now time.Time) []time.Time {
	var ticks []time.Time
	missed := 0
	for t := e.Cron.Next(maxTime(state.Last, now.Add(-maxDowntime))); !t.IsZero() && !t.After(now); t = e.Cron.Next(t) {
		if e.CatchUp == CatchUpNone && now.Sub(t) > late && !t.Equal(state.Begun) {
			missed++
			continue
		}
		if e.CatchUp == CatchUpLast && len(ticks) > 0 || len(ticks) == maxCatchUp {
			ticks = ticks[1:]
			missed++
		}
		ticks = append(ticks, t)
	}
	if missed > 0 && len(ticks) > 0 {
		r.cfg.Log.Warn("ticks were missed and are left out", "schedule", e.Name, "ticks", missed, "catch_up", e.CatchUp)
	}
	return ticks
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Load reads what is remembered of an entry; the error wraps storage.ErrNotFound when it was never seen.
func Load(ctx context.Context, store storage.Store, name string) (State, error) {
	key, err := storage.ScheduleState(name)
	if err != nil {
		return State{}, err
	}
	body, err := store.Get(ctx, key, 0, -1)
	if err != nil {
		return State{}, fmt.Errorf("read state of schedule %s: %w", name, err)
	}
	defer body.Close()
	doc, err := io.ReadAll(io.LimitReader(body, maxState))
	if err != nil {
		return State{}, fmt.Errorf("read state of schedule %s: %w", name, err)
	}
	var s State
	if err := json.Unmarshal(doc, &s); err != nil {
		return State{}, fmt.Errorf("read state of schedule %s: %w", name, err)
	}
	return s, nil
}

// save writes the state unless a newer tick stands there: of two producers the slower one must not turn the other back.
func (r *Runner) save(ctx context.Context, name string, s State) error {
	if stored, err := Load(ctx, r.cfg.Store, name); err == nil && stored.Last.After(s.Last) {
		return nil
	}
	key, err := storage.ScheduleState(name)
	if err != nil {
		return err
	}
	const longest = 1000
	s.Error = s.Error[:min(len(s.Error), longest)]
	doc, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode state of schedule %s: %w", name, err)
	}
	if err := r.cfg.Store.Put(ctx, key, doc); err != nil {
		return fmt.Errorf("write state of schedule %s: %w", name, err)
	}
	return nil
}
