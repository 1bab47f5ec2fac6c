package evidence

import (
	"context"
	"errors"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/storage"
)

// interim makes the first frames of what a live check has found so far and has no picture of yet. The evidence of the whole check takes their place in the end.
func (s *Station) interim(ctx context.Context, id string, lastTry bool) error {
	index, err := s.before(ctx, id)
	if index == nil {
		index = &jobs.Evidence{Interim: true}
	}
	if err != nil || !index.Interim || len(index.Items) >= jobs.MaxFirstFrames {
		return err
	}
	doc, err := s.Archive.Interim(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil // it has become a report, which brings a task of its own
	}
	if err != nil {
		return err
	}
	r, err := report.Parse(doc)
	if err != nil {
		return jobs.Classify(jobs.Permanent, err)
	}
	if r.Findings = unseen(r.Findings, index); len(r.Findings) == 0 {
		return nil
	}
	check, err := s.Archive.Grown(ctx, id)
	if err != nil {
		return err
	}
	headers, err := Stored(ctx, s.Archive, check)
	if err != nil {
		return err
	}
	places, err := headers.Places(check)
	if err != nil {
		return err
	}
	put := func(ctx context.Context, name string, body []byte) error {
		return s.Archive.PutEvidenceFile(ctx, id, name, body)
	}
	o := s.Options.withDefaults()
	o.Proofs = jobs.MaxFirstFrames - len(index.Items)
	m := &Maker{Run: s.Run, Slots: s.Slots, Put: put, LastTry: lastTry, Budget: s.Budget, Options: o, Log: s.Log}
	items, err := m.first(ctx, check, r, places.Renditions(r.Renditions))
	if err != nil || len(items) == 0 {
		return err
	}
	return s.Archive.AddFirstFrames(ctx, id, items)
}

// Seen tells whether a finding is worth a look and can be seen in a picture.
func Seen(f *jobs.Finding) bool {
	d := pictured(f)
	return (d == frames || d == moment) && f.Severity.Rank() >= jobs.Warn.Rank()
}

// unseen are the findings that can be seen and of which there is no picture yet.
func unseen(list []jobs.Finding, index *jobs.Evidence) []jobs.Finding {
	have := map[string]bool{}
	for i := range index.Items {
		have[index.Items[i].Finding] = true
	}
	var left []jobs.Finding
	for i := range list {
		if f := &list[i]; Seen(f) && !have[jobs.FindingKey(f)] {
			left = append(left, *f)
		}
	}
	return left
}
