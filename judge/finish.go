package judge

import (
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Finish ends the fold and returns the result. Windows that never came are pending in its coverage. It can be called once; to look at a check
// that is not over yet, call it on a judge restored from a snapshot.
func (j *Judge) Finish() (jobs.Result, error) {
	if j.finished {
		return jobs.Result{}, errFinished
	}
	j.end()
	j.finished = true
	r := jobs.Result{Findings: j.announced(), Renditions: []jobs.Rendition{}, Coverage: []jobs.Coverage{}}
	r.Summary.Markers = j.markers()
	lost := false
	renditions := j.list
	for i := range renditions {
		t := &renditions[i]
		t.result(&r, j.check.Depth == jobs.DepthFast)
		lost = lost || t.s.Ledger.lost(t.Duration.Micros())
	}
	j.withPicture(renditions, &r)
	j.synchronise(renditions, &r)
	for _, l := range j.ladders {
		r.Coverage = append(r.Coverage, l.coverage(renditions, j.check.Depth == jobs.DepthFast)...)
	}
	if j.check.Depth == jobs.DepthFast {
		allDeep(r.Coverage)
	}
	if j.referee != nil {
		lost = j.referee.result(&r) || lost
	}
	for _, q := range j.sequences {
		if q.isReference() {
			continue
		}
		lost = lost || q.Owed || q.Ledger.lost(q.length())
		r.Findings = append(r.Findings, q.faultFindings(j.several())...)
		if len(q.Streams) == 0 {
			r.Duration = max(r.Duration, q.length().At())
		}
	}
	r.Findings = append(r.Findings, j.ladderFindings(renditions)...)
	if r.Findings == nil {
		r.Findings = []jobs.Finding{}
	}
	slices.SortStableFunc(r.Findings, compareFindings)
	j.causes(r.Findings, renditions)
	if err := j.interrupted(&r); err != nil {
		return jobs.Result{}, err
	}
	r.Verdict = verdict(r.Findings, lost)
	return r, nil
}

// remaining is where the first window that never came starts; negative when all came.
func (q *sequence) remaining(windows []jobs.Window) jobs.Micros {
	for _, w := range windows {
		if w.Sequence == q.ID && w.Index == q.Next {
			return w.Start
		}
	}
	return -1
}

// finish ends the sequence's own books and its streams.
func (q *sequence) finish(pending jobs.Micros) {
	q.promise()
	var end jobs.Micros
	for _, s := range q.Streams {
		s.drain()
		end = max(end, s.end())
	}
	if q.Declared == 0 {
		q.Declared = q.def.Duration
	}
	q.await(pending)
	if q.objectMode() && pending < 0 {
		q.stop(end)
	}
	q.Faults.finish(max(end, q.Declared))
	q.cutOff()
	q.shortEnd()
	for _, s := range q.Streams {
		if len(s.Ledger.Spans) == 0 { // timestamps so wild that no unit has a place
			s.Ledger.add(span{To: 1, State: jobs.Failed, Reason: noPlace, Lost: true})
		}
		s.strand(q.promised())
		s.duration = max(s.until, q.durationOf(s))
		s.finish(s.duration)
	}
}

// cutOff books what is missing at the end of a truncated object.
func (q *sequence) cutOff() {
	t := q.Truncated
	if t == nil {
		return
	}
	t.To = max(t.From, q.Declared)
	q.Faults.cut(t)
	for _, s := range q.Streams {
		if from := max(t.From, s.end()); from < q.Declared {
			s.Ledger.mark(span{From: from, To: q.Declared, State: jobs.Failed, Reason: objectEnds, Lost: true})
		}
	}
	q.Ledger.mark(span{From: t.From, To: t.From + 1, State: jobs.Failed, Reason: objectEnds, Lost: true})
}

// await books windows that never came.
func (q *sequence) await(from jobs.Micros) {
	to := q.def.Duration
	if !q.objectMode() {
		if q.NextUnit >= len(q.def.Segments) {
			return
		}
		from, to = q.def.Segments[q.NextUnit].Start+q.Place.Drift, q.total()
	} else if from < 0 {
		return
	}
	sp := span{From: max(from, q.Ledger.end()), State: jobs.Pending, Reason: "not measured yet", Lost: true}
	sp.To = max(to, sp.From+1)
	q.Ledger.add(sp)
	for _, s := range q.Streams {
		s.Ledger.add(sp)
	}
}

// promise adds the tracks that the playlist promises and nobody has seen.
func (q *sequence) promise() {
	kind := measurement.Kind(q.def.Media)
	if kind != measurement.Video && kind != measurement.Audio {
		return
	}
	for _, s := range q.Streams {
		if s.Kind == kind {
			return
		}
	}
	s := newStream(kind, 0, q.objectMode(), q.params)
	s.Ledger = q.Ledger.without("the playlist promises " + string(kind) + " and there is none")
	for i := range s.Ledger.Spans {
		if sp := &s.Ledger.Spans[i]; sp.State == jobs.Skipped && sp.Reason != declaredGap && sp.Reason != unlistedGap {
			sp.State, sp.Lost = jobs.Failed, true
		}
	}
	q.Streams = append(q.Streams, s)
	slices.SortFunc(q.Streams, (*stream).compare)
}

// total is where the last segment ends.
func (q *sequence) total() jobs.Micros {
	n := len(q.def.Segments)
	if n == 0 {
		return 0
	}
	last := &q.def.Segments[n-1]
	return clampTime(last.Start + q.Place.Drift + last.Duration)
}

// promised is where the media should end.
func (q *sequence) promised() jobs.Micros {
	if q.objectMode() {
		return q.Declared
	}
	return q.total()
}

// length is how long the sequence is by what its playlist or container says.
func (q *sequence) length() jobs.Micros {
	if q.objectMode() {
		return q.Declared
	}
	return max(q.total(), q.Ledger.end())
}

// durationOf is where a track ends: with its media, or, when its end could not be read, where the playlist or the container says.
func (q *sequence) durationOf(s *stream) jobs.Micros {
	last := s.Ledger.last()
	if last.State == jobs.Analysed {
		return s.end()
	}
	if q.objectMode() {
		return max(s.end(), q.Declared)
	}
	if q.Ledger.last().State == jobs.Analysed && s.Frames > 0 {
		return s.end() // the segments go on without this track
	}
	return max(s.end(), q.total())
}

// faultFindings are the findings about the sequence as a whole. Where there are several sequences they stand on the first of its renditions.
func (q *sequence) faultFindings(several bool) []jobs.Finding {
	found := append(slices.Clone(q.Faults.Found), q.Packaging.findings(q)...)
	for i := range found {
		f := &found[i]
		f.Start, f.End = max(0, f.Start), max(0, f.End)
		if several {
			f.Rendition = q.rendition
		}
	}
	return found
}
