package measurement

import (
	"bytes"
	"testing"
)

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

// BenchmarkWrite writes a clip of 20 s: its time is the codec's share of the budget for measuring it.
func BenchmarkWrite(b *testing.B) {
	frames, slots := clip(20)
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		size = len(write(b, Header{}, frames, slots))
	}
	b.ReportMetric(float64(size), "file-bytes")
}
