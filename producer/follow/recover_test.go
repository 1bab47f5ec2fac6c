package follow

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/storage"
)

// TestSpoiledInstalment: a stream whose open check nobody can read is followed in another.
func TestSpoiledInstalment(t *testing.T) {
	for _, index := range []int{0, 1} {
		t.Run(fmt.Sprint(index), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newChannel("s0")
				b := newBed(t, c)
				if err := b.runFor(b.follower("a", b.store), time.Minute); err != nil {
					t.Fatal(err)
				}
				id := jobs.LiveID("news", c.start.Truncate(time.Hour))
				key, err := storage.Instalment(id, index)
				if err != nil {
					t.Fatal(err)
				}
				if err := b.store.Put(t.Context(), key, []byte(`{"v":1,`)); err != nil {
					t.Fatal(err)
				}
				c.last = c.published(time.Now()) + 30
				if err := b.runFor(b.follower("b", b.store), 10*time.Minute); err != nil {
					t.Fatal(err)
				}
				next := jobs.LiveID("news", time.Now().UTC().Truncate(time.Hour).Add(time.Minute))
				g, err := b.arch.Growing(t.Context(), next)
				if err != nil || !g.Newest.Last || len(g.Check.Timeline.Sequences[0].Segments) < 30 {
					t.Fatalf("check %s: %+v, %v", next, g, err)
				}
			})
		})
	}
}

// put stores a pending object of another follower.
func (b *bed) putPending(items []string) {
	b.t.Helper()
	doc := fmt.Sprintf(`{"v":1,"rows":[{"row":"s0","describes":{"id":"s0","mode":"segments"}}],"items":[%s]}`, strings.Join(items, ","))
	key, err := storage.StreamPending("news", "other")
	if err == nil {
		err = b.store.Put(b.t.Context(), key, []byte(doc))
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestPendingHostile: one pending segment that cannot be read, or that no instalment can hold, costs that segment and not the stream.
func TestPendingHostile(t *testing.T) {
	for name, edit := range map[string]func(s *live.Segment){
		"clock":    func(s *live.Segment) { s.Clock = &jobs.MediaClock{Zero: 1 << 62} },
		"duration": func(s *live.Segment) { s.Duration = -1 << 60 },
		"range":    func(s *live.Segment) { s.At.Offset = -5 },
		"key":      func(s *live.Segment) { s.Key = &jobs.Key{Method: strings.Repeat("x", 1<<20)} },
		"time":     func(s *live.Segment) { at := time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC); s.ProgramTime = &at },
		"none":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newChannel("s0")
				b := newBed(t, c)
				pass(6 * time.Second)
				c.last = 20
				var items []string
				for n := range int64(2) {
					seg := live.Segment{Number: n, At: jobs.ByteRange{URI: c.uri("s0", n), Length: -1}, Duration: 2e6, Seen: time.Now()}
					if edit != nil && n == 1 {
						edit(&seg)
					}
					doc, err := json.Marshal(pendingItem{Row: "s0", Period: c.start, Segment: seg})
					if err != nil {
						t.Fatal(err)
					}
					items = append(items, string(doc))
				}
				if edit == nil {
					items = append(items, `{"row":5}`, `{"row":"s0","segment":{"Number":"x"}}`)
				}
				b.putPending(items)
				if err := b.runFor(b.follower("a", b.store), 5*time.Minute); err != nil {
					t.Fatal(err)
				}
				list := b.checks()
				if len(list) != 1 || !list[0].Newest.Last || len(list[0].Check.Timeline.Sequences[0].Segments) != 21 {
					t.Errorf("%d checks: %+v", len(list), list[0].Check.Timeline.Sequences[0].Segments)
				}
			})
		})
	}
}

// TestPendingBound: however much is under way, what is stored of it can be read back; of each row it is the oldest.
func TestPendingBound(t *testing.T) {
	t.Parallel()
	s := newState(&Stream{Name: "news", Window: DefaultWindow})
	now := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	for _, id := range []string{"s0", "s1"} {
		r := s.row(id)
		for n := range int64(40_000) {
			s.segment(r, &live.Segment{Number: n, At: jobs.ByteRange{URI: "http://origin/" + strings.Repeat("x", 300), Length: -1}, Duration: 2e6, Seen: now}, now)
		}
	}
	list, err := s.pending()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(list)
	if err != nil || len(doc) > maxPendingBytes {
		t.Fatalf("%d bytes, %v", len(doc), err)
	}
	next := map[string]int64{}
	for _, item := range list.Items {
		var it pendingItem
		if err := json.Unmarshal(item, &it); err != nil || it.Segment.Number != next[it.Row] {
			t.Fatalf("segment %d of %s where %d belongs: %v", it.Segment.Number, it.Row, next[it.Row], err)
		}
		next[it.Row]++
	}
	if next["s0"] < 1000 || next["s1"] < 1000 {
		t.Errorf("kept %v", next)
	}
}

// TestPendingHoles: segments that nobody saw are told as missing by the next follower too, although they are not stored.
func TestPendingHoles(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	make := func() *state { return newState(&Stream{Name: "news", Window: DefaultWindow}) }
	s := make()
	for _, n := range []int64{1, 2, 30} {
		at := now.Add(time.Duration(n) * 2 * time.Second)
		s.segment(s.row("s0"), &live.Segment{Number: n, Duration: 2e6, Seen: at, ProgramTime: &at}, at)
	}
	list, err := s.pending()
	if err != nil || len(list.Items) != 3 {
		t.Fatalf("%d items, %v", len(list.Items), err)
	}
	all := left{rows: list.Rows}
	new(Follower).takeItems(&all, list.Items, "key")
	again := make()
	again.adoptPending(all, nil, now)
	if one, two := len(s.row("s0").items), len(again.row("s0").items); one != 30 || two != one {
		t.Errorf("%d items, and %d after they were taken over", one, two)
	}
}
