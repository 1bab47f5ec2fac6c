package judge

import (
	"slices"
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

// TestCaptionsAtFastDepth: what declared captions show between key frames was not read, so nobody can say that they are missing.
func TestCaptionsAtFastDepth(t *testing.T) {
	for _, declared := range []string{"CC1", ""} {
		c := clean()
		q := c.sequenceDef("s0")
		q.Variant = &jobs.Variant{InStream: declared}
		r := judgedFast(t, q, shallowed(c.units(), func(i int) bool { return i < 8 }), c.formats())
		if f := finding(r, codeNoCaptions); len(f) > 0 {
			t.Errorf("%q is declared: found %s", declared, encode(t, f))
		}
		for _, code := range []string{codeNoCaptions, codeGap, codeLag} {
			wantStates(t, r, "v0", code, "0-16 skipped, 16-20 skipped")
			wantReasons(t, r, code, onlyKeyFrames, unreadCaptions)
		}
	}
	c := clean()
	q := c.sequenceDef("s0")
	q.Variant = &jobs.Variant{InStream: "CC1"}
	if f := finding(judgedFast(t, q, c.units(), c.formats()), codeNoCaptions); len(f) != 1 {
		t.Errorf("all was decoded, and CC1 is not there: found %s", encode(t, f))
	}
}

// TestFramesAtFastDepth: a rendition has the pictures that it has, however many of them were decoded.
func TestFramesAtFastDepth(t *testing.T) {
	c := clean()
	for _, deep := range []int{0, 5, 10} {
		r := judgedFast(t, c.sequenceDef("s0"), shallowed(c.units(), func(i int) bool { return i >= deep }), c.formats())
		if n := r.Renditions[0].Frames; n != 500 {
			t.Errorf("%d of 10 segments were decoded: %d pictures", deep, n)
		}
	}
}

func wantReasons(t *testing.T, r jobs.Result, code string, reasons ...string) {
	t.Helper()
	for _, c := range r.Coverage {
		if c.Detector != code {
			continue
		}
		var got []string
		for _, in := range c.Intervals {
			got = append(got, in.Reason)
		}
		if !slices.Equal(got, reasons) {
			t.Errorf("%s: reasons %q, want %q", code, got, reasons)
		}
	}
}

// TestOffsetAtFastDepth: flashes are seen in pictures in a row only, whatever the sound has.
func TestOffsetAtFastDepth(t *testing.T) {
	c := clean()
	r := judgedFast(t, c.sequenceDef("s0"), shallowed(c.units(), func(i int) bool { return i < 8 }), c.formats())
	wantStates(t, r, "a0", codeOffset, "0-16 skipped, 16-20 skipped")
	wantReasons(t, r, codeOffset, onlyKeyFrames, noSignals)
}

// TestHeardKeepsWhatWasNotSeen: evidence before and after a time without pictures says nothing about it.
func TestHeardKeepsWhatWasNotSeen(t *testing.T) {
	c := clean()
	j, err := New(checkOf(c.sequenceDef("s0")))
	if err != nil {
		t.Fatal(err)
	}
	sound := &rendition{Rendition: jobs.Rendition{ID: "a0", Duration: 20}, s: &stream{Ledger: ledger{Spans: []span{{To: 20e6, State: jobs.Analysed}}}}}
	d := duet{sound: sound, p: j.params}
	var r jobs.Result
	d.coverage(&r, codeOffset, "", shallows{{6e6, 8e6}})
	d.heard(&r, evidence{Runs: []pairRun{{Pairs: []pair{{4e6, 0}, {6e6, 0}, {10e6, 0}}}}})
	allDeep(r.Coverage)
	wantStates(t, r, "a0", codeOffset, "0-2.5 skipped, 2.5-6 analysed, 6-8 skipped, 8-11.5 analysed, 11.5-20 skipped")
	wantReasons(t, r, codeOffset, noSignals, "", onlyKeyFrames, "", noSignals)
}
