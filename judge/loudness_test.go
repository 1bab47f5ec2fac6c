package judge

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// step is a stretch of a 1 kHz sine, in 10 ms slots. A stereo sine of peak level L dBFS has L LUFS (Tech 3341, 2.9); silence is -infinity.
type step struct {
	slots int
	level float64
}

var quiet = math.Inf(-1)

// seconds of a level.
func lasting(s, level float64) step { return step{int(math.Round(s * 100)), level} }

// meter feeds the steps to a loudness meter as stereo of two equal channels.
type meter struct {
	*loudness
	found  []jobs.Finding
	params *params
	format *measurement.Format
	next   int64
}

func newMeter(set map[string]float64) *meter {
	m := &meter{params: testParams(set), format: stereo(48000)}
	m.loudness = newLoudness(m.params, m.take).(*loudness)
	return m
}

func (m *meter) take(f jobs.Finding) { m.found = append(m.found, f) }

func (m *meter) play(steps ...step) *meter {
	for _, s := range steps {
		for range s.slots {
			m.one(s.level, math.Pow(10, s.level/20))
		}
	}
	return m
}

// one plays a slot of a loudness, with a true peak in full scale.
func (m *meter) one(lufs, peak float64) {
	s := m.slotOf(lufs, peak)
	m.loudness.slot(s)
}

func (m *meter) slotOf(lufs, peak float64) *audioSlot {
	rate := int64(m.format.SampleRate)
	n := int32((m.next+1)*rate/100 - m.next*rate/100)
	per := meanSquareOf(lufs) * float64(n) / 2
	ch := measurement.Channel{K: per, TruePeak: float32(peak)}
	at := jobs.Micros(m.next * 10000)
	s := &audioSlot{Slot: &measurement.Slot{Index: m.next, Samples: n, Ch: []measurement.Channel{ch, ch}}, Format: m.format, Start: at, End: at + 10000}
	m.next++
	return s
}

func (m *meter) miss(slots int64) *meter {
	m.gap(jobs.Micros(m.next*10000), jobs.Micros((m.next+slots)*10000))
	m.next += slots
	return m
}

func (m *meter) done() *meter {
	m.finish(jobs.Micros(m.next * 10000))
	return m
}

func wantFigure(t *testing.T, what string, got *jobs.Number, want, tolerance float64) {
	t.Helper()
	switch {
	case got == nil && !math.IsInf(want, 0):
		t.Errorf("%s is not measured, want %g", what, want)
	case got != nil && !(math.Abs(float64(*got)-want) <= tolerance):
		t.Errorf("%s is %v, want %g ± %g", what, *got, want, tolerance)
	}
}

// TestTech3341 has the signals of EBU Tech 3341 Table 1 that the judge alone decides: what the K filter makes of a sine is the workers' business.
func TestTech3341(t *testing.T) {
	repeat := func(n int, s ...step) []step { return slices.Repeat(s, n) }
	tests := []struct {
		name       string
		steps      []step
		i, m, s    float64
		wantM      bool
		wantS      bool
		tolerance  float64
		integrated bool
	}{
		{name: "1", steps: []step{lasting(20, -23)}, i: -23, m: -23, s: -23, wantM: true, wantS: true, integrated: true},
		{name: "2", steps: []step{lasting(20, -33)}, i: -33, m: -33, s: -33, wantM: true, wantS: true, integrated: true},
		{name: "3", steps: []step{lasting(10, -36), lasting(60, -23), lasting(10, -36)}, i: -23, integrated: true},
		{name: "4", steps: []step{lasting(10, -72), lasting(10, -36), lasting(60, -23), lasting(10, -36), lasting(10, -72)}, i: -23, integrated: true},
		{name: "5", steps: []step{lasting(20, -26), lasting(20.1, -20), lasting(20, -26)}, i: -23, integrated: true},
		{name: "9", steps: repeat(5, lasting(1.34, -20), lasting(1.66, -30)), s: -23, wantS: true},
		{name: "12", steps: repeat(25, lasting(0.18, -20), lasting(0.22, -30)), m: -23, wantM: true},
	}
	for i := range 20 {
		tests = append(tests, tests[0], tests[0])
		ten, thirteen := &tests[len(tests)-2], &tests[len(tests)-1]
		ten.name, ten.integrated, ten.wantM = fmt.Sprintf("10.%d", i), false, false
		ten.steps = []step{lasting(float64(i)*0.15, quiet), lasting(3, -23), lasting(1, quiet)}
		thirteen.name, thirteen.integrated, thirteen.wantS = fmt.Sprintf("13.%d", i), false, false
		thirteen.steps = []step{lasting(float64(i)*0.02, quiet), lasting(0.4, -23), lasting(1, quiet)}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newMeter(nil).play(tt.steps...).done().summary()
			if tt.integrated {
				wantFigure(t, "integrated", l.Integrated, tt.i, 0.1)
			}
			if tt.wantM {
				wantFigure(t, "max momentary", l.MaxMomentary, tt.m, 0.1)
			}
			if tt.wantS {
				wantFigure(t, "max short-term", l.MaxShortTerm, tt.s, 0.1)
			}
		})
	}
}

// TestTech3341SuccessiveMaxima has signals 11 and 14, in which every step is louder than the one before.
func TestTech3341SuccessiveMaxima(t *testing.T) {
	m := newMeter(nil)
	for i := range 20 {
		d := float64(i)
		m.play(lasting(d*0.15, quiet), lasting(3, -38+d), lasting(3-d*0.15, quiet))
		wantFigure(t, "max short-term", m.summary().MaxShortTerm, -38+d, 0.1)
	}
	m = newMeter(nil)
	for i := range 20 {
		d := float64(i)
		m.play(lasting(d*0.02, quiet), lasting(0.4, -38+d), lasting(0.4-d*0.02, quiet))
		wantFigure(t, "max momentary", m.summary().MaxMomentary, -38+d, 0.1)
	}
}

func TestTech3342(t *testing.T) {
	for _, tt := range []struct {
		steps []step
		want  float64
	}{
		{[]step{lasting(20, -20), lasting(20, -30)}, 10},
		{[]step{lasting(20, -20), lasting(20, -15)}, 5},
		{[]step{lasting(20, -40), lasting(20, -20)}, 20},
		{[]step{lasting(20, -50), lasting(20, -35), lasting(20, -20), lasting(20, -35), lasting(20, -50)}, 15},
		{[]step{lasting(3, -23)}, 0},
	} {
		wantFigure(t, fmt.Sprint(tt.steps), newMeter(nil).play(tt.steps...).done().summary().Range, tt.want, 1)
		wantFigure(t, "the same twice", newMeter(nil).play(append(tt.steps, tt.steps...)...).done().summary().Range, tt.want, 1)
	}
}

func TestLoudnessOfChannels(t *testing.T) {
	// Tech 3341 case 6: L, R -28, C -24, Ls, Rs -30, with a loud LFE that does not count. A sine of -23 in one channel is -26 LUFS.
	levels := []float64{-28, -28, -24, 0, -30, -30}
	for _, format := range []*measurement.Format{
		{SampleRate: 48000, Channels: 6, Layout: "5.1(side)"},
		{SampleRate: 48000, Channels: 6},
		{SampleRate: 48000, Channels: 6, Weights: []float64{1, 1, 1, 0, 1.41, 1.41}},
	} {
		m := newMeter(nil)
		for i := range 2000 {
			s := audioSlot{Slot: &measurement.Slot{Index: int64(i), Samples: 480}, Format: format, Start: jobs.Micros(i) * 10000, End: jobs.Micros(i+1) * 10000}
			for _, level := range levels {
				s.Ch = append(s.Ch, measurement.Channel{K: meanSquareOf(level) / 2 * 480})
			}
			m.slot(&s)
		}
		wantFigure(t, fmt.Sprintf("layout %q", format.Layout), m.done().summary().Integrated, -23, 0.1)
	}
}

func TestLoudnessNeedsSoundThatIsLongEnough(t *testing.T) {
	l := newMeter(nil).play(lasting(0.39, -23)).done().summary()
	if l.Integrated != nil || l.MaxMomentary != nil || l.MaxShortTerm != nil || l.Range != nil || l.TruePeak == nil {
		t.Errorf("390 ms give %+v", l)
	}
	l = newMeter(nil).play(lasting(0.4, -23)).done().summary()
	wantFigure(t, "integrated", l.Integrated, -23, 0.001)
	if l.MaxShortTerm != nil || l.Range != nil {
		t.Errorf("400 ms give %+v", l)
	}
	if l := newMeter(nil).play(lasting(20, quiet)).done().summary(); l != (jobs.Loudness{}) {
		t.Errorf("silence gives %+v", l)
	}
	if l := newMeter(nil).play(lasting(20, -75)).done().summary(); l.Integrated != nil || l.Range != nil {
		t.Errorf("sound below the absolute gate gives %+v", l)
	}
	if l := newMeter(nil).done().summary(); l != (jobs.Loudness{}) {
		t.Errorf("nothing gives %+v", l)
	}
}

// TestLoudnessDoesNotBridgeAGap: of two stretches of 390 ms none holds a block.
func TestLoudnessDoesNotBridgeAGap(t *testing.T) {
	l := newMeter(nil).play(lasting(0.39, -23)).miss(100).play(lasting(0.39, -23)).done().summary()
	if l.Integrated != nil || l.MaxMomentary != nil {
		t.Errorf("two times 390 ms give %+v", l)
	}
	l = newMeter(nil).play(lasting(2.9, -23)).miss(5).play(lasting(2.9, -33)).done().summary()
	if l.MaxShortTerm != nil {
		t.Errorf("two times 2.9 s give %+v", l)
	}
	wantFigure(t, "max momentary", l.MaxMomentary, -23, 0.001)
}

// TestPartialSlots: a part of a slot at either end is no whole slot; one within the sound is.
func TestPartialSlots(t *testing.T) {
	part := func(m *meter) {
		s := m.slotOf(-23, 0.1)
		s.Samples = 240
		for i := range s.Ch {
			s.Ch[i].K /= 2
		}
		m.slot(s)
	}
	m := newMeter(nil)
	part(m)
	m.play(lasting(0.39, -23))
	part(m)
	if l := m.done().summary(); l.MaxMomentary != nil {
		t.Errorf("390 ms and two halves of a slot give %+v", l)
	}
	m = newMeter(nil).play(lasting(0.2, -23))
	part(m)
	wantFigure(t, "with a short slot within", m.play(lasting(0.19, -23)).done().summary().MaxMomentary, -23, 1e-9)
}

// TestSlidingSumsAgree compares the sums by tenths with plain ones over slots of changing length.
func TestSlidingSumsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	var w sliding
	var energy []float64
	var samples []int32
	for range 700 {
		e, n := rng.Float64()*20, 220+rng.Int32N(2)
		energy, samples = append(energy, e), append(samples, n)
		w.push(e, n)
		for _, tenths := range []int{momentaryTenths, shortTermTenths} {
			got, ok := w.mean(tenths)
			if ok != (len(energy) >= tenths*tenth) {
				t.Fatalf("after %d slots: %d tenths known: %v", len(energy), tenths, ok)
			}
			if !ok {
				continue
			}
			var sum float64
			var n int64
			for i := len(energy) - tenths*tenth; i < len(energy); i++ {
				sum += energy[i]
				n += int64(samples[i])
			}
			if math.Abs(got-sum/float64(n)) > 1e-12 {
				t.Fatalf("after %d slots: mean over %d tenths is %v, want %v", len(energy), tenths, got, sum/float64(n))
			}
		}
	}
}

// TestLoudnessSnapshotsDoNotShow plays a programme of random levels, gaps and rates; its state goes through JSON at random.
func TestLoudnessSnapshotsDoNotShow(t *testing.T) {
	limits := map[string]float64{"audio.true_peak.max": -15, "audio.short_term.max": -20, "audio.loudness.target": -23, "audio.loudness.tolerance_warn": 0.5,
		"audio.loudness_range.max": 5}
	run := func(seed uint64, reloads bool) (jobs.Loudness, []jobs.Finding) {
		rng, dice := rand.New(rand.NewPCG(seed, 3)), rand.New(rand.NewPCG(seed, 4))
		m := newMeter(limits)
		m.format = stereo([]int{48000, 44100, 22050}[seed%3])
		for range 30 {
			if rng.IntN(6) == 0 {
				m.miss(rng.Int64N(300))
			}
			for range rng.IntN(200) {
				m.one(-40+rng.Float64()*25, rng.Float64()*0.19)
				if reloads && dice.IntN(100) == 0 {
					next := newLoudness(m.params, m.take).(*loudness)
					reload(t, m.loudness, next)
					m.loudness = next
				}
			}
		}
		m.done()
		return m.summary(), m.found
	}
	for seed := range uint64(12) {
		l, fs := run(seed, false)
		again, found := run(seed, true)
		if !reflect.DeepEqual(l, again) || !reflect.DeepEqual(fs, found) {
			t.Errorf("seed %d: %+v %q, after reloads %+v %q", seed, l, allTold(fs), again, allTold(found))
		}
		if len(fs) == 0 {
			t.Errorf("seed %d finds nothing to compare", seed)
		}
	}
}

func TestLoudnessLimits(t *testing.T) {
	r128 := map[string]float64{"audio.loudness.target": -23, "audio.loudness.tolerance_warn": 0.5, "audio.loudness.tolerance_fail": 1, "audio.true_peak.max": -1}
	tests := []struct {
		name  string
		set   map[string]float64
		level float64
		want  []string
	}{
		{"nothing is demanded", nil, -5, nil},
		{"on target", r128, -23, nil},
		{"shown within the tolerance", r128, -23.54, nil},
		{"a little off", r128, -23.6, []string{"audio.loudness warn 0-20"}},
		{"too loud", r128, -16, []string{"audio.loudness fail 0-20"}},
		{"too quiet", r128, -24.2, []string{"audio.loudness fail 0-20"}},
		{"silence", r128, quiet, nil},
		{"peaks too", r128, -0.2, []string{"audio.true_peak fail 0-20", "audio.loudness fail 0-20"}},
		{"short-term", map[string]float64{"audio.short_term.max": -18}, -17, []string{"audio.short_term fail 0-20"}},
		{"short-term at the limit", map[string]float64{"audio.short_term.max": -18}, -18, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantTold(t, newMeter(tt.set).play(lasting(20, tt.level)).done().found, tt.want...)
		})
	}
	m := newMeter(map[string]float64{"audio.loudness_range.max": 8}).play(lasting(20, -20), lasting(20, -30)).done()
	wantTold(t, m.found, "audio.loudness_range fail 0-40")
	f := newMeter(r128).play(lasting(20, -16)).done().found[0]
	if *f.Threshold != -22 || math.Abs(float64(*f.Value)+16) > 1e-6 || f.Unit != "LUFS" || f.Message != "integrated loudness is -16.0 LUFS, above -22.0" {
		t.Errorf("found %+v with value %v and threshold %v", f, *f.Value, *f.Threshold)
	}
}

// TestTruePeakFindings are where the peaks are, told as one within a second, and bounded in number.
func TestTruePeakFindings(t *testing.T) {
	m := newMeter(map[string]float64{"audio.true_peak.max": -1})
	over := func() { m.one(-20, 0.95) }
	m.play(lasting(2, -20))
	over()
	m.play(lasting(0.5, -20))
	m.one(-20, 1.2)
	m.play(lasting(5, -20))
	over()
	m.play(lasting(1, -20)).done()
	wantTold(t, m.found, "audio.true_peak fail 2-2.52", "audio.true_peak fail 7.52-7.53")
	if v := float64(*m.found[0].Value); math.Abs(v-1.584) > 0.001 {
		t.Errorf("the value is %v, want the greatest peak", v)
	}
	m = newMeter(map[string]float64{"audio.true_peak.max": -1})
	for range 3 * maxExcess {
		over()
		m.play(lasting(2, -20))
	}
	m.done()
	if n := len(m.found); n != maxExcess {
		t.Fatalf("%d findings, want %d", n, maxExcess)
	}
	last := jobs.Micros((m.next - 200) * 10000).At()
	if got := m.found[maxExcess-1].End; got != last {
		t.Errorf("the last finding ends at %v, want %v", got, last)
	}
}

// TestLoudnessOfDamagedSound: what is no number must leave no trace in the sums, and the state must have a word for it.
func TestLoudnessOfDamagedSound(t *testing.T) {
	m := newMeter(nil).play(lasting(10, -23))
	for _, k := range []float64{math.NaN(), math.Inf(1), 1e300, -1} {
		s := m.slotOf(-23, math.NaN())
		s.Ch[1].K = k
		m.slot(s)
		s = m.slotOf(-23, math.Inf(1))
		s.Samples = 0
		m.slot(s)
	}
	m.play(lasting(10, -23))
	if _, err := json.Marshal(m.loudness); err != nil {
		t.Fatalf("encode state: %v", err)
	}
	l := m.done().summary()
	wantFigure(t, "integrated", l.Integrated, -23, 0.01)
	wantFigure(t, "true peak", l.TruePeak, -23, 0.01)
}

func BenchmarkLoudness(b *testing.B) {
	m := newMeter(nil)
	slots := make([]*audioSlot, 1000)
	for i := range slots {
		slots[i] = m.slotOf(-20-float64(i%13), 0.1)
	}
	for i := 0; b.Loop(); i++ {
		m.slot(slots[i%len(slots)])
	}
}

// TestShortTermIsNotMissed: sums that are not taken because they cannot be the greatest are not; whatever the levels, the gaps, and wherever the judging begins anew.
func TestShortTermIsNotMissed(t *testing.T) {
	for seed := range seedsOf(20) {
		rng := rand.New(rand.NewPCG(seed, 8))
		l := &loudness{limits: loudnessLimits{shortTerm: math.NaN()}}
		var exact sliding
		var want float64
		level := 1.0
		for i := range 6000 {
			if rng.IntN(300) == 0 {
				level = math.Pow(10, 12*rng.Float64()-6)
			}
			switch {
			case rng.IntN(2000) == 0:
				l.interrupt()
				exact = sliding{}
			case rng.IntN(500) == 0: // a checkpoint
				l.Window.rolling = [tenth]rollingSum{}
			}
			s := slotEnergy{level * rng.Float64(), int32(400 + 80*rng.IntN(2)), jobs.Micros(i) * slotLength}
			l.push(s)
			exact.push(s.Energy, s.Samples)
			if m, ok := exact.mean(shortTermTenths); ok {
				want = max(want, m)
			}
			if l.ShortTerm != want {
				t.Fatalf("seed %d, slot %d: the greatest short-term mean square is %g, want %g", seed, i, l.ShortTerm, want)
			}
		}
	}
}
