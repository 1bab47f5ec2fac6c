//go:build cgo

package measure

import (
	"fmt"
	"math"
	"testing"

	"aircheck/jobs/measurement"
)

// sine is a sine of f Hz and a peak amplitude, at a phase in degrees.
func sine(rate int, f, amplitude, phase, seconds float64) []float32 {
	x := make([]float32, int(seconds*float64(rate)))
	for i := range x {
		x[i] = float32(amplitude * math.Sin(2*math.Pi*f*float64(i)/float64(rate)+phase*math.Pi/180))
	}
	return x
}

// loudness is the ungated loudness in LUFS of the slots from the given one on (BS.1770 Annex 1).
func loudness(slots []*measurement.Slot, from int, weights []float64) float64 {
	energy, n := 0.0, 0.0
	for _, s := range slots[from:] {
		for c, ch := range s.Ch {
			energy += weights[c] * ch.K
		}
		n += float64(s.Samples)
	}
	return -0.691 + 10*math.Log10(energy/n)
}

func dB(x float64) float64 { return math.Pow(10, x/20) }

// TestLoudness has steady signals of EBU Tech 3341 Table 1 and of BS.1770, each at several rates; 997 Hz is in K weighting's flat part.
func TestLoudness(t *testing.T) {
	for _, c := range []struct {
		name      string
		frequency float64
		levels    []float64 // dBFS by channel
		weights   []float64
		want      float64
	}{
		{"3341 case 1", 1000, []float64{-23, -23}, []float64{1, 1}, -23},
		{"3341 case 2", 1000, []float64{-33, -33}, []float64{1, 1}, -33},
		{"3341 case 6", 1000, []float64{-28, -28, -24, -30, -30}, []float64{1, 1, 1, 1.41, 1.41}, -23},
		{"3341 2.9", 1000, []float64{-18, -18}, []float64{1, 1}, -18},
		{"997 Hz left", 997, []float64{0, math.Inf(-1)}, []float64{1, 1}, -3.01},
		{"997 Hz mono", 997, []float64{0}, []float64{1}, -3.01},
	} {
		for _, rate := range []int{8000, 32000, 44100, 48000, 96000, 192000} {
			t.Run(fmt.Sprintf("%s/%d", c.name, rate), func(t *testing.T) {
				var x [][]float32
				for _, l := range c.levels {
					x = append(x, sine(rate, c.frequency, dB(l), 0, 2))
				}
				slots := slotsOf(t, testAudio(t, rate, len(x)), x, 0, 0, whole(x))
				tolerance := 0.05 // the levels of case 6 add up to -23.02
				if rate == 8000 {
					tolerance = 0.1 // the bilinear transform bends the shelf near half the rate
				}
				if got := loudness(slots, 50, c.weights); math.Abs(got-c.want) > tolerance {
					t.Errorf("loudness %.3f LUFS, want %.2f", got, c.want)
				}
			})
		}
	}
}

// TestKWeighting48k compares with the tables of BS.1770 Annex 1.
func TestKWeighting48k(t *testing.T) {
	shelf, rlb := kWeighting(48000)
	got := []float64{shelf.b0, shelf.b1, shelf.b2, shelf.a1, shelf.a2, rlb.a1, rlb.a2}
	want := []float64{1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585, -1.99004745483398, 0.99007225036621}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-9 {
			t.Errorf("coefficient %d is %.14f, want %.14f", i, got[i], want[i])
		}
	}
}

// TestTruePeak has cases 15 to 19 of EBU Tech 3341 with their fades of 100 ms: tolerance +0.2, -0.4 dB.
func TestTruePeak(t *testing.T) {
	const rate = 48000
	for _, c := range []struct {
		number                          int
		divisor, amplitude, phase, want float64
	}{
		{15, 4, 0.5012, 0, -6}, {16, 4, 0.5012, 45, -6}, {17, 6, 0.5012, 60, -6}, {18, 8, 0.5012, 67.5, -6}, {19, 4, 1.4125, 45, 3},
	} {
		t.Run(fmt.Sprint(c.number), func(t *testing.T) {
			x := sine(rate, rate/c.divisor, c.amplitude, c.phase, 1)
			for i := range rate / 10 {
				x[i] *= float32(i) / (rate / 10)
				x[len(x)-1-i] *= float32(i) / (rate / 10)
			}
			peak := float32(0)
			for _, s := range slotsOf(t, testAudio(t, rate, 1), [][]float32{x}, 0, 0, whole([][]float32{x})) {
				peak = max(peak, s.Ch[0].TruePeak)
			}
			if got := 20 * math.Log10(float64(peak)); got < c.want-0.4 || got > c.want+0.2 {
				t.Errorf("true peak %.2f dBTP, want %.1f", got, c.want)
			}
		})
	}
}

// TestOvershoot: no phase of the interpolator exceeds the bound by which stretches are left out.
func TestOvershoot(t *testing.T) {
	for i, h := range phases {
		sum := 0.0
		for _, v := range h {
			sum += math.Abs(v)
		}
		if sum > 2.03 {
			t.Errorf("phase %d: sum of magnitudes %v", i, sum)
		}
	}
	// The sequence that reaches the bound, with a sample peak beside it that is just too small to hide it.
	x := make([]float32, 960)
	for k, v := range phases[1] {
		x[500-k] = float32(math.Copysign(0.4, v))
	}
	x[700] = 0.8
	slots := slotsOf(t, testAudio(t, 48000, 1), [][]float32{x}, 0, 0, whole([][]float32{x}))
	if got := slots[1].Ch[0].TruePeak; math.Abs(float64(got)-0.4*2.0229) > 1e-3 {
		t.Errorf("true peak %v, want %v", got, 0.4*2.0229)
	}
}

// TestClippedSine: of a sine of gain G that is limited at full scale, the share 1 - 2/pi*asin(1/G) is clipped, in runs of half that of a period.
func TestClippedSine(t *testing.T) {
	const rate, f = 48000, 100
	for _, gain := range []float64{1.1, 1.5, 2, 4} {
		x := sine(rate, f, gain, 0, 1)
		for i, v := range x {
			x[i] = max(-1, min(1, v))
		}
		clipped, longest := int32(0), int32(0)
		for _, s := range slotsOf(t, testAudio(t, rate, 1), [][]float32{x}, 0, 0, whole([][]float32{x})) {
			clipped += s.Ch[0].Clipped
			longest = max(longest, s.Ch[0].ClipRun)
		}
		share := 1 - 2/math.Pi*math.Asin(1/gain)
		if want := share * rate; math.Abs(float64(clipped)-want) > 2*f+1 {
			t.Errorf("gain %v: %d samples clipped, want %.0f", gain, clipped, want)
		}
		if want := share * rate / f / 2; math.Abs(float64(longest)-want) > 1 {
			t.Errorf("gain %v: longest run %d, want %.0f", gain, longest, want)
		}
	}
}

// TestTonePrediction: for a tone of w radians a sample R1/Sq is cos w and R2/Sq is cos 2w.
func TestTonePrediction(t *testing.T) {
	for _, rate := range []int{44100, 48000} {
		for _, f := range []float64{400, 997, 1000, 1020, 5000} {
			x := [][]float32{sine(rate, f, 0.1, 30, 0.2)}
			var sq, r1, r2 float64
			for _, s := range slotsOf(t, testAudio(t, rate, 1), x, 0, 0, whole(x))[10:] {
				sq, r1, r2 = sq+s.Ch[0].Sq, r1+s.Ch[0].R1, r2+s.Ch[0].R2
			}
			w := 2 * math.Pi * f / float64(rate)
			if math.Abs(r1/sq-math.Cos(w)) > 1e-3 || math.Abs(r2/sq-math.Cos(2*w)) > 1e-3 {
				t.Errorf("%v Hz at %d Hz: R1/Sq %v, R2/Sq %v; want %v, %v", f, rate, r1/sq, r2/sq, math.Cos(w), math.Cos(2*w))
			}
		}
	}
}

// TestLow: the decimated mix passes mains hum and stops what would fold back onto it.
func TestLow(t *testing.T) {
	for _, c := range []struct{ f, least, most float64 }{
		{50, 0.99, 1.01}, {100, 0.99, 1.01}, {300, 0.97, 1.01}, {600, 0, 0.01}, {900, 0, 0.01}, {950, 0, 0.01}, {5000, 0, 0.01},
	} {
		for _, rate := range []int{44100, 48000} {
			x := [][]float32{sine(rate, c.f, 0.5, 0, 1)}
			power, n := 0.0, 0.0
			for _, s := range slotsOf(t, testAudio(t, rate, 1), x, 0, 0, whole(x))[5:] {
				for _, v := range s.Low {
					power += float64(v) * float64(v) / 32768 / 32768
					n++
				}
			}
			if gain := math.Sqrt(2*power/n) / 0.5; gain < c.least || gain > c.most {
				t.Errorf("%v Hz at %d Hz: gain %.4f, want %v to %v", c.f, rate, gain, c.least, c.most)
			}
		}
	}
}

// TestLowDelay: an impulse comes out of the decimation half the filter's length later.
func TestLowDelay(t *testing.T) {
	x := [][]float32{make([]float32, 4800)}
	x[0][2400] = 1 // 50 ms
	best, at := int16(0), 0
	for _, s := range slotsOf(t, testAudio(t, 48000, 1), x, 0, 0, whole(x)) {
		for m, v := range s.Low {
			if v > best {
				best, at = v, int(s.Index)*10+m
			}
		}
	}
	// Millisecond 57 ends with sample 2783 and looks at the instant 384 samples earlier: 2399.
	if at != 57 {
		t.Errorf("the impulse at 50 ms shows at millisecond %d, want 57", at)
	}
}
