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

// part is a stretch of the grid in milliseconds: it owns what begins in [from, to), and is read from readFrom on.
type part struct{ from, to, readFrom int64 }

// parts cuts the window where every window is cut.
func (w *window) parts(format string) []part {
	from, to := gridBorder(int64(w.task.Window.Start)), gridBorder(int64(w.task.Window.End))
	whole := part{from: from, to: to, readFrom: from}
	if w.task.Window.Head {
		whole.from, whole.readFrom = math.MinInt64, 0
	}
	if w.task.Window.Foot {
		whole.to = math.MaxInt64
	}
	if slices.Contains([]string{"mov", "wav"}, format) || to/partMillis > maxParts {
		return []part{whole}
	}
	var list []part
	for start := from / partMillis * partMillis; len(list) == 0 || start < to; start += partMillis {
		list = append(list, part{from: max(from, start), to: min(to, start+partMillis), readFrom: start})
	}
	list[0].from = whole.from
	list[len(list)-1].to = whole.to
	return list
}
