package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// darkState and redSaturation are of WCAG 2.2 (general and red flash thresholds); the first is 160 cd/m2 of a display of 200 in ITU-R BT.1702.
	darkState, redSaturation = 0.8, 0.8
	// redScale is the factor of WCAG's measure of red, (R-G-B)*320.
	redScale = 320
	// flashWindow is the time in which flashes are counted.
	flashWindow jobs.Micros = 1e6
	// longCount is how many changes a second make a sequence that is a risk when it goes on (BT.1702; IRIS counts 4 to 6).
	longCount = 4
	// longConfidence: sequences within the limits of rate are a matter of dispute.
	longConfidence = 0.5
	// flashConfidence: means of cells stand in for pixels, and nobody measured the screen.
	flashConfidence = 0.9
	// maxFrameSlack bounds by how much the count forgives that changes fall on frames.
	maxFrameSlack jobs.Micros = 50e3
)

// flash screens for flashing pictures by the rules of WCAG 2.x and ITU-R BT.1702, on the means of the cells: luminance on 32x18 of them, saturated red on 16x9.
type flash struct {
	General, Red flashCounter
	// Pictures counts what was looked at, Dark and NoRed those whose luminance or colour is not known.
	Pictures, Dark, NoRed int64

	curve      curve
	red        redMatrix
	step, rate float64
	long       jobs.Micros
	cells      [measurement.ChromaW * measurement.ChromaH]uint8
	emit       emitter
}

// flashCounter is what both kinds of flashes have in common.
type flashCounter struct {
	Field flashField
	// Fast is the sequence with too many flashes in a second, Slow one with many; Last is the last Fast that was told.
	Fast, Slow, Last *flashRun

	levels levels
}

// flashRun is a sequence of flashes.
type flashRun struct {
	run
	Count int // greatest number of changes in a second
}

func newFlash(p *params, emit emitter) videoDetector {
	d := &flash{
		step: p.or("video.flash.step", 0.1), rate: p.or("video.flash.rate", 3), long: seconds(p.or("video.flash.long", 5)), emit: emit,
	}
	d.General.levels, d.Red.levels = p.levels("video.flash"), p.levels("video.red_flash")
	area := p.or("video.flash.area", 25) / 100
	d.General.Field.equip(measurement.GridW*measurement.GridH, area)
	d.Red.Field.equip(measurement.ChromaW*measurement.ChromaH, area)
	return d
}

func (d *flash) frame(f *videoFrame) {
	d.Pictures++
	if !d.curve.of(f.Format, d.step) {
		d.Dark++
		d.NoRed++
		d.gap(f.Start, f.Start)
		return
	}
	switch {
	case d.red.of(f.Format):
		d.count(&d.Red, f, d.redCells(f), &d.red.steps)
	case !d.curve.grey:
		d.NoRed++
	}
	d.count(&d.General, f, f.Grid[:], &d.curve.steps)
}

// count feeds one field and keeps the runs.
func (d *flash) count(c *flashCounter, f *videoFrame, cells []uint8, steps *stepTable) {
	slack := min(f.End-f.Start, maxFrameSlack)
	if n, since := c.Field.frame(f.Start, cells, steps, flashWindow-slack); n > 0 {
		if n > int(2*d.rate) {
			c.Fast = c.Fast.extend(since, f.End, n)
		}
		if n >= longCount {
			c.Slow = c.Slow.extend(since, f.End, n)
		}
	}
	if c.Fast != nil && f.Start-c.Fast.To >= flashWindow {
		d.endFast(c)
	}
	if c.Slow != nil && f.Start-c.Slow.To >= flashWindow {
		d.endSlow(c)
	}
}

func (r *flashRun) extend(from, to jobs.Micros, n int) *flashRun {
	if r == nil {
		r = &flashRun{run: run{From: from}}
	}
	r.To, r.Count = to, max(r.Count, n)
	return r
}

func (d *flash) gap(_, _ jobs.Micros) {
	for _, c := range []*flashCounter{&d.Red, &d.General} {
		d.endFast(c)
		d.endSlow(c)
		c.Field.forget()
	}
}

func (d *flash) finish(jobs.Micros) { d.gap(0, 0) }

func (d *flash) endFast(c *flashCounter) {
	r := c.Fast
	c.Fast = nil
	if r == nil {
		return
	}
	c.Last = r
	red, levels := c == &d.General && d.tellsRed(&r.run), c.levels
	if red {
		levels = levels.mild()
	}
	l, ok := levels.reached(r.length())
	if !ok {
		return
	}
	f := d.finding(c, r, l)
	f.Confidence = flashConfidence
	f.Message = fmt.Sprintf("screening: %s at up to %g flashes a second over %g %% of the picture or more (at most %g are allowed)",
		c.what(d), float64(r.Count)/2, 100*c.Field.area, d.rate)
	if red {
		f.Message += "; it is red that flashes, told as such"
	}
	d.emit(f)
}

// tellsRed tells whether most of the run is a flash of red, which is the worse of the two.
func (d *flash) tellsRed(r *run) bool {
	var both jobs.Micros
	for _, o := range []*flashRun{d.Red.Fast, d.Red.Last} {
		if o != nil {
			both += max(0, min(r.To, o.To)-max(r.From, o.From))
		}
	}
	return 2*both > r.length()
}

// endSlow tells of a sequence that is within the limits and goes on for long, unless part of it is told as too fast.
func (d *flash) endSlow(c *flashCounter) {
	r := c.Slow
	c.Slow = nil
	if r == nil || r.length() < d.long || r.Count > int(2*d.rate) {
		return
	}
	l, ok := c.levels.mild().reached(r.length())
	if !ok {
		return
	}
	f := d.finding(c, r, l)
	f.Confidence = longConfidence
	f.Message = fmt.Sprintf("screening: %s for %.1f s at up to %g flashes a second, which the limit of %g allows; sequences beyond %g s are a risk all the same",
		c.what(d), r.length().Seconds(), float64(r.Count)/2, d.rate, d.long.Seconds())
	d.emit(f)
}

func (d *flash) finding(c *flashCounter, r *flashRun, l level) jobs.Finding {
	f := r.finding(l)
	f.Code = "video.flash"
	if c == &d.Red {
		f.Code = "video.red_flash"
	}
	f.Value, f.Threshold, f.Unit = jobs.Figure(float64(r.Count)/2), jobs.Figure(d.rate), "1/s"
	return f
}

func (c *flashCounter) what(d *flash) string {
	if c == &d.Red {
		return "saturated red flashes"
	}
	return "the picture flashes"
}

func (d *flash) unmeasured(code string) string {
	switch {
	case d.Pictures > 0 && d.Dark == d.Pictures:
		return "nobody knows the luminance of this transfer characteristic"
	case code == "video.red_flash" && d.Pictures > 0 && d.NoRed == d.Pictures:
		return "saturated red is defined for SDR in RGB of BT.601 or BT.709 only"
	}
	return ""
}

func flashThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"video.flash.info", 0, 0, day, "s", "Flashing above the rate for this long is info."},
		{"video.flash.warn", 0, 0, day, "s", "Flashing above the rate for this long is a warning."},
		{"video.flash.fail", 3, 0, day, "s", "Flashing above the rate for this long is a failure."},
		{"video.flash.rate", 3, 1, 30, "1/s", "More flashes than this in any second are too many (WCAG 2.3.1, ITU-R BT.1702); red ones, too."},
		{"video.flash.area", 25, 1, 100, "%", "Flashes count when they cover this share of the picture at the same time; red ones, too."},
		{"video.flash.step", 0.1, 0.01, 1, "", "A change of relative luminance counts from this on (WCAG 2.x; 20 of 200 cd/m² in ITU-R BT.1702)."},
		{"video.flash.long", 5, 1, day, "s", "A sequence of two to three flashes a second that goes on for this long is info; red ones, too."},
		{"video.red_flash.info", 0, 0, day, "s", "Flashing of saturated red above the rate for this long is info."},
		{"video.red_flash.warn", 0, 0, day, "s", "Flashing of saturated red above the rate for this long is a warning."},
		{"video.red_flash.fail", none, 0, day, "s", "Flashing of saturated red above the rate for this long is a failure."},
	}
}
