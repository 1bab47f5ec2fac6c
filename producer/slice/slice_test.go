package slice

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"aircheck/jobs"
)

// segments makes a sequence with segments of the given lengths.
func segments(lengths ...jobs.Micros) jobs.Sequence {
	seq := jobs.Sequence{ID: "s0", Mode: jobs.ModeSegments}
	for i, d := range lengths {
		seq.Segments = append(seq.Segments, jobs.Segment{Index: i, Start: seq.Duration, Duration: d, ByteRange: jobs.ByteRange{URI: "x", Length: -1}})
		seq.Duration += d
	}
	return seq
}

func object(d jobs.Micros) jobs.Sequence {
	return jobs.Sequence{ID: "s0", Mode: jobs.ModeObject, Duration: d, Object: &jobs.Object{URI: "x", Size: 1}}
}

func TestWindowsOfSegments(t *testing.T) {
	tests := []struct {
		name   string
		seq    jobs.Sequence
		length jobs.Micros
		want   []int // Last of each window
	}{
		{"none", segments(), 60e6, nil},
		{"one", segments(2e6), 60e6, []int{1}},
		{"exact", segments(2e6, 2e6, 2e6, 2e6), 4e6, []int{2, 4}},
		{"reached and passed", segments(2e6, 2e6, 2e6, 2e6), 3e6, []int{2, 4}},
		{"one each", segments(2e6, 2e6, 2e6), 1, []int{1, 2, 3}},
		{"longer than a window", segments(90e6, 2e6, 2e6), 60e6, []int{1, 3}},
		{"uncut", segments(2e6, 2e6, 2e6), 0, []int{3}},
		{"no durations", segments(0, 0, 0), 60e6, []int{3}},
		{"very many", segments(make([]jobs.Micros, maxSegments+1)...), 60e6, []int{maxSegments, maxSegments + 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			for _, w := range Windows(tt.seq, tt.length) {
				got = append(got, w.Last)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWindowsOfAnObject(t *testing.T) {
	tests := []struct {
		name          string
		total, length jobs.Micros
		want          []jobs.Micros // End of each window
	}{
		{"unknown duration", 0, 60e6, []jobs.Micros{0}},
		{"shorter than a window", 5e6, 60e6, []jobs.Micros{5e6}},
		{"much shorter", 1, 60e6, []jobs.Micros{1}},
		{"exact", 120e6, 60e6, []jobs.Micros{60e6, 120e6}},
		{"rest", 130e6, 60e6, []jobs.Micros{60e6, 120e6, 130e6}},
		{"sliver joins", 125_999_999, 60e6, []jobs.Micros{60e6, 125_999_999}},
		{"a tenth is no sliver", 126e6, 60e6, []jobs.Micros{60e6, 120e6, 126e6}},
		{"uncut", 126e6, 0, []jobs.Micros{126e6}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []jobs.Micros
			for _, w := range Windows(object(tt.total), tt.length) {
				got = append(got, w.End)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestALongObjectGetsLongerWindows(t *testing.T) {
	for _, total := range []jobs.Micros{365 * 86400e6, maxWindows * 1e6, maxWindows*1e6 + 1} {
		if n := len(Windows(object(total), 1e6)); n > maxWindows || n < maxWindows/2 {
			t.Errorf("%d s: %d windows, want at most %d", total/1e6, n, maxWindows)
		}
	}
}

// checkTiling asserts that windows tile a sequence exactly and are marked and numbered.
func checkTiling(t *testing.T, seq jobs.Sequence, windows []jobs.Window) {
	t.Helper()
	if len(windows) > maxWindows {
		t.Fatalf("%d windows", len(windows))
	}
	var at jobs.Micros
	segment := 0
	for i, w := range windows {
		if w.Index != i || w.Sequence != seq.ID || w.Head != (i == 0) || w.Foot != (i == len(windows)-1) {
			t.Fatalf("window %d is %+v", i, w)
		}
		if w.Start != at || w.First != segment || w.End < w.Start {
			t.Fatalf("window %d is %+v, want it to start at %d with segment %d", i, w, at, segment)
		}
		if seq.Mode == jobs.ModeSegments && (w.Last <= w.First || w.Last-w.First > maxSegments) {
			t.Fatalf("window %d owns %d segments", i, w.Last-w.First)
		}
		at, segment = w.End, w.Last
	}
	if at != seq.Duration || segment != len(seq.Segments) {
		t.Fatalf("windows end at %d after %d segments, want %d and %d", at, segment, seq.Duration, len(seq.Segments))
	}
}

func TestTilingIsExact(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		length := jobs.Micros(r.Int64N(100e6)) - 1e6
		lengths := make([]jobs.Micros, 1+r.IntN(300))
		for i := range lengths {
			lengths[i] = jobs.Micros(r.Int64N(8e6)) * jobs.Micros(r.IntN(4)) / 2
		}
		for _, seq := range []jobs.Sequence{segments(lengths...), object(jobs.Micros(r.Int64N(4000e6)) * jobs.Micros(r.IntN(5)))} {
			windows := Windows(seq, length)
			checkTiling(t, seq, windows)
			if !reflect.DeepEqual(windows, Windows(seq, length)) {
				t.Fatal("the same cut twice differs")
			}
		}
	}
}

// Whatever the cut, a segment has the same context, and a task brings exactly its window and that context.
func TestTasksBringTheirContext(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		lengths := make([]jobs.Micros, 1+r.IntN(120))
		for i := range lengths {
			lengths[i] = 1 + jobs.Micros(r.Int64N(7e6))
		}
		seq := segments(lengths...)
		for i, disc := 0, 0; i < len(seq.Segments); i++ {
			if r.IntN(20) == 0 {
				disc++
			}
			seq.Segments[i].Discontinuity = disc
			seq.Segments[i].Gap = r.IntN(20) == 0
		}
		check := &jobs.Check{ID: "c", Timeline: jobs.Timeline{Sequences: []jobs.Sequence{object(1e6), seq}}}
		check.Timeline.Sequences[0].ID = "other"
		for _, w := range Windows(seq, jobs.Micros(1+r.Int64N(60e6))) {
			task, err := Task(check, w)
			if err != nil {
				t.Fatal(err)
			}
			if want := jobs.ContextOf(seq.Segments, w.First); task.Context != want || task.Window != w || task.V != jobs.Version || task.Object != nil {
				t.Fatalf("task %+v, want context %d", task, want)
			}
			if len(task.Segments) != task.Context+w.Last-w.First || task.Segments[task.Context].Index != w.First {
				t.Fatalf("window %d to %d brings %d segments from %d", w.First, w.Last, len(task.Segments), task.Segments[0].Index)
			}
		}
	}
}

func TestTaskOfAnObject(t *testing.T) {
	seq := object(90e6)
	check := &jobs.Check{ID: "c", Timeline: jobs.Timeline{Sequences: []jobs.Sequence{seq}}}
	task, err := Task(check, Windows(seq, 60e6)[1])
	if err != nil || task.Object == nil || task.Object.URI != "x" || task.Segments != nil || task.Check != "c" {
		t.Errorf("got %+v, %v", task, err)
	}
}

func TestTaskOfAWindowFromElsewhere(t *testing.T) {
	check := &jobs.Check{ID: "c", Timeline: jobs.Timeline{Sequences: []jobs.Sequence{segments(2e6, 2e6)}}}
	for _, w := range []jobs.Window{
		{Sequence: "s9", First: 0, Last: 1},
		{Sequence: "s0", First: 0, Last: 3},
		{Sequence: "s0", First: -1, Last: 1},
		{Sequence: "s0", First: 1, Last: 1},
		{Sequence: "s0", First: 2, Last: 3},
	} {
		if _, err := Task(check, w); err == nil {
			t.Errorf("window %+v makes a task", w)
		}
	}
}

func TestTimelineCutsEverySequence(t *testing.T) {
	a, b := segments(2e6, 2e6), object(3e6)
	b.ID = "s1"
	got := Timeline(jobs.Timeline{Sequences: []jobs.Sequence{a, b}}, 2e6)
	want := append(Windows(a, 2e6), Windows(b, 2e6)...)
	if !reflect.DeepEqual(got, want) || len(got) != 4 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Tasks wait in Redis by the thousand and are written anew at every heartbeat: platform limit 16 KB.
func TestTasksAreSmall(t *testing.T) {
	const limit = 16 << 10
	for _, length := range []jobs.Micros{1e6, 2e6, 4e6, 6e6} {
		lengths := make([]jobs.Micros, 400)
		for i := range lengths {
			lengths[i] = length
		}
		seq := segments(lengths...)
		init := &jobs.ByteRange{URI: "https://origin.example.com/channels/sports-1/1080p/init.mp4", Length: -1}
		for i := range seq.Segments {
			seq.Segments[i].URI = fmt.Sprintf("https://origin.example.com/channels/sports-1/1080p/segment_%09d.m4s", i)
			seq.Segments[i].Init = init
		}
		check := &jobs.Check{ID: "0192f0c1-5f0b-7c3e-9f6d-0b1a2c3d4e5f", Timeline: jobs.Timeline{Sequences: []jobs.Sequence{seq}}}
		for _, w := range Windows(seq, 60e6) {
			task, err := Task(check, w)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(task)
			if err != nil || len(b) > limit {
				t.Fatalf("%d s segments: task of %d bytes, %v, want at most %d", length/1e6, len(b), err, limit)
			}
		}
	}
}
