package judge

import (
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// segmentMarks are what the rules of ladders want to know of the segments of a sequence that were measured: one entry a segment in every list, in order.
// There are no more of them than the timeline has segments.
type segmentMarks struct {
	Index []int `json:",omitempty"`
	// At is where the first key frame stands on the timeline, Clock on the media's own clock; of a segment without pictures, where its first track begins.
	At    []jobs.Micros `json:",omitempty"`
	Clock []jobs.Micros `json:",omitempty"`
	// Size is in bytes; 0 when it is not known or the segment is not complete.
	Size []int64 `json:",omitempty"`
	// Turn is after how long the clock begins again; 0 for never.
	Turn jobs.Micros `json:",omitempty"`
}

// note remembers a segment.
func (m *segmentMarks) note(u *placedUnit, size int64, formats []measurement.Format) {
	t := u.primary()
	if t == nil {
		return
	}
	pts := t.FirstPTS
	if t.Keys > 0 {
		pts = t.FirstKey
	}
	clock := pts
	if t.Untimed {
		clock = clampTicks(pts, t.Turn) // what it would show
	}
	if u.State != measurement.UnitOK {
		size = 0
	}
	if wrap := formats[t.Format].WrapBits; wrap > 0 && wrap < 62 {
		m.Turn = t.Base.micros(1 << wrap)
	}
	m.Index = append(m.Index, u.Index)
	m.At = append(m.At, clampTime(t.time(pts)))
	m.Clock = append(m.Clock, t.Base.micros(clock))
	m.Size = append(m.Size, max(0, min(size, maxSegmentSize)))
}

// maxSegmentSize bounds the bytes of a segment that are believed, so that no sum overflows: a million segments of 1 TiB.
const maxSegmentSize = 1 << 40

// find is the position of the first segment from i on; the length when there is none.
func (m *segmentMarks) find(from, i int) int {
	for from < len(m.Index) && m.Index[from] < i {
		from++
	}
	return from
}
