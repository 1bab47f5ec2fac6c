package judge

import (
	"slices"

	"aircheck/jobs"
)

// settleSamples is how many pictures of a stretch decide about its lag in the end.
const settleSamples = 1000

// tidy settles the lag of every stretch on all of it, then of those that are one, and keeps the pairs in order.
func (a *alignment) tidy() {
	for i := range a.Stretches {
		s := &a.Stretches[i]
		if abs(s.Lag-s.EndLag) <= 3*a.slack() {
			a.settle(s)
		}
		a.grow(i)
	}
	a.unify()
}

// settle looks for the one lag that is best for a stretch, which was found on a part of it and then followed. A clock that drifts a little has none, and keeps what was followed.
func (a *alignment) settle(s *stretch) {
	step := 1 + (s.To-s.From)/settleSamples
	followed := lagPlace{s.Lag, a.followed(s, step)}
	best := followed
	for _, lag := range []jobs.Micros{s.Lag, s.EndLag} {
		best = a.bestAround(s, lag, step, best)
	}
	if best == followed {
		return
	}
	s.Lag, s.EndLag = best.lag, best.lag
	a.rematch(s)
}

// followed is the cost of a stretch as it is.
func (a *alignment) followed(s *stretch, step int) int64 {
	var sum, n int64
	for i := s.From; i < s.To; i += step {
		n++
		if j := a.Match[i]; j >= 0 {
			sum += int64(a.pic.distance(i, a.ref, int(j)))
		} else {
			sum += 2 * signScale
		}
	}
	return sum / max(1, n)
}

// maxGrown is how many pictures a stretch may gain at either end once its lag is settled.
const maxGrown = 8

// grow moves the borders of a stretch to where the pictures begin and cease to agree at its settled lag.
func (a *alignment) grow(n int) {
	s := &a.Stretches[n]
	floor, after, ceiling := 0, -1, a.pic.len()
	if n > 0 {
		floor = a.Stretches[n-1].To
		after = int(a.Match[floor-1])
	}
	if n+1 < len(a.Stretches) {
		ceiling = a.Stretches[n+1].From
	}
	for range maxGrown {
		if i := s.From - 1; i >= floor && a.fits(i, s.Lag, after) {
			a.Match[i], s.From = int32(a.matched(i, s.Lag, -1)), i
		}
		if i := s.To; i < ceiling && a.fits(i, s.EndLag, -1) {
			a.Match[i], s.To = int32(a.matched(i, s.EndLag, -1)), i+1
		}
	}
}

// fits tells whether a picture is at a lag what it should be, and behind another one of the reference.
func (a *alignment) fits(i int, lag jobs.Micros, after int) bool {
	j := a.matched(i, lag, -1)
	return j > after && a.pic.distance(i, a.ref, j) <= agree
}

// lagAt is the lag of the pictures at a time, and whether it is known there or nearby.
func (a *alignment) lagAt(t jobs.Micros) (jobs.Micros, bool) {
	if len(a.Stretches) == 0 {
		return 0, false
	}
	best, distance := 0, jobs.Micros(-1)
	for i := range a.Stretches {
		s := &a.Stretches[i]
		from, to := a.pic.Start[s.From], a.pic.end(s.To-1)
		d := max(0, from-t, t-to)
		if distance < 0 || d < distance {
			best, distance = i, d
		}
	}
	return a.measured(best, t), true
}

// measured is the lag of a stretch around a time: the median over the pictures of a few seconds of the distance of the middles of the two, which is right at different rates, too.
func (a *alignment) measured(n int, t jobs.Micros) jobs.Micros {
	const around jobs.Micros = 5e6
	s := &a.Stretches[n]
	from, to := max(s.From, a.pic.at(t-around)), min(s.To, a.pic.at(t+around)+1)
	if from >= to { // the time lies beside the stretch
		from, to = s.From, s.To
	}
	var all []jobs.Micros
	for i := from; i < to; i += 1 + (to-from)/256 {
		if j := a.Match[i]; j >= 0 {
			all = append(all, a.middles(i, int(j)))
		}
	}
	if len(all) == 0 {
		return s.Lag
	}
	if a.sameRate(from, to) {
		slices.Sort(all)
		return all[len(all)/2]
	}
	var sum jobs.Micros
	for _, v := range all {
		sum += v
	}
	return sum / jobs.Micros(len(all))
}

func (a *alignment) middles(i, j int) jobs.Micros {
	return a.pic.Start[i] + jobs.Micros(a.pic.Length[i])/2 - a.ref.Start[j] - jobs.Micros(a.ref.Length[j])/2
}

// sameRate tells whether the pictures of both come at the same rate: then all but a few are one to one.
func (a *alignment) sameRate(from, to int) bool {
	if to-from < 2 {
		return true
	}
	first, last := a.Match[from], a.Match[to-1]
	if first < 0 || last < 0 {
		return true
	}
	n, m := to-from, int(last-first)+1
	return n-m <= 1+n/200 && m-n <= 1+n/200
}

// lag is that of most of the pictures.
func (a *alignment) lag() (jobs.Micros, bool) {
	longest, at := 0, -1
	for i := range a.Stretches {
		if n := a.Stretches[i].To - a.Stretches[i].From; n > longest {
			longest, at = n, i
		}
	}
	if at < 0 {
		return 0, false
	}
	s := &a.Stretches[at]
	return a.measured(at, (a.pic.Start[s.From]+a.pic.end(s.To-1))/2), true
}

// share is the part of the rendition's pictures that have a counterpart.
func (a *alignment) share() float64 {
	n := 0
	for _, j := range a.Match {
		if j >= 0 {
			n++
		}
	}
	return float64(n) / float64(max(1, len(a.Match)))
}

// Bounds of one comparison, so that it is a minute's work wherever it runs, and is made of whole decode units at both ends.
const (
	maxCompared = jobs.MaxPairs
	// comparedSpan is what one comparison covers.
	comparedSpan jobs.Micros = 60e6
	// comparedJump is how far apart in the reference two neighbours may stand: what lies between is decoded in vain.
	comparedJump jobs.Micros = 20e6
)

// comparisons cuts the pairs into pieces of work. It is a function of the two streams alone.
func (a *alignment) comparisons(pic, ref jobs.Side) []jobs.Compare {
	var list []jobs.Compare
	var c *jobs.Compare
	var begin jobs.Micros
	var last int32
	for i, j := range a.Match {
		if j < 0 {
			continue
		}
		if c == nil || len(c.Pairs) == maxCompared || a.pic.Start[i]-begin >= comparedSpan || a.ref.Start[j]-a.ref.Start[last] > comparedJump {
			list = append(list, jobs.Compare{Picture: pic, Reference: ref})
			c = &list[len(list)-1]
			begin = a.pic.Start[i]
			c.Picture.First, c.Picture.Last = int(a.pic.Unit[i]), 0
			c.Reference.First, c.Reference.Last = int(a.ref.Unit[j]), 0
		}
		last = j
		c.Pairs = append(c.Pairs, jobs.Pair{
			Picture:   jobs.PictureID{Unit: int(a.pic.Unit[i]), PTS: a.pic.PTS[i]},
			Reference: jobs.PictureID{Unit: int(a.ref.Unit[j]), PTS: a.ref.PTS[j]},
		})
		c.Picture.First, c.Picture.Last = min(c.Picture.First, int(a.pic.Unit[i])), max(c.Picture.Last, int(a.pic.Unit[i])+1)
		c.Reference.First, c.Reference.Last = min(c.Reference.First, int(a.ref.Unit[j])), max(c.Reference.Last, int(a.ref.Unit[j])+1)
	}
	return list
}
