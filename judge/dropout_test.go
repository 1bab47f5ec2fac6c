package judge

import (
	"slices"
	"testing"

	"aircheck/jobs"
)

// dropouts lists where the detector of dropouts finds some, to the hundredth of a second.
func dropouts(t *testing.T, slots []audioSlot) []run {
	t.Helper()
	var list []run
	for _, f := range listenTo(t, slots, nil) {
		if f.Code == "audio.dropout" {
			list = append(list, run{(f.Start.Micros() + 5e3) / 1e4 * 1e4, (f.End.Micros() + 5e3) / 1e4 * 1e4})
		}
	}
	return list
}

// faded goes down to a level within some milliseconds before one time, and up again behind another.
func (f sound) faded(from, to, ms, floor float64) sound {
	return f.through(func(n int, v float64) float64 {
		t := float64(n) / soundRate
		return v * max(floor, min(1, max(from-t, t-to)/ms*1000))
	})
}

// louder is so many times louder within a stretch.
func (f sound) louder(from, to, times float64) sound {
	return f.through(func(n int, v float64) float64 {
		if t := float64(n) / soundRate; t < from || t >= to {
			return v
		}
		return v * times
	})
}

func TestRestsAreNoDropouts(t *testing.T) {
	noise := wideNoise(0.05)
	for _, tt := range []struct {
		name  string
		sound sound
		want  []run
	}{
		// A note is struck while the fade begins, so that it ends no softer than the sound was before.
		{"faded within 30 ms, on a note", noise.louder(2.988, 3, 8).louder(3.2, 3.212, 8).faded(3, 3.2, 30, 0), nil},
		{"cut on a note", noise.louder(2.988, 3, 8).louder(3.2, 3.212, 8).gated(3, 3.2), []run{{3e6, 3.2e6}}},
		{"a pause within 5 ms, over a floor of noise", noise.faded(3, 3.2, 5, 0.02), nil},
		{"cut, over a floor of noise", sound(chord).gated(3, 3.2).plus(wideNoise(0.0003)), []run{{3e6, 3.2e6}}},
		{"soft sound behind a tone", twice(sineOf(1000, 0.2)).gated(3, 9).plus(wideNoise(0.005).louder(3.04, 9, 6)), nil},
		{"a hole behind a wave that crosses zero", twice(sineOf(60, 0.3)).gated(3, 3.1), []run{{3e6, 3.1e6}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := dropouts(t, tt.sound.measured(6)); !slices.Equal(got, tt.want) {
				t.Errorf("found %v, want %v", got, tt.want)
			}
		})
	}
}

// What lacks between the timestamps was lost where it is a frame of a codec; else it is how the timestamps were written.
func TestTimestampsThatJumpAreNoDropouts(t *testing.T) {
	for _, tt := range []struct {
		name string
		lack jobs.Micros
		want int
	}{{"a block of Vorbis stamped late", 11e3, 0}, {"a clock that runs away", 15e3, 0}, {"a frame of AAC", 21333, 1}, {"a frame of Opus", 20e3, 1}} {
		t.Run(tt.name, func(t *testing.T) {
			slots := wideNoise(0.1).measured(6)
			slots[300].Samples, slots[300].End = 48, slots[300].Start+1000
			clear(slots[300].Env[1:])
			for i := 301; i < len(slots); i++ {
				slots[i].Start += tt.lack - 9e3
				slots[i].End += tt.lack - 9e3
			}
			if got := dropouts(t, slots); len(got) != tt.want {
				t.Errorf("found %v, want %d", got, tt.want)
			}
		})
	}
}
