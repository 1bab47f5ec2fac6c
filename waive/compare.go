package waive

import (
	"math"
	"slices"
)

// likeness is what comparing a part of two signatures comes to.
type likeness int

const (
	unknown likeness = iota // there is nothing to tell by
	weak                    // alike as far as there is anything, which is not enough
	alike
	different
)

const (
	// pictureCells is the size of a picture: 16 x 9 cells.
	pictureCells = 16 * 9
	// plain is the standard deviation below which a picture has nothing in it, in code values.
	plain = 4
	// farPicture is the distance from which two pictures are not of one moment. Measured on film, animation and camera (134 s with 16 times black and silence, compared with itself at
	// 320x180, CRF 38, 32 kbit/s mono, 1.17 s earlier; and at 24/s, CRF 30, less contrast, -6 dB, 3.31 s later): the nearest pictures of one side of a finding were at most 0.27 apart
	// in the same place. In other places they were 0.09 where a scene goes on, and the farther of the two sides was 0.56 at least.
	farPicture = 0.4
	// sidesNeeded is how many of before, within and behind must be alike.
	sidesNeeded = 2
)

// sides are the positions of a signature's pictures before the finding, within it, and behind it.
func sides() [3][]int { return [3][]int{{0, 1}, {2, 3, 4}, {5, 6}} }

// comparePictures compares side by side. Within a side any two pictures may be the ones: they stand on a grid of half a second, which falls differently in another stream.
// A side on which both are plain says nothing: of black the surroundings decide.
func comparePictures(a, b [][]byte) likeness {
	same := 0
	for _, side := range sides() {
		switch compareSide(picturesAt(a, side), picturesAt(b, side)) {
		case different:
			return different
		case alike:
			same++
		case unknown, weak:
		}
	}
	switch {
	case same >= sidesNeeded:
		return alike
	case same > 0:
		return weak
	}
	return unknown
}

func picturesAt(all [][]byte, at []int) []picture {
	var list []picture
	for _, i := range at {
		if i < len(all) && len(all[i]) == pictureCells {
			list = append(list, newPicture(all[i]))
		}
	}
	return list
}

func compareSide(a, b []picture) likeness {
	if len(a) == 0 || len(b) == 0 {
		return unknown
	}
	nearest, bothPlain := math.Inf(1), false
	for i := range a {
		for k := range b {
			if a[i].plain() && b[k].plain() {
				bothPlain = true
			} else if !a[i].plain() && !b[k].plain() {
				nearest = math.Min(nearest, a[i].distance(&b[k]))
			}
		}
	}
	switch {
	case nearest < farPicture:
		return alike
	case bothPlain:
		return unknown
	}
	return different
}

// picture is one of a signature with its mean and its standard deviation.
type picture struct {
	cells     []byte
	mean, dev float64
}

func newPicture(cells []byte) picture {
	var sum, squares float64
	for _, v := range cells {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(cells))
	mean := sum / n
	return picture{cells, mean, math.Sqrt(math.Max(0, squares/n-mean*mean))}
}

func (p *picture) plain() bool { return p.dev < plain }

// distance is how far two pictures are apart that are not plain: the mean absolute difference of their cells once both have mean 0 and deviation 1. Gain and offset, which
// another range or another encoder change, leave it as it is. Pictures without relation have about 1.
func (p *picture) distance(q *picture) float64 {
	var sum float64
	for i := range p.cells {
		sum += math.Abs((float64(p.cells[i])-p.mean)/p.dev - (float64(q.cells[i])-q.mean)/q.dev)
	}
	return sum / float64(len(p.cells))
}

// Limits of levels, in dB, from the same measurement. In the same place the levels above hearing differed by at most 2.8 on average, once the difference in loudness is taken out, and at
// most 2 of 24 were heard in one of the two only. In other places most differ by more than 3.5; the flat sound of some does not, by 1.6 with a deviation of 1.4: so levels
// tell what is another place, and are trusted alone only where they move.
const (
	heard = -60
	// leastHeard is how many levels there must be for a contradiction, enoughHeard for trust.
	leastHeard, enoughHeard = 6, 10
	farLevels, farHeard     = 3.5, 5
	nearLevels, nearHeard   = 2.5, 2
	// moving is the deviation of levels that can be told from others, and nearShare how much of it may differ.
	moving, nearShare = 4.0, 0.45
	// maxGain is how much louder another version may be.
	maxGain = 12
)

// compareLevels compares the courses of two sounds.
func compareLevels(a, b []int8) likeness {
	if len(a) == 0 || len(a) != len(b) {
		return unknown
	}
	var x, y, gains []float64
	once := 0
	for i := range a {
		switch {
		case a[i] > heard && b[i] > heard:
			x, y = append(x, float64(a[i])), append(y, float64(b[i]))
			gains = append(gains, float64(a[i])-float64(b[i]))
		case a[i] > heard || b[i] > heard:
			once++
		}
	}
	if once > farHeard {
		return different
	}
	if len(x) < leastHeard {
		return unknown
	}
	gain := median(gains)
	apart := 0.0
	for _, g := range gains {
		apart += math.Abs(g-gain) / float64(len(gains))
	}
	spread := math.Min(deviation(x), deviation(y))
	switch {
	case apart > farLevels:
		return different
	case len(x) >= enoughHeard && once <= nearHeard && spread >= moving && apart <= nearLevels && apart <= nearShare*spread && math.Abs(gain) <= maxGain:
		return alike
	}
	return unknown
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func deviation(v []float64) float64 {
	var sum, squares float64
	for _, x := range v {
		sum += x
		squares += x * x
	}
	n := float64(len(v))
	return math.Sqrt(math.Max(0, squares/n-sum*sum/n/n))
}
