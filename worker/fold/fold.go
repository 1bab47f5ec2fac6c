// Package fold takes a check's measurements to its verdict: it reads objects for the judge, which itself does no I/O.
//
// The fleet's judge task, verify and a local check all fold here, so they cannot come to different reports. It never decodes media.
package fold

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/report"
)

// Unreadable is the error about stored results that no fold can use: damaged ones, and those of an older release. They are as good as lost.
type Unreadable struct {
	Results map[jobs.WindowID]archive.Result
	Err     error // about the first one
}

func (e *Unreadable) Error() string {
	if n := len(e.Results); n > 1 {
		return fmt.Sprintf("%v, and %d more results cannot be read", e.Err, n-1)
	}
	return e.Err.Error()
}

// Unwrap gives the cause.
func (e *Unreadable) Unwrap() error { return e.Err }

// errNewer is wrapped by the error about a measurement of a newer release.
var errNewer = errors.New("measured by a newer release")

// Fold is the fold over one check. It is for one goroutine.
type Fold struct {
	check  *jobs.Check
	judge  *judge.Judge
	reader *measurement.Reader
	ffmpeg []string // versions met, sorted
	// findings are those of the report, once there is one.
	findings []jobs.Finding
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
	if err := f.open(w, object); err != nil {
		return fmt.Errorf("window %d of %s: %w", w.Index, w.Sequence, err)
	}
	h := f.reader.Header()
	if at, known := slices.BinarySearch(f.ffmpeg, h.FFmpeg); !known {
		f.ffmpeg = slices.Insert(f.ffmpeg, at, h.FFmpeg)
	}
	return f.judge.Window(w, f.reader)
}

// open points the reader at the measurement of w.
func (f *Fold) open(w jobs.Window, object []byte) error {
	if err := f.read(object); err != nil {
		return err
	}
	h := f.reader.Header()
	switch {
	case h.Sequence != w.Sequence || h.Window != w.Index:
		return fmt.Errorf("the object measures window %d of %s", h.Window, h.Sequence)
	case h.Measure > jobs.MeasureVersion:
		// A newer release measures already: its own judge can read this, and measuring it again here would throw good work away.
		return &jobs.Error{
			Class: jobs.Transient, Err: fmt.Errorf("%w: version %d, this release judges %d", errNewer, h.Measure, jobs.MeasureVersion),
			Hint: "run the same release of aircheck everywhere",
		}
	case h.Measure != jobs.MeasureVersion:
		return fmt.Errorf("%w %d of measurements, this release judges %d", jobs.ErrVersion, h.Measure, jobs.MeasureVersion)
	}
	return nil
}

// IsNewer tells whether an error of Window is about a measurement of a newer release, which others can read; any other says that nobody can.
func IsNewer(err error) bool { return errors.Is(err, errNewer) }

func (f *Fold) read(object []byte) (err error) {
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
	r, err := report.Build(f.check, result, version, strings.Join(f.ffmpeg, ", "), run)
	if err != nil {
		return nil, err
	}
	f.findings = r.Findings
	return r, nil
}

// Curves are what was measured over the time of the check. They are there once Report was called.
func (f *Fold) Curves() jobs.Curves { return f.judge.Curves() }

// Signatures are those of the findings of the report. They are there once Report was called.
func (f *Fold) Signatures() []jobs.Signed { return f.judge.Signatures(f.findings) }

// PutAnnex stores what stands beside the report of a check: curves and signatures. It comes before the report, so that whoever sees a report finds them.
func (f *Fold) PutAnnex(ctx context.Context, a *archive.Archive) error {
	curves := f.Curves()
	return errors.Join(a.PutCurves(ctx, f.check.ID, &curves), a.PutSignatures(ctx, f.check.ID, f.Signatures()))
}

// Stored folds what the store holds of a check: every window must have a result. Of results that cannot be read the error is an *Unreadable with as many of
// them as can be found at once.
func Stored(ctx context.Context, a *archive.Archive, check *jobs.Check) (*Fold, error) {
	results, err := a.Results(ctx, check.ID)
	if err != nil {
		return nil, err
	}
	f, err := New(check)
	if err != nil {
		return nil, jobs.Classify(jobs.Permanent, err)
	}
	ctx, stop := context.WithCancel(ctx)
	come := &ahead{archive: a, check: check, results: results, stop: stop}
	defer come.close()
	lost := &Unreadable{Results: map[jobs.WindowID]archive.Result{}}
	for _, w := range check.Windows {
		r := results[w.ID()]
		bad, err := f.stored(w, come.next(ctx), lost.Err != nil)
		if err != nil {
			return nil, err
		}
		if bad == nil {
			continue
		}
		if lost.Results[w.ID()] = r; lost.Err == nil {
			lost.Err = bad
		}
	}
	if lost.Err != nil {
		return nil, jobs.Classify(jobs.Permanent, lost)
	}
	return f, nil
}

// stored folds the result of one window, or only looks whether it could be read once another one could not. A result is bad when it was read and is of no
// use; any other trouble is err.
func (f *Fold) stored(w jobs.Window, r fetched, onlyLook bool) (bad, err error) {
	switch {
	case errors.Is(r.err, archive.ErrUnreadable):
		return r.err, nil
	case r.err != nil:
		return nil, r.err
	case onlyLook && r.outcome != nil:
		return nil, nil
	case onlyLook:
		bad = f.open(w, r.object)
	case r.outcome != nil:
		return nil, jobs.Classify(jobs.Permanent, f.Failed(w, *r.outcome))
	default:
		bad = f.Window(w, r.object)
	}
	if IsNewer(bad) {
		return nil, bad
	}
	return bad, nil
}
