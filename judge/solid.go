package judge

import (
	"slices"

	"aircheck/jobs/measurement"
)

// Limits of a flat picture, in code values of the 8-bit scale.
const (
	// solidLuma and solidChroma bound how far a cell may lie from the colour of the picture: a clear sky, a studio wall and a vignette differ by more
	// from side to side.
	solidLuma, solidChroma = 3, 3
	// solidSigma bounds the deviation of luma: noise of an analogue source, and nothing that has a texture.
	solidSigma = 4
	// markShare is the share of cells that a logo in a corner may cover, cornerShare how much of each side a corner is.
	markShare, cornerShare = 0.03, 4
	// minSolidCells is the least number of cells to go by.
	minSolidCells = 64
	// slateShare is the least share of the cells that are the background of text.
	slateShare = 0.55
)

// solidOf tells whether the picture, or what its borders leave of it, has one colour.
func solidOf(f *videoFrame, e edges) (sight, bool) {
	whole := wholeArea(f.Format)
	if s, ok := solidIn(f, whole); ok {
		return s, true
	}
	if a := e.within(f.Format); a != whole {
		s, ok := solidIn(f, a)
		return s, ok && darkAround(f, a)
	}
	return sight{}, false
}

// cellRange is a rectangle of cells.
type cellRange struct{ x0, x1, y0, y1 int }

func (r cellRange) count() int { return (r.x1 - r.x0) * (r.y1 - r.y0) }

func lumaCells(f *measurement.Format, a area) (r cellRange) {
	l, w, h := lumaLines(f), sideLength(f.Width), sideLength(f.Height)
	r.x0, r.x1 = inside(l.x[:measurement.GridW+1], a.X0, a.X1, w, w)
	r.y0, r.y1 = inside(l.y[:measurement.GridH+1], a.Y0, a.Y1, h, h)
	return r
}

func chromaCells(f *measurement.Format, a area) (r cellRange) {
	l := chromaLines(f)
	r.x0, r.x1 = inside(l.x[:measurement.ChromaW+1], a.X0, a.X1, sideLength(f.Width), sideLength(f.ChromaWidth))
	r.y0, r.y1 = inside(l.y[:measurement.ChromaH+1], a.Y0, a.Y1, sideLength(f.Height), sideLength(f.ChromaHeight))
	return r
}

func solidIn(f *videoFrame, a area) (sight, bool) {
	if disparate(f.Frame) {
		return sight{}, false
	}
	r := cellRange{0, measurement.GridW, 0, measurement.GridH}
	rc := cellRange{0, measurement.ChromaW, 0, measurement.ChromaH}
	whole := a == wholeArea(f.Format)
	if !whole {
		r, rc = lumaCells(f.Format, a), chromaCells(f.Format, a)
	}
	if r.count() < minSolidCells || f.Format.ChromaWidth > 0 && rc.count() == 0 {
		return sight{}, false
	}
	c := colourOf(f, r, rc)
	if !sameChroma(f, rc, c) {
		return sight{}, false
	}
	marks, corner := strangers(f, r, c.Y)
	if marks > int(markShare*float64(r.count())) || !corner {
		return sight{}, false
	}
	if marks == 0 && whole && !noiseless(f) {
		return sight{}, false
	}
	return sight{Kind: kindSolid, Colour: c, Marked: marks > 0}, true
}

// disparate tells in few steps that the picture has no single colour: of nine cells, at most one is under a logo.
func disparate(f *measurement.Frame) bool {
	const a, b, c = 4, 9, 13
	v := [...]uint8{
		f.Grid[a*measurement.GridW+8], f.Grid[a*measurement.GridW+16], f.Grid[a*measurement.GridW+23],
		f.Grid[b*measurement.GridW+8], f.Grid[b*measurement.GridW+16], f.Grid[b*measurement.GridW+23],
		f.Grid[c*measurement.GridW+8], f.Grid[c*measurement.GridW+16], f.Grid[c*measurement.GridW+23],
	}
	low, high := v[0], v[0]
	for _, x := range v[1:] {
		low, high = min(low, x), max(high, x)
	}
	return high-low > 2*solidLuma
}

// colourOf is the median of some cells around the middle.
func colourOf(f *videoFrame, r, rc cellRange) colour {
	at := func(grid []uint8, w int, r cellRange) uint8 {
		var v [9]uint8
		for i := range v {
			x, y := r.x0+(r.x1-r.x0)*(1+i%3)/4, r.y0+(r.y1-r.y0)*(1+i/3)/4
			v[i] = grid[y*w+x]
		}
		slices.Sort(v[:])
		return v[len(v)/2]
	}
	c := colour{at(f.Frame.Grid[:], measurement.GridW, r), 128, 128}
	if f.Format.ChromaWidth > 0 {
		c.Cb, c.Cr = at(f.GridCb[:], measurement.ChromaW, rc), at(f.GridCr[:], measurement.ChromaW, rc)
	}
	return c
}

// sameChroma tells whether all but the cells of a logo have the colour.
func sameChroma(f *videoFrame, r cellRange, c colour) bool {
	if f.Format.ChromaWidth <= 0 {
		return true
	}
	left := max(1, r.count()/16)
	for y := r.y0; y < r.y1; y++ {
		for x := r.x0; x < r.x1; x++ {
			i := y*measurement.ChromaW + x
			if apart(f.GridCb[i], c.Cb) > solidChroma || apart(f.GridCr[i], c.Cr) > solidChroma {
				if left--; left < 0 {
					return false
				}
			}
		}
	}
	return true
}

// strangers counts the cells of another luma, and tells whether they all lie in one corner.
func strangers(f *videoFrame, r cellRange, luma uint8) (n int, corner bool) {
	most := int(markShare*float64(r.count())) + 1
	x0, x1, y0, y1 := r.x1, r.x0, r.y1, r.y0
	for y := r.y0; y < r.y1; y++ {
		row := f.Frame.Grid[y*measurement.GridW : (y+1)*measurement.GridW]
		for x := r.x0; x < r.x1; x++ {
			if apart(row[x], luma) <= solidLuma {
				continue
			}
			if n++; n > most {
				return n, false
			}
			x0, x1, y0, y1 = min(x0, x), max(x1, x+1), min(y0, y), max(y1, y+1)
		}
	}
	w, h := (r.x1-r.x0)/cornerShare, (r.y1-r.y0)/cornerShare
	side := x1 <= r.x0+w || x0 >= r.x1-w
	end := y1 <= r.y0+h || y0 >= r.y1-h
	return n, n == 0 || side && end
}

// noiseless tells whether luma deviates by no more than noise does.
func noiseless(f *videoFrame) bool {
	n, scale := int64(f.Format.Width)*int64(f.Format.Height), depthScale(f.Format)
	return n > 0 && squaredDeviation(f.SumY, f.SumY2, n) <= solidSigma*solidSigma*scale*scale*n
}

// flatGraphic tells whether the picture is mostly one colour with something on it, as a slate, a title or an end board is.
func flatGraphic(f *videoFrame) bool {
	mode := modeOf(f.Frame.Grid[:])
	n := 0
	for _, v := range f.Frame.Grid {
		if apart(v, mode) <= solidLuma {
			n++
		}
	}
	if n == len(f.Frame.Grid) || float64(n) < slateShare*float64(len(f.Frame.Grid)) {
		return false
	}
	if f.Format.ChromaWidth <= 0 {
		return true
	}
	cb, cr, same := modeOf(f.GridCb[:]), modeOf(f.GridCr[:]), 0
	for i, v := range f.GridCb {
		if apart(v, cb) <= solidChroma && apart(f.GridCr[i], cr) <= solidChroma {
			same++
		}
	}
	return float64(same) >= slateShare*float64(len(f.GridCb))
}

// modeOf is the most frequent value; the smallest of several.
func modeOf(cells []uint8) uint8 {
	var count [256]uint16
	best := uint8(0)
	for _, v := range cells {
		count[v]++
		if count[v] > count[best] || count[v] == count[best] && v < best {
			best = v
		}
	}
	return best
}
