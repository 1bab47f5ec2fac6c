package judge

import (
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// shift moves what was placed from a time on.
type shift struct {
	From, By jobs.Micros
}

// shifts align an audio playlist with the first video playlist: both carry timestamps of one encoder's clock, and each was placed by its own first
// timestamp, since neither may wait for the other. Where the clocks have nothing to do with each other nothing is moved.
func (j *Judge) shifts(q *sequence) []shift {
	if q.objectMode() || q.hasVideo() {
		return nil
	}
	var reference *sequence
	for _, o := range j.sequences {
		if o.isReference() == q.isReference() && !o.objectMode() && o.hasVideo() && o.Place.Anchor != nil {
			reference = o
			break
		}
	}
	if reference == nil {
		return nil
	}
	var list []shift
	for _, g := range q.Place.Groups {
		s := shift{From: g.At}
		for _, r := range reference.Place.Groups {
			if r.Disc == g.Disc {
				s.By = g.offset(r)
				break
			}
		}
		list = append(list, s)
	}
	return list
}

func (q *sequence) hasVideo() bool {
	for _, s := range q.Streams {
		if s.Kind == measurement.Video {
			return true
		}
	}
	return false
}

// offset is by how much the group has to move to share the other's clock; 0 when that is too much to be one clock.
func (g group) offset(r group) jobs.Micros {
	by, ok := g.distance(r)
	if !ok {
		return 0
	}
	return by
}

// distance is by how much the group has to move to share the other's clock, and whether the two can be one clock.
func (g group) distance(r group) (jobs.Micros, bool) {
	o := r.origin(g.Base)
	ticks := clampTicks(g.Ticks, turns(g.Ticks, clampTicks(o.Ticks, g.Base.ticks(g.At-o.At)), g.Wrap))
	by := o.time(g.Base, ticks) - g.At
	if g.Zero != nil && r.Zero != nil {
		by += *r.Zero - *g.Zero // the manifest says that the two clocks are not one, and by how much (@presentationTimeOffset)
	}
	return by, abs(by) <= alignTolerance
}

// shifted moves a time; nothing moves before the timeline's zero.
func shifted(list []shift, t jobs.Micros) jobs.Micros { return max(0, t+shiftAt(list, t)) }

// shiftAt is by how much a time moves.
func shiftAt(list []shift, t jobs.Micros) jobs.Micros {
	var by jobs.Micros
	for i, s := range list {
		if i == 0 || s.From <= t {
			by = s.By
		}
	}
	return by
}
