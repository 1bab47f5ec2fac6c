package judge

import (
	"math/rand/v2"
	"testing"
)

// TestPlainPairs: what is called plain at little cost is, by the figures of all pairs around it, no candidate for a repeat and no dip, in motion on both sides.
func TestPlainPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	pair := func() pairChange {
		quiet := random.IntN(3)
		return pairChange{Mean: 6 * random.Float64() / float64(1+quiet*quiet), Block: 40 * random.Float64() / float64(1+quiet), TI2: 80 * random.Float64(), Known: true, Equal: random.IntN(40) == 0}
	}
	list := func() []pairChange {
		l := make([]pairChange, random.IntN(around+1))
		for i := range l {
			l[i] = pair()
		}
		return l
	}
	plain := 0
	for range 200_000 {
		c, before, after := pair(), list(), list()
		near := motionBeside(before).least(motionBeside(after))
		candidate := c.Equal || c.Mean <= max(sureMean, likelyMean) && c.Block <= max(sureBlock, likelyBlock) || c.Mean <= dipMean*near.mean.second
		got := c.plain(before, after)
		if got && (candidate || !near.moves()) || !got && !candidate && near.moves() && c.Mean > 0 {
			t.Fatalf("plain is %v for %+v between\n%+v\n%+v", got, c, before, after)
		}
		if got {
			plain++
		}
	}
	if plain < 1000 {
		t.Errorf("only %d of the pairs were plain", plain)
	}
}
