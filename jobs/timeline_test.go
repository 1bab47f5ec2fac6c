package jobs

import (
	"math/rand/v2"
	"testing"
)

// seconds makes segments of the given lengths; a negative length begins a discontinuity, 0 is a gap of 6 s.
func seconds(lengths ...int) []Segment {
	var segments []Segment
	disc := 0
	var at Micros
	for i, n := range lengths {
		s := Segment{Index: i, Start: at, Duration: Micros(n) * 1e6}
		if n < 0 {
			disc++
			s.Duration = -s.Duration
		}
		if n == 0 {
			s.Gap, s.Duration = true, 6e6
		}
		s.Discontinuity = disc
		at += s.Duration
		segments = append(segments, s)
	}
	return segments
}

func TestContextOf(t *testing.T) {
	tests := []struct {
		name     string
		segments []Segment
		i, want  int
	}{
		{"first", seconds(6, 6), 0, 0},
		{"second", seconds(6, 6), 1, 1},
		{"just enough", seconds(6, 6, 6, 6), 3, 2},
		{"a little short of enough", seconds(5, 5, 5, 5, 5), 4, 3},
		{"one long segment", seconds(30, 30, 30), 2, 1},
		{"many short ones", seconds(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 14, 12},
		{"up to a discontinuity", seconds(2, 2, -2, 2, 2), 4, 2},
		{"at a discontinuity", seconds(2, 2, -2, 2), 2, 0},
		{"up to a gap", seconds(2, 0, 2, 2), 3, 1},
		{"after a gap", seconds(2, 2, 0, 2), 3, 0},
	}
	for _, test := range tests {
		if got := ContextOf(test.segments, test.i); got != test.want {
			t.Errorf("%s: %d segments, want %d", test.name, got, test.want)
		}
	}
}

// TestContextOfProperties: never across a border, as long as needed, and not a segment longer.
func TestContextOfProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 2000 {
		lengths := make([]int, 1+r.IntN(40))
		for i := range lengths {
			lengths[i] = []int{1, 2, 4, 6, 10, 13, -2, 0}[r.IntN(8)]
		}
		segments := seconds(lengths...)
		for i := range segments {
			n := ContextOf(segments, i)
			var span Micros
			for j := i - n; j < i; j++ {
				if segments[j].Gap || segments[j].Discontinuity != segments[i].Discontinuity {
					t.Fatalf("%v: context of segment %d crosses a border", lengths, i)
				}
				span += segments[j].Duration
			}
			if n > 0 && span-segments[i-n].Duration >= ContextSpan {
				t.Fatalf("%v: context of segment %d is longer than needed", lengths, i)
			}
			if before := i - n - 1; before >= 0 && span < ContextSpan && !segments[before].Gap && segments[before].Discontinuity == segments[i].Discontinuity {
				t.Fatalf("%v: context of segment %d is shorter than it could be", lengths, i)
			}
		}
	}
}
