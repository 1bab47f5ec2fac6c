package judge

import (
	"math"
	"slices"

	"aircheck/jobs"
)

// Alignment of two envelopes: windows of ten seconds on an absolute grid, each looked for in the reference around where the pictures say that it is. A lag counts when the envelopes
// correlate there, and nowhere else as well.
const (
	soundWindow jobs.Micros = 10e6
	// minSoundWindow is the least that is left of the last window.
	minSoundWindow jobs.Micros = 3e6
	// soundRange is how far off the pictures the sound may be; soundFar where that finds nothing, or where there are no pictures.
	soundRange jobs.Micros = 5e6
	soundFar   jobs.Micros = 60e6
	// soundCoarse is the step of the first look, in milliseconds.
	soundCoarse = 10
	// soundPeaks is how many places of the first look are looked at closely, soundApart how many milliseconds they are apart.
	soundPeaks = 6
	soundApart = 60
	// minCorrelation is the least correlation that is a lag (detectors.md 4(c)); minLead the least by which it exceeds that of any other place, after
	// Fisher's transformation: 0.58 beside 0.5, 0.982 beside 0.978. Independent milliseconds would leave an error of 0.01.
	minCorrelation = 0.5
	minLead        = 0.1
	// sureCorrelation is one at which a lag that was found before still holds.
	sureCorrelation = 0.9
	// peakSlack is how far behind the best a place of the first look may lie and be looked at closely.
	peakSlack = 0.2
	// minDeviation is the least deviation of the companded envelope, of 255, that tells where it stands.
	minDeviation = 4
	// maxFarSearches bounds the wide searches of one track.
	maxFarSearches = 8
)

// soundLag is the lag of one window.
type soundLag struct {
	From, To jobs.Micros
	Lag      jobs.Micros
	// Correlation is above minCorrelation.
	Correlation float64
}

// hearing looks for one envelope in another.
type hearing struct {
	env, ref             []byte
	envCoarse, refCoarse []float64
	own, other           rowSums
	far                  int
}

func newHearing(env, ref []byte) *hearing {
	h := &hearing{env: env, ref: ref, envCoarse: pooled(env), refCoarse: pooled(ref)}
	h.own, h.other = newRowSums(h.envCoarse), newRowSums(h.refCoarse)
	return h
}

// rowSums holds sums of a row up to each index. They are whole numbers below 2^53, so they are exact.
type rowSums struct{ sum, squares []float64 }

func newRowSums(row []float64) rowSums {
	p := rowSums{make([]float64, len(row)+1), make([]float64, len(row)+1)}
	for i, v := range row {
		p.sum[i+1], p.squares[i+1] = p.sum[i]+v, p.squares[i]+v*v
	}
	return p
}

// variance is that of [lo, hi) times the square of the length, and the sum.
func (p rowSums) variance(lo, hi int) (variance, sum float64) {
	sum = p.sum[hi] - p.sum[lo]
	return float64(hi-lo)*(p.squares[hi]-p.squares[lo]) - sum*sum, sum
}

// pooled adds up soundCoarse milliseconds; whole numbers, so that every sum of them is exact.
func pooled(env []byte) []float64 {
	list := make([]float64, len(env)/soundCoarse)
	for i := range list {
		for _, v := range env[i*soundCoarse : (i+1)*soundCoarse] {
			list[i] += float64(v)
		}
	}
	return list
}

// listen measures the lag of every window that has one. guess says where the pictures are; without pictures it says false.
func listen(env, ref *soundSignature, guess func(jobs.Micros) (jobs.Micros, bool)) (lags []soundLag, windows int) {
	h := newHearing(env.Env, ref.Env)
	end := jobs.Micros(len(env.Env)) * 1000
	var last *jobs.Micros
	for from := jobs.Micros(0); from < end; from += soundWindow {
		to := min(from+soundWindow, end)
		if to-from < minSoundWindow || !h.tells(from, to) {
			continue
		}
		windows++
		near, known := guess((from + to) / 2)
		if !known && last != nil {
			near = *last
		}
		lag, r, ok := h.again(from, to, last)
		if !ok {
			lag, r, ok = h.search(from, to, near, soundRange)
		}
		if !ok && h.far < maxFarSearches {
			h.far++
			lag, r, ok = h.search(from, to, near, soundFar)
		}
		if ok {
			lags = append(lags, soundLag{from, to, lag, r})
			last = &lag
		}
	}
	return lags, windows
}

// tells whether a window has anything to be recognised by.
func (h *hearing) tells(from, to jobs.Micros) bool {
	w := h.env[from/1000 : to/1000]
	var sum, squares float64
	for _, v := range w {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(w))
	return squares/n-(sum/n)*(sum/n) >= minDeviation*minDeviation
}

// again tells whether a window is where the one before it was: what correlates so well there needs no search.
func (h *hearing) again(from, to jobs.Micros, last *jobs.Micros) (jobs.Micros, float64, bool) {
	if last == nil {
		return 0, 0, false
	}
	p := h.fine(from, to, int64(*last)/1000)
	edge := abs(jobs.Micros(p.lag)*1000-*last) >= 2*soundCoarse*1000
	return jobs.Micros(p.lag) * 1000, p.r, p.r >= sureCorrelation && !edge
}

// search finds the lag of a window within span of a guess.
func (h *hearing) search(from, to, guess, span jobs.Micros) (jobs.Micros, float64, bool) {
	best, second := soundPeak{r: -1}, -1.0
	peaks := h.coarse(from, to, guess, span)
	for _, p := range peaks {
		if p.r < peaks[0].r-peakSlack {
			break
		}
		q := h.fine(from, to, p.lag)
		if q.r > best.r {
			best, q = q, best
		}
		if abs(jobs.Micros(q.lag-best.lag)) > soundApart/2 {
			second = max(second, q.r)
		}
	}
	if best.r < minCorrelation || fisher(best.r)-fisher(second) < minLead {
		return 0, 0, false
	}
	return jobs.Micros(best.lag) * 1000, best.r, true
}

// fisher makes differences of correlations comparable.
func fisher(r float64) float64 { return math.Atanh(max(-maxFisher, min(r, maxFisher))) }

// maxFisher keeps a perfect correlation finite.
const maxFisher = 0.999999

// soundPeak is a place with its correlation; the lag is in milliseconds.
type soundPeak struct {
	lag int64
	r   float64
}

// coarse lists the places that correlate best at ten milliseconds, none beside another.
func (h *hearing) coarse(from, to, guess, span jobs.Micros) []soundPeak {
	const step = soundCoarse * 1000
	a, b := int(from/step), min(int(to/step), len(h.envCoarse))
	var list []soundPeak
	for lag := int((guess - span) / step); lag <= int((guess+span)/step); lag++ {
		lo, hi := max(a, lag), min(b, len(h.refCoarse)+lag) // what both have
		if hi-lo < (b-a)/2 {
			continue
		}
		n, w := float64(hi-lo), h.envCoarse[lo:hi]
		own, sum := h.own.variance(lo, hi)
		other, s := h.other.variance(lo-lag, hi-lag)
		if own <= 0 || other <= 0 {
			continue
		}
		var product float64
		for i, v := range h.refCoarse[lo-lag : hi-lag] {
			product += v * w[i]
		}
		list = insertPeak(list, soundPeak{int64(lag) * soundCoarse, (n*product - sum*s) / math.Sqrt(own) / math.Sqrt(other)})
	}
	return list
}

// insertPeak keeps the best places, of neighbours only the best.
func insertPeak(list []soundPeak, p soundPeak) []soundPeak {
	if len(list) == soundPeaks && p.r <= list[len(list)-1].r {
		return list
	}
	for i := range list {
		if abs(jobs.Micros(list[i].lag-p.lag)) >= soundApart {
			continue
		}
		if p.r > list[i].r {
			list[i] = p
			slices.SortStableFunc(list, byCorrelation)
		}
		return list
	}
	at, _ := slices.BinarySearchFunc(list, p, byCorrelation)
	list = slices.Insert(list, at, p)
	return list[:min(len(list), soundPeaks)]
}

func byCorrelation(a, b soundPeak) int {
	switch {
	case a.r > b.r:
		return -1
	case a.r < b.r:
		return 1
	}
	return 0
}

// fine finds the millisecond. What stands outside of the reference is left out of the sums.
func (h *hearing) fine(from, to jobs.Micros, around int64) soundPeak {
	best := soundPeak{around, -1}
	for d := int64(-2 * soundCoarse); d <= 2*soundCoarse; d++ {
		if r := h.correlation(int64(from)/1000, int64(to)/1000, around+d); r > best.r {
			best = soundPeak{around + d, r}
		}
	}
	return best
}

// correlation of the window [from, to) ms with the reference at a lag in ms. Integers: the order of adding does not matter.
func (h *hearing) correlation(from, to, lag int64) float64 {
	from, to = max(from, lag), min(to, int64(len(h.ref))+lag, int64(len(h.env)))
	if to-from < int64(minSoundWindow)/2000 {
		return -1
	}
	w, v := h.env[from:to], h.ref[from-lag:to-lag]
	v = v[:len(w)]
	var sa, sb, aa, bb, ab int64
	for i, x := range w {
		p, q := int64(x), int64(v[i])
		sa += p
		sb += q
		aa += p * p
		bb += q * q
		ab += p * q
	}
	n := int64(len(w))
	own, other := n*aa-sa*sa, n*bb-sb*sb
	if own <= 0 || other <= 0 {
		return -1
	}
	return float64(n*ab-sa*sb) / (math.Sqrt(float64(own)) * math.Sqrt(float64(other)))
}
