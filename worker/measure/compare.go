package measure

// #include <stdlib.h>
// #include "compare.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"unsafe"
)

// Difference is what a picture and another one of the same size differ by.
type Difference struct {
	// SSE are the sums of the squared differences of Y, Cb and Cr in native code values.
	SSE [3]int64
	// SSIM are the structural similarities of the planes as FFmpeg's ssim filter has them; 1 for a plane too small to have one, and for chroma that is not there.
	SSIM [3]float64
}

// Comparer compares pictures of one size and depth. It is not safe for concurrent use and owns C memory until Close.
type Comparer struct {
	like    Picture // its size
	scratch *C.ac_ssim_block
}

// NewComparer returns a Comparer for pictures like p.
func NewComparer(p *Picture) (*Comparer, error) {
	grey := p.ChromaW == 0 && p.ChromaH == 0
	if !inside(p.W) || !inside(p.H) || !grey && (!inside(p.ChromaW) || !inside(p.ChromaH)) || p.Depth < minDepth || p.Depth > maxDepth {
		return nil, fmt.Errorf("compare pictures of %dx%d, %d bits: out of range", p.W, p.H, p.Depth)
	}
	blocks := 2 * (max(p.W, p.ChromaW)/4 + 1)
	scratch := (*C.ac_ssim_block)(C.calloc(C.size_t(blocks), C.size_t(unsafe.Sizeof(C.ac_ssim_block{}))))
	if scratch == nil {
		return nil, errors.New("compare pictures: out of memory")
	}
	return &Comparer{like: Picture{W: p.W, H: p.H, ChromaW: p.ChromaW, ChromaH: p.ChromaH, Depth: p.Depth}, scratch: scratch}, nil
}

// Close frees the C memory.
func (c *Comparer) Close() {
	C.free(unsafe.Pointer(c.scratch))
	c.scratch = nil
}

// Fits tells whether p has the size and depth that c was made for.
func (c *Comparer) Fits(p *Picture) bool {
	l := &c.like
	return p.W == l.W && p.H == l.H && p.ChromaW == l.ChromaW && p.ChromaH == l.ChromaH && p.Depth == l.Depth
}

// Compare measures how much two pictures differ.
func (c *Comparer) Compare(a, b *Picture) (Difference, error) {
	d := Difference{SSIM: [3]float64{1, 1, 1}}
	for _, p := range []*Picture{a, b} {
		if err := c.check(p); err != nil {
			return d, err
		}
	}
	for i := range c.planes() {
		w, h := c.size(i)
		p := C.ac_planes{
			a: (*C.uint8_t)(a.Data[i]), b: (*C.uint8_t)(b.Data[i]), a_stride: C.ptrdiff_t(a.Stride[i]), b_stride: C.ptrdiff_t(b.Stride[i]),
			w: C.int(w), h: C.int(h), depth: C.int(c.like.Depth),
		}
		d.SSE[i] = int64(C.ac_sse(p))
		if s := float64(C.ac_ssim(p, c.scratch)); !math.IsNaN(s) {
			d.SSIM[i] = s
		}
	}
	return d, nil
}

func (c *Comparer) planes() int {
	if c.like.ChromaW == 0 {
		return 1
	}
	return 3
}

func (c *Comparer) size(plane int) (w, h int) {
	if plane == 0 {
		return c.like.W, c.like.H
	}
	return c.like.ChromaW, c.like.ChromaH
}

func (c *Comparer) check(p *Picture) error {
	if !c.Fits(p) {
		return fmt.Errorf("compare picture of %dx%d, %d bits: made for %dx%d, %d bits", p.W, p.H, p.Depth, c.like.W, c.like.H, c.like.Depth)
	}
	size := 1
	if p.Depth > 8 {
		size = 2
	}
	for i := range c.planes() {
		w, _ := c.size(i)
		if p.Data[i] == nil || max(p.Stride[i], -p.Stride[i]) < w*size || p.Stride[i]%size != 0 || uintptr(p.Data[i])%uintptr(size) != 0 {
			return fmt.Errorf("compare plane %d: no data, or a stride of %d for %d samples", i, p.Stride[i], w)
		}
	}
	return nil
}
