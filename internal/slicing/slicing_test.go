//go:build cgo

// Package slicing holds the proof of the first promise: the answer never depends on how the work was cut.
package slicing

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand"
	"os"
	"sort"
	"testing"
	"time"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/producer/slice"
	"aircheck/producer/source"
	"aircheck/storage"
	"aircheck/worker/decode"
	"aircheck/worker/fetch"
	"aircheck/worker/supervise"
)

var seeds = flag.Int("seeds", 20, "random cuts of each clip")

func TestMain(m *testing.M) {
	if runChild() {
		return
	}
	if err := decode.Install(); err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "aircheck-slicing-")
	if err != nil {
		panic(err)
	}
	shared = &shelf{dir: dir, made: map[string]*shelved{}}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// TestAnyCutGivesTheSameReport cuts each clip at random into windows from one unit to the whole and demands byte-equal results.
func TestAnyCutGivesTheSameReport(t *testing.T) {
	need.Tool(t, "ffmpeg")
	cuts := 0
	for _, c := range clips() {
		t.Run(c.name, func(t *testing.T) {
			org := c.origin()
			cuts += sameInAnyCut(t, newCheck(t, org, shared.input(t, &c)), *seeds, here(org))
		})
	}
	t.Logf("%d cuts into more than one window", cuts)
}

// TestAnyCutGivesTheSameReportInChildren takes the way of a worker: windows fetched ahead, sent over a pipe, and decoded in long-lived processes, which have
// had other windows before.
func TestAnyCutGivesTheSameReportInChildren(t *testing.T) {
	need.Tool(t, "ffmpeg")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clips() {
		if !c.children {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			org := c.origin()
			slots, err := supervise.New(supervise.Config{
				Slots: 2, Origin: org, Logger: slog.New(slog.DiscardHandler), Command: []string{self, supervise.ChildCommand},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := slots.Close(); err != nil {
					t.Error(err)
				}
			}()
			check := newCheck(t, org, shared.input(t, &c))
			whole := report(t, check, cut(check.Timeline, nil), here(org))
			for seed := range int64(min(*seeds, childSeeds)) {
				windows := cut(check.Timeline, rand.New(rand.NewSource(seed)))
				if got := report(t, check, windows, slots.Measure); !bytes.Equal(got, whole) {
					t.Fatalf("seed %d, %d windows: %s", seed, len(windows), difference(got, whole))
				}
			}
		})
	}
}

// childSeeds is how many cuts go through processes: the pipe does not know where a window was cut.
const childSeeds = 5

// sameInAnyCut returns how many of the cuts had more than one window in some sequence.
func sameInAnyCut(t *testing.T, check *jobs.Check, seeds int, measure measure) int {
	t.Helper()
	single := cut(check.Timeline, nil)
	whole := report(t, check, single, measure)
	if len(whole) < 500 {
		t.Fatalf("nothing was measured: %s", whole)
	}
	for _, length := range []jobs.Micros{0, 1e6, 60e6} {
		if got := report(t, check, slice.Timeline(check.Timeline, length), measure); !bytes.Equal(got, whole) {
			t.Fatalf("cut by the slicer to %d µs: %s", length, difference(got, whole))
		}
	}
	cuts := 0
	for seed := range int64(seeds) {
		windows := cut(check.Timeline, rand.New(rand.NewSource(seed)))
		if len(windows) > len(single) {
			cuts++
		}
		if got := report(t, check, windows, measure); !bytes.Equal(got, whole) {
			t.Fatalf("seed %d, %d windows: %s", seed, len(windows), difference(got, whole))
		}
	}
	if seeds >= 20 && cuts <= seeds/8 { // two segments can be cut in one way, which a quarter of the seeds finds
		t.Errorf("only %d of %d cuts had more than one window", cuts, seeds)
	}
	return cuts
}

func newCheck(t testing.TB, org storage.Origin, input string) *jobs.Check {
	t.Helper()
	timeline, err := source.Open(context.Background(), org, input)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := judge.LoadProfile("default", nil)
	if err != nil {
		t.Fatal(err)
	}
	return &jobs.Check{V: jobs.Version, ID: "slicing", Input: input, Created: time.Unix(0, 0), Profile: profile, Queue: "vod", WindowLength: 60e6, Timeline: timeline}
}

// cut tiles every sequence at random; without a source of randomness into one window.
func cut(tl jobs.Timeline, r *rand.Rand) []jobs.Window {
	var all []jobs.Window
	for i := range tl.Sequences {
		all = append(all, cutSequence(&tl.Sequences[i], r)...)
	}
	return all
}

// unknownLength is the time in microseconds in which objects of unknown duration are cut: more than the length of a clip.
const unknownLength = 20e6

// cutSequence makes the windows itself: the slicer's limit to what a window owns is a matter of cost and would forbid most cuts of many short segments, the
// whole among them.
func cutSequence(s *jobs.Sequence, r *rand.Rand) []jobs.Window {
	end := int64(len(s.Segments)) // borders are segments, or microseconds
	if s.Mode == jobs.ModeObject {
		end = int64(s.Duration)
		if end == 0 { // the slicer would not cut what does not say how long it is, and may
			end = unknownLength
		}
	}
	if end == 0 {
		return nil
	}
	var borders []int64
	if r != nil {
		for n := r.Int63n(min(end, 40)); n > 0; n-- {
			borders = append(borders, 1+r.Int63n(end))
		}
	}
	sort.Slice(borders, func(i, j int) bool { return borders[i] < borders[j] })
	var list []jobs.Window
	from := int64(0)
	for _, b := range append(borders, end) {
		if b <= from {
			continue
		}
		w := jobs.Window{Sequence: s.ID, Index: len(list), Start: jobs.Micros(from), End: jobs.Micros(b), Head: from == 0, Foot: b == end}
		if s.Mode == jobs.ModeSegments {
			w.First, w.Last = int(from), int(b)
			w.Start, w.End = s.Segments[from].Start, s.Segments[b-1].Start+s.Segments[b-1].Duration
		}
		list = append(list, w)
		from = b
	}
	return list
}

// measure makes the measurement of one task.
type measure func(context.Context, jobs.Task) ([]byte, error)

// report measures all windows and judges them.
func report(t *testing.T, base *jobs.Check, windows []jobs.Window, measure measure) []byte {
	t.Helper()
	check := *base
	check.Windows = windows
	j, err := judge.New(&check)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range windows {
		task, err := slice.Task(&check, w)
		if err != nil {
			t.Fatal(err)
		}
		object, err := measure(t.Context(), task)
		if err != nil {
			t.Fatalf("measure window %d [%d, %d): %v", w.Index, w.Start, w.End, err)
		}
		m, err := measurement.Open(bytes.NewReader(object), int64(len(object)))
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Window(w, m); err != nil {
			t.Fatalf("judge window %d: %v", w.Index, err)
		}
	}
	result, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	valid(t, &check, result)
	b, err := json.MarshalIndent(result, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// here measures in this process.
func here(org storage.Origin) measure {
	return func(ctx context.Context, task jobs.Task) ([]byte, error) {
		src := &directSource{task: task, fetcher: fetch.Fetcher{Origin: org}}
		if task.Object != nil {
			src.object = fetch.NewObject(ctx, org, *task.Object)
			defer src.object.Close()
		}
		var object bytes.Buffer
		out := measurement.NewWriter(&object)
		header, err := decode.Measure(task, src, out)
		if err != nil {
			return nil, err
		}
		err = out.Close(header)
		return object.Bytes(), err
	}
}

// directSource feeds the decoder without a process between.
type directSource struct {
	task    jobs.Task
	fetcher fetch.Fetcher
	object  *fetch.Object
}

func (s *directSource) Segment(at int) (decode.Segment, error) {
	seg, err := s.fetcher.Segment(context.Background(), s.task.Segments[at])
	return decode.Segment{State: seg.State, Detail: seg.Detail, Init: seg.Init, Data: seg.Data, Truncated: seg.Truncated}, err
}

func (s *directSource) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.object.ReadAt(p, off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// difference shows the first line that differs and some before it.
func difference(got, want []byte) string {
	a, b := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			from := max(0, i-6)
			return fmt.Sprintf("line %d:\n%s\n--- want ---\n%s", i, bytes.Join(a[from:min(i+4, len(a))], []byte("\n")), bytes.Join(b[from:min(i+4, len(b))], []byte("\n")))
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}
