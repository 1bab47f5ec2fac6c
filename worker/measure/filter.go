package measure

import "math"

// biquad is a second-order transfer function with a0 = 1.
type biquad struct{ b0, b1, b2, a1, a2 float64 }

// The analogue prototypes behind the 48 kHz tables of BS.1770 Annex 1, as found by libebur128: from them the filters follow for any rate.
const (
	shelfFrequency = 1681.974450955533
	shelfQ         = 0.7071752369554196
	shelfGain      = 1.5848647011308556 // 10^(3.999843853973347/20)
	shelfBand      = 1.2587209302325617 // shelfGain^0.4996667741545416
	rlbFrequency   = 38.13547087602444
	rlbQ           = 0.5003270373238773
)

// kWeighting returns the two stages of the K filter at a sample rate.
func kWeighting(rate int) (shelf, rlb biquad) {
	k := math.Tan(math.Pi * shelfFrequency / float64(rate))
	a0 := 1 + k/shelfQ + k*k
	shelf = biquad{
		b0: (shelfGain + shelfBand*k/shelfQ + k*k) / a0,
		b1: 2 * (k*k - shelfGain) / a0,
		b2: (shelfGain - shelfBand*k/shelfQ + k*k) / a0,
		a1: 2 * (k*k - 1) / a0,
		a2: (1 - k/shelfQ + k*k) / a0,
	}
	k = math.Tan(math.Pi * rlbFrequency / float64(rate))
	a0 = 1 + k/rlbQ + k*k
	rlb = biquad{b0: 1, b1: -2, b2: 1, a1: 2 * (k*k - 1) / a0, a2: (1 - k/rlbQ + k*k) / a0}
	return shelf, rlb
}

// The filter before decimation to 1 kHz: 16 ms long, so that it falls from 350 to 550 Hz, and what folds back lands above mains hum and its harmonics.
const (
	lowLength = 16  // ms
	lowCutoff = 450 // Hz, -6 dB
)

// lowPass returns a symmetric Hamming-windowed sinc of odd length with a gain of 1 at 0 Hz.
func lowPass(rate int) []float32 {
	half := lowLength * rate / 2000
	taps := make([]float64, 2*half+1)
	sum := 0.0
	for i := range taps {
		t := float64(i - half)
		x := 2 * math.Pi * lowCutoff * t / float64(rate)
		sinc := 1.0
		if x != 0 {
			sinc = math.Sin(x) / x
		}
		taps[i] = sinc * (0.54 + 0.46*math.Cos(math.Pi*t/float64(half+1)))
		sum += taps[i]
	}
	out := make([]float32, len(taps))
	for i, t := range taps {
		out[i] = float32(t / sum)
	}
	return out
}
