package queue

import (
	"context"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

var errLease = asynq.ErrLeaseExpired

func newTask(kind, payload string) *asynq.Task { return asynq.NewTask(kind, []byte(payload)) }

// take does what asynq does when a worker takes a task, and leaves it as a worker does that is killed then.
func take(t *testing.T, conn *Conn, queue string) {
	t.Helper()
	ctx := t.Context()
	id := must(conn.client.RPopLPush(ctx, "asynq:{"+queue+"}:pending", activeKey(queue)).Result())(t)
	pipe := conn.client.Pipeline()
	pipe.HSet(ctx, taskKey(queue, id), "state", "active")
	pipe.HDel(ctx, taskKey(queue, id), "pending_since")
	pipe.ZAdd(ctx, asynqLeaseKey(queue), redis.Z{Member: id, Score: float64(time.Now().Add(30 * time.Second).Unix())})
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestStatesAndReclaim(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		ctx, client, task := t.Context(), NewClient(conn), taskOf(newCheck(), 0)
		ref := WindowRef(Vod, task.Check, task.Window, 0)
		state := func() State { return must(client.States(ctx, []Ref{JudgeRef(task.Check, 0), ref}))(t)[1] }
		want := func(s State) {
			t.Helper()
			if got := state(); got != s || got.Alive() != (s == Waiting || s == Running) {
				t.Fatalf("state %s, want %s", got, s)
			}
		}
		want(Absent)
		if err := client.EnqueueWindow(ctx, task, Vod); err != nil {
			t.Fatal(err)
		}
		want(Waiting)
		if ok, _, err := client.Reclaim(ctx, ref); ok || err != nil {
			t.Fatalf("reclaimed a waiting task: %v", err)
		}
		leases := newLeases(conn.client, "here", nil)
		take(t, conn, Vod)
		release := leases.hold(ctx, Vod, ref.id())
		want(Running)
		if ok, _, err := client.Reclaim(ctx, ref); ok || err != nil {
			t.Fatalf("reclaimed a running task: %v", err)
		}
		release()
		eventually(t, 2*leaseTTL, "lease ran out", func() bool { return state() == Orphaned })
		if ok, deaths, err := client.Reclaim(ctx, ref); !ok || deaths != 1 || err != nil {
			t.Fatalf("reclaim: %v, %d deaths, %v", ok, deaths, err)
		}
		want(Absent)
		for key, got := range map[string]int64{
			"active": conn.client.LLen(ctx, activeKey(Vod)).Val(), "lease": conn.client.ZCard(ctx, asynqLeaseKey(Vod)).Val(),
		} {
			if got != 0 {
				t.Errorf("%d tasks are left in %s", got, key)
			}
		}
		if ok, _, err := client.Reclaim(ctx, ref); ok || err != nil {
			t.Errorf("reclaimed twice: %v", err)
		}
	})
}

func TestRunningTaskKeepsItsLease(t *testing.T) {
	t.Parallel()
	conn := open(t, embedded(t))
	client, task := NewClient(conn), taskOf(newCheck(), 0)
	finish := make(chan struct{})
	h := handler{measure: func(context.Context, jobs.Task) error { <-finish; return nil }}
	if err := client.EnqueueWindow(t.Context(), task, Live); err != nil {
		t.Fatal(err)
	}
	consume(t, conn, h, ConsumerConfig{})
	defer close(finish)
	ref := WindowRef(Live, task.Check, task.Window, 0)
	state := func() State { return must(client.States(t.Context(), []Ref{ref}))(t)[0] }
	eventually(t, 5*time.Second, "running", func() bool { return state() == Running })
	// Longer than the lease lasts without being renewed.
	for over := time.Now().Add(leaseTTL + 2*leaseBeat); time.Now().Before(over); {
		eventually(t, time.Second, "a moment has passed", tickOnce())
		if s := state(); s != Running {
			t.Fatalf("task is %s while its worker is at it", s)
		}
	}
}

// tickOnce is a condition that holds the second time it is asked.
func tickOnce() func() bool {
	asked := false
	return func() bool { was := asked; asked = true; return was }
}

func TestReaperTakesGhostsOnly(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		ctx, client := t.Context(), NewClient(conn)
		check := newCheck()
		ref := func(i int) Ref { return WindowRef(Vod, check, jobs.Window{Sequence: "s0", Index: i}, 0) }
		for i := range 4 {
			if err := client.EnqueueWindow(ctx, taskOf(check, i), Vod); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			take(t, conn, Vod) // 0, 1, 2; 3 stays pending
		}
		// 0 is a ghost in no list, 1 one in the list of the active; 2 has asynq's lease.
		conn.client.ZRem(ctx, asynqLeaseKey(Vod), ref(0).id(), ref(1).id())
		conn.client.LRem(ctx, activeKey(Vod), 0, ref(0).id())
		reaper := NewReaper(client)
		if n := must(reaper.Sweep(ctx))(t); n != 0 {
			t.Fatalf("first sweep took %d: it must only suspect", n)
		}
		if n := must(reaper.Sweep(ctx))(t); n != 2 {
			t.Fatalf("second sweep took %d, want 2", n)
		}
		got := must(client.States(ctx, []Ref{ref(0), ref(1), ref(2), ref(3)}))(t)
		if got[0] != Absent || got[1] != Absent || got[2] != Orphaned || got[3] != Waiting {
			t.Errorf("states %v", got)
		}
		if err := client.EnqueueWindow(ctx, taskOf(check, 0), Vod); err != nil {
			t.Fatal(err)
		}
		if s := must(client.States(ctx, []Ref{ref(0)}))(t); s[0] != Waiting {
			t.Errorf("the id of a reaped ghost is still taken: %s", s[0])
		}
	})
}

func TestRedisForgetsEverything(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, conn *Conn) {
		ctx, client, check := t.Context(), NewClient(conn), newCheck()
		if err := client.Expect(ctx, check, 1); err != nil {
			t.Fatal(err)
		}
		if err := client.EnqueueWindow(ctx, taskOf(check, 0), Vod); err != nil {
			t.Fatal(err)
		}
		if err := conn.client.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		// Nobody knows any more how many windows there are to be, so none of them is the last.
		if complete := must(client.MarkDone(ctx, check, "s0", 0))(t); complete {
			t.Error("one window of an unknown number completes the check")
		}
		if err := client.EnqueueWindow(ctx, taskOf(check, 0), Vod); err != nil {
			t.Fatal(err)
		}
		if err := client.AnnounceQueues(ctx); err != nil {
			t.Fatal(err)
		}
		if s := must(client.Stats(ctx))(t); s[1].Pending != 1 {
			t.Errorf("stats do not see the queue after the loss: %+v", s[1])
		}
		if err := client.Expect(ctx, check, 1); err != nil {
			t.Fatal(err)
		}
		if complete := must(client.MarkDone(ctx, check, "s0", 0))(t); !complete {
			t.Error("the last window does not complete the check")
		}
		if err := client.Unmark(ctx, check, []jobs.Window{{Sequence: "s0"}}); err != nil {
			t.Fatal(err)
		}
		if f := must(client.Fanin(ctx, check))(t); len(f.Done) != 0 {
			t.Errorf("done: %v", f.Done)
		}
		if err := client.Forget(ctx, check); err != nil {
			t.Fatal(err)
		}
		if keys := must(conn.client.Keys(ctx, "aircheck:{"+check+"}*").Result())(t); len(keys) != 0 {
			t.Errorf("keys left of a forgotten check: %v", keys)
		}
	})
}
