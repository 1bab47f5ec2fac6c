package judge

import (
	"fmt"
	"math"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// stillPair is the greatest mean difference of a 16x16 block, in code values of the 8-bit scale, at which the picture before needs no second look.
	stillPair = 2
	// patternPatience bridges pictures that a codec or a flash has spoilt.
	patternPatience jobs.Micros = 200e3
	// slateMean and slateCell bound how far the cells of a slate may move on average and each: a keyframe that codes it anew moves them by less, a clock by more.
	slateMean, slateCell = 1, 6
	// Confidence: a logo on a flat picture is a guess, and so is what a graphic is for.
	markedConfidence, slateConfidence = 0.8, 0.5
)

// pattern finds pictures that are no scene: one colour (EBU QC 0016B), test patterns by name, and slates.
type pattern struct {
	Run *patternRun `json:",omitempty"`
	// Now is what the present picture is, Since is when it may have become that: borders are known in every fourth picture only. Stood is since when nothing moves.
	Now          sight
	Since, Stood jobs.Micros
	Edges        edges
	Birth        birth
	// Slate is a slate that stands, and Anchor its cells.
	Slate  *run    `json:",omitempty"`
	Anchor []uint8 `json:",omitempty"`

	class *classifier
	// solid, bars and slate are the levels of the three codes.
	solid, bars, slate levels
	emit               emitter
}

// patternRun is a stretch of pictures that are all the same thing.
type patternRun struct {
	run
	Sight sight
	// Format is that of the first picture.
	ColorSpace    string
	Width, Height int
	FullRange     bool
}

func newPattern(p *params, emit emitter) videoDetector {
	return &pattern{
		class: newClassifier(p), solid: p.levels("video.solid_color"), bars: p.levels("video.color_bars"), slate: p.levels("video.slate"), emit: emit,
	}
}

func (d *pattern) frame(f *videoFrame) {
	dark := d.class.black.black(f.Frame, f.Format)
	d.Birth.see(f, dark)
	if f.Texture != nil {
		d.Edges = edgesOf(f.Texture)
	}
	same := !dark && f.HasPair && int64(f.Pair.MaxBlock) <= stillPair*256*depthScale(f.Format)
	if !same {
		d.Since, d.Stood = f.Start, f.Start
	}
	if !same || f.Texture != nil {
		d.look(f, dark)
	}
	d.follow(f)
	d.followSlate(f, same)
}

// look recognizes the picture.
func (d *pattern) look(f *videoFrame, dark bool) {
	before := d.Now
	d.Now = sight{}
	if !dark {
		d.Now = d.class.classify(f, d.Edges)
	}
	switch {
	case d.Now.Kind == kindNone && f.Texture != nil:
		d.Since = f.End // with its borders known it is none
	case before.Kind != kindNone && !d.Now.same(before):
		d.Since = f.Start
	}
}

// follow continues, ends and starts runs.
func (d *pattern) follow(f *videoFrame) {
	r := d.Run
	if r != nil && d.Now.same(r.Sight) {
		r.To = f.End
		return
	}
	from := min(d.Since, f.Start)
	if r != nil && (d.Now.Kind != kindNone || f.Start-r.To > patternPatience) {
		from = max(from, r.To)
		d.end(f.Start)
	}
	if d.Now.Kind != kindNone {
		c := f.Format
		d.Run = &patternRun{run{from, f.End}, d.Now, c.ColorSpace, c.Width, c.Height, c.FullRange}
	}
}

// followSlate looks for a flat graphic that was made to stand.
func (d *pattern) followSlate(f *videoFrame, same bool) {
	if d.Slate != nil {
		if d.Now.Kind == kindNone && d.likeAnchor(f) {
			d.Slate.To = f.End
			return
		}
		d.endSlate(f.Start)
	}
	if same && f.Texture != nil && d.Now.Kind == kindNone && d.Birth.asStill(d.Stood) && flatGraphic(f) {
		d.Slate = &run{From: d.Stood, To: f.End}
		d.Anchor = append(d.Anchor[:0], f.Frame.Grid[:]...)
	}
}

func (d *pattern) likeAnchor(f *videoFrame) bool {
	if len(d.Anchor) != len(f.Frame.Grid) {
		return false
	}
	sum := 0
	for i, v := range f.Frame.Grid {
		c := apart(v, d.Anchor[i])
		if c > slateCell {
			return false
		}
		sum += int(c)
	}
	return sum <= slateMean*len(d.Anchor)
}

func (d *pattern) gap(from, to jobs.Micros) {
	d.finish(from)
	d.Birth.gap(to)
	d.Now, d.Since, d.Stood = sight{}, to, to
}

func (d *pattern) finish(at jobs.Micros) {
	d.end(at)
	d.endSlate(at)
}

// end closes the run, at the latest at the time given.
func (d *pattern) end(at jobs.Micros) {
	r := d.Run
	d.Run = nil
	if r == nil {
		return
	}
	r.To = min(r.To, at)
	levels, code := d.solid, "video.solid_color"
	if r.Sight.Kind == kindBars {
		levels, code = d.bars, "video.color_bars"
	}
	l, ok := levels.reached(r.length())
	if !ok {
		return
	}
	f := r.finding(l)
	f.Code = code
	if r.Sight.Marked {
		f.Confidence = markedConfidence
		if f.Severity == jobs.Fail {
			f.Severity = jobs.Warn
		}
	}
	if r.Sight.Kind == kindBars {
		f.Message = fmt.Sprintf("%s for %.2f s", d.describeBars(r), r.length().Seconds())
	} else {
		f.Message = fmt.Sprintf("the picture is %s for %.2f s", describeSolid(r), r.length().Seconds())
	}
	d.emit(f)
}

func (d *pattern) endSlate(at jobs.Micros) {
	r := d.Slate
	d.Slate = nil
	if r == nil {
		return
	}
	r.To = min(r.To, at)
	d.Birth.after(*r)
	if l, ok := d.slate.reached(r.length()); ok {
		f := r.finding(l)
		f.Code, f.Confidence = "video.slate", slateConfidence
		f.Message = fmt.Sprintf("a flat graphic stands for %.2f s: a slate, a title or an end board", r.length().Seconds())
		d.emit(f)
	}
}

// format is what is needed of the format of the run's first picture.
func (r *patternRun) format() *measurement.Format {
	return &measurement.Format{ColorSpace: r.ColorSpace, Width: r.Width, Height: r.Height, FullRange: r.FullRange}
}

func describeSolid(r *patternRun) string {
	m, _ := matrixOf(r.format())
	c := r.Sight.Colour
	v := m.rgb(c, r.FullRange)
	text := fmt.Sprintf("nothing but #%02x%02x%02x (Y %d, Cb %d, Cr %d)", v[0], v[1], v[2], c.Y, c.Cb, c.Cr)
	if r.Sight.Marked {
		text += " and a mark in a corner"
	}
	return text
}

// describeBars names the pattern and its matrix, and says where the stream's tags contradict.
func (d *pattern) describeBars(r *patternRun) string {
	b := r.Sight.Bars
	own := matrices[b.Matrix].name
	text := fmt.Sprintf("%s in %s", d.class.table.name(b), own)
	assumed, tagged := matrixOf(r.format())
	switch {
	case assumed.name == own:
	case tagged:
		text += fmt.Sprintf(", which contradicts the stream's tag of %s,", assumed.name)
	default:
		text += fmt.Sprintf(", where players assume %s of an untagged picture of %dx%d,", assumed.name, r.Width, r.Height)
	}
	switch {
	case b.Full && !r.FullRange:
		text += " at the levels of full range, where the stream says limited,"
	case !b.Full && r.FullRange:
		text += " at the levels of limited range, where the stream says full,"
	}
	return text
}

func patternThresholds() []Threshold {
	none := math.NaN()
	return slices.Concat(
		[]Threshold{
			{"video.solid_color.info", 0.5, 0, day, "s", "One colour other than black for this long is info."},
			{"video.solid_color.warn", 2, 0, day, "s", "One colour other than black for this long is a warning."},
			{"video.solid_color.fail", 5, 0, day, "s", "One colour other than black for this long is a failure."},
		}, []Threshold{
			{"video.color_bars.info", 0.5, 0, day, "s", "A test pattern for this long is info."},
			{"video.color_bars.warn", 2, 0, day, "s", "A test pattern for this long is a warning."},
			{"video.color_bars.fail", 5, 0, day, "s", "A test pattern for this long is a failure."},
		}, []Threshold{
			{"video.slate.info", 3, 0, day, "s", "A flat graphic that stands for this long is info."},
			{"video.slate.warn", none, 0, day, "s", "A flat graphic that stands for this long is a warning."},
			{"video.slate.fail", none, 0, day, "s", "A flat graphic that stands for this long is a failure."},
		})
}
