package judge

import (
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
)

func TestLedgerTilesExactly(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	states := []jobs.State{jobs.Analysed, jobs.Failed, jobs.Skipped}
	for range 2000 {
		var l ledger
		at := jobs.Micros(0)
		for range 1 + rng.IntN(10) {
			from := at + jobs.Micros(rng.IntN(200)-60)
			s := span{From: max(0, from), To: from + jobs.Micros(rng.IntN(100)), State: states[rng.IntN(3)]}
			if rng.IntN(2) == 0 {
				l.add(s)
			} else {
				l.mark(s)
			}
			at = l.end()
		}
		if at == 0 {
			continue
		}
		duration := 1 + jobs.Micros(rng.Int64N(int64(2*at)))
		checkTiling(t, l.tile(duration), duration)
	}
}

// checkTiling: [0, duration) without holes, and no two equal neighbours.
func checkTiling(t *testing.T, intervals []jobs.Interval, duration jobs.Micros) {
	t.Helper()
	at := jobs.Micros(0)
	for i, iv := range intervals {
		if iv.Start.Micros() != at || iv.End <= iv.Start {
			t.Fatalf("interval %d of %v does not begin at %d", i, intervals, at)
		}
		if i > 0 && intervals[i-1].State == iv.State && intervals[i-1].Reason == iv.Reason {
			t.Fatalf("%v has equal neighbours", intervals)
		}
		at = iv.End.Micros()
	}
	if at != duration {
		t.Fatalf("%v ends at %d, want %d", intervals, at, duration)
	}
}
