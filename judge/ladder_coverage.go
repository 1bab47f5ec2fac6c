package judge

import "aircheck/jobs"

const contentMismatch = "ladder.content_mismatch"

const (
	// nothingBeside and nothingSampled are why a rendition was not compared at a time that could be read.
	nothingBeside  = "no other rendition has a picture there to compare with"
	nothingSampled = "a picture that stands for longer than ten seconds, or comes after the first eight hours, is not compared"
)

// uncompared is the time in which a rendition was not compared.
type uncompared struct {
	// Alone had pictures and no other rendition had; Blank has no picture that could be compared.
	Alone, Blank shallows `json:",omitempty"`
}

// skip notes the renditions that a step leaves out; present is how many have a picture in it.
func (f *contentFold) skip(k int64, present int) {
	from := jobs.Micros(k) * sampleStep
	for i := range f.Rungs {
		u := &f.Rungs[i].Uncompared
		switch {
		case f.here[i] < 0:
			u.Blank.add(from, from+sampleStep)
		case present < 2:
			u.Alone.add(from, from+sampleStep)
		}
	}
}

// coverage says of each rendition of a ladder when it was compared with the others.
func (l *ladder) coverage(list []rendition, fast bool) []jobs.Coverage {
	if len(l.rungs) < 2 {
		return nil // there is nothing that it could be compared with
	}
	var all []jobs.Coverage
	for _, r := range l.standing(list) {
		if !r.q.params.examines(contentMismatch) {
			continue
		}
		intervals := r.t.s.Ledger.tile(r.t.Duration.Micros())
		if fast {
			intervals = r.t.shallows().depths(intervals, contentMismatch)
		}
		if r.at < len(l.Content.Rungs) {
			u := &l.Content.Rungs[r.at].Uncompared
			intervals = u.Blank.without(r.t, intervals, nothingSampled)
			intervals = u.Alone.without(r.t, intervals, nothingBeside)
		}
		all = append(all, jobs.Coverage{Rendition: r.t.ID, Detector: contentMismatch, Intervals: intervals})
	}
	return all
}

// without makes what was analysed of a time in the list skipped.
func (l shallows) without(t *rendition, intervals []jobs.Interval, reason string) []jobs.Interval {
	var list []jobs.Interval
	for _, in := range intervals {
		at, end := in.Start.Micros(), in.End.Micros()
		for _, r := range l {
			from, to := shifted(t.shift, r.From), shifted(t.shift, r.To)
			// Less than a step is where a hole of the media ends between two steps: the ledger knows better.
			if in.State != jobs.Analysed || min(end, to)-max(at, from) < sampleStep {
				continue
			}
			list = appendDepth(list, in, at, from, in.Depth, "")
			at, from = max(at, from), min(end, to)
			list = appendDepth(list, in, at, from, in.Depth, reason)
			at = from
		}
		list = appendDepth(list, in, at, end, in.Depth, "")
	}
	return list
}
