package web

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage"
	"aircheck/storage/mem"
)

// counted is a store that counts how often it is read, and that can be away.
type counted struct {
	storage.Store
	reads atomic.Int64
	away  atomic.Bool
}

var errAway = errors.New("no route to host")

func (c *counted) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	c.reads.Add(1)
	if c.away.Load() {
		return nil, errAway
	}
	return c.Store.Get(ctx, key, off, n)
}

// grow puts instalments from one index up to another, each with a segment.
func grow(t *testing.T, a *archive.Archive, id string, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		at := jobs.Micros(i) * 2e6
		piece := &jobs.Instalment{
			Check: id, Index: i, Published: time.Unix(1_790_000_000, 0).UTC(),
			Parts: []jobs.Part{{Sequence: "s0", Segments: []jobs.Segment{{
				Index: i, ByteRange: jobs.ByteRange{URI: "s3://b/streams/news/2026-11-22/18/s0/" + string(rune('a'+i%26)) + ".ts", Length: -1}, Start: at, Duration: 2e6,
			}}}},
			Windows: []jobs.Window{{Sequence: "s0", Index: i, First: i, Last: i + 1, Start: at, End: at + 2e6, Head: i == 0}},
		}
		if i == 0 {
			check := &jobs.Check{
				V: jobs.Version, ID: id, Input: "https://origin.example/news.m3u8", Created: time.Unix(1_790_000_000, 0).UTC(), Queue: "live", WindowLength: 2e6, Profile: jobs.Profile{Name: "default"},
				Timeline: jobs.Timeline{Kind: jobs.SourceHLS, Sequences: []jobs.Sequence{{ID: "s0", Mode: jobs.ModeSegments}}},
			}
			check.Profile.Seal()
			piece.Begin = check
		}
		if err := a.PutInstalment(t.Context(), piece); err != nil {
			t.Fatal(err)
		}
	}
}

// moving is a clock that tests move while others read it.
type moving struct{ at atomic.Int64 }

func (c *moving) now() time.Time { return time.Unix(1_790_000_000, c.at.Load()).UTC() }

func (c *moving) move(d time.Duration) { c.at.Add(int64(d)) }

const growingID = "news-20261122T18"

// TestAGrowingCheckIsReadOnce: however many look at it, an instalment is read once, and there is a look for new ones every other second.
func TestAGrowingCheckIsReadOnce(t *testing.T) {
	t.Parallel()
	store, now := &counted{Store: mem.New(nil)}, &moving{}
	a := archive.New(store)
	grow(t, a, growingID, 0, 50)
	site, _, _ := newSiteOf(t, Config{Archive: a, source: &fake{}, Now: now.now})
	playlist := func() int {
		w := get(site, "/media/"+growingID+"/"+soFar, nil)
		if w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		return strings.Count(w.Body.String(), "#EXTINF")
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if n := playlist(); n != 50 {
				t.Errorf("%d segments", n)
			}
		})
	}
	group.Wait()
	if n := store.reads.Load(); n < 50 || n > 50+16 { // the last look asks for some that are not there
		t.Errorf("%d reads of 50 instalments", n)
	}
	before := store.reads.Load()
	grow(t, a, growingID, 50, 51)
	if n := playlist(); n != 50 || store.reads.Load() != before {
		t.Errorf("%d segments, %d more reads at the same time", n, store.reads.Load()-before)
	}
	now.move(growthEvery)
	if n := playlist(); n != 51 || store.reads.Load() > before+4 {
		t.Errorf("%d segments after %d more reads, want the new one", n, store.reads.Load()-before)
	}
	before = store.reads.Load()
	if w := get(site, "/checks/"+growingID, nil); !strings.Contains(w.Body.String(), "0 of 51") || store.reads.Load() > before+6 {
		t.Errorf("the page of the check takes %d reads: %s", store.reads.Load()-before, w.Body)
	}
	now.move(growthEvery)
	store.away.Store(true)
	if w := get(site, "/media/"+growingID+"/"+soFar, nil); w.Code != 503 {
		t.Errorf("without a store: %d", w.Code)
	}
	store.away.Store(false)
	if n := playlist(); n != 51 {
		t.Errorf("%d segments after the store came back", n)
	}
}

func TestGrowthIsBounded(t *testing.T) {
	t.Parallel()
	a, now := newArchive(), &moving{}
	g := newGrowth(a, now.now)
	seen := func(*jobs.Check) {}
	hour := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for i := range 3 * growthKept {
		id := jobs.LiveID("news", hour.Add(time.Duration(i)*time.Hour))
		if err := g.view(t.Context(), id, seen); !errors.Is(err, storage.ErrNotFound) || len(g.checks) != 0 {
			t.Errorf("a check that is none: %v, %d kept", err, len(g.checks))
		}
		grow(t, a, id, 0, 1)
	}
	for i := range 3 * growthKept {
		now.move(time.Second)
		if err := g.view(t.Context(), jobs.LiveID("news", hour.Add(time.Duration(i)*time.Hour)), seen); err != nil || len(g.checks) > growthKept {
			t.Errorf("%v, %d kept", err, len(g.checks))
		}
	}
	if g.checks[jobs.LiveID("news", hour.Add((3*growthKept-1)*time.Hour))] == nil || len(g.checks) != growthKept {
		t.Errorf("%d kept, and not the newest", len(g.checks))
	}
	now.move(growthIdle)
	if err := g.view(t.Context(), jobs.LiveID("news", hour), seen); err != nil || len(g.checks) != 1 {
		t.Errorf("%v, %d kept that nobody looks at", err, len(g.checks))
	}
}

// Ids of which there is no check take no place from checks that people look at, nor does a store that is away keep any.
func TestUnknownIDsTakeNoPlace(t *testing.T) {
	t.Parallel()
	store, now := &counted{Store: mem.New(nil)}, &moving{}
	a := archive.New(store)
	g := newGrowth(a, now.now)
	hour := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	id := func(stream string, i int) string { return jobs.LiveID(stream, hour.Add(time.Duration(i)*time.Hour)) }
	look := func(id string) error { return g.view(t.Context(), id, func(*jobs.Check) {}) }
	for i := range growthKept {
		grow(t, a, id("news", i), 0, 1)
		if err := look(id("news", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 * growthKept {
		store.away.Store(i%2 == 1)
		if err := look(id("none", i)); err == nil {
			t.Errorf("%s is there", id("none", i))
		}
	}
	store.away.Store(false)
	if len(g.checks) != growthKept {
		t.Errorf("%d kept", len(g.checks))
	}
	before := store.reads.Load()
	for i := range growthKept {
		if err := look(id("news", i)); err != nil {
			t.Error(err)
		}
	}
	if n := store.reads.Load() - before; n != 0 {
		t.Errorf("%d reads for checks that were kept", n)
	}
}

func TestPlaylistSoFarIsBounded(t *testing.T) {
	t.Parallel()
	q := jobs.Sequence{ID: "s0", Mode: jobs.ModeSegments}
	for i := range maxSoFar + 5 {
		q.Segments = append(q.Segments, jobs.Segment{Index: i, ByteRange: jobs.ByteRange{URI: "s3://b/p/s0/1.ts", Length: -1}, Duration: 1e6})
	}
	doc, ok := playlistOf(&jobs.Timeline{Sequences: []jobs.Sequence{q}}, "p/")
	if n := strings.Count(string(doc), "#EXTINF"); !ok || n != maxSoFar || !strings.HasSuffix(string(doc), "#EXT-X-ENDLIST\n") {
		t.Errorf("%d segments, %t", n, ok)
	}
}
