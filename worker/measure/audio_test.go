//go:build cgo

package measure

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
	"unsafe"

	"aircheck/jobs/measurement"
)

func testAudio(t testing.TB, rate, channels int, weights ...float64) *Audio {
	t.Helper()
	return testKernel(t, avx2, rate, channels, weights...)
}

func testKernel(t testing.TB, best kernel, rate, channels int, weights ...float64) *Audio {
	t.Helper()
	a, err := newAudio(AudioConfig{Rate: rate, Channels: channels, Weights: weights}, best)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// write writes x[from:to] of every channel.
func write(t testing.TB, a *Audio, x [][]float32, from, to int, emit func(*measurement.Slot)) {
	t.Helper()
	if from == to {
		return
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	s := Samples{N: to - from, Format: F32}
	for _, ch := range x {
		pin.Pin(&ch[from])
		s.Planes = append(s.Planes, unsafe.Pointer(&ch[from]))
	}
	if err := a.Write(s, emit); err != nil {
		t.Fatal(err)
	}
}

// slotsOf measures x, the first sample of which is number first, and counts from sample own; next gives the size of each portion.
func slotsOf(t testing.TB, a *Audio, x [][]float32, first, own int64, next func() int) []*measurement.Slot {
	t.Helper()
	var slots []*measurement.Slot
	emit := func(s *measurement.Slot) { slots = append(slots, s) }
	if err := a.Reset(first); err != nil {
		t.Fatal(err)
	}
	a.Own(own)
	for at := 0; at < len(x[0]); {
		n := min(next(), len(x[0])-at)
		write(t, a, x, at, at+n, emit)
		at += n
	}
	a.Flush(emit)
	return slots
}

func whole(x [][]float32) func() int { return func() int { return len(x[0]) } }

// signal is n samples of noise with clipped, flat, silent and tonal stretches.
func signal(r *rand.Rand, channels, n int) [][]float32 {
	x := make([][]float32, channels)
	for c := range x {
		x[c] = make([]float32, n)
		for i := 0; i < n; {
			kind, length, level := r.IntN(6), 1+r.IntN(900), math.Pow(10, -4*r.Float64())
			for j := i; j < min(n, i+length); j++ {
				switch kind {
				case 0:
					x[c][j] = 0
				case 1:
					x[c][j] = float32(max(-1, min(1, 3*math.Sin(float64(j)/20))))
				case 2:
					x[c][j] = float32(level)
				case 3:
					x[c][j] = float32(1.2 * level * math.Sin(float64(j)*level))
				default:
					x[c][j] = float32(level * r.NormFloat64())
				}
			}
			i += length
		}
	}
	return x
}

var rates = []int{4000, 8000, 11025, 32000, 44100, 48000, 96000, 192000}

// TestChunking: slots do not depend on the portions in which samples are written.
func TestChunking(t *testing.T) {
	for i, rate := range rates {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(i), 9))
			x := signal(r, 3, rate/4+r.IntN(rate/4))
			a := testAudio(t, rate, 3)
			first := r.Int64N(1<<33) - 1<<32
			own := first + r.Int64N(int64(len(x[0])))
			want := slotsOf(t, a, x, first, own, whole(x))
			for _, most := range []int{1, 7, 300, 5000} {
				got := slotsOf(t, a, x, first, own, func() int { return r.IntN(most + 1) })
				if !reflect.DeepEqual(got, want) {
					t.Errorf("portions up to %d samples give other slots", most)
				}
			}
			checkTiling(t, want, int64(rate), own, first+int64(len(x[0])))
		})
	}
}

// TestAudioKernels: the plain kernel gives the same bits as the one for AVX2.
func TestAudioKernels(t *testing.T) {
	for i, rate := range rates {
		r := rand.New(rand.NewPCG(uint64(i), 15))
		x := signal(r, 3, rate)
		want := slotsOf(t, testKernel(t, scalar, rate, 3), x, 77, 500, whole(x))
		if got := slotsOf(t, testKernel(t, avx2, rate, 3), x, 77, 500, whole(x)); !reflect.DeepEqual(got, want) {
			t.Errorf("%d Hz: the kernels differ", rate)
		}
	}
}

// checkTiling: slots cover [from, to) without gap or overlap and are named after the slot they lie in.
func checkTiling(t *testing.T, slots []*measurement.Slot, rate, from, to int64) {
	t.Helper()
	at := from
	for _, s := range slots {
		start := floorDiv(s.Index*rate, measurement.SlotsPerSecond)
		end := floorDiv((s.Index+1)*rate, measurement.SlotsPerSecond)
		if start+int64(s.Offset) != at || at+int64(s.Samples) > end {
			t.Fatalf("slot %d of [%d, %d) covers [%d, %d); %d is next", s.Index, start, end, start+int64(s.Offset), at+int64(s.Samples), at)
		}
		at += int64(s.Samples)
	}
	if at != to {
		t.Errorf("slots end at sample %d, want %d", at, to)
	}
}

// TestAudioAgainstOracle compares every field with loops that follow the definitions.
func TestAudioAgainstOracle(t *testing.T) {
	for i, rate := range rates {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(i), 10))
			x := signal(r, 3, rate/2)
			first := int64(r.IntN(1000))
			own := first + int64(rate/7)
			weights := []float64{1, 0, 1.41}
			slots := slotsOf(t, testAudio(t, rate, 3, weights...), x, first, own, whole(x))
			o := newAudioOracle(x, rate, first, weights)
			for _, s := range slots {
				o.check(t, s)
			}
		})
	}
}

// TestNoNumbers: what is no number, or absurdly loud, measures as silence but not as zeros.
func TestNoNumbers(t *testing.T) {
	x := [][]float32{make([]float32, 480), make([]float32, 480)}
	for i := range x[0] {
		x[0][i] = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 3e38}[i%4]
	}
	slots := slotsOf(t, testAudio(t, 48000, 2), x, 0, 0, whole(x))
	bad, good := slots[0].Ch[0], slots[0].Ch[1]
	if bad.Zeros != 0 || good.Zeros != 480 {
		t.Errorf("zeros: %d of no numbers, %d of zeros; want 0, 480", bad.Zeros, good.Zeros)
	}
	bad.Zeros = good.Zeros
	if bad != good {
		t.Errorf("no numbers measure as %+v, zeros as %+v", bad, good)
	}
}

// TestFormats: the same samples measure the same in every format, in planes or interleaved.
func TestFormats(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	const n = 1000
	x := [][]float32{make([]float32, n), make([]float32, n)}
	for c := range x {
		for i := range x[c] {
			x[c][i] = float32(r.IntN(256)-128) / 128
		}
	}
	a := testAudio(t, 48000, 2)
	want := slotsOf(t, a, x, 0, 0, whole(x))
	for format := U8; format <= F64; format++ {
		for _, interleaved := range []bool{false, true} {
			got := slotsIn(t, a, x, format, interleaved)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("format %d, interleaved %t: other slots", format, interleaved)
			}
		}
	}
}

func slotsIn(t *testing.T, a *Audio, x [][]float32, format SampleFormat, interleaved bool) []*measurement.Slot {
	t.Helper()
	var pin runtime.Pinner
	defer pin.Unpin()
	planes := make([][]byte, len(x))
	for i := range x[0] {
		for c := range x {
			to := &planes[c]
			if interleaved {
				to = &planes[0]
			}
			*to = appendSample(*to, format, x[c][i])
		}
	}
	s := Samples{N: len(x[0]), Format: format}
	for _, p := range planes {
		if len(p) > 0 {
			pin.Pin(&p[0])
			s.Planes = append(s.Planes, unsafe.Pointer(&p[0]))
		}
	}
	if err := a.Reset(0); err != nil {
		t.Fatal(err)
	}
	var slots []*measurement.Slot
	emit := func(s *measurement.Slot) { slots = append(slots, s) }
	if err := a.Write(s, emit); err != nil {
		t.Fatal(err)
	}
	a.Flush(emit)
	return slots
}

func appendSample(b []byte, format SampleFormat, x float32) []byte {
	switch format {
	case U8:
		return append(b, byte(128+128*x))
	case S16:
		return binary.NativeEndian.AppendUint16(b, uint16(int16(32768*x)))
	case S32:
		return binary.NativeEndian.AppendUint32(b, uint32(int32(float64(x)*(1<<31))))
	case F32:
		return binary.NativeEndian.AppendUint32(b, math.Float32bits(x))
	}
	return binary.NativeEndian.AppendUint64(b, math.Float64bits(float64(x)))
}

func TestAudioRefuses(t *testing.T) {
	for _, c := range []AudioConfig{{Rate: 0, Channels: 2}, {Rate: MaxRate + 1, Channels: 2}, {Rate: 48000}, {Rate: 48000, Channels: MaxChannels + 1}} {
		if a, err := NewAudio(c); err == nil {
			a.Close()
			t.Errorf("NewAudio(%+v): no error", c)
		}
	}
	a := testAudio(t, 48000, 2)
	if err := a.Reset(math.MaxInt64); err == nil {
		t.Error("reset to the end of time: no error")
	}
	for _, s := range []Samples{{Planes: make([]unsafe.Pointer, 3)}, {Planes: make([]unsafe.Pointer, 2), Format: 9}, {Planes: make([]unsafe.Pointer, 2), N: -1}} {
		if err := a.Write(s, nil); err == nil {
			t.Errorf("write %+v: no error", s)
		}
	}
}
