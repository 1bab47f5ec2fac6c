package judge

import (
	"math/rand/v2"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// doubled puts the units of another object behind those of an object, as a worker sees it: the clock begins again, units do not go back, so the rows of the second
// copy belong to the last unit of the first until its clock is beyond.
func doubled(first, second []synth) []synth {
	list := slices.Clone(first)
	for i := range list {
		list[i].unit.Tracks = slices.Clone(list[i].unit.Tracks)
	}
	last := map[measurement.Kind]int{}
	for i := range list {
		for _, t := range list[i].unit.Tracks {
			last[t.Kind] = i
		}
	}
	for _, u := range second {
		for _, t := range u.unit.Tracks {
			into, ok := last[t.Kind]
			if !ok {
				continue
			}
			if at := list[len(list)-1].unit.Index; u.unit.Index > at {
				list = append(list, synth{at: u.at, unit: measurement.Unit{Index: u.unit.Index, State: measurement.UnitOK}})
				into = len(list) - 1
				last[t.Kind] = into
			} else if list[into].unit.Index < u.unit.Index && at == u.unit.Index {
				into = len(list) - 1
				last[t.Kind] = into
			}
			list[into].behind(t, u)
		}
	}
	return list
}

// behind adds what a unit has of a track behind what is there.
func (s *synth) behind(t measurement.UnitTrack, u synth) {
	s.frames, s.slots = slices.Clip(s.frames), slices.Clip(s.slots)
	if t.Kind == measurement.Video {
		for _, f := range u.frames {
			f.Unit = int32(s.unit.Index)
			s.frames = append(s.frames, f)
		}
	} else {
		for _, x := range u.slots {
			x.Unit = int32(s.unit.Index)
			s.slots = append(s.slots, x)
		}
	}
	for i := range s.unit.Tracks {
		if v := &s.unit.Tracks[i]; v.Kind == t.Kind {
			v.FirstPTS, v.EndPTS = min(v.FirstPTS, t.FirstPTS), max(v.EndPTS, t.EndPTS)
			v.Packets += t.Packets
			v.Frames += t.Frames
			return
		}
	}
	s.unit.Tracks = append(s.unit.Tracks, t)
}

func judgedDoubled(t *testing.T, rng *rand.Rand, first, second *script) jobs.Result {
	t.Helper()
	units := doubled(first.objectUnits(2e6), second.objectUnits(2e6))
	check := checkOf(jobs.Sequence{ID: "s0", Mode: jobs.ModeObject, Object: &jobs.Object{URI: "x"}})
	total := jobs.Micros(max(first.segments, second.segments)) * first.length
	check.Windows = objectWindows(total, rng)
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range check.Windows {
		var own []synth
		for _, u := range units {
			if u.at >= w.Start && u.at < w.End {
				own = append(own, u)
			}
		}
		if err := j.Window(w, take(w, own, first.formats(), false)); err != nil {
			t.Fatal(err)
		}
		j = again(t, check, j)
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestObjectWhoseClockBeginsAgain: the timeline goes on, and what comes then is judged.
func TestObjectWhoseClockBeginsAgain(t *testing.T) {
	for _, longer := range []int{10, 15, 5} {
		first, second := cleanObject(), cleanObject()
		second.segments = longer
		second.black, second.silence = []run{sec(3, 5.52)}, []run{sec(4, 9)}
		whole := judgedDoubled(t, nil, first, second)
		end := jobs.Seconds(20 + 2*longer)
		if whole.Duration != end {
			t.Errorf("duration %v, want %v", whole.Duration, end)
		}
		want(t, whole, "timestamp.backward", jobs.Fail, 20, 20.04)
		want(t, whole, "video.black", jobs.Fail, 23, 25.52)
		want(t, whole, "audio.silence", jobs.Fail, 24, 29)
		if len(whole.Findings) != 4 {
			t.Errorf("findings %s", encode(t, whole.Findings))
		}
		for seed := range uint64(8) {
			if cut := judgedDoubled(t, rand.New(rand.NewPCG(seed, 9)), first, second); encode(t, cut) != encode(t, whole) {
				t.Fatalf("cut\n%s\nwhole\n%s", encode(t, cut), encode(t, whole))
			}
		}
	}
}

// TestObjectThatBeginsAgainKeepsItsFailures: what could not be decoded in the first part is still said.
func TestObjectThatBeginsAgainKeepsItsFailures(t *testing.T) {
	first := cleanObject()
	first.state = map[int]measurement.UnitState{3: measurement.UnitCorrupt}
	r := judgedDoubled(t, nil, first, cleanObject())
	wantStates(t, r, "v0", "video.black", "0-6 analysed, 6-8 failed, 8-40 analysed")
}

// TestOneWrongTimestampIsNoNewClock: the clock that ran before goes on.
func TestOneWrongTimestampIsNoNewClock(t *testing.T) {
	c := cleanObject()
	c.audio = 0
	c.black = []run{sec(12, 15)}
	units := c.objectUnits(2e6)
	units[3].frames[10].PTS -= 5 * tick
	check := checkOf(jobs.Sequence{ID: "s0", Mode: jobs.ModeObject, Object: &jobs.Object{URI: "x"}, Duration: 20e6})
	check.Windows = objectWindows(20e6, nil)
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Window(check.Windows[0], take(check.Windows[0], units, c.formats(), false)); err != nil {
		t.Fatal(err)
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	want(t, r, "timestamp.backward", jobs.Fail, 6.4, 6.44)
	want(t, r, "video.black", jobs.Fail, 12, 15)
	if r.Duration != 20 || len(r.Findings) != 2 {
		t.Errorf("duration %v, findings %s", r.Duration, encode(t, r.Findings))
	}
}
