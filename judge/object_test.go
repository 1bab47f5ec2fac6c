package judge

import (
	"math/rand/v2"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	testCell      = 500e3 // a video unit begins at the first keyframe of such a cell
	testAudioCell = 10e6
)

// objectUnits makes the units of an object with a keyframe every gop: pictures in units that begin with one, sound in units of ten seconds. A unit's
// number is its cell's, so the two share some.
func (c *script) objectUnits(gop jobs.Micros) []synth {
	total := jobs.Micros(c.segments) * c.length
	byCell := map[int]*synth{}
	unit := func(at jobs.Micros) *synth {
		cell := int(at / testCell)
		if byCell[cell] == nil {
			byCell[cell] = &synth{at: at, unit: measurement.Unit{Index: cell, State: measurement.UnitOK}}
		}
		return byCell[cell]
	}
	for at, i := jobs.Micros(0), 0; c.video && at < total; at, i = at+gop, i+1 {
		one := *c
		one.length = min(gop, total-at)
		one.state = nil
		u := unit(at)
		one.pictures(u, 0, at)
		for k := range u.frames {
			u.frames[k].Unit = int32(u.unit.Index)
		}
		if c.state[i] == measurement.UnitCorrupt {
			u.frames = nil
			u.unit.Tracks[0].Frames, u.unit.Tracks[0].Errors, u.unit.Tracks[0].Example = 0, 9, "invalid data"
		}
	}
	for at := jobs.Micros(0); c.audio > 0 && at < total; at += testAudioCell {
		one := *c
		one.length = min(testAudioCell, total-at)
		u := unit(at)
		one.sound(u, 0, at)
		for k := range u.slots {
			u.slots[k].Unit = int32(u.unit.Index)
		}
	}
	var list []synth
	for _, u := range byCell {
		decoded := 0
		for _, t := range u.unit.Tracks {
			decoded += t.Frames
		}
		if decoded == 0 {
			u.unit.State = measurement.UnitCorrupt
		}
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b synth) int { return a.unit.Index - b.unit.Index })
	return list
}

// objectWindows cuts an object at random times on the grid.
func objectWindows(total jobs.Micros, rng *rand.Rand) []jobs.Window {
	var list []jobs.Window
	for at := jobs.Micros(0); at < total; {
		end := total
		if rng != nil {
			end = min(total, at+testCell*jobs.Micros(1+rng.IntN(12)))
		}
		list = append(list, jobs.Window{Sequence: "s0", Index: len(list), Start: at, End: end, Head: at == 0, Foot: end == total})
		at = end
	}
	return list
}

// judgedObject folds an object. A cut below its end is told in the last window, in the unit that stands at the cut or where that window begins.
func judgedObject(t *testing.T, rng *rand.Rand, c *script, gop, cut jobs.Micros) jobs.Result {
	t.Helper()
	total := jobs.Micros(c.segments)*c.length + c.promise
	units := c.objectUnits(gop)
	check := checkOf(jobs.Sequence{ID: "s0", Mode: jobs.ModeObject, Object: &jobs.Object{URI: "x"}, Duration: total})
	check.Windows = objectWindows(total, rng)
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range check.Windows {
		var own []synth
		for _, u := range units {
			if u.at >= w.Start && u.at < w.End && (cut == 0 || u.at < cut) {
				own = append(own, u)
			}
		}
		if cut > 0 && w.Foot {
			own = truncateAt(own, cut, max(cut, w.Start))
		}
		if c.promise > 0 && w.Foot {
			own = append(own, synth{unit: measurement.Unit{Index: len(own), State: measurement.UnitTruncated}})
		}
		m := take(w, own, c.formats(), rng != nil && rng.IntN(2) == 0)
		m.header.Duration = int64(total)
		if err := j.Window(w, m); err != nil {
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

func truncateAt(own []synth, cut, at jobs.Micros) []synth {
	cell := int(at / testCell)
	for i := range own {
		if own[i].unit.Index == cell {
			own[i].unit.State, own[i].unit.TruncatedAt = measurement.UnitTruncated, int64(cut)
			return own
		}
	}
	own = append(own, synth{unit: measurement.Unit{Index: cell, State: measurement.UnitTruncated, TruncatedAt: int64(cut)}})
	slices.SortFunc(own, func(a, b synth) int { return a.unit.Index - b.unit.Index })
	return own
}

func cleanObject() *script {
	c := clean()
	c.start = 0
	return c
}

func TestObjectPasses(t *testing.T) {
	r := judgedObject(t, nil, cleanObject(), 2e6, 0)
	if r.Verdict != jobs.VerdictPass || len(r.Findings) > 0 || r.Duration != 20 {
		t.Errorf("verdict %s, duration %v, findings %s", r.Verdict, r.Duration, encode(t, r.Findings))
	}
	wantStates(t, r, "v0", "video.black", "0-20 analysed")
	wantStates(t, r, "a0", "audio.silence", "0-20 analysed")
}

func TestTruncatedObjectIsNotClean(t *testing.T) {
	for _, rng := range []*rand.Rand{nil, rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4))} {
		r := judgedObject(t, rng, cleanObject(), 2e6, 12e6)
		want(t, r, "segment.truncated", jobs.Fail, 12, 20)
		wantStates(t, r, "v0", "video.black", "0-12 analysed, 12-20 failed")
		// The sound's unit goes on to 20 s here: what is there is analysed.
		wantStates(t, r, "a0", "audio.silence", "0-20 analysed")
		if r.Duration != 20 || len(r.Findings) != 1 {
			t.Errorf("duration %v, findings %s", r.Duration, encode(t, r.Findings))
		}
	}
}

func TestObjectOfGarbageIsNoRenditionAndAFailure(t *testing.T) {
	for _, rng := range []*rand.Rand{nil, rand.New(rand.NewPCG(1, 2))} {
		check := checkOf(jobs.Sequence{ID: "s0", Mode: jobs.ModeObject, Object: &jobs.Object{URI: "x"}})
		check.Windows = objectWindows(20e6, rng)
		j, _ := New(check)
		for i, w := range check.Windows {
			u := synth{unit: measurement.Unit{Index: i * 3, State: measurement.UnitCorrupt, Detail: "invalid data"}}
			if err := j.Window(w, take(w, []synth{u}, cleanObject().formats(), false)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := j.Finish()
		if err != nil {
			t.Fatal(err)
		}
		want(t, r, "segment.corrupt", jobs.Fail, 0, 0)
		if len(r.Findings) != 1 || len(r.Renditions) != 0 || r.Duration != 0 || r.Verdict != jobs.VerdictFail {
			t.Errorf("%s", encode(t, r))
		}
	}
}

func TestObjectThatBeginsLateHasItsZeroThere(t *testing.T) {
	for _, v := range []struct {
		start float64
		black float64
	}{{0.08, 3.08}, {-0.02, 2.98}, {7, 3}, {-3, 3}} {
		c := cleanObject()
		c.audio = 0
		c.start = int64(v.start * tick)
		c.black = []run{sec(3, 5)}
		r := judgedObject(t, nil, c, 2e6, 0)
		want(t, r, "video.black", jobs.Fail, v.black, v.black+2)
	}
}

// TestSlicingAnObjectWhoseClockBeginsAgain in any place of any defects.
func TestSlicingAnObjectWhoseClockBeginsAgain(t *testing.T) {
	seeds := seedsOf(15)
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 4))
		first, second := randomScript(rng), randomScript(rng)
		for _, c := range []*script{first, second} {
			c.disc, c.wrap, c.start, c.variable = nil, false, 0, false
			c.rate, c.audio, c.length = 25, 48000, 2e6
		}
		whole := encode(t, judgedDoubled(t, nil, first, second))
		for range 3 {
			if got := encode(t, judgedDoubled(t, rng, first, second)); got != whole {
				t.Fatalf("seed %d: cut\n%s\nwhole\n%s", seed, got, whole)
			}
		}
	}
}

func TestSlicingAnObjectIsInvisible(t *testing.T) {
	seeds := seedsOf(50)
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 2))
		c := randomScript(rng)
		c.disc, c.wrap, c.start = nil, false, []int64{0, 7200, -1800, 1 << 40}[rng.IntN(4)]
		gop := []jobs.Micros{480e3, 1e6, 2e6, 5e6, 15e6}[rng.IntN(5)]
		cut := jobs.Micros(0)
		if total := int64(c.segments) * int64(c.length); rng.IntN(3) == 0 {
			cut = jobs.Micros(rng.Int64N(total)) + 1
		}
		if cut == 0 && rng.IntN(3) == 0 {
			c.promise = jobs.Micros(rng.IntN(30e6))
		}
		if from := rng.Float64() * 20; rng.IntN(3) == 0 {
			c.back = []run{sec(from, from+rng.ExpFloat64())}
		}
		scripts := []*script{c}
		reseed(seed, scripts)
		whole := encode(t, judgedObject(t, nil, c, gop, cut))
		for range 3 {
			reseed(seed, scripts)
			if got := encode(t, judgedObject(t, rng, c, gop, cut)); got != whole {
				t.Fatalf("seed %d: cut\n%s\nwhole\n%s", seed, got, whole)
			}
		}
	}
}
