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

// phaseSteps are the mean steps across each phase of columns or rows, and those around it, in code values of the 8-bit scale.
type phaseSteps struct {
	own, around [edgePhases]float64
}

// fill takes the sums of n lines, each of which is length long; line 0 has no step.
func (p *phaseSteps) fill(sums *[edgePhases]int64, n, length int, scale int64) {
	for i := range p.own {
		lines := (n-1-i)/edgePhases + 1
		if i == 0 {
			lines--
		}
		p.own[i] = float64(max(0, sums[i])) / float64(int64(max(1, lines))*int64(max(1, length))*scale)
	}
}

// surround fills in the means of the steps two and three lines before and behind what is `spread` wide.
func (p *phaseSteps) surround(spread int) {
	for i := range p.around {
		at := func(d int) float64 { return p.own[(i+d+edgePhases)%edgePhases] }
		p.around[i] = (at(-3) + at(-2) + at(2+spread) + at(3+spread)) / 4
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
			i := (3*offset + k*g.period) / 3 % edgePhases
			sum += min(p.step(i, g.spread)-p.around[i], maxClassStep)
		}
		if sum > best {
			best, at = sum, offset
		}
	}
	if at < 0 {
		return 0, 0
	}
	var steps, arounds [edgePhases / 8]float64
	for k := range count {
		i := (3*at + k*g.period) / 3 % edgePhases
		steps[k], arounds[k] = p.step(i, g.spread), p.around[i]
	}
	return median(steps[:count]), median(arounds[:count])
}

func (p *phaseSteps) step(i, spread int) float64 {
	if spread == 0 {
		return p.own[i]
	}
	return (p.own[i] + p.own[(i+1)%edgePhases]) / 2
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

// blocky is how blocky a picture is: the steps across the sides of blocks beyond those around, in code values, times their share of the step, so that texture masks what it
// masks for the eye; the geometric mean of both directions, for what stands out in one direction only is no codec's.
func blocky(f *videoFrame, grids []blockGrid) (score float64, grid string) {
	t, m := f.Texture, f.Format
	if t == nil || m.Width < leastClassWidth || m.Height < leastClassHeight {
		return 0, ""
	}
	w, h := m.Width-int(t.Left)-int(t.Right), m.Height-int(t.Top)-int(t.Bottom)
	if w < m.Width/4 || h < m.Height/4 {
		return 0, "" // next to nothing but black border
	}
	var columns, rows phaseSteps
	columns.fill(&t.ColEdge, m.Width, h, depthScale(m))
	rows.fill(&t.RowEdge, m.Height, w, depthScale(m))
	for i, g := range grids {
		if i == 0 || g.spread != grids[i-1].spread {
			columns.surround(g.spread)
			rows.surround(g.spread)
		}
		if s := math.Sqrt(columns.score(g)) * math.Sqrt(rows.score(g)); s > score {
			score, grid = s, g.name
		}
	}
	return score, grid
}

func (p *phaseSteps) score(g blockGrid) float64 {
	step, around := p.excess(g)
	if step <= around {
		return 0
	}
	return (step - around) * ((step - around) / step)
}
