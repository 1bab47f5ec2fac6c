package judge

import (
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
)

func TestBlackPicture(t *testing.T) {
	digit := func(v uint8) *picture { return newPicture(320, 180).box(150, 80, 12, 4, v).box(150, 84, 4, 20, v) }
	night := newPicture(320, 180).add(func(x, y int) int { return texture(x, y) % 20 })
	noisy := newPicture(320, 180)
	rng := rand.New(rand.NewPCG(1, 2))
	noisy.add(func(int, int) int { return rng.IntN(5) })
	blue := newPicture(320, 180)
	fill(blue.y, 32)
	fill(blue.cb, 240)
	fill(blue.cr, 118)
	flat := func(v uint8) *picture { return newPicture(320, 180).box(0, 0, 320, 180, v) }
	tests := []struct {
		name string
		p    *picture
		want bool
	}{
		{"digital black", flat(16), true},
		{"sub-black", flat(1), true},
		{"at the threshold", flat(37), true},
		{"one above the threshold", flat(38), false},
		{"noise on black", noisy, true},
		{"grey corner of 2 %", flat(16).box(0, 0, 48, 24, 38), true},
		{"grey corner of more than 2 %", flat(16).box(0, 0, 49, 24, 38), false},
		{"white digit", digit(235), false},
		{"dim digit", digit(80), false},
		{"small light", flat(16).box(160, 80, 8, 8, 120), false},
		{"night scene", night, false},
		{"pure blue of BT.709", blue, false},
	}
	test := newBlackTest(testParams(nil))
	for _, tt := range tests {
		if got := test.black(tt.p.measure(nil), tt.p.format()); got != tt.want {
			t.Errorf("%s: black is %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestBlackIn10BitAndFullRange(t *testing.T) {
	test := newBlackTest(testParams(nil))
	for _, tt := range []struct {
		v    uint8
		full bool
		want bool
	}{{37, false, true}, {25, true, true}, {26, true, false}, {40, false, false}} {
		p := newPicture(64, 64).box(0, 0, 64, 64, tt.v)
		format := p.format()
		format.FullRange = tt.full
		if got := test.black(p.measure(nil), format); got != tt.want {
			t.Errorf("luma %d, full range %v: black is %v", tt.v, tt.full, got)
		}
		f := p.measure(nil)
		format.Depth = 10
		f.SumY, f.SumY2, f.MaxBlock, f.SumCb, f.SumCr = 4*f.SumY, 16*f.SumY2, 4*f.MaxBlock, 4*f.SumCb, 4*f.SumCr
		if got := test.black(f, format); got != tt.want {
			t.Errorf("luma %d in 10 bits, full range %v: black is %v", tt.v, tt.full, got)
		}
	}
	f, format := newPicture(64, 64).measure(nil), newPicture(64, 64).format()
	format.Width = 0
	if test.black(f, format) {
		t.Error("a picture without an area is black")
	}
}

func TestBlackLumaOfTheProfile(t *testing.T) {
	p := newPicture(64, 64).box(0, 0, 64, 64, 20)
	if newBlackTest(testParams(map[string]float64{"video.black.luma": 16})).black(p.measure(nil), p.format()) {
		t.Error("20 is black where the profile says 16")
	}
	if !newBlackTest(testParams(map[string]float64{"video.black.luma": 64})).black(p.measure(nil), p.format()) {
		t.Error("20 is not black where the profile says 64")
	}
}

// TestSquaredDeviation compares with plain arithmetic where that does not overflow, and is right where it would.
func TestSquaredDeviation(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		n, sum := 1+rng.Int64N(1000), rng.Int64N(1e6)
		sum2 := sum*sum/n + rng.Int64N(1000)
		if got, want := squaredDeviation(sum, sum2, n), sum2-sum*sum/n; got != want {
			t.Fatalf("squaredDeviation(%d, %d, %d) = %d, want %d", sum, sum2, n, got, want)
		}
	}
	const n, v = 8192 * 4320, 1023
	if got := squaredDeviation(n*v, n*v*v, n); got != 0 {
		t.Errorf("a flat picture of 8K in 10 bits deviates by %d", got)
	}
}

func TestBlackRuns(t *testing.T) {
	c := makeClip(shot{75, moving}, shot{63, blackPicture}, shot{30, moving}, shot{13, blackPicture}, shot{5, moving}, shot{12, blackPicture}, shot{1, moving})
	fs := judgeFrames(t, newBlack, testParams(nil), c.measured(nil, nil))
	wantTold(t, fs, "video.black fail 3-5.52", "video.black info 6.72-7.24")
	if f := fs[0]; *f.Value != 2.52 || *f.Threshold != 2 || f.Unit != "s" || f.Confidence != 1 {
		t.Errorf("value %v, threshold %v, unit %q, confidence %v", *f.Value, *f.Threshold, f.Unit, f.Confidence)
	}
}

func TestBlackAtTheEndOfTheStream(t *testing.T) {
	c := makeClip(shot{10, moving}, shot{50, blackPicture})
	wantTold(t, judgeFrames(t, newBlack, testParams(nil), c.measured(nil, nil)), "video.black fail 0.4-2.4")
}

func TestBlackDoesNotCrossAGap(t *testing.T) {
	frames := makeClip(shot{60, blackPicture}).measured(nil, nil)
	var fs []jobs.Finding
	d := newBlack(testParams(nil), func(f jobs.Finding) { fs = append(fs, f) })
	for i := range frames {
		switch {
		case i == 20:
			d.gap(frames[20].Start, frames[30].Start)
		case i < 20 || i >= 30:
			d.frame(&frames[i])
		}
	}
	d.finish(frames[59].End)
	wantTold(t, fs, "video.black info 0-0.8", "video.black info 1.2-2.4")
}

func TestAbsentSeverityNeverFires(t *testing.T) {
	frames := makeClip(shot{60, blackPicture}).measured(nil, nil)
	p := newParams(jobs.Profile{Thresholds: map[string]float64{"video.black.warn": 1}})
	wantTold(t, judgeFrames(t, newBlack, p, frames), "video.black warn 0-2.4")
	p = newParams(jobs.Profile{Thresholds: map[string]float64{"video.black.fail": 10}})
	wantTold(t, judgeFrames(t, newBlack, p, frames))
}
