package judge

import (
	"aircheck/jobs/measurement"
)

// area is a part of the picture in luma samples; half-open.
type area struct {
	X0, Y0, X1, Y1 int32
}

// maxSide bounds what a measurement may say about the size of a picture, so that nothing overflows.
const maxSide = 1 << 20

// sideLength is a length that a measurement states, within bounds.
func sideLength[T ~int | ~int32](n T) int32 { return int32(min(max(n, 0), maxSide)) }

// wholeArea is the whole picture.
func wholeArea(f *measurement.Format) area {
	return area{0, 0, sideLength(f.Width), sideLength(f.Height)}
}

func (a area) width() int32  { return a.X1 - a.X0 }
func (a area) height() int32 { return a.Y1 - a.Y0 }

// cellLines are the borders of a plane's cells, in samples of the plane: n cells have n+1 borders. The rule is that of measurement.Frame.
type cellLines struct {
	x [measurement.GridW + 1]int32
	y [measurement.GridH + 1]int32
}

func lumaLines(f *measurement.Format) (l cellLines) {
	blocked := f.Width/8 >= measurement.GridW && f.Height/8 >= measurement.GridH
	setLines(l.x[:measurement.GridW+1], f.Width, blocked)
	setLines(l.y[:measurement.GridH+1], f.Height, blocked)
	return l
}

// chromaLines are in samples of chroma.
func chromaLines(f *measurement.Format) (l cellLines) {
	blocked := f.ChromaWidth/8 >= measurement.ChromaW && f.ChromaHeight/8 >= measurement.ChromaH
	setLines(l.x[:measurement.ChromaW+1], f.ChromaWidth, blocked)
	setLines(l.y[:measurement.ChromaH+1], f.ChromaHeight, blocked)
	return l
}

func setLines(lines []int32, size int, blocked bool) {
	cells := len(lines) - 1
	size = int(sideLength(size))
	for i := range lines {
		if blocked {
			lines[i] = int32((2*i*(size/8) + cells) / (2 * cells) * 8)
		} else {
			lines[i] = int32(i * size / cells)
		}
	}
}

// inside returns the range [from, to) of the cells between the lines that lie within [lo, hi] on the scale of the whole size.
func inside(lines []int32, lo, hi, size, plane int32) (from, to int) {
	n := len(lines) - 1
	if size <= 0 || plane <= 0 {
		return 0, 0
	}
	for from = 0; from < n && int64(lines[from])*int64(size) < int64(lo)*int64(plane); from++ {
	}
	for to = n; to > from && int64(lines[to])*int64(size) > int64(hi)*int64(plane); to-- {
	}
	return from, to
}

// edges is how many lines of black border a picture has on each side.
type edges struct {
	Top, Bottom, Left, Right int32
}

func edgesOf(t *measurement.Texture) edges {
	return edges{sideLength(t.Top), sideLength(t.Bottom), sideLength(t.Left), sideLength(t.Right)}
}

// within is what the borders leave of the picture; the whole picture when that is less than half of either side.
func (e edges) within(f *measurement.Format) area {
	w, h := sideLength(f.Width), sideLength(f.Height)
	a := area{e.Left, e.Top, w - e.Right, h - e.Bottom}
	if 2*a.width() < w || 2*a.height() < h {
		return wholeArea(f)
	}
	return a
}

// centred takes the smaller of two opposite borders for both: the last bar of a test pattern is black and no border.
func (e edges) centred() edges {
	v, h := min(e.Top, e.Bottom), min(e.Left, e.Right)
	return edges{v, v, h, h}
}

// matrix is one of the ways to make luma and chroma of red, green and blue.
type matrix struct {
	name   string
	kr, kb float64
}

// matrices are BT.601, BT.709 and BT.2020 (non-constant luminance).
var matrices = [...]matrix{{"BT.601", 0.299, 0.114}, {"BT.709", 0.2126, 0.0722}, {"BT.2020", 0.2627, 0.0593}}

// hdWidth and hdHeight: what players assume of a picture without a tag is BT.709 from this size on, BT.601 below.
const hdWidth, hdHeight = 1280, 720

// matrixOf is the matrix of a stream; tagged is false when it had to be assumed from the size.
func matrixOf(f *measurement.Format) (m matrix, tagged bool) {
	switch f.ColorSpace {
	case "smpte170m", "bt470bg", "fcc", "smpte240m":
		return matrices[0], true
	case "bt709":
		return matrices[1], true
	case "bt2020nc", "bt2020c":
		return matrices[2], true
	}
	if f.Width >= hdWidth || f.Height >= hdHeight {
		return matrices[1], false
	}
	return matrices[0], false
}

// colour is luma and chroma on the 8-bit scale.
type colour struct {
	Y, Cb, Cr uint8
}

// ycc is a colour in limited range, from red, green and blue of 0..1.
func (m matrix) ycc(r, g, b float64) colour {
	y := m.kr*r + (1-m.kr-m.kb)*g + m.kb*b
	return colour{uint8(16.5 + 219*y), uint8(128.5 + 112*(b-y)/(1-m.kb)), uint8(128.5 + 112*(r-y)/(1-m.kr))}
}

// rgb is the colour in 8-bit red, green and blue.
func (m matrix) rgb(c colour, full bool) [3]uint8 {
	y, cb, cr := (float64(c.Y)-16)/219, (float64(c.Cb)-128)/224, (float64(c.Cr)-128)/224
	if full {
		y, cb, cr = float64(c.Y)/255, (float64(c.Cb)-128)/255, (float64(c.Cr)-128)/255
	}
	r, b := y+2*(1-m.kr)*cr, y+2*(1-m.kb)*cb
	g := (y - m.kr*r - m.kb*b) / (1 - m.kr - m.kb)
	code := func(v float64) uint8 { return uint8(255*min(1, max(0, v)) + 0.5) }
	return [3]uint8{code(r), code(g), code(b)}
}

// near tells whether two colours differ by no more than the tolerances.
func (c colour) near(o colour, luma, chroma uint8) bool {
	return apart(c.Y, o.Y) <= luma && apart(c.Cb, o.Cb) <= chroma && apart(c.Cr, o.Cr) <= chroma
}

func apart(a, b uint8) uint8 {
	if a > b {
		return a - b
	}
	return b - a
}

// darkLuma is how bright a cell in a border may be: that of a black line at most, and some ringing.
const darkLuma = 32

// darkAround tells whether the cells of the picture outside of an area are black: borders are not measured in every picture.
func darkAround(f *videoFrame, a area) bool {
	r := lumaCells(f.Format, wholeArea(f.Format))
	l := lumaLines(f.Format)
	for y := r.y0; y < r.y1; y++ {
		out := l.y[y+1] <= a.Y0 || l.y[y] >= a.Y1
		for x := r.x0; x < r.x1; x++ {
			if (out || l.x[x+1] <= a.X0 || l.x[x] >= a.X1) && f.Frame.Grid[y*measurement.GridW+x] > darkLuma {
				return false
			}
		}
	}
	return true
}
