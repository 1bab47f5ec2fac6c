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
	"math/rand"
	"os"
	"os/exec"
	"sort"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/producer/slice"
	"aircheck/producer/source"
	"aircheck/storage"
	"aircheck/storage/origin"
	"aircheck/worker/decode"
	"aircheck/worker/fetch"
)

var seeds = flag.Int("seeds", 20, "random cuts of each clip")

func TestMain(m *testing.M) {
	if runChild() {
		return
	}
	decode.Install()
	os.Exit(m.Run())
}

// TestAnyCutGivesTheSameReport cuts each clip at random into windows from one unit to the whole and demands byte-equal results.
func TestAnyCutGivesTheSameReport(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("AIRCHECK_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip("needs ffmpeg: ", err)
	}
	dir := t.TempDir()
	org := origin.New(origin.Config{})
	for _, c := range clips() {
		t.Run(c.name, func(t *testing.T) {
			check := newCheck(t, org, c.make(t, dir))
			whole := report(t, org, check, cut(check.Timeline, nil))
			if len(whole) < 500 {
				t.Fatalf("nothing was measured: %s", whole)
			}
			for seed := range int64(*seeds) {
				windows := cut(check.Timeline, rand.New(rand.NewSource(seed)))
				if got := report(t, org, check, windows); !bytes.Equal(got, whole) {
					t.Fatalf("seed %d, %d windows: %s", seed, len(windows), difference(got, whole))
				}
			}
		})
	}
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

func cutSequence(s *jobs.Sequence, r *rand.Rand) []jobs.Window {
	whole := slice.Windows(*s, 1e12)
	if r == nil || len(whole) != 1 {
		return whole
	}
	var borders []int64 // segments, or microseconds
	end := int64(len(s.Segments))
	if s.Mode == jobs.ModeObject {
		end = int64(max(s.Duration, 1))
	}
	for n := r.Int63n(min(end, 40)); n > 0; n-- {
		borders = append(borders, 1+r.Int63n(end))
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

// report measures all windows in this process and judges them.
func report(t *testing.T, org storage.Origin, base *jobs.Check, windows []jobs.Window) []byte {
	t.Helper()
	check := *base
	check.Windows = windows
	j, err := judge.New(&check)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range windows {
		object := measureWindow(t, org, &check, w)
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
	b, err := json.MarshalIndent(result, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func measureWindow(t testing.TB, org storage.Origin, check *jobs.Check, w jobs.Window) []byte {
	t.Helper()
	task, err := slice.Task(check, w)
	if err != nil {
		t.Fatal(err)
	}
	src := &directSource{task: task, fetcher: fetch.Fetcher{Origin: org}}
	if task.Object != nil {
		src.object = fetch.NewObject(context.Background(), org, *task.Object)
		defer src.object.Close()
	}
	var object bytes.Buffer
	out := measurement.NewWriter(&object)
	header, err := decode.Measure(task, src, out)
	if err != nil {
		t.Fatalf("measure window %d [%d, %d): %v", w.Index, w.Start, w.End, err)
	}
	if err := out.Close(header); err != nil {
		t.Fatal(err)
	}
	return object.Bytes()
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
