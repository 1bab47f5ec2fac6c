package waive

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"aircheck/jobs"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// scene is a picture of some smooth shapes; another seed is another scene.
func scene(seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	var corners [5][4]float64
	for i := range corners {
		for k := range corners[i] {
			corners[i][k] = 30 + 180*rng.Float64()
		}
	}
	cells := make([]byte, pictureCells)
	for i := range cells {
		x, y := float64(i%16)/4, float64(i/16)/3
		a, b := corners[int(x)][int(y)], corners[min(int(x)+1, 4)][int(y)]
		cells[i] = byte(a + (b-a)*(x-float64(int(x))))
	}
	return cells
}

// again is a picture in another encoding: another range, and noise.
func again(p []byte, gain, offset, noise float64, rng *rand.Rand) []byte {
	q := slices.Clone(p)
	for i := range q {
		q[i] = byte(max(0, min(255, float64(p[i])*gain+offset+noise*rng.NormFloat64())))
	}
	return q
}

func flat(v byte) []byte { return slices.Repeat([]byte{v}, pictureCells) }

// speech is a course of levels.
func speech(seed uint64) []int8 {
	rng := rand.New(rand.NewPCG(seed, 2))
	levels := make([]int8, 24)
	for i := range levels {
		levels[i] = int8(-25 + 7*rng.NormFloat64())
	}
	return levels
}

func louder(levels []int8, by int8) []int8 {
	list := slices.Clone(levels)
	for i := range list {
		list[i] += by
	}
	return list
}

// black is the signature of black between two scenes.
func black(before, after, sound uint64) jobs.Signature {
	return jobs.Signature{
		Duration: 2.5, Levels: speech(sound),
		Pictures: [][]byte{scene(before), scene(before), flat(16), flat(16), flat(16), scene(after), scene(after)},
	}
}

func waiverOf(s jobs.Signature) jobs.Waiver {
	return jobs.Waiver{ID: "w", Code: "video.black", Signature: s}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	later, earlier := noon.Add(time.Hour), noon.Add(-time.Hour)
	usual := black(1, 2, 3)
	still := jobs.Signature{Duration: 5, Pictures: slices.Repeat([][]byte{scene(1)}, 7), Levels: slices.Repeat([]int8{-40}, 24)}
	for name, tt := range map[string]struct {
		change func(w *jobs.Waiver, s *jobs.Signature)
		want   bool
	}{
		"the same":                   {func(*jobs.Waiver, *jobs.Signature) {}, true},
		"another code":               {func(w *jobs.Waiver, _ *jobs.Signature) { w.Code = "video.freeze" }, false},
		"in its stream":              {func(w *jobs.Waiver, _ *jobs.Signature) { w.Stream = "news" }, true},
		"in another stream":          {func(w *jobs.Waiver, _ *jobs.Signature) { w.Stream = "sport" }, false},
		"expired":                    {func(w *jobs.Waiver, _ *jobs.Signature) { w.Expires = &noon }, false},
		"not yet expired":            {func(w *jobs.Waiver, _ *jobs.Signature) { w.Expires = &later }, true},
		"ended":                      {func(w *jobs.Waiver, _ *jobs.Signature) { w.Ended = &earlier }, false},
		"somewhat longer":            {func(_ *jobs.Waiver, s *jobs.Signature) { s.Duration = 3 }, true},
		"much longer":                {func(_ *jobs.Waiver, s *jobs.Signature) { s.Duration = 3.5 }, false},
		"next black of the film":     {func(_ *jobs.Waiver, s *jobs.Signature) { *s = black(2, 4, 5) }, false},
		"from the same scene":        {func(_ *jobs.Waiver, s *jobs.Signature) { *s = black(1, 4, 5) }, false},
		"into the same scene":        {func(_ *jobs.Waiver, s *jobs.Signature) { *s = black(4, 2, 3) }, false},
		"later in the same studio":   {func(_ *jobs.Waiver, s *jobs.Signature) { *s = black(1, 2, 9) }, false},
		"louder":                     {func(_ *jobs.Waiver, s *jobs.Signature) { s.Levels = louder(s.Levels, 8) }, true},
		"without sound":              {func(_ *jobs.Waiver, s *jobs.Signature) { s.Levels = nil }, true},
		"without pictures":           {func(_ *jobs.Waiver, s *jobs.Signature) { s.Pictures = nil }, true},
		"without any":                {func(_ *jobs.Waiver, s *jobs.Signature) { s.Pictures, s.Levels = nil, nil }, false},
		"of another size":            {func(_ *jobs.Waiver, s *jobs.Signature) { s.Pictures = [][]byte{{1}, {2}}; s.Levels = []int8{1} }, false},
		"a picture instead of black": {func(_ *jobs.Waiver, s *jobs.Signature) { s.Pictures = slices.Repeat([][]byte{scene(1)}, 7) }, false},
		"at the beginning":           {func(_ *jobs.Waiver, s *jobs.Signature) { s.Pictures[0], s.Pictures[1] = nil, nil }, true},
		"at the beginning, no sound": {func(_ *jobs.Waiver, s *jobs.Signature) { s.Pictures[0], s.Pictures[1], s.Levels = nil, nil, nil }, false},
		"half a second off":          {func(_ *jobs.Waiver, s *jobs.Signature) { s.Pictures[0], s.Pictures[6] = scene(8), scene(7) }, true},
		"black without end": {func(w *jobs.Waiver, s *jobs.Signature) {
			s.Pictures, s.Levels = plainOnly(), silence()
			w.Signature = *s
		}, false},
		"a still in its own": {func(w *jobs.Waiver, s *jobs.Signature) { *s = still; w.Signature = still }, true},
		"a still of something else": {func(w *jobs.Waiver, s *jobs.Signature) {
			*s = still
			s.Pictures = slices.Repeat([][]byte{scene(2)}, 7)
			w.Signature = still
		}, false},
		"nothing but alike flat sound": {func(w *jobs.Waiver, s *jobs.Signature) { *s = still; s.Pictures = nil; w.Signature = *s }, false},
	} {
		w, s := waiverOf(clone(usual)), clone(usual)
		tt.change(&w, &s)
		if got := Match(&w, "video.black", "news", &s, noon); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}

func clone(s jobs.Signature) jobs.Signature {
	s.Pictures, s.Levels = slices.Clone(s.Pictures), slices.Clone(s.Levels)
	return s
}

func plainOnly() [][]byte { return slices.Repeat([][]byte{flat(16)}, 7) }
func silence() []int8     { return slices.Repeat([]int8{-128}, 24) }

// TestOtherEncodingsMatchAndOtherScenesDoNot: with range, gain and noise of other encodings; and the relation has no direction.
func TestOtherEncodingsMatchAndOtherScenesDoNot(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 3))
		a := black(10*seed, 10*seed+1, 10*seed)
		b, c := clone(a), black(10*seed+2, 10*seed+3, 10*seed+2)
		for i := range b.Pictures {
			b.Pictures[i] = again(b.Pictures[i], 0.8+0.4*rng.Float64(), 10*rng.Float64(), 5*rng.Float64(), rng)
			c.Pictures[i] = again(c.Pictures[i], 0.8+0.4*rng.Float64(), 10*rng.Float64(), 5*rng.Float64(), rng)
		}
		for _, i := range []int{2, 3, 4} { // an encoder leaves black alone
			b.Pictures[i], c.Pictures[i] = flat(17), flat(0)
		}
		b.Duration = jobs.Seconds(2.5 * (0.85 + 0.3*rng.Float64()))
		b.Levels = louder(b.Levels, int8(rng.IntN(12)-6))
		w := waiverOf(a)
		if !Match(&w, "video.black", "", &b, noon) {
			t.Fatalf("seed %d: another encoding is not the same", seed)
		}
		if Match(&w, "video.black", "", &c, noon) {
			t.Fatalf("seed %d: another scene is the same", seed)
		}
		for _, s := range []jobs.Signature{b, c} {
			v := waiverOf(s)
			if Match(&w, "video.black", "", &s, noon) != Match(&v, "video.black", "", &a, noon) {
				t.Fatalf("seed %d: it depends on which one is waived", seed)
			}
		}
	}
}

// TestWildSignatures: whatever stands in a file, there is an answer.
func TestWildSignatures(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 4))
	wild := func() jobs.Signature {
		s := jobs.Signature{Duration: jobs.Seconds(rng.NormFloat64())}
		for range rng.IntN(10) {
			p := make([]byte, []int{0, 1, pictureCells}[rng.IntN(3)])
			for i := range p {
				p[i] = byte(rng.IntN(256))
			}
			s.Pictures = append(s.Pictures, p)
		}
		for range rng.IntN(30) {
			s.Levels = append(s.Levels, int8(rng.IntN(256)-128))
		}
		return s
	}
	for range 2000 {
		a, b := wild(), wild()
		w := waiverOf(a)
		Match(&w, "video.black", "", &b, noon)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	findings := []jobs.Finding{
		{Code: "video.black", Rendition: "v0", Start: 1}, {Code: "video.black", Rendition: "v0", Start: 9},
		{Code: "video.freeze", Rendition: "v0", Start: 1}, {Code: "video.black", Rendition: "v0", Start: 20, Severity: jobs.Info},
	}
	var signed []jobs.Signed
	for i, s := range []jobs.Signature{black(1, 2, 3), black(4, 5, 6), black(1, 2, 3)} {
		signed = append(signed, jobs.Signed{Finding: jobs.FindingKey(&findings[i]), Signature: s})
	}
	ended, first, second := waiverOf(black(1, 2, 3)), waiverOf(black(1, 2, 3)), waiverOf(black(1, 2, 3))
	ended.ID, ended.Ended, first.ID, second.ID = "ended", &noon, "first", "second"
	waived := Apply([]jobs.Waiver{ended, first, second}, "news", signed, findings, noon)
	if len(waived) != 1 || waived[jobs.FindingKey(&findings[0])].ID != "first" {
		t.Errorf("waived %v", waived)
	}
	if got := Apply(nil, "news", signed, findings, noon); len(got) > 0 {
		t.Errorf("without waivers: %v", got)
	}
}

func TestHeldIsNotForWhatBecameWorse(t *testing.T) {
	now := time.Unix(1e9, 0)
	waived := jobs.Finding{Code: "video.black", Rendition: "v0", Start: 2, End: 3, Severity: jobs.Warn}
	waivers := []jobs.Waiver{{ID: "w", Check: "c", Code: waived.Code, Finding: waived}}
	for severity, want := range map[jobs.Severity]bool{jobs.Info: true, jobs.Warn: true, jobs.Fail: false} {
		f := waived
		f.Severity, f.End = severity, 600
		held := Held(waivers, "c", "in", nil, []jobs.Finding{f}, now)
		if _, ok := held[jobs.FindingKey(&f)]; ok != want {
			t.Errorf("%s: held %v, want %v", severity, ok, want)
		}
	}
}
