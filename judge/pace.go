package judge

import (
	"slices"

	"aircheck/jobs"
)

const (
	// paceStep is how often the two clocks are compared, pacePoints how many comparisons are kept of a piece: when there are more, every other one goes.
	paceStep, pacePoints = jobs.Micros(1e6), 128
	// paceLeast is the least length of a piece that shows a drift.
	paceLeast jobs.Micros = 10e6
	// paceJump is what timestamps may leap from one row to the next and still run evenly: below the shortest frame that a codec loses whole (Opus 20 ms), above
	// the 10 ms at which a worker sets the clock of its samples anew.
	paceJump jobs.Micros = 19e3
	// paceTell is the least lag of a piece that is worth its regression.
	paceTell jobs.Micros = 15e3
)

// pace compares two clocks of a sound: its timestamps, and the count of its samples. A player that follows the one runs away from a player that follows
// the other, and one of the two from the picture.
type pace struct {
	// The piece at hand runs evenly from From on; Samples were counted since, at Rate.
	From    jobs.Micros
	Samples int64
	Rate    int
	Epoch   int
	Shift   jobs.Micros
	// Last is the row taken last, Points some of those before it, Step apart.
	Last   pacePoint
	Points []pacePoint `json:",omitempty"`
	Step   jobs.Micros `json:",omitempty"`
	// Longest is the longest piece so far, Worst the one that ran away furthest.
	Longest jobs.Micros
	Worst   *drifted `json:",omitempty"`
}

// pacePoint says by how much the timestamps were ahead of the samples.
type pacePoint struct {
	At, Ahead jobs.Micros
}

// drifted is a stretch in which the timestamps ran ahead of the samples by By, or behind when it is negative.
type drifted struct {
	From, To, By jobs.Micros
}

// ppm is the rate of the drift.
func (d *drifted) ppm() float64 { return float64(d.By) / float64(max(1, d.To-d.From)) * 1e6 }

// add takes the next row of the track, also one that overlaps what was heard.
func (p *pace) add(at jobs.Micros, samples int32, s *stream) {
	if s.Format.SampleRate <= 0 {
		return
	}
	ahead := at - p.counted()
	even := p.Rate == s.Format.SampleRate && p.Epoch == s.Epoch && p.Shift == s.Clock.Shift
	if !even || s.Broken || abs(ahead-p.Last.Ahead) > paceJump {
		p.close()
		ahead = 0
		*p = pace{
			From: at, Rate: s.Format.SampleRate, Epoch: s.Epoch, Shift: s.Clock.Shift, Points: append(p.Points[:0], pacePoint{At: at}), Step: paceStep,
			Longest: p.Longest, Worst: p.Worst,
		}
	} else if at-p.Points[len(p.Points)-1].At >= p.Step {
		p.note(pacePoint{at, ahead})
	}
	p.Last = pacePoint{at, ahead}
	p.Samples += int64(samples)
}

// counted is where the samples say that the next row stands.
func (p *pace) counted() jobs.Micros {
	if p.Rate <= 0 {
		return p.From
	}
	return p.From + jobs.Micros(mulDiv(p.Samples, 1e6, uint64(p.Rate)))
}

func (p *pace) note(point pacePoint) {
	if len(p.Points) == pacePoints {
		for i := range pacePoints / 2 {
			p.Points[i] = p.Points[2*i]
		}
		p.Points = p.Points[:pacePoints/2]
		p.Step *= 2
	}
	p.Points = append(p.Points, point)
}

// close ends a piece and keeps what it says.
func (p *pace) close() {
	n := len(p.Points)
	if n < 2 {
		return
	}
	first, last := p.Points[0], p.Points[n-1]
	p.Longest = max(p.Longest, last.At-first.At)
	if last.At-first.At < paceLeast || abs(last.Ahead) < paceTell {
		return
	}
	slope, off := theilSen(p.Points)
	by := jobs.Micros(slope * float64(last.At-first.At))
	if off > max(6e3, abs(by)/6) { // no straight line: something else than two clocks
		return
	}
	if p.Worst == nil || abs(by) > abs(p.Worst.By) {
		p.Worst = &drifted{first.At, last.At, by}
	}
}

// theilSen is the median slope (Theil 1950, Sen 1968) through the points, and the median distance of the points from it. They are in order of time.
func theilSen(points []pacePoint) (slope float64, off jobs.Micros) {
	slopes := make([]float64, 0, len(points)*len(points)/2)
	for i, a := range points {
		for _, b := range points[i+1:] {
			if b.At > a.At {
				slopes = append(slopes, float64(b.Ahead-a.Ahead)/float64(b.At-a.At))
			}
		}
	}
	if len(slopes) == 0 {
		return 0, 0
	}
	slices.Sort(slopes)
	slope = slopes[len(slopes)/2]
	rest := make([]jobs.Micros, len(points))
	for i, q := range points {
		rest[i] = q.Ahead - jobs.Micros(slope*float64(q.At-points[0].At))
	}
	middle := medianTime(rest)
	for i := range rest {
		rest[i] = abs(rest[i] - middle)
	}
	return slope, medianTime(rest)
}
