package follow

import (
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

// period is a check that grows: an hour of the stream, or what was left of it when somebody began to follow.
type period struct {
	begin time.Time
	id    string
	next  int  // index of the next instalment
	last  bool // the last instalment is written
	// places says by the source's id which sequence of the check a row is, and how far it has grown.
	places map[string]*place
	order  []string // the source's ids in the order of the check's sequences
	// discs are the discontinuity numbers of the source in the order of their appearance: their indices are those of the check.
	discs  []int64
	ledger ledger
	// marked is where the markers begin that have a place, by source and id.
	marked map[string]jobs.Micros
	// first is the segment that began it, of whatever row; nil: an earlier follower began it.
	first *mark
	// passed is when the first segment of a later period was accepted; zero: none was.
	passed time.Time
}

// place is how far a sequence of the check has grown in its instalments.
type place struct {
	sequence string
	count    int // segments
	windows  int
	end      jobs.Micros
	disc     int // index of the newest segment's discontinuity; -1 before the first
	// tail holds the newest segments that are in instalments: the context of the next window, and the anchor of times.
	tail []jobs.Segment
	// numbers are those of the segments in tail at the source.
	numbers []int64
}

// runApart is how many segments at most lie between two faults of delivery that are one finding, as it is with the rules about media.
const runApart = 10

// goOn gives a fault of a segment of a sequence the key of the one that a segment shortly before had: one cause, one finding, with the worst value.
func (p *period) goOn(f *live.Fault, sequence string, seg *jobs.Segment) {
	if f.Key != "" || f.Number < 0 {
		return
	}
	prefix := f.Code + " " + sequence + " "
	end := seg.Start - runApart*seg.Duration
	var last *jobs.Finding
	for key, one := range p.ledger.keys {
		if at := one.finding.End.Micros(); strings.HasPrefix(key, prefix) && at >= end && (last == nil || at > last.End.Micros()) {
			f.Key, last = key, &one.finding
		}
	}
	switch {
	case last == nil:
		f.Key = prefix + strconv.FormatInt(f.Number, 10)
	case last.Value != nil && float64(*last.Value) > f.Value:
		f.Value, f.Message = float64(*last.Value), last.Message
	}
}

// tailSpan is how much of a sequence stays in memory behind its instalments: faults are told about segments that have left the playlist, which shows a minute
// or less.
const tailSpan = 10 * jobs.ContextSpan

// grow notes segments that were written.
func (p *place) grow(segments []jobs.Segment, numbers []int64) {
	p.tail, p.numbers = append(p.tail, segments...), append(p.numbers, numbers...)
	if n := len(p.tail); n > 0 {
		newest := &p.tail[n-1]
		p.count, p.end, p.disc = newest.Index+1, newest.Start+newest.Duration, newest.Discontinuity
	}
}

// trim forgets what is too old to be needed again.
func (p *place) trim() {
	cut := 0
	for cut < len(p.tail)-1 && p.tail[cut].Start+p.tail[cut].Duration < p.end-tailSpan {
		cut++
	}
	if cut > 0 {
		p.tail = append([]jobs.Segment(nil), p.tail[cut:]...)
		p.numbers = append([]int64(nil), p.numbers[cut:]...)
	}
}

// task makes the task of a window whose segments are in the tail, as package slice makes it of a whole check.
func (p *place) task(check string, w jobs.Window) (jobs.Task, bool) {
	if len(p.tail) == 0 {
		return jobs.Task{}, false
	}
	base := p.tail[0].Index
	if w.First < base || w.Last > base+len(p.tail) {
		return jobs.Task{}, false
	}
	context := jobs.ContextOf(p.tail, w.First-base)
	return jobs.Task{
		V: jobs.Version, Check: check, Window: w, Context: context, Segments: p.tail[w.First-base-context : w.Last-base : w.Last-base],
	}, true
}

// find gives the segment of a number that is in the tail; nil when it is not.
func (p *place) find(number int64) *jobs.Segment {
	for i, n := range p.numbers {
		if n == number {
			return &p.tail[i]
		}
	}
	return nil
}

// at places a moment of the stream's own clock, negative before the sequence's beginning, by the newest segment that has a program time not after it, or the oldest that has one.
func (p *place) at(t time.Time) (jobs.Micros, bool) {
	for i := len(p.tail) - 1; i >= 0; i-- {
		s := &p.tail[i]
		if s.ProgramTime != nil && !s.ProgramTime.After(t) {
			return s.Start + jobs.FromDuration(t.Sub(*s.ProgramTime)), true
		}
	}
	for i := range p.tail {
		if s := &p.tail[i]; s.ProgramTime != nil {
			return s.Start + jobs.FromDuration(t.Sub(*s.ProgramTime)), true
		}
	}
	return 0, false
}

// discontinuity gives the index of a discontinuity number: equal numbers of different sequences have equal indices, and within a sequence it grows with
// every change.
func (p *period) discontinuity(pl *place, now, before int64, forced bool) int {
	index := len(p.discs)
	for i, d := range p.discs {
		if d == now {
			index = i
		}
	}
	if index == len(p.discs) {
		p.discs = append(p.discs, now)
	}
	switch {
	case pl.disc < 0:
		return index
	case now == before && !forced:
		return pl.disc
	}
	return max(index, pl.disc+1)
}

// mark is a segment as the next follower needs to know it.
type mark struct {
	Number        int64       `json:"number"`
	Discontinuity int64       `json:"discontinuity"`
	Duration      jobs.Micros `json:"duration"`
	Seen          time.Time   `json:"seen"`
	ProgramTime   *time.Time  `json:"program_time,omitempty"`
}

func markOf(s *live.Segment) *mark {
	return &mark{Number: s.Number, Discontinuity: s.Discontinuity, Duration: s.Duration, Seen: s.Seen, ProgramTime: s.ProgramTime}
}
