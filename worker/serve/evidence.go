package serve

import (
	"context"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/worker/evidence"
)

// Illustrator makes pictures of what checks have found, and asks for them.
type Illustrator struct {
	Queue interface {
		// EnqueueEvidence asks for the pictures of a check; asking again is no error.
		EnqueueEvidence(ctx context.Context, check string) error
	}
	Station *evidence.Station
}

var _ queue.EvidenceMaker = (*Handler)(nil)

// Evidence makes the pictures of a check.
func (h *Handler) Evidence(ctx context.Context, check string, lastTry bool) error {
	if h.Illustrator == nil {
		return nil
	}
	return h.Illustrator.Station.Do(ctx, check, lastTry)
}

// FirstFrames makes the first frames of what a check that goes on has found so far.
func (h *Handler) FirstFrames(ctx context.Context, check string, lastTry bool) error {
	if h.Illustrator == nil {
		return nil
	}
	return h.Illustrator.Station.First(ctx, check, lastTry)
}

// picture asks for the first frames of findings that opened or became worse, if they can be seen. Trouble is no reason to tell anything again.
func (o *Observer) picture(ctx context.Context, events []jobs.Event) {
	if !o.Pictures {
		return
	}
	for i := range events {
		e := &events[i]
		if e.Finding == nil || e.Kind != jobs.EventOpened && e.Kind != jobs.EventUpdated || !evidence.Seen(e.Finding) {
			continue
		}
		if err := o.Queue.EnqueueFirstFrame(ctx, e.Check, jobs.FindingKey(e.Finding)); err != nil {
			if ctx.Err() == nil {
				o.log().Warn("leave a finding without picture", "check", e.Check, "error", err)
			}
			return
		}
	}
}

// illustrate asks for the pictures of a check that has a report, if it has findings to show. Trouble is no reason to judge again: `aircheck evidence` makes them, too.
func (h *Handler) illustrate(ctx context.Context, id string) {
	if h.Illustrator == nil {
		return
	}
	doc, err := h.Archive.Report(ctx, id)
	var r *report.Report
	if err == nil {
		r, err = report.Parse(doc)
	}
	if err == nil && evidence.Wanted(r, h.Illustrator.Station.Options.Level) {
		err = h.Illustrator.Queue.EnqueueEvidence(ctx, id)
	}
	if err != nil && ctx.Err() == nil {
		h.log().Warn("leave a check without pictures", "check", id, "error", err)
	}
}
