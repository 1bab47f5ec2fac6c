package judge

import (
	"math"
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// drawn signs n pictures, 25 a second, each of a moment of a film.
func drawn(n int, moment func(t float64) float64, draw func(grid *[measurement.GridW * measurement.GridH]uint8, t float64)) *pictureSignature {
	s := newPictureSignature()
	f := videoFrame{Frame: &measurement.Frame{}, Format: &measurement.Format{Width: 640, Height: 360}}
	for k := range n {
		f.Start, f.End = jobs.Micros(k)*40e3, jobs.Micros(k+1)*40e3
		f.PTS, f.Unit = int64(k), int32(k/25)
		draw(&f.Grid, moment(float64(k)/25))
		s.frame(&f)
	}
	return s
}

// graphics is a pattern that stays, with a little in it that moves at a speed and never repeats: any two of its pictures agree.
func graphics(speed func(t float64) float64) func(grid *[measurement.GridW * measurement.GridH]uint8, t float64) {
	return func(grid *[measurement.GridW * measurement.GridH]uint8, t float64) {
		at := speed(t)
		for i := range grid {
			x, y := float64(i%measurement.GridW), float64(i/measurement.GridW)
			still := 60 * math.Sin(x/3) * math.Cos(y/4)
			grid[i] = uint8(128 + still + 14*math.Sin(x*0.5+y*0.3+at) + 14*math.Sin(y*0.6-x*0.2+0.37*at))
		}
	}
}

func same(t float64) float64 { return t }

// TestCutsWithinAScene: what lacks in the middle of a scene is where it lacks, although the pictures before and behind agree at any lag.
func TestCutsWithinAScene(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		at, lack float64
		speed    func(t float64) float64
	}{
		{"graphics that move on", 7.48, 3.28, func(t float64) float64 { return 2 * t }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			draw := graphics(tt.speed)
			ref := drawn(350, same, draw)
			pic := drawn(260, func(t float64) float64 {
				if t >= tt.at {
					return t + tt.lack
				}
				return t
			}, draw)
			gaps := matchOf(pic, ref).gaps()
			if len(gaps) == 0 || math.Abs(gaps[0].From.Seconds()-tt.at) > 0.2 || math.Abs(gaps[0].ref.length().Seconds()-tt.lack) > 0.2 {
				t.Errorf("gaps %+v, want one of %g s at %g s", gaps, tt.lack, tt.at)
			}
		})
	}
}

// TestCoarselyCodedPicturesStandStill: a coarse coder holds slow motion for some pictures. They are those of a moment before then, but at the cuts it shows that nothing has moved.
func TestCoarselyCodedPicturesStandStill(t *testing.T) {
	t.Parallel()
	film := func(noise int) func(grid *[measurement.GridW * measurement.GridH]uint8, t float64) {
		rng := rand.New(rand.NewPCG(3, 4))
		return func(grid *[measurement.GridW * measurement.GridH]uint8, t float64) {
			scenery(grid, 7*math.Floor(t/7)+0.5*math.Mod(t, 7), noise, rng)
		}
	}
	held := func(t float64) float64 {
		if math.Mod(t, 7) > 1 {
			return t - 0.16
		}
		return t
	}
	a := &alignment{pic: drawn(340, held, film(6)), ref: drawn(350, same, film(0)), Match: make([]int32, 340)}
	// As it was followed: at 0, then at the lag of the held pictures.
	a.Stretches = []stretch{{From: 0, To: 200}, {From: 200, To: 340, Lag: 160e3, EndLag: 160e3}}
	for i := range a.Stretches {
		a.rematch(&a.Stretches[i])
	}
	a.unify()
	if len(a.Stretches) != 1 || a.Stretches[0].Lag != 0 {
		t.Errorf("stretches %+v, want one at 0", a.Stretches)
	}
	// A cut of as much in what moves fast is no holding.
	fast := func(grid *[measurement.GridW * measurement.GridH]uint8, t float64) {
		scenery(grid, 7*math.Floor(t/7)+2*math.Mod(t, 7), 0, nil)
	}
	cut := &alignment{pic: drawn(340, func(t float64) float64 { return t - 0.16*b2f(t > 8) }, fast), ref: drawn(350, same, fast), Match: make([]int32, 340)}
	cut.Stretches = []stretch{{From: 0, To: 200}, {From: 200, To: 340, Lag: 160e3, EndLag: 160e3}}
	for i := range cut.Stretches {
		cut.rematch(&cut.Stretches[i])
	}
	if cut.unify(); len(cut.Stretches) != 2 {
		t.Errorf("stretches %+v, want two", cut.Stretches)
	}
}
