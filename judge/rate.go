package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

const (
	// steadyLength and steadyFrames are how long frames must keep their distance to have a rate.
	steadyLength jobs.Micros = 2e6
	steadyFrames int64       = 24
	// rateJitter is how far one distance may lie from the mean: clocks of a millisecond round by that much.
	rateJitter jobs.Micros = 1200
	// rateStep is the least change of the rate: 24 and 23.976 are the same to a viewer, 24 and 25 are not.
	rateStep = 0.01
)

// steadyRate measures the rate of frames over stretches of equal distances. A variable rate has none.
type steadyRate struct {
	// From is where the present stretch begins, FirstEnd where its first frame ends; it has N frames over Sum.
	From, FirstEnd jobs.Micros
	N              int64
	Sum            jobs.Micros
	// Announced: the playlist announced a discontinuity since the rate was last known.
	Announced bool
	// Usual is the mean distance in force in microseconds; 0 before the first.
	Usual float64
}

// see takes the next frame, and returns a change once the new rate is sure.
func (s *steadyRate) see(f *videoFrame, announced bool) (formatChange, bool) {
	s.Announced = s.Announced || announced
	d := f.End - f.Start
	if s.N == 0 || abs(d-s.Sum/jobs.Micros(s.N)) > rateJitter {
		s.From, s.FirstEnd, s.N, s.Sum = f.Start, f.End, 0, 0
	}
	s.N++
	s.Sum += d
	if s.N < steadyFrames || s.Sum < steadyLength {
		return formatChange{}, false
	}
	mean, before := float64(s.Sum)/float64(s.N), s.Usual
	c := formatChange{At: s.From, End: s.FirstEnd, Announced: s.Announced}
	s.Announced = false
	if before > 0 && math.Abs(mean/before-1) <= rateStep {
		s.N, s.Sum, s.From, s.FirstEnd = 1, d, f.Start, f.End
		return formatChange{}, false
	}
	s.Usual = mean
	if before == 0 {
		return formatChange{}, false
	}
	c.Parts = []string{fmt.Sprintf("frame rate %.4g → %.4g", 1e6/before, 1e6/mean)}
	return c, true
}

func (s *steadyRate) gap() { s.N = 0 }
