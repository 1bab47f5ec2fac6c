package judge

import (
	"math"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// around is how many pairs before and after one say what motion there is; it is told that much late. Ten hold two new pictures even at 12 pictures/s shown at 60.
	around = 10
	// leastBlock and leastMean are from which change of a block of 16x16 and of the mean, in code values of the 8-bit scale, there is motion that a repeat would interrupt.
	leastBlock, leastMean = 5, 0.1
	// A repeat that a codec hardly touched: mean difference and that of the worst block, absolute and as shares of the motion around, and of NTIA's TI2.
	sureMean, sureBlock           = 1.2, 8
	sureMeanShare, sureBlockShare = 0.15, 0.25
	sureTI2Share                  = 0.01
	// A repeat that was coded anew with few bits: evidence for a cadence, not for a single repeat.
	likelyMean, likelyBlock           = 2.5, 14
	likelyMeanShare, likelyBlockShare = 0.45, 0.4
	likelyTI2Share                    = 0.04
	plainMeanShare, plainBlockShare   = 0.3, 0.35
	// leastTI2 is from which TI2 on it says more than the mean: below, nothing moves that has contrast.
	leastTI2 = 5
	// A repeat has an edge on both sides: the pairs beside it differ by this much more than it does. Motion that calms down and sets in again has none.
	edgeMean, edgeBlock, slopeMean, slopeSlack = 2.2, 1.5, 1.5, 0.05
	// borderRepeat and borderMoved bound the change of the cells of a thumbnail at the border of two units, as shares of the change of blocks around.
	borderRepeat, borderMoved = 0.12, 0.3
	// borderMotion is the least change of blocks, in code values, against which a border is judged.
	borderMotion = 0.3
)

// motion finds pictures that are shown again, that are missing, and the cadences that come of converting a frame rate. It looks at how much every picture
// differs from the one before, against the pictures around it (after Wolf, "A no reference (NR) and reduced reference (RR) metric for detecting dropped video
// frames", NTIA 2009, made local, and with FFmpeg's mpdecimate in mind).
type motion struct {
	// Ring holds the last pairs; the one in the middle is judged.
	Ring []pairChange `json:",omitempty"`
	// Last is what the last picture of a unit looked like.
	Last thumb
	Unit bool `json:",omitempty"` // Last is of the picture before
	// Grid are the cells of the picture before.
	Grid    []byte `json:",omitempty"`
	Cadence cadenceTrack
	Hold    *hold `json:",omitempty"`
	Stutter stutter
	// Blind is true until there is a picture after a gap.
	Blind bool `json:",omitempty"`

	out motionOutput
}

// pairChange is how a picture differs from the one before it; in code values of the 8-bit scale, on average over the samples.
type pairChange struct {
	Start, End jobs.Micros
	Mean       float64 // of the differences of luma
	Block      float64 // of those in the block of 16x16 that changed most
	TI2        float64 // of the squares of those above 30
	Cells      float64 // of the differences of the means of 8x8 blocks
	Alike      float64 // correlation of the cells with those before, -1..1, where the change is a great one; else 1
	Border     float64 // of the cells of the thumbnails, where there is no pair
	Known      bool    // there is a pair
	Equal      bool    // the pictures are the same
	Blind      bool    // nobody knows
}

// pairKind is what a pair was found to be.
type pairKind int

const (
	pairUnknown pairKind = iota // nobody knows, or nothing moves around it
	pairMoved
	pairLikely // probably a repeat
	pairSure   // a repeat
)

func newMotion(p *params, emit emitter) videoDetector {
	d := &motion{out: newMotionOutput(p, emit)}
	d.Cadence.reset()
	return d
}

func (d *motion) frame(f *videoFrame) {
	if len(d.Ring) == 2*around+1 {
		copy(d.Ring, d.Ring[1:])
		d.Ring = d.Ring[:2*around]
	}
	d.Ring = append(d.Ring, d.change(f))
	d.Grid = append(d.Grid[:0], f.Grid[:]...)
	d.Blind = false
	d.Unit = f.Flags&measurement.FlagUnitLast != 0
	if d.Unit {
		t := thumbOf(f.Frame)
		d.Last.Cells, d.Last.Coarse = append(d.Last.Cells[:0], t.Cells...), t.Coarse
	}
	if len(d.Ring) > around {
		d.judge(len(d.Ring) - 1 - around)
	}
}

// change measures how f differs from the picture before it.
func (d *motion) change(f *videoFrame) pairChange {
	c := pairChange{Start: f.Start, End: f.End}
	luma := float64(f.Format.Width) * float64(f.Format.Height) * float64(depthScale(f.Format))
	switch {
	case d.Blind || len(d.Ring) == 0 || f.Flags&measurement.FlagFormat != 0 || luma <= 0:
		c.Blind = true
	case f.HasPair:
		p := &f.Pair
		c.Known = true
		c.Mean, c.Cells = float64(p.SADY)/luma, float64(p.BlockMean)/luma
		c.Block = float64(p.MaxBlock) / float64(256*depthScale(f.Format))
		c.TI2 = float64(p.TI2) / (luma * float64(depthScale(f.Format)))
		c.Alike = d.alike(c.Cells, f)
		c.Equal = p.SADY == 0 && p.SADCb == 0 && p.SADCr == 0
	case d.Unit && len(d.Last.Cells) > 0:
		now := thumbOf(f.Frame)
		if len(now.Cells) != len(d.Last.Cells) {
			c.Blind = true
			break
		}
		sum, _ := d.Last.difference(now)
		c.Border = float64(sum) / float64(16*len(now.Cells))
		c.Alike = d.alike(c.Border, f)
	default:
		c.Blind = true
	}
	return c
}

// alike is how far f shows the scene of the picture before, where its cells changed by so much that it might not; else 1.
func (d *motion) alike(cells float64, f *videoFrame) float64 {
	if cells < skipMotion || len(d.Grid) != len(f.Grid) || cells < 2*d.Ring[len(d.Ring)-1].Cells {
		return 1
	}
	return sceneAlike(d.Grid, f.Grid[:])
}

// sceneAlike is the correlation of two pictures' cells; 0 where one is flat, or where most of what changed became brighter, or darker: that is light and no motion.
func sceneAlike(a, b []byte) float64 {
	var sa, sb, saa, sbb, sab, change int64
	for i, v := range a {
		x, y := int64(v), int64(b[i])
		sa, sb = sa+x, sb+y
		saa, sbb, sab = saa+x*x, sbb+y*y, sab+x*y
		change += max(x-y, y-x)
	}
	n := int64(len(a))
	va, vb := n*saa-sa*sa, n*sbb-sb*sb
	if va <= 0 || vb <= 0 || float64(max(sa-sb, sb-sa)) > skipLight*float64(change) {
		return 0
	}
	return float64(n*sab-sa*sb) / math.Sqrt(float64(va)*float64(vb))
}

// judge says what the pair at i is, and passes it on.
func (d *motion) judge(i int) {
	c := &d.Ring[i]
	k := d.kind(i)
	d.Cadence.add(c, k, &d.out)
	d.hold(i, k)
	d.Stutter.pass(c.Start, &d.Cadence, &d.out)
}

// kind tells repeats from motion.
func (d *motion) kind(i int) pairKind {
	c := &d.Ring[i]
	before, after := d.Ring[max(0, i-around):i], d.Ring[i+1:min(len(d.Ring), i+1+around)]
	if c.Blind {
		return pairUnknown
	}
	if !c.Known {
		k := borderKind(c, before, after)
		if k != pairLikely && c.Border <= caughtBorder*cellsBeside(after) && d.caughtUp(i) {
			return pairSure
		}
		return k
	}
	if c.plain(before, after) {
		return pairMoved
	}
	near := motionBeside(before).least(motionBeside(after))
	mean, block, ti2 := near.mean.second, near.block.second, near.ti2.second
	if !near.moves() {
		return pairUnknown
	}
	sure := c.Equal || c.Mean <= sureMean && c.Block <= sureBlock && c.Mean <= sureMeanShare*mean && c.Block <= sureBlockShare*block &&
		(ti2 < leastTI2 || c.TI2 <= sureTI2Share*ti2)
	likely := c.Mean <= likelyMean && c.Block <= likelyBlock && (ti2 >= leastTI2 &&
		c.Mean <= likelyMeanShare*mean && c.Block <= likelyBlockShare*block && c.TI2 <= likelyTI2Share*ti2 ||
		ti2 < leastTI2 && c.Mean <= plainMeanShare*mean && c.Block <= plainBlockShare*block)
	if !sure && c.Mean <= dipMean*mean {
		if d.caughtUp(i) {
			return pairSure
		}
		sure = d.dips(i)
	}
	switch {
	case !sure && !likely:
		return pairMoved
	case !d.edged(i):
		return pairUnknown
	case sure:
		return pairSure
	}
	return pairLikely
}

// plain tells at a third of the cost what most pairs of a moving picture are: no candidate for a repeat, no dip, and motion on both sides.
func (c *pairChange) plain(before, after []pairChange) bool {
	if c.Equal || c.Mean <= 0 || c.Mean <= max(sureMean, likelyMean) && c.Block <= max(sureBlock, likelyBlock) {
		return false
	}
	return stirs(before) && stirs(after) && !(dipping(c.Mean, after) && dipping(c.Mean, before))
}

// stirs is motionBeside(list).moves().
func stirs(list []pairChange) bool {
	means, blocks := 0, 0
	for i := range list {
		if list[i].Mean >= leastMean {
			means++
		}
		if list[i].Block >= leastBlock {
			blocks++
		}
		if means > 1 && blocks > 1 {
			return true
		}
	}
	return false
}

// dipping tells whether a mean is a dip against the second greatest of a list.
func dipping(mean float64, list []pairChange) bool {
	n := 0
	for i := range list {
		if mean <= dipMean*list[i].Mean {
			n++
		}
	}
	return n > 1
}

// borderKind judges a border of units by the cells of the thumbnails.
func borderKind(c *pairChange, before, after []pairChange) pairKind {
	block := motionBeside(before).least(motionBeside(after)).block.second
	cells := min(cellsBeside(before), cellsBeside(after))
	switch {
	case cells < borderMotion || block < leastBlock:
		return pairUnknown
	case c.Border <= borderRepeat*cells:
		return pairLikely
	case c.Border >= borderMoved*cells:
		return pairMoved
	}
	return pairUnknown
}

func byCells(c *pairChange) float64 { return c.Cells }

// beside is how much the pictures on one side of a pair differ.
type beside struct{ mean, block, ti2 greatest }

// greatest are the two greatest of some values of at least 0.
type greatest struct{ first, second float64 }

func (g *greatest) see(v float64) {
	if v <= g.second {
		return
	}
	if v > g.first {
		g.first, g.second = v, g.first
	} else {
		g.second = v
	}
}

func motionBeside(list []pairChange) (b beside) {
	for i := range list {
		c := &list[i]
		b.mean.see(c.Mean)
		b.block.see(c.Block)
		b.ti2.see(c.TI2)
	}
	return b
}

// cellsBeside is the second greatest change of cells, which only borders of units ask for.
func cellsBeside(list []pairChange) float64 {
	var g greatest
	for i := range list {
		g.see(list[i].Cells)
	}
	return g.second
}

// moves tells whether there is motion that a repeat would interrupt.
func (b beside) moves() bool { return b.block.second >= leastBlock && b.mean.second >= leastMean }

// least is how much pictures that move differ, by the lesser side: the second greatest, since the greatest may be a cut.
func (b beside) least(o beside) beside {
	lesser := func(g, o greatest) greatest { return greatest{second: min(g.second, o.second)} }
	return beside{lesser(b.mean, o.mean), lesser(b.block, o.block), lesser(b.ti2, o.ti2)}
}

// edged tells whether motion stops and sets in abruptly around the pair, other repeats beside it apart.
func (d *motion) edged(i int) bool {
	return d.edge(i, -1) && d.edge(i, 1)
}

func (d *motion) edge(i, step int) bool {
	c := &d.Ring[i]
	for j := i + step; j >= 0 && j < len(d.Ring); j += step {
		o := &d.Ring[j]
		switch {
		case !o.Known:
		case o.Mean > edgeMean*c.Mean && o.Block > edgeBlock*c.Block:
			return true
		case o.Mean > slopeMean*c.Mean+slopeSlack:
			return false
		}
	}
	return false
}

func (d *motion) gap(_, _ jobs.Micros) {
	d.flush()
	d.Cadence.finish(&d.out)
	d.Stutter.finish(&d.Cadence, &d.out)
	d.Cadence.forget()
	d.Unit, d.Blind = false, true
}

func (d *motion) finish(jobs.Micros) {
	d.flush()
	d.Cadence.finish(&d.out)
	d.Stutter.finish(&d.Cadence, &d.out)
}

// flush judges the pairs that still wait for what comes after them.
func (d *motion) flush() {
	for i := max(0, len(d.Ring)-around); i < len(d.Ring); i++ {
		d.judge(i)
	}
	d.Ring, d.Hold = d.Ring[:0], nil
}

// medianOf is the median of what is known of some pairs, the repeats among them apart; 0 when there are none.
func medianOf(list []pairChange, by func(*pairChange) float64, least float64) float64 {
	var buffer [around]float64
	values := buffer[:0]
	for i := range list {
		if c := &list[i]; c.Known && by(c) > least && len(values) < cap(values) {
			values = append(values, by(c))
		}
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func motionThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"video.repeat.info", 0, 0, day, "s", "A picture that is shown again for this long, while everything moves, is info."},
		{"video.repeat.warn", none, 0, day, "s", "A picture that is shown again for this long, while everything moves, is a warning."},
		{"video.repeat.fail", none, 0, day, "s", "A picture that is shown again for this long, while everything moves, is a failure."},
		{"video.duplicate_frames.info", 0, 0, day, "s", "Repeats that add up to this long within one row are info."},
		{"video.duplicate_frames.warn", none, 0, day, "s", "Repeats that add up to this long within one row are a warning."},
		{"video.duplicate_frames.fail", none, 0, day, "s", "Repeats that add up to this long within one row are a failure."},
		{"video.duplicate_frames.count", 3, 2, 1000, "", "So many repeats in a row are told as one finding of duplicate frames."},
		{"video.duplicate_frames.apart", 1.5, 0.1, 60, "s", "Repeats or losses that follow each other within this time are one row."},
		{"video.dropped_frames.info", 0, 0, day, "s", "A loss of pictures of this length is info."},
		{"video.dropped_frames.warn", 0.5, 0, day, "s", "A picture that stands for this long while the content goes on is a warning."},
		{"video.dropped_frames.fail", none, 0, day, "s", "A picture that stands for this long while the content goes on is a failure."},
		{"video.dropped_frames.stall", 0.2, 0, day, "s", "A picture that stands for this long while the content goes on counts as a loss; below, as a repeat."},
		{"video.judder.info", 2, 0, day, "s", "A regular cadence of repeats for this long is info."},
		{"video.judder.warn", 60, 0, day, "s", "An uneven cadence of repeats for this long is a warning; one in which all pictures stand equally long never is."},
		{"video.judder.fail", none, 0, day, "s", "An uneven cadence of repeats for this long is a failure."},
	}
}
