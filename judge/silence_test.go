package judge

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// tone is a stretch of sound; level is the peak of every channel in full scale.
type tone struct {
	samples int
	level   float32
}

// slotsOf measures what the silence detector needs of a row of tones; levels of single channels are scaled by shares.
func slotsOf(format *measurement.Format, shares []float32, tones ...tone) []audioSlot {
	var out []audioSlot
	n := 0
	open := func() *audioSlot { return &out[len(out)-1] }
	for _, t := range tones {
		for range t.samples {
			index := int64(n) * measurement.SlotsPerSecond / int64(format.SampleRate)
			from := int((index*int64(format.SampleRate) + measurement.SlotsPerSecond - 1) / measurement.SlotsPerSecond)
			if len(out) == 0 || open().Index != index {
				at := jobs.Micros(index * 10000)
				s := measurement.Slot{Index: index, Offset: int32(n - from), Ch: make([]measurement.Channel, len(shares))}
				for c := range s.Ch {
					s.Ch[c].LoudFirst, s.Ch[c].LoudLast = -1, -1
				}
				out = append(out, audioSlot{Slot: &s, Format: format, Start: at, End: at + 10000})
			}
			s := open()
			for c := range s.Ch {
				hear(&s.Ch[c], t.level*shares[c], int32(n-from))
			}
			s.Samples++
			n++
		}
	}
	// The last slot ends with its last sample.
	open().End = open().Start + jobs.Micros((int(open().Offset+open().Samples)*1e6+format.SampleRate/2)/format.SampleRate)
	return out
}

func hear(c *measurement.Channel, level float32, at int32) {
	c.Peak = max(c.Peak, level)
	if level == 0 {
		c.Zeros++
	}
	if level >= 0.001 {
		if c.LoudFirst < 0 {
			c.LoudFirst = at
		}
		c.LoudLast = at
	}
}

func stereo(rate int) *measurement.Format {
	return &measurement.Format{Kind: measurement.Audio, SampleRate: rate, Channels: 2, Layout: "stereo"}
}

func judgeSlots(t *testing.T, p *params, slots []audioSlot, snapshots ...int) []jobs.Finding {
	t.Helper()
	var out []jobs.Finding
	emit := func(f jobs.Finding) { out = append(out, f) }
	d := newSilence(p, emit)
	for i := range slots {
		if slices.Contains(snapshots, i) {
			next := newSilence(p, emit)
			reload(t, d, next)
			d = next
		}
		d.slot(&slots[i])
	}
	d.finish(slots[len(slots)-1].End)
	return out
}

func TestSilence(t *testing.T) {
	both := []float32{1, 1}
	tests := []struct {
		name   string
		shares []float32
		tones  []tone
		want   []string
	}{
		{"sound", both, []tone{{480000, 0.1}}, nil},
		{"4.25 s", both, []tone{{96000, 0.1}, {204000, 0}, {48000, 0.1}}, []string{"audio.silence fail 2-6.25"}},
		{"exact to the sample", both, []tone{{96100, 0.1}, {144000, 0}, {48000, 0.1}}, []string{"audio.silence warn 2.002083-5.002083"}},
		{"dither is silence", both, []tone{{48000, 0.1}, {96000, 0.0000305}, {48000, 0.1}}, []string{"audio.silence info 1-3"}},
		{"below -60 dBFS", both, []tone{{48000, 0.1}, {96000, 0.000999}, {48000, 0.1}}, []string{"audio.silence info 1-3"}},
		{"at -60 dBFS", both, []tone{{48000, 0.1}, {96000, 0.001}, {48000, 0.1}}, nil},
		{"short pause", both, []tone{{48000, 0.1}, {47000, 0}, {48000, 0.1}}, nil},
		{"one click divides", both, []tone{{48000, 0}, {1, 0.5}, {96000, 0}}, []string{"audio.silence info 0-1", "audio.silence info 1.000021-3.000021"}},
		{"one channel sounds", []float32{0, 1}, []tone{{240000, 0.1}}, nil},
		{"to the end", both, []tone{{48000, 0.1}, {48000, 0}}, []string{"audio.silence info 1-2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantTold(t, judgeSlots(t, testParams(nil), slotsOf(stereo(48000), tt.shares, tt.tones...)), tt.want...)
		})
	}
}

func TestSilenceTellsDigitalZero(t *testing.T) {
	for level, want := range map[float32]string{0: "digital silence on all channels for 1.50 s", 0.0001: "all channels stay below -60 dBFS for 1.50 s"} {
		fs := judgeSlots(t, testParams(nil), slotsOf(stereo(48000), []float32{1, 1}, tone{72000, level}, tone{48000, 0.1}))
		if len(fs) != 1 || fs[0].Message != want {
			t.Errorf("level %g: found %v, want message %q", level, fs, want)
		}
	}
}

func TestSilenceLeavesLFEOut(t *testing.T) {
	format := stereo(48000)
	format.Layout, format.Channels = "5.1(side)", 6
	shares := []float32{0, 0, 0, 1, 0, 0}
	wantTold(t, judgeSlots(t, testParams(nil), slotsOf(format, shares, tone{96000, 0.5})), "audio.silence info 0-2")
	format.Layout, format.Weights = "", []float64{1, 1, 1, 1, 1.41, 1.41}
	wantTold(t, judgeSlots(t, testParams(nil), slotsOf(format, shares, tone{96000, 0.5})))
	format.Weights, format.Channels = []float64{0}, 1
	wantTold(t, judgeSlots(t, testParams(nil), slotsOf(format, []float32{1}, tone{96000, 0.5})))
}

func TestSilenceAtAnotherLevel(t *testing.T) {
	p := testParams(map[string]float64{"audio.silence.level": -40})
	slots := slotsOf(stereo(48000), []float32{1, 1}, tone{48000, 0.1}, tone{96000, 0.005}, tone{48000, 0.1})
	wantTold(t, judgeSlots(t, p, slots), "audio.silence info 1-3")
	wantTold(t, judgeSlots(t, testParams(nil), slots))
}

func TestSilenceDoesNotCrossAGap(t *testing.T) {
	slots := slotsOf(stereo(48000), []float32{1, 1}, tone{192000, 0})
	var fs []jobs.Finding
	d := newSilence(testParams(nil), func(f jobs.Finding) { fs = append(fs, f) })
	for i := range slots {
		if i == 150 {
			d.gap(slots[150].Start, slots[200].Start)
		}
		if i < 150 || i >= 200 {
			d.slot(&slots[i])
		}
	}
	d.finish(slots[len(slots)-1].End)
	wantTold(t, fs, "audio.silence info 0-1.5", "audio.silence info 2-4")
}

// TestSilenceIsExactAtEveryRate gates noise at random samples; the run must stand where the samples are, whatever the state went through.
func TestSilenceIsExactAtEveryRate(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 5))
		rate := []int{8000, 11025, 22050, 44100, 48000, 96000}[seed%6]
		before, quiet := 1+rng.IntN(rate), rate+1+rng.IntN(rate)
		slots := slotsOf(stereo(rate), []float32{1, 0.5}, tone{before, 0.1}, tone{quiet, 0.0001}, tone{rate / 2, 0.1})
		fs := judgeSlots(t, testParams(nil), slots, rng.IntN(len(slots)), rng.IntN(len(slots)))
		if len(fs) != 1 {
			t.Fatalf("rate %d: found %v", rate, fs)
		}
		// A slot of a rate that 100 does not divide begins up to a sample after its place on the grid.
		tolerance := 1.01/float64(rate) + 1e-6
		from, to := float64(before)/float64(rate), float64(before+quiet)/float64(rate)
		if math.Abs(float64(fs[0].Start)-from) > tolerance || math.Abs(float64(fs[0].End)-to) > tolerance {
			t.Errorf("rate %d: silence %v-%v, want %v-%v", rate, fs[0].Start, fs[0].End, from, to)
		}
	}
}

// TestSilenceBehindAnOverlap: what overlaps the slot before is taken off a slot's start, and its samples stay where they are.
func TestSilenceBehindAnOverlap(t *testing.T) {
	slots := slotsOf(stereo(48000), []float32{1, 1}, tone{240, 0.1}, tone{72240, 0}, tone{480, 0.1})
	slots[0].Start += 2500
	wantTold(t, judgeSlots(t, testParams(nil), slots), "audio.silence info 0.005-1.51")
}
