package judge

import (
	"math/rand/v2"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

func TestGapSeverities(t *testing.T) {
	for _, c := range []struct {
		length   float64
		severity jobs.Severity
	}{{0.04, jobs.Info}, {0.16, jobs.Info}, {0.2, jobs.Warn}, {0.96, jobs.Warn}, {1, jobs.Fail}} {
		s := clean()
		s.dropped = []run{sec(4.2, 4.2+c.length)}
		r := judged(t, nil, s)
		want(t, r, "timestamp.gap", c.severity, 4.2, 4.2+c.length)
		if len(r.Findings) != 1 {
			t.Errorf("%g s: findings %s", c.length, encode(t, r.Findings))
		}
	}
}

// TestVariableFrameRateRaisesNoAlarm: phones and screen recorders leave a picture alone for as long as they like.
func TestVariableFrameRateRaisesNoAlarm(t *testing.T) {
	s := &script{segments: 10, length: 2e6, rate: 30, video: true}
	rng := rand.New(rand.NewPCG(1, 1))
	units := s.units()
	for i := range units {
		u := &units[i]
		u.frames = slices.DeleteFunc(u.frames, func(f measurement.Frame) bool {
			return f.Flags&measurement.FlagUnitFirst == 0 && rng.IntN(3) == 0
		})
		u.unit.Tracks[0].Frames, u.unit.Tracks[0].Packets = len(u.frames), len(u.frames)
	}
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	if len(r.Findings) > 0 {
		t.Errorf("findings %s", encode(t, r.Findings))
	}
}

// TestRoughTimestampsAreNoGap: milliseconds round the frames of 29.97/s to 33 and 34.
func TestRoughTimestampsAreNoGap(t *testing.T) {
	s := &script{segments: 1, length: 10e6, rate: 30, video: true}
	units := s.units()
	formats := s.formats()
	formats[0].TimeBaseDen, formats[0].WrapBits, formats[0].RateNum = 1000, 0, 0
	track := &units[0].unit.Tracks[0]
	for i := range units[0].frames {
		f := &units[0].frames[i]
		f.PTS = mulDiv(int64(i), 1001_000, 30000)
		f.Duration = 0
	}
	track.FirstPTS, track.EndPTS = 0, units[0].frames[299].PTS+33
	r := judgedUnits(t, s.sequenceDef("s0"), units, formats)
	if len(r.Findings) > 0 || r.Renditions[0].FrameRate != "30000/1001" {
		t.Errorf("frame rate %s, findings %s", r.Renditions[0].FrameRate, encode(t, r.Findings))
	}
}

func TestOverlappingSegments(t *testing.T) {
	s := clean()
	units := s.units()
	again := *s
	again.start -= 3 * tick / 10 // from segment 5 on everything comes 0.3 s too early
	for i := 5; i < 10; i++ {
		units[i] = again.unit(i)
	}
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	if f := finding(r, "timestamp.overlap"); len(f) != 2 || f[0].Start != 9.7 || f[0].End != 10 || f[0].Severity != jobs.Warn {
		t.Errorf("found %s", encode(t, r.Findings))
	}
	if len(r.Findings) != 2 || r.Renditions[0].Frames != 500 || r.Duration != 19.7 {
		t.Errorf("duration %v, %d frames, findings %s", r.Duration, r.Renditions[0].Frames, encode(t, r.Findings))
	}
}

func TestClockThatRunsBackWithinASegment(t *testing.T) {
	s := clean()
	s.audio = 0
	units := s.units()
	for i := 20; i < 30; i++ {
		units[3].frames[i].PTS -= 15 * 3600
	}
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	want(t, r, "timestamp.backward", jobs.Warn, 6.2, 6.8)
	want(t, r, "timestamp.gap", jobs.Warn, 6.8, 7.2)
}

// TestPicturesWithOneTimestamp: before a hole of its length, the second of them is no clock that runs back; without one, it is.
func TestPicturesWithOneTimestamp(t *testing.T) {
	s := clean()
	s.audio = 0
	units := s.units()
	for i := 1; i < 5; i++ {
		units[i].frames[1].PTS = units[i].frames[0].PTS
	}
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	want(t, r, "timestamp.backward", jobs.Info, 2, 8.08)
	if len(r.Findings) != 1 || r.Renditions[0].Frames != 500 {
		t.Errorf("%d frames, findings %s", r.Renditions[0].Frames, encode(t, r.Findings))
	}
	for _, no := range []int{10, 49} { // within a segment, and at its end
		units = s.units()
		f := units[2].frames
		units[2].frames = slices.Insert(slices.Clone(f), no, f[no])
		r = judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
		at := 4 + 0.04*float64(no)
		want(t, r, "timestamp.backward", jobs.Warn, at, at+0.04)
		if len(r.Findings) != 1 {
			t.Errorf("picture %d twice: %s", no, encode(t, r.Findings))
		}
	}
}

func TestLostSound(t *testing.T) {
	s := clean()
	units := s.units()
	units[2].slots = slices.DeleteFunc(units[2].slots, func(a measurement.Slot) bool { return a.Index >= 560 && a.Index < 590 })
	units[3].slots = slices.DeleteFunc(units[3].slots, func(a measurement.Slot) bool { return a.Index == 760 }) // 10 ms are rounding
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	if f := finding(r, "timestamp.gap"); len(f) != 1 || f[0].Rendition != "a0" || f[0].Severity != jobs.Warn || f[0].Start != 4.2 || f[0].End != 4.5 {
		t.Errorf("found %s", encode(t, r.Findings))
	}
}

func TestTimestampsBeyondReason(t *testing.T) {
	s := clean()
	s.audio = 0
	units := s.units()
	units[3].frames[49].PTS = 1 << 61
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	if r.Duration != 20 || len(finding(r, "timestamp.gap")) != 2 { // the hole, and the frame that has no place
		t.Errorf("duration %v, findings %s", r.Duration, encode(t, r.Findings))
	}
}

// TestAnotherRateBehindADiscontinuity: transport streams declare no rate, and pictures that stand twice as long as before are no holes.
func TestAnotherRateBehindADiscontinuity(t *testing.T) {
	s := &script{segments: 10, length: 2e6, rate: 50, video: true, disc: map[int]bool{5: true}}
	units, formats := s.units(), s.formats()
	formats[0].RateNum, formats[0].RateDen = 0, 0
	for i := 5; i < len(units); i++ {
		u, k := &units[i], -1
		u.frames = slices.DeleteFunc(u.frames, func(measurement.Frame) bool { k++; return k%2 == 1 })
		for j := range u.frames {
			u.frames[j].Duration *= 2
		}
		u.unit.Tracks[0].Frames, u.unit.Tracks[0].Packets = len(u.frames), len(u.frames)
	}
	f := finding(judgedUnits(t, s.sequenceDef("s0"), units, formats), "video.format_change")
	if len(f) != 1 || f[0].Start.Micros() != 10e6 {
		t.Errorf("the rate falls at 10 s: %s", encode(t, f))
	}
}
