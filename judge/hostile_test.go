package judge

import (
	"math"
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// TestHostileMeasurements: a measurement comes from a process that decodes anything. Whatever it says, the judge answers with an error or with a
// result whose coverage adds up, and with the same one after a checkpoint.
func TestHostileMeasurements(t *testing.T) {
	seeds := seedsOf(150)
	accepted := 0
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 3))
		c := randomScript(rng)
		c.rng = rng
		units, check := hostileCheck(c, rng)
		formats := c.formats()
		for range 1 + rng.IntN(12) {
			spoil(rng, units, formats)
		}
		j, err := New(check)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range check.Windows {
			own := units
			if w.Last > 0 {
				own = units[w.First:w.Last]
			}
			if err = j.Window(w, take(w, own, formats, false)); err != nil {
				break
			}
			j = again(t, check, j)
		}
		if err != nil {
			continue
		}
		r, err := j.Finish()
		if err != nil {
			t.Fatal(err)
		}
		accepted++
		encode(t, r)
		for _, v := range r.Coverage {
			for _, x := range r.Renditions {
				if x.ID == v.Rendition && x.Duration > 0 {
					checkTiling(t, v.Intervals, x.Duration.Micros())
				}
			}
		}
		for _, f := range r.Findings {
			if f.End < f.Start || f.Start < 0 || f.End.Micros() > 3*maxTimeline {
				t.Fatalf("seed %d: %s", seed, encode(t, f))
			}
		}
	}
	if accepted < int(seeds)/4 {
		t.Errorf("only %d of %d hostile streams were judged: the test tests little", accepted, seeds)
	}
}

// hostileCheck is a stream of segments, or an object in one window.
func hostileCheck(c *script, rng *rand.Rand) ([]synth, *jobs.Check) {
	if rng.IntN(3) == 0 {
		c.disc, c.start = nil, 0
		check := checkOf(jobs.Sequence{ID: "s0", Mode: jobs.ModeObject, Object: &jobs.Object{URI: "x"}})
		check.Windows = []jobs.Window{{Sequence: "s0", Head: true, Foot: true}}
		return c.objectUnits(2e6), check
	}
	check := checkOf(c.sequenceDef("s0"))
	check.Windows = windowsOf(&check.Timeline.Sequences[0], rng)
	return c.units(), check
}

// spoil changes one number.
func spoil(rng *rand.Rand, units []synth, formats []measurement.Format) {
	wild := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 33, 1<<33 - 1, -1 << 33, 1 << 62, 90000, rng.Int64()}
	v := wild[rng.IntN(len(wild))]
	if len(units) == 0 {
		return
	}
	u := &units[rng.IntN(len(units))]
	switch rng.IntN(7) {
	case 0:
		spoilFormat(rng, &formats[rng.IntN(2)], v)
	case 1, 2:
		if len(u.frames) == 0 {
			return
		}
		f := &u.frames[rng.IntN(len(u.frames))]
		for _, p := range []*int64{&f.PTS, &f.Duration, &f.SumY, &f.SumY2}[rng.IntN(3):][:1] {
			*p = v
		}
		f.ConcealedMB, f.MaxBlock = int32(v), int32(v>>3)
	case 3, 4:
		if len(u.slots) == 0 {
			return
		}
		s := &u.slots[rng.IntN(len(u.slots))]
		switch rng.IntN(4) {
		case 0:
			s.Index = v
		case 1:
			s.Offset = int32(v)
		case 2:
			s.Samples = int32(v)
		default:
			s.Ch = s.Ch[:rng.IntN(len(s.Ch)+1)]
		}
	default:
		spoilTrack(rng, &u.unit, v)
	}
}

func spoilFormat(rng *rand.Rand, f *measurement.Format, v int64) {
	switch rng.IntN(6) {
	case 0:
		f.TimeBaseNum = v
	case 1:
		f.TimeBaseDen = v
	case 2:
		f.RateNum = v
	case 3:
		f.SampleRate = int(int32(v))
	case 4:
		f.WrapBits = int(int8(v))
	default:
		f.Width, f.Height = int(int32(v)), int(int32(v>>7))
	}
}

func spoilTrack(rng *rand.Rand, u *measurement.Unit, v int64) {
	if len(u.Tracks) == 0 {
		u.TruncatedAt = v
		return
	}
	t := &u.Tracks[rng.IntN(len(u.Tracks))]
	switch rng.IntN(5) {
	case 0:
		t.FirstPTS = v
	case 1:
		t.EndPTS = v
	case 2:
		t.Packets = int(v)
	case 3:
		t.Frames = int(v)
	default:
		t.Errors = int(int32(v))
	}
}
