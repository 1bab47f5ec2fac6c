package judge

import (
	"fmt"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// keyIntervalTold is the shortest interval between keyframes that is remembered for a finding; the profile decides from which on it is told.
const keyIntervalTold jobs.Micros = 1e6

// segmentKeys looks at where the keyframes of the first video track stand.
type segmentKeys struct {
	// Missing are segments that begin with no keyframe, Open those that begin with one that does not make what follows independent of what was before.
	Missing, Open bouts
	// Last is the last keyframe of the segment before.
	Last *lastKey `json:",omitempty"`
	// Longest is the longest interval between two keyframes, in segment At.
	Longest jobs.Micros
	From    jobs.Micros
	At      int
}

type lastKey struct {
	Index, Epoch int
	At           jobs.Micros
}

func (k *segmentKeys) hole() { k.Last = nil }

func (k *segmentKeys) see(s *packagedSegment) {
	t := s.track(measurement.Video, 0)
	if t == nil {
		k.hole()
		return
	}
	switch {
	case t.StartsWithKey && t.Closed:
	case t.StartsWithKey:
		k.Open.add(s.placedUnit, 0, "pictures behind it may refer to the segment before (open GOP)")
	case t.StartsIntra:
		k.Open.add(s.placedUnit, 0, "its first picture is an I picture, which is no instruction to begin there")
	default:
		k.missing(s, t)
	}
	k.intervals(s, t)
}

func (k *segmentKeys) missing(s *packagedSegment, t *placedTrack) {
	if t.Keys == 0 {
		k.Missing.add(s.placedUnit, max(0, t.End-t.First).Seconds(), "there is none at all")
		return
	}
	wait := max(0, t.time(t.FirstKey)-t.First)
	k.Missing.add(s.placedUnit, wait.Seconds(), fmt.Sprintf("the first one comes after %.3f s", wait.Seconds()))
}

// intervals measures from one keyframe to the next, also over the borders of segments, unless the clock is another one.
func (k *segmentKeys) intervals(s *packagedSegment, t *placedTrack) {
	if t.Keys == 0 {
		return
	}
	first, last := t.time(t.FirstKey), t.time(t.LastKey)
	if k.Last != nil && k.Last.Epoch == s.Epoch {
		k.interval(s, k.Last.At, first-k.Last.At)
	}
	k.interval(s, first, min(t.Base.micros(t.KeyGap), maxTimeline))
	k.Last = &lastKey{s.Index, s.Epoch, last}
}

func (k *segmentKeys) interval(s *packagedSegment, from, length jobs.Micros) {
	if length > k.Longest && length >= keyIntervalTold && !beyond(from) && !beyond(length) {
		k.Longest, k.From, k.At = length, from, s.Index
	}
}

func (k *segmentKeys) findings(dash bool) []jobs.Finding {
	list := k.Missing.findings("segment.no_keyframe", func(b *bout) string {
		return fmt.Sprintf("%s %s not begin with a key frame: %s", b.name(), b.plural("does", "do"), b.worst())
	})
	list = append(list, k.Open.findings("segment.no_keyframe", func(b *bout) string {
		return fmt.Sprintf("%s %s no clean start: %s", b.name(), b.plural("has", "have"), b.Detail)
	})...)
	if k.Longest == 0 || dash {
		return list
	}
	return append(list, jobs.Finding{
		Code: "playlist.key_frame_interval", Start: max(0, k.From).At(), End: max(0, k.From+k.Longest).At(), Value: jobs.Figure(k.Longest.Seconds()), Unit: "s", Confidence: 1,
		Message: fmt.Sprintf("%.3f s from one key frame to the next, in or before segment %d, are the longest", k.Longest.Seconds(), k.At),
	})
}
