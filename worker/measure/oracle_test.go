//go:build cgo

package measure

import (
	"math"

	"aircheck/jobs/measurement"
)

// plane is a plane of samples in native code values; the oracle works on these, one sample at a time, as the definitions in the measurement package read.
type plane struct {
	w, h int
	at   []int
}

func (p *plane) px(x, y int) int { return p.at[y*p.w+x] }

func (p *plane) each(f func(x, y, s int)) {
	for y := range p.h {
		for x := range p.w {
			f(x, y, p.px(x, y))
		}
	}
}

type image struct {
	planes []*plane
	depth  int
	matrix Matrix
}

func abs(n int) int { return max(n, -n) }

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// oracle measures everything but the hash.
func oracle(prev2, prev, cur *image, groups Groups) *measurement.Frame {
	f := &measurement.Frame{}
	s := cur.depth - 8
	oracleLuma(cur.planes[0], s, f)
	oracleGrid(cur.planes[0], s, measurement.GridW, measurement.GridH, 1, func(i, v int) { f.Grid[i] = uint8(v) })
	if len(cur.planes) == 3 {
		oracleChroma(cur, s, f)
	}
	if prev != nil {
		f.HasPair = true
		f.Pair = oraclePair(prev, cur, s)
	}
	y := cur.planes[0]
	if prev == nil || f.Pair.SADY <= int64(3<<s*y.w*y.h) {
		f.Fine = make([]uint16, measurement.GridW*measurement.GridH)
		oracleGrid(y, s, measurement.GridW, measurement.GridH, 16, func(i, v int) { f.Fine[i] = uint16(v) })
	}
	if groups&Texture != 0 {
		f.Texture = oracleTexture(cur, s)
	}
	if groups&Comb != 0 && prev != nil && prev2 != nil {
		f.Comb = oracleComb(prev2.planes[0], prev.planes[0], y, s)
	}
	return f
}

func oracleLuma(y *plane, s int, f *measurement.Frame) {
	f.MinY, f.MaxY = int32(y.px(0, 0)), int32(y.px(0, 0))
	y.each(func(_, _, v int) {
		f.SumY += int64(v)
		f.SumY2 += int64(v) * int64(v)
		f.MinY, f.MaxY = min(f.MinY, int32(v)), max(f.MaxY, int32(v))
		for i, t := range []int{16, 32, 37, 64} {
			f.CntLE[i] += b2i(v <= t<<s)
		}
		f.CntLo += b2i(v < 16<<s)
		f.CntHi += b2i(v > 235<<s)
		f.CntLo103 += b2i(v < 5<<s)
		f.CntHi103 += b2i(v > 246<<s)
	})
	for by := range y.h / 8 {
		for bx := range y.w / 8 {
			sum := int32(blockSum(y, bx, by))
			if bx+by == 0 {
				f.MinBlock = sum
			}
			f.MinBlock, f.MaxBlock = min(f.MinBlock, sum), max(f.MaxBlock, sum)
		}
	}
}

func blockSum(p *plane, bx, by int) int { return rectSum(p, 8*bx, 8*bx+8, 8*by, 8*by+8) }

func rectSum(p *plane, x0, x1, y0, y1 int) int {
	sum := 0
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			sum += p.px(x, y)
		}
	}
	return sum
}

func oracleChroma(cur *image, s int, f *measurement.Frame) {
	type out struct {
		sum, sum2 *int64
		min, max  *int32
		grid      []uint8
	}
	for i, o := range []out{
		{&f.SumCb, &f.SumCb2, &f.MinCb, &f.MaxCb, f.GridCb[:]},
		{&f.SumCr, &f.SumCr2, &f.MinCr, &f.MaxCr, f.GridCr[:]},
	} {
		p := cur.planes[1+i]
		*o.min, *o.max = int32(p.px(0, 0)), int32(p.px(0, 0))
		p.each(func(_, _, v int) {
			*o.sum += int64(v)
			*o.sum2 += int64(v) * int64(v)
			*o.min, *o.max = min(*o.min, int32(v)), max(*o.max, int32(v))
			f.CntChroma += b2i(v < 16<<s || v > 240<<s)
		})
		oracleGrid(p, s, measurement.ChromaW, measurement.ChromaH, 1, func(i, v int) { o.grid[i] = uint8(v) })
	}
}

// border is the i-th of n+1 borders in samples: on whole 8x8 blocks, rounded half up, when both sides have blocks enough; else in samples, rounded down.
func border(i, n, size int, blocks bool) int {
	if blocks {
		return 8 * int(float64(i)*float64(size/8)/float64(n)+0.5)
	}
	return i * size / n
}

func oracleGrid(p *plane, s, cols, rows, unit int, set func(i, v int)) {
	blocks := p.w/8 >= cols && p.h/8 >= rows
	for i := range cols * rows {
		x0, x1 := border(i%cols, cols, p.w, blocks), border(i%cols+1, cols, p.w, blocks)
		y0, y1 := border(i/cols, rows, p.h, blocks), border(i/cols+1, rows, p.h, blocks)
		x1, y1 = max(x1, x0+1), max(y1, y0+1)
		mean := float64(rectSum(p, x0, x1, y0, y1)*unit) / float64((x1-x0)*(y1-y0)<<s)
		set(i, min(int(mean+0.5), 255*unit))
	}
}

func sad(a, b *plane) int64 {
	n := int64(0)
	a.each(func(x, y, v int) { n += int64(abs(v - b.px(x, y))) })
	return n
}

func oraclePair(prev, cur *image, s int) measurement.Pair {
	c, p := cur.planes[0], prev.planes[0]
	r := measurement.Pair{SADY: sad(c, p)}
	if len(cur.planes) == 3 {
		r.SADCb, r.SADCr = sad(cur.planes[1], prev.planes[1]), sad(cur.planes[2], prev.planes[2])
	}
	c.each(func(x, y, v int) {
		if d := abs(v - p.px(x, y)); d > 30<<s {
			r.TI2 += int64(d) * int64(d)
		}
	})
	for by := range c.h / 8 {
		for bx := range c.w / 8 {
			r.BlockMean += int64(abs(blockSum(c, bx, by) - blockSum(p, bx, by)))
		}
	}
	oracleBlocks(c, p, s, &r)
	return r
}

func oracleBlocks(c, p *plane, s int, r *measurement.Pair) {
	cols, rows := c.w/16, c.h/16
	sads := make([]int, cols*rows)
	for i := range sads {
		x0, y0 := i%cols*16, i/cols*16
		for y := y0; y < y0+16; y++ {
			for x := x0; x < x0+16; x++ {
				sads[i] += abs(c.px(x, y) - p.px(x, y))
			}
		}
		r.MaxBlock = max(r.MaxBlock, int32(sads[i]))
		r.Changed += int32(b2i(sads[i] > 2<<s*256))
	}
	r.Blocks = int32(len(sads))
	for i := range cols * rows {
		bx, by := i%cols, i/cols
		if bx == 0 || by == 0 || bx == cols-1 || by == rows-1 {
			continue
		}
		changed := b2i(sads[i] > 2<<s*256)
		broken, control := b2i(brokenSides(c, 16*bx, 16*by, 0, s) >= 2), b2i(brokenSides(c, 16*bx, 16*by, 4, s) >= 2)
		r.Broken += int32(broken)
		r.BrokenNew += int32(broken & changed)
		r.Control += int32(control)
		r.ControlNew += int32(control & changed)
	}
}

// brokenSides looks at the sides of a block, each moved across itself by off samples.
func brokenSides(c *plane, x0, y0, off, s int) int {
	side := func(px func(across, along int) int) int {
		var step, a, b int
		for i := range 16 {
			step += abs(px(0, i) - px(-1, i))
			a += abs(px(-1, i) - px(-2, i))
			b += abs(px(1, i) - px(0, i))
		}
		mean := func(sum int) float64 { return float64(sum) / 16 / float64(int(1)<<s) }
		return int(b2i(mean(step) > 8 && mean(step) > 3*max(mean(a), mean(b), 1.5)))
	}
	n := 0
	for _, at := range []int{0, 16} {
		n += side(func(across, along int) int { return c.px(x0+off+at+across, y0+along) })
		n += side(func(across, along int) int { return c.px(x0+along, y0+off+at+across) })
	}
	return n
}

func oracleTexture(img *image, s int) *measurement.Texture {
	p, t := img.planes[0], &measurement.Texture{}
	p.each(func(x, y, v int) {
		if x > 0 {
			t.ColEdge[x%96] += int64(min(abs(v-p.px(x-1, y)), 8<<s))
		}
		if y > 0 {
			t.RowEdge[y%96] += int64(min(abs(v-p.px(x, y-1)), 8<<s))
		}
		if y%4 == 0 {
			edge := func(i, far, near int) {
				if far >= 24<<s {
					t.Edge[i] += int64(far * far)
					t.Slope[i] += int64(near * near)
					t.Edges[i]++
				}
			}
			if x >= 4 && x+4 < p.w {
				edge(0, abs(p.px(x+4, y)-p.px(x-4, y)), abs(p.px(x+1, y)-p.px(x-1, y)))
			}
			if y >= 4 && y+4 < p.h {
				edge(1, abs(p.px(x, y+4)-p.px(x, y-4)), abs(p.px(x, y+1)-p.px(x, y-1)))
			}
		}
	})
	row := func(y int) bool { return blackLine(p.w, s, func(i int) int { return p.px(i, y) }) }
	col := func(x int) bool { return blackLine(p.h, s, func(i int) int { return p.px(x, i) }) }
	t.Top = leading(p.h/2, row)
	t.Bottom = leading(p.h/2, func(i int) bool { return row(p.h - 1 - i) })
	t.Left = leading(p.w/2, col)
	t.Right = leading(p.w/2, func(i int) bool { return col(p.w - 1 - i) })
	oracleSolid(img, s, t)
	t.Gamut = oracleGamut(img)
	return t
}

// lumaShare is how many samples of luma share one of chroma in one direction; 0 when that is not 1, 2 or 4.
func lumaShare(luma, chroma int) int {
	for _, n := range []int{1, 2, 4} {
		if (luma+n-1)/n == chroma {
			return n
		}
	}
	return 0
}

// oracleGamut counts in 14 bits: luma is rounded down, products with chroma to the nearest.
func oracleGamut(img *image) int64 {
	if len(img.planes) < 3 || img.matrix == NoMatrix {
		return 0
	}
	y, cb, cr := img.planes[0], img.planes[1], img.planes[2]
	sx, sy := lumaShare(y.w, cb.w), lumaShare(y.h, cb.h)
	if sx == 0 || sy == 0 {
		return 0
	}
	k := map[Matrix][2]float64{BT601: {.299, .114}, BT709: {.2126, .0722}, BT2020: {.2627, .0593}, SMPTE240M: {.212, .087}}[img.matrix]
	kr, kg, kb := k[0], 1-k[0]-k[1], k[1]
	full := float64(int(1) << img.depth)
	n := int64(0)
	for py := range y.h / sy {
		for px := range y.w / sx {
			luma := math.Floor(16384 / full * float64(rectSum(y, px*sx, px*sx+sx, py*sy, py*sy+sy)) / float64(sx*sy))
			term := func(p *plane, factor float64) float64 {
				q14 := math.Round(factor * 219 / 224 * 16384)
				return math.Floor((float64(p.px(px, py))/full-0.5)*q14 + 0.5)
			}
			r, b := luma+term(cr, 2*(1-kr)), luma+term(cb, 2*(1-kb))
			g := luma - term(cr, 2*(1-kr)*kr/kg) - term(cb, 2*(1-kb)*kb/kg)
			n += b2i(min(luma, r, g, b) < 5*64 || max(luma, r, g, b) > 246*64)
		}
	}
	return n
}

func leading(n int, f func(i int) bool) int32 {
	for i := range n {
		if !f(i) {
			return int32(i)
		}
	}
	return int32(n)
}

func blackLine(n, s int, px func(i int) int) bool {
	sum, above := 0, 0
	for i := range n {
		sum += px(i)
		above += int(b2i(px(i) > 40<<s))
	}
	return sum <= n*24<<s && above*100 <= n
}

func oracleSolid(img *image, s int, t *measurement.Texture) {
	p := img.planes[0]
	for i := range (p.w / 16) * (p.h / 16) {
		x0, y0 := i%(p.w/16)*16, i/(p.w/16)*16
		lo, hi := extremes(p, x0, x0+16, y0, y0+16)
		if lo != hi {
			continue
		}
		t.SolidBlocks++
		grey, green := lo >= 126<<s && lo <= 130<<s, lo <= 32<<s && len(img.planes) == 3
		for _, c := range img.planes[1:] {
			lo, hi := extremes(c, x0*c.w/p.w, (x0+16)*c.w/p.w, y0*c.h/p.h, (y0+16)*c.h/p.h)
			grey = grey && lo >= 126<<s && hi <= 130<<s
			green = green && hi <= 32<<s
		}
		t.Grey += int32(b2i(grey))
		t.Green += int32(b2i(green))
	}
}

func extremes(p *plane, x0, x1, y0, y1 int) (int, int) {
	lo, hi := 1<<30, -1
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			lo, hi = min(lo, p.px(x, y)), max(hi, p.px(x, y))
		}
	}
	return lo, hi
}

func oracleComb(before, mid, after *plane, s int) *measurement.Comb {
	c := &measurement.Comb{}
	for y := 2; y < mid.h-2; y++ {
		for x := range mid.w {
			line := mid.px(x, y-1) + mid.px(x, y+1)
			c.Alpha[y%2] += int64(abs(line - 2*before.px(x, y)))
			c.Alpha[1-y%2] += int64(abs(line - 2*after.px(x, y)))
			c.Delta += int64(abs(line - 2*mid.px(x, y)))
			c.Gamma[1-y%2] += int64(abs(2*mid.px(x, y) - 2*before.px(x, y)))
		}
	}
	blocks := make(map[[2]int]int32)
	for y := 1; y < after.h-1; y++ {
		for x := range after.w {
			up, down := after.px(x, y)-after.px(x, y-1), after.px(x, y)-after.px(x, y+1)
			if min(up, down) <= 10<<s && max(up, down) >= -10<<s {
				continue
			}
			c.Combed++
			if at := [2]int{x / 16, y / 16}; at[0] < after.w/16 && at[1] < after.h/16 {
				blocks[at]++
				c.CombedBlock = max(c.CombedBlock, blocks[at])
			}
		}
	}
	return c
}
