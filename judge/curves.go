package judge

import (
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// drawnCurve says how a figure of a chart is told.
type drawnCurve struct {
	figure          int
	name, unit      string
	low, high, mean bool
}

func curvesOf(kind measurement.Kind) []drawnCurve {
	const codes = "code values"
	if kind == measurement.Video {
		return []drawnCurve{
			{chartLuma, jobs.CurveLuma, codes, true, true, true},
			{chartMotion, jobs.CurveMotion, codes, false, true, true},
			{chartBlockiness, jobs.CurveBlockiness, codes, false, true, true},
			{chartBitRate, jobs.CurveBitRate, "kbit/s", false, true, true},
		}
	}
	return []drawnCurve{
		{chartMomentary, jobs.CurveMomentary, "LUFS", true, true, true},
		{chartShortTerm, jobs.CurveShortTerm, "LUFS", true, true, true},
		{chartGrid, jobs.CurveIntegrated, "LUFS", false, false, true},
		{chartPeak, jobs.CurvePeak, "dBFS", false, true, false},
	}
}

// Curves are what was measured over the time of the check, on the timeline of its report. They are there once the check is judged.
func (j *Judge) Curves() jobs.Curves {
	all := jobs.Curves{V: jobs.CurvesVersion, Renditions: []jobs.RenditionCurves{}}
	for i := range j.list {
		t := &j.list[i]
		if t.s.Chart != nil {
			all.Renditions = append(all.Renditions, t.curves())
		}
	}
	return all
}

func (t *rendition) curves() jobs.RenditionCurves {
	c := t.s.Chart.moved(t.shift)
	r := jobs.RenditionCurves{Rendition: t.ID, Step: c.Step.At(), Curves: []jobs.Curve{}}
	for _, k := range curvesOf(t.s.Kind) {
		list := c.Figures[k.figure]
		if k.figure == chartGrid && t.s.Kind == measurement.Audio {
			list = t.s.Chart.loudness.running(list)
		}
		if told := k.tell(list); told.Low != nil || told.High != nil || told.Mean != nil {
			r.Curves = append(r.Curves, told)
		}
	}
	return r
}

// moved is the chart on a timeline that was moved.
func (c *chart) moved(by []shift) *chart {
	if len(by) == 0 {
		return c
	}
	to := &chart{Step: c.Step}
	for figure, list := range c.Figures {
		for i, p := range list {
			to.put(figure, shifted(by, jobs.Micros(i)*c.Step+c.Step/2), p)
		}
	}
	return to
}

// tell is a figure as it stands in the document; its rows are nil where nothing was measured.
func (k *drawnCurve) tell(list points) jobs.Curve {
	told := jobs.Curve{Name: k.name, Unit: k.unit}
	row := func(wanted bool, of func(*point) float64) []*jobs.Number {
		if !wanted || len(list) == 0 {
			return nil
		}
		values, row := make([]jobs.Number, len(list)), make([]*jobs.Number, len(list))
		for i := range list {
			if list[i].N > 0 {
				values[i] = jobs.Number(of(&list[i]) / fineFigure)
				row[i] = &values[i]
			}
		}
		return row
	}
	told.Low = row(k.low, func(p *point) float64 { return float64(p.Low) })
	told.High = row(k.high, func(p *point) float64 { return float64(p.High) })
	told.Mean = row(k.mean, func(p *point) float64 { return math.Round(float64(p.Sum) / float64(p.N)) })
	return told
}

// gateBins are the steps of 0.01 LU in which blocks are sorted for a running loudness, from the absolute gate up to 50 LU above full scale.
const (
	gateBins   = 12_000
	gateBinsLU = 100
)

// runningGate sorts the blocks of a programme by loudness, so that the loudness up to each of them costs next to nothing: the relative gate moves little from block to block.
type runningGate struct {
	sums   [gateBins]float64
	counts [gateBins]int64
	// Of all, and of those in the bins from gate on.
	sum, above    float64
	n, aboveCount int64
	gate          int
}

func gateBin(loudness float64) int {
	return int(max(0, min((loudness-absoluteGate)*gateBinsLU, gateBins-1)))
}

// add takes the mean square of a block that is louder than the absolute gate.
func (g *runningGate) add(m float64) {
	bin := gateBin(lufs(m))
	g.sums[bin] += m
	g.counts[bin]++
	g.sum += m
	g.n++
	if bin >= g.gate {
		g.above += m
		g.aboveCount++
	}
	want := gateBin(lufs(g.sum / float64(g.n) * relativeGate))
	for ; g.gate < want; g.gate++ {
		g.above -= g.sums[g.gate]
		g.aboveCount -= g.counts[g.gate]
	}
	for ; g.gate > want; g.gate-- {
		g.above += g.sums[g.gate-1]
		g.aboveCount += g.counts[g.gate-1]
	}
}

// loudness is that of the blocks so far; minus infinity of none.
func (g *runningGate) loudness() float64 {
	if g.aboveCount <= 0 {
		return math.Inf(-1)
	}
	return lufs(g.above / float64(g.aboveCount))
}

// running turns counts of cells of the grid into the integrated loudness up to there (BS.1770-5 Annex 1). The relative gate is right to 0.01 LU.
func (l *loudness) running(counts points) points {
	list := make(points, len(counts))
	if l == nil {
		return list
	}
	gate, blocks := new(runningGate), blockWalk{l: l}
	for i, p := range counts {
		if p.N == 0 {
			continue
		}
		for m, ok := blocks.next(int64(p.High)); ok; m, ok = blocks.next(int64(p.High)) {
			gate.add(m)
		}
		if v := gate.loudness(); !math.IsInf(v, 0) {
			list[i] = pointOf(v, fineFigure)
		}
	}
	return list
}

// blockWalk goes through the gating blocks that are louder than the absolute gate, in the order of time.
type blockWalk struct {
	l        *loudness
	at, span int // where the next block begins, and the span after that
}

// next is the next block that ends within the first limit cells.
func (w *blockWalk) next(limit int64) (float64, bool) {
	gate := meanSquareOf(absoluteGate)
	end := int(max(0, min(limit, int64(min(len(w.l.Energy), len(w.l.Samples))))))
	for w.at+momentaryTenths <= end {
		for w.span < len(w.l.Spans) && w.l.Spans[w.span] <= w.at {
			w.span++
		}
		if w.span < len(w.l.Spans) && w.l.Spans[w.span] < w.at+momentaryTenths {
			w.at = w.l.Spans[w.span] // no block bridges what is missing
			continue
		}
		var sum float64
		var samples int64
		for i := w.at; i < w.at+momentaryTenths; i++ {
			sum += w.l.Energy[i]
			samples += int64(w.l.Samples[i])
		}
		w.at++
		if m := sum / float64(samples); m > gate && m <= maxEnergy {
			return m, true
		}
	}
	return 0, false
}
