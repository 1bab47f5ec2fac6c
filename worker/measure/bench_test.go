//go:build cgo

package measure

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"aircheck/jobs/measurement"
)

// A decoder keeps several pictures going round; measuring one that lies in the nearest cache would flatter.
const poolSize = 8

func benchPool(b *testing.B, c content, depth int) []*Picture {
	b.Helper()
	var pin runtime.Pinner
	b.Cleanup(pin.Unpin)
	r := rand.New(rand.NewPCG(1, 1))
	pool := make([]*Picture, poolSize)
	for i := range pool {
		img := makeImage(r, c, i, sizesOf(1920, 1080, 1), depth)
		img.matrix = BT709
		pool[i] = lay(r, &pin, img, false)
	}
	return pool
}

// natural is a moving gradient with some noise: few samples near the limits, a few differences above 30.
var natural = content{"natural", func(r *rand.Rand, _, n, x, y, top int) int {
	v := 70 + (x/9+y/7+n)%140
	if (x/64+y/64+n)%9 == 0 {
		v += 40
	}
	return min(top, (v+r.IntN(8))*(top+1)/256)
}}

// dark has counters at work everywhere, and noise has every branch taken.
var dark = content{"dark", func(r *rand.Rand, _, _, _, _, top int) int { return (12 + r.IntN(12)) * (top + 1) / 256 }}

// BenchmarkVideo is the cost of a 1080p picture by content and group; bytes are those of the pictures read.
func BenchmarkVideo(b *testing.B) {
	for _, depth := range []int{8, 10} {
		for _, c := range []content{natural, dark, contents[0]} {
			pool := benchPool(b, c, depth)
			for _, g := range []struct {
				name   string
				groups Groups
				best   kernel
			}{
				{"every", 0, avx512}, {"texture", Texture, avx512}, {"comb", Comb, avx512},
				{"every-avx2", 0, avx2}, {"every-plain", 0, scalar},
			} {
				b.Run(fmt.Sprintf("%d/%s/%s", depth, c.name, g.name), func(b *testing.B) {
					benchVideo(b, pool, depth, g.groups, g.best)
				})
			}
		}
	}
}

func benchVideo(b *testing.B, pool []*Picture, depth int, groups Groups, best kernel) {
	v, err := newVideo(1920, 1080, 960, 540, depth, best)
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	b.SetBytes(2 * 1920 * 1080 * 3 / 2 * int64((depth+7)/8))
	b.ReportAllocs()
	var f measurement.Frame
	for i := 0; b.Loop(); i++ {
		if err := v.Measure(pool[i%poolSize], pool[(i+1)%poolSize], pool[(i+2)%poolSize], groups, &f); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory is the floor: to read two pictures and do next to nothing.
func BenchmarkMemory(b *testing.B) {
	pool := make([][]byte, poolSize)
	for i := range pool {
		pool[i] = make([]byte, 1920*1080*3/2)
	}
	b.SetBytes(2 * 1920 * 1080 * 3 / 2)
	for i := 0; b.Loop(); i++ {
		if readMemory(pool[i%poolSize])+readMemory(pool[(i+1)%poolSize]) != 0 {
			b.Fatal("memory is not what it was")
		}
	}
}

// BenchmarkAudio is the cost of a second of audio.
func BenchmarkAudio(b *testing.B) {
	for _, channels := range []int{1, 2, 6} {
		b.Run(fmt.Sprint(channels), func(b *testing.B) {
			r := rand.New(rand.NewPCG(2, 2))
			x := make([][]float32, channels)
			for c := range x {
				x[c] = sine(48000, 997, 0.3, 0, 1)
				for i := range x[c] {
					x[c][i] += float32(0.05 * r.NormFloat64())
				}
			}
			a := testAudio(b, 48000, channels)
			b.ReportAllocs()
			for b.Loop() {
				for at := 0; at < 48000; at += 1024 {
					write(b, a, x, at, min(at+1024, 48000), func(*measurement.Slot) {})
				}
			}
		})
	}
}
