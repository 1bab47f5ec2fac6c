package judge

// The pictures of a ladder may be letterboxed, cropped or zoomed against each other. A zoom says how much of one picture another one shows, each way; 1 is all of it, more means bars.
const (
	// zoomSteps are the scales that are tried each way, 7 % apart from 0.7 to 1.42: 4:3 in 16:9 and the other way round are 0.75 and 1.33, 2.39:1 in 16:9 is 0.74.
	zoomSteps = 11
	zoomSame  = zoomSteps / 2
	// zoomUnit is the scale 1.
	zoomUnit = 1 << 12
	// zoomFits is the correlation from which on two pictures are the same at a zoom, squared; the search has many tries, so it is higher than without a zoom: 0.93.
	zoomFits = 0.865
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

// fitsAt tells whether picture b is picture a at a zoom, by the correlation over the cells that both show.
func fitsAt(a, b []byte, zoom int) bool {
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
		return false
	}
	va, vb, c := n*squaresA-sumA*sumA, n*squaresB-sumB*sumB, n*product-sumA*sumB
	const least = 16 * 16 * (signUnit / 3) * (signUnit / 3) // what is left must have some contrast of its own
	return c > 0 && va > n*n*least && vb > n*n*least && float64(c)*float64(c) >= zoomFits*float64(va)*float64(vb)
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

// findZoom looks for a zoom at which picture b is picture a; the same both ways come first. It returns -1 for none.
func findZoom(a, b []byte) int {
	for i := range zoomSteps {
		if fitsAt(a, b, zoomOf(i, i)) {
			return zoomOf(i, i)
		}
	}
	for z := range zoomSteps * zoomSteps {
		if z%zoomSteps != z/zoomSteps && fitsAt(a, b, z) {
			return z
		}
	}
	return -1
}
