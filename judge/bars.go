package judge

import (
	"aircheck/jobs/measurement"
)

// Tolerances of a test pattern, in code values of the 8-bit scale: codecs and scalers leave the middle of a bar alone, and the values of one
// pattern in two matrices differ by up to 21.
const (
	barLuma   = 8
	barChroma = 9
	// barMargin is how far a cell must stay away from the sides of a bar, as a share of the pattern: generators round bars to even samples, and
	// the slopes of SMPTE bars are soft.
	barMargin = 0.007
	// barShare is the share of the cells of the bars proper that must have their colour, patternShare that of all: a tenth of the picture is for an
	// ident; what stands under the bars differs from maker to maker.
	barShare, patternShare = 0.90, 0.75
	// minBarCells is the least number of cells to go by.
	minBarCells = 64
	// maxCoreBad is more wrong cells than any picture may have: luma, Cb and Cr count on their own.
	maxCoreBad = (measurement.GridW*measurement.GridH + 2*measurement.ChromaW*measurement.ChromaH) / 10
	// wrongCell is the deviation that a cell counts for that does not fit.
	wrongCell = 64
)

// hue is a colour of a pattern: red, green and blue, or a code value that is the same in all matrices.
type hue struct {
	r, g, b float64
	fixed   colour
}

// region is a rectangle of one colour in a pattern; coordinates are shares of the pattern.
type region struct {
	x0, y0, x1, y1 float64
	hue            hue
	core           bool
}

// testPattern is a standard picture.
type testPattern struct {
	name    string
	regions []region
}

// rainbow are the colours of the bars after white, in their order: yellow, cyan, green, magenta, red, blue.
func rainbow(level float64) []hue {
	l := level
	return []hue{{r: l, g: l}, {g: l, b: l}, {g: l}, {r: l, b: l}, {r: l}, {b: l}}
}

func grey(level float64) hue { return hue{r: level, g: level, b: level} }

// columns are bars of equal width in a band.
func columns(x0, x1, y0, y1 float64, core bool, hues []hue) []region {
	list := make([]region, len(hues))
	step := (x1 - x0) / float64(len(hues))
	for i, h := range hues {
		list[i] = region{x0 + float64(i)*step, y0, x0 + float64(i+1)*step, y1, h, core}
	}
	return list
}

// eightBars are full-height bars: white, the six colours, black.
func eightBars(white, level float64) []region {
	hues := append([]hue{grey(white)}, rainbow(level)...)
	return columns(0, 1, 0, 1, true, append(hues, grey(0)))
}

// The -I and +Q of NTSC, in code values (SMPTE EG 1).
var minusI, plusQ = hue{fixed: colour{57, 156, 97}}, hue{fixed: colour{44, 171, 147}}

// smpteEG1: seven bars of 75 %, the castellation, and -I, white, +Q and black below. The PLUGE is left out: it is nearly black.
func smpteEG1() []region {
	list := columns(0, 1, 0, 2./3, true, append([]hue{grey(0.75)}, rainbow(0.75)...))
	c := rainbow(0.75)
	list = append(list, columns(0, 1, 2./3, 3./4, false, []hue{c[5], grey(0.014), c[3], grey(0.014), c[1], grey(0.014), grey(0.75)})...)
	list = append(list, columns(0, 20./28, 3./4, 1, false, []hue{minusI, grey(1), plusQ, grey(0)})...)
	return append(list, region{6. / 7, 3. / 4, 1, 1, grey(0), false})
}

// smpteRP219: seven bars of 75 % between sides of 40 % grey, and the rows below but for the ramp and the PLUGE.
func smpteRP219() []region {
	const a, b, bar = 1. / 8, 7. / 8, 3. / 28
	list := columns(a, b, 0, 7./12, true, append([]hue{grey(0.75)}, rainbow(0.75)...))
	side := func(y0, y1 float64, left, right hue, core bool) {
		list = append(list, region{0, y0, a, y1, left, core}, region{b, y0, 1, y1, right, core})
	}
	side(0, 7./12, grey(0.4), grey(0.4), true)
	side(7./12, 8./12, hue{g: 1, b: 1}, hue{b: 1}, false)
	side(8./12, 9./12, hue{r: 1, g: 1}, hue{r: 1}, false)
	side(9./12, 1, grey(0.15), grey(0.15), false)
	return append(list,
		region{a + bar, 7. / 12, b, 8. / 12, grey(0.75), false},
		region{a, 9. / 12, a + 1.5*bar, 1, grey(0), false},
		region{a + 1.5*bar, 9. / 12, a + 3.5*bar, 1, grey(1), false})
}

// barTable holds the patterns with their colours in every matrix.
type barTable struct {
	patterns []testPattern
	// colours is by pattern, matrix and region.
	colours [][len(matrices)][]colour
}

func newBarTable() *barTable {
	t := &barTable{patterns: []testPattern{
		{"EBU 75 % colour bars (100/0/75/0)", eightBars(1, 0.75)},
		{"EBU 100 % colour bars (100/0/100/0)", eightBars(1, 1)},
		{"75 % colour bars (75/0/75/0)", eightBars(0.75, 0.75)},
		{"SMPTE EG 1 colour bars", smpteEG1()},
		{"SMPTE RP 219 colour bars", smpteRP219()},
	}}
	for _, p := range t.patterns {
		var by [len(matrices)][]colour
		for m := range matrices {
			for _, r := range p.regions {
				c := r.hue.fixed
				if c == (colour{}) {
					c = matrices[m].ycc(r.hue.r, r.hue.g, r.hue.b)
				}
				by[m] = append(by[m], c)
			}
		}
		t.colours = append(t.colours, by)
	}
	return t
}

// bars is a test pattern that was recognized: positions in the table and in matrices.
type bars struct {
	Pattern, Matrix int
	// Full: the code values are of full range.
	Full bool
}

func (t *barTable) name(b bars) string { return t.patterns[b.Pattern].name }

// find recognizes a pattern in the picture, or in what one of the borders leaves of it.
func (t *barTable) find(f *videoFrame, e edges) (best bars, found bool) {
	if !upright(f.Frame) || !vivid(f.Frame) || f.Format.ChromaWidth <= 0 || f.Format.ChromaHeight <= 0 {
		return bars{}, false
	}
	luma, chroma := lumaLines(f.Format), chromaLines(f.Format)
	least := 0.0
	areas := [...]area{wholeArea(f.Format), e.within(f.Format), e.centred().within(f.Format)}
	for i, a := range areas {
		if i > 0 && (a == areas[0] || !darkAround(f, a)) || i > 1 && a == areas[1] {
			continue
		}
		for p := range t.patterns {
			for m := range matrices {
				for _, full := range [...]bool{false, true} {
					g := fit{f: f, luma: &luma, chroma: &chroma, area: a, full: full}
					if err, ok := g.pattern(&t.patterns[p], t.colours[p][m]); ok && (!found || err < least) {
						best, found, least = bars{p, m, full}, true, err
					}
				}
			}
		}
	}
	return best, found
}

// upright tells in few steps whether the picture could be made of upright bars: three rows in the middle of the upper half are alike and not flat.
func upright(f *measurement.Frame) bool {
	const step, contrast = 6, 60
	const most = 12 // columns that an ident may stand in
	low, high, bad := uint8(255), uint8(0), 0
	for x := range measurement.GridW {
		a, b, c := f.Grid[4*measurement.GridW+x], f.Grid[6*measurement.GridW+x], f.Grid[8*measurement.GridW+x]
		low, high = min(low, b), max(high, b)
		if apart(a, b) > step || apart(b, c) > step {
			if bad++; bad > most {
				return false
			}
		}
	}
	return high >= low && high-low >= contrast
}

// vivid tells whether a third of the cells in the middle of the upper half have a colour as strong as the least of the bars.
func vivid(f *measurement.Frame) bool {
	const from, to, strong = 2 * measurement.ChromaW, 5 * measurement.ChromaW, 40
	n := 0
	for i := from; i < to; i++ {
		if max(apart(f.GridCb[i], 128), apart(f.GridCr[i], 128)) >= strong {
			n++
		}
	}
	return 3*n >= to-from
}

// fit compares the cells of a picture with a pattern in an area.
type fit struct {
	f            *videoFrame
	luma, chroma *cellLines
	area         area
	full         bool

	core, coreBad, all, bad int
	err                     int64
}

// pattern returns the mean deviation of the cells, of which one that does not fit counts as wrongCell; ok is false when too few fit.
func (g *fit) pattern(p *testPattern, colours []colour) (err float64, ok bool) {
	for i := range p.regions {
		g.region(&p.regions[i], colours[i])
		if g.coreBad > maxCoreBad {
			return 0, false
		}
	}
	if g.core < minBarCells || float64(g.coreBad) > (1-barShare)*float64(g.core) || float64(g.bad) > (1-patternShare)*float64(g.all) {
		return 0, false
	}
	return float64(g.err) / float64(max(1, g.all)), true
}

// region looks at the cells that lie wholly within a region.
func (g *fit) region(r *region, c colour) {
	format := g.f.Format
	w, h := float64(g.area.width()), float64(g.area.height())
	lo := func(v, size float64, at int32) int32 { return at + int32((v+barMargin)*size+0.999) }
	hi := func(v, size float64, at int32) int32 { return at + int32((v-barMargin)*size) }
	x0, x1 := lo(r.x0, w, g.area.X0), hi(r.x1, w, g.area.X0)
	y0, y1 := lo(r.y0, h, g.area.Y0), hi(r.y1, h, g.area.Y0)
	if r.x0 == 0 {
		x0 = g.area.X0
	}
	if r.x1 > 0.999 {
		x1 = g.area.X1
	}
	fullW, fullH := sideLength(format.Width), sideLength(format.Height)
	fx, tx := inside(g.luma.x[:measurement.GridW+1], x0, x1, fullW, fullW)
	fy, ty := inside(g.luma.y[:measurement.GridH+1], y0, y1, fullH, fullH)
	for y := fy; y < ty; y++ {
		for x := fx; x < tx; x++ {
			v := g.limited(g.f.Grid[y*measurement.GridW+x])
			g.count(r.core, v, c.Y, barLuma)
		}
	}
	cw, ch := sideLength(format.ChromaWidth), sideLength(format.ChromaHeight)
	fx, tx = inside(g.chroma.x[:measurement.ChromaW+1], x0, x1, fullW, cw)
	fy, ty = inside(g.chroma.y[:measurement.ChromaH+1], y0, y1, fullH, ch)
	for y := fy; y < ty; y++ {
		for x := fx; x < tx; x++ {
			i := y*measurement.ChromaW + x
			b, r2 := g.limitedChroma(g.f.GridCb[i]), g.limitedChroma(g.f.GridCr[i])
			g.count(r.core, b, c.Cb, barChroma)
			g.count(r.core, r2, c.Cr, barChroma)
		}
	}
}

// limited brings luma to limited range.
func (g *fit) limited(v uint8) uint8 {
	if !g.full {
		return v
	}
	return uint8(16 + (int(v)*219+127)/255)
}

func (g *fit) limitedChroma(v uint8) uint8 {
	if !g.full {
		return v
	}
	return uint8(128 + ((int(v)-128)*224)/255)
}

func (g *fit) count(core bool, v, want uint8, tolerance uint8) {
	d := apart(v, want)
	wrong := 0
	if d > tolerance {
		wrong, d = 1, wrongCell
	}
	g.err += int64(d)
	g.all++
	g.bad += wrong
	if core {
		g.core++
		g.coreBad += wrong
	}
}
