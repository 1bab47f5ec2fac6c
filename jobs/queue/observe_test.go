package queue

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

const observed = "news-20261122T18"

// newObserved gives an embedded Redis whose clock the test moves.
func newObserved(t *testing.T) (*miniredis.Miniredis, *Conn, *Client) {
	t.Helper()
	server := miniredis.RunT(t)
	conn, err := Open("redis://" + server.Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return server, conn, NewClient(conn)
}

func waiting(t *testing.T, c *Client) int {
	t.Helper()
	info, err := c.inspector.GetQueueInfo(Judge)
	if err != nil {
		return 0 // nothing was ever enqueued
	}
	return info.Pending
}

func ask(t *testing.T, c *Client) {
	t.Helper()
	if err := c.EnqueueObserve(t.Context(), observed); err != nil {
		t.Fatal(err)
	}
}

func begin(t *testing.T, c *Client) *Turn {
	t.Helper()
	turn, err := c.Observe(t.Context(), observed)
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

func done(t *testing.T, turn *Turn) bool {
	t.Helper()
	again, err := turn.Done(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// TestNoTriggerIsLost: however often one asks, one task waits; who asks while a worker is at it has it look again; and who asks when it is done, gets another task.
func TestNoTriggerIsLost(t *testing.T) {
	_, _, c := newObserved(t)
	ask(t, c)
	ask(t, c)
	if n := waiting(t, c); n != 1 {
		t.Fatalf("%d tasks wait, want 1", n)
	}
	turn := begin(t, c)
	if turn == nil || turn.Before != "" {
		t.Fatalf("the first turn is %+v", turn)
	}
	if other := begin(t, c); other != nil {
		t.Fatal("two workers are at one check")
	}
	ask(t, c)
	if n := waiting(t, c); n != 1 {
		t.Errorf("%d tasks wait: whoever is at the check looks again anyway", n)
	}
	if !done(t, turn) {
		t.Error("what was asked for meanwhile was lost")
	}
	if done(t, turn) {
		t.Error("there is no news any more")
	}
	ask(t, c)
	if n := waiting(t, c); n != 2 {
		t.Errorf("%d tasks wait, want one more", n)
	}
	next := begin(t, c)
	if next == nil || next.Before != turn.Token {
		t.Fatalf("the second turn is %+v, want it after %s", next, turn.Token)
	}
	if err := next.Drop(t.Context()); err != nil {
		t.Fatal(err)
	}
	third := begin(t, c)
	if third == nil || third.Before != turn.Token {
		t.Errorf("after a turn that came to nothing the next is %+v", third)
	}
	done(t, third)
}

// TestDeadObserver: the turn of a worker that died is free after its lease, and what it does later counts no more.
func TestDeadObserver(t *testing.T) {
	server, _, c := newObserved(t)
	dead := begin(t, c)
	dead.end() // nobody keeps it alive
	server.FastForward(observerTTL + time.Second)
	turn := begin(t, c)
	if turn == nil {
		t.Fatal("the check is still a dead worker's")
	}
	if _, err := dead.Done(t.Context()); err == nil {
		t.Error("a turn that was taken away ends as if nothing had happened")
	}
	if done(t, turn) {
		t.Error("there was no news")
	}
}

func TestObserveTasksReachTheHandler(t *testing.T) {
	_, conn, c := newObserved(t)
	got := make(chan string, 1)
	h := handler{observe: func(_ context.Context, check string) error { got <- check; return nil }}
	_, drain, _ := consume(t, conn, h, ConsumerConfig{})
	defer drain()
	ask(t, c)
	select {
	case check := <-got:
		if check != observed {
			t.Errorf("observe %q", check)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nobody observes")
	}
}

func TestEvents(t *testing.T) {
	_, _, c := newObserved(t)
	ctx := t.Context()
	last, err := c.LastEvent(ctx)
	if err != nil || last != "0" {
		t.Fatalf("the last of no events is %q, %v", last, err)
	}
	tell := func(id string) {
		if err := c.Publish(ctx, []jobs.Event{{ID: id, Kind: jobs.EventOpened, Finding: &jobs.Finding{Code: "video.black", Confidence: 1}}}); err != nil {
			t.Fatal(err)
		}
	}
	tell("a-1")
	tell("a-2")
	events, last, err := c.Events(ctx, last)
	if err != nil || len(events) != 2 || events[0].ID != "a-1" || events[1].Finding.Code != "video.black" {
		t.Fatalf("%+v, %v", events, err)
	}
	tell("a-3")
	if err := c.redis.XAdd(ctx, &redis.XAddArgs{Stream: eventsKey, Values: []any{"event", "nonsense"}}).Err(); err != nil {
		t.Fatal(err)
	}
	events, last, err = c.Events(ctx, last)
	if err != nil || len(events) != 1 || events[0].ID != "a-3" {
		t.Errorf("%+v, %v", events, err)
	}
	if newest, err := c.LastEvent(ctx); err != nil || newest != last {
		t.Errorf("the last event is %q, read up to %q, %v", newest, last, err)
	}
	if err := c.TellStream(ctx, StreamStatus{Stream: "news", Check: observed, Open: map[jobs.Severity]int{jobs.Fail: 1}}); err != nil {
		t.Fatal(err)
	}
	if all, err := c.Streams(ctx); err != nil || all["news"].Open[jobs.Fail] != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestLatencies: quantiles are right to a bucket's width, over some minutes and no more.
func TestLatencies(t *testing.T) {
	_, _, c := newObserved(t)
	now := time.Date(2026, 11, 22, 18, 30, 59, 0, time.UTC)
	var figures []time.Duration
	for i := range 1000 {
		figures = append(figures, time.Duration(i+1)*10*time.Millisecond)
	}
	if err := c.CountLatency(t.Context(), LatencySegment, now.Add(-2*time.Minute), figures[:500]); err != nil {
		t.Fatal(err)
	}
	if err := c.CountLatency(t.Context(), LatencySegment, now, figures[500:]); err != nil {
		t.Fatal(err)
	}
	if err := c.CountLatency(t.Context(), LatencySegment, now.Add(-2*LatencyOver), slices.Repeat([]time.Duration{time.Hour}, 5000)); err != nil {
		t.Fatal(err)
	}
	l, err := c.Latencies(t.Context(), LatencySegment, now)
	if err != nil || l.Count != 1000 {
		t.Fatalf("%+v, %v", l, err)
	}
	for _, q := range []struct{ got, want time.Duration }{{l.P50, 5 * time.Second}, {l.P95, 9500 * time.Millisecond}, {l.P99, 9900 * time.Millisecond}} {
		if r := q.got.Seconds() / q.want.Seconds(); r < 1/latencyGrain || r > latencyGrain {
			t.Errorf("%s, want %s", q.got, q.want)
		}
	}
	if l, err := c.Latencies(t.Context(), LatencyWindow, now); err != nil || l != (Latencies{}) {
		t.Errorf("without figures: %+v, %v", l, err)
	}
	if got := bucketOf(1 << 62); got != bucketOf(maxLatency) || bucketOf(-1) != 0 {
		t.Errorf("wild figures have buckets %d and %d", got, bucketOf(-1))
	}
}
