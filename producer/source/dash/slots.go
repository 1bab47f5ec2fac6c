package dash

import (
	"errors"
	"fmt"

	"aircheck/jobs"
)

// maxSegments bounds the segments of one representation in one period: more than four days of 2 s segments.
const maxSegments = 200_000

// slot is one segment's place on the clock of its representation, in ticks.
type slot struct {
	line   int
	number int64
	at     int64 // $Time$: media time at which it begins
	d      int64
}

// start is when the slot begins, relative to its period.
func (i *Info) start(s slot) jobs.Micros { return micros(s.at-i.Offset, i.Timescale) }

// end is when it ends.
func (i *Info) end(s slot) jobs.Micros { return micros(s.at+s.d-i.Offset, i.Timescale) }

var (
	errNoTimes  = errors.New("neither a SegmentTimeline nor @duration says how long the segments are")
	errNoLength = errors.New("nothing says how long the period is, so nobody can tell how many segments there are")
	errMany     = fmt.Errorf("more than %d segments; the others are left out", maxSegments)
	errOpen     = errors.New("which segments exist depends on the clock (dynamic manifest with @duration): follow it instead of checking it once")
	errLate     = errors.New("segment times beyond what 64 bits hold")
)

// slots lists the segments of a representation up to where its period ends, length being that of the period, absent when nobody knows.
func (i *Info) slots(length jobs.Micros) ([]slot, error) {
	switch {
	case i.HasTimeline:
		return i.byTimeline(length)
	case i.Duration > 0 && i.Kind == KindList:
		return i.byDuration(int64(len(i.List)))
	case i.Duration > 0:
		n, err := i.countIn(length)
		if err != nil {
			return nil, err
		}
		return i.byDuration(n)
	case i.Kind == KindList && len(i.List) == 1 && length > 0:
		return []slot{{line: i.Line, number: i.StartNumber, at: i.Offset, d: toTicks(length, i.Timescale)}}, nil
	}
	return nil, errNoTimes
}

// countIn is how many segments of @duration a period has.
func (i *Info) countIn(length jobs.Micros) (int64, error) {
	if i.EndNumber >= i.StartNumber && i.EndNumber > 0 {
		return i.EndNumber - i.StartNumber + 1, nil
	}
	if length < 0 {
		return 0, errNoLength
	}
	ticks := toTicks(length, i.Timescale)
	n := ticks / i.Duration
	// A remainder shorter than a millisecond comes from rounding the period's length, not from media.
	if rest := ticks % i.Duration; micros(rest, i.Timescale) > 1000 || n == 0 && rest > 0 {
		n++
	}
	return n, nil
}

func (i *Info) byDuration(n int64) ([]slot, error) {
	count := min(n, maxSegments)
	list := make([]slot, 0, max(0, count))
	for k := range count {
		s, err := i.slotAt(k)
		if err != nil {
			return list, err
		}
		list = append(list, s)
	}
	if n > maxSegments {
		return list, errMany
	}
	return list, nil
}

// slotAt is the k-th segment of @duration each.
func (i *Info) slotAt(k int64) (slot, error) {
	if k < 0 || i.Duration > maxTicks/(k+1) {
		return slot{}, errLate
	}
	return slot{line: i.Line, number: i.StartNumber + k, at: i.Offset + k*i.Duration, d: i.Duration}, nil
}

func (i *Info) byTimeline(length jobs.Micros) ([]slot, error) {
	var list []slot
	at, number := int64(0), i.StartNumber
	for k, s := range i.Timeline {
		if s.T >= 0 {
			at = s.T
		}
		if s.Number >= 0 {
			number = s.Number
		}
		repeats := s.R
		if repeats < 0 {
			repeats = i.fill(k, at, length)
		}
		for r := int64(0); r <= repeats; r++ {
			if len(list) == maxSegments {
				return list, errMany
			}
			if at > maxTicks-s.D {
				return list, errLate
			}
			list = append(list, slot{line: s.Line, number: number, at: at, d: s.D})
			at, number = at+s.D, number+1
		}
	}
	return list, nil
}

// fill is how often entry k is repeated when its @r is negative: up to the entry behind it, or to the end of the period.
func (i *Info) fill(k int, at int64, length jobs.Micros) int64 {
	end := int64(-1)
	if k+1 < len(i.Timeline) {
		end = i.Timeline[k+1].T
	} else if length >= 0 {
		end = i.Offset + toTicks(length, i.Timescale)
	}
	d := i.Timeline[k].D
	if end <= at {
		return 0
	}
	return (end-at+d-1)/d - 1
}
