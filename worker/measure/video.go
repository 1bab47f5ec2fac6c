// Package measure turns decoded pictures and samples into measurements: one call into C for a picture, one for a slot of audio.
//
// It is pure: what it gives depends on nothing but the samples, so that a stream measures the same however it was cut and whatever the machine. Video is counted in
// integers; audio is summed in double precision in a fixed order. It knows nothing of FFmpeg, files or queues: planes come as pointers.
package measure

// #cgo CFLAGS: -std=c11 -O3 -Wall
// #cgo noescape ac_video_measure
// #cgo nocallback ac_video_measure
// #cgo noescape ac_grid_means
// #cgo nocallback ac_grid_means
// #include "video.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"aircheck/jobs/measurement"
)

// MaxSide bounds the width and height of a picture; sums are sized for it.
const MaxSide = C.AC_MAX_SIDE

// Depths of a sample in bits.
const (
	minDepth = 8
	maxDepth = 16
)

// fineChange is the mean absolute difference of luma, in 8-bit code values, up to which a picture may be part of a freeze and gets Fine cells. Film grain over a
// frozen picture stays below it.
const fineChange = 3

// Groups is a set of measurements that are not taken of every picture.
type Groups int

// Texture and Comb are too dear for every picture. A decoder asks for them on a fixed pattern counted from the start of the unit, so that slicing cannot change it.
const (
	Texture Groups = C.AC_TEXTURE
	Comb    Groups = C.AC_COMB
)

// Sampled returns the groups to ask for on the n-th picture of a unit: texture on every fourth, comb half-way between, when two older pictures are there.
func Sampled(n int) Groups {
	switch n % 4 {
	case 0:
		return Texture
	case 2:
		return Comb
	}
	return 0
}

// Matrix is how luma and chroma were made of R, G and B. The gamut is measured only where it is known.
type Matrix int

// The matrices that are known.
const (
	NoMatrix  Matrix = C.AC_NO_MATRIX
	BT601     Matrix = C.AC_BT601
	BT709     Matrix = C.AC_BT709
	BT2020    Matrix = C.AC_BT2020
	SMPTE240M Matrix = C.AC_SMPTE240M
)

// hdLines is the height from which untagged video counts as BT.709.
const hdLines = 720

// MatrixOf returns the matrix by its code point (ITU-T H.273, 8.3) for a picture of limited range and this height.
func MatrixOf(code, height int) Matrix {
	switch code {
	case 1:
		return BT709
	case 4, 5, 6: // FCC differs from BT.601 in the third digit
		return BT601
	case 7:
		return SMPTE240M
	case 9:
		return BT2020
	case 2, 3: // unspecified, reserved
		if height < hdLines {
			return BT601
		}
		return BT709
	}
	return NoMatrix // RGB, YCgCo, constant luminance, ICtCp
}

// Picture is a decoded picture, planar YUV or grey (ChromaW 0). Samples are bytes, or little-endian 16-bit words when Depth exceeds 8. Data must stay valid during
// a call and is not written; nothing outside the visible area is read. Strides are in bytes and may be negative.
type Picture struct {
	Data             [3]unsafe.Pointer
	Stride           [3]int
	W, H             int
	ChromaW, ChromaH int
	Depth            int
	Matrix           Matrix // NoMatrix in a picture of full range
}

// Video measures pictures of one size. It is not safe for concurrent use and owns C memory until Close. It keeps nothing between pictures but scratch.
type Video struct {
	c       *C.ac_video
	w, h    int
	cw, ch  int
	depth   int
	measure bool // a picture was measured: there are cells for Fine
	grid    [measurement.GridW * measurement.GridH]uint16
}

// NewVideo returns a Video for pictures of this size: 1 to MaxSide each way, chroma 0 for grey, depth 8 to 16.
func NewVideo(w, h, cw, ch, depth int) (*Video, error) {
	return newVideo(w, h, cw, ch, depth, avx512)
}

// kernel is an instruction set.
type kernel int

const (
	scalar kernel = C.AC_SCALAR
	avx2   kernel = C.AC_AVX2
	avx512 kernel = C.AC_AVX512
)

// newVideo uses the given instruction set or the next best one that the processor has.
func newVideo(w, h, cw, ch, depth int, best kernel) (*Video, error) {
	grey := cw == 0 && ch == 0
	if !inside(w) || !inside(h) || !grey && (!inside(cw) || !inside(ch)) {
		return nil, fmt.Errorf("measure picture of %dx%d, chroma %dx%d: size out of range", w, h, cw, ch)
	}
	if depth < minDepth || depth > maxDepth {
		return nil, fmt.Errorf("measure picture of %d bits: depth out of range", depth)
	}
	c := C.ac_video_new(C.int(w), C.int(h), C.int(cw), C.int(ch), C.int(depth), C.int(best))
	if c == nil {
		return nil, errors.New("measure video: out of memory")
	}
	return &Video{c: c, w: w, h: h, cw: cw, ch: ch, depth: depth}, nil
}

func inside(n int) bool { return n >= 1 && n <= MaxSide }

// Close frees the C memory.
func (v *Video) Close() {
	C.ac_video_free(v.c)
	v.c = nil
}

// Fits tells whether p has the size and depth that v was made for.
func (v *Video) Fits(p *Picture) bool {
	return p.W == v.w && p.H == v.h && p.ChromaW == v.cw && p.ChromaH == v.ch && p.Depth == v.depth
}

// Measure fills the fields of out that are measured on pixels and leaves the others alone. prev is the picture before cur in the same unit, prev2 the one before that;
// nil where there is none. Without prev there is no pair; Comb needs both and is left out otherwise.
// out.Fine is set on the first picture and wherever little changes; it, out.Texture and out.Comb are new and belong to the caller.
func (v *Video) Measure(prev2, prev, cur *Picture, groups Groups, out *measurement.Frame) error {
	for _, p := range []*Picture{prev2, prev, cur} {
		if err := v.check(p); err != nil {
			return err
		}
	}
	if cur == nil {
		return errors.New("measure picture: there is none")
	}
	if prev == nil || prev2 == nil {
		groups &^= Comb
	}
	v.take(&v.c.cur, cur)
	v.c.has_prev = v.take(&v.c.prev, prev)
	v.c.has_prev2 = v.take(&v.c.prev2, prev2)
	v.c.groups = C.int(groups)
	v.c.matrix = C.int(cur.Matrix)
	C.ac_video_measure(v.c)
	v.c.cur, v.c.prev, v.c.prev2 = C.ac_picture{}, C.ac_picture{}, C.ac_picture{}
	v.measure = true
	v.give(prev != nil, groups, out)
	return nil
}

func (v *Video) check(p *Picture) error {
	if p == nil {
		return nil
	}
	if !v.Fits(p) {
		return fmt.Errorf("measure picture of %dx%d, %d bits: made for %dx%d, %d bits", p.W, p.H, p.Depth, v.w, v.h, v.depth)
	}
	if p.Matrix < NoMatrix || p.Matrix > SMPTE240M {
		return fmt.Errorf("measure picture with matrix %d: there is none", p.Matrix)
	}
	for i := range v.planes() {
		width, size := v.w, 1
		if i > 0 {
			width = v.cw
		}
		if v.depth > 8 {
			size = 2
		}
		if p.Data[i] == nil || max(p.Stride[i], -p.Stride[i]) < width*size {
			return fmt.Errorf("measure plane %d: no data, or a stride of %d for %d samples", i, p.Stride[i], width)
		}
		if p.Stride[i]%size != 0 || uintptr(p.Data[i])%uintptr(size) != 0 {
			return fmt.Errorf("measure plane %d: samples of %d bytes are not aligned", i, size)
		}
	}
	return nil
}

func (v *Video) planes() int {
	if v.cw == 0 {
		return 1
	}
	return 3
}

// take writes a picture into the C structure and returns whether there is one.
func (v *Video) take(c *C.ac_picture, p *Picture) C.int {
	if p == nil {
		return 0
	}
	for i := range v.planes() {
		c.data[i] = (*C.uint8_t)(p.Data[i])
		c.stride[i] = C.ptrdiff_t(p.Stride[i])
	}
	return 1
}

// Fine adds the cells of the picture that was measured last to f, which must be its frame. It is for the last frame of a unit, which one knows only afterwards.
func (v *Video) Fine(f *measurement.Frame) {
	if f.Fine != nil || !v.measure {
		return
	}
	f.Fine = make([]uint16, measurement.GridW*measurement.GridH)
	C.ac_grid_means(v.c, 0, 16, (*C.uint16_t)(&f.Fine[0]))
}

func (v *Video) isStill(sad int64) bool {
	return sad <= int64(fineChange<<(v.depth-8))*int64(v.w)*int64(v.h)
}

// readMemory reads p once, for benchmarks.
func readMemory(p []byte) uint64 {
	return uint64(C.ac_read_memory((*C.uint8_t)(&p[0]), C.size_t(len(p))))
}
