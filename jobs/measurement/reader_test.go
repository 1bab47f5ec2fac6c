package measurement

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"aircheck/jobs"
)

func open(t testing.TB, object []byte, o Options) *Reader {
	t.Helper()
	r, err := OpenWith(bytes.NewReader(object), int64(len(object)), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// readAll returns copies of everything in the object.
func readAll(t testing.TB, r *Reader) (frames []*Frame, slots []*Slot) {
	t.Helper()
	err := r.Frames(func(f *Frame) error {
		frames = append(frames, copyFrame(f))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Slots(func(s *Slot) error {
		slots = append(slots, copySlot(s))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return frames, slots
}

func copyFrame(f *Frame) *Frame {
	c := *f
	c.Fine = append([]uint16(nil), f.Fine...)
	if f.Texture != nil {
		texture := *f.Texture
		c.Texture = &texture
	}
	if f.Comb != nil {
		comb := *f.Comb
		c.Comb = &comb
	}
	return &c
}

func copySlot(s *Slot) *Slot {
	c := *s
	c.Ch = append(make([]Channel, 0, len(s.Ch)), s.Ch...)
	return &c
}

func randomRows(seed uint64, nFrames, nSlots int) (frames []*Frame, slots []*Slot) {
	r := rand.New(rand.NewPCG(seed, 7))
	for range nFrames {
		frames = append(frames, randomFrame(r))
	}
	for range nSlots {
		slots = append(slots, randomSlot(r))
	}
	return frames, slots
}

// TestRoundTrip writes random rows and reads them back; counts lie around the borders of batches.
func TestRoundTrip(t *testing.T) {
	header := Header{V: jobs.Version, Measure: jobs.MeasureVersion, FFmpeg: "59", Sequence: "s0", Window: 3}
	for seed, n := range []int{0, 1, 2, batchRows - 1, batchRows, batchRows + 1, 500, 3000} {
		frames, slots := randomRows(uint64(seed), n, 2*n)
		object := write(t, header, frames, slots)
		r := open(t, object, Options{})
		gotFrames, gotSlots := readAll(t, r)
		if !reflect.DeepEqual(r.Header(), header) {
			t.Errorf("header %+v, want %+v", r.Header(), header)
		}
		if !reflect.DeepEqual(gotFrames, frames) {
			t.Errorf("%d frames: what was read is not what was written", n)
		}
		if !reflect.DeepEqual(gotSlots, slots) {
			t.Errorf("%d slots: what was read is not what was written", n)
		}
		// To the bit, which DeepEqual does not see on the negative zero; and equal rows are equal bytes.
		if !bytes.Equal(write(t, header, gotFrames, gotSlots), object) {
			t.Errorf("%d frames, %d slots: written again, they are other bytes", n, 2*n)
		}
	}
}

func BenchmarkFrames(b *testing.B)          { benchmarkFrames(b, Options{}) }
func BenchmarkFramesSkipGrids(b *testing.B) { benchmarkFrames(b, Options{SkipGrids: true}) }

// The benchmarks read a window of 60 s and report how many times faster than real time they are.
func benchmarkFrames(b *testing.B, o Options) {
	frames, slots := clip(60)
	object := write(b, Header{}, frames, slots)
	r := open(b, object, o)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Reset(bytes.NewReader(object), int64(len(object))); err != nil {
			b.Fatal(err)
		}
		n := 0
		if err := r.Frames(func(*Frame) error { n++; return nil }); err != nil || n != len(frames) {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x")
}

func BenchmarkSlots(b *testing.B) {
	frames, slots := clip(60)
	object := write(b, Header{}, frames, slots)
	r := open(b, object, Options{})
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Reset(bytes.NewReader(object), int64(len(object))); err != nil {
			b.Fatal(err)
		}
		n := 0
		if err := r.Slots(func(*Slot) error { n++; return nil }); err != nil || n != len(slots) {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x")
}
