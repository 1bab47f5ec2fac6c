package judge

import (
	"cmp"
	"math"
	"slices"

	"aircheck/jobs"
)

// Alignment of two rows of pictures (after NTIA TM-10-463 and the MPEG-7 video signature): a moving stretch of the rendition is looked for in the whole reference, then followed
// forwards and backwards for as long as the pictures agree; where they no longer do, the search begins again behind it. It knows pictures, not thresholds of a profile: which
// pictures are compared must be the same under every profile.
const (
	// agree is the distance up to which a stretch of pictures is the same on average, differ that above which a single one is another: a correlation of 0.92, and of 0.8.
	// Neighbouring pictures of fast motion correlate with 0.9, pictures of two scenes with less than 0.6.
	agree  = signScale * 16 / 100
	differ = signScale * 40 / 100
	// moves is the distance between two pictures half a second apart from which they tell where they stand.
	moves = signScale / 50
	// wrong is how many pictures in a row have to differ: one or two are a flash or a decoding error.
	wrong = 3
	// follow is how much is followed at a time.
	followSpan jobs.Micros = 1e6
	// probeSpan is how much is looked for, in probes pictures.
	probeSpan jobs.Micros = 2e6
	probes    int         = 5
	// searchStep is the distance of the places where it is looked for.
	searchStep jobs.Micros = 80e3
	// candidates is how many of them are looked at closely.
	candidates = 12
	// lookahead is how far the search may go for a stretch that moves.
	lookahead jobs.Micros = 10e6
	// wideSpan is how far around a lag that no longer fits a better one is looked for.
	wideSpan jobs.Micros = 3e6
	// borderSpan is how far back a cut may lie that shows only now: the pictures of a slow scene are alike on both sides.
	borderSpan jobs.Micros = 15e6
	// minStretch is the least that counts as found.
	minStretch jobs.Micros = 400e3
	// better is the share of its distance that a lag has to save to take the place of another one, and betterBy the least.
	better   = 0.7
	betterBy = signScale / 400
	// jumped is how many times its usual cost, and jumpedBy by how much, a lag has to exceed to be doubted although the pictures still agree: those of one scene, or of one set of
	// graphics, agree with each other at any lag, but not as well as with themselves.
	jumped   = 4
	jumpedBy = 4 * betterBy
	// maxSearches bounds the searches of one alignment; each reads the whole reference.
	maxSearches = 400
)

// stretch is a piece of the rendition that is a piece of the reference: pictures [From, To).
type stretch struct {
	From, To int
	// Lag is by how much later the pictures stand than in the reference, at the beginning and at the end.
	Lag, EndLag jobs.Micros
}

// alignment says which picture of the reference each picture of a rendition is.
type alignment struct {
	pic, ref  *pictureSignature
	Stretches []stretch
	// Match has the picture of the reference for every one of the rendition, -1 for none.
	Match    []int32
	searches int
	// gaveUp: there were too many searches; what comes behind the last stretch was not looked for.
	gaveUp bool
}

// align compares two rows of pictures.
func align(pic, ref *pictureSignature) *alignment {
	a := &alignment{pic: pic, ref: ref, Match: make([]int32, pic.len())}
	for i := range a.Match {
		a.Match[i] = -1
	}
	if pic.len() == 0 || ref.len() == 0 {
		return a
	}
	for pos := 0; pos < pic.len(); {
		at, lag, ok := a.acquire(pos)
		if !ok {
			break
		}
		from := a.rejoin(a.backward(at, lag), at, lag)
		if other, differs := a.doubted(from, at, lag); differs {
			at, lag = from, other
		}
		for ; ok; from = at {
			at, lag, ok = a.forward(from, at, lag)
		}
		pos = at
	}
	a.tidy()
	return a
}

// matched is the picture of the reference that stands where picture i does, -1 for none.
func (a *alignment) matched(i int, lag jobs.Micros, guess int) int {
	t := a.pic.Start[i] + jobs.Micros(a.pic.Length[i])/2 - lag
	j := a.ref.near(t, guess)
	if j < 0 || t >= a.ref.end(j)+jobs.Micros(a.ref.Length[j])/2 {
		return -1
	}
	return j
}

// cost is the mean distance of pictures [from, to) at a lag, of every step-th of them; those that have no counterpart count as different.
func (a *alignment) cost(from, to, step int, lag jobs.Micros) int64 {
	sum, n, _ := a.sum(from, to, step, lag)
	if n == 0 {
		return math.MaxInt64
	}
	return sum / n
}

// typical is cost over a dozen pictures without the worst two: one picture at a cut, which belongs to neither scene, must not move a lag.
func (a *alignment) typical(from, to int, lag jobs.Micros) int64 {
	sum, n, worst := a.sum(from, to, 1+(to-from)/12, lag)
	if n <= 4 {
		return a.cost(from, to, 1, lag)
	}
	return (sum - worst[0] - worst[1]) / (n - 2)
}

// sum adds up distances and tells the two greatest.
func (a *alignment) sum(from, to, step int, lag jobs.Micros) (sum, n int64, worst [2]int64) {
	guess := -1
	for i := from; i < to; i += max(1, step) {
		d := a.distanceAt(i, lag, &guess)
		n++
		sum += d
		if d > worst[0] {
			worst[0], worst[1] = d, worst[0]
		} else if d > worst[1] {
			worst[1] = d
		}
	}
	return sum, n, worst
}

// done is where the reference has been used up to.
func (a *alignment) done() int {
	if n := len(a.Stretches); n > 0 {
		last := &a.Stretches[n-1]
		return int(a.Match[last.To-1]) + 1
	}
	return 0
}

// used is where the rendition has been used up to.
func (a *alignment) used() int {
	if n := len(a.Stretches); n > 0 {
		return a.Stretches[n-1].To
	}
	return 0
}

// acquire finds a stretch from pos on that is in the reference, behind what was found so far, and its lag. While nothing is found, it looks less and less often: what is not
// there may be long, and backward finds where it ends.
func (a *alignment) acquire(pos int) (at int, lag jobs.Micros, ok bool) {
	stride := probeSpan / 2
	for pos < a.pic.len() && a.searches < maxSearches {
		at := a.moving(pos)
		if at < 0 {
			return 0, 0, false
		}
		if lag, ok := a.search(at); ok {
			return at, lag, true
		}
		next := a.pic.at(a.pic.Start[at] + stride)
		pos = max(next, at+1)
		stride = min(stride*5/4, lookahead)
	}
	a.gaveUp = a.gaveUp || pos < a.pic.len()
	return 0, 0, false
}

// moving finds where the next stretch of pictures begins that can be told from others; if nothing moves, where they are not flat; -1 when there is no such thing.
func (a *alignment) moving(pos int) int {
	textured := -1
	limit := a.pic.Start[pos] + lookahead
	for i := pos; i < a.pic.len(); {
		if a.pic.Start[i] > limit && textured >= 0 {
			break
		}
		last := a.pic.at(a.pic.Start[i] + probeSpan/4)
		if !a.pic.flat(i) && !a.pic.flat(last) {
			if textured < 0 {
				textured = i
			}
			if a.pic.distance(i, a.pic, last) >= moves {
				return i
			}
		}
		i = max(i+1, a.pic.at(a.pic.Start[i]+probeSpan/8))
	}
	return textured
}

// lagPlace is where in the reference something may stand.
type lagPlace struct {
	lag  jobs.Micros
	cost int64
}

// search looks for what begins at a picture in all of the reference that is left. What fits about as well at the lag in force, or where both begin together, is there: repeats
// and stills look alike everywhere.
func (a *alignment) search(at int) (jobs.Micros, bool) {
	best, ok := a.find(at)
	if !ok {
		return 0, false
	}
	return a.widen(at, best), true
}

// find is search for two seconds alone, whatever comes behind them.
func (a *alignment) find(at int) (lagPlace, bool) {
	a.searches++
	end := a.pic.at(a.pic.Start[at]+probeSpan) + 1
	known := []jobs.Micros{0}
	if n := len(a.Stretches); n > 0 {
		known = []jobs.Micros{a.Stretches[n-1].EndLag, 0}
	}
	best := lagPlace{cost: math.MaxInt64}
	for _, p := range a.coarse(at, end) {
		if p = a.local(at, end, p.lag, 2*searchStep); p.cost < best.cost {
			best = p
		}
	}
	for _, lag := range known {
		p := a.local(at, end, lag, 2*searchStep)
		if p.cost <= agree && p.cost <= best.cost+best.cost/4+betterBy && a.ref.at(a.pic.Start[at]-p.lag) >= a.done() {
			best = p
			break
		}
	}
	return best, best.cost <= agree
}

// coarse lists the best places on a coarse grid, none beside another.
func (a *alignment) coarse(at, end int) []lagPlace {
	var probe [probes]int
	for k := range probe {
		probe[k] = at + k*max(0, end-1-at)/(probes-1)
	}
	var list []lagPlace
	worst := int64(2 * signScale * probes)
	last := a.ref.end(a.ref.len() - 1)
	done := a.done()
	if done >= a.ref.len() {
		return nil
	}
	guess := [probes]int{}
	for t := a.ref.Start[done]; t < last; t += searchStep {
		lag := a.pic.Start[at] - t
		var sum int64
		for k, i := range probe {
			j := a.matched(i, lag, guess[k])
			if j < 0 {
				sum += signScale
				continue
			}
			guess[k] = j
			if sum += int64(a.pic.distance(i, a.ref, j)); sum > worst {
				break
			}
		}
		if sum > worst {
			continue
		}
		list = insertPlace(list, lagPlace{lag, sum})
		if len(list) == candidates {
			worst = list[len(list)-1].cost
		}
	}
	return list
}

// insertPlace keeps the best places, of neighbours only the best.
func insertPlace(list []lagPlace, p lagPlace) []lagPlace {
	for i := range list {
		if abs(list[i].lag-p.lag) <= 2*searchStep {
			if p.cost < list[i].cost {
				list[i] = p
				slices.SortStableFunc(list, func(x, y lagPlace) int { return cmp.Compare(x.cost, y.cost) })
			}
			return list
		}
	}
	at, _ := slices.BinarySearchFunc(list, p, func(x, y lagPlace) int { return cmp.Compare(x.cost, y.cost) })
	list = slices.Insert(list, at, p)
	return list[:min(len(list), candidates)]
}

// local finds the best lag around one, picture by picture of the reference.
func (a *alignment) local(from, to int, lag, span jobs.Micros) lagPlace {
	t := a.pic.Start[from] - lag
	best := lagPlace{lag, a.cost(from, to, 1+(to-from)/24, lag)}
	first, last := max(0, a.ref.at(t-span)), a.ref.at(t+span)
	for j := first; j <= last; j++ {
		for _, l := range a.beside(from, j) {
			if c := a.cost(from, to, 1+(to-from)/24, l); c < best.cost || c == best.cost && abs(l) < abs(best.lag) {
				best = lagPlace{l, c}
			}
		}
	}
	return best
}

// beside lists the lags at which picture i stands on picture j of the reference: middle on middle, and at unequal rates some to either side, since pictures that stand on the border
// between two would fall to one or the other by chance.
func (a *alignment) beside(i, j int) []jobs.Micros {
	l := a.middles(i, j)
	short, long := jobs.Micros(min(a.pic.Length[i], a.ref.Length[j])), jobs.Micros(max(a.pic.Length[i], a.ref.Length[j]))
	if 50*(long-short) <= long {
		return []jobs.Micros{l}
	}
	step := max(1, short/2, jobs.Micros(a.ref.Length[j])/8) // nine at most; pictures may be of microseconds
	var list []jobs.Micros
	for d := -jobs.Micros(a.ref.Length[j]) / 2; d <= jobs.Micros(a.ref.Length[j])/2; d += step {
		list = append(list, l+d)
	}
	return list
}

// widen settles a lag on a longer piece: two seconds of slow motion fit at many.
func (a *alignment) widen(at int, p lagPlace) jobs.Micros {
	to := a.pic.at(a.pic.Start[at]+5*probeSpan) + 1
	wide := a.local(at, to, p.lag, wideSpan/4)
	// Only where the longer piece agrees as a whole, and its beginning no less than alone: there may be a cut in it.
	end := a.pic.at(a.pic.Start[at]+probeSpan) + 1
	if wide.cost <= agree && a.typical(at, end, wide.lag) <= jumped*a.typical(at, end, p.lag)+jumpedBy && wide.cost+betterBy/4 < a.cost(at, to, 1+(to-at)/24, p.lag) {
		return wide.lag
	}
	return p.lag
}
