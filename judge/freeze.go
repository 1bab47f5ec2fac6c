package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Limits of a frozen picture, in code values of the 8-bit scale unless they say otherwise. They were set on encodes of a frozen picture by H.264,
// HEVC, VP9, AV1, MPEG-2 and intra codecs, from 150 kb/s to lossless, with and without grain, and against natural camera pictures, film, slow
// motion and animation, none of which may stand still for long.
const (
	// stillNoise is the mean absolute difference of all samples, as a share of full scale, up to which two pictures are equal: freezedetect's
	// -60 dB, a quarter of a code value.
	stillNoise = 0.001
	// stillBlock bounds the mean absolute difference of any 16x16 block: a blinking eye exceeds it, the noise of a codec does not.
	stillBlock = 2
	// popNoise and popBlock are the same limits for a keyframe that codes a still anew, refineBlock for any other frame in which a codec
	// spends bits on it; soon the picture must be still again.
	popNoise    = 0.01
	popBlock    = 10
	refineBlock = 5
	// recodeBlock and recodeMean bound the mean absolute difference of the worst 16x16 block and of the 8x8 block means at a keyframe that codes badly
	// what stood still for recodeStill pairs before and stands still after: starved encodes of still pictures reach 12 and 1.2, a digit of a clock 20.
	recodeBlock, recodeMean = 16, 2
	recodeStill             = 2
	// maxPops is how many pictures in a row a codec may take over it: a keyframe and the one after. popEvery bounds their share of a run, so
	// that animation on threes is motion, beyond the popSettling pairs in which the picture settles.
	maxPops     = 2
	popEvery    = 8
	popSettling = 24
	// grainBlockMean bounds the mean absolute difference of 8x8 block means under grain: noise of deviation s moves them by s/7, so this is
	// grain of deviation 4 to 5, more than any film stock leaves in a delivery.
	grainBlockMean = 0.7
	// grainBlock is how far one 16x16 block may differ beyond twice the mean of the picture: codecs keep grain in some blocks and not in others.
	grainBlock = 2
	// grainSpread is the ratio to the mean of the run so far within which grain is stationary; P and B pictures keep different shares of it.
	grainSpread = 2
	// grainConfidence: a camera that nothing moves in front of looks the same, so stillness under grain is worth a look and no more.
	grainConfidence = 0.7
)

// freeze finds pictures that stand still (after FFmpeg's freezedetect), also under grain and across keyframes that code the same
// picture anew. Black pictures are black and never frozen; nor is what stands still because it is one colour, a test pattern or a slate.
type freeze struct {
	Run *run
	// Anchor is what the picture looked like at the start of the run: it must not drift away from that.
	Anchor thumb
	// Waiting counts the frames since PopAt that differed and may be a new coding of the same picture: the next frames tell. Pops counts all
	// such frames of the run.
	Waiting int
	PopAt   jobs.Micros
	Pops    int64
	// Calm counts the pairs in a row that are still without any grain, up to the picture before. Recoded: a keyframe coded the run's picture badly, and
	// the anchor may be that far away.
	Calm    int  `json:",omitempty"`
	Recoded bool `json:",omitempty"`
	// Last is the frame before, unless it was black or unknown.
	Last *lastFrame
	// Pairs and Grainy count the pairs of the run, and those that are still but for grain; GrainSAD sums the luma differences of the latter.
	Pairs, Grainy, GrainSAD int64
	// Sight is what the picture of the run was recognized as. Edges and Birth serve to tell.
	Sight sight
	Edges edges
	Birth birth

	class  *classifier
	noise  float64
	levels levels
	emit   emitter
}

type lastFrame struct {
	Start jobs.Micros
	// Thumb is known of the last frame of a unit, where no pair says how the next one differs.
	Thumb thumb
}

func newFreeze(p *params, emit emitter) videoDetector {
	return &freeze{class: newClassifier(p), noise: p.or("video.freeze.noise", stillNoise), levels: p.levels("video.freeze"), emit: emit}
}

func (d *freeze) frame(f *videoFrame) {
	dark := d.class.black.black(f.Frame, f.Format)
	d.Birth.see(f, dark)
	if f.Texture != nil {
		d.Edges = edgesOf(f.Texture)
	}
	if dark {
		d.end(f.Start)
		d.Last = nil
		return
	}
	if d.Last != nil {
		d.follow(f)
	}
	if d.Last == nil {
		d.Last = new(lastFrame)
	}
	*d.Last = lastFrame{Start: f.Start}
	if f.Flags&measurement.FlagUnitLast != 0 {
		d.Last.Thumb = thumbOf(f.Frame).clone()
	}
}

// follow compares f with the frame before it.
func (d *freeze) follow(f *videoFrame) {
	grainy := d.Grainy
	switch d.change(f) {
	case still:
		if d.Calm++; d.Grainy != grainy {
			d.Calm = 0
		}
		d.still(f)
	case popped:
		d.pop(f)
		d.Calm = 0
	case recoded:
		d.pop(f)
		d.Recoded = d.Run != nil
		d.Calm = 0
	default:
		d.end(f.Start)
	}
}

// still continues the run with f or starts one with the frame before.
func (d *freeze) still(f *videoFrame) {
	if d.Recoded && d.Waiting > 0 && d.Calm == 0 {
		d.end(f.Start)
	}
	d.Waiting = 0
	now := thumbOf(f.Frame)
	if d.Run != nil && now.drifted(d.Anchor, d.grainSlack(f), d.Recoded) {
		d.end(f.Start)
		d.Last.Start = f.Start
	}
	if d.Run == nil {
		d.Run = &run{From: d.Last.Start}
		d.Anchor = now.clone()
	}
	d.Run.To = f.End
	if f.Texture != nil && d.Sight.Kind == kindNone {
		d.recognize(f)
	}
}

// recognize tells what is made to stand still: a colour, a test pattern, a slate.
func (d *freeze) recognize(f *videoFrame) {
	d.Sight = d.class.classify(f, d.Edges)
	if d.Sight.Kind == kindNone && d.Birth.asStill(d.Run.From) && flatGraphic(f) {
		d.Sight.Kind = kindSlate
	}
}

// grainSlack is by how much grain moves the mean of a thumbnail's cell, in its units: the difference of the pixels over the root of their number.
// Where there is no pair it is that of the run so far.
func (d *freeze) grainSlack(f *videoFrame) int32 {
	luma := int64(f.Format.Width) * int64(f.Format.Height)
	sad := f.Pair.SADY
	if !f.HasPair && d.Grainy > 0 {
		sad = d.GrainSAD / d.Grainy
	}
	if luma <= 0 {
		return 0
	}
	cell := max(1, luma/(measurement.GridW*measurement.GridH))
	return int32(float64(16*sad) / float64(luma*depthScale(f.Format)) / math.Sqrt(float64(cell)))
}

// pop waits for the next frame to say whether f is the same picture. A run of many is motion.
func (d *freeze) pop(f *videoFrame) {
	d.Pops++
	if d.Run == nil || d.Waiting == maxPops || d.Pops*popEvery > d.Pairs+popSettling {
		d.end(f.Start)
		return
	}
	if d.Waiting == 0 {
		d.PopAt = f.Start
	}
	d.Waiting++
}

func (d *freeze) gap(from, to jobs.Micros) {
	d.end(from)
	d.Last = nil
	d.Birth.gap(to)
}

func (d *freeze) finish(at jobs.Micros) { d.end(at) }

// end closes the run, at the latest at the time given, and before a pop that nothing confirmed.
func (d *freeze) end(at jobs.Micros) {
	r, grainy, made := d.Run, d.Grainy*2 > d.Pairs, d.Sight.Kind != kindNone
	if d.Waiting > 0 {
		at = min(at, d.PopAt)
	}
	d.Run, d.Anchor, d.Waiting = nil, thumb{}, 0
	d.Pops, d.Pairs, d.Grainy, d.GrainSAD = 0, 0, 0, 0
	d.Calm, d.Recoded = 0, false
	slate := d.Sight.Kind == kindSlate
	d.Sight = sight{}
	if r == nil {
		return
	}
	r.To = min(r.To, at)
	if slate {
		d.Birth.after(*r)
	}
	if made {
		return
	}
	l, ok := d.levels.reached(r.length())
	if !ok {
		return
	}
	f := r.finding(l)
	f.Code = "video.freeze"
	f.Message = fmt.Sprintf("the picture stands still for %.2f s", r.length().Seconds())
	if grainy {
		f.Confidence = grainConfidence
		if f.Severity == jobs.Fail {
			f.Severity = jobs.Warn
		}
		f.Message = fmt.Sprintf("the picture stands still under grain for %.2f s", r.length().Seconds())
	}
	d.emit(f)
}

// change is how a picture relates to the one before.
type change int

const (
	moved change = iota
	still
	popped
	// recoded is a pop as only a keyframe between stills may be one.
	recoded
)

// change compares f with the frame before it.
func (d *freeze) change(f *videoFrame) change {
	if f.Flags&measurement.FlagFormat != 0 {
		return moved
	}
	if !f.HasPair {
		now := thumbOf(f.Frame)
		c := d.Last.Thumb.changeTo(now, d.grainSlack(f))
		if c == moved && d.mayRecode(f) && d.Last.Thumb.recoded(now) {
			return recoded
		}
		return c
	}
	p, scale := &f.Pair, depthScale(f.Format)
	luma := int64(f.Format.Width) * int64(f.Format.Height)
	samples := luma + 2*int64(f.Format.ChromaWidth)*int64(f.Format.ChromaHeight)
	sad, full := float64(p.SADY+p.SADCb+p.SADCr), float64(samples*256*scale)
	block := int64(p.MaxBlock)
	switch {
	case sad <= d.noise*full && block <= stillBlock*256*scale:
		d.Pairs++
		return still
	case d.grain(p, luma, scale):
		d.Pairs++
		d.Grainy++
		d.GrainSAD += p.SADY
		return still
	}
	limit := int64(refineBlock)
	if f.Flags&measurement.FlagKey != 0 {
		limit = popBlock
	}
	switch {
	case sad <= popNoise*full && block <= limit*256*scale:
		return popped
	case d.mayRecode(f) && block <= recodeBlock*256*scale && p.BlockMean <= recodeMean*luma*scale:
		return recoded
	}
	return moved
}

// mayRecode tells whether f is a keyframe in the middle of a still.
func (d *freeze) mayRecode(f *videoFrame) bool {
	return d.Run != nil && d.Calm >= recodeStill && f.Flags&measurement.FlagKey != 0
}

// grain tells whether the two pictures differ by noise alone: 8x8 block means stay, no block differs much more than the others, and the amount
// is that of the run so far.
func (d *freeze) grain(p *measurement.Pair, luma, scale int64) bool {
	if luma <= 0 || float64(p.BlockMean) > grainBlockMean*float64(luma*scale) {
		return false
	}
	if int64(p.MaxBlock) > grainBlock*256*scale+2*256*p.SADY/luma {
		return false
	}
	if d.Grainy == 0 {
		return true
	}
	usual := d.GrainSAD / d.Grainy
	return p.SADY <= usual*grainSpread && p.SADY*grainSpread >= usual
}

func freezeThresholds() []Threshold {
	return []Threshold{
		{"video.freeze.info", 1, 0, day, "s", "A frozen picture for this long is info."},
		{"video.freeze.warn", 2.5, 0, day, "s", "A frozen picture for this long is a warning."},
		{"video.freeze.fail", 3.5, 0, day, "s", "A frozen picture for this long is a failure."},
		{"video.freeze.noise", stillNoise, 0, 0.1, "", "Two pictures are alike when their mean difference is at most this share of full scale."},
	}
}
