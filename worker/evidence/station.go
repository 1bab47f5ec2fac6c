package evidence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/storage"
)

// Station makes the evidence of checks that an archive holds.
type Station struct {
	Archive *archive.Archive
	// Run and Slots are those of Maker.
	Run   func(ctx context.Context, task jobs.Task) ([]byte, error)
	Slots int
	// Budget is that of Maker.
	Budget  time.Duration
	Options Options
	Log     *slog.Logger // nil: slog.Default()
}

// Do makes the evidence of a check unless it is there; of a live check that has no report yet, that of what it has found so far. It may be called again and again.
func (s *Station) Do(ctx context.Context, id string, lastTry bool) error {
	if s.Options.Level == Off {
		return nil
	}
	finished, err := s.Archive.HasReport(ctx, id)
	if err != nil {
		return err
	}
	if !finished {
		return s.interim(ctx, id, lastTry)
	}
	index, err := s.before(ctx, id)
	if err != nil || index != nil && !index.Interim {
		return err
	}
	_, err = s.Redo(ctx, id, lastTry)
	return err
}

// First makes the first frames of what a live check has found so far; nothing once it has a report.
func (s *Station) First(ctx context.Context, id string, lastTry bool) error {
	if s.Options.Level == Off {
		return nil
	}
	finished, err := s.Archive.HasReport(ctx, id)
	if err != nil || finished {
		return err
	}
	return s.interim(ctx, id, lastTry)
}

// Redo makes the evidence of a check in the place of what is there, and returns its index; nil when there is nothing to make. What cannot be made any more stays as it is. The index is
// written last.
func (s *Station) Redo(ctx context.Context, id string, lastTry bool) (*jobs.Evidence, error) {
	doc, err := s.Archive.Report(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := report.Parse(doc)
	if err != nil {
		return nil, jobs.Classify(jobs.Permanent, err)
	}
	if !Wanted(r, s.Options.withDefaults().Level) {
		return nil, nil
	}
	check, err := s.Archive.Check(ctx, id)
	if err != nil {
		return nil, err
	}
	headers, err := Stored(ctx, s.Archive, check)
	if err != nil {
		return nil, err
	}
	places, err := headers.Places(check)
	if err != nil {
		return nil, err
	}
	put := func(ctx context.Context, name string, body []byte) error {
		return s.Archive.PutEvidenceFile(ctx, id, name, body)
	}
	earlier := func(ctx context.Context) (*jobs.Evidence, error) { return s.before(ctx, id) }
	maker := &Maker{Run: s.Run, Slots: s.Slots, Put: put, LastTry: lastTry, Budget: s.Budget, Options: s.Options, Before: earlier, Log: s.Log}
	index, err := maker.Make(ctx, check, r, places)
	if err != nil || index == nil {
		return nil, err
	}
	before, err := s.before(ctx, id) // only now: making takes minutes, and somebody else may be at it
	if err != nil {
		return nil, err
	}
	if before != nil {
		keep(index, before, r, s.Options.withDefaults().Level)
	}
	if err := s.Archive.PutEvidence(ctx, index); err != nil {
		return nil, fmt.Errorf("keep evidence: %w", err)
	}
	return index, nil
}

// before is the evidence that is there; nil when there is none that can be read.
func (s *Station) before(ctx context.Context, id string) (*jobs.Evidence, error) {
	index, err := s.Archive.Evidence(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || jobs.ClassOf(err) == jobs.Permanent {
		return nil, nil
	}
	return index, err
}
