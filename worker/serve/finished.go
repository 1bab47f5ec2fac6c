package serve

import (
	"context"
	"errors"
	"time"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/storage"
)

// finished tells that a check that is not live has its report; the observer does that for live ones. It may be told twice, with one id. Trouble is logged: the report is there.
func (h *Handler) finished(ctx context.Context, id string) {
	if _, _, live := jobs.ParseLiveID(id); live {
		return
	}
	doc, err := h.Archive.Report(ctx, id)
	var r *report.Report
	if err == nil {
		r, err = report.Parse(doc)
	}
	if err == nil {
		e := jobs.Event{
			ID: id + "-finished", Kind: jobs.EventFinished, Time: h.now().UTC(), Stream: storage.Redact(r.Check.Input), Check: id, Judged: r.Duration, Verdict: r.Verdict, Digest: r.Digest,
		}
		err = errors.Join(h.Queue.Publish(ctx, []jobs.Event{e}), h.Queue.TellVerdict(ctx, id, r.Verdict))
	}
	if err != nil && ctx.Err() == nil {
		h.log().Warn("leave a finished check untold", "check", id, "error", err)
	}
}

func (h *Handler) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}
