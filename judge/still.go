package judge

import (
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// pictureKind is what a picture without a scene is.
type pictureKind string

const (
	kindNone  pictureKind = ""
	kindSolid pictureKind = "solid"
	kindBars  pictureKind = "bars"
	kindSlate pictureKind = "slate"
)

// sight is what a picture was recognized as.
type sight struct {
	Kind pictureKind
	// Colour is that of a solid picture, Marked that there is a logo in one of its corners.
	Colour colour `json:",omitzero"`
	Marked bool   `json:",omitempty"`
	// Bars is the test pattern.
	Bars bars `json:",omitzero"`
}

// classifier recognizes pictures that are no scene.
type classifier struct {
	black blackTest
	table *barTable
}

func newClassifier(p *params) *classifier { return &classifier{newBlackTest(p), newBarTable()} }

// classify looks for one colour and for test patterns in one picture. The borders are those that were last measured.
func (c *classifier) classify(f *videoFrame, e edges) sight {
	if c.black.black(f.Frame, f.Format) {
		return sight{}
	}
	if s, ok := solidOf(f, e); ok {
		return s
	}
	if b, ok := c.table.find(f, e); ok {
		return sight{Kind: kindBars, Bars: b}
	}
	return sight{}
}

// same tells whether two pictures were recognized as one thing.
func (s sight) same(o sight) bool {
	return s.Kind == o.Kind && s.Bars.Pattern == o.Bars.Pattern && s.Colour.near(o.Colour, solidLuma+1, solidChroma+1)
}

// Limits of a cut.
const (
	// cutShare of the blocks change at a cut, by cutMean code values a sample on average.
	cutShare, cutMean = 0.6, 8
	// bornSoon is how soon after a cut, after black or at the start of the stream a still must stand to have been made as a still: a picture that
	// freezes was seen to move before. It leaves time for a fade.
	bornSoon jobs.Micros = 1500e3
	// bornAfter is for how long a slate must stand for the still that follows it to be the next one, however little changes: slides and cards share their design. The digits
	// of a clock stand for a second, and are motion.
	bornAfter jobs.Micros = 2e6
)

// birth knows when the present shot began.
type birth struct {
	At jobs.Micros
	// Grid is the last frame of a unit: no pair says how the next one differs.
	Grid []uint8 `json:",omitempty"`
}

// see takes the next picture.
func (b *birth) see(f *videoFrame, dark bool) {
	switch {
	case dark:
		b.At = f.End
	case b.cut(f):
		b.At = f.Start
	}
	b.Grid = b.Grid[:0]
	if f.Flags&measurement.FlagUnitLast != 0 {
		b.Grid = append(slices.Grow(b.Grid, len(f.Grid)), f.Frame.Grid[:]...)
	}
}

func (b *birth) cut(f *videoFrame) bool {
	if f.HasPair {
		area := int64(f.Format.Width) * int64(f.Format.Height)
		return float64(f.Pair.Changed) >= cutShare*float64(max(1, f.Pair.Blocks)) && f.Pair.SADY >= cutMean*depthScale(f.Format)*max(1, area)
	}
	if len(b.Grid) != len(f.Frame.Grid) {
		return f.Flags&measurement.FlagFormat != 0
	}
	sum := 0
	for i, v := range f.Frame.Grid {
		sum += int(apart(v, b.Grid[i]))
	}
	return sum >= cutMean*len(b.Grid)
}

// after says that a slate stood up to a time.
func (b *birth) after(slate run) {
	if slate.length() >= bornAfter {
		b.At = max(b.At, slate.To)
	}
}

// gap says that nothing is known up to a time.
func (b *birth) gap(to jobs.Micros) { b.At, b.Grid = to, b.Grid[:0] }

// asStill tells whether a still that stands from a time on was made as one.
func (b *birth) asStill(from jobs.Micros) bool { return from-b.At <= bornSoon }
