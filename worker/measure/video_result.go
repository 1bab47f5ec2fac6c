package measure

// #include "video.h"
import "C"

import "aircheck/jobs/measurement"

// give copies the output of the last call to out.
func (v *Video) give(paired bool, groups Groups, out *measurement.Frame) {
	v.givePlanes(out)
	v.giveGrid(0, out.Grid[:])
	clear(out.GridCb[:])
	clear(out.GridCr[:])
	if v.cw > 0 {
		v.giveGrid(1, out.GridCb[:])
		v.giveGrid(2, out.GridCr[:])
	}
	out.HasPair, out.Pair = paired, measurement.Pair{}
	if paired {
		v.givePair(&out.Pair)
	}
	out.Fine, out.Texture, out.Comb = nil, nil, nil
	if !paired || v.isStill(out.Pair.SADY) {
		v.Fine(out)
	}
	if groups&Texture != 0 {
		out.Texture = v.giveTexture()
	}
	if groups&Comb != 0 {
		out.Comb = v.giveComb()
	}
}

func (v *Video) givePlanes(out *measurement.Frame) {
	y, cb, cr := &v.c.plane[0], &v.c.plane[1], &v.c.plane[2]
	out.SumY, out.SumY2 = int64(y.sum), int64(y.sum2)
	out.MinY, out.MaxY = int32(y.min), int32(y.max)
	for i := range out.CntLE {
		out.CntLE[i] = int64(y.le[i])
	}
	out.CntLo, out.CntHi = int64(y.lo), int64(y.hi)
	out.CntLo103, out.CntHi103 = int64(y.lo103), int64(y.hi103)
	out.SumCb, out.SumCb2 = int64(cb.sum), int64(cb.sum2)
	out.SumCr, out.SumCr2 = int64(cr.sum), int64(cr.sum2)
	out.MinCb, out.MaxCb = int32(cb.min), int32(cb.max)
	out.MinCr, out.MaxCr = int32(cr.min), int32(cr.max)
	out.CntChroma = int64(cb.chroma_out + cr.chroma_out)
	out.MaxBlock, out.MinBlock = int32(v.c.max_block), int32(v.c.min_block)
	out.Hash = uint64(v.c.hash)
}

func (v *Video) giveGrid(plane int, out []uint8) {
	C.ac_grid_means(v.c, C.int(plane), 1, (*C.uint16_t)(&v.grid[0]))
	for i := range out {
		out[i] = uint8(v.grid[i])
	}
}

func (v *Video) givePair(out *measurement.Pair) {
	p := &v.c.pair
	*out = measurement.Pair{
		SADY:      int64(v.c.plane[0].sad),
		SADCb:     int64(v.c.plane[1].sad),
		SADCr:     int64(v.c.plane[2].sad),
		TI2:       int64(v.c.plane[0].ti2),
		MaxBlock:  int32(p.max_block),
		Changed:   int32(p.changed),
		Blocks:    int32(p.blocks),
		BlockMean: int64(p.block_mean),
		Broken:    int32(p.broken), BrokenNew: int32(p.broken_new),
		Control: int32(p.control), ControlNew: int32(p.control_new),
	}
}

func (v *Video) giveTexture() *measurement.Texture {
	c := &v.c.texture
	t := &measurement.Texture{
		Top: int32(c.top), Bottom: int32(c.bottom), Left: int32(c.left), Right: int32(c.right),
		Gamut: int64(c.gamut), SolidBlocks: int32(c.solid), Grey: int32(c.grey), Green: int32(c.green),
	}
	for i, e := range c.edges {
		t.Edge[i], t.Slope[i], t.Edges[i] = int64(e.wide), int64(e.steep), int32(e.count)
	}
	for i := range c.col {
		t.ColEdge[i], t.RowEdge[i] = int64(c.col[i]), int64(c.row[i])
	}
	return t
}

func (v *Video) giveComb() *measurement.Comb {
	c := &v.c.comb
	return &measurement.Comb{
		Alpha:  [2]int64{int64(c.alpha[0]), int64(c.alpha[1])},
		Delta:  int64(c.delta),
		Gamma:  [2]int64{int64(c.gamma[0]), int64(c.gamma[1])},
		Combed: int64(c.combed), CombedBlock: int32(c.combed_block),
	}
}
