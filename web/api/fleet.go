package api

import (
	"context"
	"io"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/report"
)

// Queue is what the API reads from Redis; *queue.Client is one.
type Queue interface {
	Followed(ctx context.Context) (map[string]queue.StreamStatus, error)
	Leaders(ctx context.Context, streams []string) (map[string]string, error)
	LastEvent(ctx context.Context) (string, error)
	Events(ctx context.Context, after string) (events []jobs.Event, last string, err error)
}

// Fleet is what commands do. Its errors are Problems where a request is at fault.
type Fleet interface {
	// Submit makes a check. key, when it is not empty, stands for the request: the same one from the same person makes one check, and created is false from the
	// second time on.
	Submit(ctx context.Context, r CheckRequest, person, key string) (s Submitted, created bool, err error)
	// Recent lists checks, the newest first, and says how many there are.
	Recent(ctx context.Context, offset, limit int) (list []RecentCheck, total int, err error)
	Status(ctx context.Context, id string) (CheckStatus, error)
	// Hours are those of all live streams that touch [from, to).
	Hours(ctx context.Context, from, to time.Time) ([]jobs.StreamHour, error)
	FleetStatus(ctx context.Context) (FleetStatus, error)
	// Report reads a report and makes sure that it is whole. With interim it may be the one so far.
	Report(ctx context.Context, id string, interim bool) (r *report.Report, final bool, err error)
	// Render writes a report in a format.
	Render(ctx context.Context, w io.Writer, r *report.Report, f report.Format) error
	Rejudge(ctx context.Context, id string, under Judging) (*report.Report, error)
	Verify(ctx context.Context, id string) (Verification, error)
	Estimate(ctx context.Context, r EstimateRequest) (Estimate, error)
	// PlanBackfill says what a backfill would do; run does it and is called at most once.
	PlanBackfill(ctx context.Context, r BackfillRequest) (plan BackfillPlan, run func(ctx context.Context, told func(BackfillProgress)) error, err error)
	Schedules(ctx context.Context, runs int) ([]Schedule, error)
	Profiles() ([]Profile, error)
	// ProfileYAML is a profile with every threshold in force.
	ProfileYAML(under Judging) ([]byte, error)
	Detectors(codes ...string) ([]Detector, error)
	Version() Version
}
