package judge

import (
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// combs are the sums of a picture of clipW by clipH with so many code values a sample.
func combs(alpha0, alpha1, delta int64) *measurement.Comb {
	const area = clipW * clipH
	c := &measurement.Comb{Alpha: [2]int64{alpha0 * area, alpha1 * area}, Delta: delta * area}
	if alpha0 != alpha1 {
		c.CombedBlock = 120
	}
	return c
}

// Sums as they were measured on clips: motion in fields, motion in frames, a still, a cut.
var (
	topField    = combs(8, 3, 4)
	bottomField = combs(3, 8, 4)
	frameMotion = combs(9, 9, 2)
	noMotion    = combs(3, 3, 3)
	jerk        = combs(30, 9, 2)
	textRoll    = &measurement.Comb{Alpha: [2]int64{25 * clipW * clipH, 26*clipW*clipH + 1000}, Delta: 13 * clipW * clipH, CombedBlock: 3}
)

// combed makes frames at 25/s of which every fourth has the sums that draw says.
func combed(frames int, flags int32, draw func(sample int) *measurement.Comb) []videoFrame {
	format := newPicture(clipW, clipH).format()
	list := make([]videoFrame, frames)
	for n := range list {
		f := &measurement.Frame{Flags: flags}
		if n%4 == 2 {
			f.Comb = draw(n / 4)
		}
		start := jobs.Micros(n) * frameLength
		list[n] = videoFrame{Frame: f, Format: format, Start: start, End: start + frameLength}
	}
	return list
}

func TestInterlace(t *testing.T) {
	const tff, bff = measurement.FlagInterlaced | measurement.FlagTopFirst, measurement.FlagInterlaced
	steady := func(c *measurement.Comb) func(int) *measurement.Comb {
		return func(int) *measurement.Comb { return c }
	}
	pulldown := func(n int) *measurement.Comb {
		return []*measurement.Comb{topField, frameMotion, topField, frameMotion, frameMotion}[n%5]
	}
	within := func(from, to int, c *measurement.Comb) func(int) *measurement.Comb {
		return func(n int) *measurement.Comb {
			if n >= from && n < to {
				return c
			}
			return frameMotion
		}
	}
	either := func(n int) *measurement.Comb { return []*measurement.Comb{topField, bottomField}[n%2] }
	rare := func(n int) *measurement.Comb {
		return []*measurement.Comb{topField, frameMotion, frameMotion, frameMotion, frameMotion, frameMotion}[n%6]
	}
	tests := []struct {
		name  string
		flags int32
		draw  func(int) *measurement.Comb
		want  []string
		says  string
	}{
		{"progressive", 0, steady(frameMotion), nil, ""},
		{"combed", 0, steady(topField), []string{"video.interlaced warn 0-7.96"}, "top field first: the picture is interlaced"},
		{"combed, bottom first", 0, steady(bottomField), []string{"video.interlaced warn 0-7.96"}, "bottom field first"},
		{"combed for a while", 0, within(10, 25, topField), []string{"video.interlaced info 1.6-3.96"}, "15 of the 15"},
		{"pulldown", 0, pulldown, []string{"video.interlaced warn 0-7.64"}, "telecined"},
		{"still", 0, steady(noMotion), nil, ""},
		{"cuts", 0, steady(jerk), nil, ""},
		{"text that rolls by two lines", 0, steady(textRoll), nil, ""},
		{"noise says both", 0, either, nil, ""},
		{"now and then", 0, rare, nil, ""},
		{"flagged as it is", tff, steady(topField), nil, ""},
		{"swapped", tff, steady(bottomField), []string{"video.field_order warn 0-7.96"}, "flagged top field first"},
		{"swapped the other way", bff, steady(topField), []string{"video.field_order warn 0-7.96"}, "flagged bottom field first"},
		{"progressive pictures in interlaced ones", tff, steady(frameMotion), nil, ""},
		{"swapped for a while", tff, func(n int) *measurement.Comb {
			if n/20%2 == 1 {
				return bottomField
			}
			return topField
		}, []string{"video.field_order warn 3.2-6.36"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frames := combed(200, tt.flags, tt.draw)
			fs := judgeFrames(t, newInterlace, defaults(t, nil), frames, 3, 90, 101)
			wantTold(t, fs, tt.want...)
			if tt.says != "" && (len(fs) == 0 || !strings.Contains(fs[0].Message, tt.says)) {
				t.Errorf("says %+v, want %q", fs, tt.says)
			}
		})
	}
}

func TestInterlaceDoubtsStills(t *testing.T) {
	for _, tt := range []struct {
		name, code string
		flags      int32
		comb       *measurement.Comb
		want       bool
	}{
		{"still", "video.interlaced", 0, noMotion, true},
		{"moving", "video.interlaced", 0, frameMotion, false},
		{"no sums at all", "video.interlaced", 0, nil, true},
		{"interlaced still", "video.field_order", measurement.FlagInterlaced, noMotion, true},
		{"progressive has no order", "video.field_order", 0, noMotion, false},
		{"interlaced needs no combing", "video.interlaced", measurement.FlagInterlaced, noMotion, false},
	} {
		d := newInterlace(defaults(t, nil), nil)
		frames := combed(40, tt.flags, func(int) *measurement.Comb { return tt.comb })
		for i := range frames {
			d.frame(&frames[i])
		}
		if got := d.(doubter).unmeasured(tt.code) != ""; got != tt.want {
			t.Errorf("%s: doubted is %v", tt.name, got)
		}
	}
}

func TestInterlaceDoesNotCrossAGap(t *testing.T) {
	var fs []jobs.Finding
	d := newInterlace(defaults(t, nil), func(f jobs.Finding) { fs = append(fs, f) })
	frames := combed(200, 0, func(int) *measurement.Comb { return topField })
	for i := range frames {
		if i == 100 {
			d.gap(frames[90].Start, frames[100].Start)
		}
		if i < 90 || i >= 100 {
			d.frame(&frames[i])
		}
	}
	d.finish(frames[199].End)
	wantTold(t, fs, "video.interlaced warn 0-3.48", "video.interlaced warn 4-7.96")
}
