package judge

import (
	"cmp"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// minLack is from how long without media on a time was not looked at: below, a picture that comes late is all that a viewer can see.
	minLack jobs.Micros = 200e3
	// maxLacks bounds the lacks that are remembered of one track; what comes later widens the last one.
	maxLacks = 10000

	noMedia      = "no media"
	noPlace      = "the timestamps make no sense"
	objectEnds   = "the object ends early"
	segmentShort = "the media of the last segment ends early"
)

// lack is a time in which there was nothing to look at, although units cover it.
type lack struct {
	From, To jobs.Micros
	Reason   string
	// Natural: the frame rate was variable by then, so that a picture may have stood there.
	Natural bool `json:",omitempty"`
	// Calm: nothing moved around it.
	Calm bool `json:",omitempty"`
}

func (l *lack) held() bool { return l.Reason == noMedia }

// lacking takes note of a lack. What it means for coverage is decided at the end, when it is known whether the frame rate is variable.
func (s *stream) lacking(from, to jobs.Micros, reason string) {
	s.lack(lack{From: max(0, from), To: to, Reason: reason, Natural: s.variable()})
}

func (s *stream) lack(l lack) {
	if l.To <= l.From {
		return
	}
	if n := len(s.Lacks); n == maxLacks {
		last := &s.Lacks[n-1]
		last.To, last.Calm = max(last.To, l.To), last.Calm && l.Calm
		return
	}
	s.Lacks = append(s.Lacks, l)
}

func (s *stream) variable() bool { return s.Video != nil && s.Video.Cadence.variable() }

// astray takes note of a row whose timestamp places it nowhere. The time from what stands before it to what stands behind it may be its own.
func (s *stream) astray() {
	s.Order.unplaced()
	if !s.Astray {
		s.Astray, s.AstrayFrom = true, max(0, s.reached())
	}
}

// found ends what astray began: a row stands at a time. A row astray between two that follow each other costs the length of a row all the same.
func (s *stream) found(at, length jobs.Micros) {
	if s.Astray {
		s.Astray = false
		s.lacking(min(s.AstrayFrom, at-length), max(at, 1), noPlace)
	}
}

// strand ends a track whose last rows have no place: they may be anywhere up to where the media should end.
func (s *stream) strand(end jobs.Micros) {
	if !s.Astray {
		return
	}
	end = max(end, s.end(), 1)
	if s.AstrayFrom < end {
		s.until = max(s.until, end)
	}
	s.found(end, s.rowLength())
}

// rowLength is how long a picture normally stands, or a slot sounds.
func (s *stream) rowLength() jobs.Micros {
	if s.Kind == measurement.Video {
		return max(1, min(baseOf(&s.Format).micros(s.Video.Cadence.nominal(&s.Format, 0)), maxTimeline))
	}
	return slotLength
}

// admit books the lacks of a track that ends at a time. A picture that a variable frame rate leaves on screen was seen.
func (s *stream) admit(duration jobs.Micros) {
	s.Ledger.fit(duration)
	variable := s.variable()
	certain, holes := []lack{}, []lack{}
	for _, l := range s.Lacks {
		switch {
		case !l.held():
			certain = append(certain, l)
		case !variable && !l.Natural && !s.stood(l.Calm):
			holes = append(holes, l)
		}
	}
	s.Ledger.paint(certain, 1)
	s.Ledger.paint(holes, minLack)
}

// fit cuts or stretches the ledger to [0, duration).
func (l *ledger) fit(duration jobs.Micros) {
	n := len(l.Spans)
	if n == 0 || duration <= 0 {
		return
	}
	for n > 1 && l.Spans[n-1].From >= duration {
		n--
	}
	l.Spans = l.Spans[:n]
	l.Spans[n-1].To = duration
}

// paint books lacks as failed where the ledger says analysed; what is left of a lack there must be of a least length.
func (l *ledger) paint(lacks []lack, least jobs.Micros) {
	if len(lacks) == 0 {
		return
	}
	slices.SortStableFunc(lacks, func(a, b lack) int { return cmp.Compare(a.From, b.From) })
	var o ledger
	next := 0
	for _, s := range l.Spans {
		for next < len(lacks) && lacks[next].To <= s.From {
			next++
		}
		for i := next; s.State == jobs.Analysed && i < len(lacks) && lacks[i].From < s.To; i++ {
			from, to := max(lacks[i].From, s.From), min(lacks[i].To, s.To)
			if to-from < least {
				continue
			}
			before := s
			before.To = from
			o.add(before)
			o.add(span{From: from, To: to, State: jobs.Failed, Reason: lacks[i].Reason, Lost: true})
			s.From = to
		}
		o.add(s)
	}
	*l = o
}
