package judge

import (
	"math"

	"aircheck/jobs"
)

// backward extends a stretch found at a picture to where it begins.
func (a *alignment) backward(at int, lag jobs.Micros) int {
	from, bad, guess := at, 0, -1
	floor := a.done()
	for i := at - 1; i >= a.used(); i-- {
		j := a.matched(i, lag, guess)
		if j < floor {
			break
		}
		guess = j
		if a.pic.distance(i, a.ref, j) > differ {
			if bad++; bad == wrong {
				break
			}
			continue
		}
		from, bad = i, 0
	}
	return from
}

// rejoin moves the border to the stretch before, where the new one begins right behind it: the pictures of a slow scene are alike on both sides of a cut, so the old lag was
// followed too far. It returns where the new stretch begins.
func (a *alignment) rejoin(from, at int, lag jobs.Micros) int {
	n := len(a.Stretches)
	if n == 0 || from-a.Stretches[n-1].To > wrong {
		return from
	}
	last := &a.Stretches[n-1]
	border := a.border(max(last.From+1, a.pic.at(a.pic.Start[last.To-1]-borderSpan)), at, last.EndLag, lag)
	if border >= last.To || a.matched(border, lag, -1) <= int(a.Match[border-1]) {
		return from
	}
	for i := border; i < last.To; i++ {
		a.Match[i] = -1
	}
	last.To = border
	return border
}

// forward follows a stretch that begins at from and was found at a picture, and books it. It returns where to look on; with cut the reference goes on there at the lag.
func (a *alignment) forward(from, at int, lag jobs.Micros) (pos int, next jobs.Micros, cut bool) {
	s := stretch{From: from, Lag: lag}
	a.take(from, at, lag)
	usual := int64(math.MaxInt64)
	for pos = at; pos < a.pic.len(); {
		to := max(pos+1, a.pic.at(a.pic.Start[pos]+followSpan))
		next, cut = a.step(pos, to, lag)
		if !cut {
			next, cut, usual = a.leap(pos, to, next, usual)
		}
		if cut {
			border := a.border(max(s.From, a.pic.at(a.pic.Start[pos]-borderSpan)), to, lag, next)
			a.close(s, border, lag)
			onward := border > at && a.matched(border, next, -1) >= a.done() // a stretch that goes back has been told already
			return max(border, at+1), next, onward
		}
		lag = next
		if good := a.take(pos, to, lag); good < to {
			a.close(s, good, lag)
			return max(good+1, at+1), lag, false
		}
		pos = to
	}
	a.close(s, pos, lag)
	return pos, lag, false
}

// step finds the lag of the next pictures: the one in force, or one beside it when the clocks drift. cut says that it is one far away.
func (a *alignment) step(pos, to int, lag jobs.Micros) (next jobs.Micros, cut bool) {
	now := a.typical(pos, to, lag)
	if now <= betterBy {
		return lag, false
	}
	j := a.matched(pos, lag, -1)
	if j < 0 {
		return lag, false
	}
	frame := jobs.Micros(a.ref.Length[j])
	near := a.best(pos, to, lag, 2*frame, frame)
	if !a.saves(near.cost, now) {
		return lag, false
	}
	if wide := a.best(pos, to, lag, wideSpan, frame); a.saves(wide.cost, near.cost) && abs(wide.lag-lag) > 3*frame {
		return wide.lag, true
	}
	if abs(near.lag-lag) > 0 {
		return near.lag, false
	}
	return lag, false
}

// leap looks for the pictures elsewhere when they agree much less than they used to. It returns what is usual from now on.
func (a *alignment) leap(pos, to int, lag jobs.Micros, usual int64) (next jobs.Micros, cut bool, now int64) {
	now = a.typical(pos, to, lag)
	if usual == math.MaxInt64 || now <= jumped*usual+jumpedBy {
		return lag, false, usualCost(usual, now)
	}
	last := int(a.Match[pos-1])
	// The border may lie in the middle of these pictures: those behind them stand on one side of it.
	if to < a.pic.len() {
		pos, to = to, max(to+1, a.pic.at(a.pic.Start[to]+followSpan))
	}
	if other, ok := a.elsewhere(pos, to, lag); ok && a.matched(pos, other, -1) >= last {
		return other, true, usual
	}
	return lag, false, now // it is not in the reference, or the stream has become worse
}

// usualCost follows the cost of a stretch slowly.
func usualCost(usual, now int64) int64 {
	if usual == math.MaxInt64 {
		return now
	}
	return (7*usual + now) / 8
}

// elsewhere searches for pictures whose lag is doubted; what is found has to be another place, and far better.
func (a *alignment) elsewhere(pos, to int, lag jobs.Micros) (jobs.Micros, bool) {
	if a.searches >= maxSearches {
		return 0, false
	}
	p, ok := a.find(pos)
	return p.lag, ok && abs(p.lag-lag) > a.slack() && jumped*a.typical(pos, to, p.lag) < a.typical(pos, to, lag)
}

// doubted tells whether the pictures before those at which a stretch was found, to which it was followed back, stand elsewhere in the reference, and at which lag.
func (a *alignment) doubted(from, at int, lag jobs.Micros) (jobs.Micros, bool) {
	usual := a.typical(at, a.pic.at(a.pic.Start[at]+followSpan)+1, lag)
	for pos := from; pos < at; {
		to := min(at, max(pos+1, a.pic.at(a.pic.Start[pos]+followSpan)))
		if a.typical(pos, to, lag) > jumped*usual+jumpedBy {
			return a.elsewhere(from, min(at, a.pic.at(a.pic.Start[from]+followSpan)+1), lag)
		}
		pos = to
	}
	return 0, false
}

func (a *alignment) saves(cost, than int64) bool {
	return float64(cost) < better*float64(than)-betterBy
}

// best tries the lags around one at whole pictures of the reference.
func (a *alignment) best(pos, to int, lag, span, frame jobs.Micros) lagPlace {
	best := lagPlace{lag, math.MaxInt64}
	frame = max(frame, 1000)
	for d := -span; d <= span; d += frame {
		if c := a.typical(pos, to, lag+d); c < best.cost {
			best = lagPlace{lag + d, c}
		}
	}
	return best
}

// border finds where between two pictures one lag ends and the other begins.
func (a *alignment) border(from, to int, before, behind jobs.Micros) int {
	sum := int64(0) // of the pictures of which it is not decided: at the one lag less at the other
	least, at := int64(0), from
	guessB, guessA := -1, -1
	for i := from; i < to; i++ {
		sum += a.distanceAt(i, before, &guessB) - a.distanceAt(i, behind, &guessA)
		if sum < least {
			least, at = sum, i+1
		}
	}
	return at
}

func (a *alignment) distanceAt(i int, lag jobs.Micros, guess *int) int64 {
	j := a.matched(i, lag, *guess)
	if j < 0 {
		return 2 * signScale
	}
	*guess = j
	return int64(a.pic.distance(i, a.ref, j))
}

// take books pictures [from, to) at a lag until too many in a row differ; it returns where that was, else to.
func (a *alignment) take(from, to int, lag jobs.Micros) int {
	guess, bad := -1, 0
	for i := from; i < to; i++ {
		j := a.matched(i, lag, guess)
		if j < 0 {
			return i - bad
		}
		guess = j
		if a.pic.distance(i, a.ref, j) > differ {
			if bad++; bad == wrong {
				return i + 1 - bad
			}
		} else {
			bad = 0
		}
		a.Match[i] = int32(j)
	}
	return to
}

// close books a stretch that ends before a picture, if it is long enough to be one.
func (a *alignment) close(s stretch, to int, lag jobs.Micros) {
	s.To, s.EndLag = to, lag
	for i := to; i < len(a.Match) && a.Match[i] >= 0; i++ {
		a.Match[i] = -1
	}
	if to > s.From && a.pic.end(to-1)-a.pic.Start[s.From] >= min(minStretch, a.pic.end(a.pic.len()-1)-a.pic.Start[0]) {
		a.Stretches = append(a.Stretches, s)
		return
	}
	for i := s.From; i < to; i++ {
		a.Match[i] = -1
	}
}
