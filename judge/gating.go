package judge

import (
	"math"
	"slices"
)

// Gates of BS.1770-5 (integrated loudness) and EBU Tech 3342 (loudness range), as loudness in LUFS and as factors of energy.
const (
	absoluteGate      = -70.0
	relativeGate      = 0.1  // -10 LU
	relativeGateRange = 0.01 // -20 LU
	// rangeLow and rangeHigh are the percentiles between which loudness range is measured.
	rangeLow, rangeHigh = 0.10, 0.95
)

// blocks returns the mean squares of all windows of n cells at a hop of one cell that bridge no gap and are louder than the absolute gate.
func (l *loudness) blocks(n int) []float64 {
	gate := meanSquareOf(absoluteGate)
	var out []float64
	for k, from := range l.Spans {
		to := len(l.Energy)
		if k+1 < len(l.Spans) {
			to = l.Spans[k+1]
		}
		for i := from; i+n <= to; i++ {
			var sum float64
			var samples int64
			for j := i; j < i+n; j++ {
				sum += l.Energy[j]
				samples += int64(l.Samples[j])
			}
			if m := sum / float64(samples); m > gate {
				out = append(out, m)
			}
		}
	}
	return out
}

// integrated is the gated loudness of the programme (BS.1770-5 Annex 1), minus infinity when no block passes the absolute gate.
func (l *loudness) integrated() float64 {
	blocks := l.blocks(momentaryTenths)
	return lufs(mean(above(blocks, relativeGate*mean(blocks))))
}

// loudnessRange is the spread of the short-term loudness in LU (EBU Tech 3342), or NaN when there is none.
func (l *loudness) loudnessRange() float64 {
	blocks := l.blocks(shortTermTenths)
	blocks = above(blocks, relativeGateRange*mean(blocks))
	if len(blocks) == 0 {
		return math.NaN()
	}
	slices.Sort(blocks)
	at := func(p float64) float64 { return blocks[int(math.Round(float64(len(blocks)-1)*p))] }
	return 10 * math.Log10(at(rangeHigh)/at(rangeLow))
}

// mean adds in index order; it is 0 of nothing.
func mean(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// above keeps the values that are not below the gate, in order. It works in place.
func above(v []float64, gate float64) []float64 {
	return slices.DeleteFunc(v, func(x float64) bool { return x < gate })
}
