package accuracy

import (
	"math"
	"slices"
	"testing"

	"aircheck/bench/inject"
	"aircheck/jobs"
)

func value(v float64) *float64 { return &v }

func label(kind inject.Kind, tolerance float64, intervals ...inject.Interval) *inject.Label {
	return &inject.Label{Code: "video.x", Rule: inject.Rule{Kind: kind, Tolerance: tolerance}, Intervals: intervals, Accept: []string{"video.y"}}
}

func found(code string, start, end float64) spot {
	return spot{code: code, severity: jobs.Warn, start: start, end: end}
}

func TestMatch(t *testing.T) {
	valued := label(inject.Stream, 0, inject.Interval{Start: 0, End: 10, Value: value(0.2)})
	valued.Rule.Value = 0.025
	at := func(v float64) spot { return spot{code: "video.x", severity: jobs.Fail, start: 0, end: 10, value: &v} }
	two := label(inject.Point, 0.1, inject.Interval{Start: 2, End: 2.04}, inject.Interval{Start: 5, End: 5.04})
	tests := []struct {
		name         string
		label        *inject.Label
		spots        []spot
		hits, strays int
	}{
		{"edges within", label(inject.Edges, 0.1, inject.Interval{Start: 2, End: 4}), []spot{found("video.x", 2.1, 3.9)}, 1, 0},
		{"edge off: missed, and a false alarm", label(inject.Edges, 0.1, inject.Interval{Start: 2, End: 4}), []spot{found("video.x", 2.2, 4)}, 0, 1},
		{"half covered", label(inject.Cover, 0.5, inject.Interval{Start: 2, End: 4}), []spot{found("video.x", 2.2, 3.3)}, 1, 0},
		{"less than half", label(inject.Cover, 0.5, inject.Interval{Start: 2, End: 4}), []spot{found("video.x", 2.2, 3)}, 0, 0},
		{"covered in pieces", label(inject.Cover, 0.5, inject.Interval{Start: 2, End: 4}), []spot{found("video.x", 3, 3.6), found("video.x", 2, 2.6)}, 1, 0},
		{"overlap counts once", label(inject.Cover, 0.5, inject.Interval{Start: 2, End: 4}), []spot{found("video.x", 2, 2.6), found("video.x", 2, 2.7)}, 0, 0},
		{"the whole clip is no answer", label(inject.Cover, 0.5, inject.Interval{Start: 4, End: 6}), []spot{found("video.x", 0, 12)}, 0, 1},
		{"a thousand findings", label(inject.Cover, 0.5, inject.Interval{Start: 2, End: 4}),
			[]spot{found("video.x", 2, 2.5), found("video.x", 2.5, 3), found("video.x", 3, 3.5), found("video.x", 3.5, 4)}, 1, 1},
		{"two points", two, []spot{found("video.x", 2.05, 2.1), found("video.x", 5, 5.1)}, 2, 0},
		{"one of two, and one elsewhere", two, []spot{found("video.x", 2.05, 2.1), found("video.x", 7, 7.1)}, 1, 1},
		{"another code that is accepted", two, []spot{found("video.y", 2, 2.1)}, 1, 0},
		{"another code elsewhere is not this code's false alarm", two, []spot{found("video.y", 8, 9)}, 0, 0},
		{"value within", valued, []spot{at(0.22)}, 1, 0},
		{"value off", valued, []spot{at(0.3)}, 0, 1},
		{"value of another sign", valued, []spot{at(-0.2)}, 0, 1},
		{"value absent", valued, []spot{found("video.x", 0, 10)}, 0, 1},
		{"decoy left alone", label(inject.Cover, 0.5), nil, 0, 0},
		{"decoy taken", label(inject.Cover, 0.5), []spot{found("video.x", 0, 1)}, 0, 1},
	}
	for _, tt := range tests {
		o := match(tt.label, tt.spots)
		hits := len(slices.DeleteFunc(slices.Clone(o.hits), func(s jobs.Severity) bool { return s == "" }))
		if hits != tt.hits || len(o.strays) != tt.strays {
			t.Errorf("%s: %d hits and strays %v, want %d and %d", tt.name, hits, o.strays, tt.hits, tt.strays)
		}
	}
}

func TestScore(t *testing.T) {
	s := Score{Code: "video.x"}
	s.add(outcome{hits: []jobs.Severity{jobs.Fail, "", jobs.Info}})
	s.add(outcome{strays: []spot{found("video.x", 0, 1), found("video.x", 2, 3)}}) // one clip, one false alarm
	s.add(outcome{})
	s.finish()
	if s.TP != 2 || s.FN != 1 || s.FP != 1 || s.Clips != 3 || s.F1 != round4(2.0/3) || s.Severities[jobs.Info] != 1 {
		t.Errorf("%+v", s)
	}
	if f1(0, 0, 0) != 1 || f1(0, 3, 2) != 0 {
		t.Error("nothing to find and nothing found is perfect; nothing found of something is not")
	}
}

func TestExplained(t *testing.T) {
	truths := []truth{{"video.black", 0, 0.8, "head"}, {"", 20, 22, "anything"}}
	for s, want := range map[spot]bool{
		found("video.black", 0, 0.72):    true,
		found("video.freeze", 0, 0.72):   false,
		found("video.black", 0, 9):       false,
		found("audio.click", 20.5, 22.5): true,
	} {
		if explained(truths, s) != want {
			t.Errorf("%v: explained is %t", s, !want)
		}
	}
}

func TestAbove(t *testing.T) {
	s := series{At: []float64{0, 1, 2, 2.4, 3, 4, 5}, Score: []float64{0, 5, 0, 5, 5, 0, 5}, End: 5.1}
	got := s.above(4, 0.5)
	want := []span{{Start: 1, End: 4}} // 2 to 2.4 is a lapse, and the last frame is too short
	if !slices.Equal(got, want) {
		t.Errorf("above: %v, want %v", got, want)
	}
}

// TestBestThreshold: a filter that only gives a score is held against aircheck at its best.
func TestBestThreshold(t *testing.T) {
	clip := func(score float64, intervals ...inject.Interval) judged {
		l := &inject.Label{Code: "video.blur", Rule: inject.Rule{Kind: inject.Cover, Tolerance: 1}, Intervals: intervals, Duration: 4}
		return judged{label: l, hasPeer: true, peer: said{Series: &series{At: []float64{0, 1, 2, 3}, Score: []float64{score, score, score, score}, End: 4}}}
	}
	all := inject.Interval{Start: 0, End: 4}
	c := counterpart("video.blur", []judged{clip(7, all), clip(8, all), clip(3), clip(2)})
	if c == nil || c.F1 != 1 || *c.Threshold < 3 || *c.Threshold >= 7 {
		t.Errorf("%+v", c)
	}
}

func TestMissed(t *testing.T) {
	r := &Result{Mode: "full", Scores: []Score{{Code: "a", F1: 0.96, Counterpart: &Counterpart{F1: 0.97}}, {Code: "b", F1: 0.9}}, Clean: Clean{RealHours: 1, Fails: 1, Warns: 1}}
	base := Baseline{"full": {F1: map[string]float64{"a": 0.99, "b": 0.9}, FalseFails: 1, FalseWarns: 1}}
	// a behind its counterpart and its baseline, b below the budget, one failure an hour is too many; one warning is not.
	if got := r.Missed(base); len(got) != 4 {
		t.Errorf("%q", got)
	}
	r.Untested = []string{"c"}
	if got := r.Missed(base); len(got) != 5 {
		t.Errorf("a code without a clip passes: %q", got)
	}
	r.Mode = "short"
	if got := r.Missed(base); len(got) != 1 {
		t.Errorf("short runs have no budgets, and here no baseline: %q", got)
	}
	r.Mode = "full+only"
	if got := r.Missed(base); len(got) != 4 {
		t.Errorf("some codes are held to the baseline of all: %q", got)
	}
}

func TestBaselineRoundTrip(t *testing.T) {
	name := t.TempDir() + "/accuracy.json"
	if b, err := ReadBaseline(name); err != nil || len(b) != 0 {
		t.Fatalf("no file: %v, %v", b, err)
	}
	b := Baseline{}
	b.Take(&Result{Mode: "short", Scores: []Score{{Code: "a", F1: 0.5}}, Clean: Clean{Warns: 2}})
	if err := b.Write(name); err != nil {
		t.Fatal(err)
	}
	read, err := ReadBaseline(name)
	if err != nil || read["short"].F1["a"] != 0.5 || read["short"].FalseWarns != 2 {
		t.Errorf("%+v, %v", read, err)
	}
}

// TestPlan: every variant has its clips, all different, and every code enough labelled ones for its budget to mean something.
func TestPlan(t *testing.T) {
	labelled, seen := map[string]int{}, map[string]bool{}
	for _, c := range plan(Options{}, nil) {
		if !c.decoy {
			labelled[c.code]++
		}
		k := key(c.code, c.variant, c.seed)
		if seen[k] || len(c.sources) == 0 || math.IsNaN(c.strength) || c.strength <= 0 || c.strength >= 1 {
			t.Errorf("%+v", c)
		}
		seen[k] = true
	}
	for _, d := range inject.Defects() {
		if labelled[d.Code] < wanted {
			t.Errorf("%s has %d labelled clips, want %d", d.Code, labelled[d.Code], wanted)
		}
	}
	if n := len(plan(Options{Short: true}, nil)); n > len(inject.Defects()) || n < len(inject.Defects())/2 {
		t.Errorf("a short run has %d clips for %d codes", n, len(inject.Defects()))
	}
}

// TestPeersLookForKnownCodes: each counterpart is for a code that can be injected.
func TestPeersLookForKnownCodes(t *testing.T) {
	for _, p := range peers() {
		if _, _, err := inject.Find(p.code, ""); err != nil || (p.spots == nil) == (p.score == nil) {
			t.Errorf("%s: %v", p.code, err)
		}
	}
}

func TestReadingFilters(t *testing.T) {
	out := []byte("[freezedetect @ 0x1] lavfi.freezedetect.freeze_start: 4.04\n[x] lavfi.freezedetect.freeze_duration: 4\n[x] lavfi.freezedetect.freeze_end: 8.04\n[x] freeze_start: 9\n")
	got := pairsOf("freeze_start: ", "freeze_end: ")(out, 12)
	if !slices.Equal(got, []span{{Start: 4.04, End: 8.04}, {Start: 9, End: 12}}) {
		t.Errorf("%v", got)
	}
	printed := []byte("frame:0    pts:0       pts_time:0\nlavfi.block=1.5\nframe:1    pts:40      pts_time:0.04\nlavfi.block=nan\nframe:2    pts:80      pts_time:0.08\nlavfi.block=inf\n")
	s := metadata("lavfi.block", 1)(printed)
	if !slices.Equal(s.At, []float64{0, 0.08}) || !slices.Equal(s.Score, []float64{1.5, 1000}) {
		t.Errorf("%+v", s)
	}
}
