package judge

import (
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// TestTruncatedSegment: what is there is analysed, the rest is not, and one finding says where the media ends.
func TestTruncatedSegment(t *testing.T) {
	for at, states := range map[int]string{4: "0-9 analysed, 9-10 failed, 10-20 analysed", 9: "0-19 analysed, 19-20 failed"} {
		c := clean()
		c.state = map[int]measurement.UnitState{at: measurement.UnitTruncated}
		from := float64(2*at) + 1.04 // the picture is the longer of the two
		r := judged(t, nil, c)
		want(t, r, "segment.truncated", jobs.Fail, from, float64(2*at+2))
		wantStates(t, r, "a0", "audio.silence", states)
		if len(r.Findings) != 1 || r.Duration != 20 {
			t.Errorf("segment %d: duration %v, findings %s", at, r.Duration, encode(t, r.Findings))
		}
	}
}

// TestShortLastSegment: nobody says that the segment is truncated, and there is nothing behind it whose timestamps would tell.
func TestShortLastSegment(t *testing.T) {
	c := clean()
	c.short = 50
	r := judged(t, nil, c)
	want(t, r, "segment.truncated", jobs.Fail, 19, 20)
	wantStates(t, r, "v0", "video.black", "0-19 analysed, 19-20 failed")
	wantStates(t, r, "a0", "audio.silence", "0-19 analysed, 19-20 failed")
	if len(r.Findings) != 1 || r.Duration != 20 || r.Verdict != jobs.VerdictFail {
		t.Errorf("duration %v, verdict %s, findings %s", r.Duration, r.Verdict, encode(t, r.Findings))
	}
	c.short = 24 // less than EXTINF may be wrong by
	if r := judged(t, nil, c); len(r.Findings) != 0 || r.Verdict != jobs.VerdictPass {
		t.Errorf("verdict %s, findings %s", r.Verdict, encode(t, r.Findings))
	}
}

// TestShortTrackIsNoTruncation: sound may end before the picture, and a picture that comes late need not go on longer.
func TestShortTrackIsNoTruncation(t *testing.T) {
	c := clean()
	units := c.units()
	units[9].slots = units[9].slots[:40]
	units[9].unit.Tracks[1].EndPTS -= 16 * tick / 10
	late := clean()
	late.segments = 1
	begins := late.units()
	begins[0].frames = begins[0].frames[25:]
	begins[0].unit.Tracks[0].FirstPTS = begins[0].frames[0].PTS
	for i, r := range []jobs.Result{judgedUnits(t, c.sequenceDef("s0"), units, c.formats()), judgedUnits(t, late.sequenceDef("s0"), begins, late.formats())} {
		if f := finding(r, codeSkew); len(r.Findings) != 1 || len(f) != 1 {
			t.Errorf("%d: verdict %s, findings %s", i, r.Verdict, encode(t, r.Findings))
		}
	}
}

// TestShortSegmentInTheMiddle: what is missing between two segments is a hole in the timestamps, and not analysed.
func TestShortSegmentInTheMiddle(t *testing.T) {
	for _, next := range []measurement.UnitState{measurement.UnitOK, measurement.UnitMissing} {
		c := clean()
		c.state = map[int]measurement.UnitState{5: next}
		if next == measurement.UnitOK {
			c.state = nil
		}
		units := c.units()
		units[4].frames, units[4].slots = units[4].frames[:25], units[4].slots[:100]
		for i := range units[4].unit.Tracks {
			v := &units[4].unit.Tracks[i]
			v.EndPTS = v.FirstPTS + tick
			v.Frames, v.Packets = 25, 25
		}
		r := judgedUnits(t, c.sequenceDef("s0"), units, c.formats())
		states := map[measurement.UnitState]string{
			measurement.UnitOK:      "0-9 analysed, 9-10 failed, 10-20 analysed",
			measurement.UnitMissing: "0-9 analysed, 9-10 failed, 10-12 failed, 12-20 analysed",
		}[next]
		wantStates(t, r, "v0", "video.black", states)
		wantStates(t, r, "a0", "audio.silence", states)
	}
}

// stopping folds an object of which the container promises more than there is: its media ends at 12 s of 20.
func stopping(t *testing.T, rng *rand.Rand, flag func(*jobs.Sequence, *synth)) jobs.Result {
	t.Helper()
	c := cleanObject()
	c.segments = 6
	units := c.objectUnits(2e6)
	check := checkOf(jobs.Sequence{ID: "s0", Mode: jobs.ModeObject, Object: &jobs.Object{URI: "x"}, Duration: 20e6})
	check.Windows = objectWindows(20e6, rng)
	last := synth{unit: measurement.Unit{Index: 0, State: measurement.UnitOK}}
	flag(&check.Timeline.Sequences[0], &last)
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
		if w.Foot {
			own = append(own, last)
		}
		if err := j.Window(w, take(w, own, c.formats(), false)); err != nil {
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

func TestObjectThatStopsWhereItsMediaEnds(t *testing.T) {
	for name, flag := range map[string]func(*jobs.Sequence, *synth){
		"the worker says so": func(_ *jobs.Sequence, u *synth) { u.unit.State = measurement.UnitTruncated },
		"the producer says so": func(q *jobs.Sequence, _ *synth) {
			q.Truncated = true
		},
		"both": func(q *jobs.Sequence, u *synth) {
			q.Truncated, u.unit.State, u.unit.Index = true, measurement.UnitTruncated, 999
		},
	} {
		for _, rng := range []*rand.Rand{nil, rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4))} {
			r := stopping(t, rng, flag)
			want(t, r, "segment.truncated", jobs.Fail, 12, 20)
			wantStates(t, r, "v0", "video.black", "0-12 analysed, 12-20 failed")
			wantStates(t, r, "a0", "audio.silence", "0-12 analysed, 12-20 failed")
			if r.Duration != 20 || len(r.Findings) != 1 {
				t.Errorf("%s: duration %v, findings %s", name, r.Duration, encode(t, r.Findings))
			}
		}
	}
	if r := stopping(t, nil, func(*jobs.Sequence, *synth) {}); len(r.Findings) != 0 || r.Duration != 12 {
		t.Errorf("nobody says so: duration %v, findings %s", r.Duration, encode(t, r.Findings))
	}
}
