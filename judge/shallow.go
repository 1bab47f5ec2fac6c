package judge

import (
	"strings"

	"aircheck/jobs"
)

// At jobs.DepthFast a worker decodes all of a unit only where something about it is suspicious; of the rest it has key frames. These are no pictures in a row, so no
// detector sees them: that a unit was not suspicious is all that is said of it, and only for the defects that would have made it so.

// onlyKeyFrames is why the other detectors did not examine such a time.
const onlyKeyFrames = "only key frames were decoded (--depth fast)"

// maxShallows bounds the pieces that are told apart; what comes later widens the last one.
const maxShallows = 20_000

// shallows are pieces of time in order of which only key frames were decoded.
type shallows []run

func (l *shallows) add(from, to jobs.Micros) {
	if n := len(*l); n > 0 {
		if last := &(*l)[n-1]; from <= last.To || n >= maxShallows {
			last.To = max(last.To, to)
			return
		}
	}
	*l = append(*l, run{from, to})
}

// seenByKeyFrames tells whether a time without suspicion is as good as examined for a code: for black, for stills, and for what packets alone tell.
func seenByKeyFrames(code string) bool {
	return code == "video.black" || code == "video.freeze" || strings.HasPrefix(code, "timestamp.")
}

// fast tells whether only the key frames of the unit were decoded.
func (t *placedTrack) fast() bool { return t.Depth == jobs.DepthFast }

// undelivered tells whether the present unit has packets that should have given a picture and did not.
func (s *stream) undelivered() bool { return !s.Unit.fast() && s.Unit.Packets > s.Unit.Frames }

// depths says of each interval of a check at jobs.DepthFast how deep it was looked at; l is on the timeline of the intervals.
func (l shallows) depths(intervals []jobs.Interval, code string) []jobs.Interval {
	var list []jobs.Interval
	for _, in := range intervals {
		if in.State != jobs.Analysed {
			list = append(list, in)
			continue
		}
		at, end := in.Start.Micros(), in.End.Micros()
		for _, r := range l {
			if r.To <= at || r.From >= end {
				continue
			}
			list = appendDepth(list, in, at, r.From, jobs.DepthFull, "")
			reason := onlyKeyFrames
			if seenByKeyFrames(code) {
				reason = ""
			}
			at = max(at, r.From)
			list = appendDepth(list, in, at, min(end, r.To), jobs.DepthFast, reason)
			at = min(end, r.To)
		}
		list = appendDepth(list, in, at, end, jobs.DepthFull, "")
	}
	return list
}

// appendDepth appends a piece of an interval, unless it is empty; a reason makes it skipped.
func appendDepth(list []jobs.Interval, in jobs.Interval, from, to jobs.Micros, depth, reason string) []jobs.Interval {
	if to <= from {
		return list
	}
	in.Start, in.End, in.Depth = from.At(), to.At(), depth
	if reason != "" {
		in.State, in.Reason = jobs.Skipped, reason
	}
	return append(list, in)
}

// allDeep marks what says of no depth: the codes that take two renditions see pictures in a row only.
func allDeep(coverage []jobs.Coverage) {
	for _, c := range coverage {
		for i := range c.Intervals {
			if in := &c.Intervals[i]; in.State == jobs.Analysed && in.Depth == "" {
				in.Depth = jobs.DepthFull
			}
		}
	}
}
