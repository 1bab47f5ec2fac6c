package e2e

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/bench/origin"
	"aircheck/internal/fakeorigin"
	"aircheck/internal/redisserver"
	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/storage"
	"aircheck/storage/file"
)

// The long form: make live.
var (
	liveStreams = flag.Int("live.streams", 12, "how many channels TestLive follows")
	liveTime    = flag.Duration("live.time", time.Minute, "how long they last")
	// Short, so that there is something to lose whenever a producer dies.
	liveWindow = flag.Duration("live.window", 6*time.Second, "length of their windows")
)

const (
	// startUp is what the fleet may take to begin before the time counts.
	startUp = 10 * time.Second
	// faultLength is of the black picture in one channel.
	faultLength = 8 * time.Second
)

// liveFleet is a fleet that follows channels of an origin in this process.
type liveFleet struct {
	*fleet
	names []string
	data  string
	queue *queue.Client
	ends  time.Time
}

// newLiveFleet makes the channels, which all end at the same time, and a place to archive them. The picture of the first goes black in the middle.
func newLiveFleet(t *testing.T) *liveFleet {
	t.Helper()
	server := redisserver.Start(t)
	recipe := origin.Recipe{Seconds: 24, Segment: 2, Heights: []int{36}}
	clip := fakeorigin.Make(t, recipe)
	recipe.PictureFilter = "drawbox=t=fill:c=black"
	black := fakeorigin.Make(t, recipe)
	o, base := fakeorigin.New(t, origin.NewReal(1))
	f := &liveFleet{data: t.TempDir(), ends: time.Now().Add(startUp + *liveTime).Truncate(2 * time.Second)}
	var list strings.Builder
	fmt.Fprintf(&list, "defaults:\n  window: %s\nstreams:\n", *liveWindow)
	for i := range *liveStreams {
		name := fmt.Sprintf("ch%d", i)
		// Not all at the same moment, as in life: two seconds of segments, spread.
		start := time.Now().Add(-30 * time.Second).Add(time.Duration(i) * 2 * time.Second / time.Duration(*liveStreams))
		if err := o.Add(origin.Stream{Name: name, Clip: clip, Start: start, Ended: f.ends}); err != nil {
			t.Fatal(err)
		}
		f.names = append(f.names, name)
		fmt.Fprintf(&list, "  - {name: %s, url: %s/%s/master.m3u8}\n", name, base, name)
	}
	from := f.ends.Add(-*liveTime / 2)
	o.Inject(origin.Fault{Kind: origin.Content, Stream: "ch0", From: from, Until: from.Add(faultLength), Clip: black})
	yaml := filepath.Join(t.TempDir(), "streams.yaml")
	store, err := file.Open(f.data, nil)
	if err = errors.Join(err, os.WriteFile(yaml, []byte(list.String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	f.fleet = &fleet{site: &site{bin: binary(t)}, archive: archive.New(store), redis: redis.NewClient(&redis.Options{Addr: server.Addr})}
	t.Cleanup(func() { _ = f.redis.Close() })
	f.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(),
		"AIRCHECK_STORE=" + f.data, "AIRCHECK_REDIS=" + server.URL(), "AIRCHECK_STREAMS=" + yaml,
	}
	conn, err := queue.Open(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	f.queue = queue.NewClient(conn)
	return f
}

// TestLive follows many channels with two producers and two workers. The producer that leads most is killed in the middle; nothing may be lost, doubled or
// judged differently for it.
func TestLive(t *testing.T) {
	t.Parallel() // follows in real time, and leaves the machine to others for most of it
	if testing.Short() {
		t.Skip("takes as long as -live.time and more")
	}
	f := newLiveFleet(t)
	producers := map[string]*process{}
	for i := range 2 {
		name := fmt.Sprintf("producer %d", i+1)
		producers[name] = f.start(t, name, "producer", "--interval", "1s", "--log-level", "warn")
		f.start(t, fmt.Sprintf("worker %d", i+1), "worker", "--slots", "1", "--log-level", "warn")
	}
	eventually(t, 2*startUp+*liveTime/3, "every channel is followed and judged", func() bool {
		seen, err := f.queue.Streams(t.Context())
		return err == nil && len(seen) == len(f.names)
	})
	f.killLeader(t, producers)
	checks := f.untilOver(t)
	f.printLatencies(t)
	f.gapless(t, checks)
	f.sameAsRecording(t, checks)
	f.blackWasTold(t)
}

// killLeader kills the producer that leads most channels, and waits until the other leads all.
func (f *liveFleet) killLeader(t *testing.T, producers map[string]*process) {
	t.Helper()
	leaders, err := f.queue.Leaders(t.Context(), f.names)
	if err != nil {
		t.Fatal(err)
	}
	share := map[string]int{}
	for _, owner := range leaders {
		share[owner]++
	}
	victim := producers["producer 1"] // both lead half; which is which is not told by the names of leases
	victim.kill()
	<-victim.done
	began := time.Now()
	t.Logf("leaders before: %v; killed %s", share, victim.name)
	eventually(t, time.Minute, "one producer leads all channels", func() bool {
		leaders, err := f.queue.Leaders(t.Context(), f.names)
		owners := map[string]bool{}
		for _, o := range leaders {
			owners[o] = true
		}
		return err == nil && len(leaders) == len(f.names) && len(owners) == 1
	})
	t.Logf("handed over within %s", time.Since(began).Round(10*time.Millisecond))
}

// untilOver waits for the end of the channels and of all their checks, and gives the checks by stream, in order.
func (f *liveFleet) untilOver(t *testing.T) map[string][]*jobs.Check {
	t.Helper()
	eventually(t, time.Until(f.ends)+5*time.Minute, "every check has its report", func() bool {
		if time.Now().Before(f.ends) {
			return false
		}
		open, err := f.archive.Open(t.Context())
		return err == nil && len(open) == 0
	})
	t.Logf("all checks had their reports %s after the channels ended", time.Since(f.ends).Round(100*time.Millisecond))
	byStream := map[string][]*jobs.Check{}
	err := f.archive.Store().List(t.Context(), "checks/", func(info storage.Info) error {
		id, ok := strings.CutSuffix(strings.TrimPrefix(info.Key, "checks/"), "/manifest.json")
		name, _, live := jobs.ParseLiveID(id)
		if !ok || !live {
			return nil
		}
		check, err := f.archive.Check(t.Context(), id)
		byStream[name] = append(byStream[name], check)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(byStream) != len(f.names) {
		t.Fatalf("%d of %d channels have a check", len(byStream), len(f.names))
	}
	return byStream
}

// gapless looks that no segment was lost or doubled, by the program times.
func (f *liveFleet) gapless(t *testing.T, byStream map[string][]*jobs.Check) {
	t.Helper()
	segments := 0
	for name, checks := range byStream {
		var due time.Time
		for _, c := range checks {
			for _, s := range c.Timeline.Sequences[0].Segments {
				segments++
				if s.Missing != "" || s.Gap || s.ProgramTime == nil {
					t.Errorf("%s: segment %d: %q", c.ID, s.Index, s.Missing)
					continue
				}
				if d := s.ProgramTime.Sub(due); !due.IsZero() && d.Abs() > 100*time.Millisecond {
					t.Errorf("%s: segment %d begins %s after the one before ends", c.ID, s.Index, d)
				}
				due = s.ProgramTime.Add(time.Duration(s.Duration) * time.Microsecond)
			}
		}
		if late := f.ends.Sub(due); late > 3*time.Second {
			t.Errorf("%s: the last segment ends %s before the channel did", name, late)
		}
	}
	t.Logf("%d segments of %d channels, none lost or doubled", segments, len(byStream))
}

// sameAsRecording compares each report with a check of the recording, and looks that everything was analysed.
func (f *liveFleet) sameAsRecording(t *testing.T, byStream map[string][]*jobs.Check) {
	t.Helper()
	t.Run("recordings", func(t *testing.T) {
		for _, checks := range byStream {
			for _, c := range checks {
				t.Run(c.ID, func(t *testing.T) {
					t.Parallel()
					f.sameReport(t, c)
				})
			}
		}
	})
}

func (f *liveFleet) sameReport(t *testing.T, c *jobs.Check) {
	t.Helper()
	doc, err := f.archive.Report(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Digest   string `json:"digest"`
		Coverage []jobs.Coverage
		Findings []jobs.Finding
	}
	if err := json.Unmarshal(doc, &r); err != nil || len(r.Coverage) == 0 {
		t.Fatalf("%s: %v", c.ID, err)
	}
	for _, one := range r.Coverage {
		for _, i := range one.Intervals {
			if i.State != jobs.Analysed && i.State != jobs.Skipped {
				t.Errorf("%s: %s of %s is %s from %v to %v: %s", c.ID, one.Detector, one.Rendition, i.State, i.Start, i.End, i.Reason)
			}
		}
	}
	for _, one := range r.Findings {
		if one.Code != "video.black" && one.Severity.Rank() > jobs.Info.Rank() {
			t.Errorf("%s: %s from %v to %v: %s", c.ID, one.Code, one.Start, one.End, one.Message)
		}
	}
	name, begin, _ := jobs.ParseLiveID(c.ID)
	key, err := storage.StreamFile(name, begin, "recording.json")
	if err != nil {
		t.Fatal(err)
	}
	again := parseReport(t, f.run(t, anyVerdict, "check", "--format", "json", filepath.Join(f.data, key)))
	if again.Digest != r.Digest {
		t.Errorf("%s: the fleet says %s, a check of the recording %s", c.ID, r.Digest, again.Digest)
	}
}

// blackWasTold looks for the events of the fault, which is one finding; and no other channel has one.
func (f *liveFleet) blackWasTold(t *testing.T) {
	t.Helper()
	kinds := map[jobs.EventKind]int{}
	finished := map[string]bool{}
	eventually(t, 10*time.Second, "every channel's end is told", func() bool {
		clear(kinds)
		after := "0"
		for {
			events, next, err := f.queue.Events(t.Context(), after)
			if err != nil {
				t.Fatal(err)
			}
			if next == after {
				return len(finished) >= len(f.names)
			}
			after = next
			for _, e := range events {
				if e.Kind == jobs.EventFinished {
					finished[e.Stream] = true
				}
				if e.Finding != nil && e.Finding.Code == "video.black" {
					kinds[e.Kind]++
					if e.Stream != "ch0" {
						t.Errorf("black was told of %s", e.Stream)
					}
				}
			}
		}
	})
	if kinds[jobs.EventOpened] < 1 || kinds[jobs.EventOpened] != kinds[jobs.EventClosed] || kinds[jobs.EventWithdrawn] > 0 {
		t.Errorf("black was told %v, want it opened and closed", kinds)
	}
}

func (f *liveFleet) printLatencies(t *testing.T) {
	t.Helper()
	for _, kind := range []queue.Latency{queue.LatencySegment, queue.LatencyWindow} {
		l, err := f.queue.Latencies(t.Context(), kind, time.Now())
		if err != nil || l.Count == 0 {
			t.Errorf("latency of a %s: %+v, %v", kind, l, err)
		}
		t.Logf("from the publication of a %s to the telling of what is wrong with it: p50 %s, p95 %s, p99 %s over %d (window %s)",
			kind, l.P50.Round(10*time.Millisecond), l.P95.Round(10*time.Millisecond), l.P99.Round(10*time.Millisecond), l.Count, *liveWindow)
	}
}
