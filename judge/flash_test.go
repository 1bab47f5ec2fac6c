package judge

import (
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// flashClip makes frames of cells: light(t) is the luma of the first cells of the grid in raster order, dark that of the others.
func flashClip(rate float64, seconds int, lit int, dark uint8, light func(t float64) uint8) []videoFrame {
	format := &measurement.Format{Kind: measurement.Video, Width: 640, Height: 360, ChromaWidth: 320, ChromaHeight: 180, Depth: 8}
	var out []videoFrame
	at := func(n int) jobs.Micros { return jobs.Micros(float64(n)*1e6/rate + 0.5) }
	for n := range int(rate) * seconds {
		f := &measurement.Frame{}
		for i := range f.Grid {
			f.Grid[i] = dark
			if i < lit {
				f.Grid[i] = light(float64(n) / rate)
			}
		}
		for i := range f.GridCb {
			f.GridCb[i], f.GridCr[i] = 128, 128
		}
		out = append(out, videoFrame{Frame: f, Format: format, Start: at(n), End: at(n + 1)})
	}
	return out
}

// square is a square wave between two values.
func square(hz float64, low, high uint8) func(float64) uint8 {
	return func(t float64) uint8 {
		if phase := t*hz + 1e-9; phase-float64(int(phase)) < 0.5 {
			return low
		}
		return high
	}
}

// lumaOf is the least code value whose relative luminance is at least l.
func lumaOf(l float64) uint8 {
	for v := 16; v < 235; v++ {
		if srgbLight(signal(float64(v), false)) >= l {
			return uint8(v)
		}
	}
	return 235
}

func flashParams() *params {
	set := map[string]float64{}
	for _, t := range flashThresholds() {
		if t.Default == t.Default {
			set[t.Name] = t.Default
		}
	}
	return testParams(set)
}

func TestFlash(t *testing.T) {
	const all = measurement.GridW * measurement.GridH
	dark, bright := lumaOf(0.05), lumaOf(0.5)
	rising := func(t float64) uint8 { return uint8(20 + 20*t) }
	tests := []struct {
		name   string
		rate   float64
		cells  int
		light  func(float64) uint8
		worst  jobs.Severity
		target float64
	}{
		{"3 flashes a second at 24/s", 24, all, square(3, dark, bright), jobs.Info, 3}, // for longer than 5 s
		{"3 flashes a second at 25/s", 25, all, square(3, dark, bright), jobs.Info, 3},
		{"3 flashes a second at 29.97/s", 30000.0 / 1001, all, square(3, dark, bright), jobs.Info, 3},
		{"3 flashes a second at 60/s", 60, all, square(3, dark, bright), jobs.Info, 3},
		{"3.5 flashes a second at 25/s", 25, all, square(3.5, dark, bright), jobs.Fail, 3.5},
		{"3.5 flashes a second at 60/s", 60, all, square(3.5, dark, bright), jobs.Fail, 3.5},
		{"5 flashes a second", 25, all, square(5, dark, bright), jobs.Fail, 5},
		{"1 flash a second", 25, all, square(1, dark, bright), "", 0},
		{"24 % of the picture", 25, all * 24 / 100, square(5, dark, bright), "", 0},
		{"26 % of the picture", 25, all*26/100 + 1, square(5, dark, bright), jobs.Fail, 5},
		{"a step below a tenth", 25, all, square(5, lumaOf(0.3), lumaOf(0.39)-1), "", 0},
		{"a step above a tenth", 25, all, square(5, lumaOf(0.3), lumaOf(0.402)+1), jobs.Fail, 5},
		{"the darker state too bright", 25, all, square(5, lumaOf(0.81), 235), "", 0},
		{"the darker state just dark", 25, all, square(5, lumaOf(0.79)-1, 235), jobs.Fail, 5},
		{"a slow rise", 25, all, rising, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fs := judgeFrames(t, newFlash, flashParams(), flashClip(tt.rate, 8, tt.cells, 60, tt.light), 30, 77)
			if tt.worst == "" {
				wantTold(t, fs)
				return
			}
			if len(fs) != 1 || fs[0].Code != "video.flash" || fs[0].Severity != tt.worst {
				t.Fatalf("found %q, want one video.flash %s", allTold(fs), tt.worst)
			}
			if v := float64(*fs[0].Value); v < tt.target-0.5 || v > tt.target+0.5 {
				t.Errorf("%g flashes a second, want %g", v, tt.target)
			}
			if !strings.HasPrefix(fs[0].Message, "screening") {
				t.Errorf("the message %q does not say that this is a screening", fs[0].Message)
			}
		})
	}
}

// TestFlashOfHalvesInTurn: two halves that swap twice a second flash at that rate, not at twice that.
func TestFlashOfHalvesInTurn(t *testing.T) {
	frames := flashClip(25, 4, 288, 0, square(2, 40, 200))
	for i := range frames {
		for c := 288; c < len(frames[i].Grid); c++ {
			frames[i].Grid[c] = 240 - frames[i].Grid[0]
		}
	}
	wantTold(t, judgeFrames(t, newFlash, flashParams(), frames))
}

// TestFlashHasNoUnits: units, flags and pairs do not matter, and neither does a gap between flashes that are too few on either side of it.
func TestFlashHasNoUnits(t *testing.T) {
	frames := flashClip(25, 8, 576, 60, square(5, 40, 200))
	want := allTold(judgeFrames(t, newFlash, flashParams(), frames))
	for i := range frames {
		frames[i].HasPair = i%7 != 0
	}
	if got := allTold(judgeFrames(t, newFlash, flashParams(), frames)); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	var fs []jobs.Finding
	d := newFlash(flashParams(), func(f jobs.Finding) { fs = append(fs, f) })
	for i := range frames[:100] {
		if i%12 == 0 && i > 0 {
			d.gap(frames[i].Start, frames[i].Start)
		}
		d.frame(&frames[i])
	}
	d.finish(frames[99].End)
	wantTold(t, fs)
}

func TestRedFlash(t *testing.T) {
	red := func(sat bool, hz float64) []videoFrame {
		frames := flashClip(25, 6, 576, 16, square(hz, 16, 63))
		for i := range frames {
			if f := frames[i].Frame; f.Grid[0] == 63 {
				for c := range f.GridCr {
					f.GridCb[c], f.GridCr[c] = 102, 240
					if !sat {
						f.GridCb[c], f.GridCr[c] = 120, 150
					}
				}
			}
			frames[i].Format.ColorSpace = "bt709"
		}
		return frames
	}
	codes := func(fs []jobs.Finding) (out []string) {
		for _, f := range fs {
			if f.Code == "video.red_flash" {
				out = append(out, string(f.Severity))
			}
		}
		return out
	}
	if got := codes(judgeFrames(t, newFlash, flashParams(), red(true, 5), 40)); !slices.Equal(got, []string{"warn"}) {
		t.Errorf("saturated red at 5 Hz is %q, want one warn", got)
	}
	if got := codes(judgeFrames(t, newFlash, flashParams(), red(false, 5))); got != nil {
		t.Errorf("brownish light at 5 Hz is %q", got)
	}
	if got := codes(judgeFrames(t, newFlash, flashParams(), red(true, 1))); got != nil {
		t.Errorf("saturated red at 1 Hz is %q", got)
	}
}

func TestFlashSaysWhatItCannotMeasure(t *testing.T) {
	tests := []struct {
		transfer, space string
		flash, red      bool // measurable
	}{
		{"", "", true, true},
		{"bt709", "bt709", true, true},
		{"smpte2084", "bt2020nc", true, false},
		{"arib-std-b67", "bt2020nc", true, false},
		{"log100", "bt709", false, false},
	}
	for _, tt := range tests {
		frames := flashClip(25, 1, 576, 60, square(5, 40, 200))
		d := newFlash(flashParams(), func(jobs.Finding) {})
		for i := range frames {
			frames[i].Format.Transfer, frames[i].Format.ColorSpace = tt.transfer, tt.space
			d.frame(&frames[i])
		}
		if got := d.(doubter).unmeasured("video.flash") == ""; got != tt.flash {
			t.Errorf("%s: flashes measurable is %t", tt.transfer, got)
		}
		if got := d.(doubter).unmeasured("video.red_flash") == ""; got != tt.red {
			t.Errorf("%s: red flashes measurable is %t", tt.transfer, got)
		}
	}
}

// TestLight holds the curves to published points: PQ 0.5081 is 100 cd/m2, HLG 0.75 is 203 cd/m2 on a display of 1000, by BT.2408.
func TestLight(t *testing.T) {
	for _, tt := range []struct {
		transfer        string
		v, nits, within float64
	}{{"smpte2084", 0.5081, 100, 0.5}, {"smpte2084", 1, 10000, 1}, {"arib-std-b67", 0.75, 203, 1}, {"arib-std-b67", 1, 1000, 1}, {"bt709", 1, 200, 1e-9}} {
		if got := lightOf(tt.transfer)(tt.v) * displayPeak; got < tt.nits-tt.within || got > tt.nits+tt.within {
			t.Errorf("%s at %g is %.2f cd/m2, want %g", tt.transfer, tt.v, got, tt.nits)
		}
	}
}

func BenchmarkFlash(b *testing.B) {
	frames := flashClip(25, 8, 576, 60, func(t float64) uint8 { return uint8(60 + int(t*25)*13%90) })
	d := newFlash(flashParams(), func(jobs.Finding) {})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.frame(&frames[i%len(frames)])
	}
}
