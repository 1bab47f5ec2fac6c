package judge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// screen is the recording of a screen on which a pointer moves all the time but where pictures are left out.
type screen struct {
	film  []run // a film fills the screen
	still []run // the same picture is sent again and again
	noise []run // a camera's noise is over it
	slide jobs.Micros
}

func (s screen) draw(f *measurement.Frame, at jobs.Micros) {
	n := int(at / 40e3)
	f.Pair = measurement.Pair{SADY: 300, MaxBlock: 60 * 256, Changed: 4, Blocks: 920, BlockMean: 300}
	for i := range f.Grid {
		f.Grid[i] = 100
		switch {
		case within(s.film, at):
			f.Grid[i] = uint8(100 + (i*7+n*13)%20)
		case within(s.noise, at):
			f.Grid[i] += uint8((i + n/5) % 2)
		}
	}
	if s.slide > 0 && at >= s.slide {
		for i := range 200 {
			f.Grid[i] = 180
		}
	}
	f.Grid[n%32] = 200
	switch {
	case within(s.film, at):
		f.Pair = pictureRow(0, 0, 0).Pair
	case within(s.still, at):
		f.Pair = measurement.Pair{Blocks: 920}
	}
}

// TestRecorderLeavesOutWhatStands: where it is its habit, and nothing moved around the hole.
func TestRecorderLeavesOutWhatStands(t *testing.T) {
	// The second ends at a keyframe, where no pair is.
	two := []run{sec(4.2, 4.8), sec(7.2, 8)}
	for _, c := range []struct {
		name    string
		screen  screen
		dropped []run
		turns   bool
		want    []string
	}{
		{"twice", screen{}, two, false, []string{"info 4.2-4.8", "info 7.2-8"}},
		{"once may be a loss", screen{}, two[:1], false, []string{"warn 4.2-4.8"}},
		{"for longer than a second", screen{}, []run{sec(4.2, 5.8), sec(8.2, 9.6)}, false, []string{"info 4.2-5.8", "info 8.2-9.6"}},
		{"a rate that is fixed", screen{still: []run{sec(14, 15)}}, two, false, []string{"warn 4.2-4.8", "warn 7.2-8"}},
		{"a transport stream", screen{}, two, true, []string{"warn 4.2-4.8", "warn 7.2-8"}},
		{"noise of a camera", screen{noise: []run{sec(0, 20)}}, two, false, []string{"warn 4.2-4.8", "warn 7.2-8"}},
		{"a loss in a film", screen{film: []run{sec(10, 14)}}, append(two, sec(12.2, 13)), false, []string{"info 4.2-4.8", "info 7.2-8", "warn 12.2-13"}},
		{"another slide after a rest", screen{slide: 13e6}, append(two, sec(12.2, 13)), false, []string{"info 4.2-4.8", "info 7.2-8", "info 12.2-13"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := cleanObject()
			s.draw, s.file, s.dropped = c.screen.draw, !c.turns, c.dropped
			r := judgedObject(t, nil, s, 2e6, 0)
			if got := gaps(r); !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
			lost := 0
			for _, f := range finding(r, "timestamp.gap") {
				if f.Severity != jobs.Info {
					lost++
				}
			}
			if failed := failedIn(r, "v0", "video.black"); failed != lost {
				t.Errorf("%d times not analysed, want %d", failed, lost)
			}
			for seed := range uint64(4) {
				if o := judgedObject(t, rand.New(rand.NewPCG(seed, 7)), s, 2e6, 0); encode(t, o) != encode(t, r) {
					t.Errorf("cut %d: %s, want %s", seed, encode(t, o.Findings), encode(t, r.Findings))
				}
			}
		})
	}
}

// failedIn counts the pieces of time that a detector has not seen.
func failedIn(r jobs.Result, rendition, detector string) (n int) {
	for _, c := range r.Coverage {
		for _, in := range c.Intervals {
			if c.Rendition == rendition && c.Detector == detector && in.State == jobs.Failed {
				n++
			}
		}
	}
	return n
}

func gaps(r jobs.Result) (list []string) {
	for _, f := range finding(r, "timestamp.gap") {
		list = append(list, fmt.Sprintf("%s %g-%g", f.Severity, float64(f.Start), float64(f.End)))
	}
	return list
}
