package judge

import (
	"encoding/json"
	"math"
	"testing"
)

func TestSeriesKeepTheirBits(t *testing.T) {
	type rows struct {
		S series
		C counts
	}
	for _, want := range []rows{{}, {series{0, 1.0 / 3, -1e300, math.SmallestNonzeroFloat64, math.Copysign(0, -1)}, counts{0, -1, math.MaxInt32, math.MinInt32}}} {
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got rows
		if err := json.Unmarshal(b, &got); err != nil || len(got.S) != len(want.S) || len(got.C) != len(want.C) {
			t.Fatalf("%s: %+v, %v", b, got, err)
		}
		for i := range want.S {
			if math.Float64bits(got.S[i]) != math.Float64bits(want.S[i]) {
				t.Errorf("figure %d is %v, want %v", i, got.S[i], want.S[i])
			}
		}
		for i := range want.C {
			if got.C[i] != want.C[i] {
				t.Errorf("count %d is %d, want %d", i, got.C[i], want.C[i])
			}
		}
	}
	for _, bad := range []string{`7`, `"?"`, `"AAA="`, `[1]`} {
		var s series
		var c counts
		if s.UnmarshalJSON([]byte(bad)) == nil || c.UnmarshalJSON([]byte(bad)) == nil {
			t.Errorf("%s is taken for figures", bad)
		}
	}
}
