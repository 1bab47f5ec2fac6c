package judge

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// TestLevelsByChannel: a sine of half scale on the left, with an offset on the right, and LFE at full scale.
func TestLevelsByChannel(t *testing.T) {
	format := &measurement.Format{SampleRate: 48000, Channels: 3, Layout: "2.1"}
	d := newChannelLevels(testParams(nil), nil)
	for i := range 100 {
		s := measurement.Slot{Index: int64(i), Samples: 480, Ch: []measurement.Channel{
			{Sq: 480 * 0.125, Peak: 0.5, TruePeak: 0.5}, {Sq: 480 * 0.01, Sum: -48, Peak: 0.1, TruePeak: 0.1}, {Sq: 480, Peak: 1, TruePeak: 1.2, Clipped: 48},
		}}
		d.slot(&audioSlot{Slot: &s, Format: format})
	}
	var summary jobs.Summary
	d.(summarizer).summarize("a0", &summary)
	got := ""
	for _, c := range summary.Audio[0].Channels {
		got += fmt.Sprintf("%s %.2f %.2f %.2f %.3f %.1f; ", c.Channel, *c.Peak, *c.TruePeak, *c.RMS, *c.DC, *c.Clipped)
	}
	if want := "L -6.02 -6.02 -9.03 0.000 0.0; R -20.00 -20.00 -20.00 -0.100 0.0; LFE 0.00 1.58 0.00 0.000 10.0; "; got != want {
		t.Errorf("levels %q, want %q", got, want)
	}
}

func TestChannelLabelsAndWeights(t *testing.T) {
	for _, tt := range []struct {
		layout  string
		labels  []string
		weights []float64
	}{
		{"stereo", []string{"L", "R"}, []float64{1, 1}},
		{"5.1", []string{"L", "R", "C", "LFE", "Lb", "Rb"}, []float64{1, 1, 1, 0, 1.41, 1.41}},
		{"5.1(side)", []string{"L", "R", "C", "LFE", "Ls", "Rs"}, []float64{1, 1, 1, 0, 1.41, 1.41}},
		{"7.1", []string{"L", "R", "C", "LFE", "Lb", "Rb", "Ls", "Rs"}, []float64{1, 1, 1, 0, 1, 1, 1.41, 1.41}},
		{"hexagonal", []string{"1", "2", "3", "4", "5", "6"}, []float64{1, 1, 1, 1, 1, 1}},
	} {
		n := len(tt.labels)
		if got := channelLabels(tt.layout, n); !slices.Equal(got, tt.labels) {
			t.Errorf("%s: labels %q, want %q", tt.layout, got, tt.labels)
		}
		format := &measurement.Format{Layout: tt.layout, Channels: n}
		for i, want := range tt.weights {
			if got := channelWeight(format, i); got != want {
				t.Errorf("%s: weight of channel %d is %g, want %g", tt.layout, i, got, want)
			}
		}
	}
}

// TestLoudnessOf71: a sine of -23 dBFS in each channel of 7.1 is -26 LUFS each: five weigh 1, two 1.41, LFE nothing.
func TestLoudnessOf71(t *testing.T) {
	m := newMeter(nil)
	m.format = &measurement.Format{SampleRate: 48000, Channels: 8, Layout: "7.1"}
	for i := range 500 {
		s := audioSlot{Slot: &measurement.Slot{Index: int64(i), Samples: 480}, Format: m.format, Start: jobs.Micros(i) * 10000, End: jobs.Micros(i+1) * 10000}
		for range 8 {
			s.Ch = append(s.Ch, measurement.Channel{K: meanSquareOf(-26) * 480})
		}
		m.slot(&s)
	}
	wantFigure(t, "integrated", m.done().summary().Integrated, -26+10*math.Log10(5+2*1.41), 0.001)
}
