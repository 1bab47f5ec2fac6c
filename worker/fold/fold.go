// Package fold takes a check's measurements to its verdict: it reads objects for the judge, which itself does no I/O.
//
// The fleet's judge task, verify and a local check all fold here, so they cannot come to different reports. It never decodes media.
package fold

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/report"
)

// Fold is the fold over one check. It is for one goroutine.
type Fold struct {
	check  *jobs.Check
	judge  *judge.Judge
	reader *measurement.Reader
	ffmpeg []string // versions met, sorted
}

// New begins the fold over a check.
func New(check *jobs.Check) (*Fold, error) {
	j, err := judge.New(check)
	if err != nil {
		return nil, err
	}
	return &Fold{check: check, judge: j}, nil
}

// Window folds the measurement of a window. The windows of a sequence must come in order. The object is not kept.
func (f *Fold) Window(w jobs.Window, object []byte) error {
	if err := f.open(object); err != nil {
		return fmt.Errorf("window %d of %s: %w", w.Index, w.Sequence, err)
	}
	h := f.reader.Header()
	switch {
	case h.Sequence != w.Sequence || h.Window != w.Index:
		return fmt.Errorf("window %d of %s: the object measures window %d of %s", w.Index, w.Sequence, h.Window, h.Sequence)
	case h.Measure != jobs.MeasureVersion:
		return fmt.Errorf("window %d of %s: %w %d of measurements, this release judges %d",
			w.Index, w.Sequence, jobs.ErrVersion, h.Measure, jobs.MeasureVersion)
	}
	if at, known := slices.BinarySearch(f.ffmpeg, h.FFmpeg); !known {
		f.ffmpeg = slices.Insert(f.ffmpeg, at, h.FFmpeg)
	}
	return f.judge.Window(w, f.reader)
}

func (f *Fold) open(object []byte) (err error) {
	body := bytes.NewReader(object)
	if f.reader == nil {
		f.reader, err = measurement.Open(body, body.Size())
		return err
	}
	return f.reader.Reset(body, body.Size())
}

// Failed folds a window that has an outcome instead of a measurement, in its turn like Window.
func (f *Fold) Failed(w jobs.Window, o jobs.Outcome) error { return f.judge.Failed(w, o) }

// Report ends the fold. version is that of aircheck; run stays outside the digest.
func (f *Fold) Report(version string, run report.Run) (*report.Report, error) {
	result, err := f.judge.Finish()
	if err != nil {
		return nil, fmt.Errorf("judge check %s: %w", f.check.ID, err)
	}
	// A fleet in the middle of an update measures with two libraries, and the report says so.
	return report.Build(f.check, result, version, strings.Join(f.ffmpeg, ", "), run)
}

// Stored folds what the store holds of a check: every window must have a result.
func Stored(ctx context.Context, a *archive.Archive, check *jobs.Check) (*Fold, error) {
	results, err := a.Results(ctx, check.ID)
	if err != nil {
		return nil, err
	}
	f, err := New(check)
	if err != nil {
		return nil, jobs.Classify(jobs.Permanent, err)
	}
	for _, w := range check.Windows {
		object, outcome, err := a.Window(ctx, check.ID, w.ID(), results[w.ID()])
		if err != nil {
			return nil, err
		}
		if outcome != nil {
			err = f.Failed(w, *outcome)
		} else {
			err = f.Window(w, object)
		}
		if err != nil {
			return nil, jobs.Classify(jobs.Permanent, err)
		}
	}
	return f, nil
}
