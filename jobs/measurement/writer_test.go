package measurement

import (
	"bytes"
	"testing"
)

func write(t testing.TB, h Header, frames []*Frame, slots []*Slot) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	// Four slots a frame, as a worker would.
	for len(frames) > 0 || len(slots) > 0 {
		if len(frames) > 0 {
			if err := w.Frame(frames[0]); err != nil {
				t.Fatal(err)
			}
			frames = frames[1:]
		}
		for n := min(4, len(slots)); n > 0; n-- {
			if err := w.Slot(slots[0]); err != nil {
				t.Fatal(err)
			}
			slots = slots[1:]
		}
	}
	if err := w.Close(h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
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
