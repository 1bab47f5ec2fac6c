// Package jobs is the contract between producer, worker and judge: what a check is, how it is cut, what a task says, how it can end.
//
// It is a leaf: it imports the standard library only, and holds no behaviour that needs a network, a file or a clock.
package jobs

import "time"

// Version is the version of everything that this package encodes. A reader refuses what it does not know.
const Version = 1

// MeasureVersion changes whenever a measurement of the same media could come out different.
const MeasureVersion = 3

// JudgeVersion changes whenever the same measurements could be judged differently under the same profile.
const JudgeVersion = 4

// Check is the manifest of one examination; it is written before its first task and never changes.
type Check struct {
	V     int    `json:"v"`
	ID    string `json:"id"`
	Input string `json:"input"` // as the user gave it, without credentials
	// Reference is what the input is compared with, as the user gave it; empty for nothing. Its sequences stand in the timeline.
	Reference string    `json:"reference,omitempty"`
	Created   time.Time `json:"created"`
	Profile   Profile   `json:"profile"`
	// BreakProfile is the one under which ad breaks are judged; nil for Profile.
	BreakProfile *Profile `json:"break_profile,omitempty"`
	Queue        string   `json:"queue"` // live, vod or backfill
	// Depth is DepthFast or empty for DepthFull.
	Depth string `json:"depth,omitempty"`
	// WindowLength is the wanted length of a window.
	WindowLength Micros   `json:"window_length"`
	Timeline     Timeline `json:"timeline"`
	Windows      []Window `json:"windows"`
}

// Depths of a check, and of an interval of its coverage: all pictures are decoded, or the key frames and, where they or the packets give cause, the rest.
const (
	DepthFull = "full"
	DepthFast = "fast"
)

// Profile is which detectors judge with which thresholds, fully resolved: two workers can never judge one check differently.
type Profile struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // sha256:… of the canonical JSON of Thresholds
	// Thresholds maps "detector.parameter" ("video.black.fail", "audio.loudness.target") to its value; units stand in the profile's documentation.
	Thresholds map[string]float64 `json:"thresholds"`
}

// Task asks a worker to measure one window. It carries references only: a few KB.
type Task struct {
	V      int    `json:"v"`
	Check  string `json:"check"`
	Window Window `json:"window"`
	// Epoch counts how often the reconciler has enqueued this window anew; it is part of the queue's task id.
	Epoch int `json:"epoch,omitempty"`
	// Segments holds the window's segments, preceded by Context segments that are read for pre-roll only (ModeSegments).
	Segments []Segment `json:"segments,omitempty"`
	Context  int       `json:"context,omitempty"`
	// After counts the segments behind the window's own: at DepthFast the first picture of the next segment has a say in whether the last one is decoded in full.
	After  int     `json:"after,omitempty"`
	Object *Object `json:"object,omitempty"` // ModeObject
	// Depth is that of the check.
	Depth string `json:"depth,omitempty"`
	// LastTry: a segment that cannot be fetched for a passing reason is recorded as unavailable instead of failing the window, so that it costs
	// its own time and no more, in every cut.
	LastTry bool `json:"last_try,omitempty"`
	// Compare asks for a comparison of the window with a piece of the reference instead of a measurement; such a task is never put into the queue.
	Compare *CompareWith `json:"compare,omitempty"`
	// Look asks for pictures and sound of the window instead; such a task is never put into the queue.
	Look *Look `json:"look,omitempty"`
}

// Outcome is the one way in which a window's job ended when there is no measurement to show for it.
type Outcome struct {
	V        int    `json:"v"`
	Check    string `json:"check"`
	Sequence string `json:"sequence"`
	Window   int    `json:"window"`
	Class    Class  `json:"class"`
	Message  string `json:"message"`
	Attempts int    `json:"attempts"`
}

// Failure is written instead of a report when a check whose windows are all done could not be judged.
type Failure struct {
	V     int    `json:"v"`
	Check string `json:"check"`
	// Message is what the last attempt ended in.
	Message string `json:"message"`
	// Attempts counts the judge's tasks that ended without a report, not the tries of each.
	Attempts int `json:"attempts"`
}
