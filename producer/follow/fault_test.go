package follow

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/storage"
)

// followed follows a channel of one row for a while and to its end, and gives its check, which has segments 0 to 19.
func followed(t *testing.T, prepare func(c *channel)) (*bed, *jobs.Check) {
	t.Helper()
	c := newChannel("s0")
	c.last = 19
	prepare(c)
	b := newBed(t, c)
	if err := b.runFor(b.follower("a", b.store), time.Hour); err != nil {
		t.Fatal(err)
	}
	list := b.checks()
	if len(list) != 1 {
		t.Fatalf("%d checks", len(list))
	}
	check, err := b.arch.Check(t.Context(), list[0].Check.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(check.Timeline.Sequences[0].Segments); n != 20 {
		t.Fatalf("%d segments", n)
	}
	return b, check
}

// TestFaultsOfDelivery: each fault of a segment is told once, at the segment, and as one thing.
func TestFaultsOfDelivery(t *testing.T) {
	at := func(n int64) string { return newChannel().uri("s0", n) }
	unavailable := errors.New("503")
	until := func(d time.Duration, err error) func(time.Time) error {
		var first time.Time
		return func(now time.Time) error {
			if first.IsZero() {
				first = now
			}
			if now.Sub(first) < d {
				return err
			}
			return nil
		}
	}
	for _, test := range []struct {
		name    string
		prepare func(c *channel)
		code    string // of the finding at segment 7
		missing string // of segment 7
	}{
		{"none", func(*channel) {}, "", ""},
		{"absent for good", func(c *channel) { c.fails[at(7)] = until(time.Hour, storage.ErrNotFound) }, "", "no such segment"},
		{"denied", func(c *channel) { c.fails[at(7)] = until(time.Hour, storage.ErrDenied) }, "", "denied access"},
		{"fails for good", func(c *channel) { c.fails[at(7)] = until(time.Hour, unavailable) }, "", "its origin failed"},
		{"fails once", func(c *channel) { c.fails[at(7)] = until(100*time.Millisecond, unavailable) }, "", ""},
		{"hangs", func(c *channel) { c.slow[at(7)] = time.Hour }, "", "not send it in time"},
		{"late", func(c *channel) { c.fails[at(7)] = until(3*time.Second, storage.ErrNotFound) }, "segment.late", ""},
		{"slow", func(c *channel) { c.slow[at(7)] = 5 * time.Second }, "segment.slow", ""},
		{"cut off", func(c *channel) { c.short = map[string]int64{at(7): 100} }, "segment.length", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, check := followed(t, test.prepare)
				for _, f := range check.Timeline.Findings {
					if f.Code != test.code || f.Start != 14 || f.End != 16 || f.Rendition != "s0" || !strings.Contains(f.Message, "segment 7") {
						t.Errorf("finding %+v", f)
					}
				}
				if want := min(len(test.code), 1); len(check.Timeline.Findings) != want {
					t.Errorf("%d findings, want %d", len(check.Timeline.Findings), want)
				}
				for i, s := range check.Timeline.Sequences[0].Segments {
					if missing := s.Missing != ""; missing != (i == 7 && test.missing != "") || !strings.Contains(s.Missing, test.missing) && i == 7 {
						t.Errorf("segment %d is missing: %q", i, s.Missing)
					}
				}
			})
		})
	}
}

// TestChangedSegment: the bytes that came first stay, and a follower that finds others says so.
func TestChangedSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0")
		b := newBed(t, c)
		_ = b.runFor(b.follower("a", b.store), 21*time.Second)
		key, err := storage.StreamSegment("news", c.start.Truncate(time.Hour), "s0", 10, "ts")
		if err != nil {
			t.Fatal(err)
		}
		if err := b.store.PutNew(t.Context(), key, []byte("what another follower got")); err != nil {
			t.Fatal(err)
		}
		c.last = 19
		if err := b.runFor(b.follower("b", b.store), time.Hour); err != nil {
			t.Fatal(err)
		}
		check, err := b.arch.Check(t.Context(), b.checks()[0].Check.ID)
		if err != nil {
			t.Fatal(err)
		}
		if f := check.Timeline.Findings; len(f) != 1 || f[0].Code != "segment.changed" || f[0].Start != 20 {
			t.Errorf("findings %+v", f)
		}
		if data, err := storage.ReadAll(t.Context(), b.store, key, 1<<20); err != nil || string(data) != "what another follower got" {
			t.Errorf("archived %q, %v", data, err)
		}
	})
}

// TestFaultsGoOn: a fault of a playlist that is told again under its key is one finding, across instalments and followers.
func TestFaultsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0")
		b := newBed(t, c)
		since := time.Now().Add(20 * time.Second)
		tell := func(until time.Time) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.told = []live.Fault{
				{Code: "playlist.stale", Key: "stale s0", Sequence: "s0", Number: -1, Since: since, Until: until, Value: until.Sub(since).Seconds(), Message: "stale"},
				{Code: "playlist.changed", Sequence: "s0", Number: 3, Since: since, Until: since, Message: "changed"},
				{Code: "playlist.sequence", Sequence: "another", Number: 3, Message: "of a rendition that nobody follows"},
			}
		}
		for life := range 3 {
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- b.follower("a", b.store).Run(ctx) }()
			for range 15 {
				pass(2 * time.Second)
				if now := time.Now(); now.After(since) {
					tell(now)
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Fatalf("life %d: %v", life, err)
			}
		}
		stale, changed := 0, 0
		g := b.checks()[0]
		for _, f := range g.Check.Timeline.Findings {
			switch f.Code {
			case "playlist.stale":
				stale++
				if f.End-f.Start < 50 || f.Value == nil || *f.Value < 50 || f.Unit != "s" {
					t.Errorf("it did not go on: %+v", f)
				}
			case "playlist.changed":
				if changed++; f.Start != 6 || f.End != 8 || f.Value != nil {
					t.Errorf("a fault of segment 3: %+v", f)
				}
			default:
				t.Errorf("finding %+v", f)
			}
		}
		if stale != 1 || changed == 0 {
			t.Errorf("%d findings of one fault that went on, %d of one that was told again and again", stale, changed)
		}
	})
}

// TestFaultsWithoutSegments: what is wrong before there is a segment is told when there is one.
func TestFaultsWithoutSegments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, check := followed(t, func(c *channel) {
			c.told = []live.Fault{{Code: "playlist.unavailable", Key: "u", Number: -1, Since: time.Now(), Until: time.Now().Add(time.Second), Value: 1, Message: "x"}}
		})
		if f := check.Timeline.Findings; len(f) != 1 || f[0].Code != "playlist.unavailable" || f[0].Rendition != "" {
			t.Errorf("findings %+v", f)
		}
	})
}

// TestMarkers: a marker stands where its program time is, or at its segment; one that is told again with its end is one.
func TestMarkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, check := followed(t, func(c *channel) {
			c.marks = []live.Marker{
				{Marker: jobs.Marker{Kind: "break", Source: "daterange", ID: "ad-1"}, Start: c.start.Add(13 * time.Second), Sequence: "s0"},
				{Marker: jobs.Marker{Kind: "break", Source: "daterange", ID: "ad-1"}, Start: c.start.Add(13 * time.Second), End: c.start.Add(23 * time.Second), Sequence: "s0"},
				{Marker: jobs.Marker{Kind: "break", Source: "cue"}, Sequence: "s0", Number: 4, Offset: time.Second, Length: 12 * time.Second},
				{Marker: jobs.Marker{Kind: "programme", Source: "eventstream"}, Start: c.start.Add(-time.Hour)},
				{Marker: jobs.Marker{Kind: "programme", Source: "eventstream"}, Start: c.start.Add(39 * time.Second)},
			}
		})
		got := map[jobs.Seconds]jobs.Marker{}
		for _, m := range check.Timeline.Markers {
			got[m.Start] = m
		}
		if len(got) != 3 || len(check.Timeline.Markers) != 3 || got[13].End != 23 || got[13].Rendition != "s0" || got[9].Source != "cue" || got[9].End != 21 || got[39].Rendition != "" {
			t.Errorf("markers %+v", check.Timeline.Markers)
		}
	})
}

// TestLongBreak: the end of a break is told of the one that began, although its first segment is long gone and nobody says what time it is.
func TestLongBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0")
		c.noPDT, c.last = true, 150
		b := newBed(t, c)
		mark := func(length time.Duration) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.marks = append(c.marks, live.Marker{Marker: jobs.Marker{Kind: "break", Source: "cue", ID: "cue@4"}, Sequence: "s0", Number: 4, Length: length})
		}
		c.edit = func(_ string, s *live.Segment) {
			switch s.Number {
			case 4:
				mark(0)
			case 120:
				mark(232 * time.Second)
			}
		}
		if err := b.runFor(b.follower("a", b.store), time.Hour); err != nil {
			t.Fatal(err)
		}
		list := b.checks()[0].Check.Timeline.Markers
		if len(list) != 1 || list[0].Start != 8 || list[0].End != 240 {
			t.Errorf("markers %+v", list)
		}
	})
}

// shortened gives the first bytes of a body and says that there are more.
func shortened(data []byte, size int64) io.ReadCloser {
	return storage.NewBody(strings.NewReader(string(data)), storage.Info{Size: size}, nil)
}
