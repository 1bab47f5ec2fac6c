package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/storage"
)

// swamp is an origin whose bodies come without a length, in pieces, and which counts how much of them is in memory.
type swamp struct {
	size  int
	known bool
	opens atomic.Int64
}

func (o *swamp) Open(ctx context.Context, uri string, _, _ int64) (io.ReadCloser, error) {
	o.opens.Add(1)
	body := &trickle{ctx: ctx, r: bytes.NewReader(bytes.Repeat([]byte(uri[len(uri)-1:]), o.size))}
	info := storage.Info{Size: -1}
	if o.known {
		info.Size = int64(o.size)
	}
	return storage.NewBody(body, info, nil), nil
}

func (o *swamp) Stat(context.Context, string) (storage.Info, error) {
	return storage.Info{}, errors.New("not used")
}

// trickle gives 256 KB every 10 ms, so that bodies overlap.
type trickle struct {
	ctx context.Context
	r   *bytes.Reader
}

func (t *trickle) Read(p []byte) (int, error) {
	if !sleep(t.ctx, 10*time.Millisecond) {
		return 0, t.ctx.Err()
	}
	return t.r.Read(p[:min(len(p), 256<<10)])
}

// fetching makes a fetcher of an origin.
func fetching(b *bed, o storage.Origin, l *Limits) *fetcher {
	cfg := &Config{
		Stream: Stream{Name: "news"}, Archive: b.arch, Origin: o, Address: address, Limits: l, Now: time.Now, Rand: func() float64 { return 0 },
		Log: slog.New(slog.DiscardHandler), Metrics: nobody{},
	}
	return newFetcher(cfg)
}

func targetOf(uri string, n int64) target {
	return target{
		Segment:  live.Segment{Number: n, At: jobs.ByteRange{URI: uri, Length: -1}, Duration: 2e6, Seen: time.Now()},
		sequence: "s0", period: time.Now().UTC().Truncate(time.Hour),
	}
}

// TestFetchBytes: however many segments are fetched, and whether or not their length is announced, what is in memory stays within the budget, and all of them come.
// What they waited for each other is no fault of their origins.
func TestFetchBytes(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint(known), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const size, budget = 3 << 20, 24 << 20
				b, o := newBed(t, newChannel()), &swamp{size: size, known: known}
				limits := NewLimits(0, budget)
				var group sync.WaitGroup
				for n := range int64(40) {
					f := fetching(b, o, limits) // of a stream of its own
					group.Go(func() {
						got, err := f.segment(t.Context(), targetOf(fmt.Sprintf("http://host%d/%d", n%7, n), n))
						if err != nil || got.missing != "" || len(got.faults) > 0 || got.bytes != size {
							t.Errorf("segment %d: %+v, %v", n, got, err)
						}
					})
				}
				group.Wait()
				if !limits.bytes.TryAcquire(budget) || len(limits.hosts) > 0 || len(limits.fetches) > 0 {
					t.Errorf("something is still held: %d hosts, %d places", len(limits.hosts), len(limits.fetches))
				}
				if opens := o.opens.Load(); opens > 120 {
					t.Errorf("%d requests for 40 segments", opens)
				}
			})
		})
	}
}

// TestFetchTooLarge: what does not fit into the share of a host is told as too large, and is not waited for for ever.
func TestFetchTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fetching(newBed(t, newChannel()), &swamp{size: 5 << 20}, NewLimits(0, 8<<20))
		got, err := f.segment(t.Context(), targetOf("http://host/1", 1))
		if err != nil || got.missing != "it is larger than aircheck reads" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// TestPlacesWhilePausing: a segment that cannot be had yet takes no place while it is waited for.
func TestPlacesWhilePausing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0", "s1")
		c.last = 30
		for n := int64(3); n <= c.last; n++ {
			c.fails[c.uri("s0", n)] = func(time.Time) error { return storage.ErrNotFound }
		}
		b := newBed(t, c)
		f := b.follower("a", b.store)
		f.cfg.Limits = NewLimits(1, 0)
		f.fetch.own <- struct{}{}
		if err := b.runFor(f, 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		b.consecutive(1, 0, c.last)
		for _, g := range b.checks() {
			for _, one := range g.Check.Timeline.Findings {
				t.Errorf("finding %+v", one)
			}
		}
	})
}

// TestHostShare: a host that hangs leaves places to others, and an origin is not blamed for what nobody asked it for.
func TestHostShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := NewLimits(4, 0)
		var leaves []func()
		for range 3 {
			s := limits.share("http://hangs/x", make(chan struct{}), time.Now)
			leave, ok := s.enter(t.Context())
			if !ok {
				t.Fatal("no place")
			}
			leaves = append(leaves, leave)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, ok := limits.share("http://hangs/y", make(chan struct{}), time.Now).enter(short); ok {
			t.Error("one host took all places")
		}
		other := limits.share("http://goes/x", make(chan struct{}), time.Now)
		leave, ok := other.enter(t.Context())
		if !ok || other.waited > 0 {
			t.Fatalf("no place for another host: waited %s", other.waited)
		}
		leave()
		for _, leave := range leaves {
			leave()
		}
	})
}

// TestWaitingIsNobodysFault: a segment that got its place when it had gone from its origin is not told as never having been there.
func TestWaitingIsNobodysFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0")
		c.last = 100
		pass(2 * c.length)
		limits := NewLimits(1, 0)
		f := fetching(newBed(t, c), c, limits)
		limits.fetches <- struct{}{}
		f.own <- struct{}{}
		var free sync.WaitGroup
		free.Go(func() { pass(time.Minute); <-limits.fetches })
		got, err := f.segment(t.Context(), targetOf(c.uri("s0", 0), 0))
		if err != nil || got.missing != "aircheck had no place to fetch it in while its origin had it" {
			t.Errorf("%+v, %v", got, err)
		}
		limits.fetches <- struct{}{}
		free.Go(func() { pass(5 * time.Second); <-limits.fetches })
		n := c.published(time.Now())
		got, err = f.segment(t.Context(), targetOf(c.uri("s0", n), n))
		if err != nil || got.missing != "" || len(got.faults) > 0 {
			t.Errorf("after 5 s without a place: %+v, %v", got, err)
		}
		free.Wait()
	})
}

// TestLateByAverage: where segments are counted by an average duration, one that is complete a little later than that is not late.
func TestLateByAverage(t *testing.T) {
	for _, test := range []struct {
		clock *jobs.MediaClock
		after time.Duration
		late  bool
	}{
		{nil, 900 * time.Millisecond, true}, {&jobs.MediaClock{Exact: true}, 900 * time.Millisecond, true},
		{&jobs.MediaClock{}, 900 * time.Millisecond, false}, {&jobs.MediaClock{}, 3 * time.Second, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newChannel("s0")
			f := fetching(newBed(t, c), c, NewLimits(0, 0))
			pass(2 * c.length)
			begun := time.Now()
			c.fails[c.uri("s0", 0)] = func(at time.Time) error {
				if at.Sub(begun) < test.after {
					return storage.ErrNotFound
				}
				return nil
			}
			segment := targetOf(c.uri("s0", 0), 0)
			segment.Clock = test.clock
			got, err := f.segment(t.Context(), segment)
			if late := len(got.faults) == 1 && got.faults[0].Code == "segment.late"; err != nil || got.missing != "" || late != test.late {
				t.Errorf("%+v after %s: %+v, %v", test.clock, test.after, got, err)
			}
		})
	}
}
