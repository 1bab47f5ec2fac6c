package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"aircheck/internal/redisserver"
)

// watch counts who leads what, and complains when two lead one stream.
type watch struct {
	t  *testing.T
	mu sync.Mutex
	by map[string]string
}

func (w *watch) lead(owner string) LeadFunc {
	return func(ctx context.Context, stream string) {
		w.mu.Lock()
		if other := w.by[stream]; other != "" {
			w.t.Errorf("%s and %s lead %s", owner, other, stream)
		}
		w.by[stream] = owner
		w.mu.Unlock()
		<-ctx.Done()
		w.mu.Lock()
		delete(w.by, stream)
		w.mu.Unlock()
	}
}

func (w *watch) counts() (total int, by map[string]int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	by = map[string]int{}
	for _, owner := range w.by {
		by[owner]++
	}
	return len(w.by), by
}

func streamNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("stream-%d", i)
	}
	return names
}

// producer runs a leader until it is stopped; stop returns when it has left.
func producer(t *testing.T, conn *Conn, owner string, w *watch, streams []string) (stop func()) {
	l := NewLeader(conn, owner, w.lead(owner), slog.New(slog.DiscardHandler))
	l.Want(streams)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := l.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-done }) }
	t.Cleanup(stop)
	return stop
}

func TestLeadersShareTheStreams(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) { shareStreams(t, conn, conn) })
}

func TestLeadersInACluster(t *testing.T) {
	t.Parallel()
	conn := open(t, redisserver.StartCluster(t).URL())
	shareStreams(t, conn, conn)
}

func shareStreams(t *testing.T, one, two *Conn) {
	const n = 20
	streams, w := streamNames(n), &watch{t: t, by: map[string]string{}}
	all := func() bool { total, _ := w.counts(); return total == n }
	producer(t, one, "a", w, streams)
	eventually(t, 5*time.Second, "one producer leads all", all)
	stop := producer(t, two, "b", w, streams)
	eventually(t, 20*time.Second, "two share", func() bool {
		total, by := w.counts()
		return total == n && by["a"] >= n/2-1 && by["b"] >= n/2-1
	})
	if who, err := NewClient(one).Leaders(t.Context(), append(streams, "nobody's")); err != nil || len(who) != n {
		t.Errorf("leaders %v, %v", who, err)
	}
	left := time.Now()
	stop() // as SIGTERM does
	eventually(t, 2*leaderTTL, "the other leads all", all)
	if took := time.Since(left); took > 4*leaderBeat {
		t.Errorf("the streams of a producer that left were taken over after %s", took)
	}
}

// TestDeadLeader: the streams of a producer that says nothing more are led by another within the life of a lease.
func TestDeadLeader(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		streams, w := streamNames(3), &watch{t: t, by: map[string]string{}}
		dead := NewLeader(conn, "dead", nil, nil)
		if got, err := dead.claims(t.Context(), streams); err != nil || got[0] != claimed || got[2] != claimed {
			t.Fatalf("claims %v, %v", got, err)
		}
		if _, err := dead.alive(t.Context()); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		producer(t, conn, "heir", w, streams)
		eventually(t, 3*leaderTTL, "all are led", func() bool { total, _ := w.counts(); return total == 3 })
		if took := time.Since(begun); took < leaderTTL/2 {
			t.Errorf("leases that had %s to run were taken after %s", leaderTTL, took)
		}
	})
}

// TestLostLease: who cannot renew a lease stops before another may take it; who finds another's name on it stops at once.
func TestLostLease(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		w := &watch{t: t, by: map[string]string{}}
		l := NewLeader(conn, "a", w.lead("a"), slog.New(slog.DiscardHandler))
		l.Want([]string{"x", "y"})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = l.Run(ctx) }()
		defer func() { cancel(); <-done }()
		eventually(t, 5*time.Second, "both are led", func() bool { total, _ := w.counts(); return total == 2 })
		if err := conn.client.Set(t.Context(), leaderKey("x"), "thief", time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		eventually(t, leaderTTL/2, "one is let go", func() bool { total, _ := w.counts(); return total == 1 })
		l.Want(nil)
		eventually(t, leaderTTL, "none is wanted", func() bool { total, _ := w.counts(); return total == 0 })
		eventually(t, leaderTTL/2, "its lease is given back", func() bool {
			return conn.client.Exists(t.Context(), leaderKey("y")).Val() == 0
		})
		if who := conn.client.Get(t.Context(), leaderKey("x")).Val(); who != "thief" {
			t.Errorf("the lease of another was given back: %q", who)
		}
	})
}

// TestLeaderWithoutRedis: when Redis is gone, everything that is led has stopped before the leases can have run out.
func TestLeaderWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redisserver.Start(t)
	conn := open(t, server.URL())
	w := &watch{t: t, by: map[string]string{}}
	producer(t, conn, "a", w, streamNames(5))
	eventually(t, 5*time.Second, "all are led", func() bool { total, _ := w.counts(); return total == 5 })
	gone := time.Now()
	server.Kill()
	eventually(t, leaderTTL, "nothing is led", func() bool { total, _ := w.counts(); return total == 0 })
	if took := time.Since(gone); took >= leaderTTL {
		t.Errorf("stopped after %s", took)
	}
}
