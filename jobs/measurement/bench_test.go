package measurement

import (
	"bytes"
	"syscall"
	"testing"
	"time"
)

// cpu is the time that this process has spent on any processor: what budgets are about, and what other work on the machine disturbs least.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU adds the processor's time for one operation, and how many times faster than real time it is when one treats so much media.
func reportCPU(b *testing.B, since, media time.Duration) {
	each := (cpu(b) - since) / time.Duration(b.N)
	b.ReportMetric(float64(each.Nanoseconds()), "cpu-ns/op")
	b.ReportMetric(media.Seconds()/each.Seconds(), "x-real-time")
}

func BenchmarkFrames(b *testing.B) { benchmarkRead(b, Options{}, (*Reader).eachFrame) }
func BenchmarkFramesSkipGrids(b *testing.B) {
	benchmarkRead(b, Options{SkipGrids: true}, (*Reader).eachFrame)
}
func BenchmarkSlots(b *testing.B) { benchmarkRead(b, Options{}, (*Reader).eachSlot) }

func (r *Reader) eachFrame() error { return r.Frames(func(*Frame) error { return nil }) }
func (r *Reader) eachSlot() error  { return r.Slots(func(*Slot) error { return nil }) }

// benchmarkRead reads a window of 60 s.
func benchmarkRead(b *testing.B, o Options, read func(*Reader) error) {
	frames, slots := clip(60)
	object := write(b, Header{}, frames, slots)
	r := open(b, object, o)
	b.ReportAllocs()
	b.ResetTimer()
	start := cpu(b)
	for range b.N {
		if err := r.Reset(bytes.NewReader(object), int64(len(object))); err != nil {
			b.Fatal(err)
		}
		if err := read(r); err != nil {
			b.Fatal(err)
		}
	}
	reportCPU(b, start, 60*time.Second)
}

// BenchmarkWrite writes a clip of 20 s: its time is the codec's share of the budget for measuring it.
func BenchmarkWrite(b *testing.B) {
	const length = 20
	frames, slots := clip(length)
	b.ReportAllocs()
	b.ResetTimer()
	start := cpu(b)
	size := 0
	for range b.N {
		size = len(write(b, Header{}, frames, slots))
	}
	reportCPU(b, start, length*time.Second)
	b.ReportMetric(float64(size), "file-bytes")
}
