package archive

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
	"aircheck/storage/mem"
)

// piecesOf are the instalments of a live check: the first begins it and brings a segment, each of the others brings one more.
func piecesOf(n int) []*jobs.Instalment {
	hour := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	check := checkOf(1)
	check.ID, check.Queue, check.Windows = jobs.LiveID("news", hour), "live", nil
	check.Timeline = jobs.Timeline{Kind: jobs.SourceHLS, Sequences: []jobs.Sequence{{ID: "s0", Mode: jobs.ModeSegments}}}
	var list []*jobs.Instalment
	for i := range n {
		at := jobs.Micros(i) * 6e6
		piece := &jobs.Instalment{
			Check: check.ID, Index: i, Published: hour, Last: i == n-1,
			Parts: []jobs.Part{{Sequence: "s0", Segments: []jobs.Segment{{
				Index: i, ByteRange: jobs.ByteRange{URI: "/a", Length: -1}, Start: at, Duration: 6e6,
			}}}},
			Windows: []jobs.Window{{Sequence: "s0", Index: i, First: i, Last: i + 1, Start: at, End: at + 6e6, Head: i == 0}},
		}
		if i == 0 {
			piece.Begin = check
		}
		list = append(list, piece)
	}
	return list
}

func TestGrowing(t *testing.T) {
	t.Parallel()
	a, ctx, pieces := New(mem.New(nil)), t.Context(), piecesOf(3)
	id := pieces[0].Check
	if _, err := a.Growing(ctx, id); !errors.Is(err, storage.ErrNotFound) {
		t.Fatalf("a check that has not begun: %v", err)
	}
	if err := a.Begin(ctx, id); err != nil {
		t.Fatal(err)
	}
	if open, err := a.Open(ctx); err != nil || len(open) != 1 || open[0].ID != id {
		t.Errorf("open checks %v, %v", open, err)
	}
	g := &Growing{}
	for i, piece := range pieces {
		if err := a.PutInstalment(ctx, piece); err != nil {
			t.Fatal(err)
		}
		if err := a.PutInstalment(ctx, piece); !errors.Is(err, storage.ErrExists) {
			t.Errorf("instalment %d again: %v", i, err)
		}
		if err := a.GrowOn(ctx, id, g); err != nil {
			t.Fatal(err)
		}
		if g.Instalments != i+1 || len(g.Check.Timeline.Sequences[0].Segments) != i+1 || len(g.Check.Windows) != i+1 || g.Newest.Index != i {
			t.Errorf("after instalment %d: %+v", i, g)
		}
	}
	whole, err := a.Growing(ctx, id)
	if err != nil || whole.Instalments != 3 || !whole.Newest.Last || whole.Check.Timeline.Sequences[0].Duration != 18e6 {
		t.Errorf("put together at once: %+v, %v", whole, err)
	}
	if later, err := a.Instalments(ctx, id, 2); err != nil || len(later) != 1 || later[0].Index != 2 {
		t.Errorf("from 2 on: %v, %v", later, err)
	}
}

func TestGrowingRefusesStrangers(t *testing.T) {
	t.Parallel()
	a, ctx, pieces := New(mem.New(nil)), t.Context(), piecesOf(2)
	if err := a.Store().Put(ctx, "checks/"+pieces[0].Check+"/live/000000.json", []byte(`{"v":1}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Growing(ctx, pieces[0].Check); jobs.ClassOf(err) != jobs.Permanent {
		t.Errorf("a damaged instalment: %v", err)
	}
	if err := (&Growing{}).add(pieces[1]); err == nil {
		t.Error("the second instalment went before the first")
	}
	pieces[0].Begin.ID = jobs.LiveID("sport", time.Now())
	if err := (&Growing{}).add(pieces[0]); err == nil {
		t.Error("an instalment began another check")
	}
}

// counting counts the reads of a store, and how many of them there are at the same time; each takes a moment.
type counting struct {
	storage.Store
	reads, now, most atomic.Int64
}

func (c *counting) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	c.reads.Add(1)
	c.most.Store(max(c.most.Load(), c.now.Add(1)))
	defer c.now.Add(-1)
	<-time.After(10 * time.Millisecond)
	return c.Store.Get(ctx, key, off, n)
}

// TestInstalmentsTogether: an hour's instalments are read in parallel, and looking for news stays one request.
func TestInstalmentsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 360
		store := &counting{Store: mem.New(nil)}
		a, ctx, pieces := New(store), t.Context(), piecesOf(n+1)
		for _, piece := range pieces[:n] {
			if err := a.PutInstalment(ctx, piece); err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		list, err := a.Instalments(ctx, pieces[0].Check, 0)
		if err != nil || len(list) != n {
			t.Fatalf("%d instalments, %v", len(list), err)
		}
		for i, piece := range list {
			if piece.Index != i {
				t.Errorf("instalment %d stands at %d", piece.Index, i)
			}
		}
		if took := time.Since(begun); took > n*10*time.Millisecond/8 || store.most.Load() > maxTogether {
			t.Errorf("it took %s, with %d reads at the same time", took, store.most.Load())
		}
		store.reads.Store(0)
		if list, err = a.Instalments(ctx, pieces[0].Check, n); err != nil || len(list) > 0 || store.reads.Load() != 1 {
			t.Errorf("no news: %d instalments in %d reads, %v", len(list), store.reads.Load(), err)
		}
	})
}

// TestSpoiled: a damaged instalment is told from a store that does not answer and from a later release.
func TestSpoiled(t *testing.T) {
	t.Parallel()
	a, ctx, pieces := New(mem.New(nil)), t.Context(), piecesOf(3)
	id := pieces[0].Check
	if err := a.PutInstalment(ctx, pieces[0]); err != nil {
		t.Fatal(err)
	}
	key, err := storage.Instalment(id, 1)
	if err != nil {
		t.Fatal(err)
	}
	for doc, spoiled := range map[string]bool{`{"v":1,"check":`: true, `{"v":1,"check":"other","index":1}`: true, `{"v":99}`: false} {
		if err := a.Store().Put(ctx, key, []byte(doc)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Growing(ctx, id); errors.Is(err, ErrSpoiled) != spoiled || jobs.ClassOf(err) != jobs.Permanent {
			t.Errorf("%s: %v", doc, err)
		}
	}
}
