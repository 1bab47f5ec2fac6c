package judge

import (
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// shortTolerance is how much of the last segment may be missing: EXTINF may be rounded to whole seconds (RFC 8216, 4.3.2.1), and tracks end at
// different times.
const shortTolerance = roundingTolerance

// lastSegment is how the media of a segment ends.
type lastSegment struct {
	Index    int
	End, Due jobs.Micros
	Tracks   []trackEnd
}

// lastOf remembers the end of a segment that could be read.
func lastOf(u *placedUnit) *lastSegment {
	if u.State != measurement.UnitOK || len(u.Tracks) == 0 {
		return nil
	}
	l := &lastSegment{Index: u.Index, End: u.mediaEnd(), Due: u.Due}
	for i := range u.Tracks {
		t := &u.Tracks[i]
		l.Tracks = append(l.Tracks, trackEnd{t.Kind, t.Track, t.End, t.tail()})
	}
	return l
}

// ousts tells whether a segment has tracks and none of those of the one before: something else stands there.
func (q *sequence) ousts(u *placedUnit) bool {
	if q.Last == nil || len(u.Tracks) == 0 {
		return false
	}
	for _, t := range q.Last.Tracks {
		if u.track(t.Kind, t.Track) != nil {
			return false
		}
	}
	return true
}

// shortEnd books what the last segment of a sequence lacks. Between two segments the hole in the timestamps tells; behind the last there are none.
func (q *sequence) shortEnd() {
	l := q.Last
	if l == nil || q.objectMode() || l.Index != len(q.def.Segments)-1 {
		return
	}
	var streams []*stream
	end, standing := l.End, true
	for _, t := range l.Tracks {
		if s := q.stream(t.Kind, t.Track); s != nil {
			streams = append(streams, s)
			end = max(end, s.end())
			standing = standing && s.variable()
		}
	}
	if l.Due-end <= shortTolerance || standing { // a picture may stay on screen
		return
	}
	for _, s := range streams {
		s.lacking(max(end, s.end()), l.Due, segmentShort)
		s.until = l.Due
	}
	q.Ledger.mark(span{From: end, To: l.Due, State: jobs.Failed, Reason: segmentShort, Lost: true})
	if q.told {
		return
	}
	q.Faults.cut(&fault{State: measurement.UnitTruncated, Detail: segmentShort, First: l.Index, Count: 1, From: end, To: l.Due})
}

// stop places the end of an object that is shorter than its container says, once it is known where its media ends.
func (q *sequence) stop(end jobs.Micros) {
	if q.def.Truncated {
		q.Declared = max(q.Declared, q.def.Duration)
	} else if !q.Stops {
		return
	}
	if q.Truncated == nil {
		q.Truncated = &fault{State: measurement.UnitTruncated, Detail: "the media stops before the container says that it ends", First: -1, From: end}
	}
}
