package judge

import "aircheck/jobs/measurement"

// Limits between two thumbnails, in 1/16 code values.
const (
	// driftMean and driftCell bound how far the mean of the cells and any one cell may move from the start of a freeze: half a code value is
	// what detection of slow fades needs, 2.5 what a keyframe at a starved bit rate moves a cell by.
	driftMean, driftCell = 8, 40
	// sameMean and sameCell bound the difference of a still across the border of two units; beyond them and up to drift it may be the pop of a keyframe.
	sameMean, sameCell = 2, 16
	// coarseError is what rounding to whole code values may have moved a cell by.
	coarseError = 8
)

// thumb is a picture of 32x18 luma cells in 1/16 code values of the 8-bit scale.
type thumb struct {
	Cells []uint16
	// Coarse: the cells were known as whole code values only.
	Coarse bool
}

// thumbOf copies what it needs of the frame.
func thumbOf(f *measurement.Frame) thumb {
	t := thumb{Cells: make([]uint16, len(f.Grid)), Coarse: len(f.Fine) != len(f.Grid)}
	if !t.Coarse {
		copy(t.Cells, f.Fine)
		return t
	}
	for i, v := range f.Grid {
		t.Cells[i] = uint16(v) * 16
	}
	return t
}

// difference returns the sum and the greatest of the absolute differences of the cells.
func (t thumb) difference(u thumb) (sum, greatest int) {
	var grace int
	if t.Coarse != u.Coarse {
		grace = coarseError
	}
	for i := range min(len(t.Cells), len(u.Cells)) {
		d := int(t.Cells[i]) - int(u.Cells[i])
		d = max(d, -d) - grace
		if d > 0 {
			sum += d
			greatest = max(greatest, d)
		}
	}
	return sum, greatest
}

// drifted tells whether t is no longer the picture that the anchor was.
func (t thumb) drifted(anchor thumb) bool {
	sum, greatest := t.difference(anchor)
	return sum > driftMean*len(t.Cells) || greatest > driftCell
}

// changeTo compares two pictures of which nothing but the thumbnails is known.
func (t thumb) changeTo(u thumb) change {
	sum, greatest := t.difference(u)
	n := len(t.Cells)
	switch {
	case sum <= sameMean*n && greatest <= sameCell:
		return still
	case sum <= driftMean*n && greatest <= driftCell:
		return popped
	}
	return moved
}
