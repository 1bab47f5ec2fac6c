package serve

import (
	"context"
	"testing"

	"aircheck/jobs"
	"aircheck/report"
)

// TestAFinishedCheckIsTold: with its verdict and one id, however often it is judged; what cannot be told does not cost the report.
func TestAFinishedCheckIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	b.check.Input = "https://user:hunter2@example.org/master.m3u8"
	b.JudgeBy = func(_ context.Context, c *jobs.Check) ([]byte, error) {
		named := *c
		named.Input = b.check.Input
		r, err := report.Build(&named, jobs.Result{Verdict: jobs.VerdictFail, Duration: 12}, "v1", "5.1", report.Run{})
		if err != nil {
			return nil, err
		}
		return r.JSON()
	}
	for range 2 {
		if err := b.Judge(t.Context(), b.check.ID); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.queue.told) != 2 || b.queue.told[0].ID != b.queue.told[1].ID {
		t.Fatalf("told %+v", b.queue.told)
	}
	e := b.queue.told[0]
	if e.Kind != jobs.EventFinished || e.Check != b.check.ID || e.Verdict != jobs.VerdictFail || e.Digest == "" || e.Stream != "https://example.org/master.m3u8" {
		t.Errorf("told %+v", e)
	}
}
