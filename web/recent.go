package web

import (
	"context"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

// recentSource is where recent checks and news are found; *queue.Client is one.
type recentSource interface {
	LatestEvents(ctx context.Context) (events []jobs.Event, last string, err error)
	Recent(ctx context.Context, offset, limit int) (list []queue.RecentCheck, total int, err error)
}

// recent lists checks, the newest first.
func (p *pages) recent(ctx context.Context, from, n int) ([]listed, error) {
	list, _, err := p.source.Recent(ctx, from, n)
	if err != nil {
		return nil, err
	}
	lines := make([]listed, len(list))
	for i, c := range list {
		lines[i] = listed{ID: c.ID, Input: c.Input, Verdict: string(c.Verdict)}
		switch {
		case c.GivenUp:
			lines[i].Verdict = "given up"
		case c.Verdict == "":
			lines[i].Verdict = "running"
		}
		lines[i].Stamp, lines[i].When = stamps(c.Created)
	}
	return lines, nil
}
