//go:build cgo

package decode

import (
	"math"

	"aircheck/jobs/measurement"
)

// truncation is the position in microseconds of the first sample that the index places beyond the end of the object, or -1.
func (o *objectWindow) truncation() int64 {
	if o.d.format != "mov" || o.task.Object.Size <= 0 {
		return -1
	}
	cut := int64(-1)
	for _, t := range o.d.tracks {
		if t == nil {
			continue
		}
		for _, e := range indexOf(t.stream) {
			if e.pos+int64(e.size) > o.task.Object.Size {
				if at := max(0, rescale(e.timestamp, t.num*1_000_000, t.den)); cut < 0 || at < cut {
					cut = at
				}
				break
			}
		}
	}
	return cut
}

// truncationUnit is a unit of its own, behind all others: that an object ends early says nothing about the unit in which it ends.
const truncationUnit = math.MaxInt32

// maxMissingTail is how much shorter than declared an object's media may be, in microseconds: durations are rounded, and tracks end at different times. It is less
// than what a window reads before its start, so the last window knows whether media reaches it, however it was cut.
const maxMissingTail = 1_000_000

// markTruncated says in the last part, which every cut has, that the object stops early: where, if an index tells (cut in microseconds), else the judge takes
// the end of the media, which one window alone does not know.
func (o *objectWindow) markTruncated(cut int64) {
	short := o.d.format != "mov" && o.header.Duration-o.lastTime > maxMissingTail
	if cut < 0 && !short {
		return
	}
	u := o.unit(truncationUnit)
	u.State, u.TruncatedAt = measurement.UnitTruncated, max(0, cut)
	u.Detail = "the media stops before the container says that it ends"
}
