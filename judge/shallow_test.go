package judge

import (
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// shallowed are units of which a worker at jobs.DepthFast decoded only the key frames of some.
func shallowed(units []synth, only func(segment int) bool) []synth {
	for i := range units {
		u := &units[i]
		if !only(i) || len(u.frames) == 0 {
			continue
		}
		last := u.frames[len(u.frames)-1]
		u.frames = u.frames[:1]
		u.frames[0].Duration = last.PTS + last.Duration - u.frames[0].PTS
		u.frames[0].Flags |= measurement.FlagUnitLast
		u.unit.Tracks[0].Frames, u.unit.Tracks[0].Depth = 1, jobs.DepthFast
	}
	return units
}

// judgedFast folds a check at jobs.DepthFast of one sequence.
func judgedFast(t *testing.T, q jobs.Sequence, units []synth, formats []measurement.Format) jobs.Result {
	t.Helper()
	check := checkOf(q)
	check.Depth = jobs.DepthFast
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range windowsOf(&check.Timeline.Sequences[0], nil) {
		if err := j.Window(w, take(w, units, formats, false)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestStartAtFastDepth: the picture begins with its first key frame, whether or not what follows it was decoded.
func TestStartAtFastDepth(t *testing.T) {
	for name, deep := range map[string]int{"the first half shallow": 5, "all shallow": 10} {
		c := clean()
		r := judgedFast(t, c.sequenceDef("s0"), shallowed(c.units(), func(i int) bool { return i < deep }), c.formats())
		if f := finding(r, codeSkew); len(f) > 0 {
			t.Errorf("%s: found %s", name, encode(t, f))
		}
		wantStates(t, r, "a0", codeSkew, "0-20 analysed")
	}
	c := clean()
	units := shallowed(c.units(), func(int) bool { return true })
	units[0].slots = units[0].slots[40:]
	units[0].unit.Tracks[1].FirstPTS += 40 * tick / 100
	if f := finding(judgedFast(t, c.sequenceDef("s0"), units, c.formats()), codeSkew); len(f) != 1 || f[0].Severity != jobs.Warn {
		t.Errorf("sound that begins 0.4 s late: found %s", encode(t, f))
	}
}

