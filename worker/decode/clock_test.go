//go:build cgo

package decode

import (
	"math"
	"testing"
)

// TestHeadOfAnyNumbers: where pictures without timestamps begin stays in the order of time, whatever numbers a stream gives.
func TestHeadOfAnyNumbers(t *testing.T) {
	const most = math.MaxInt64
	at := func(pts, duration int64) *packet { return &packet{pts: pts, dts: pts, duration: duration} }
	for _, c := range []struct {
		name string
		list []*packet
		want int64
	}{
		{"ordinary", []*packet{at(noTime, 10), at(100, 10)}, 90},
		{"end beyond the greatest", []*packet{at(noTime, 10), at(most-5, 10)}, most - 20},
		{"begin below the least", []*packet{at(noTime, 100), at(-most, 10)}, -most},
		{"durations beyond the greatest", []*packet{at(noTime, most), at(noTime, most), at(0, 10)}, 10 - most},
	} {
		if got := headOf(c.list); got != c.want {
			t.Errorf("%s: begins at %d, want %d", c.name, got, c.want)
		}
		about(c.list, headOf(c.list))
		for i, p := range c.list[1:] {
			if before := c.list[i]; p.time() == noTime && (p.about == noTime || p.about < before.about) {
				t.Errorf("%s: packet %d is about %d, behind %d", c.name, i+1, p.about, before.about)
			}
		}
	}
}
