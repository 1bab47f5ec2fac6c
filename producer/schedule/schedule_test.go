package schedule

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/producer/backfill"
	"aircheck/storage"
	"aircheck/storage/mem"
)

// clock is set by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) set(s string) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// producer is a Runner that notes what it does.
func producer(store storage.Store, c *clock, done *[]string, fail func(tick time.Time) error) *Runner {
	return New(Config{Store: store, Now: c.Now, Do: func(_ context.Context, _ Entry, tick time.Time) error {
		if fail != nil {
			if err := fail(tick); err != nil {
				return err
			}
		}
		*done = append(*done, tick.UTC().Format("02T15:04"))
		return nil
	}})
}

func nightly(t *testing.T, catchUp CatchUp) Entry {
	t.Helper()
	return Entry{Name: "nightly", Cron: mustCron(t, "0 3 * * *", "UTC"), CatchUp: catchUp, Check: "/vod/{yyyy}/{mm}/{dd}.mp4"}
}

func step(t *testing.T, r *Runner, e Entry) time.Time {
	t.Helper()
	next, err := r.Step(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// TestCatchUp: an entry begins when it is first seen; after a downtime the policy decides.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	for policy, want := range map[CatchUp]string{
		CatchUpNone: "21T03:00", CatchUpLast: "21T03:00 24T03:00", CatchUpAll: "21T03:00 22T03:00 23T03:00 24T03:00",
	} {
		var c clock
		var done []string
		store, e := mem.New(nil), nightly(t, policy)
		c.set("2026-11-20T12:00:00Z")
		if next := step(t, producer(store, &c, &done, nil), e); len(done) > 0 || next.Format(time.RFC3339) != "2026-11-21T03:00:00Z" {
			t.Errorf("%s: %q is done at first sight, next %s", policy, done, next)
		}
		c.set("2026-11-21T03:00:01Z")
		step(t, producer(store, &c, &done, nil), e)
		step(t, producer(store, &c, &done, nil), e) // of another producer, or after a restart
		c.set("2026-11-24T09:00:00Z")
		next := step(t, producer(store, &c, &done, nil), e)
		step(t, producer(store, &c, &done, nil), e)
		if got := strings.Join(done, " "); got != want || next.Format(time.RFC3339) != "2026-11-25T03:00:00Z" {
			t.Errorf("%s: done %s, want %s; next %s", policy, got, want, next)
		}
	}
}

func TestCatchUpIsBounded(t *testing.T) {
	t.Parallel()
	var c clock
	var done []string
	e := Entry{Name: "often", Cron: mustCron(t, "0 * * * *", "UTC"), CatchUp: CatchUpAll}
	r := producer(mem.New(nil), &c, &done, nil)
	c.set("2020-01-01T00:00:00Z")
	step(t, r, e)
	c.set("2026-01-01T00:00:00Z")
	if step(t, r, e); len(done) != maxCatchUp || done[len(done)-1] != "01T00:00" {
		t.Errorf("%d ticks, the last %s", len(done), done[len(done)-1])
	}
}

// TestFailures: what may pass is tried again, what will not ends the tick and is remembered.
func TestFailures(t *testing.T) {
	t.Parallel()
	var c clock
	var done []string
	class := jobs.Transient
	store, e := mem.New(nil), nightly(t, CatchUpLast)
	r := producer(store, &c, &done, func(time.Time) error {
		if class == "" {
			return nil
		}
		return jobs.Classify(class, errors.New("the origin is gone"))
	})
	c.set("2026-11-20T12:00:00Z")
	step(t, r, e)
	c.set("2026-11-21T03:00:00Z")
	if next, err := r.Step(t.Context(), e); err == nil || next.Sub(c.Now()) != retryAfter {
		t.Errorf("a failure that may pass: next %s, %v", next, err)
	}
	class = ""
	if step(t, r, e); strings.Join(done, " ") != "21T03:00" {
		t.Errorf("done %q", done)
	}
	c.set("2026-11-22T03:00:00Z")
	class = jobs.Permanent
	step(t, r, e)
	state, err := Load(t.Context(), store, e.Name)
	if err != nil || !strings.Contains(state.Error, "the origin is gone") || !state.Last.Equal(c.Now()) || len(done) != 1 {
		t.Errorf("state %+v, %v, done %q", state, err, done)
	}
}

// TestInterrupted: what was begun in time is taken up again, however late, even where late ticks are left out; what nobody began is left out still.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	var c clock
	var done []string
	store, e := mem.New(nil), nightly(t, CatchUpNone)
	busy := true
	r := producer(store, &c, &done, func(time.Time) error {
		if busy {
			return context.Canceled // the process ends
		}
		return nil
	})
	c.set("2026-11-20T12:00:00Z")
	step(t, r, e)
	c.set("2026-11-21T03:00:00Z")
	if _, err := r.Step(t.Context(), e); err == nil {
		t.Fatal("it was not interrupted")
	}
	busy = false
	c.set("2026-11-21T08:00:00Z")
	step(t, producer(store, &c, &done, nil), e)
	c.set("2026-11-22T08:00:00Z") // nobody was there at 03:00
	step(t, producer(store, &c, &done, nil), e)
	if got := strings.Join(done, " "); got != "21T03:00" {
		t.Errorf("done %q", got)
	}
}

// TestNoTickBlocksForEver: one that fails for reasons that may pass is given up after a day, and those that wait for it run.
func TestNoTickBlocksForEver(t *testing.T) {
	t.Parallel()
	var c clock
	var done []string
	store, e := mem.New(nil), nightly(t, CatchUpAll)
	bad := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	r := producer(store, &c, &done, func(tick time.Time) error {
		if tick.Equal(bad) {
			return errors.New("the origin says 500")
		}
		return nil
	})
	c.set("2026-11-20T12:00:00Z")
	step(t, r, e)
	for hour := range 30 {
		c.now = bad.Add(time.Duration(hour) * time.Hour)
		_, _ = r.Step(t.Context(), e) // it fails until it is given up
	}
	if got := strings.Join(done, " "); got != "22T03:00" {
		t.Errorf("done %q", got)
	}
}

// TestNoTickIsLost: two producers that begin, die and lose their connection at random run every tick at least once, and the set of what they did is the schedule's.
func TestNoTickIsLost(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	var c clock
	var done []string
	store := mem.New(nil)
	e := Entry{Name: "hourly", Cron: mustCron(t, "30 * * * *", "Europe/Berlin"), CatchUp: CatchUpAll}
	fail := func(time.Time) error {
		if random.IntN(4) == 0 {
			return errors.New("not now")
		}
		return nil
	}
	begin := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	c.now = begin
	step(t, producer(store, &c, &done, nil), e)
	for c.now.Before(begin.Add(48 * time.Hour)) {
		c.now = c.now.Add(time.Duration(random.IntN(int(3 * time.Hour))))
		for range 2 {
			_, _ = producer(store, &c, &done, fail).Step(t.Context(), e) // some fail
		}
	}
	step(t, producer(store, &c, &done, nil), e)
	seen := map[string]bool{}
	for _, d := range done {
		seen[d] = true
	}
	for at := e.Cron.Next(begin); !at.After(c.now); at = e.Cron.Next(at) {
		if d := at.UTC().Format("02T15:04"); !seen[d] {
			t.Errorf("tick %s is lost", d)
		}
		delete(seen, at.UTC().Format("02T15:04"))
	}
	if len(seen) > 0 {
		t.Errorf("there were no such ticks: %v", seen)
	}
}

// TestRun runs entries as they change, and waits for what runs before it returns.
func TestRun(t *testing.T) {
	t.Parallel()
	var c clock
	c.set("2026-11-20T12:00:00Z")
	ticks := make(chan string)
	r := New(Config{
		Store: mem.New(nil), Now: c.Now,
		Wait: func(ctx context.Context, d time.Duration) error {
			c.mu.Lock()
			c.now = c.now.Add(d)
			c.mu.Unlock()
			return ctx.Err()
		},
		Do: func(ctx context.Context, e Entry, tick time.Time) error {
			select {
			case ticks <- e.Name:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	for _, name := range []string{"one", "two"} {
		r.Set([]Entry{{Name: name, Cron: mustCron(t, "0 * * * *", "UTC"), CatchUp: CatchUpLast}})
		for range 3 {
			for got := <-ticks; got != name; got = <-ticks { // one of the entry before may be on its way
			}
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	e := nightly(t, CatchUpLast)
	e.Cron = mustCron(t, "0 0 * * *", "Europe/Berlin")
	if got := e.Input(time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)); got != "/vod/2026/11/22.mp4" {
		t.Errorf("input %s", got)
	}
	same := e
	same.Line, same.Cron = 7, mustCron(t, "0 0 * * *", "Europe/Berlin")
	same.Backfill, e.Backfill = &backfill.Spec{Target: "news", Zone: time.UTC}, &backfill.Spec{Target: "news"}
	if !e.Equal(same) {
		t.Error("entries that ask for the same are not equal")
	}
	other := same
	other.Backfill = &backfill.Spec{Target: "sport"}
	if e.Equal(other) || e.Equal(nightly(t, CatchUpLast)) {
		t.Error("entries that ask for something else are equal")
	}
}
