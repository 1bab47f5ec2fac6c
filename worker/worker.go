// Package worker turns a task into a measurement: fetch, decode in a child process, measure, answer.
//
// It may import jobs, storage and what lies below worker/; it never imports the producer or the judge's rules.
package worker

import (
	"context"

	"aircheck/jobs"
)

// Measurer measures windows. Measure is safe for concurrent use and waits for a free slot.
type Measurer interface {
	// Measure returns the window's measurement as a Parquet object. A broken stream is part of the measurement; an error means that the worker
	// could not do its work, and jobs.ClassOf tells whether trying again can help (Crash and Timeout: the decoder child died or hung).
	Measure(ctx context.Context, task jobs.Task) ([]byte, error)
	// Slots is how many windows are measured at the same time.
	Slots() int
	// Close ends the decoder children and waits for them.
	Close() error
}
