package judge

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"aircheck/jobs"
)

const (
	// pairReach is the furthest that a beep may lie from its flash.
	pairReach jobs.Micros = 1e6
	// pairLeast is how many pairs make evidence at least, pairShare the share of the rarer kind of signal, and pairMost that of the commoner one, that must be part
	// of a pair while they last.
	pairLeast           = 3
	pairShare, pairMost = 0.75, 0.4
	// pairSpread is how far the lags of two pairs that follow each other may differ, beyond the length of a picture, to which a flash is known.
	pairSpread jobs.Micros = 25e3
	// pairLuck is how often chance may give a row of pairs as long as is asked for.
	pairLuck = 0.05
	// pairPeriod is the share of the period beyond which nobody can tell a lag from that of the neighbour.
	pairPeriod = 0.4
	// broadFlash is the share of the picture that lights up in a flash that counts before others: motion lights up parts.
	broadFlash = gridCells / 3
	// driftPairs is how many lags are averaged to say what the lag is at the time.
	driftPairs = 3
)

// pair is a flash and the beep nearest to it; Lag is positive when the sound is late.
type pair struct {
	At, Lag jobs.Micros
}

// pairRun is a row of pairs that agree.
type pairRun struct {
	Pairs []pair
}

func (p *pairRun) from() jobs.Micros { return p.Pairs[0].At }
func (p *pairRun) to() jobs.Micros   { return p.Pairs[len(p.Pairs)-1].At }

// lag is the median of the row.
func (p *pairRun) lag() jobs.Micros { return medianLag(p.Pairs) }

func medianLag(pairs []pair) jobs.Micros {
	lags := make([]jobs.Micros, len(pairs))
	for i := range pairs {
		lags[i] = pairs[i].Lag
	}
	return medianTime(lags)
}

// spread is the median deviation from the median.
func (p *pairRun) spread() jobs.Micros {
	middle := p.lag()
	off := make([]jobs.Micros, len(p.Pairs))
	for i := range p.Pairs {
		off[i] = abs(p.Pairs[i].Lag - middle)
	}
	return medianTime(off)
}

// evidence is what flashes and beeps say about sound and picture.
type evidence struct {
	Runs []pairRun
	// Tolerance is how exactly a lag is known.
	Tolerance jobs.Micros
	// Reason says why there is none.
	Reason string
}

// confidence grows with the number of pairs.
func (e evidence) confidence() jobs.Number {
	n := 0
	for i := range e.Runs {
		n = max(n, len(e.Runs[i].Pairs))
	}
	return jobs.Number(min(0.98, 0.6+0.05*float64(n)))
}

// extremes are where the lag, averaged over some pairs, is least and greatest.
func (e evidence) extremes() (lo, hi pair, ok bool) {
	for i := range e.Runs {
		pairs := e.Runs[i].Pairs
		for k := 0; k+driftPairs <= len(pairs); k++ {
			at := pair{pairs[k+driftPairs/2].At, medianLag(pairs[k : k+driftPairs])}
			if !ok || at.Lag < lo.Lag {
				lo = at
			}
			if !ok || at.Lag > hi.Lag {
				hi = at
			}
			ok = true
		}
	}
	return lo, hi, ok
}

// offset judges the lag between flashes and beeps.
func (d *duet) offset(r *jobs.Result) {
	if !d.p.examines(codeOffset) {
		return
	}
	seen := d.listen()
	d.coverage(r, codeOffset, seen.Reason, d.picture.shallows())
	if len(seen.Runs) == 0 {
		return
	}
	d.heard(r, seen)
	for i := range seen.Runs {
		d.tellOffset(r, &seen.Runs[i], seen.confidence())
	}
}

// heard narrows the coverage to where flashes and beeps were, with half of the distance between two on either side.
func (d *duet) heard(r *jobs.Result, seen evidence) {
	c := &r.Coverage[len(r.Coverage)-1]
	var silent []jobs.Interval
	var at jobs.Micros
	apart := func(to jobs.Micros) {
		if to > at {
			silent = append(silent, jobs.Interval{Start: at.At(), End: to.At(), State: jobs.Skipped, Reason: noSignals})
		}
	}
	for i := range seen.Runs {
		p := &seen.Runs[i]
		half := (p.to() - p.from()) / jobs.Micros(2*(len(p.Pairs)-1))
		apart(p.from() - half)
		at = max(at, p.to()+half)
	}
	apart(maxTimeline)
	c.Intervals = overlay(c.Intervals, silent)
}

const (
	noSignals  = "not measurable: no flashes and beeps that belong together"
	tooRegular = "not measurable: flashes and beeps repeat so fast that the lag may be that of their neighbour"
)

// lipLevels are the limits of sound that is late, or early: light is faster than sound, so nobody is used to the latter.
func (p *params) lipLevels(early bool) levels {
	if early {
		return p.levels(codeOffset + ".early")
	}
	return p.levels(codeOffset)
}

func (d *duet) tellOffset(r *jobs.Result, p *pairRun, confidence jobs.Number) {
	lag := p.lag()
	l, ok := d.p.lipLevels(lag < 0).reached(abs(lag))
	if !ok {
		return
	}
	f := (&run{p.from(), p.to()}).finding(l)
	f.Code, f.Value, f.Confidence = codeOffset, jobs.Figure(lag.Seconds()), confidence
	f.Message = fmt.Sprintf("the sound is %.0f ms %s: median of %d beeps against flashes, spread %.0f ms",
		abs(lag).Seconds()*1000, either(lag < 0, "early", "late"), len(p.Pairs), p.spread().Seconds()*1000)
	d.find(r, f)
}

// listen matches the flashes of the picture with the beeps of the sound: first those that light up the picture as a whole, then all.
func (d *duet) listen() evidence {
	if d.apart != "" {
		return evidence{Reason: d.apart}
	}
	var broad, all []jobs.Micros
	var frame jobs.Micros
	for _, f := range d.picture.blinks().Found {
		at := d.picture.time(f.At)
		all = append(all, at)
		if f.Cells >= broadFlash {
			broad = append(broad, at)
		}
		frame = max(frame, min(f.Length, maxFlashFrame))
	}
	var sounds []jobs.Micros
	for _, at := range d.sound.beats().Found {
		sounds = append(sounds, d.sound.time(at))
	}
	slices.Sort(broad)
	slices.Sort(all)
	slices.Sort(sounds)
	e := matchSignals(broad, sounds, frame)
	if len(e.Runs) == 0 && e.Reason != tooRegular && len(all) > len(broad) {
		e = matchSignals(all, sounds, frame)
	}
	return e
}

// maxFlashFrame bounds how long a picture may stand and still tell the time of a flash well enough.
const maxFlashFrame jobs.Micros = 50e3

// matchSignals finds the rows of pairs that agree, in flashes and beeps that are in order.
func matchSignals(flashes, sounds []jobs.Micros, frame jobs.Micros) evidence {
	e := evidence{Tolerance: pairSpread + frame, Reason: noSignals}
	pairs := pairUp(flashes, sounds)
	if len(pairs) < pairLeast {
		return e
	}
	reach := min(pairReach, signalPeriod(flashes, sounds)/2)
	need := enough(len(pairs), float64(e.Tolerance)/float64(max(1, reach)))
	for _, p := range agreeing(pairs, e.Tolerance) {
		if len(p.Pairs) < need || !p.dense(flashes, sounds) {
			continue
		}
		if float64(abs(p.lag())) > pairPeriod*float64(p.period(flashes, sounds)) {
			e.Reason = tooRegular
			continue
		}
		e.Runs = append(e.Runs, p)
	}
	if len(e.Runs) > 0 {
		e.Reason = ""
	}
	return e
}

// enough is how many pairs in a row chance does not give when two lags agree with a probability p.
func enough(n int, p float64) int {
	p = min(p, 0.5)
	return max(pairLeast, int(math.Ceil(1+math.Log(float64(n)/pairLuck)/math.Log(1/p)-0.1)))
}

// pairUp pairs each flash with the beep nearest to it, if it is the flash nearest to that beep.
func pairUp(flashes, sounds []jobs.Micros) []pair {
	var pairs []pair
	for i, at := range flashes {
		k := closest(sounds, at)
		if k < 0 || abs(sounds[k]-at) > pairReach || closest(flashes, sounds[k]) != i {
			continue
		}
		pairs = append(pairs, pair{at, sounds[k] - at})
	}
	return pairs
}

// closest is the position of the value nearest to at, the earlier of two; -1 when there is none.
func closest(sorted []jobs.Micros, at jobs.Micros) int {
	i := sort.Search(len(sorted), func(i int) bool { return sorted[i] >= at })
	if i == len(sorted) || i > 0 && at-sorted[i-1] <= sorted[i]-at {
		i--
	}
	return i
}

// agreeing cuts the pairs into rows in which the lag changes little from one to the next. A single pair between may disagree.
func agreeing(pairs []pair, tolerance jobs.Micros) []pairRun {
	var list []pairRun
	current := pairRun{Pairs: pairs[:1:1]}
	var odd []pair
	for _, p := range pairs[1:] {
		last := current.Pairs[len(current.Pairs)-1]
		switch {
		case abs(p.Lag-last.Lag) <= tolerance:
			current.Pairs = append(current.Pairs, p)
			odd = nil
		case len(odd) > 0 && abs(p.Lag-odd[0].Lag) <= tolerance:
			list = append(list, current)
			current, odd = pairRun{Pairs: []pair{odd[0], p}}, nil
		case len(odd) > 0:
			list = append(list, current)
			current, odd = pairRun{Pairs: []pair{p}}, nil
		default:
			odd = []pair{p}
		}
	}
	return append(list, current)
}

// dense tells whether most signals in the time of the row are part of it.
func (p *pairRun) dense(flashes, sounds []jobs.Micros) bool {
	slack := pairReach / 4
	n := float64(len(p.Pairs))
	a := float64(len(signalsIn(flashes, p.from()-slack, p.to()+slack)))
	b := float64(len(signalsIn(sounds, p.from()+min(0, p.lag())-slack, p.to()+max(0, p.lag())+slack)))
	return n >= pairShare*min(a, b) && n >= pairMost*max(a, b)
}

// period is the median distance of the signals in the time of the row, of the kind that comes more often.
func (p *pairRun) period(flashes, sounds []jobs.Micros) jobs.Micros {
	return signalPeriod(signalsIn(flashes, p.from()-pairReach, p.to()+pairReach), signalsIn(sounds, p.from()-pairReach, p.to()+pairReach))
}

func signalsIn(sorted []jobs.Micros, from, to jobs.Micros) []jobs.Micros {
	a := sort.Search(len(sorted), func(i int) bool { return sorted[i] >= from })
	b := sort.Search(len(sorted), func(i int) bool { return sorted[i] > to })
	return sorted[a:max(a, b)]
}

// signalPeriod is the shorter of the median distances.
func signalPeriod(flashes, sounds []jobs.Micros) jobs.Micros {
	shortest := 2 * pairReach
	for _, list := range [][]jobs.Micros{flashes, sounds} {
		if len(list) < 2 {
			continue
		}
		steps := make([]jobs.Micros, len(list)-1)
		for i := range steps {
			steps[i] = list[i+1] - list[i]
		}
		shortest = min(shortest, medianTime(steps))
	}
	return shortest
}
