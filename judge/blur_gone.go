package judge

import (
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// goneSteepness is that of a picture which has lost its edges: nothing differs by 24 code values over eight samples any more, so whatever ramps there are, are longer.
	goneSteepness = 1
	// goneEdges is how many samples of 1000 must have lain on an edge before: a picture that had few may lose them by a small movement.
	goneEdges = 4 * blurEdges
	// goneContrast is how much of the contrast of the cells must be left, and goneLeast how many code values it must be, on average: a fade takes both, a blur takes the edges only.
	goneContrast = 0.6
	goneLeast    = 5
	// goneMoved is how far the cells may have moved since the sample before, as a share of the contrast: a cut to something without edges is no blur.
	goneMoved = 0.4
)

// edgedScene is what is left of a sample.
type edgedScene struct {
	At       jobs.Micros
	Edges    int32 // per 1000 samples, in the direction that has more; of the last sharp sample
	Cells    [measurement.GridW * measurement.GridH]uint8
	Contrast int64 // sum of the distances of all cells from their mean, of the last sharp sample; 0 until it is asked for
}

// see remembers a sharp sample.
func (d *blur) see(f *videoFrame) {
	if d.Seen == nil {
		d.Seen = new(edgedScene)
	}
	area := max(1, int64(f.Format.Width)*int64(f.Format.Height)/4)
	most := max(f.Texture.Edges[0], f.Texture.Edges[1])
	*d.Seen = edgedScene{At: f.Start, Edges: int32(1000 * int64(most) / area), Cells: f.Grid}
}

// faded tells whether a sample without edges shows what was sharp, or had lost its edges, just before.
func (d *blur) faded(f *videoFrame) bool {
	s := d.Seen
	if s == nil || s.Edges < goneEdges || f.Start-s.At > sampleGap {
		return false
	}
	if s.Contrast == 0 {
		s.Contrast = cellContrast(&s.Cells)
	}
	contrast := cellContrast(&f.Grid)
	if contrast < goneLeast*int64(len(f.Grid)) || float64(contrast) < goneContrast*float64(s.Contrast) {
		return false
	}
	var moved int64
	for i, v := range f.Grid {
		moved += max(int64(v)-int64(s.Cells[i]), int64(s.Cells[i])-int64(v))
	}
	if float64(moved) > goneMoved*float64(contrast) {
		return false
	}
	s.At, s.Cells = f.Start, f.Grid
	return true
}

// cellContrast is the sum of the distances of all cells from their mean.
func cellContrast(cells *[measurement.GridW * measurement.GridH]uint8) int64 {
	var sum, all int64
	for _, v := range cells {
		sum += int64(v)
	}
	mean := sum / int64(len(cells))
	for _, v := range cells {
		all += max(int64(v)-mean, mean-int64(v))
	}
	return all
}
