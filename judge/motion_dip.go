package judge

import (
	"math"
	"slices"
)

const (
	// A dip in steady motion: dipNear pairs on either side are within dipSteady of each other, and it has at most these shares of the least of them.
	dipNear                    = 4
	dipSteady, dipMean, dipTI2 = 1.6, 0.5, 0.1
	// A repeat that a coder spent bits on is plain where the next picture makes up for it: motion is steady within caughtSteady around the two, the pair has at
	// most dipMean and dipTI2 of its medians, and the next one exceeds them by these. Of 86,000 clean pairs, film, phones and animation in six codings, two come
	// near, with a mean that is not made up for (1.06); repeats in coarse streams have TI2 of 1.9 to 2.5 and a mean of 1.2 to 1.6.
	caughtSteady          = 1.7
	caughtTI2, caughtMean = 1.7, 1.15
	// caughtBorder is what a border of units has at most, as a share of the median change of cells around, to be such a repeat: of the clean borders in steady motion
	// that the next picture makes up for, none has even 0.7.
	caughtBorder = 0.5
)

// dips tells whether the pair stands out from steady motion as one that lacks it (NTIA's dip, against the four pairs on either side).
func (d *motion) dips(i int) bool {
	c := &d.Ring[i]
	low, high, ti2 := math.Inf(1), 0.0, math.Inf(1)
	known := 0
	for j := max(0, i-dipNear); j <= i+dipNear && j < len(d.Ring); j++ {
		if o := &d.Ring[j]; j != i && o.Known {
			known++
			low, high, ti2 = min(low, o.Mean), max(high, o.Mean), min(ti2, o.TI2)
		}
	}
	return known > dipNear && high <= dipSteady*low && c.Mean <= dipMean*low && ti2 >= leastTI2 && c.TI2 <= dipTI2*ti2
}

// caughtUp tells whether steady motion stops at i, or nearly so, and the next picture makes up for it.
func (d *motion) caughtUp(i int) bool {
	if i+1 >= len(d.Ring) || !d.Ring[i+1].Known {
		return false
	}
	c, next := &d.Ring[i], &d.Ring[i+1]
	var means, ti2s, cells [2 * dipNear]float64
	n := 0
	for j := max(0, i-dipNear); j <= i+1+dipNear && j < len(d.Ring); j++ {
		if o := &d.Ring[j]; j != i && j != i+1 && o.Known {
			means[n], ti2s[n], cells[n] = o.Mean, o.TI2, o.Cells
			n++
		}
	}
	if n <= dipNear {
		return false
	}
	mean, ti2 := middle(means[:n]), middle(ti2s[:n])
	if ti2 < leastTI2 || means[n-1] > caughtSteady*means[0] || next.TI2 < caughtTI2*ti2 || next.Mean < caughtMean*mean {
		return false
	}
	if c.Known {
		return c.Mean <= dipMean*mean && c.TI2 <= dipTI2*ti2
	}
	return c.Border <= caughtBorder*middle(cells[:n])
}

// middle sorts some values, at least one, and returns their median, the greater one of two.
func middle(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
