// Package slice cuts a timeline into windows and makes their tasks. It is pure: the same timeline and length give the same windows.
//
// No result may depend on what it decides (DESIGN 2); windows are a matter of cost alone.
package slice

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

const (
	// maxWindows bounds the windows of one sequence; a longer stream gets longer windows. It is two weeks of one-minute windows.
	maxWindows = 20_000
	// maxSegments bounds the segments that a window owns: a task is written to Redis anew every five seconds while it runs, so it
	// should stay below 16 KB, and a segment takes 200 to 300 bytes of it.
	maxSegments = 48
	// sliver is the part of a window below which the rest of an object joins the window before it.
	sliver = 10
)

// Timeline cuts all sequences, in their order.
func Timeline(tl jobs.Timeline, length jobs.Micros) []jobs.Window {
	var windows []jobs.Window
	for i := range tl.Sequences {
		windows = append(windows, Windows(tl.Sequences[i], length)...)
	}
	return windows
}

// Windows tiles a sequence with windows of about the wanted length in microseconds; a length of 0 or less asks for as few as can be. Whole segments are kept
// together, so a window can be longer by a segment, and it is shorter where segments are many. A sequence without segments and without an
// object has no windows.
func Windows(seq jobs.Sequence, length jobs.Micros) []jobs.Window {
	if length <= 0 {
		length = math.MaxInt64
	}
	switch {
	case seq.Mode == jobs.ModeSegments:
		return group(seq, length)
	case seq.Object != nil:
		return tile(seq, length)
	}
	return nil
}

// group makes windows of segments: a window ends when it has reached the wanted length.
func group(seq jobs.Sequence, length jobs.Micros) []jobs.Window {
	segments := seq.Segments
	if len(segments) == 0 {
		return nil
	}
	var total jobs.Micros
	for i := range segments {
		total += segments[i].Duration
	}
	length = max(length, total/maxWindows+1)
	var windows []jobs.Window
	var run jobs.Micros
	first := 0
	for i := range segments {
		run += segments[i].Duration
		if run < length && i+1-first < maxSegments && i+1 < len(segments) {
			continue
		}
		windows = append(windows, jobs.Window{
			Sequence: seq.ID, Index: len(windows), First: first, Last: i + 1,
			Start: segments[first].Start, End: segments[i].Start + segments[i].Duration,
		})
		first, run = i+1, 0
	}
	return ends(windows)
}

// tile makes windows of equal length.
func tile(seq jobs.Sequence, length jobs.Micros) []jobs.Window {
	total := max(seq.Duration, 0)
	length = max(length, total/maxWindows+1)
	n := total / length
	if n == 0 || total%length >= max(length/sliver, 1) {
		n++
	}
	windows := make([]jobs.Window, n)
	for i := range windows {
		at := jobs.Micros(i) * length
		windows[i] = jobs.Window{Sequence: seq.ID, Index: i, Start: at, End: at + length}
	}
	windows[n-1].End = total
	return ends(windows)
}

// ends marks the first window and the last.
func ends(windows []jobs.Window) []jobs.Window {
	windows[0].Head = true
	windows[len(windows)-1].Foot = true
	return windows
}

// Task makes the task of one window of a check. The error says that the window does not belong to the check.
func Task(check *jobs.Check, w jobs.Window) (jobs.Task, error) {
	task := jobs.Task{V: jobs.Version, Check: check.ID, Window: w, Depth: check.Depth}
	for i := range check.Timeline.Sequences {
		seq := &check.Timeline.Sequences[i]
		if seq.ID != w.Sequence {
			continue
		}
		if seq.Mode != jobs.ModeSegments {
			task.Object = seq.Object
			return task, nil
		}
		if w.First < 0 || w.First >= w.Last || w.Last > len(seq.Segments) {
			return jobs.Task{}, fmt.Errorf("make task of window %d: segments %d to %d of %d in sequence %s", w.Index, w.First, w.Last, len(seq.Segments), seq.ID)
		}
		task.Context = jobs.ContextOf(seq.Segments, w.First)
		last := w.Last
		if check.Depth == jobs.DepthFast && last < len(seq.Segments) {
			task.After = 1
			last++
		}
		task.Segments = seq.Segments[w.First-task.Context : last : last]
		return task, nil
	}
	return jobs.Task{}, fmt.Errorf("make task of window %d: no sequence %s in check %s", w.Index, w.Sequence, check.ID)
}
