package judge

import (
	"math"

	"aircheck/jobs"
)

const (
	// maxEvents bounds the repeats of one row that are remembered one by one; of the rest there is a count.
	maxEvents = 64
	// jumpShare is by how much the first motion after a repeat exceeds that around it when the content went on meanwhile.
	jumpShare = 1.35
	// jumpNear is how many pairs on either side say what motion is usual.
	jumpNear = 5
	// steadyDuration is by how much the time that two pictures stand may differ and their motion still be compared.
	steadyDuration = 1.2
	// jumpCut and jumpCutMean: what exceeds the motion around so far is a cut.
	jumpCut, jumpCutMean = 6, 12
	// A skip without a repeat: the one pair exceeds all near it by skipShare, and those are steady within skipSteady.
	skipShare, skipSteady, skipMotion = 1.5, 1.35, 1.0
	skipNear                          = 4
	// stillMean is the mean difference up to which nothing changes, as a freeze has it.
	stillMean = 0.256
)

// hold is a picture that is being shown again.
type hold struct {
	From   jobs.Micros
	Frames int
	Sure   int
	// Before is the usual motion before it.
	Before float64
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
		if h.Sure > 0 {
			d.Stutter.add(stutterEvent{From: h.From, To: c.Start, Frames: h.Frames, Lost: d.jumped(i, h)}, &d.Cadence, &d.out)
		}
	case k == pairMoved && d.skipped(i):
		d.Stutter.add(stutterEvent{From: c.Start, To: c.End, Frames: 1, Lost: true, Skip: true}, &d.Cadence, &d.out)
	default:
		d.Hold = nil
	}
}

// begin starts a hold at i if there was motion before it.
func (d *motion) begin(i int) {
	before := d.Ring[max(0, i-around):i]
	if secondGreatest(before, byBlock) < leastBlock || secondGreatest(before, byMean) < leastMean || i > 0 && d.calm(i-1) {
		return
	}
	d.Hold = &hold{From: d.Ring[i].Start, Before: medianOf(d.Ring[max(0, i-jumpNear):i], byCells, 0)}
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
	after := d.Ring[i+1 : min(len(d.Ring), i+1+around)]
	return d.Ring[i].Known && !d.calm(i) && secondGreatest(after, byBlock) >= leastBlock && secondGreatest(after, byMean) >= leastMean
}

// jumped tells whether the first motion after a repeat, at i, makes up for it: the content went on, and what was between is lost.
func (d *motion) jumped(i int, h *hold) bool {
	c := &d.Ring[i]
	after := medianOf(d.Ring[i+1:min(len(d.Ring), i+1+jumpNear)], byCells, 0)
	usual := math.Sqrt(h.Before * after)
	if !c.Known || h.Before <= 0 || after <= 0 || c.Cells > jumpCut*max(h.Before, after) && c.Mean > jumpCutMean {
		return false
	}
	return c.Cells >= jumpShare*usual && c.Cells >= after*1.15
}

// skipped tells whether the motion at i alone is a jump: greater than all near it, which are steady, and no cut.
func (d *motion) skipped(i int) bool {
	if i < skipNear || i+skipNear >= len(d.Ring) {
		return false
	}
	c := &d.Ring[i]
	low, high := math.Inf(1), 0.0
	for j := i - skipNear; j <= i+skipNear; j++ {
		o := &d.Ring[j]
		if !o.Known || !alikeLong(o, c) {
			return false
		}
		if j != i {
			low, high = min(low, o.Cells), max(high, o.Cells)
		}
	}
	return low >= skipMotion && high <= skipSteady*low && c.Cells >= skipShare*high && c.Cells <= jumpCut*low && c.Mean >= skipShare*d.meanNear(i)
}

// meanNear is the greatest mean difference near i, but for i.
func (d *motion) meanNear(i int) float64 {
	most := 0.0
	for j := i - 1; j <= i+1; j++ {
		if j != i {
			most = max(most, d.Ring[j].Mean)
		}
	}
	return most
}

// alikeLong tells whether two pictures stand about equally long.
func alikeLong(a, b *pairChange) bool {
	x, y := float64(a.End-a.Start), float64(b.End-b.Start)
	return x <= steadyDuration*y && y <= steadyDuration*x
}

// add takes an event, and tells what came before it when that is too long ago.
func (s *stutter) add(e stutterEvent, t *cadenceTrack, out *motionOutput) {
	if len(s.Events) > 0 && e.From-s.Last > out.apart {
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
	if len(s.Events) > 0 && now-s.Last > out.apart {
		s.finish(t, out)
	}
}

// finish tells the row: what a cadence explains is left out.
func (s *stutter) finish(t *cadenceTrack, out *motionOutput) {
	var skips, stalls, repeats []stutterEvent
	for _, e := range s.Events {
		switch {
		case t.covers(e.From):
		case e.Skip:
			skips = append(skips, e)
		case e.Lost && e.To-e.From >= out.stall:
			stalls = append(stalls, e)
		default:
			repeats = append(repeats, e)
		}
	}
	out.skips(skips)
	out.stalls(stalls)
	out.repeats(repeats, s)
	*s = stutter{Events: s.Events[:0]}
}
