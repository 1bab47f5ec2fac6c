package accuracy

import (
	"math"
	"slices"

	"aircheck/bench/inject"
	"aircheck/jobs"
)

// spot is a finding, of aircheck or of a counterpart, reduced to what is held against a label.
type spot struct {
	code       string
	severity   jobs.Severity
	start, end float64
	value      *float64
}

// outcome is what became of one clip under its own code.
type outcome struct {
	// hits has the severity of the worst matching finding for each labelled interval, "" where there is none.
	hits []jobs.Severity
	// strays are findings of the code that no label explains. However many there are, the clip counts as one false alarm.
	strays []spot
}

// minShare is the share of a defect that findings have to cover under the rule Cover.
const minShare = 0.5

// maxPieces is how many findings may tell one defect: a thousand findings for one cause are a false alarm of their own.
const maxPieces = 3

// match holds findings against a label.
func match(l *inject.Label, spots []spot) outcome {
	o := outcome{hits: make([]jobs.Severity, len(l.Intervals))}
	used := make([]bool, len(spots))
	for i, iv := range l.Intervals {
		o.hits[i] = hit(l, iv, spots, used)
	}
	for i, s := range spots {
		if s.code == l.Code && !used[i] {
			o.strays = append(o.strays, s)
		}
	}
	return o
}

// hit finds what matches one interval, and marks the findings of the code that it explains.
func hit(l *inject.Label, iv inject.Interval, spots []spot, used []bool) jobs.Severity {
	var best jobs.Severity
	var pieces []spot
	for i, s := range spots {
		if s.code != l.Code && !slices.Contains(l.Accept, s.code) || !fits(l.Rule, iv, s) {
			continue
		}
		if l.Rule.Kind != inject.Cover {
			used[i] = true
		} else if !reachesOut(l, s) {
			used[i] = true
			pieces = append(pieces, s)
		} else {
			continue
		}
		if s.severity.Rank() > best.Rank() {
			best = s.severity
		}
	}
	if l.Rule.Kind != inject.Cover {
		return best
	}
	if len(pieces) > maxPieces {
		unmark(pieces, spots, used, l.Code)
	}
	if covered(pieces, iv) < minShare*(iv.End-iv.Start) {
		return ""
	}
	return best
}

// unmark gives back what is too much for one cause.
func unmark(pieces, spots []spot, used []bool, code string) {
	own := 0
	for i, s := range spots {
		if used[i] && s.code == code && slices.Contains(pieces, s) {
			if own++; own > maxPieces {
				used[i] = false
			}
		}
	}
}

// fits tells whether a finding is about the interval.
func fits(r inject.Rule, iv inject.Interval, s spot) bool {
	if r.Value > 0 && iv.Value != nil && (s.value == nil || !(math.Abs(*s.value-*iv.Value) <= r.Value)) {
		return false
	}
	const ulp = 1e-6 // times are rounded to microseconds
	switch r.Kind {
	case inject.Stream:
		return true
	case inject.Edges:
		return math.Abs(s.start-iv.Start) <= r.Tolerance+ulp && math.Abs(s.end-iv.End) <= r.Tolerance+ulp
	}
	return s.start <= iv.End+r.Tolerance+ulp && s.end >= iv.Start-r.Tolerance-ulp
}

// reachesOut tells whether a finding leaves all labels, widened by the tolerance, taken together as one stretch.
func reachesOut(l *inject.Label, s spot) bool {
	from, to := l.Intervals[0].Start, l.Intervals[0].End
	for _, iv := range l.Intervals {
		from, to = min(from, iv.Start), max(to, iv.End)
	}
	return s.start < from-l.Rule.Tolerance || s.end > to+l.Rule.Tolerance
}

// covered is how much of the interval the union of findings covers.
func covered(pieces []spot, iv inject.Interval) float64 {
	slices.SortFunc(pieces, func(a, b spot) int {
		if a.start < b.start {
			return -1
		}
		return 1
	})
	at, sum := iv.Start, 0.0
	for _, p := range pieces {
		from, to := max(p.start, at), min(p.end, iv.End)
		if to > from {
			sum += to - from
			at = to
		}
	}
	return sum
}

// explained tells whether something true is what a finding says: a finding is within a second of it.
func explained(truths []truth, s spot) bool {
	const slack = 1
	return slices.ContainsFunc(truths, func(t truth) bool {
		return (t.code == "" || t.code == s.code) && s.start >= t.start-slack && s.end <= t.end+slack
	})
}

// alarming tells whether a finding would bother somebody.
func (s spot) alarming() bool { return s.severity == jobs.Warn || s.severity == jobs.Fail }
