package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

// clockOffset is by how much the clock of a rendition is ahead of that of the ladder's first one, where both have the same place in their playlists.
type clockOffset struct {
	By jobs.Micros
	At jobs.Micros // of the segment that tells
	ok bool
}

// offsetFrom compares the clocks within a discontinuity, by the first segment that begins at the same place in both.
func (r *rung) offsetFrom(first *rung, disc int) clockOffset {
	a, b := &r.q.Marks, &first.q.Marks
	tolerance := max(r.frame, first.frame)/2 + roundingGrace
	k := 0
	for i := range a.Index {
		if r.discOf(i) != disc {
			continue
		}
		for k < len(b.Index) && (first.discOf(k) < disc || b.At[k] < a.At[i]-tolerance) {
			k++
		}
		if k == len(b.Index) || first.discOf(k) > disc {
			break
		}
		if b.At[k] > a.At[i]+tolerance {
			continue
		}
		by := unturned(a.Clock[i]-b.Clock[k]-(a.At[i]-b.At[k]), max(a.Turn, b.Turn))
		return clockOffset{less(by, r.programTime(i)-first.programTime(k)), a.At[i], true}
	}
	return clockOffset{}
}

// discOf is the discontinuity of a segment that was measured.
func (r *rung) discOf(mark int) int { return r.q.def.Segments[r.q.Marks.Index[mark]].Discontinuity }

// programTime is what the playlist says that a segment begins at; 0 when it does not.
func (r *rung) programTime(mark int) jobs.Micros {
	if t := r.q.def.Segments[r.q.Marks.Index[mark]].ProgramTime; t != nil {
		return jobs.Micros(t.UnixMicro())
	}
	return 0
}

// less leaves what an offset of clocks has beyond that of the programme's times: playlists may begin at different segments. Times that are rough must not add to it.
func less(by, program jobs.Micros) jobs.Micros {
	if rest := by - program; abs(program) <= maxTimeline && abs(rest) < abs(by) {
		return rest
	}
	return by
}

// unturned is the least difference of two clocks that begin again after a turn.
func unturned(by, turn jobs.Micros) jobs.Micros {
	if turn <= 0 {
		return by
	}
	by %= turn
	switch {
	case by > turn/2:
		return by - turn
	case by < -turn/2:
		return by + turn
	}
	return by
}

// startsApart is from how far on playlists that begin at different segments could be the reason for an offset: no segment is shorter.
const startsApart jobs.Micros = 500e3

// offsets tells renditions that have other timestamps for the same content, by the worst discontinuity.
func (l *ladder) offsets(rungs []rung) []jobs.Finding {
	if len(rungs) < 2 {
		return nil
	}
	worst := make([]clockOffset, len(rungs))
	for _, g := range rungs[0].q.Place.Groups {
		by := make([]clockOffset, len(rungs))
		for i := range rungs {
			by[i] = rungs[i].offsetFrom(&rungs[0], g.Disc)
		}
		norm := commonest(by, rungs)
		for i := range by {
			by[i].By -= norm
			if by[i].ok && abs(by[i].By) > abs(worst[i].By) {
				worst[i] = by[i]
			}
		}
	}
	var found []jobs.Finding
	for i, o := range worst {
		if abs(o.By) <= max(rungs[i].frame, rungs[0].frame)/2 || abs(o.By) >= startsApart && l.Content.beginsElsewhere(rungs[i].at) {
			continue
		}
		side := "ahead of"
		if o.By < 0 {
			side = "behind"
		}
		message := fmt.Sprintf("the timestamps are %s %s those of the other renditions for the same content", secondsOf(abs(o.By)), side)
		m := misfit{first: border{At: o.At}, last: border{At: rungs[i].t.Duration.Micros()}}
		found = append(found, rungs[i].finding("ladder.offset", m, math.Abs(o.By.Seconds()), "s", message))
	}
	return found
}

// commonest is the offset that most renditions have, to half a frame; of equally common ones that of the first.
func commonest(by []clockOffset, rungs []rung) jobs.Micros {
	var best jobs.Micros
	most := 0
	for i := range by {
		if !by[i].ok {
			continue
		}
		n := 0
		for k := range by {
			if by[k].ok && abs(by[k].By-by[i].By) <= max(rungs[i].frame, rungs[k].frame)/2 {
				n++
			}
		}
		if n > most {
			most, best = n, by[i].By
		}
	}
	return best
}
