package judge

import (
	"math"
	"slices"

	"aircheck/jobs/measurement"
)

const (
	// edgePhases is short for the number of phases.
	edgePhases = measurement.EdgePhases
	// maxClassStep bounds what one phase adds to the choice of the grid's offset, in code values: the edge of a letterbox stands on one phase with a step far beyond
	// any block's.
	maxClassStep = 8
	// leastExcess is the mean excess of a grid below which nobody need look closer.
	leastExcess = 0.1
	// leastClassWidth and leastClassHeight are the sizes from which every phase has two columns and one row at least.
	leastClassWidth, leastClassHeight = 2 * edgePhases, edgePhases
)

// blockGrid is a period of the sides of blocks, in thirds of a sample, and over how many more samples a side spreads when it was scaled.
type blockGrid struct {
	period, spread int
	name           string
}

// blockGrids are those of codecs (8 samples: larger blocks have sides there, too), and the same scaled up by 4/3, 3/2 and 2.
var blockGrids = [...]blockGrid{
	{24, 0, "blocks of 8"},
	{32, 1, "blocks of 8 scaled by 4/3"},
	{36, 1, "blocks of 8 scaled by 3/2"},
	{48, 1, "blocks of 8 scaled by 2"},
}

// reach is how far around a phase is looked.
const reach = 4

// phaseSteps are the mean steps across each phase of columns or rows, in code values of the 8-bit scale.
type phaseSteps struct {
	// own begins and ends with copies of the phases of the other end: phase i is own[i+reach].
	own [edgePhases + 2*reach]float64
	// step and around are the steps on a side that spreads, and those around it; clipped is the difference as far as it counts for the offset.
	step, around, clipped [edgePhases]float64
}

// fill takes the sums of n lines, each of which is length long; line 0 has no step.
func (p *phaseSteps) fill(sums *[edgePhases]int64, n, length int, scale int64) {
	more := (n - 1) % edgePhases // phases up to this one have a line more than those behind; phase 0 has the one without a step
	inverse := func(lines int) float64 { return 1 / float64(int64(max(1, lines))*int64(max(1, length))*scale) }
	most, least := inverse((n-1)/edgePhases+1), inverse((n-1)/edgePhases)
	for i, s := range sums {
		by := least
		if i > 0 && i <= more {
			by = most
		}
		p.own[i+reach] = float64(max(0, s)) * by
	}
	copy(p.own[:reach], p.own[edgePhases:])
	copy(p.own[edgePhases+reach:], p.own[reach:])
}

// surround fills in the steps of sides that spread over so many more lines, and the means of those two and three lines before and behind.
func (p *phaseSteps) surround(spread int) {
	for i := range p.around {
		o := p.own[i : i+2*reach+1]
		p.step[i] = (o[reach] + o[reach+spread]) / 2
		p.around[i] = (o[reach-3] + o[reach-2] + o[reach+2+spread] + o[reach+3+spread]) / 4
		p.clipped[i] = min(p.step[i]-p.around[i], maxClassStep)
	}
}

// excess is by how much the sides of blocks stand out: the median over the phases of the grid, at its best offset, of step and surroundings. The median leaves out the edges
// of a letterbox or of graphics, which stand on one phase or two.
func (p *phaseSteps) excess(g blockGrid) (step, around float64) {
	count := 3 * edgePhases / g.period
	best, at := 0.0, -1
	for offset := range (g.period + 2) / 3 {
		sum := 0.0
		for k := range count {
			sum += p.clipped[(3*offset+k*g.period)/3]
		}
		if sum > best {
			best, at = sum, offset
		}
	}
	if at < 0 || best < leastExcess*float64(count) {
		return 0, 0
	}
	var steps, arounds [edgePhases / 8]float64
	for k := range count {
		i := (3*at + k*g.period) / 3
		steps[k], arounds[k] = p.step[i], p.around[i]
	}
	return median(steps[:count]), median(arounds[:count])
}

// median sorts v; it is the mean of the middle two of an even number.
func median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}

// blocking is how blocky a picture is by its first grid, and by the one that stands out most.
type blocking struct {
	made        bool
	first, most float64
	grid        string // of most
}

// blocks are found once for all detectors.
func (f *videoFrame) blocks() *blocking {
	if !f.blocking.made {
		f.blocking = blocky(f)
	}
	return &f.blocking
}

// blocky is how blocky a picture is: the steps across the sides of blocks beyond those around, in code values, times their share of the step, so that texture masks what it
// masks for the eye; the geometric mean of both directions, for what stands out in one direction only is no codec's.
func blocky(f *videoFrame) blocking {
	b := blocking{made: true}
	t, m := f.Texture, f.Format
	if t == nil || m.Width < leastClassWidth || m.Height < leastClassHeight {
		return b
	}
	w, h := m.Width-int(t.Left)-int(t.Right), m.Height-int(t.Top)-int(t.Bottom)
	if w < m.Width/4 || h < m.Height/4 {
		return b // next to nothing but black border
	}
	var columns, rows phaseSteps
	columns.fill(&t.ColEdge, m.Width, h, depthScale(m))
	spread := -1 // of rows, which most pictures do not need
	for i, g := range blockGrids {
		if i == 0 || g.spread != blockGrids[i-1].spread {
			columns.surround(g.spread)
		}
		across := columns.score(g)
		if across == 0 {
			continue
		}
		if spread < 0 {
			rows.fill(&t.RowEdge, m.Height, w, depthScale(m))
		}
		if spread != g.spread {
			spread = g.spread
			rows.surround(spread)
		}
		s := math.Sqrt(across) * math.Sqrt(rows.score(g))
		if i == 0 {
			b.first = s
		}
		if s > b.most {
			b.most, b.grid = s, g.name
		}
	}
	return b
}

func (p *phaseSteps) score(g blockGrid) float64 {
	step, around := p.excess(g)
	if step <= around {
		return 0
	}
	return (step - around) * ((step - around) / step)
}
