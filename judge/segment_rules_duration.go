package judge

import (
	"fmt"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// wholeSecond is what EXTINF is a multiple of where it is rounded, as it had to be before version 3 of the protocol (RFC 8216 section 4.3.2.1).
	wholeSecond jobs.Micros = 1e6
	// durationSlack is the least error that is told, however short a frame is: packagers write EXTINF with two or three digits, and add a frame of sound to the video.
	durationSlack jobs.Micros = 50e3
	// soundSlack is the least error that is told of sound alone: it is cut where pictures are, to the next of its own frames, which last up to 64 ms (HE-AAC at 32 kHz).
	soundSlack jobs.Micros = 150e3
	// manifestSlack is the least error that is told where a manifest gives the time of each segment: as much as a hole in it may have without being one.
	manifestSlack jobs.Micros = 250e3
	// driftTold is the sum of small errors from which it is told.
	driftTold jobs.Micros = 500e3
	// reordered is how many pictures may be coded before one that is shown earlier, in practice; 16 is what H.264 allows.
	reordered = 8
	// maxFrame bounds how long a frame may be and widen the tolerance: five a second.
	maxFrame jobs.Micros = 200e3
)

// segmentDurations compares what the playlist says of a segment's duration with its media. A segment waits for the next one, which says where its own media ends.
type segmentDurations struct {
	Wait *waitingSegment `json:",omitempty"`
	// Small are errors that rounding to whole seconds explains, Large those that it does not.
	Small, Large bouts
	// Uneven: a duration is not a multiple of a second, so that nothing was rounded to that.
	Uneven bool
	// Sums are of the segments of the present row without a hole; Worst is where they lay furthest apart.
	Sums, Worst durationSums
}

// durationSums are how long some segments should be and are together.
type durationSums struct {
	First, Last    int
	From, To       jobs.Micros
	Declared, Real jobs.Micros
}

func (d *durationSums) error() jobs.Micros { return d.Real - d.Declared }

// waitingSegment is a segment of which it is not known yet where the next one begins.
type waitingSegment struct {
	Index, Epoch int
	From, To     jobs.Micros
	Declared     jobs.Micros
	First, End   jobs.Micros
	// Key is where its first picture in decoding order stands if that is a keyframe: what refers to the segment before may be shown earlier.
	Key   jobs.Micros
	Keyed bool
	Kind  measurement.Kind
	Track int
	Frame jobs.Micros
	// DASH: of a manifest; Around: which gives an average.
	DASH   bool `json:",omitempty"`
	Around bool `json:",omitempty"`
}

func (d *segmentDurations) see(s *packagedSegment) {
	w := waiting(s)
	d.settle(w)
	d.Wait = nil
	if s.State == measurement.UnitOK {
		d.Wait = w
	}
}

func (d *segmentDurations) hole() {
	d.settle(nil)
	d.Wait = nil
	d.restart()
}

func (d *segmentDurations) restart() { d.Sums = durationSums{} }

func waiting(s *packagedSegment) *waitingSegment {
	t := s.primary()
	w := &waitingSegment{
		Index: s.Index, Epoch: s.Epoch, From: s.From, To: s.To, Declared: s.seg.Duration, First: t.First, End: t.End, Kind: t.Kind, Track: t.Track,
		Keyed: t.StartsWithKey && t.Keys > 0, DASH: s.dash, Around: s.dash && !s.clock.exact(),
	}
	if w.Keyed {
		w.Key = t.time(t.FirstKey)
	}
	w.Frame = min((t.End-t.First)/jobs.Micros(max(1, t.Packets)), maxFrame)
	return w
}

// settle measures the segment that waits; next is the one behind it, nil if there is none.
func (d *segmentDurations) settle(next *waitingSegment) {
	w := d.Wait
	if w == nil || w.Declared <= 0 {
		return
	}
	d.Uneven = d.Uneven || w.DASH || w.Declared%wholeSecond != 0 // nobody rounds a manifest to seconds
	off := w.error(next)
	size, slack := abs(off), w.tolerance(next)
	u := &placedUnit{Index: w.Index, From: w.From, To: w.To}
	detail := fmt.Sprintf("%.3f s instead of %.3f s", (w.Declared + off).Seconds(), w.Declared.Seconds())
	switch {
	case size <= slack:
		d.sum(w, off)
	case size <= roundingTolerance+slack:
		d.Small.add(u, size.Seconds(), detail)
		d.sum(w, off)
	default:
		d.Large.add(u, size.Seconds(), detail)
	}
	if next == nil || next.Epoch != w.Epoch {
		d.restart()
	}
}

// tolerance is how far a duration may be off without being told.
func (w *waitingSegment) tolerance(next *waitingSegment) jobs.Micros {
	least := durationSlack
	if w.Kind == measurement.Audio {
		least = soundSlack
	} else if !w.Keyed || next != nil && !next.Keyed {
		// The border lies among pictures that are not in the order in which they are coded: what begins there is a matter of opinion. It is segment.no_keyframe.
		least = reordered * w.Frame
	}
	switch {
	case w.Around:
		least = w.Declared / 2 // ISO/IEC 23009-1 section 7.2.1: @duration is an average
	case w.DASH:
		least = max(least, manifestSlack)
	}
	return max(least, w.Frame)
}

// error is how much longer the media is than declared. The end of the media is where its packets end or where the next segment begins, whichever agrees better: between the
// two is a hole or an overlap in the timestamps, which is told as such. Without a next one a segment that is too short is none of this rule: the hole behind it
// tells, or segment.truncated does.
func (w *waitingSegment) error(next *waitingSegment) jobs.Micros {
	off := w.End - w.First - w.Declared
	if next == nil || next.Index != w.Index+1 || next.Epoch != w.Epoch || next.Kind != w.Kind || next.Track != w.Track {
		if w.DASH {
			return 0 // a period of DASH may end before its last segment does (ISO/IEC 23009-1 section 5.3.2.1)
		}
		return max(0, off)
	}
	off = nearer(off, next.First-w.First-w.Declared)
	if w.Keyed && next.Keyed {
		off = nearer(off, next.Key-w.Key-w.Declared)
	}
	return off
}

func nearer(a, b jobs.Micros) jobs.Micros {
	if abs(b) < abs(a) {
		return b
	}
	return a
}

// sum adds a segment to the present row. Errors that are told on their own are left out, so that one of them is not told of every segment that follows.
func (d *segmentDurations) sum(w *waitingSegment, off jobs.Micros) {
	if w.Around {
		return
	}
	s := &d.Sums
	if s.Declared == 0 {
		s.First, s.From = w.Index, w.From
	}
	s.Last, s.To = w.Index, w.To
	s.Declared = clampTime(s.Declared + w.Declared)
	s.Real = clampTime(s.Real + w.Declared + off)
	if abs(s.error()) > abs(d.Worst.error()) {
		d.Worst = *s
	}
}

func (d *segmentDurations) findings(dash bool) []jobs.Finding {
	last := *d
	last.Small, last.Large = append(bouts(nil), d.Small...), append(bouts(nil), d.Large...)
	last.settle(nil)
	said := "EXTINF says"
	if dash {
		said = "the manifest says"
	}
	says := func(b *bout) string {
		return fmt.Sprintf("%s %s not as long as %s: %s", b.name(), b.plural("is", "are"), said, b.worst())
	}
	list := last.Large.findings("segment.duration_mismatch", says)
	if !last.Uneven {
		return list
	}
	w := &last.Worst
	if abs(w.error()) < driftTold {
		return append(list, last.Small.findings("segment.duration_mismatch", says)...)
	}
	return append(list, jobs.Finding{
		Code: "playlist.duration_drift", Start: max(0, w.From).At(), End: max(0, w.To).At(), Value: jobs.Figure(abs(w.error()).Seconds()), Unit: "s", Confidence: 1,
		Message: fmt.Sprintf("segments %d to %d last %.3f s together, and %s %.3f s", w.First, w.Last, w.Real.Seconds(), said, w.Declared.Seconds()),
	})
}
