package queue

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"aircheck/internal/redisserver"
	"aircheck/jobs"
)

// backends runs a test on the embedded broker and on a real server.
func backends(t *testing.T, test func(t *testing.T, conn *Conn)) {
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, embedded(t)))
	})
	t.Run("redis-server", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, redisserver.Start(t).URL()))
	})
}

// embedded starts a miniredis whose clock moves with ours.
func embedded(t *testing.T) string {
	t.Helper()
	m := miniredis.RunT(t)
	ctx, cancel := context.WithCancel(t.Context())
	var ticking sync.WaitGroup
	ticking.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				m.FastForward(100 * time.Millisecond)
			}
		}
	})
	t.Cleanup(func() { cancel(); ticking.Wait() })
	return "redis://" + m.Addr() + "/0"
}

func open(t *testing.T, url string) *Conn {
	t.Helper()
	conn, err := Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// eventually polls until cond holds.
func eventually(t *testing.T, within time.Duration, what string, cond func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline.C:
			t.Fatalf("after %s still not: %s", within, what)
		case <-tick.C:
		}
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func taskOf(check string, window int) jobs.Task {
	start := jobs.Micros(window) * 60e6
	return jobs.Task{
		V: jobs.Version, Check: check,
		Window: jobs.Window{Sequence: "s0", Index: window, First: window, Last: window + 1, Start: start, End: start + 60e6, Head: window == 0},
		Segments: []jobs.Segment{{
			Index: window, ByteRange: jobs.ByteRange{URI: "s3://media/a.ts", Length: -1}, Start: start, Duration: 60e6,
		}},
	}
}

func newCheck() string { return jobs.NewID(time.Now(), nil) }

// handler is a Handler made of functions.
type handler struct {
	measure func(context.Context, jobs.Task) error
	giveUp  func(context.Context, jobs.Outcome) error
	judge   func(context.Context, string) error
	observe func(context.Context, string) error
	// evidence may be nil.
	evidence func(ctx context.Context, check string, lastTry bool) error
	frames   func(ctx context.Context, check string, lastTry bool) error
}

func (h handler) Measure(ctx context.Context, t jobs.Task) error   { return h.measure(ctx, t) }
func (h handler) GiveUp(ctx context.Context, o jobs.Outcome) error { return h.giveUp(ctx, o) }
func (h handler) Judge(ctx context.Context, check string) error    { return h.judge(ctx, check) }
func (h handler) Observe(ctx context.Context, check string) error  { return h.observe(ctx, check) }
func (h handler) Evidence(ctx context.Context, check string, lastTry bool) error {
	return h.evidence(ctx, check, lastTry)
}

func (h handler) FirstFrames(ctx context.Context, check string, lastTry bool) error {
	if h.frames == nil {
		return nil
	}
	return h.frames(ctx, check, lastTry)
}

// consume runs a consumer until the returned stop is called; the test fails if it does not end then.
func consume(t *testing.T, conn *Conn, h Handler, cfg ConsumerConfig) (c *Consumer, drain func(), abort func()) {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	ctx, cancel := context.WithCancel(context.Background())
	quit := make(chan struct{})
	c = NewConsumer(conn, h, cfg)
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, quit) }()
	var once sync.Once
	wait := func(stop func()) func() {
		return func() {
			once.Do(func() {
				stop()
				if err := <-ended; err != nil {
					t.Errorf("run consumer: %v", err)
				}
			})
		}
	}
	drain, abort = wait(func() { close(quit) }), wait(cancel)
	t.Cleanup(func() { abort(); cancel() })
	return c, drain, abort
}

var errBoom = errors.New("boom")
