package judge

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
)

// TestMulDiv compares with big integers, up to the ends of what an int64 holds.
func TestMulDiv(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		v := rng.Int64() >> rng.IntN(63)
		if rng.IntN(2) == 0 {
			v = -v
		}
		mul, div := 1+rng.Uint64()>>(1+rng.IntN(62)), 1+rng.Uint64()>>(1+rng.IntN(62))
		if got, want := mulDiv(v, mul, div), bigMulDiv(v, mul, div); got != want {
			t.Fatalf("%d*%d/%d is %d, want %d", v, mul, div, got, want)
		}
	}
	for _, v := range []int64{math.MinInt64, math.MaxInt64, 0, 1, -1} {
		if got, want := mulDiv(v, 3, 2), bigMulDiv(v, 3, 2); got != want {
			t.Errorf("%d*3/2 is %d, want %d", v, got, want)
		}
	}
}

// bigMulDiv is floor(v*mul/div + 1/2), clamped.
func bigMulDiv(v int64, mul, div uint64) int64 {
	n := new(big.Int).Mul(big.NewInt(v), new(big.Int).SetUint64(mul))
	d := new(big.Int).SetUint64(div)
	n.Mul(n, big.NewInt(2)).Add(n, d)
	n.Div(n, new(big.Int).Mul(d, big.NewInt(2))) // Euclidean: floor, as the divisor is positive
	limit := big.NewInt(1 << 62)
	if n.CmpAbs(limit) > 0 {
		return int64(n.Sign()) << 62
	}
	return n.Int64()
}

func TestTimesAreRoundedOnce(t *testing.T) {
	ntsc := timeBase{1001, 30000}
	for n, want := range []jobs.Micros{0, 33367, 66733, 100100, 133467} {
		if got := (origin{7, 0}).time(ntsc, int64(n)+7); got != want {
			t.Errorf("frame %d stands at %d, want %d", n, got, want)
		}
	}
	if got := (origin{0, 0}).time(timeBase{1, 90000}, math.MaxInt64); got < maxTimeline {
		t.Errorf("a timestamp beyond all reason stands at %d", got)
	}
}

func TestTurns(t *testing.T) {
	const w = 1 << 33
	for _, c := range []struct{ raw, want, turns int64 }{
		{5, 3, 0}, {5, w + 3, w}, {w - 5, 3, -w}, {5, 3*w - 7, 3 * w}, {-5, w - 3, w}, {0, w / 2, w}, {0, w/2 - 1, 0},
	} {
		if got := turns(c.raw, c.want, 33); got != c.turns {
			t.Errorf("%d wanted near %d turns by %d, want %d", c.raw, c.want, got, c.turns)
		}
	}
	if turns(5, 1<<40, 0) != 0 || turns(math.MinInt64, math.MaxInt64, 33) != 0 {
		t.Error("a clock that does not wrap, or a timestamp beyond all reason, turns")
	}
}

func TestAnchorInAnotherTimeBase(t *testing.T) {
	a := anchor{Ticks: 126000, Base: timeBase{1, 90000}, At: 5e6}
	o := a.origin(timeBase{1, 48000})
	if got := o.time(timeBase{1, 48000}, 48000*14/10+48000); abs(got-6e6) > 1 {
		t.Errorf("a second behind the anchor stands at %d", got)
	}
}
