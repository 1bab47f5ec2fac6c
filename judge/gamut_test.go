package judge

import (
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

func rangeParams() *params {
	set := map[string]float64{}
	for _, t := range gamutThresholds() {
		if t.Default == t.Default {
			set[t.Name] = t.Default
		}
	}
	return testParams(set)
}

// rangeClip has 1000 luma and 500 chroma samples a picture; mark says what is out of range in frame n.
func rangeClip(n int, mark func(n int, f *measurement.Frame)) []videoFrame {
	format := &measurement.Format{Kind: measurement.Video, Width: 50, Height: 20, ChromaWidth: 25, ChromaHeight: 10, Depth: 8}
	var out []videoFrame
	for i := range n {
		f := &measurement.Frame{}
		if i%4 == 0 {
			f.Texture = &measurement.Texture{}
		}
		mark(i, f)
		start := jobs.Micros(i) * frameLength
		out = append(out, videoFrame{Frame: f, Format: format, Start: start, End: start + frameLength})
	}
	return out
}

func TestRange(t *testing.T) {
	during := func(from, to int, mark func(f *measurement.Frame)) func(int, *measurement.Frame) {
		return func(n int, f *measurement.Frame) {
			if n >= from && n < to {
				mark(f)
			}
		}
	}
	super := func(n int64) func(*measurement.Frame) {
		return func(f *measurement.Frame) { f.CntHi, f.CntHi103 = n, n }
	}
	tests := []struct {
		name string
		mark func(int, *measurement.Frame)
		want []string
	}{
		{"a fifth above 246", during(50, 100, super(200)), []string{"video.range warn 2-4"}},
		{"for half a second", during(50, 62, super(200)), []string{"video.range info 2-2.48"}},
		{"1 % above 246", during(50, 100, super(10)), []string{"video.range info 2-4"}},
		{"less than 1 %", during(50, 100, super(9)), nil},
		{"two pictures", during(50, 52, super(200)), nil},
		{"three pictures", during(50, 53, super(200)), []string{"video.range info 2-2.12"}},
		{"above 235 alone", during(50, 100, func(f *measurement.Frame) { f.CntHi = 100 }), []string{"video.range info 2-4"}},
		{"chroma alone", during(50, 100, func(f *measurement.Frame) { f.CntChroma = 25 }), []string{"video.range info 2-4"}},
		{"colours alone, in every fourth picture", during(48, 100, func(f *measurement.Frame) {
			if f.Texture != nil {
				f.Texture.Gamut = 100
			}
		}), []string{"video.range info 1.92-4"}},
		{"a short pause within", func(n int, f *measurement.Frame) {
			if n >= 50 && n < 100 && (n < 70 || n >= 80) {
				super(200)(f)
			}
		}, []string{"video.range warn 2-4"}},
		{"a pause of a second", func(n int, f *measurement.Frame) {
			if n >= 25 && n < 100 && (n < 50 || n >= 75) {
				super(200)(f)
			}
		}, []string{"video.range warn 1-2", "video.range warn 3-4"}},
		{"a picture now and then", func(n int, f *measurement.Frame) {
			if n%6 == 0 {
				super(200)(f)
			}
		}, nil},
		{"numbers beyond reason", during(50, 100, func(f *measurement.Frame) { f.CntHi, f.CntHi103, f.CntLo = 1<<60, 1<<60, -1<<60 }), []string{"video.range warn 2-4"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frames := rangeClip(125, tt.mark)
			wantTold(t, judgeFrames(t, newRange, rangeParams(), frames), tt.want...)
			wantTold(t, judgeFrames(t, newRange, rangeParams(), frames, 51, 60, 99), tt.want...)
		})
	}
}

func TestRangeOfFullRangePictures(t *testing.T) {
	frames := rangeClip(50, func(_ int, f *measurement.Frame) { f.CntHi, f.CntHi103 = 500, 500 })
	d := newRange(rangeParams(), func(f jobs.Finding) { t.Errorf("found %s", told(f)) })
	for i := range frames {
		frames[i].Format.FullRange = true
		d.frame(&frames[i])
	}
	d.finish(frames[49].End)
	if d.(doubter).unmeasured("video.range") == "" {
		t.Error("full range is shown as clean")
	}
}

func TestRangeDoesNotCrossAGap(t *testing.T) {
	frames := rangeClip(100, func(_ int, f *measurement.Frame) { f.CntHi, f.CntHi103 = 500, 500 })
	var fs []jobs.Finding
	d := newRange(rangeParams(), func(f jobs.Finding) { fs = append(fs, f) })
	for i := range frames {
		if i == 60 {
			d.gap(frames[40].Start, frames[60].Start)
		}
		if i < 40 || i >= 60 {
			d.frame(&frames[i])
		}
	}
	d.finish(frames[99].End)
	wantTold(t, fs, "video.range warn 0-1.6", "video.range warn 2.4-4")
}
