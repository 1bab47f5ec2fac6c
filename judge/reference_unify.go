package judge

import (
	"math"
	"slices"

	"aircheck/jobs"
)

const (
	// coarseCost is by how much worse than what was followed one lag may be for all of a passage and still hold for it: a coarse coder holds what moves slowly for some pictures, and of
	// these it is true that they are those of a moment before, but nobody moved them.
	coarseCost = 2.5
	// unitedGap is the most that may lie between two stretches of one passage.
	unitedGap jobs.Micros = 500e3
)

// unify takes neighbouring stretches that differ by a few pictures, with what little lies between them, for one of a single lag if that fits nearly as well. Cuts and fast motion tell
// where pictures stand, and a stretch may have neither.
func (a *alignment) unify() {
	for i := 0; i < len(a.Stretches); i++ {
		n := i + 1
		for n < len(a.Stretches) && a.neighbours(n) {
			n++
		}
		if a.unite(a.Stretches[i:n]) {
			a.Stretches = slices.Delete(a.Stretches, i+1, n)
		}
	}
	a.order()
}

// neighbours tells whether a stretch goes on where the one before it ends, by a few pictures.
func (a *alignment) neighbours(n int) bool {
	p, s := &a.Stretches[n-1], &a.Stretches[n]
	return abs(p.EndLag-s.Lag) <= 2*a.slack() && a.pic.Start[s.From]-a.pic.end(p.To-1) <= unitedGap
}

// unite makes the first of some stretches all of them if one lag holds for all. A clock that drifts has none.
func (a *alignment) unite(list []stretch) bool {
	s, end := &list[0], &list[len(list)-1]
	if len(list) == 1 && s.Lag == s.EndLag || abs(s.Lag-end.EndLag) > 3*a.slack() {
		return false
	}
	all := stretch{From: s.From, To: end.To}
	step := 1 + (all.To-all.From)/settleSamples
	followed := a.followed(&all, step)
	best := lagPlace{cost: math.MaxInt64}
	for _, lag := range []jobs.Micros{s.Lag, end.EndLag} {
		best = a.bestAround(&all, lag, step, best)
	}
	if best.cost > agree || float64(best.cost) > coarseCost*float64(followed)+betterBy {
		return false
	}
	all.Lag, all.EndLag = best.lag, best.lag
	*s = all
	a.rematch(s)
	return true
}

// bestAround tries lags around one for a whole stretch, picture by picture of the reference.
func (a *alignment) bestAround(s *stretch, lag jobs.Micros, step int, best lagPlace) lagPlace {
	j := a.matched(s.From, lag, -1)
	for k := max(0, j-8); j >= 0 && k <= min(j+8, a.ref.len()-1); k++ {
		for _, l := range a.beside(s.From, k) {
			if c := a.cost(s.From, s.To, step, l); c < best.cost || c == best.cost && abs(l) < abs(best.lag) {
				best = lagPlace{l, c}
			}
		}
	}
	return best
}

// rematch books the pictures of a stretch at its lag.
func (a *alignment) rematch(s *stretch) {
	guess := -1
	for i := s.From; i < s.To; i++ {
		j := a.matched(i, s.Lag, guess)
		a.Match[i] = int32(j)
		if j >= 0 {
			guess = j
		}
	}
}

// order leaves out pictures whose counterparts go back.
func (a *alignment) order() {
	last := int32(-1)
	for i := range a.Match {
		switch j := a.Match[i]; {
		case j < 0:
		case j < last:
			a.Match[i] = -1
		default:
			last = j
		}
	}
}
