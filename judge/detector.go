package judge

import (
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// A detector is a serial state machine over one rendition. Its exported fields are its state: they marshal to JSON and back, so that a live check can be
// judged in instalments. Thresholds and the emit function are set again by its constructor and are not state.

// videoFrame is a measured frame placed on the stream's timeline.
type videoFrame struct {
	*measurement.Frame
	Format *measurement.Format
	// Start and End are half-open: End is where the next frame appears when the two are contiguous, else Start plus the frame's duration.
	Start, End jobs.Micros
	// Disc counts the discontinuities that the playlist announces up to here.
	Disc int

	blocking blocking // see blocks
}

// audioSlot is a measured slot placed on the stream's timeline; the parts of a slot on a segment border are already joined.
type audioSlot struct {
	*measurement.Slot
	Format     *measurement.Format
	Start, End jobs.Micros
	Disc       int // as that of a videoFrame
}

// videoDetector sees the frames of one rendition in order.
type videoDetector interface {
	frame(f *videoFrame)
	// gap says that nothing is known about [from, to): a run must neither cross it nor fill it.
	gap(from, to jobs.Micros)
	// finish ends all runs at the end of the rendition.
	finish(at jobs.Micros)
}

// audioDetector sees the slots of one rendition in order.
type audioDetector interface {
	slot(s *audioSlot)
	gap(from, to jobs.Micros)
	finish(at jobs.Micros)
}

// emitter receives a finding; the core fills in the rendition.
type emitter func(jobs.Finding)

// A detector that can also say more implements some of these.

// summarizer adds figures about the rendition to the summary, once the detector is finished.
type summarizer interface {
	summarize(rendition string, s *jobs.Summary)
}

// doubter says why a code could not be examined on the rendition although there was media: what is not measurable is never shown as clean. Empty when it was
// examined. It is asked once the detector is finished.
type doubter interface {
	unmeasured(code string) string
}
