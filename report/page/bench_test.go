package page

import (
	"io"
	"testing"
)

// BenchmarkCheck is what a site pays for a page of thousands of findings with curves.
func BenchmarkCheck(b *testing.B) {
	d := many(b, 5000)
	for b.Loop() {
		if err := WriteCheck(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}
