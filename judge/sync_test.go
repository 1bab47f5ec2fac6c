package judge

import (
	"math"
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// soundSlots measures mono samples by the definitions of measurement.Slot, as far as the collectors of signals read them.
func soundSlots(samples []float64, rate int) []audioSlot {
	format := &measurement.Format{Kind: measurement.Audio, SampleRate: rate, Channels: 1}
	per := rate / measurement.SlotsPerSecond
	back := func(n int) float64 {
		if n < 0 {
			return 0
		}
		return samples[n]
	}
	var list []audioSlot
	for k := 0; (k+1)*per <= len(samples); k++ {
		row := measurement.Slot{Index: int64(k), Samples: int32(per), Ch: make([]measurement.Channel, 1)}
		for i := range per {
			n := k*per + i
			x := samples[n]
			row.Ch[0].Sq += x * x
			row.Ch[0].R1 += x * back(n-1)
			row.Ch[0].R2 += x * back(n-2)
			m := i * 10 / per
			row.Env[m] = max(row.Env[m], uint16(min(math.Abs(x), 1)*65535))
		}
		start := jobs.Micros(k) * slotLength
		list = append(list, audioSlot{Slot: &row, Format: format, Start: start, End: start + slotLength})
	}
	return list
}

// beeped is seconds of quiet noise with a sound at some times.
func beeped(seconds float64, rate int, sound func(t float64) float64, at ...float64) []float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	samples := make([]float64, int(seconds*float64(rate)))
	for n := range samples {
		t := float64(n) / float64(rate)
		samples[n] = (rng.Float64()*2 - 1) * 0.003
		for _, from := range at {
			if t >= from {
				samples[n] += sound(t - from)
			}
		}
	}
	return samples
}

func beepOf(hz, length, level float64) func(float64) float64 {
	return func(t float64) float64 {
		if t >= length {
			return 0
		}
		return level * math.Sin(2*math.Pi*hz*t)
	}
}

func TestBeepsAreHeardToTheMillisecond(t *testing.T) {
	for _, c := range []struct {
		name  string
		rate  int
		sound func(float64) float64
		want  bool
	}{
		{"1 kHz of 80 ms", 48000, beepOf(1000, 0.08, 0.5), true},
		{"1 kHz of 40 ms", 48000, beepOf(1000, 0.04, 0.1), true},
		{"440 Hz of 0.5 s", 44100, beepOf(440, 0.5, 0.3), true},
		{"3 kHz at 32 kHz", 32000, beepOf(3000, 0.1, 0.3), true},
		{"too long for a beep", 48000, beepOf(1000, 1.5, 0.5), false},
		{"too quiet", 48000, beepOf(1000, 0.08, 0.008), false},
		{"a string", 48000, func(t float64) float64 { return 0.5 * math.Exp(-12*t) * math.Sin(2*math.Pi*660*t) }, false},
		{"a shot", 48000, func(t float64) float64 { return math.Exp(-20*t) * math.Sin(1e5*t*t*3) }, false},
		{"a sweep", 48000, func(t float64) float64 {
			if t > 0.3 {
				return 0
			}
			return 0.5 * math.Sin(2*math.Pi*(400+4000*t)*t)
		}, false},
	} {
		at := []float64{0.5003, 2.4567, 4.2}
		d := newBeeps(nil, nil).(*beeps)
		for i, s := range soundSlots(beeped(6, c.rate, c.sound, at...), c.rate) {
			if i%37 == 0 {
				next := newBeeps(nil, nil).(*beeps)
				reload(t, d, next)
				d = next
			}
			d.slot(&s)
		}
		if !c.want {
			if len(d.Found) > 0 {
				t.Errorf("%s: beeps at %v", c.name, d.Found)
			}
			continue
		}
		if len(d.Found) != len(at) {
			t.Errorf("%s: beeps at %v, want %v", c.name, d.Found, at)
			continue
		}
		for i, v := range d.Found {
			if abs(v-seconds(at[i])) > 2000 {
				t.Errorf("%s: beep at %v, want %v s", c.name, v, at[i])
			}
		}
	}
}

func TestFlashesAreSeen(t *testing.T) {
	lit := func(x, y, w, h int) func(int) *picture {
		return func(n int) *picture { return moving(n).box(x, y, w, h, 255) }
	}
	for _, c := range []struct {
		name string
		clip clip
		want int
	}{
		{"the whole picture", makeClip(shot{20, moving}, shot{2, lit(0, 0, clipW, clipH)}, shot{20, moving}, shot{1, lit(0, 0, clipW, clipH)}, shot{20, moving}), 2},
		{"a corner", makeClip(shot{20, held(1)}, shot{3, func(int) *picture { return held(1)(0).clone().box(0, 0, 64, 48, 255) }}, shot{20, held(1)}), 1},
		{"a cut to something bright", makeClip(shot{20, moving}, shot{40, lit(0, 0, clipW, clipH)}, shot{20, moving}), 0},
		{"motion", makeClip(shot{60, moving}), 0},
	} {
		for _, borders := range [][]int{nil, {7, 20, 21, 30}} {
			d := newBlinks(nil, nil).(*blinks)
			for _, f := range c.clip.measured(borders, nil) {
				d.frame(&f)
			}
			if len(d.Found) != c.want || c.want > 0 && d.Found[0].At != 20*frameLength {
				t.Errorf("%s, units at %v: flashes %v, want %d", c.name, borders, d.Found, c.want)
			}
		}
	}
}

// regular is a time series with a jitter.
func regular(n int, first, step, jitter float64, seed uint64) []jobs.Micros {
	rng := rand.New(rand.NewPCG(seed, 3))
	var list []jobs.Micros
	for i := range n {
		list = append(list, seconds(first+step*float64(i)+jitter*(rng.Float64()*2-1)))
	}
	return list
}

func TestFlashesAndBeepsThatBelongTogether(t *testing.T) {
	for _, c := range []struct {
		name            string
		flashes, sounds []jobs.Micros
		runs            int
		lag             float64
		reason          string
	}{
		{"late", regular(11, 2, 2, 0, 1), regular(11, 2.12, 2, 0, 1), 1, 0.12, ""},
		{"early", regular(11, 2, 2, 0.02, 1), regular(12, 1.8, 2, 0.004, 2), 1, -0.2, ""},
		{"three pairs", regular(3, 2, 1.4, 0, 1), regular(3, 2.1, 1.4, 0, 1), 1, 0.1, ""},
		{"two pairs", regular(2, 2, 1.4, 0, 1), regular(2, 2.1, 1.4, 0, 1), 0, 0, noSignals},
		{"a beep a second, a flash every other", regular(11, 2, 2, 0, 1), regular(23, 1.1, 1, 0, 1), 1, 0.1, ""},
		{"half of the period", regular(11, 2, 1, 0, 1), regular(11, 2.47, 1, 0, 1), 0, 0, tooRegular},
		{"another rhythm", regular(40, 2, 1.3, 0, 1), regular(50, 2, 1.13, 0, 1), 0, 0, noSignals},
		{"no flashes", nil, regular(50, 2, 1.13, 0, 1), 0, 0, noSignals},
		{"pairs at the head of a programme with lightning", append(regular(8, 2, 1.5, 0, 1), regular(40, 30, 2.1, 1, 4)...), append(regular(8, 2.1, 1.5, 0, 1), regular(30, 30, 2.7, 1.3, 5)...), 1, 0.1, ""},
	} {
		e := matchSignals(c.flashes, c.sounds, frameLength)
		if len(e.Runs) != c.runs || e.Reason != c.reason {
			t.Errorf("%s: %d rows, %q; want %d, %q", c.name, len(e.Runs), e.Reason, c.runs, c.reason)
			continue
		}
		if c.runs > 0 && abs(e.Runs[0].lag()-seconds(c.lag)) > 25000 {
			t.Errorf("%s: lag %v, want %v s", c.name, e.Runs[0].lag(), c.lag)
		}
	}
}

// TestChanceGivesNoEvidence: flashes and beeps that have nothing to do with each other.
func TestChanceGivesNoEvidence(t *testing.T) {
	told := 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 9))
		random := func() []jobs.Micros {
			var list []jobs.Micros
			mean := 0.5 + 4*rng.Float64()
			for at := rng.Float64(); at < 300; at += 0.2 + mean*rng.ExpFloat64() {
				list = append(list, seconds(at))
			}
			return list
		}
		if e := matchSignals(random(), random(), frameLength); len(e.Runs) > 0 {
			told++
		}
	}
	if told > 8 {
		t.Errorf("%d of 400 streams of unrelated flashes and beeps have an offset, want at most 8", told)
	}
}

func TestClocksThatRunApart(t *testing.T) {
	for _, c := range []struct {
		name string
		ppm  float64
		step float64 // seconds that the clock leaps every 10 s
		want bool
	}{
		{"one clock", 0, 0, false},
		{"1000 ppm", 1000, 0, true},
		{"-700 ppm", -700, 0, true},
		{"20 ppm", 20, 0, false},
		{"a frame is lost now and then", 0, 0.0213, false},
	} {
		var p pace
		s := &stream{Format: measurement.Format{SampleRate: 48000}}
		for k := range 12000 {
			at := float64(k)/100*(1+c.ppm/1e6) + c.step*float64(k/1000)
			p.add(seconds(at), 480, s)
		}
		p.close()
		switch {
		case c.want != (p.Worst != nil):
			t.Errorf("%s: %+v", c.name, p.Worst)
		case c.want && math.Abs(p.Worst.ppm()-c.ppm) > 30:
			t.Errorf("%s: %.0f ppm", c.name, p.Worst.ppm())
		}
		if len(p.Points) > pacePoints {
			t.Errorf("%s: %d points are kept", c.name, len(p.Points))
		}
	}
}

func TestStartSkew(t *testing.T) {
	for _, c := range []struct {
		slots, frames int // that the first unit lacks
		want          float64
		severity      jobs.Severity
	}{
		{40, 0, 0.4, jobs.Warn}, {15, 0, 0.15, jobs.Info}, {5, 0, 0, ""}, {0, 10, -0.4, jobs.Warn},
	} {
		s := clean()
		units := s.units()
		units[0].slots = units[0].slots[c.slots:]
		units[0].unit.Tracks[1].FirstPTS += int64(c.slots) * tick / 100
		units[0].frames = units[0].frames[c.frames:]
		units[0].unit.Tracks[0].FirstPTS = units[0].frames[0].PTS
		f := finding(judgedUnits(t, s.sequenceDef("s0"), units, s.formats()), codeSkew)
		if c.severity == "" {
			if len(f) > 0 {
				t.Errorf("%+v: found %s", c, encode(t, f))
			}
			continue
		}
		if len(f) != 1 || f[0].Severity != c.severity || math.Abs(float64(*f[0].Value)-c.want) > 0.001 {
			t.Errorf("%+v: found %s", c, encode(t, f))
		}
	}
}

func BenchmarkSignals(b *testing.B) {
	slots := soundSlots(beeped(6, 48000, beepOf(1000, 0.08, 0.5), 1, 2, 3, 4, 5), 48000)
	beep, talk := newBeeps(nil, nil), newSpeech(nil, nil)
	for i := 0; b.Loop(); i++ {
		beep.slot(&slots[i%len(slots)])
		talk.slot(&slots[i%len(slots)])
	}
}

func BenchmarkBlinks(b *testing.B) {
	frames := makeClip(shot{30, moving}, shot{2, func(n int) *picture { return moving(n).box(0, 0, clipW, clipH, 255) }}, shot{30, moving}).measured(nil, nil)
	d := newBlinks(nil, nil)
	for i := 0; b.Loop(); i++ {
		d.frame(&frames[i%len(frames)])
	}
}
