package dash

import (
	"testing"
	"time"

	"aircheck/producer/live"
)

// TestEdgeIsToldOnce: a slow drift whose lag goes up and down by less than a segment around the least that is told is one fault, and one that came back to
// where it began is over.
func TestEdgeIsToldOnce(t *testing.T) {
	lags := []time.Duration{0, 0, 1200, 2900, 1700, 2500, 900, 2100} // of each minute, in milliseconds
	tr := &track{target: 2 * time.Second}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	keys, told := map[string]bool{}, 0
	for _, lag := range lags {
		var u live.Update
		tr.judgeEdge(lag*time.Millisecond, now, &u)
		now = now.Add(edgeBlock)
		for _, f := range u.Faults {
			keys[f.Key] = true
			told++
		}
	}
	if len(keys) != 2 || told != 4 {
		t.Errorf("told %d times of %d drifts, want 4 times of 2: %v", told, len(keys), keys)
	}
}
