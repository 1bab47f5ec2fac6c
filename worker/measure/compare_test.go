//go:build cgo

package measure

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// plainDifference is Compare in as few words as possible: SSE by definition, and SSIM with the mean, variance and covariance of every window on its own.
func plainDifference(a, b []int, w, h, depth int) (sse int64, ssim float64) {
	for i := range a {
		d := int64(a[i] - b[i])
		sse += d * d
	}
	peak := float64(int(1)<<depth - 1)
	// FFmpeg's constants are those of the paper times 64², and 64 * 63 for the unbiased variance, rounded to whole numbers.
	c1, c2 := math.Floor(.01*.01*peak*peak*64+.5)/64/64, math.Floor(.03*.03*peak*peak*64*63+.5)/64/63
	var sum float64
	n := 0
	for y := 0; y+8 <= h/4*4; y += 4 {
		for x := 0; x+8 <= w/4*4; x += 4 {
			var sa, sb, saa, sbb, sab float64
			for v := range 8 {
				for u := range 8 {
					p, q := float64(a[(y+v)*w+x+u]), float64(b[(y+v)*w+x+u])
					sa, sb, saa, sbb, sab = sa+p, sb+q, saa+p*p, sbb+q*q, sab+p*q
				}
			}
			ma, mb := sa/64, sb/64
			variances, covariance := (saa-sa*ma+sbb-sb*mb)/63, (sab-sa*mb)/63
			sum += (2*ma*mb + c1) * (2*covariance + c2) / ((ma*ma + mb*mb + c1) * (variances + c2))
			n++
		}
	}
	if n == 0 {
		return sse, 1
	}
	return sse, sum / float64(n)
}

// strided is a row-by-row copy of samples with a stride of its own, upside down if asked for.
func strided(v []int, w, h, depth int, flip bool) (unsafe.Pointer, int, any) {
	stride := w + 7
	at := func(y int) int {
		if flip {
			y = h - 1 - y
		}
		return y * stride
	}
	if depth > 8 {
		mem := make([]uint16, stride*h)
		for i, s := range v {
			mem[at(i/w)+i%w] = uint16(s)
		}
		return unsafe.Pointer(&mem[at(0)]), 2 * signed(stride, flip), mem
	}
	mem := make([]uint8, stride*h)
	for i, s := range v {
		mem[at(i/w)+i%w] = uint8(s)
	}
	return unsafe.Pointer(&mem[at(0)]), signed(stride, flip), mem
}

func signed(n int, minus bool) int {
	if minus {
		return -n
	}
	return n
}

func TestCompareIsTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, tt := range []struct {
		w, h, cw, ch, depth int
	}{
		{64, 48, 32, 24, 8}, {61, 47, 31, 24, 8}, {9, 8, 9, 8, 10}, {8, 8, 4, 4, 8}, {33, 29, 0, 0, 16}, {40, 24, 20, 24, 12}, {1, 1, 1, 1, 8}, {7, 100, 7, 100, 10},
	} {
		for _, noise := range []int{0, 1, 1 << tt.depth} {
			a := Picture{W: tt.w, H: tt.h, ChromaW: tt.cw, ChromaH: tt.ch, Depth: tt.depth}
			b := a
			var keep []any
			var sse [3]int64
			ssim := [3]float64{1, 1, 1}
			for i := range 3 {
				w, h := tt.w, tt.h
				if i > 0 {
					w, h = tt.cw, tt.ch
				}
				if w == 0 {
					continue
				}
				x, y := make([]int, w*h), make([]int, w*h)
				for k := range x {
					x[k] = r.IntN(1 << tt.depth)
					y[k] = max(0, min(x[k]+r.IntN(2*noise+1)-noise, 1<<tt.depth-1))
				}
				var m, n any
				a.Data[i], a.Stride[i], m = strided(x, w, h, tt.depth, false)
				b.Data[i], b.Stride[i], n = strided(y, w, h, tt.depth, true)
				keep = append(keep, m, n)
				sse[i], ssim[i] = plainDifference(x, y, w, h, tt.depth)
			}
			c, err := NewComparer(&a)
			if err != nil {
				t.Fatal(err)
			}
			d, err := c.Compare(&a, &b)
			c.Close()
			if err != nil {
				t.Fatal(err)
			}
			if d.SSE != sse {
				t.Errorf("%+v, noise %d: SSE %v, want %v", tt, noise, d.SSE, sse)
			}
			for i := range ssim {
				if math.Abs(d.SSIM[i]-ssim[i]) > 1e-9 {
					t.Errorf("%+v, noise %d: SSIM %v, want %v", tt, noise, d.SSIM, ssim)
				}
			}
			if noise == 0 && (d.SSE != [3]int64{} || d.SSIM != [3]float64{1, 1, 1}) {
				t.Errorf("%+v: equal pictures differ by %+v", tt, d)
			}
			_ = len(keep)
		}
	}
}

func TestComparerRefusesWhatDoesNotFit(t *testing.T) {
	mem := make([]byte, 64*64)
	good := Picture{W: 32, H: 32, Depth: 8, Data: [3]unsafe.Pointer{unsafe.Pointer(&mem[0])}, Stride: [3]int{64}}
	c, err := NewComparer(&good)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, spoil := range map[string]func(*Picture){
		"width":  func(p *Picture) { p.W = 33 },
		"depth":  func(p *Picture) { p.Depth = 10 },
		"chroma": func(p *Picture) { p.ChromaW, p.ChromaH = 16, 16 },
		"stride": func(p *Picture) { p.Stride[0] = 31 },
		"memory": func(p *Picture) { p.Data[0] = nil },
	} {
		bad := good
		spoil(&bad)
		if _, err := c.Compare(&good, &bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, p := range []Picture{{W: 0, H: 8, Depth: 8}, {W: 8, H: MaxSide + 1, Depth: 8}, {W: 8, H: 8, Depth: 7}, {W: 8, H: 8, ChromaW: 4, Depth: 8}} {
		if c, err := NewComparer(&p); err == nil {
			c.Close()
			t.Errorf("%+v: no error", p)
		}
	}
}
