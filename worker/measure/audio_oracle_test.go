//go:build cgo

package measure

import (
	"math"
	"testing"

	"aircheck/jobs/measurement"
)

// audioOracle measures in plain loops over the whole signal; what lies before its first sample is silence.
type audioOracle struct {
	x     [][]float64
	k     [][]float64 // after K weighting
	mix   []float64
	rate  int64
	first int64
}

func newAudioOracle(x [][]float32, rate int, first int64, weights []float64) *audioOracle {
	o := &audioOracle{rate: int64(rate), first: first, mix: make([]float64, len(x[0]))}
	mixed := 0.0
	for c, ch := range x {
		wide := make([]float64, len(ch))
		for i, v := range ch {
			wide[i] = float64(v)
		}
		o.x = append(o.x, wide)
		o.k = append(o.k, kFilter(wide, rate))
		if weights[c] > 0 {
			mixed++
		}
	}
	for i := range o.mix {
		for c := range o.x {
			if weights[c] > 0 {
				o.mix[i] += o.x[c][i] / mixed
			}
		}
	}
	return o
}

// kFilter is direct form I in double precision.
func kFilter(x []float64, rate int) []float64 {
	shelf, rlb := kWeighting(rate)
	for _, f := range []biquad{shelf, rlb} {
		y := make([]float64, len(x))
		for i := range x {
			y[i] = f.b0*x[i] + f.b1*past(x, i-1) + f.b2*past(x, i-2) - f.a1*past(y, i-1) - f.a2*past(y, i-2)
		}
		x = y
	}
	return x
}

func past(x []float64, i int) float64 {
	if i < 0 {
		return 0
	}
	return x[i]
}

func (o *audioOracle) check(t *testing.T, s *measurement.Slot) {
	t.Helper()
	from := int(floorDiv(s.Index*o.rate, measurement.SlotsPerSecond) + int64(s.Offset) - o.first)
	to := from + int(s.Samples)
	for c := range o.x {
		want := o.channel(c, from, to, int(s.Offset))
		compareChannel(t, s.Index, c, s.Ch[c], want)
	}
	lr, diff := 0.0, 0.0
	for i := from; i < to; i++ {
		lr += o.x[0][i] * o.x[1][i]
		diff = max(diff, math.Abs(o.x[0][i]-o.x[1][i]))
	}
	near(t, s.Index, "LR", s.LR, lr, 1e-12)
	near(t, s.Index, "Diff", float64(s.Diff), diff, 1e-6)
	o.outline(t, s, from, to)
}

func (o *audioOracle) outline(t *testing.T, s *measurement.Slot, from, to int) {
	t.Helper()
	for m := range 10 {
		a := int(floorDiv((10*s.Index+int64(m))*o.rate, 1000) - o.first)
		b := int(floorDiv((10*s.Index+int64(m)+1)*o.rate, 1000) - o.first)
		peak := 0.0
		for i := max(a, from); i < min(b, to); i++ {
			peak = max(peak, math.Abs(o.mix[i]))
		}
		near(t, s.Index, "Env", float64(s.Env[m]), min(65535, 65535*peak), 0.51)
		low := 0.0
		if b > from && b <= to {
			for j, tap := range lowPass(int(o.rate)) {
				low += float64(tap) * past(o.mix, b-1-j)
			}
		}
		near(t, s.Index, "Low", float64(s.Low[m]), max(-32768, min(32767, 32768*low)), 0.53)
	}
}

func (o *audioOracle) channel(c, from, to, offset int) measurement.Channel {
	x := o.x[c]
	w := measurement.Channel{LoudFirst: -1, LoudLast: -1}
	for i := from; i < to; i++ {
		v, size := x[i], float32(math.Abs(x[i]))
		w.K += o.k[c][i] * o.k[c][i]
		w.Sum += v
		w.Sq += v * v
		w.R1 += v * past(x, i-1)
		w.R2 += v * past(x, i-2)
		res := v - 3*past(x, i-1) + 3*past(x, i-2) - past(x, i-3)
		w.ResSq += res * res
		w.ResPeak = max(w.ResPeak, float32(math.Abs(res)))
		w.Peak = max(w.Peak, size)
		w.TruePeak = max(w.TruePeak, size)
		if o.rate < 192000 {
			w.TruePeak = max(w.TruePeak, float32(interpolated(x, i)))
		}
		w.Zeros += int32(b2i(v == 0))
		w.Clipped += int32(b2i(isClipped(v)))
		w.ClipRun = max(w.ClipRun, run(i, func(j int) bool { return isClipped(x[j]) && (x[j] > 0) == (v > 0) }))
		w.FlatRun = max(w.FlatRun, run(i, func(j int) bool { return isFlat(x, j) }))
		if isFlat(x, i) {
			w.Flats++
			w.FlatTops += int32(b2i(size >= float32(0.98)*greatest(x[from:to])))
		}
		if size >= 0.001 {
			if w.LoudFirst < 0 {
				w.LoudFirst = int32(offset + i - from)
			}
			w.LoudLast = int32(offset + i - from)
		}
	}
	return w
}

func isClipped(v float64) bool { return math.Abs(v) >= 1-math.Exp2(-15) }

func isFlat(x []float64, i int) bool {
	return math.Abs(x[i]) > float64(float32(0.1)) && math.Abs(float64(float32(x[i])-float32(past(x, i-1)))) <= math.Exp2(-13)
}

func greatest(x []float64) float32 {
	peak := 0.0
	for _, v := range x {
		peak = max(peak, math.Abs(v))
	}
	return float32(peak)
}

// run is the length of the run of samples that ends at i.
func run(i int, in func(j int) bool) int32 {
	n := int32(0)
	for ; i >= 0 && in(i); i-- {
		n++
	}
	return n
}

// Half of the table of BS.1770 Annex 2; the other two phases are these reversed.
var phases = [2][12]float64{
	{0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
		0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500},
	{-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
		0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375},
}

// interpolated is the greatest magnitude of the four phases at sample i.
func interpolated(x []float64, i int) float64 {
	most := 0.0
	for _, h := range phases {
		var forth, back float64
		for k := range h {
			forth += h[k] * past(x, i-k)
			back += h[11-k] * past(x, i-k)
		}
		most = max(most, math.Abs(forth), math.Abs(back))
	}
	return most
}

func compareChannel(t *testing.T, slot int64, c int, got, want measurement.Channel) {
	t.Helper()
	near(t, slot, "K", got.K, want.K, 1e-9)
	near(t, slot, "Sq", got.Sq, want.Sq, 1e-12)
	near(t, slot, "Sum", got.Sum, want.Sum, 1e-12)
	near(t, slot, "R1", got.R1, want.R1, 1e-12)
	near(t, slot, "R2", got.R2, want.R2, 1e-12)
	near(t, slot, "ResSq", got.ResSq, want.ResSq, 1e-12)
	near(t, slot, "ResPeak", float64(got.ResPeak), float64(want.ResPeak), 1e-6)
	near(t, slot, "TruePeak", float64(got.TruePeak), float64(want.TruePeak), 2e-6)
	got.K, got.Sq, got.Sum, got.R1, got.R2, got.ResSq = want.K, want.Sq, want.Sum, want.R1, want.R2, want.ResSq
	got.ResPeak, got.TruePeak = want.ResPeak, want.TruePeak
	if got != want {
		t.Errorf("slot %d, channel %d: %+v, want %+v", slot, c, got, want)
	}
}

// near compares with a tolerance that is relative above 1.
func near(t *testing.T, slot int64, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*max(1, math.Abs(want)) || (tolerance > 0.1 && math.Abs(got-want) <= tolerance)) {
		t.Errorf("slot %d: %s is %v, want %v", slot, name, got, want)
	}
}
