package judge

import (
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// formatted makes frames of which edit may change what it likes; length is the distance of frame n to the next.
func formatted(n int, length func(int) jobs.Micros, edit func(n int, f *videoFrame, c *measurement.Format)) []videoFrame {
	list := make([]videoFrame, n)
	at := jobs.Micros(0)
	for i := range list {
		c := videoFormat(25)
		list[i] = videoFrame{Frame: &measurement.Frame{}, Start: at, End: at + length(i), Format: &c}
		edit(i, &list[i], &c)
		at = list[i].End
	}
	return list
}

func at25(int) jobs.Micros { return frameLength }

func TestVideoFormatChange(t *testing.T) {
	after := func(at int, edit func(c *measurement.Format)) func(int, *videoFrame, *measurement.Format) {
		return func(n int, _ *videoFrame, c *measurement.Format) {
			if n >= at {
				edit(c)
			}
		}
	}
	size := func(c *measurement.Format) { c.Width, c.Height = 32, 18 }
	tests := []struct {
		name   string
		length func(int) jobs.Micros
		edit   func(int, *videoFrame, *measurement.Format)
		want   []string
		says   string
	}{
		{"none", at25, after(0, size), nil, ""},
		{"size", at25, after(100, size), []string{"video.format_change warn 4-4.04"}, "the format changes: size 64x36 → 32x18"},
		{"announced", at25, func(n int, f *videoFrame, c *measurement.Format) {
			if n >= 100 {
				f.Disc = 1
				size(c)
			}
		}, []string{"video.format_change info 4-4.04"}, "at a discontinuity that the playlist announces"},
		{"several at once", at25, after(50, func(c *measurement.Format) {
			c.Codec, c.PixFmt, c.Depth, c.Transfer, c.FullRange, c.SARNum, c.SARDen = "hevc", "yuv420p10le", 10, "smpte2084", true, 4, 3
		}), []string{"video.format_change warn 2-2.04"}, "codec h264 → hevc, pixel format yuv420p → yuv420p10le, transfer untagged → smpte2084, range limited → full, sample aspect ratio 1:1 → 4:3"},
		{"bit rate and profile", at25, after(50, func(c *measurement.Format) { c.BitRate, c.Profile, c.RateNum = 7, "High", 26 }), nil, ""},
		{"square pixels, said and unsaid", at25, after(50, func(c *measurement.Format) { c.SARNum, c.SARDen = 5, 5 }), nil, ""},
		{"back and forth", at25, func(n int, _ *videoFrame, c *measurement.Format) {
			if n/50%2 == 1 {
				size(c)
			}
		}, []string{"video.format_change warn 2-2.04", "video.format_change warn 4-4.04", "video.format_change warn 6-6.04"}, ""},
		{"within a unit", at25, func(n int, f *videoFrame, c *measurement.Format) {
			if n == 90 {
				f.Flags = measurement.FlagFormat
			}
			if n >= 100 {
				size(c)
			}
		}, []string{"video.format_change warn 3.6-3.64"}, ""},
		{"rate", func(n int) jobs.Micros { return []jobs.Micros{40000, 20000}[min(1, n/100)] }, after(0, size), []string{"video.format_change warn 4-4.02"}, "frame rate 25 → 50"},
		{"rate of film", func(n int) jobs.Micros { return []jobs.Micros{40000, 41667}[min(1, n/100)] }, after(0, size), []string{"video.format_change warn 4-4.041667"}, "frame rate 25 → 24"},
		{"rate and size", func(n int) jobs.Micros { return []jobs.Micros{40000, 20000}[min(1, n/100)] }, after(100, size), []string{"video.format_change warn 4-4.02"}, "size 64x36 → 32x18, frame rate 25 → 50"},
		{"milliseconds", func(n int) jobs.Micros { return []jobs.Micros{33000, 33000, 34000}[n%3] }, after(0, size), nil, ""},
		{"pulldown by flags", func(n int) jobs.Micros { return []jobs.Micros{33367, 50050}[n%2] }, after(0, size), nil, ""},
		{"a frame that stands for two", func(n int) jobs.Micros { return []jobs.Micros{40000, 80000}[1-min(1, (n+120)%121)] }, after(0, size), nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fs := judgeFrames(t, newVideoFormat, defaults(t, nil), formatted(200, tt.length, tt.edit), 99, 101, 140)
			wantTold(t, fs, tt.want...)
			if tt.says != "" && (len(fs) == 0 || !strings.Contains(fs[0].Message, tt.says)) {
				t.Errorf("says %+v, want %q", fs, tt.says)
			}
		})
	}
}

func TestAnnouncedChangesMayCount(t *testing.T) {
	frames := formatted(200, at25, func(n int, f *videoFrame, c *measurement.Format) {
		if n >= 100 {
			f.Disc, c.Width = 1, 32
		}
	})
	p := defaults(t, map[string]float64{"video.format_change.announced": 1})
	wantTold(t, judgeFrames(t, newVideoFormat, p, frames), "video.format_change warn 4-4.04")
}

func TestHDRTagsAgainstThePicture(t *testing.T) {
	grid := func(f *videoFrame, v uint8) {
		for i := range f.Frame.Grid {
			f.Frame.Grid[i] = 90
		}
		for i := range 60 {
			f.Frame.Grid[i] = v
		}
	}
	tests := []struct {
		name, transfer, primaries string
		depth                     int
		bright                    uint8
		says                      string
	}{
		{"PQ", "smpte2084", "bt2020", 10, 160, ""},
		{"PQ in 8 bit", "smpte2084", "bt2020", 8, 160, "needs 10"},
		{"HLG in 8 bit", "arib-std-b67", "bt2020", 8, 160, "needs 10"},
		{"SDR tagged PQ", "smpte2084", "bt2020", 10, 220, "levels of SDR"},
		{"bright HLG", "arib-std-b67", "bt2020", 10, 220, ""},
		{"wide gamut without HDR", "bt709", "bt2020", 10, 160, "wide gamut"},
		{"SDR", "bt709", "bt709", 8, 220, ""},
	}
	for _, tt := range tests {
		frames := formatted(100, at25, func(_ int, f *videoFrame, c *measurement.Format) {
			c.Transfer, c.Primaries, c.Depth = tt.transfer, tt.primaries, tt.depth
			grid(f, tt.bright)
		})
		fs := judgeFrames(t, newVideoFormat, defaults(t, nil), frames, 50)
		if (tt.says == "") != (len(fs) == 0) || len(fs) > 0 && (!strings.Contains(fs[0].Message, tt.says) || told(fs[0]) != "video.format_change info 0-4") {
			t.Errorf("%s: %+v", tt.name, fs)
		}
	}
}

func TestAudioFormatChange(t *testing.T) {
	run := func(edit func(k int, s *audioSlot, c *measurement.Format)) []jobs.Finding {
		var fs []jobs.Finding
		d := newAudioFormat(defaults(t, nil), func(f jobs.Finding) { fs = append(fs, f) })
		for k := range 600 {
			c := audioFormat(48000)
			s := audioSlot{Slot: &measurement.Slot{}, Format: &c, Start: jobs.Micros(k) * slotLength, End: jobs.Micros(k+1) * slotLength}
			edit(k, &s, &c)
			d.slot(&s)
		}
		d.finish(6e6)
		return fs
	}
	fs := run(func(k int, s *audioSlot, c *measurement.Format) {
		if k >= 200 {
			c.SampleRate, c.Channels, c.Layout = 44100, 6, "5.1"
		}
		if k >= 400 {
			s.Disc, c.Codec = 1, "ac3"
		}
	})
	wantTold(t, fs, "audio.format_change warn 2-2.01", "audio.format_change info 4-4.01")
	if want := "sample rate 48000 Hz → 44100 Hz, channels 2 → 6, layout stereo → 5.1"; len(fs) > 0 && !strings.Contains(fs[0].Message, want) {
		t.Errorf("says %q, want %q", fs[0].Message, want)
	}
	wantTold(t, run(func(k int, _ *audioSlot, c *measurement.Format) { c.BitRate = int64(k) }))
}
