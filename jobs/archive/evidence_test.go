package archive

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
	"aircheck/storage/mem"
	"aircheck/storage/storagetest"
)

// All that several workers add is there in the end, each finding once and no more than there may be.
func TestFirstFramesOfManyWorkers(t *testing.T) {
	t.Parallel()
	a, ctx, id := New(mem.New(nil)), t.Context(), "news-20261122T18"
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for n := range 5 {
				items := []jobs.Proof{{Finding: fmt.Sprintf("own/%d/%d", worker, n)}, {Finding: fmt.Sprintf("shared/%d", n)}}
				if err := a.AddFirstFrames(ctx, id, items); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	e, err := a.Evidence(ctx, id)
	if err != nil || !e.Interim || e.Check != id || len(e.Items) != 25 {
		t.Fatalf("%+v, %v", e, err)
	}
	seen := map[string]bool{}
	for _, p := range e.Items {
		seen[p.Finding] = true
	}
	if len(seen) != 25 {
		t.Errorf("%d findings in %d items", len(seen), len(e.Items))
	}
	many := make([]jobs.Proof, 2*jobs.MaxFirstFrames)
	for i := range many {
		many[i].Finding = fmt.Sprint(i)
	}
	if err := a.AddFirstFrames(ctx, id, many); err != nil {
		t.Fatal(err)
	}
	if e, err = a.Evidence(ctx, id); err != nil || len(e.Items) != jobs.MaxFirstFrames {
		t.Errorf("%d items, %v", len(e.Items), err)
	}
}

// First frames that come late take nothing from the evidence of the whole check.
func TestTheWholeHoldsAgainstFirstFrames(t *testing.T) {
	t.Parallel()
	a, ctx, id := New(mem.New(nil)), t.Context(), "news-20261122T18"
	if err := a.PutEvidence(ctx, &jobs.Evidence{Check: id, Items: []jobs.Proof{{Finding: "a"}, {Finding: "b"}}}); err != nil {
		t.Fatal(err)
	}
	if err := a.AddFirstFrames(ctx, id, []jobs.Proof{{Finding: "a"}}); err != nil {
		t.Fatal(err)
	}
	if e, err := a.Evidence(ctx, id); err != nil || e.Interim || len(e.Items) != 2 {
		t.Errorf("%+v, %v", e, err)
	}
}

// First frames that an earlier release left in the index are shown with those of the lists, and hide none.
func TestFirstFramesOfAnEarlierRelease(t *testing.T) {
	t.Parallel()
	a, ctx, id := New(mem.New(nil)), t.Context(), "news-20261122T18"
	if err := a.PutEvidence(ctx, &jobs.Evidence{Check: id, Interim: true, Items: []jobs.Proof{{Finding: "old"}, {Finding: "both"}}}); err != nil {
		t.Fatal(err)
	}
	if e, err := a.Evidence(ctx, id); err != nil || !e.Interim || len(e.Items) != 2 {
		t.Fatalf("without lists: %+v, %v", e, err)
	}
	if err := a.AddFirstFrames(ctx, id, []jobs.Proof{{Finding: "both"}, {Finding: "new"}}); err != nil {
		t.Fatal(err)
	}
	e, err := a.Evidence(ctx, id)
	if err != nil || !e.Interim || len(e.Items) != 3 {
		t.Fatalf("%+v, %v", e, err)
	}
	for i, want := range []string{"both", "new", "old"} {
		if e.Items[i].Finding != want {
			t.Errorf("item %d is %q, want %q", i, e.Items[i].Finding, want)
		}
	}
}

// A list that cannot be read is followed by one that can; a store whose listing shows nothing of what it has is no endless loop.
func TestFirstFramesInAnOddStore(t *testing.T) {
	t.Parallel()
	store, ctx, id := mem.New(nil), t.Context(), jobs.LiveID("news", time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC))
	a := New(store)
	key, err := storage.FirstFrames(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Put(ctx, key, []byte("no JSON")); err != nil {
		t.Fatal(err)
	}
	if err := a.AddFirstFrames(ctx, id, []jobs.Proof{{Finding: "a"}}); err != nil {
		t.Fatal(err)
	}
	if e, err := a.Evidence(ctx, id); err != nil || len(e.Items) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
	blind := New(&storagetest.Fake{Store: store, ListFunc: func(context.Context, string, func(storage.Info) error) error { return nil }})
	if err := blind.AddFirstFrames(ctx, id, []jobs.Proof{{Finding: "b"}}); jobs.ClassOf(err) != jobs.Transient {
		t.Errorf("a store that does not list: %v", err)
	}
}
