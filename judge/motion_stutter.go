package judge

import (
	"math"

	"aircheck/jobs"
)

const (
	// maxEvents bounds the repeats of one row that are remembered one by one; of the rest there is a count.
	maxEvents = 64
	// tellAfter is after what time without an event the ones before are told: until then they may turn out to be a cadence of one repeat in 30.
	tellAfter jobs.Micros = 5e6
	// jumpShare is by how much the first motion after a repeat exceeds that around it when the content went on meanwhile.
	jumpShare = 1.35
	// jumpNear is how many pairs on either side say what motion is usual.
	jumpNear = 5
	// steadyDuration is by how much the time that two pictures stand may differ and their motion still be compared.
	steadyDuration = 1.2
	// jumpCut and jumpCutMean: what exceeds the motion around so far is a cut.
	jumpCut, jumpCutMean = 6, 12
	// jumpSettled is by how much it exceeds what comes after it: motion that sets in and goes on is no jump.
	jumpSettled = 1.15
	// borderShare is the change of the cells of a thumbnail as a share of that of blocks, in steady motion.
	borderShare = 0.75
	// jumpAlike is the correlation of cells below which a great change is a cut. Content that goes on unseen for half a second may change a lot.
	jumpAlike = 0.3
	// jumpPlain is by how much motion exceeds what is usual for a likely repeat before it to be one beyond doubt.
	jumpPlain = 1.5
	// A skip without a repeat: one pair exceeds all near it by skipShare, those are steady within skipSteady, and the picture is the same scene, by the correlation of
	// its cells, and neither brighter nor darker throughout. Skips of 0.3 s in camera pictures, pans and zooms exceed by 2.4 to 7 and correlate at 0.71 and more; where
	// only a part of the picture moves they exceed by 2. Of 86,000 clean pairs no steady one exceeds by more than 1.84; cuts correlate at less than 0.6, but for cuts
	// within a scene. On a border of units the cells of thumbnails, which change by less, must exceed as much.
	skipShare, skipSteady, skipMotion = 2.0, 2.25, 2.0
	skipAlike, skipLight              = 0.65, 0.7
	skipNear, skipKnown               = 4, 2
	// stepsApart is how many pairs apart changes are at least where content moves in steps: drawings on threes, a hand that types, a weather map. Their holds are made, of any length,
	// and the step after one is no jump. 24 pictures/s shown at 60 stand for two pairs.
	stepsApart = 3
	// stillMean is the mean difference up to which nothing changes, as a freeze has it.
	stillMean = 0.256
)

// hold is a picture that is being shown again.
type hold struct {
	From   jobs.Micros
	Frames int
	Sure   int
	// Before is the usual motion before it, and Mean its mean difference.
	Before, Mean float64
	// Cut: it was reached by a cut. Steps: the content before it moves in steps.
	Cut   bool `json:",omitempty"`
	Steps bool `json:",omitempty"`
	// Coded counts the pictures that a coder took a little further while nothing moved.
	Coded int `json:",omitempty"`
}

// stutterEvent is a place where pictures were repeated or lost.
type stutterEvent struct {
	From, To jobs.Micros
	Frames   int
	Lost     bool // content went on meanwhile
	Skip     bool // nothing was repeated: the content jumps
}

// stutter gathers what happens in a row.
type stutter struct {
	Events []stutterEvent `json:",omitempty"`
	// More are those beyond maxEvents: counted only.
	More, MoreLost int         `json:",omitempty"`
	MoreTime       jobs.Micros `json:",omitempty"`
	Last           jobs.Micros `json:",omitempty"` // end of the last event
}

// hold follows a picture that is shown again from its first repeat to the next motion.
func (d *motion) hold(i int, k pairKind) {
	c := &d.Ring[i]
	still := d.still(i)
	switch {
	case k == pairSure || k == pairLikely || k == pairUnknown && still:
		if d.Hold == nil {
			d.begin(i)
		}
		if h := d.Hold; h != nil {
			h.Frames++
			if k == pairSure || still {
				h.Sure++
			}
		}
	case d.Hold != nil && (k == pairMoved || d.resumes(i)):
		h := d.Hold
		d.Hold = nil
		if h.Cut && d.Ring[i].cut(0) {
			return // a picture between two scenes: black, a colour, a photograph
		}
		ratio := d.jump(i, h)
		if h.Sure > 0 || ratio >= jumpPlain {
			d.Stutter.add(stutterEvent{From: h.From, To: c.Start, Frames: h.Frames, Lost: ratio >= jumpShare}, &d.Cadence, &d.out)
		}
	case d.Hold != nil && d.Hold.Coded < maxPops && k == pairUnknown && d.calm(i) && (d.Hold.Frames >= around || d.Ring[i].Mean <= sureMeanShare*d.Hold.Mean):
		d.Hold.Frames++
		d.Hold.Coded++
	case k == pairMoved && d.skipped(i):
		d.Stutter.add(stutterEvent{From: c.Start, To: c.End, Frames: 1, Lost: true, Skip: true}, &d.Cadence, &d.out)
	default:
		d.Hold = nil
	}
}

// begin starts a hold at i if there was motion before it.
func (d *motion) begin(i int) {
	before := motionBeside(d.Ring[max(0, i-around):i])
	if !before.moves() || !d.outOfMotion(i, sureMeanShare*before.mean.second) {
		return
	}
	d.Hold = &hold{
		Mean: before.mean.second,
		From: d.Ring[i].Start, Before: medianOf(d.Ring[max(0, i-jumpNear):i], byCells, 0),
		Cut: i > 0 && d.Ring[i-1].cut(0), Steps: d.steps(i),
	}
}

// outOfMotion tells whether there is motion directly before i, but for pictures that a coder took a little further, by less than least, as it began to stand.
func (d *motion) outOfMotion(i int, least float64) bool {
	for n := 1; n <= maxPops+1 && n <= i; n++ {
		if !d.calm(i - n) {
			return true
		}
		if n > 1 && d.Ring[i-n].Mean > least || n > maxPops {
			return false
		}
	}
	return i <= maxPops
}

// steps tells whether what moves before i moves in steps: between any two changes it stands.
func (d *motion) steps(i int) bool {
	last := -stepsApart
	for j := max(0, i-around); j < i; j++ {
		if d.still(j) || d.calm(j) {
			continue
		}
		if j-last < stepsApart {
			return false
		}
		last = j
	}
	return true
}

// still tells whether nothing changes at all at i, whatever is around.
func (d *motion) still(i int) bool {
	c := &d.Ring[i]
	if c.Known {
		return c.Equal || c.Mean <= stillMean && c.Block <= stillBlock
	}
	return !c.Blind && c.Border <= stillMean
}

// calm tells whether hardly anything changes at i: a stall begins out of motion.
func (d *motion) calm(i int) bool {
	c := &d.Ring[i]
	return c.Known && (c.Block < leastBlock || c.Mean < leastMean)
}

// resumes tells whether motion sets in at i and goes on, though there was none before it.
func (d *motion) resumes(i int) bool {
	c, after := &d.Ring[i], d.Ring[i+1:min(len(d.Ring), i+1+around)]
	return !c.Blind && (c.Known || c.Border >= borderMotion) && !d.calm(i) && motionBeside(after).moves()
}

// jump is by how much the first motion after a repeat, at i, exceeds what is usual around: beyond jumpShare the content went on meanwhile, and what was between is
// lost. It is 0 where nobody knows: where content moves in steps, and at a cut.
func (d *motion) jump(i int, h *hold) float64 {
	if h.Steps {
		return 0
	}
	c := &d.Ring[i]
	after := medianOf(d.Ring[i+1:min(len(d.Ring), i+1+jumpNear)], byCells, 0)
	usual := math.Sqrt(h.Before * after)
	size := c.size()
	if c.Blind || usual <= 0 || c.cut(jumpCut*max(h.Before, after)) || c.Known && size < jumpSettled*after {
		return 0
	}
	return size / usual
}

// size is by how much the cells change, as they would within a unit.
func (c *pairChange) size() float64 {
	if c.Known {
		return c.Cells
	}
	return c.Border / borderShare
}

// cut tells whether another scene begins, whose cells change by more than the size given. Coders begin a unit with it, so that there is often no pair.
func (c *pairChange) cut(size float64) bool {
	mean := c.Border
	if c.Known {
		mean = c.Mean
	}
	return !c.Blind && mean > jumpCutMean && c.Alike < jumpAlike && c.size() > size
}

// skipped tells whether the motion at i alone is a jump: greater than all near it, which are steady, and no cut.
func (d *motion) skipped(i int) bool {
	c := &d.Ring[i]
	size := c.Cells
	if !c.Known {
		size = c.Border
	}
	if c.Blind || size < skipMotion || c.Alike < skipAlike {
		return false
	}
	low, high := math.Inf(1), 0.0
	for _, near := range [...][]pairChange{d.Ring[max(0, i-skipNear):i], d.Ring[i+1 : min(len(d.Ring), i+1+skipNear)]} {
		known := 0
		for j := range near {
			o := &near[j]
			switch {
			case o.Known && alikeLong(o, c):
				known++
				low, high = min(low, o.Cells), max(high, o.Cells)
			case o.Known || o.Blind:
				return false
			}
		}
		if known < skipKnown {
			return false
		}
	}
	return high > 0 && high <= skipSteady*low && size >= skipShare*high
}

// alikeLong tells whether two pictures stand about equally long.
func alikeLong(a, b *pairChange) bool {
	x, y := float64(a.End-a.Start), float64(b.End-b.Start)
	return x <= steadyDuration*y && y <= steadyDuration*x
}

// add takes an event, and tells what came before it when that is too long ago.
func (s *stutter) add(e stutterEvent, t *cadenceTrack, out *motionOutput) {
	if len(s.Events) > 0 && e.From-s.Last > tellAfter {
		s.finish(t, out)
	}
	s.Last = e.To
	if len(s.Events) < maxEvents {
		s.Events = append(s.Events, e)
		return
	}
	if t.covers(e.From) {
		return
	}
	s.More++
	if e.Lost {
		s.MoreLost++
	}
	s.MoreTime += e.To - e.From
}

// pass tells a row that is over. It waits for as long as a cadence may take to be seen.
func (s *stutter) pass(now jobs.Micros, t *cadenceTrack, out *motionOutput) {
	if len(s.Events) > 0 && now-s.Last > tellAfter {
		s.finish(t, out)
	}
}

// finish tells what happened, row by row: what a cadence explains is left out.
func (s *stutter) finish(t *cadenceTrack, out *motionOutput) {
	var skips, stalls, repeats []stutterEvent
	for _, e := range s.Events {
		switch {
		case t.covers(e.From) && e.To-e.From < out.stall:
		case e.Skip:
			skips = append(skips, e)
		case e.Lost && e.To-e.From >= out.stall:
			stalls = append(stalls, e)
		default:
			repeats = append(repeats, e)
		}
	}
	out.rows(skips, out.skips)
	out.stalls(stalls)
	more := *s
	out.rows(repeats, func(row []stutterEvent) {
		if len(row) == 0 || row[len(row)-1] != repeats[len(repeats)-1] {
			out.repeats(row, &stutter{})
			return
		}
		out.repeats(row, &more) // what was only counted came last
	})
	*s = stutter{Events: s.Events[:0]}
}
