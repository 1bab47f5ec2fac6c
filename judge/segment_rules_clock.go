package judge

import (
	"fmt"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// clockSlack is by how much media may begin beside the time in the manifest: sound begins up to 0.1 s early for its priming (HE-AAC), and pictures late by those that
// are coded before and shown after the first one, where the packager takes the decode time.
const clockSlack jobs.Micros = 200e3

// segmentClock compares where the media of each discontinuity group begins with what the manifest says. Within a group the timestamps are compared with each
// other, which tells a single segment that is out of place; what is wrong with all of them only shows here.
type segmentClock struct {
	Found bouts `json:",omitempty"`
	// Begun: the first segment that can be read of group Disc was looked at.
	Begun bool `json:",omitempty"`
	Disc  int  `json:",omitempty"`
}

func (c *segmentClock) see(s *packagedSegment) {
	if c.Begun && c.Disc == s.seg.Discontinuity {
		return
	}
	t := s.primary()
	if t.Untimed {
		return // the first segment that has timestamps tells
	}
	c.Begun, c.Disc = true, s.seg.Discontinuity
	at := s.clock
	if !at.exact() {
		return
	}
	by := t.Base.micros(t.FirstPTS) - clampTime(at.At+s.seg.Start-at.Start)
	if abs(by) <= clockSlack {
		return
	}
	c.Found.add(s.placedUnit, abs(by).Seconds(), fmt.Sprintf("%s begins %.3f s %s the time in the manifest", mediumOf(t.Kind), abs(by).Seconds(), earlyOrLate(by)))
}

func mediumOf(k measurement.Kind) string {
	if k == measurement.Video {
		return "the first picture"
	}
	return "the sound"
}

func earlyOrLate(by jobs.Micros) string {
	if by < 0 {
		return "before"
	}
	return "after"
}

func (c *segmentClock) findings() []jobs.Finding {
	return c.Found.findings("timestamp.manifest", func(b *bout) string {
		return b.name() + ": " + b.worst() + ", as do the segments behind it"
	})
}
