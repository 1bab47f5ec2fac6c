//go:build cgo

package decode

import (
	"math"
	"slices"
)

// A container whose samples stand in a table (MP4, WAV) gives the same packets wherever one begins to read. One that has to be parsed does not, once it is
// damaged: what is found after a hole depends on where one came from. So such a container is always read in the same parts, each from a fresh start, in a
// whole-stream pass too; sixty seconds is the usual window, and there it costs nothing.
const partMillis = 60_000

// maxParts is when a container's duration is no longer believed: eleven days.
const maxParts = 16_000

// part is a stretch of the grid in milliseconds: it owns what begins in [from, to), and is read from readFrom on. The first part of an object (head) owns what
// stands before its first keyframe, too, and the last one (foot) knows whether the object is whole; of a window's parts only one can be either.
type part struct {
	from, to, readFrom int64
	head, foot         bool
}

// parts cuts the window where every window is cut.
func (w *window) parts(format string) []part {
	from, to := gridBorder(int64(w.task.Window.Start)), gridBorder(int64(w.task.Window.End))
	whole := part{from: from, to: to, readFrom: from, head: w.task.Window.Head, foot: w.task.Window.Foot}
	if whole.head {
		whole.from, whole.readFrom = math.MinInt64, 0
	}
	if whole.foot {
		whole.to = math.MaxInt64
	}
	if slices.Contains([]string{"mov", "wav"}, format) || to/partMillis > maxParts {
		return []part{whole}
	}
	var list []part
	for start := from / partMillis * partMillis; len(list) == 0 || start < to; start += partMillis {
		list = append(list, part{from: max(from, start), to: min(to, start+partMillis), readFrom: start})
	}
	first, last := &list[0], &list[len(list)-1]
	first.from, first.head = whole.from, whole.head
	last.to, last.foot = whole.to, whole.foot
	return list
}
