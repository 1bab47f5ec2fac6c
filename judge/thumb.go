package judge

import (
	"slices"

	"aircheck/jobs/measurement"
)

// Limits between two thumbnails, in 1/16 code values.
const (
	// driftMean and driftCell bound how far the mean of the cells and any one cell may move from the start of a freeze: half a code value is
	// what detection of slow fades needs, 2.5 what a keyframe at a starved bit rate moves a cell by.
	driftMean, driftCell = 8, 40
	// sameMean and sameCell bound the difference of a still across the border of two units; beyond them and up to drift it may be the pop of a keyframe.
	sameMean, sameCell = 2, 16
	// recodeMeanCell and recodeCell are what a keyframe may move the cells by that codes a still badly: 1 code value on average, 5 in one cell. Starved
	// encodes reach 0.65 and 3.2 where the still can be watched; a digit of a clock moves its cell by 10 and more.
	recodeMeanCell, recodeCell = 16, 80
	// coarseError is what rounding to whole code values may have moved a cell by.
	coarseError = 8
)

// thumb is a picture of 32x18 luma cells in 1/16 code values of the 8-bit scale.
type thumb struct {
	Cells []uint16
	// Coarse: the cells were known as whole code values only.
	Coarse bool
}

// thumbOf borrows the frame's cells where they are fine enough; clone what is to outlive the frame.
func thumbOf(f *measurement.Frame) thumb {
	if len(f.Fine) == len(f.Grid) {
		return thumb{Cells: f.Fine}
	}
	t := thumb{Cells: make([]uint16, len(f.Grid)), Coarse: true}
	for i, v := range f.Grid {
		t.Cells[i] = uint16(v) * 16
	}
	return t
}

func (t thumb) clone() thumb { return thumb{slices.Clone(t.Cells), t.Coarse} }

// difference returns the sum and the greatest of the absolute differences of the cells.
func (t thumb) difference(u thumb) (sum, greatest int32) {
	var grace int32
	if t.Coarse != u.Coarse {
		grace = coarseError
	}
	a, b := t.Cells, u.Cells
	if len(a) > len(b) {
		a = a[:len(b)]
	}
	for i, v := range a {
		d := int32(v) - int32(b[i])
		d = max(max(d, -d)-grace, 0)
		sum += d
		greatest = max(greatest, d)
	}
	return sum, greatest
}

// drifted tells whether t is no longer the picture that the anchor was. Slack is what noise may move a cell by on average; five times that is
// rare in one cell of 576; recoded allows for a keyframe that coded the picture badly.
func (t thumb) drifted(anchor thumb, slack int32, recoded bool) bool {
	return !(recoded && t.recoded(anchor)) && !t.near(anchor, driftMean+slack, driftCell+5*slack)
}

// recoded tells whether the two may be one picture that was coded anew, and badly.
func (t thumb) recoded(u thumb) bool {
	return len(t.Cells) == len(u.Cells) && t.near(u, recodeMeanCell, recodeCell)
}

// changeTo compares two pictures of which nothing but the thumbnails is known. Nothing is known of a frame without cells.
func (t thumb) changeTo(u thumb, slack int32) change {
	switch {
	case len(t.Cells) != len(u.Cells):
		return moved
	case t.near(u, sameMean+slack, sameCell+5*slack):
		return still
	case t.near(u, driftMean+slack, driftCell+5*slack):
		return popped
	}
	return moved
}

// near tells whether the cells differ by no more than mean on average and by no more than cell each.
func (t thumb) near(u thumb, mean, cell int32) bool {
	sum, greatest := t.difference(u)
	return sum <= mean*int32(len(t.Cells)) && greatest <= cell
}
