package judge

import "aircheck/jobs"

// span is a piece of time in one state of coverage.
type span struct {
	From, To jobs.Micros
	State    jobs.State
	Reason   string `json:",omitempty"`
	// Lost says that a verdict on this span is owed and cannot be given: the check is incomplete.
	Lost bool `json:",omitempty"`
}

func (s span) same(o span) bool {
	return s.State == o.State && s.Reason == o.Reason && s.Lost == o.Lost
}

// ledger holds what became of a time from 0 on: spans in order, without holes and without two equal neighbours.
type ledger struct {
	Spans []span
}

// end is where the ledger ends.
func (l *ledger) end() jobs.Micros {
	if n := len(l.Spans); n > 0 {
		return l.Spans[n-1].To
	}
	return 0
}

// last is the last span, or an empty one.
func (l *ledger) last() span {
	if n := len(l.Spans); n > 0 {
		return l.Spans[n-1]
	}
	return span{}
}

// add books a span. It starts where the ledger ends: what lies before is booked already, and a hole between belongs to the span before it, or
// to this one when it is the first.
func (l *ledger) add(s span) {
	if end := l.end(); s.From > end && len(l.Spans) > 0 {
		l.Spans[len(l.Spans)-1].To = s.From
	} else {
		s.From = end
	}
	if s.To <= s.From {
		return
	}
	if n := len(l.Spans); n > 0 && l.Spans[n-1].same(s) {
		l.Spans[n-1].To = s.To
		return
	}
	l.Spans = append(l.Spans, s)
}

// mark books a span whose state holds from its start on, whatever was booked for the time behind it.
func (l *ledger) mark(s span) {
	for n := len(l.Spans); n > 0 && l.Spans[n-1].To > s.From; n-- {
		if l.Spans[n-1].From < s.From {
			l.Spans[n-1].To = s.From
			break
		}
		l.Spans = l.Spans[:n-1]
	}
	l.add(s)
}

// without is the ledger of a track that was not there: time that could be read had nothing of it.
func (l *ledger) without(reason string) ledger {
	var o ledger
	for _, s := range l.Spans {
		if s.State == jobs.Analysed {
			s.State, s.Reason = jobs.Skipped, reason
		}
		o.add(s)
	}
	return o
}

// tile cuts or stretches the ledger to exactly [0, duration).
func (l *ledger) tile(duration jobs.Micros) []jobs.Interval {
	intervals := []jobs.Interval{}
	for i, s := range l.Spans {
		if s.From >= duration {
			break
		}
		to := min(s.To, duration)
		if i == len(l.Spans)-1 {
			to = duration
		}
		intervals = append(intervals, jobs.Interval{Start: s.From.At(), End: to.At(), State: s.State, Reason: s.Reason})
	}
	return intervals
}

// lost tells whether anything within [0, duration) is owed.
func (l *ledger) lost(duration jobs.Micros) bool {
	for _, s := range l.Spans {
		if s.Lost && (s.From < duration || duration == 0) {
			return true
		}
	}
	return false
}
