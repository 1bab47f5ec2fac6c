package judge

import (
	"math"

	"aircheck/jobs/measurement"
)

// The pictures of a ladder may be letterboxed, cropped or zoomed against each other. A zoom says how much of one picture another one shows, each way; 1 is all of it, more means bars.
const (
	// zoomSteps are the scales that are tried each way, 7 % apart from 0.7 to 1.42: 4:3 in 16:9 and the other way round are 0.75 and 1.33, 2.39:1 in 16:9 is 0.74.
	zoomSteps = 11
	// zoomUnit is the scale 1.
	zoomUnit = 1 << 12
	// zoomFits is the correlation, squared, from which on two pictures are the same at a zoom that fitted before: 0.7. Interpolated cells are never as alike as those of one frame.
	zoomFits = 0.49
	// zoomFound is that from which on a zoom is found. The search has many tries, so it asks for more: 0.93.
	zoomFound = 0.865
	// zoomCells is how many cells must be left.
	zoomCells = signCells * 2 / 5
)

// scaleOf is the scale of a step in 1/zoomUnit: 1.0725 to the power of its distance from the middle.
func scaleOf(step int) int64 {
	scales := [zoomSteps]int64{2887, 3096, 3320, 3561, 3819, 4096, 4393, 4711, 5053, 5420, 5812}
	return scales[step]
}

// zoom is a pair of scales, as one number.
func zoomOf(x, y int) int { return y*zoomSteps + x }

// fitAt is the squared correlation of picture b with picture a at a zoom, over the cells that both show; 0 when it is negative, -1 when too little is left to tell. The spreads are
// those of the pictures with all their bars.
func fitAt(a, b []byte, spreadA, spreadB uint8, zoom int) float64 {
	sx, sy := scaleOf(zoom%zoomSteps), scaleOf(zoom/zoomSteps)
	var n, sumA, sumB, squaresA, squaresB, product int64
	for v := range int64(signH) {
		// Positions are in 1/zoomUnit of a cell of a, of the middles of cells.
		y := ((2*v+1-signH)*sy + (signH-1)*zoomUnit) / 2
		if y < 0 || y > (signH-1)*zoomUnit {
			continue
		}
		for u := range int64(signW) {
			x := ((2*u+1-signW)*sx + (signW-1)*zoomUnit) / 2
			if x < 0 || x > (signW-1)*zoomUnit {
				continue
			}
			p, q := interpolated(a, x, y), int64(int8(b[v*signW+u]))*16
			n++
			sumA, sumB = sumA+p, sumB+q
			squaresA, squaresB, product = squaresA+p*p, squaresB+q*q, product+p*q
		}
	}
	if n < zoomCells {
		return -1
	}
	va, vb, c := n*squaresA-sumA*sumA, n*squaresB-sumB*sumB, n*product-sumA*sumB
	if va <= n*n*leastVariance(spreadA) || vb <= n*n*leastVariance(spreadB) {
		return -1
	}
	if c <= 0 {
		return 0
	}
	return float64(c) * float64(c) / (float64(va) * float64(vb))
}

// leastVariance is by how much what is left of a picture without its bars must vary, in squares of 1/16 of a signature's unit: by half of what makes a picture faint.
func leastVariance(spread uint8) int64 {
	least := 16 * int64(signUnit) * faintSpread / 2 / max(1, int64(spread))
	return least * least
}

// interpolated reads between cells; the value is in 1/16.
func interpolated(a []byte, x, y int64) int64 {
	i, j := x/zoomUnit, y/zoomUnit
	fx, fy := x%zoomUnit, y%zoomUnit
	i2, j2 := min(i+1, signW-1), min(j+1, signH-1)
	at := func(i, j int64) int64 { return int64(int8(a[j*signW+i])) }
	top := at(i, j)*(zoomUnit-fx) + at(i2, j)*fx
	bottom := at(i, j2)*(zoomUnit-fx) + at(i2, j2)*fx
	return (top*(zoomUnit-fy) + bottom*fy) / (zoomUnit * zoomUnit / 16)
}

// findZoom looks for the zoom at which picture b is picture a; -1 for none.
func findZoom(a, b []byte, spreadA, spreadB uint8) int {
	best, at := float64(zoomFound), -1
	for z := range zoomSteps * zoomSteps {
		if fit := fitAt(a, b, spreadA, spreadB, z); fit > best {
			best, at = fit, z
		}
	}
	return at
}

// fittingZooms are those at which picture b could show a by their shapes: with bars, or without the sides that do not fit. There are none where the shapes are the same.
func fittingZooms(a, b *measurement.Format) []int {
	ratio := shapeOf(b) / shapeOf(a)
	if !(ratio > 1/scaleRange && ratio < scaleRange) || math.Abs(ratio-1) < sameShape {
		return nil
	}
	return []int{zoomOf(zoomSame, nearestScale(1/ratio)), zoomOf(nearestScale(ratio), zoomSame)}
}

const (
	zoomSame = zoomSteps / 2
	// scaleRange is the greatest scale that is tried.
	scaleRange = 1.45
	// sameShape is how far the shapes of two pictures may lie apart and be the same: sizes are rounded to whole blocks.
	sameShape = 0.04
)

// shapeOf is the width of a picture as it is displayed by its height.
func shapeOf(f *measurement.Format) float64 {
	shape := float64(max(1, f.Width)) / float64(max(1, f.Height))
	if f.SARNum > 0 && f.SARDen > 0 {
		shape *= float64(f.SARNum) / float64(f.SARDen)
	}
	return shape
}

func nearestScale(ratio float64) int {
	best := 0
	for i := range zoomSteps {
		if math.Abs(float64(scaleOf(i))-ratio*zoomUnit) < math.Abs(float64(scaleOf(best))-ratio*zoomUnit) {
			best = i
		}
	}
	return best
}
