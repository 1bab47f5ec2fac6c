package queue

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/internal/redisserver"
	"aircheck/jobs"
)

// TestLiveDoesNotWaitForBackfill measures how long a live window waits for a worker, with nothing else in the queues and with a backfill of 10,000 windows waiting. A slot
// that works at the backfill is busy for the length of a window; what is more than that must be a few looks at Redis.
func TestLiveDoesNotWaitForBackfill(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some ten seconds")
	}
	const (
		windows = 10_000
		slots   = 8
		work    = 40 * time.Millisecond // a window of the backfill; that of a live one costs nothing here
		probes  = 100
	)
	conn := open(t, redisserver.Start(t).URL())
	client, past := NewClient(conn), newCheck()
	var mu sync.Mutex
	arrived := map[string]chan time.Time{}
	h := handler{measure: func(ctx context.Context, task jobs.Task) error {
		if task.Check == past {
			select {
			case <-time.After(work):
			case <-ctx.Done():
			}
			return ctx.Err()
		}
		mu.Lock()
		defer mu.Unlock()
		arrived[task.Check] <- time.Now()
		return nil
	}}
	consume(t, conn, h, ConsumerConfig{Slots: slots})
	probe := func() []time.Duration {
		waits := make([]time.Duration, probes)
		for i := range waits {
			check, seen := newCheck(), make(chan time.Time, 1)
			mu.Lock()
			arrived[check] = seen
			mu.Unlock()
			begun := time.Now()
			if err := client.EnqueueWindow(t.Context(), taskOf(check, 0), Live); err != nil {
				t.Fatal(err)
			}
			waits[i] = (<-seen).Sub(begun)
		}
		slices.Sort(waits)
		return waits
	}
	alone := probe()
	var group errgroup.Group
	group.SetLimit(16)
	for i := range windows {
		group.Go(func() error { return client.EnqueueWindow(t.Context(), taskOf(past, i), Backfill) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	beside := probe()
	all, err := client.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waiting := all[slices.IndexFunc(all, func(q QueueStats) bool { return q.Queue == Backfill })].Pending
	t.Logf("live pick-up: alone p50 %s p95 %s; beside %d waiting windows p50 %s p95 %s", alone[probes/2], alone[probes*95/100], waiting,
		beside[probes/2], beside[probes*95/100])
	if waiting < windows/4 {
		t.Fatalf("the backfill is over but for %d windows: nothing was measured", waiting)
	}
	// An idle slot sleeps up to 50 ms between two looks, a busy one works for 40: the two are alike, and neither grows with what waits.
	if limit := 2*alone[probes*95/100] + 2*work; beside[probes*95/100] > limit {
		t.Errorf("p95 is %s beside a backfill and %s without; at most %s is allowed", beside[probes*95/100], alone[probes*95/100], limit)
	}
}
