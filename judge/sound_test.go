package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// sound gives sample n of the left and the right channel at 48 kHz.
type sound func(n int) (l, r float64)

const soundRate = 48000

// measured is what a worker would measure of so many seconds, in plain loops.
func (f sound) measured(seconds float64) []audioSlot {
	n := int(seconds * soundRate)
	x := [2][]float64{make([]float64, n+3), make([]float64, n+3)} // three samples of silence before
	for i := range n {
		l, r := f(i)
		x[0][i+3], x[1][i+3] = float64(float32(l)), float64(float32(r))
	}
	format := stereo(soundRate)
	format.Codec = "pcm_s24le"
	var out []audioSlot
	var clip, flat [2]int32
	for k := range n / 480 {
		s := &measurement.Slot{Index: int64(k), Samples: 480, Ch: make([]measurement.Channel, 2)}
		at := 3 + 480*k
		for c := range s.Ch {
			s.Ch[c] = measureChannel(x[c][at-3:at+480], &clip[c], &flat[c])
		}
		for i := at; i < at+480; i++ {
			l, r := x[0][i], x[1][i]
			s.LR += l * r
			s.Diff = max(s.Diff, float32(math.Abs(l-r)))
			m := (i - at) / 48
			s.Env[m] = max(s.Env[m], uint16(math.Min(1, math.Abs(l+r)/2)*65535))
		}
		for m := range s.Low { // a poor low pass, good enough for sound that has nothing up there
			var sum float64
			for i := at + 48*m; i < at+48*(m+1); i++ {
				sum += (x[0][i] + x[1][i]) / 2
			}
			s.Low[m] = int16(max(-32768, min(32767, math.Round(sum/48*32768))))
		}
		start := jobs.Micros(k) * slotLength
		out = append(out, audioSlot{Slot: s, Format: format, Start: start, End: start + slotLength})
	}
	return out
}

// measureChannel measures the samples behind the first three; the runs go on from slot to slot.
func measureChannel(x []float64, clip, flat *int32) measurement.Channel {
	c := measurement.Channel{LoudFirst: -1, LoudLast: -1}
	for _, v := range x[3:] {
		c.Peak = max(c.Peak, float32(math.Abs(v)))
	}
	for i := 3; i < len(x); i++ {
		v, size := x[i], math.Abs(x[i])
		res := v - 3*x[i-1] + 3*x[i-2] - x[i-3]
		c.Sq, c.Sum, c.R1, c.R2, c.ResSq = c.Sq+v*v, c.Sum+v, c.R1+v*x[i-1], c.R2+v*x[i-2], c.ResSq+res*res
		c.ResPeak = max(c.ResPeak, float32(math.Abs(res)))
		if v == 0 {
			c.Zeros++
		}
		*clip, *flat = *clip+1, *flat+1
		if size < 1-math.Exp2(-15) || v*x[i-1] < 0 {
			*clip = 0
		} else {
			c.Clipped++
		}
		if size <= 0.1 || math.Abs(v-x[i-1]) > math.Exp2(-13) {
			*flat = 0
		} else if c.Flats++; size >= 0.98*float64(c.Peak) {
			c.FlatTops++
		}
		c.ClipRun, c.FlatRun = max(c.ClipRun, *clip), max(c.FlatRun, *flat)
		if size >= 0.001 {
			if c.LoudFirst < 0 {
				c.LoudFirst = int32(i - 3)
			}
			c.LoudLast = int32(i - 3)
		}
	}
	c.TruePeak = c.Peak
	return c
}

// listenTo runs all detectors of sound under the default profile. With a generator, their state goes through JSON at random.
func listenTo(t *testing.T, slots []audioSlot, rng *rand.Rand) []jobs.Finding {
	t.Helper()
	profile, err := LoadProfile(DefaultProfile, nil)
	if err != nil {
		t.Fatal(err)
	}
	var found []jobs.Finding
	p, emit := newParams(profile), func(f jobs.Finding) { found = append(found, f) }
	detectors := newAudioDetectors(p, emit)
	for i := range slots {
		if rng != nil && rng.IntN(100) == 0 {
			fresh := newAudioDetectors(p, emit)
			for k := range detectors {
				reload(t, detectors[k], fresh[k])
			}
			detectors = fresh
		}
		for _, d := range detectors {
			d.slot(&slots[i])
		}
	}
	for _, d := range detectors {
		d.finish(slots[len(slots)-1].End)
	}
	return found
}

// noiseOf is white noise, the same for the same seed and sample.
func noiseOf(seed uint64, level float64) func(n int) float64 {
	return func(n int) float64 {
		h := (uint64(n) + seed<<40) * 0x9e3779b97f4a7c15
		h ^= h >> 29
		h *= 0xbf58476d1ce4e5b9
		h ^= h >> 32
		return level * (float64(h>>11)/(1<<52) - 1)
	}
}

func sineOf(hz, level float64) func(n int) float64 {
	return func(n int) float64 { return level * math.Sin(2*math.Pi*hz*float64(n)/soundRate) }
}

func twice(f func(n int) float64) sound { return func(n int) (l, r float64) { return f(n), f(n) } }

func wideNoise(level float64) sound {
	a, b := noiseOf(1, level), noiseOf(2, level)
	return func(n int) (l, r float64) { return a(n), b(n) }
}

// gated is silent from one second to another.
func (f sound) gated(from, to float64) sound {
	return func(n int) (l, r float64) {
		if t := float64(n) / soundRate; t >= from && t < to {
			return 0, 0
		}
		return f(n)
	}
}

// through applies a function to both channels.
func (f sound) through(g func(n int, v float64) float64) sound {
	return func(n int) (l, r float64) {
		l, r = f(n)
		return g(n, l), g(n, r)
	}
}

func clippedAt(level float64) func(int, float64) float64 {
	return func(_ int, v float64) float64 { return max(-level, min(level, v)) }
}

// chord is three notes with a tremolo, as tonal as music gets, with some stereo.
func chord(n int) (l, r float64) {
	t := float64(n) / soundRate
	swell := 0.6 + 0.4*math.Sin(2*math.Pi*3.1*t)
	a, b, c := sineOf(261.6, 0.15)(n), sineOf(329.6, 0.12)(n), sineOf(392, 0.1)(n)
	return swell*(a+b) + 0.5*c, swell*a + 0.8*b + c
}

func TestDefectsOfSound(t *testing.T) {
	noise := wideNoise(0.2)
	for _, tt := range []struct {
		name    string
		sound   sound
		seconds float64
		want    []string // code, severity, start and end to a tenth
	}{
		{"noise", noise, 20, nil},
		{"chord", chord, 20, nil},
		{"loud sine", twice(sineOf(440, 0.98)), 0.9, nil},
		{"low sine", twice(sineOf(40, 0.9)), 0.9, nil},
		{"square wave", twice(func(n int) float64 { return math.Copysign(0.5, sineOf(441.3, 1)(n)) }), 5, nil},
		{"clipped chord", sound(chord).through(func(n int, v float64) float64 { return clippedAt(1)(n, 6*v) }), 4, []string{"audio.clipping fail 0-4"}},
		// Above a quarter of the rate a whistle makes the frequency that three samples in a row tell none at all.
		{"clipped bass with a whistle", twice(func(n int) float64 { return 0.5 * clippedAt(1)(n, 2.2*sineOf(60, 1)(n)+0.5*sineOf(15e3, 1)(n)) }), 4, []string{"audio.clipping fail 0-4"}},
		{"clipped and turned down", sound(chord).through(func(n int, v float64) float64 { return 0.3 * clippedAt(1)(n, 6*v) }), 4, []string{"audio.clipping fail 0-4"}},
		{"lost packet", noise.gated(5, 5.0213), 8, []string{"audio.dropout warn 5-5"}},
		{"three lost packets", noise.gated(5, 5.02).gated(5.5, 5.53).gated(6, 6.02), 8, []string{"audio.dropout warn 5-6"}},
		{"hole in a chord", sound(chord).gated(5, 5.2), 8, []string{"audio.dropout warn 5-5.2"}},
		{"long hole", noise.gated(5, 6.5), 10, []string{"audio.dropout fail 5-6.5", "audio.silence info 5-6.5"}},
		{"silence is no dropout", noise.gated(6, 9), 20, []string{"audio.silence warn 6-9"}},
		{"faded pause", noise.through(func(n int, v float64) float64 { return v * max(0, math.Min(1, math.Abs(float64(n)-240000)/9600-1)) }), 10, nil},
		{"beeps", func(n int) (l, r float64) {
			if n%soundRate > 4000 {
				return 0, 0
			}
			return twice(sineOf(1000, 0.3))(n)
		}, 10, nil},
		{"click", noise.through(func(n int, v float64) float64 { return v/10 + b2f(n == 192000)*0.5 }), 8, []string{"audio.click info 4-4"}},
		{"click in as much noise", wideNoise(0.1).through(func(n int, v float64) float64 { return v + b2f(n == 192000)*0.6 }), 8, []string{"audio.click info 4-4"}},
		{"click where a sound ends", wideNoise(0.1).gated(3.99, 9).plus(wideNoise(0.0004)).through(func(n int, v float64) float64 { return v + b2f(n == 192240)*0.6 }), 4.5, []string{"audio.click info 4-4"}},
		{"crackling", noise.through(func(n int, v float64) float64 { return v/10 + b2f(n%24000 == 5000)*0.5 }), 8, []string{"audio.click warn 0.1-7.6"}},
		{"inverted", func(n int) (l, r float64) { l = noiseOf(1, 0.2)(n); return l, -l }, 12, []string{"audio.phase_inverted fail 0-12"}},
		{"inverted, and right after a pause", func(n int) (l, r float64) {
			l = noiseOf(1, 0.2)(n)
			switch {
			case n < 12*soundRate:
				return l, -l
			case n < 20*soundRate:
				return 0, 0
			}
			return l, l/2 + noiseOf(2, 0.15)(n)
		}, 35, []string{"audio.silence fail 12-20", "audio.phase_inverted fail 0-12"}},
		{"inverted stereo", func(n int) (l, r float64) { l = noiseOf(1, 0.2)(n); return l, -l + noiseOf(2, 0.15)(n) }, 15, []string{"audio.phase_inverted fail 0-15"}},
		{"mono as stereo", twice(noiseOf(1, 0.2)), 15, []string{"audio.dual_mono info 0-15"}},
		{"mono as syllables", twice(noiseOf(1, 0.2)).through(func(n int, v float64) float64 {
			return v * b2f(n%14400 < 7200) * min(1, float64(n%7200)/960, float64(7200-n%7200)/960)
		}), 13, []string{"audio.dual_mono info 0-13"}},
		{"dead channel", func(n int) (l, r float64) { l, r = noise(n); return l, r * b2f(n < 144000) }, 15, []string{"audio.dead_channel fail 3-15"}},
		{"out of balance", func(n int) (l, r float64) { l, r = noise(n); return l / 4, r }, 15, []string{"audio.imbalance info 0-15"}},
		{"hum", wideNoise(0.002).plus(twice(combOf(50, 0.006))), 30, []string{"audio.hum warn 0-30"}},
		{"hum of 60 Hz", wideNoise(0.002).plus(twice(combOf(60, 0.006))), 30, []string{"audio.hum warn 0-30"}},
		{"a steady note with harmonics", wideNoise(0.002).plus(twice(combOf(55, 0.006))), 30, nil},
		{"tone", twice(sineOf(1000, 0.1259)), 8, []string{"audio.tone warn 0-8"}},
		{"tone in noise", noise.gated(3, 6).plus(twice(sineOf(997, 0.1)).outside(3, 6)), 9, []string{"audio.tone info 3-6"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			slots := tt.sound.measured(tt.seconds)
			found := listenTo(t, slots, nil)
			var got []string
			for _, f := range found {
				got = append(got, fmt.Sprintf("%s %s %g-%g", f.Code, f.Severity, math.Round(10*float64(f.Start))/10, math.Round(10*float64(f.End))/10))
				if f.Message == "" || f.Value == nil || f.Threshold == nil || f.Unit == "" || f.Confidence <= 0 || f.Confidence > 1 {
					t.Errorf("%+v is incomplete", f)
				}
			}
			if !sameSet(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
			if again := listenTo(t, slots, rand.New(rand.NewPCG(1, 2))); !reflect.DeepEqual(again, found) {
				t.Errorf("with its state stored in between found %v, else %v", allTold(again), allTold(found))
			}
		})
	}
}

func (f sound) plus(g sound) sound {
	return func(n int) (l, r float64) {
		l, r = f(n)
		x, y := g(n)
		return l + x, r + y
	}
}

// outside is silent but from one second to another.
func (f sound) outside(from, to float64) sound {
	return func(n int) (l, r float64) {
		if t := float64(n) / soundRate; t < from || t >= to {
			return 0, 0
		}
		return f(n)
	}
}

// combOf has six harmonics of a frequency.
func combOf(hz, level float64) func(n int) float64 {
	return func(n int) float64 {
		var v float64
		for k := 1.0; k <= 6; k++ {
			v += sineOf(hz*k, level/k)(n)
		}
		return v
	}
}

// sameSet compares in any order.
func sameSet(a, b []string) bool {
	count := map[string]int{}
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// BenchmarkAudioDetectors is the cost of a slot of stereo, all detectors together.
func BenchmarkAudioDetectors(b *testing.B) {
	slots := sound(chord).measured(10)
	detectors := newAudioDetectors(testParams(nil), func(jobs.Finding) {})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s := &slots[i%len(slots)]
		for _, d := range detectors {
			d.slot(s)
		}
	}
}
