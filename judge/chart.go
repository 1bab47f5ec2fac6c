package judge

import "aircheck/jobs"

const (
	// leastStep is the step of the curves of a short check, and the cell of time within which sound and bytes are added up.
	leastStep jobs.Micros = 200e3
	// fineFigure are the parts of a unit in which figures are kept.
	fineFigure = 100
	// floor of a level that is drawn, in dB: silence was measured, and has no level.
	floorLevel = quietest
)

// The figures of a chart of pictures, and those of sound.
const (
	chartLuma = iota
	chartMotion
	chartBlockiness
	chartBitRate
	chartFigures
)

const (
	chartMomentary = iota
	chartShortTerm
	// chartGrid counts the cells of the programme's grid of loudness up to there: integrated loudness is made of it at the end.
	chartGrid
	chartPeak
)

// chart collects what is drawn of a track: figures over time in bounded memory. It judges nothing. It is fed with what the detectors see, in the order of time, so it is the
// same however the stream was cut. Exported fields are its state; a nil chart collects nothing.
type chart struct {
	Step    jobs.Micros
	Figures [chartFigures]points
	// Cell counts the cells of leastStep up to the open one.
	Cell int64
	Open openCell
	// Trace is what signatures are made of.
	Trace trace

	// here is the step of the last time that was asked for, and at its number.
	here run
	at   int

	loudness *loudness
	levels   *channelLevels
}

// openCell is what was seen of a cell of time that is not over.
type openCell struct {
	Bits, Time int64
}

func newChart() *chart { return &chart{Step: leastStep, Trace: newTrace()} }

// equip tells a chart of sound where its loudness and its levels are measured.
func (c *chart) equip(detectors []audioDetector) {
	if c == nil {
		return
	}
	c.Step = max(c.Step, leastStep)
	for _, d := range detectors {
		switch d := d.(type) {
		case *loudness:
			c.loudness = d
		case *channelLevels:
			c.levels = d
		}
	}
}

// drawn tells whether a track under these parameters is drawn: a reference is not, nor what a second judge sees of the same media.
func (p *params) drawn() bool { return p.role != roleReference && !p.undrawn }

// undrawn says that another judge draws what this one sees.
func (j *Judge) undrawn() {
	for _, q := range j.sequences {
		q.params.undrawn = true
	}
}

// step is the number of the step that holds a time; steps are doubled until it is below jobs.MaxCurvePoints.
func (c *chart) step(at jobs.Micros) int {
	if at >= c.here.From && at < c.here.To {
		return c.at
	}
	at = max(0, min(at, maxTimeline))
	for at/c.Step >= jobs.MaxCurvePoints {
		c.Step *= 2
		for i := range c.Figures {
			c.Figures[i].halve()
		}
	}
	c.at = int(at / c.Step)
	c.here = run{From: jobs.Micros(c.at) * c.Step, To: jobs.Micros(c.at+1) * c.Step}
	return c.at
}

// put adds a value at a time.
func (c *chart) put(figure int, at jobs.Micros, p point) {
	if p.N > 0 {
		step := c.step(at) // first: it may move the points
		c.Figures[figure].put(step, p)
	}
}

// frame takes a picture; shallow says that those between it and the next are not known.
func (c *chart) frame(f *videoFrame, shallow bool) {
	if c == nil {
		return
	}
	c.Trace.frame(f, shallow)
	area := int64(sideLength(f.Format.Width)) * int64(sideLength(f.Format.Height)) * depthScale(f.Format)
	if area <= 0 {
		return
	}
	c.enter(f.Start)
	luma := pointOf(float64(f.SumY)/float64(area), fineFigure)
	if shallow {
		c.put(chartLuma, f.Start, luma)
		return
	}
	c.stand(f, luma)
	first := c.step(f.Start)
	if f.HasPair {
		c.Figures[chartMotion].put(first, pointOf(float64(f.Pair.SADY)/float64(area), fineFigure))
	}
	if f.Texture != nil {
		c.Figures[chartBlockiness].put(first, pointOf(f.blocks().most, fineFigure))
	}
	c.Open.Bits += 8 * int64(max(0, f.PktSize))
	c.Open.Time += int64(f.End - f.Start)
}

// stand adds the luma of a picture to all steps that it touches; behind the first of them it does not move.
func (c *chart) stand(f *videoFrame, luma point) {
	last := c.step(f.End - 1) // first: it may double the steps
	first := c.step(f.Start)
	c.Figures[chartLuma].put(first, luma)
	for i := first + 1; i <= last; i++ {
		c.Figures[chartLuma].put(i, luma)
		c.Figures[chartMotion].put(i, point{N: 1})
	}
}

// slot tells of 10 ms of sound, which the detectors see next.
func (c *chart) slot(s *audioSlot) {
	if c == nil {
		return
	}
	c.enter(s.Start)
}

// enter ends the open cell if a time lies behind it.
func (c *chart) enter(at jobs.Micros) {
	if from := jobs.Micros(c.Cell) * leastStep; at < from || at >= from+leastStep {
		c.flush()
		c.Cell = int64(at / leastStep)
	}
}

// flush adds what was seen of the open cell. It comes before the detectors see what follows, so that the loudness is that at the end of the cell.
func (c *chart) flush() {
	if c == nil {
		return
	}
	o, at := c.Open, jobs.Micros(c.Cell)*leastStep
	c.Open = openCell{}
	if o.Time > 0 {
		c.put(chartBitRate, at, pointOf(float64(o.Bits)*1e3/float64(o.Time), fineFigure)) // bits a microsecond are Mbit/s
	}
	if c.levels != nil {
		c.sound(at, c.levels.take())
	}
}

// sound adds what was heard in a cell.
func (c *chart) sound(at jobs.Micros, heard cellLevel) {
	if heard.Samples <= 0 {
		return
	}
	c.Trace.sound(int64(at/leastStep), heard.Sq/float64(heard.Samples))
	c.put(chartPeak, at, pointOf(visible(decibels(heard.Peak)), fineFigure))
	if l := c.loudness; l != nil {
		if m, ok := l.Window.mean(momentaryTenths); ok {
			c.put(chartMomentary, at, pointOf(visible(lufs(m)), fineFigure))
		}
		if m, ok := l.Window.mean(shortTermTenths); ok {
			c.put(chartShortTerm, at, pointOf(visible(lufs(m)), fineFigure))
		}
		c.put(chartGrid, at, pointOf(float64(len(l.Energy)), 1))
	}
}

// visible is a level that has a place on a chart.
func visible(level float64) float64 { return max(level, floorLevel) }
