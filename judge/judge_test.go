package judge

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// judged folds scripts, one a sequence, cut by rng into windows, sequences interleaved, and with a checkpoint between some windows.
func judged(t *testing.T, rng *rand.Rand, scripts ...*script) jobs.Result {
	t.Helper()
	r, err := folded(t, rng, scripts...).Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// folded is the judge before its end.
func folded(t *testing.T, rng *rand.Rand, scripts ...*script) *Judge {
	t.Helper()
	var defs []jobs.Sequence
	for i, c := range scripts {
		defs = append(defs, c.sequenceDef(fmt.Sprintf("s%d", i)))
	}
	check := checkOf(defs...)
	windows := make([][]jobs.Window, len(defs))
	units := make([][]synth, len(defs))
	for i := range defs {
		windows[i] = windowsOf(&defs[i], rng)
		check.Windows = append(check.Windows, windows[i]...)
		units[i] = scripts[i].units()
	}
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	for left := len(check.Windows); left > 0; left-- {
		i := pick(rng, windows)
		w := windows[i][0]
		windows[i] = windows[i][1:]
		m := take(w, units[i][w.First:w.Last], scripts[i].formats(), rng != nil && rng.IntN(2) == 0)
		if err := j.Window(w, m); err != nil {
			t.Fatal(err)
		}
		if rng != nil && rng.IntN(3) == 0 {
			j = again(t, check, j)
		}
	}
	return j
}

// again is a judge that went through a checkpoint.
func again(t *testing.T, check *jobs.Check, j *Judge) *Judge {
	t.Helper()
	b, err := j.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	restored, err := Restore(check, b)
	if err != nil {
		t.Fatal(err)
	}
	return restored
}

// pick chooses a sequence that has windows left.
func pick(rng *rand.Rand, windows [][]jobs.Window) int {
	i := 0
	if rng != nil {
		i = rng.IntN(len(windows))
	}
	for len(windows[i]) == 0 {
		i = (i + 1) % len(windows)
	}
	return i
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func clean() *script {
	return &script{segments: 10, length: 2e6, rate: 25, audio: 48000, video: true, start: 126000}
}

func sec(from, to float64) run { return run{seconds(from), seconds(to)} }

// finding tells whether a result has a finding of a code at a place.
func finding(r jobs.Result, code string) []jobs.Finding {
	var list []jobs.Finding
	for _, f := range r.Findings {
		if f.Code == code {
			list = append(list, f)
		}
	}
	return list
}

func want(t *testing.T, r jobs.Result, code string, severity jobs.Severity, from, to float64) {
	t.Helper()
	for _, f := range finding(r, code) {
		if f.Severity == severity && f.Start.Micros() == seconds(from) && f.End.Micros() == seconds(to) {
			return
		}
	}
	t.Errorf("no %s %s at [%g, %g) in %s", severity, code, from, to, encode(t, r.Findings))
}

func TestCleanStreamPasses(t *testing.T) {
	r := judged(t, nil, clean())
	if r.Verdict != jobs.VerdictPass || len(r.Findings) > 0 {
		t.Errorf("verdict %s, findings %s", r.Verdict, encode(t, r.Findings))
	}
	if r.Duration != 20 || len(r.Renditions) != 2 {
		t.Errorf("duration %v, renditions %s", r.Duration, encode(t, r.Renditions))
	}
	for _, c := range r.Coverage {
		if c.Detector == codeOffset || kindOf(c.Detector) == "captions" || c.Detector == "video.blockiness" {
			continue // there are no flashes and beeps to measure it by, no captions, and the pictures are too small for a grid
		}
		if len(c.Intervals) != 1 || c.Intervals[0] != (jobs.Interval{Start: 0, End: 20, State: jobs.Analysed}) {
			t.Errorf("coverage of %s %s is %v", c.Rendition, c.Detector, c.Intervals)
		}
	}
}

func TestDefectsStandWhereTheyAre(t *testing.T) {
	c := clean()
	c.black, c.silence = []run{sec(3, 5.52)}, []run{sec(5, 9.4)}
	r := judged(t, nil, c)
	want(t, r, "video.black", jobs.Fail, 3, 5.52)
	want(t, r, "audio.silence", jobs.Fail, 5, 9.4)
	if len(r.Findings) != 2 || r.Verdict != jobs.VerdictFail {
		t.Errorf("verdict %s, findings %s", r.Verdict, encode(t, r.Findings))
	}
}

func TestMissingSegmentsAreOneFindingAndAHole(t *testing.T) {
	c := clean()
	c.state = map[int]measurement.UnitState{6: measurement.UnitMissing, 7: measurement.UnitMissing}
	r := judged(t, nil, c)
	want(t, r, "segment.missing", jobs.Fail, 12, 16)
	if len(r.Findings) != 1 {
		t.Errorf("findings %s", encode(t, r.Findings))
	}
	wantStates(t, r, "v0", "video.black", "0-12 analysed, 12-16 failed, 16-20 analysed")
}

func wantStates(t *testing.T, r jobs.Result, rendition, detector, states string) {
	t.Helper()
	for _, c := range r.Coverage {
		if c.Rendition != rendition || c.Detector != detector {
			continue
		}
		got := ""
		for i, iv := range c.Intervals {
			if i > 0 {
				got += ", "
			}
			got += fmt.Sprintf("%g-%g %s", float64(iv.Start), float64(iv.End), iv.State)
		}
		if got != states {
			t.Errorf("coverage of %s %s is %s, want %s", rendition, detector, got, states)
		}
		return
	}
	t.Errorf("no coverage of %s %s", rendition, detector)
}

func TestLostFramesAreAGap(t *testing.T) {
	c := clean()
	c.dropped = []run{sec(4.2, 4.8)}
	r := judged(t, nil, c)
	want(t, r, "timestamp.gap", jobs.Warn, 4.2, 4.8)
	wantStates(t, r, "v0", "video.black", "0-4.2 analysed, 4.2-4.8 failed, 4.8-20 analysed")
	wantStates(t, r, "a0", "audio.silence", "0-20 analysed")
	if len(r.Findings) != 1 || r.Verdict != jobs.VerdictIncomplete {
		t.Errorf("verdict %s, findings %s", r.Verdict, encode(t, r.Findings))
	}
}

func TestClockWrapIsNoJump(t *testing.T) {
	c := clean()
	c.start, c.wrap = 1<<33-7*tick, true
	r := judged(t, nil, c)
	if len(r.Findings) > 0 || r.Duration != 20 {
		t.Errorf("duration %v, findings %s", r.Duration, encode(t, r.Findings))
	}
}

var manySeeds = flag.Int("seeds", 0, "random streams of each test that makes them; 0 for as many as take seconds, before a release some hundreds")

// seedsOf is how many random streams a test makes.
func seedsOf(usual uint64) uint64 {
	if *manySeeds > 0 {
		return uint64(*manySeeds)
	}
	return usual
}

// TestSlicingIsInvisible is the project's first promise, on the judge's side: any cut, any interleaving of sequences, any checkpoint.
func TestSlicingIsInvisible(t *testing.T) {
	seeds := seedsOf(60)
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 1))
		scripts := []*script{randomScript(rng)}
		if rng.IntN(2) == 0 {
			scripts = append(scripts, randomScript(rng))
			scripts[1].video = rng.IntN(2) == 0
			scripts[1].audio = 44100
		}
		whole := encode(t, judged(t, nil, reseed(seed, scripts)...))
		for range 3 {
			if cut := encode(t, judged(t, rng, reseed(seed, scripts)...)); cut != whole {
				t.Fatalf("seed %d: cut\n%s\nwhole\n%s", seed, cut, whole)
			}
		}
	}
}

// reseed makes scripts that vary say the same again.
func reseed(seed uint64, scripts []*script) []*script {
	for i, c := range scripts {
		c.rng = rand.New(rand.NewPCG(seed, uint64(i)))
	}
	return scripts
}

func randomScript(rng *rand.Rand) *script {
	c := &script{
		segments: 1 + rng.IntN(14), length: []jobs.Micros{2e6, 1.92e6, 3.84e6, 1e6}[rng.IntN(4)], rate: []int64{24, 25, 30, 50}[rng.IntN(4)],
		audio: []int{48000, 44100, 22050, 0}[rng.IntN(4)], video: true, start: rng.Int64N(1 << 33), wrap: true, variable: rng.IntN(5) == 0,
		state: map[int]measurement.UnitState{}, disc: map[int]bool{},
	}
	if c.audio == 22050 {
		c.audio = 22000
	}
	total := float64(c.segments) * c.length.Seconds()
	for _, runs := range []*[]run{&c.black, &c.freeze, &c.silence, &c.damaged, &c.dropped} {
		for range rng.IntN(3) {
			from := rng.Float64() * total
			*runs = append(*runs, sec(from, from+rng.ExpFloat64()*3))
		}
	}
	if rng.IntN(4) == 0 {
		from := rng.Float64() * total
		c.astray = []run{sec(from, from+rng.ExpFloat64())}
	}
	c.short = []int{0, 0, 20, 60, 99}[rng.IntN(5)]
	states := []measurement.UnitState{
		measurement.UnitMissing, measurement.UnitCorrupt, measurement.UnitTruncated, measurement.UnitEncrypted, measurement.UnitGap,
		measurement.UnitUnavailable,
	}
	for i := range c.segments {
		if rng.IntN(8) == 0 {
			c.state[i] = states[rng.IntN(len(states))]
		}
		c.disc[i] = i > 0 && rng.IntN(8) == 0
	}
	return c
}
