//go:build cgo

package measure

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
	"unsafe"

	"aircheck/jobs/measurement"
)

// content makes the sample at (x, y) of the n-th picture, in native code values.
type content struct {
	name string
	at   func(r *rand.Rand, plane, n, x, y, top int) int
}

var contents = []content{
	{"noise", func(r *rand.Rand, _, _, _, _, top int) int { return r.IntN(top + 1) }},
	{"extremes", func(r *rand.Rand, _, _, _, _, top int) int { return r.IntN(2) * top }},
	// Raw video may have samples beyond its depth.
	{"overflow", func(r *rand.Rand, _, _, _, _, top int) int {
		if top > 255 && r.IntN(2000) == 0 {
			return r.IntN(1 << 16)
		}
		return r.IntN(top + 1)
	}},
	{"zero", func(_ *rand.Rand, _, _, _, _, _ int) int { return 0 }},
	{"full", func(_ *rand.Rand, _, n, _, _, top int) int { return top * (n % 2) }},
	{"grey", func(_ *rand.Rand, _, _, _, _, top int) int { return (top + 1) / 2 }},
	{"gradient", func(r *rand.Rand, _, n, x, y, top int) int { return min(top, (x+2*y+3*n)*(top+1)/512+r.IntN(3)) }},
	// Flat squares that come and go have broken sides and are new.
	{"squares", func(_ *rand.Rand, _, n, x, y, top int) int {
		return top/4 + (top/2)*((x/16*7+y/16*3+n*5)%6/5)
	}},
	{"letterbox", func(r *rand.Rand, plane, n, x, y, top int) int {
		if plane == 0 && (y < 9 || x < 20) {
			return top / 16
		}
		return top/2 + r.IntN(top/4)
	}},
	{"interlaced", func(_ *rand.Rand, _, n, x, y, top int) int { return (x/8 + n + y%2) % 4 * top / 4 }},
	// Blocks whose sides are just about high enough to break the picture.
	{"steps", func(r *rand.Rand, _, n, x, y, top int) int {
		scale := (top + 1) / 256
		return (60+(x/16*5+y/16*3+n)%4*8)*scale + r.IntN(1+scale)
	}},
}

func makeImage(r *rand.Rand, c content, n int, sizes [][2]int, depth int) *image {
	img := &image{depth: depth, matrix: Matrix(r.IntN(int(SMPTE240M) + 1))}
	for i, s := range sizes {
		p := &plane{w: s[0], h: s[1], at: make([]int, s[0]*s[1])}
		p.each(func(x, y, _ int) { p.at[y*p.w+x] = c.at(r, i, n, x, y, 1<<depth-1) })
		img.planes = append(img.planes, p)
	}
	return img
}

// lay puts an image into memory with some padding at the end of each row, which is filled with noise, top row first or last.
func lay(r *rand.Rand, pin *runtime.Pinner, img *image, flipped bool) *Picture {
	p := &Picture{Depth: img.depth, Matrix: img.matrix, W: img.planes[0].w, H: img.planes[0].h}
	size := 1
	if img.depth > 8 {
		size = 2
	}
	if len(img.planes) == 3 {
		p.ChromaW, p.ChromaH = img.planes[1].w, img.planes[1].h
	}
	for i, pl := range img.planes {
		stride := (pl.w + r.IntN(40)) * size
		mem := make([]byte, (pl.h-1)*stride+pl.w*size) // the last row has no padding: reading beyond it is a fault
		for j := range mem {
			mem[j] = byte(r.Uint32())
		}
		row := func(y int) int {
			if flipped {
				return (pl.h - 1 - y) * stride
			}
			return y * stride
		}
		pl.each(func(x, y, v int) {
			mem[row(y)+x*size] = byte(v)
			if size == 2 {
				mem[row(y)+2*x+1] = byte(v >> 8)
			}
		})
		pin.Pin(&mem[0])
		p.Data[i], p.Stride[i] = unsafe.Pointer(&mem[row(0)]), stride
		if flipped {
			p.Stride[i] = -stride
		}
	}
	return p
}

func sizesOf(w, h, sub int) [][2]int {
	switch sub {
	case 0:
		return [][2]int{{w, h}}
	case 1:
		return [][2]int{{w, h}, {(w + 1) / 2, (h + 1) / 2}, {(w + 1) / 2, (h + 1) / 2}}
	case 2:
		return [][2]int{{w, h}, {(w + 1) / 2, h}, {(w + 1) / 2, h}}
	case 3:
		return [][2]int{{w, h}, {(w + 3) / 4, h}, {(w + 3) / 4, h}}
	case 4:
		return [][2]int{{w, h}, {(w + 2) / 3, h}, {(w + 2) / 3, h}}
	}
	return [][2]int{{w, h}, {w, h}, {w, h}}
}

// trio is three pictures of one content, laid out once.
type trio struct {
	img [3]*image
	pic [3]*Picture
}

func makeTrio(r *rand.Rand, pin *runtime.Pinner, c content, sizes [][2]int, depth int) *trio {
	t := &trio{}
	for i := range t.img {
		t.img[i] = makeImage(r, c, i, sizes, depth)
		t.pic[i] = lay(r, pin, t.img[i], r.IntN(2) == 0)
	}
	return t
}

// measureTrio measures the last of the pictures that are there (bit set) with one kernel.
func measureTrio(t *testing.T, tr *trio, older int, groups Groups, best kernel) *measurement.Frame {
	t.Helper()
	cur := tr.pic[2]
	v, err := newVideo(cur.W, cur.H, cur.ChromaW, cur.ChromaH, cur.Depth, best)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var prev, prev2 *Picture
	if older > 0 {
		prev = tr.pic[1]
	}
	if older > 1 {
		prev2 = tr.pic[0]
	}
	f := &measurement.Frame{}
	// Scratch of an earlier call must not show.
	for range 2 {
		if err := v.Measure(prev2, prev, cur, groups, f); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// TestVideoAgainstOracle compares the kernels with the oracle; where the processor lacks an instruction set, the next best one is compared again.
func TestVideoAgainstOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		w, h := 1+r.IntN(200), 1+r.IntN(120)
		if i%8 == 0 {
			w, h = 256+r.IntN(80), 144+r.IntN(40) // large enough for cells of whole blocks
		}
		if i < 12 {
			w, h = 1+i%4, 1+i/4
		}
		depth := []int{8, 8, 8, 9, 10, 12, 12, 14, 16}[r.IntN(9)]
		c, sub, older := contents[r.IntN(len(contents))], r.IntN(6), r.IntN(3)
		t.Run(fmt.Sprintf("%d/%dx%d/%s/%d bit/%d older", i, w, h, c.name, depth, older), func(t *testing.T) {
			var pin runtime.Pinner
			defer pin.Unpin()
			tr := makeTrio(r, &pin, c, sizesOf(w, h, sub), depth)
			checkOracle(t, tr, older)
		})
	}
}

// TestOverflow: samples beyond the depth in any one of the three pictures give the same integers from either kernel.
func TestOverflow(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	noise, overflow := contents[0], contents[2]
	for older := range 3 {
		for plane := range 3 {
			var pin runtime.Pinner
			tr := makeTrio(r, &pin, noise, sizesOf(100, 60, 1), 10)
			bad := makeImage(r, overflow, 0, sizesOf(100, 60, 1), 10)
			bad.planes[plane].at[70] = 1 << 15
			tr.img[2-older].planes[plane] = bad.planes[plane]
			tr.pic[2-older] = lay(r, &pin, tr.img[2-older], false)
			checkOracle(t, tr, 2)
			pin.Unpin()
		}
	}
}

func checkOracle(t *testing.T, tr *trio, older int) {
	t.Helper()
	groups := Texture | Comb
	var prev, prev2 *image
	if older > 0 {
		prev = tr.img[1]
	}
	if older > 1 {
		prev2 = tr.img[0]
	}
	want := oracle(prev2, prev, tr.img[2], groups)
	plain := measureTrio(t, tr, older, groups, scalar)
	want.Hash = plain.Hash
	diffFrames(t, "plain", plain, want)
	diffFrames(t, "avx2", measureTrio(t, tr, older, groups, avx2), want)
	diffFrames(t, "avx512", measureTrio(t, tr, older, groups, avx512), want)
}

// diffFrames reports the fields that differ.
func diffFrames(t *testing.T, name string, got, want *measurement.Frame) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		a, b := reflect.Indirect(g.Field(i)), reflect.Indirect(w.Field(i))
		if !a.IsValid() || !b.IsValid() || !reflect.DeepEqual(a.Interface(), b.Interface()) {
			t.Errorf("%s: %s is %+v, want %+v", name, g.Type().Field(i).Name, a, b)
		}
	}
}

// TestVideoLarge compares the kernels on a full-size picture.
func TestVideoLarge(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, depth := range []int{8, 10} {
		for _, c := range []content{contents[0], contents[5]} {
			t.Run(fmt.Sprintf("%s/%d bit", c.name, depth), func(t *testing.T) {
				var pin runtime.Pinner
				defer pin.Unpin()
				tr := makeTrio(r, &pin, c, sizesOf(1920, 1080, 1), depth)
				want := measureTrio(t, tr, 2, Texture|Comb, scalar)
				diffFrames(t, "avx2", measureTrio(t, tr, 2, Texture|Comb, avx2), want)
				diffFrames(t, "avx512", measureTrio(t, tr, 2, Texture|Comb, avx512), want)
			})
		}
	}
}

// TestVideoWide: rows are added up in several runs where lanes would overflow, and phases go on from one to the next.
func TestVideoWide(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for _, c := range []content{contents[0], contents[1]} {
		t.Run(c.name, func(t *testing.T) {
			var pin runtime.Pinner
			defer pin.Unpin()
			tr := makeTrio(r, &pin, c, sizesOf(MaxSide, 20, 1), 8)
			want := measureTrio(t, tr, 2, Texture|Comb, scalar)
			diffFrames(t, "avx2", measureTrio(t, tr, 2, Texture|Comb, avx2), want)
			diffFrames(t, "avx512", measureTrio(t, tr, 2, Texture|Comb, avx512), want)
		})
	}
}

// TestHash: equal pictures have equal hashes whatever their layout, and one changed sample changes it.
func TestHash(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var pin runtime.Pinner
	defer pin.Unpin()
	hash := func(img *image) uint64 {
		p := lay(r, &pin, img, r.IntN(2) == 0)
		return measureTrio(t, &trio{pic: [3]*Picture{nil, nil, p}}, 0, 0, avx512).Hash
	}
	img := makeImage(r, contents[0], 0, sizesOf(100, 60, 1), 8)
	first := hash(img)
	if again := hash(img); again != first {
		t.Errorf("the same picture hashes to %x and %x", first, again)
	}
	for range 50 {
		p := img.planes[r.IntN(3)]
		i := r.IntN(len(p.at))
		old := p.at[i]
		p.at[i] ^= 1 << r.IntN(8)
		if hash(img) == first {
			t.Errorf("sample %d of a plane of %dx%d changed from %d to %d, the hash did not", i, p.w, p.h, old, p.at[i])
		}
		p.at[i] = old
	}
	// Two blocks that change places leave the sums of the plane alone.
	y := img.planes[0]
	for i := range 64 {
		a, b := (i/8)*y.w+i%8, (8+i/8)*y.w+40+i%8
		y.at[a], y.at[b] = y.at[b], y.at[a]
	}
	if hash(img) == first {
		t.Error("two blocks changed places, the hash did not change")
	}
}

func TestFine(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var pin runtime.Pinner
	defer pin.Unpin()
	tr := makeTrio(r, &pin, contents[0], sizesOf(300, 200, 1), 8)
	v, err := NewVideo(300, 200, 150, 100, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var first, last measurement.Frame
	if err := v.Measure(nil, nil, tr.pic[1], 0, &first); err != nil {
		t.Fatal(err)
	}
	if err := v.Measure(nil, tr.pic[1], tr.pic[2], 0, &last); err != nil {
		t.Fatal(err)
	}
	if first.Fine == nil || last.Fine != nil {
		t.Fatalf("fine cells: first picture %t, changed picture %t; want true, false", first.Fine != nil, last.Fine != nil)
	}
	v.Fine(&last)
	want := oracle(nil, nil, tr.img[2], 0)
	if !reflect.DeepEqual(last.Fine, want.Fine) {
		t.Error("fine cells of the last picture differ from the oracle's")
	}
}

func TestVideoRefuses(t *testing.T) {
	for _, s := range [][5]int{{0, 1, 0, 0, 8}, {1, 0, 0, 0, 8}, {MaxSide + 1, 8, 0, 0, 8}, {8, 8, 4, 0, 8}, {8, 8, 4, -4, 8}, {8, 8, 4, 4, 7}, {8, 8, 4, 4, 17}} {
		if v, err := NewVideo(s[0], s[1], s[2], s[3], s[4]); err == nil {
			v.Close()
			t.Errorf("NewVideo(%v): no error", s)
		}
	}
	v, err := NewVideo(16, 16, 8, 8, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var b byte
	good := Picture{Data: [3]unsafe.Pointer{unsafe.Pointer(&b), unsafe.Pointer(&b), unsafe.Pointer(&b)}, Stride: [3]int{16, 8, 8}, W: 16, H: 16, ChromaW: 8, ChromaH: 8, Depth: 8}
	for name, change := range map[string]func(p *Picture){
		"size":   func(p *Picture) { p.W = 17 },
		"depth":  func(p *Picture) { p.Depth = 10 },
		"data":   func(p *Picture) { p.Data[2] = nil },
		"stride": func(p *Picture) { p.Stride[1] = -7 },
	} {
		p := good
		change(&p)
		if err := v.Measure(nil, nil, &p, 0, &measurement.Frame{}); err == nil {
			t.Errorf("wrong %s: no error", name)
		}
	}
}
