package storage_test

import (
	"fmt"
	"math"
	"testing"

	"aircheck/storage"
)

func TestRangeHeader(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		off, n int64
		want   string
	}{
		{0, -1, ""}, {0, 1, "bytes=0-0"}, {0, 0, "bytes=0-0"}, {5, 0, "bytes=5-5"}, {5, 10, "bytes=5-14"}, {5, -1, "bytes=5-"},
		{5, math.MaxInt64, "bytes=5-"}, {0, math.MaxInt64, "bytes=0-9223372036854775806"}, {math.MaxInt64, 2, "bytes=9223372036854775807-"},
	} {
		if got := storage.RangeHeader(test.off, test.n); got != test.want {
			t.Errorf("RangeHeader(%d, %d) = %q, want %q", test.off, test.n, got, test.want)
		}
	}
}

var contentRanges = []struct {
	text        string
	start, size int64 // start -2: refused
}{
	{"bytes 0-0/1", 0, 1},
	{"bytes 5-9/100", 5, 100},
	{"bytes 5-9/*", 5, -1},
	{"bytes */100", -1, 100},
	{"bytes */0", -1, 0},
	{"", -2, 0},
	{"bytes", -2, 0},
	{"bytes 5-9", -2, 0},
	{"bytes 5/100", -2, 0},
	{"bytes 9-5/100", -2, 0},
	{"bytes 5-100/100", -2, 0},
	{"bytes -5-9/100", -2, 0},
	{"bytes +5-9/100", -2, 0},
	{"bytes 5-9/-1", -2, 0},
	{"bytes 5-9/99999999999999999999", -2, 0},
	{"lines 5-9/100", -2, 0},
}

func TestParseContentRange(t *testing.T) {
	t.Parallel()
	for _, test := range contentRanges {
		start, size, err := storage.ParseContentRange(test.text)
		if test.start == -2 {
			if err == nil {
				t.Errorf("%q is taken for %d, %d", test.text, start, size)
			}
		} else if err != nil || start != test.start || size != test.size {
			t.Errorf("%q = %d, %d, %v, want %d, %d", test.text, start, size, err, test.start, test.size)
		}
	}
}

// FuzzParseContentRange holds that what is accepted lies inside the object.
func FuzzParseContentRange(f *testing.F) {
	for _, test := range contentRanges {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		start, size, err := storage.ParseContentRange(s)
		if err != nil {
			return
		}
		if start < -1 || size < -1 || size >= 0 && start >= size {
			t.Errorf("%q = %d, %d", s, start, size)
		}
		if start >= 0 {
			again := fmt.Sprintf("bytes %d-%d/*", start, start)
			if got, _, err := storage.ParseContentRange(again); err != nil || got != start {
				t.Errorf("%q = %d, %v", again, got, err)
			}
		}
	})
}
