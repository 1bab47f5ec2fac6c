package queue

import (
	"context"
	"testing"
	"time"

	"aircheck/internal/redisserver"
	"aircheck/jobs"
)

// TestCluster takes every script and pipeline to a Redis Cluster, which refuses those whose keys lie on several nodes.
func TestCluster(t *testing.T) {
	t.Parallel()
	conn := open(t, redisserver.StartCluster(t).URL())
	ctx, client := t.Context(), NewClient(conn)
	checks := []string{newCheck(), newCheck(), newCheck()}
	const windows = 4
	for i, check := range checks {
		if err := client.Expect(ctx, check, windows); err != nil {
			t.Fatal(err)
		}
		for w := range windows {
			if err := client.EnqueueWindow(ctx, taskOf(check, w), Names()[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	h := handler{
		measure: func(ctx context.Context, task jobs.Task) error {
			complete, err := client.MarkDone(ctx, task.Check, task.Window.Sequence, task.Window.Index)
			if err == nil && complete {
				err = client.EnqueueJudge(ctx, task.Check, 0)
			}
			return err
		},
		judge: func(ctx context.Context, check string) error { return client.EnqueueEvidence(ctx, check) },
	}
	pictured := make(chan string, len(checks))
	h.evidence = func(_ context.Context, check string, _ bool) error {
		pictured <- check
		return nil
	}
	c, drain, _ := consume(t, conn, h, ConsumerConfig{Slots: 2})
	eventually(t, 30*time.Second, "all judged", func() bool { return c.Counts().Judged >= uint64(len(checks)) })
	for range checks {
		select {
		case <-pictured:
		case <-time.After(30 * time.Second):
			t.Fatal("a check has no pictures")
		}
	}
	drain()
	if err := client.AnnounceQueues(ctx); err != nil {
		t.Fatal(err)
	}
	for _, s := range must(client.Stats(ctx))(t) {
		if s.Pending+s.Active+s.Retry+s.Archived != 0 || s.Completed == 0 {
			t.Errorf("after all: %+v", s)
		}
	}
	lost := taskOf(checks[0], 0)
	lost.Epoch = 1
	if err := client.RequeueWindow(ctx, lost, Live); err != nil {
		t.Fatal(err)
	}
	take(t, conn, Live)
	refs := []Ref{WindowRef(Live, lost.Check, lost.Window, 1), JudgeRef(checks[1], 0), WindowRef(Vod, checks[1], lost.Window, 0)}
	if s := must(client.States(ctx, refs))(t); s[0] != Orphaned || s[1] != Finished || s[2] != Finished {
		t.Errorf("states %v", s)
	}
	conn.client.ZRem(ctx, asynqLeaseKey(Live), refs[0].id())
	reaper := NewReaper(client)
	if n := must(reaper.Sweep(ctx))(t) + must(reaper.Sweep(ctx))(t); n != 1 {
		t.Errorf("reaped %d ghosts, want 1", n)
	}
	if f := must(client.Fanin(ctx, checks[0]))(t); len(f.Done) != windows || f.Epochs[lost.Window.ID()] != 1 {
		t.Errorf("progress %+v", f)
	}
	for _, check := range checks {
		if err := client.Forget(ctx, check); err != nil {
			t.Error(err)
		}
	}
}
