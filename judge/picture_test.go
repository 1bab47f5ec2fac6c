package judge

import (
	"aircheck/jobs/measurement"
)

// picture is an 8-bit 4:2:0 picture; measure turns it into what a worker would say about it, by the definitions in jobs/measurement and nothing
// faster.
type picture struct {
	w, h      int
	y, cb, cr []uint8
}

func newPicture(w, h int) *picture {
	c := (w / 2) * (h / 2)
	p := &picture{w, h, make([]uint8, w*h), make([]uint8, c), make([]uint8, c)}
	fill(p.y, 16)
	fill(p.cb, 128)
	fill(p.cr, 128)
	return p
}

func fill(s []uint8, v uint8) {
	for i := range s {
		s[i] = v
	}
}

func (p *picture) clone() *picture {
	c := newPicture(p.w, p.h)
	copy(c.y, p.y)
	copy(c.cb, p.cb)
	copy(c.cr, p.cr)
	return c
}

// box fills a rectangle of luma.
func (p *picture) box(x0, y0, w, h int, v uint8) *picture {
	for y := y0; y < y0+h; y++ {
		fill(p.y[y*p.w+x0:y*p.w+x0+w], v)
	}
	return p
}

// add adds a function of the position to luma.
func (p *picture) add(f func(x, y int) int) *picture {
	for y := range p.h {
		for x := range p.w {
			i := y*p.w + x
			p.y[i] = uint8(min(255, max(0, int(p.y[i])+f(x, y))))
		}
	}
	return p
}

func (p *picture) format() *measurement.Format {
	return &measurement.Format{Kind: measurement.Video, Width: p.w, Height: p.h, ChromaWidth: p.w / 2, ChromaHeight: p.h / 2, Depth: 8}
}

// measure compares with prev unless it is nil.
func (p *picture) measure(prev *picture) *measurement.Frame {
	f := &measurement.Frame{}
	for _, v := range p.y {
		f.SumY += int64(v)
		f.SumY2 += int64(v) * int64(v)
		for i, t := range [...]uint8{16, 32, 37, 64} {
			if v <= t {
				f.CntLE[i]++
			}
		}
	}
	for i := range p.cb {
		f.SumCb += int64(p.cb[i])
		f.SumCr += int64(p.cr[i])
	}
	for i, s := range cellsOf(p.cb, p.w/2, p.h/2, measurement.ChromaW, measurement.ChromaH) {
		f.GridCb[i] = uint8((s[0] + s[1]/2) / s[1])
	}
	for i, s := range cellsOf(p.cr, p.w/2, p.h/2, measurement.ChromaW, measurement.ChromaH) {
		f.GridCr[i] = uint8((s[0] + s[1]/2) / s[1])
	}
	for _, s := range p.blockSums() {
		f.MaxBlock = max(f.MaxBlock, s)
	}
	f.Fine = make([]uint16, len(f.Grid))
	for i, s := range p.cells(measurement.GridW, measurement.GridH) {
		f.Fine[i] = uint16((s[0]*16 + s[1]/2) / s[1])
		f.Grid[i] = uint8((s[0] + s[1]/2) / s[1])
	}
	if prev != nil {
		f.HasPair = true
		f.Pair = p.pair(prev)
	}
	return f
}

// blockSums are the sums of the whole 8x8 blocks in raster order.
func (p *picture) blockSums() []int32 {
	bw := p.w / 8
	out := make([]int32, bw*(p.h/8))
	for y := range p.h / 8 * 8 {
		row, sums := p.y[y*p.w:], out[y/8*bw:]
		for x := range bw * 8 {
			sums[x/8] += int32(row[x])
		}
	}
	return out
}

// cells are sum and size of the luma cells of a grid.
func (p *picture) cells(gw, gh int) [][2]int { return cellsOf(p.y, p.w, p.h, gw, gh) }

// cellsOf are sum and size of the cells of a plane of too few blocks for cells of whole ones.
func cellsOf(plane []uint8, w, h, gw, gh int) [][2]int {
	out := make([][2]int, gw*gh)
	for cy := range gh {
		from, to := cy*h/gh, (cy+1)*h/gh
		for y := from; y < max(to, from+1); y++ {
			for cx := range gw {
				from, to := cx*w/gw, max((cx+1)*w/gw, cx*w/gw+1)
				c := &out[cy*gw+cx]
				for _, v := range plane[y*w+from : y*w+to] {
					c[0] += int(v)
				}
				c[1] += to - from
			}
		}
	}
	return out
}

// borders are the black lines around the picture, by the rule of measurement.Texture.
func (p *picture) borders() *measurement.Texture {
	black := func(n int, at func(i int) uint8) bool {
		sum, above := 0, 0
		for i := range n {
			v := at(i)
			sum += int(v)
			if v > 40 {
				above++
			}
		}
		return sum <= 24*n && 100*above <= n
	}
	row := func(y int) bool { return black(p.w, func(i int) uint8 { return p.y[y*p.w+i] }) }
	column := func(x int) bool { return black(p.h, func(i int) uint8 { return p.y[i*p.w+x] }) }
	count := func(most int, dark func(i int) bool) (n int32) {
		for int(n) < most && dark(int(n)) {
			n++
		}
		return n
	}
	return &measurement.Texture{
		Top: count(p.h/2, row), Bottom: count(p.h/2, func(i int) bool { return row(p.h - 1 - i) }),
		Left: count(p.w/2, column), Right: count(p.w/2, func(i int) bool { return column(p.w - 1 - i) }),
	}
}

// paint fills a rectangle, given in luma samples, of all planes.
func (p *picture) paint(x0, y0, x1, y1 int, c colour) *picture {
	p.box(x0, y0, x1-x0, y1-y0, c.Y)
	for y := y0 / 2; y < y1/2; y++ {
		fill(p.cb[y*p.w/2+x0/2:y*p.w/2+x1/2], c.Cb)
		fill(p.cr[y*p.w/2+x0/2:y*p.w/2+x1/2], c.Cr)
	}
	return p
}

func (p *picture) pair(prev *picture) measurement.Pair {
	var out measurement.Pair
	bw, bh := p.w/16, p.h/16
	blocks := make([]int32, bw*bh)
	for i, v := range p.y {
		d := int64(v) - int64(prev.y[i])
		if d < 0 {
			d = -d
		}
		out.SADY += d
		if d > 30 {
			out.TI2 += d * d
		}
		if x, y := i%p.w/16, i/p.w/16; x < bw && y < bh {
			blocks[y*bw+x] += int32(d)
		}
	}
	for i := range p.cb {
		out.SADCb += int64(abs(int32(p.cb[i]) - int32(prev.cb[i])))
		out.SADCr += int64(abs(int32(p.cr[i]) - int32(prev.cr[i])))
	}
	out.Blocks = int32(len(blocks))
	for _, s := range blocks {
		out.MaxBlock = max(out.MaxBlock, s)
		if s > 2*256 {
			out.Changed++
		}
	}
	a, b := p.blockSums(), prev.blockSums()
	for i := range a {
		out.BlockMean += int64(abs(a[i] - b[i]))
	}
	return out
}
