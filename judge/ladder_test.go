package judge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// laddering is a ladder of renditions of one film.
type laddering struct {
	scripts []*script
	// edit changes the units of a rendition, variant what is declared about it.
	edit    func(rung int, units []synth)
	variant func(rung int, q *jobs.Sequence)
}

func ladderOf(n int) *laddering {
	l := &laddering{}
	for range n {
		c := clean()
		c.audio = 0
		l.scripts = append(l.scripts, c)
	}
	return l
}

// filmUnits gives a rendition the pictures of the film, at times that are shifted from a segment on.
func filmUnits(units []synth, show func(segment int, t float64) float64) {
	for i := range units {
		units[i].unit.Size = 250_000
		for k := range units[i].frames {
			f := &units[i].frames[k]
			t := (units[i].at + jobs.Micros(k)*40e3).Seconds()
			scenery(&f.Grid, show(i, t), 0, nil)
		}
	}
}

// judge folds the ladder, cut by rng and interleaved at random.
func (l *laddering) judge(t *testing.T, rng *rand.Rand) jobs.Result {
	t.Helper()
	var defs []jobs.Sequence
	units := make([][]synth, len(l.scripts))
	for i, c := range l.scripts {
		q := c.sequenceDef(fmt.Sprintf("s%d", i))
		q.Target = c.length
		q.Variant = &jobs.Variant{Bandwidth: int64(3_000_000 - 500_000*i)}
		units[i] = c.units()
		filmUnits(units[i], func(_ int, t float64) float64 { return t })
		if l.edit != nil {
			l.edit(i, units[i])
		}
		if l.variant != nil {
			l.variant(i, &q)
		}
		defs = append(defs, q)
	}
	check := checkOf(defs...)
	windows := make([][]jobs.Window, len(defs))
	for i := range defs {
		windows[i] = windowsOf(&defs[i], rng)
		check.Windows = append(check.Windows, windows[i]...)
	}
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	for range check.Windows {
		i := pick(rng, windows)
		w := windows[i][0]
		windows[i] = windows[i][1:]
		if err := j.Window(w, take(w, units[i][w.First:w.Last], l.scripts[i].formats(), false)); err != nil {
			t.Fatal(err)
		}
		if rng != nil && rng.IntN(3) == 0 {
			j = again(t, check, j)
		}
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ladders lists what is told about ladders.
func ladders(r jobs.Result) []string {
	var list []string
	for _, f := range r.Findings {
		if strings.HasPrefix(f.Code, "ladder.") {
			value := ""
			if f.Value != nil {
				value = fmt.Sprintf(" %g", float64(*f.Value))
			}
			list = append(list, fmt.Sprintf("%s %s %s %g-%g%s", f.Severity, f.Code, f.Rendition, float64(f.Start), float64(f.End), value))
		}
	}
	return list
}

// shift moves the clock of a rendition.
func shiftClock(units []synth, ticks int64) {
	for i := range units {
		for k := range units[i].unit.Tracks {
			units[i].unit.Tracks[k].FirstPTS += ticks
			units[i].unit.Tracks[k].EndPTS += ticks
		}
		for k := range units[i].frames {
			units[i].frames[k].PTS += ticks
		}
	}
}

func ladderCases() map[string]struct {
	ladder *laddering
	want   []string
} {
	type c = struct {
		ladder *laddering
		want   []string
	}
	on := func(n, rung int, edit func([]synth)) *laddering {
		l := ladderOf(n)
		l.edit = func(i int, units []synth) {
			if i == rung {
				edit(units)
			}
		}
		return l
	}
	other := ladderOf(3)
	other.scripts[1].segments, other.scripts[1].length = 5, 4e6
	disc := ladderOf(3)
	disc.scripts[2].disc = map[int]bool{5: true}
	order := ladderOf(2)
	order.edit = func(i int, units []synth) {
		for k := range units {
			units[k].unit.Size = 100_000
		}
	}
	order.variant = func(i int, q *jobs.Sequence) { q.Variant.Bandwidth = int64(1_000_000 + 500_000*i) }
	low := ladderOf(1)
	low.variant = func(_ int, q *jobs.Sequence) { q.Variant.Bandwidth, q.Variant.AverageBandwidth = 800_000, 500_000 }
	holes := ladderOf(3)
	holes.scripts[1].state = map[int]measurement.UnitState{4: measurement.UnitMissing}
	holes.scripts[2].state = map[int]measurement.UnitState{4: measurement.UnitMissing, 7: measurement.UnitGap}
	return map[string]c{
		"one is left":          {holes, nil},
		"clean":                {ladderOf(3), nil},
		"clean, of two":        {ladderOf(2), nil},
		"same sizes":           {order, nil},
		"other segments":       {other, []string{"warn ladder.misaligned v1 2-18 5"}},
		"discontinuity in one": {disc, []string{"warn ladder.discontinuity v2 10-10 1"}},
		"declared too low":     {low, []string{"warn ladder.bandwidth v0 0-2 100"}},
		"late clock":           {on(3, 1, func(u []synth) { shiftClock(u, 18000) }), []string{"warn ladder.offset v1 0-20 0.2"}},
		"the first is late":    {on(3, 0, func(u []synth) { shiftClock(u, 18000) }), []string{"warn ladder.offset v0 0-20 0.2"}},
		"a frame late":         {on(3, 1, func(u []synth) { shiftClock(u, 3600) }), []string{"info ladder.offset v1 0-20 0.04"}},
		"half a frame late":    {on(3, 1, func(u []synth) { shiftClock(u, 1800) }), nil},
		"a wrong segment": {on(3, 1, func(u []synth) {
			filmUnits(u, func(i int, t float64) float64 {
				if i == 4 {
					return t + alien
				}
				return t
			})
		}), []string{"fail ladder.content_mismatch v1 8-10 2"}},
		"an older segment": {on(2, 0, func(u []synth) {
			filmUnits(u, func(i int, t float64) float64 {
				if i == 6 || i == 7 {
					return t - 4
				}
				return t
			})
		}), []string{"fail ladder.content_mismatch v0 12-16 4"}},
		"black in one": {on(2, 0, func(u []synth) {
			for k := range u[3].frames {
				black16(&u[3].frames[k])
			}
		}), []string{"fail ladder.content_mismatch v0 6-8 2"}},
		"a frame apart": {on(2, 1, func(u []synth) {
			filmUnits(u, func(_ int, t float64) float64 { return t + 0.04 })
		}), nil},
		"a glitch": {on(3, 1, func(u []synth) {
			for k := range u[3].frames[:10] {
				scenery(&u[3].frames[k].Grid, alien, 0, nil)
			}
		}), nil},
	}
}

func TestLadders(t *testing.T) {
	for name, c := range ladderCases() {
		t.Run(name, func(t *testing.T) {
			r := c.ladder.judge(t, nil)
			if got := ladders(r); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// TestLaddersInAnyCut: what is found depends neither on the windows, nor on the order of the sequences, nor on checkpoints between.
func TestLaddersInAnyCut(t *testing.T) {
	for name, c := range ladderCases() {
		whole := encode(t, c.ladder.judge(t, nil))
		for seed := range uint64(6) {
			if got := encode(t, c.ladder.judge(t, rand.New(rand.NewPCG(seed, 7)))); got != whole {
				t.Fatalf("%s, seed %d: differs", name, seed)
			}
		}
	}
}

// TestWhatWasNotComparedIsSkipped: that no rendition differs is said only of the time in which there were two.
func TestWhatWasNotComparedIsSkipped(t *testing.T) {
	for name, want := range map[string][]string{
		"clean":            {"v0 analysed 0-20", "v1 analysed 0-20", "v2 analysed 0-20"},
		"declared too low": nil,
		"one is left": {
			"v0 analysed 0-8", "v0 skipped 8-10", "v0 analysed 10-20", "v1 analysed 0-8", "v1 failed 8-10", "v1 analysed 10-20",
			"v2 analysed 0-8", "v2 failed 8-10", "v2 analysed 10-14", "v2 skipped 14-16", "v2 analysed 16-20",
		},
	} {
		var got []string
		for _, c := range ladderCases()[name].ladder.judge(t, nil).Coverage {
			for _, in := range c.Intervals {
				if c.Detector == contentMismatch {
					got = append(got, fmt.Sprintf("%s %s %g-%g", c.Rendition, in.State, float64(in.Start), float64(in.End)))
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: covered %q, want %q", name, got, want)
		}
	}
}

// TestSamplesAreForgotten: what has been compared does not stay in a checkpoint.
func TestSamplesAreForgotten(t *testing.T) {
	s := newContentSampler()
	f := videoFrame{Frame: &measurement.Frame{}, Format: &measurement.Format{Width: 640, Height: 360}}
	for k := range jobs.Micros(3000) {
		f.Start, f.End = k*100e3, (k+1)*100e3
		s.frame(&f)
	}
	if n := s.Pictures.len(); n != 1200 || s.Next != 1200 {
		t.Fatalf("%d samples of 300 s up to step %d", n, s.Next)
	}
	s.drop(1000)
	if n := s.Pictures.len(); n != 200 || s.of(1000, 0) != 0 || s.of(999, 0) != -1 || len(s.Pictures.Cells) != 200*signCells {
		t.Errorf("%d samples left, step 1000 is number %d", n, s.of(1000, 0))
	}
}

// TestSamplesInAnyOrder: how much of a long rendition is compared does not depend on whether the others come beside it or after it.
func TestSamplesInAnyOrder(t *testing.T) {
	beside, after := newContentSampler(), newContentSampler()
	var compared int64 // of beside, before it is forgotten
	f := videoFrame{Frame: &measurement.Frame{}, Format: &measurement.Format{Width: 640, Height: 360}}
	const step = 2e6
	for k := range jobs.Micros(9 * 3600 / 2) {
		f.Start, f.End = k*step, (k+1)*step
		beside.frame(&f)
		after.frame(&f)
		if n := beside.Pictures.len(); n > 0 {
			compared = max(compared, int64(beside.Pictures.Start[n-1]/sampleStep))
		}
		beside.drop(int64(f.Start/sampleStep) - 40)
	}
	last := int64(after.Pictures.Start[after.Pictures.len()-1] / sampleStep)
	if compared != last || beside.Full != after.Full || !after.Full || beside.Next != after.Next {
		t.Errorf("compared to step %d (full %t) beside others, %d (full %t) after them", compared, beside.Full, last, after.Full)
	}
}
