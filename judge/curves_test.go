package judge

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// annex is what a judge has beside its result.
type annex struct {
	Curves     jobs.Curves
	Signatures []jobs.Signed
}

func annexOf(t *testing.T, j *Judge) annex {
	t.Helper()
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return annex{j.Curves(), j.Signatures(r.Findings)}
}

// TestSlicingIsInvisibleInCurves: as in the report, any cut, any interleaving, any checkpoint.
func TestSlicingIsInvisibleInCurves(t *testing.T) {
	for seed := range seedsOf(40) {
		rng := rand.New(rand.NewPCG(seed, 2))
		scripts := []*script{randomScript(rng)}
		if rng.IntN(2) == 0 {
			scripts = append(scripts, randomScript(rng))
			scripts[1].video = rng.IntN(2) == 0
			scripts[1].audio = 44100
		}
		whole := encode(t, annexOf(t, folded(t, nil, reseed(seed, scripts)...)))
		for range 3 {
			if cut := encode(t, annexOf(t, folded(t, rng, reseed(seed, scripts)...))); cut != whole {
				t.Fatalf("seed %d: cut\n%s\nwhole\n%s", seed, cut, whole)
			}
		}
	}
}

// curveNamed finds a curve, or stops the test.
func curveNamed(t *testing.T, c jobs.Curves, rendition, name string) (jobs.Curve, jobs.Seconds) {
	t.Helper()
	for _, r := range c.Renditions {
		for _, k := range r.Curves {
			if r.Rendition == rendition && k.Name == name {
				return k, r.Step
			}
		}
	}
	t.Fatalf("no curve %s of %s in %s", name, rendition, encode(t, c))
	return jobs.Curve{}, 0
}

func TestCurvesShowWhatWasMeasured(t *testing.T) {
	c := clean()
	c.black, c.silence = []run{sec(4, 8)}, []run{sec(10, 14)}
	c.state = map[int]measurement.UnitState{8: measurement.UnitMissing} // 16 to 18 s
	j := folded(t, nil, c)
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	curves := j.Curves()
	at := func(row []*jobs.Number, step jobs.Seconds, second float64) float64 {
		if i := int(second / float64(step)); i < len(row) && row[i] != nil {
			return float64(*row[i])
		}
		return math.NaN()
	}
	luma, step := curveNamed(t, curves, "v0", jobs.CurveLuma)
	peak, _ := curveNamed(t, curves, "a0", jobs.CurvePeak)
	momentary, _ := curveNamed(t, curves, "a0", jobs.CurveMomentary)
	rate, _ := curveNamed(t, curves, "v0", jobs.CurveBitRate)
	motion, _ := curveNamed(t, curves, "v0", jobs.CurveMotion)
	if step != 0.2 || len(luma.Mean) != 100 {
		t.Errorf("%d points of %g s", len(luma.Mean), step)
	}
	for what, tt := range map[string]struct{ got, want float64 }{
		"luma":                  {at(luma.Mean, step, 1), 100},
		"least luma in black":   {at(luma.Low, step, 5), 16},
		"greatest luma there":   {at(luma.High, step, 5), 16},
		"motion":                {at(motion.High, step, 1.1), 9},
		"motion of black":       {at(motion.Mean, step, 5), 0},
		"bit rate":              {at(rate.Mean, step, 1), 200}, // 25 × 1000 bytes
		"luma of nothing":       {at(luma.Mean, step, 17), math.NaN()},
		"peak of nothing":       {at(peak.High, step, 17), math.NaN()},
		"peak":                  {at(peak.High, step, 1), -10.46}, // 0.3
		"peak of silence":       {at(peak.High, step, 12), floorLevel},
		"loudness of silence":   {at(momentary.Mean, step, 12), floorLevel},
		"loudness behind a gap": {at(momentary.Mean, step, 18.1), math.NaN()},
	} {
		if !(math.Abs(tt.got-tt.want) < 0.02 || math.IsNaN(tt.got) && math.IsNaN(tt.want)) {
			t.Errorf("%s: %g, want %g", what, tt.got, tt.want)
		}
	}
	integrated, _ := curveNamed(t, curves, "a0", jobs.CurveIntegrated)
	last := integrated.Mean[len(integrated.Mean)-1]
	if want := r.Summary.Loudness[0].Integrated; last == nil || math.Abs(float64(*last-*want)) > 0.02 {
		t.Errorf("integrated loudness ends at %v, the summary says %v", *last, *want)
	}
}

// TestRunningLoudnessIsTheGatedOne: at every point it is what the summary would say if the programme ended there.
func TestRunningLoudnessIsTheGatedOne(t *testing.T) {
	for seed := range seedsOf(30) {
		rng := rand.New(rand.NewPCG(seed, 3))
		l := &loudness{}
		for i := range 50 + rng.IntN(400) {
			if i == 0 || rng.IntN(40) == 0 {
				l.Spans = append(l.Spans, i)
			}
			level := rng.Float64()*50 - 75
			l.Energy, l.Samples = append(l.Energy, 4800*meanSquareOf(level)), append(l.Samples, 4800)
		}
		var counts points
		for n := 0; n <= len(l.Energy); n += 1 + rng.IntN(9) {
			counts = append(counts, point{N: 1, Low: int32(n), High: int32(n), Sum: int64(n)})
		}
		for i, p := range l.running(counts) {
			n := int(counts[i].High)
			short := &loudness{Energy: l.Energy[:n], Samples: l.Samples[:n]}
			for _, s := range l.Spans {
				if s < n {
					short.Spans = append(short.Spans, s)
				}
			}
			want := short.integrated()
			if p.N == 0 && math.IsInf(want, -1) {
				continue
			}
			// The block at the gate may fall on either side of it: of few blocks one weighs a tenth of a decibel.
			if got := float64(p.High) / fineFigure; p.N == 0 || math.Abs(got-want) > 0.1 {
				t.Fatalf("seed %d: %g LUFS after %d cells, want %g", seed, got, n, want)
			}
		}
	}
}

// TestChartIsBounded: a month of time, however far apart, has no more points than may be, and none is lost.
func TestChartIsBounded(t *testing.T) {
	c := newChart()
	var want point
	rng := rand.New(rand.NewPCG(1, 4))
	for at := jobs.Micros(0); at < maxTimeline; at += jobs.Micros(rng.Int64N(3600e6)) {
		p := pointOf(rng.Float64()*255, fineFigure)
		want.add(p)
		c.put(chartLuma, at, p)
	}
	c.put(chartMotion, 10*maxTimeline, point{N: 1})
	var got point
	for _, p := range c.Figures[chartLuma] {
		got.add(p)
	}
	if n := len(c.Figures[chartLuma]); n > jobs.MaxCurvePoints || n < jobs.MaxCurvePoints/2 || got != want {
		t.Errorf("%d points: %+v, want %+v", n, got, want)
	}
	long := &videoFrame{Frame: &measurement.Frame{SumY: math.MaxInt64}, Format: &measurement.Format{Width: 2, Height: 2}, End: maxTimeline}
	c = newChart()
	c.frame(long, false)
	if n, m := len(c.Figures[chartLuma]), len(c.Trace.Pictures.data); n > jobs.MaxCurvePoints || m > maxTracePictures*pictureW*pictureH {
		t.Errorf("one long picture: %d points, %d bytes of pictures", n, m)
	}
}

func TestPointsComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for range 100 {
		var list points
		for range rng.IntN(50) {
			var p point
			for range rng.IntN(4) {
				p.add(pointOf(rng.NormFloat64()*math.Pow(10, float64(rng.IntN(12))), fineFigure))
			}
			list = append(list, p)
		}
		b, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		var got points
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if encode(t, []point(got)) != encode(t, []point(list)) {
			t.Fatalf("got %v, want %v", []point(got), []point(list))
		}
	}
	for _, bad := range []string{`""`, `"//////////8="`, `"AQ=="`, `"AAA="`, `3`} {
		var p points
		if err := json.Unmarshal([]byte(bad), &p); err == nil {
			t.Errorf("%s was read as %v", bad, []point(p))
		}
	}
}

func TestWildFiguresAreNoPoints(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300} {
		p := pointOf(v, fineFigure)
		if math.IsNaN(v) != (p.N == 0) || p.High > maxFigure || p.Low < -maxFigure {
			t.Errorf("%g is %+v", v, p)
		}
	}
}

// TestReferencesAreNotDrawn: neither is what a second judge sees of the same media.
func TestReferencesAreNotDrawn(t *testing.T) {
	p := newProgramme(120)
	check := p.check(true)
	check.BreakProfile = &jobs.Profile{Name: "ads"}
	check.BreakProfile.Seal()
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	p.minute(t, j, check, 0)
	j = again(t, check, j)
	p.minute(t, j, check, 1)
	for _, inner := range []*Judge{j, j.breaks} {
		for _, q := range inner.sequences {
			for _, s := range q.Streams {
				if want := inner == j && !q.isReference(); (s.Chart != nil) != want {
					t.Errorf("%s of %s is drawn: %t, want %t", s.Kind, q.ID, s.Chart != nil, want)
				}
			}
		}
	}
}
