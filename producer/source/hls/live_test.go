package hls_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/bench/origin"
	"aircheck/internal/fakeorigin"
	"aircheck/producer/live"
	"aircheck/producer/source/hls"
	"aircheck/producer/source/location"
	webclient "aircheck/storage/origin"
)

// channel is a live stream of an hour and its reader, on one virtual clock.
type channel struct {
	t      *testing.T
	clock  *origin.Virtual
	origin *origin.Origin
	stream origin.Stream
	url    string
	reader *hls.Live

	segments map[string][]live.Segment
	faults   map[string]live.Fault // by key, as last told
	order    []string
	markers  []live.Marker
	ended    bool
	refresh  int
}

// tune makes a channel of synthetic segments of two seconds; change may make it another.
func tune(t *testing.T, change func(s *origin.Stream)) *channel {
	t.Helper()
	c := &channel{t: t, clock: origin.NewVirtual(fakeorigin.Epoch), segments: map[string][]live.Segment{}, faults: map[string]live.Fault{}}
	var base string
	c.origin, base = fakeorigin.New(t, c.clock)
	c.stream = origin.Stream{Name: "news", Clip: fakeorigin.Synthetic(t, 10, 2*time.Second, "v0", "v1", "a0"), Window: 24 * time.Second, First: 100}
	if change != nil {
		change(&c.stream)
	}
	if err := c.origin.Add(c.stream); err != nil {
		t.Fatal(err)
	}
	c.url = base + "/news/master.m3u8"
	c.reader = c.newReader()
	return c
}

func (c *channel) newReader() *hls.Live {
	c.t.Helper()
	loc, err := location.Parse(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	transport := webclient.NewTransport()
	c.t.Cleanup(transport.CloseIdleConnections)
	return hls.NewLive(live.Config{
		Origin: webclient.New(webclient.Config{Transport: transport}), Location: loc, Now: c.clock.Now, Rand: func() float64 { return 0.5 },
		Patience: 300 * time.Millisecond,
	})
}

// watch follows the channel for a time.
func (c *channel) watch(d time.Duration) {
	c.t.Helper()
	until := c.clock.Now().Add(d)
	for c.clock.Now().Before(until) && !c.ended {
		update, err := c.reader.Refresh(context.Background())
		if err != nil {
			c.t.Fatal(err)
		}
		c.refresh++
		for _, s := range update.Sequences {
			c.segments[s.Describes.ID] = append(c.segments[s.Describes.ID], s.Segments...)
		}
		for _, f := range update.Faults {
			if _, ok := c.faults[f.Key+f.Sequence]; !ok {
				c.order = append(c.order, f.Key+f.Sequence)
			}
			c.faults[f.Key+f.Sequence] = f
		}
		c.markers = append(c.markers, update.Markers...)
		c.ended = update.Ended
		c.clock.Advance(update.Wait)
	}
}

// codes are those of the faults so far, each once.
func (c *channel) codes() []string {
	set := map[string]bool{}
	for _, f := range c.faults {
		set[f.Code] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func (c *channel) tellFaults() string {
	var b strings.Builder
	for _, key := range c.order {
		f := c.faults[key]
		fmt.Fprintf(&b, "\n  %s %s #%d %.1f %s: %s", f.Code, f.Sequence, f.Number, f.Value, f.Until.Sub(f.Since), f.Message)
	}
	return b.String()
}

// checkGapless holds that each sequence was told whole: every number once, in order.
func (c *channel) checkGapless() {
	c.t.Helper()
	for id, list := range c.segments {
		for i := 1; i < len(list); i++ {
			if list[i].Number != list[i-1].Number+1 {
				c.t.Errorf("%s: segment %d after %d", id, list[i].Number, list[i-1].Number)
			}
			repeats := c.stream.Jumps && (list[i].Number-c.stream.First)%10 == 0
			if step := list[i].Discontinuity - list[i-1].Discontinuity; repeats != (step == 1) || !repeats && step != 0 {
				c.t.Errorf("%s: discontinuity %d of segment %d, %d of %d", id, list[i-1].Discontinuity, list[i-1].Number, list[i].Discontinuity, list[i].Number)
			}
		}
	}
}

// TestLiveClean: an hour of a stream as it should be has no fault, misses no segment, and asks no oftener than RFC 8216 section 6.3.4 allows.
func TestLiveClean(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *origin.Stream){
		"plain":           nil,
		"discontinuities": func(s *origin.Stream) { s.Jumps = true },
		"low latency":     func(s *origin.Stream) { s.Parts = 4 },
		"low latency with discontinuities": func(s *origin.Stream) {
			s.Parts, s.Jumps = 4, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tune(t, change)
			c.watch(time.Hour)
			if len(c.faults) > 0 {
				t.Errorf("faults of a clean hour:%s", c.tellFaults())
			}
			c.checkGapless()
			for id, list := range c.segments {
				if n := len(list); n < 1795 || n > 1803 {
					t.Errorf("%s: %d segments in an hour", id, n)
				}
			}
			counts := c.origin.Counts()
			// 1800 segments of 2 s on three playlists. A target duration after a change, half of it else: with the jitter never more than 1.5 requests a segment.
			if asked := counts["media"] + counts["blocking"]; asked > 3*1800*3/2 || counts["multivariant"] > 13 || counts["segment"] > 0 {
				t.Errorf("asked %v", counts)
			}
			if name == "low latency" && (counts["blocking"] < 1700*3 || counts["delta"] < 1200*3) {
				t.Errorf("asked %v: want blocking reloads and delta updates", counts)
			}
		})
	}
}

// TestLiveFaults: each fault of an origin is told by exactly the rule that is about it.
func TestLiveFaults(t *testing.T) {
	t.Parallel()
	const all = ""
	for name, test := range map[string]struct {
		fault    origin.Fault
		lasts    time.Duration // 0: for good
		change   func(s *origin.Stream)
		want     string
		sequence string // of the faults
		least    float64
	}{
		"404":               {fault: origin.Fault{Kind: origin.NotFound, Playlists: true, Track: "v1"}, lasts: 20 * time.Second, want: "playlist.unavailable", sequence: "s2", least: 10},
		"503":               {fault: origin.Fault{Kind: origin.Unavailable, Playlists: true}, lasts: 20 * time.Second, want: "playlist.unavailable", sequence: all, least: 10},
		"hang":              {fault: origin.Fault{Kind: origin.Hang, Playlists: true, Track: "a0"}, lasts: 5 * time.Second, want: "playlist.unavailable", sequence: "s0", least: 1},
		"reset":             {fault: origin.Fault{Kind: origin.Reset, Playlists: true, Track: "v0"}, lasts: 5 * time.Second, want: "playlist.unavailable", sequence: "s1", least: 1},
		"cut off":           {fault: origin.Fault{Kind: origin.WrongLength, Playlists: true, Track: "v0"}, lasts: 5 * time.Second, want: "playlist.unavailable", sequence: "s1", least: 1},
		"stale":             {fault: origin.Fault{Kind: origin.Stale}, lasts: 20 * time.Second, want: "playlist.stale", sequence: all, least: 10},
		"stale variant":     {fault: origin.Fault{Kind: origin.Stale, Track: "v1"}, lasts: 20 * time.Second, want: "playlist.stale", sequence: "s2", least: 10},
		"stale low latency": {fault: origin.Fault{Kind: origin.Stale}, lasts: 20 * time.Second, change: func(s *origin.Stream) { s.Parts = 4 }, want: "playlist.stale", sequence: all, least: 10},
		"older copy":        {fault: origin.Fault{Kind: origin.Back, Count: 3, Track: "v0"}, lasts: 10 * time.Second, want: "playlist.sequence", sequence: "s1", least: 1},
		"began anew":        {fault: origin.Fault{Kind: origin.Restart, Track: "v0"}, want: "playlist.sequence", sequence: "s1", least: 100},
		"jump":              {fault: origin.Fault{Kind: origin.Jump, Count: 1000, Track: "v0"}, want: "playlist.sequence", sequence: "s1", least: 900},
		"short jump":        {fault: origin.Fault{Kind: origin.Jump, Count: 4, Track: "v0"}, want: "playlist.sequence", sequence: "s1", least: 4},
		"changed entry":     {fault: origin.Fault{Kind: origin.ChangeEntry, Track: "v0", Only: []int64{65, 66}}, want: "playlist.changed", sequence: "s1"},
		"removed early":     {fault: origin.Fault{Kind: origin.RemoveEarly, Count: 2, Track: "v0"}, want: "playlist.removed_early", sequence: "s1"},
		"discontinuity": {fault: origin.Fault{Kind: origin.Discontinuity, Track: "v0"}, lasts: 45 * time.Second,
			change: func(s *origin.Stream) { s.Jumps = true }, want: "playlist.discontinuity_sequence", sequence: "s1"},
		"drift": {fault: origin.Fault{Kind: origin.Drift, Rate: 20}, want: "playlist.edge", least: 3, sequence: all},
		"parts": {fault: origin.Fault{Kind: origin.BadParts, Track: "v0"}, change: func(s *origin.Stream) { s.Parts = 4 }, want: "playlist.part", sequence: "s1"},
		"gap":   {fault: origin.Fault{Kind: origin.Gap, Track: "v0", Only: []int64{100}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tune(t, test.change)
			c.watch(2 * time.Minute)
			if test.lasts > 0 {
				test.fault.Until = c.clock.Now().Add(test.lasts)
			}
			c.origin.Inject(test.fault)
			c.watch(5 * time.Minute)
			c.checkTold(test.want, test.sequence, test.least)
		})
	}
}

func (c *channel) checkTold(want, sequence string, least float64) {
	c.t.Helper()
	if got := strings.Join(c.codes(), " "); got != want {
		c.t.Fatalf("told %q, want %q:%s", got, want, c.tellFaults())
	}
	if len(c.order) > 1 && strings.HasPrefix(want, "playlist.") {
		c.t.Errorf("one cause is told %d times:%s", len(c.order), c.tellFaults())
	}
	worst := 0.0
	for _, f := range c.faults {
		worst = max(worst, f.Value)
		if f.Sequence != sequence {
			c.t.Errorf("told of sequence %q, want %q:%s", f.Sequence, sequence, c.tellFaults())
		}
		if f.Until.Before(f.Since) || f.Message == "" || f.Key == "" {
			c.t.Errorf("bad fault %+v", f)
		}
	}
	if worst < least {
		c.t.Errorf("value %.1f, want at least %.1f:%s", worst, least, c.tellFaults())
	}
}

// TestLiveResume: a reader that takes over from another tells what came after, once, under the same ids and numbers.
func TestLiveResume(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		away  time.Duration
		fault *origin.Fault
		lost  bool // the window went on over what nobody saw
		ended bool // the stream said that it ends
	}{
		"at once":             {away: 0},
		"within the window":   {away: 15 * time.Second},
		"longer than that":    {away: 5 * time.Minute, lost: true},
		"numbers begin anew":  {away: 10 * time.Second, fault: &origin.Fault{Kind: origin.Restart}, lost: true},
		"ended":               {away: 10 * time.Second, fault: &origin.Fault{Kind: origin.Restart}, lost: true, ended: true},
		"after such a change": {away: 10 * time.Second, fault: &origin.Fault{Kind: origin.Restart, From: fakeorigin.Epoch.Add(time.Minute)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tune(t, func(s *origin.Stream) { s.Jumps = true })
			if test.fault != nil && !test.fault.From.IsZero() {
				c.origin.Inject(*test.fault)
			}
			c.watch(2 * time.Minute)
			newest := map[string]live.Position{}
			for id, list := range c.segments {
				last := list[len(list)-1]
				newest[id] = live.Position{Number: last.Number, Discontinuity: last.Discontinuity, Ended: test.ended}
			}
			if test.fault != nil && test.fault.From.IsZero() {
				c.origin.Inject(*test.fault)
			}
			c.clock.Advance(test.away)
			c.reader = c.newReader()
			c.reader.Resume(newest)
			c.watch(2 * time.Minute)
			c.checkResumed(newest, test.lost)
			if codes := c.codes(); test.ended && slices.Contains(codes, "playlist.sequence") {
				t.Errorf("what comes after an end is no fault:%s", c.tellFaults())
			}
		})
	}
}

// checkResumed holds that numbers and discontinuities grow over the change of readers, without a hole unless something was lost.
func (c *channel) checkResumed(newest map[string]live.Position, lost bool) {
	c.t.Helper()
	if len(c.segments) != 3 {
		c.t.Errorf("sequences %v", slices.Sorted(maps.Keys(c.segments)))
	}
	for id, list := range c.segments {
		for i := 1; i < len(list); i++ {
			a, b := list[i-1], list[i]
			change := a.Number == newest[id].Number
			if b.Number <= a.Number || b.Discontinuity < a.Discontinuity {
				c.t.Errorf("%s: segment %d, discontinuity %d after %d, %d", id, b.Number, b.Discontinuity, a.Number, a.Discontinuity)
			}
			if b.Number != a.Number+1 && !(change && lost) && b.Number/1e15 == a.Number/1e15 {
				c.t.Errorf("%s: segment %d after %d", id, b.Number, a.Number)
			}
			if change && lost && b.Discontinuity == a.Discontinuity && b.Number/1e15 != a.Number/1e15 {
				c.t.Errorf("%s: segment %d goes on after %d without a discontinuity", id, b.Number, a.Number)
			}
		}
		if len(list) < 110 {
			c.t.Errorf("%s: %d segments", id, len(list))
		}
	}
}

// TestLiveEnds: a stream that ends is told to have ended, after its last segment, and is not stale.
func TestLiveEnds(t *testing.T) {
	t.Parallel()
	c := tune(t, func(s *origin.Stream) { s.Ended = fakeorigin.Epoch.Add(time.Minute) })
	c.watch(5 * time.Minute)
	if !c.ended || len(c.faults) > 0 {
		t.Errorf("ended: %v, faults:%s", c.ended, c.tellFaults())
	}
	c.checkGapless()
}

// TestLiveAbsent: a stream that is not there is a fault from the first refresh on, and followed as soon as it is there.
func TestLiveAbsent(t *testing.T) {
	t.Parallel()
	c := tune(t, nil)
	c.origin.Inject(origin.Fault{Kind: origin.NotFound, Playlists: true, Until: c.clock.Now().Add(time.Minute)})
	c.watch(3 * time.Minute)
	c.checkTold("playlist.unavailable", "", 30)
	if len(c.order) != 1 {
		t.Errorf("one absence has %d findings:%s", len(c.order), c.tellFaults())
	}
	if len(c.segments["s1"]) < 50 {
		t.Errorf("%d segments after it", len(c.segments["s1"]))
	}
	c.checkGapless()
}

// TestLiveMedia follows a media playlist that no multivariant playlist names.
func TestLiveMedia(t *testing.T) {
	t.Parallel()
	c := tune(t, nil)
	c.url = strings.Replace(c.url, "master.m3u8", "v0/index.m3u8", 1)
	c.reader = c.newReader()
	c.watch(2 * time.Minute)
	if len(c.faults) > 0 || len(c.segments) != 1 || len(c.segments["s0"]) < 55 {
		t.Errorf("%d segments, faults:%s", len(c.segments["s0"]), c.tellFaults())
	}
	first := c.segments["s0"][0]
	if want := strings.Replace(c.url, "index.m3u8", "", 1); !strings.HasPrefix(first.At.URI, want) || first.Duration != 2e6 || first.ProgramTime == nil || first.Seen.IsZero() || first.Line == 0 {
		t.Errorf("first segment %+v", first)
	}
	c.checkGapless()
}

// TestLiveMarkers: breaks longer than the window are told when they begin, and told again when their end is known, at the same times by all ways of writing.
func TestLiveMarkers(t *testing.T) {
	t.Parallel()
	from := fakeorigin.Epoch.Add(31 * time.Second)
	for name, dates := range map[string]bool{"cues": false, "date ranges": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tune(t, func(s *origin.Stream) {
				s.Breaks = []origin.Break{{ID: "one", From: from, Length: time.Minute, AsDates: dates}, {ID: "two", From: from.Add(3 * time.Minute), Length: 4 * time.Second, AsDates: dates}}
			})
			c.watch(6 * time.Minute)
			last := map[string]live.Marker{}
			for _, m := range c.markers {
				last[m.ID] = m
			}
			if len(last) != 2 || len(c.markers) > 6 {
				t.Fatalf("told %d markers of 2: %+v", len(last), c.markers)
			}
			for _, m := range last {
				near := func(at time.Time, after time.Duration) bool { // segments have 2 s
					return at.Sub(from.Add(after)) >= 0 && at.Sub(from.Add(after)) < 2*time.Second
				}
				first := near(m.Start, 0) && near(m.End, time.Minute)
				second := near(m.Start, 3*time.Minute) && near(m.End, 3*time.Minute+4*time.Second)
				if !first && !second || m.Text == "" || !dates && m.Kind != "break" {
					t.Errorf("marker %+v", m)
				}
			}
			if len(c.faults) > 0 {
				t.Errorf("faults:%s", c.tellFaults())
			}
		})
	}
}

// TestLiveMarkerWithoutClock: a break that nobody said the length of, in a stream without program time, lasts to its EXT-X-CUE-IN, however long that is.
func TestLiveMarkerWithoutClock(t *testing.T) {
	t.Parallel()
	for _, length := range []time.Duration{6 * time.Second, 3 * time.Minute} {
		c := tune(t, func(s *origin.Stream) {
			s.NoProgramTime = true
			s.Breaks = []origin.Break{{From: fakeorigin.Epoch.Add(30 * time.Second), Length: length, Unplanned: true}}
		})
		c.watch(6 * time.Minute)
		last := map[string]live.Marker{}
		for _, m := range c.markers {
			last[m.ID] = m
		}
		if len(last) != 1 || len(c.markers) > 3 {
			t.Fatalf("told %d markers of 1: %+v", len(last), c.markers)
		}
		for _, m := range last {
			if m.Length != length || !m.Start.IsZero() {
				t.Errorf("marker of %s: %+v", length, m)
			}
		}
	}
}

// TestLiveMarkerOverOutage: a break whose first tag slides out while the playlist stands still is told once.
func TestLiveMarkerOverOutage(t *testing.T) {
	t.Parallel()
	from := fakeorigin.Epoch.Add(30 * time.Second)
	c := tune(t, func(s *origin.Stream) { s.Breaks = []origin.Break{{From: from, Length: time.Minute}} })
	c.origin.Inject(origin.Fault{Kind: origin.Stale, From: from.Add(8 * time.Second), Until: from.Add(38 * time.Second)})
	c.watch(3 * time.Minute)
	ids := map[string]bool{}
	for _, m := range c.markers {
		ids[m.ID] = true
	}
	if len(ids) != 1 || c.markers[len(c.markers)-1].End.Sub(from) != time.Minute {
		t.Errorf("markers %+v", c.markers)
	}
	c.checkTold("playlist.stale", "", 20)
}
