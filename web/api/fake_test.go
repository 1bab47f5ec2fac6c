package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/storage/mem"
	"aircheck/web/door"
)

// hostile is a name as nobody should give one.
const hostile = `<script>alert("x")</script>` + "\u202e\x07"

var (
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	check = jobs.DeriveID(noon, "test")
	other = jobs.DeriveID(noon, "goes on")
)

// fakeQueue has one stream and some events.
type fakeQueue struct {
	mu     sync.Mutex
	events []jobs.Event
	broken error
}

func (q *fakeQueue) Followed(context.Context) (map[string]queue.StreamStatus, error) {
	since := noon.Add(-time.Hour)
	return map[string]queue.StreamStatus{
		"news":  {Stream: "news", Check: "news-20261122T12", Time: noon, Judged: 12.5, Known: 20, Open: map[jobs.Severity]int{jobs.Fail: 1}, Latency: 3.25},
		"mute":  {Stream: "mute", Time: since, Wanted: since},
		hostile: {Stream: hostile, Time: noon, Wanted: noon},
	}, q.broken
}

func (q *fakeQueue) Leaders(context.Context, []string) (map[string]string, error) {
	return map[string]string{"news": "host-1"}, q.broken
}

func (q *fakeQueue) LastEvent(context.Context) (string, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return fmt.Sprintf("%d-0", len(q.events)), q.broken
}

func (q *fakeQueue) Events(_ context.Context, after string) ([]jobs.Event, string, error) {
	var n int
	if _, err := fmt.Sscanf(after, "%d", &n); err != nil {
		return nil, after, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.events[min(n, len(q.events)):], fmt.Sprintf("%d-0", len(q.events)), q.broken
}

func (q *fakeQueue) publish(e jobs.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = append(q.events, e)
}

// fakeFleet answers with whatever fits.
type fakeFleet struct {
	archive *archive.Archive
	keys    map[string]string
	err     error // of what takes a body
	person  string
	run     func(context.Context, func(BackfillProgress)) error
}

func (f *fakeFleet) Submit(_ context.Context, r CheckRequest, person, key string) (Submitted, bool, error) {
	if f.err != nil {
		return Submitted{}, false, f.err
	}
	f.person = person
	if id := f.keys[person+key]; id != "" {
		return Submitted{ID: id, Input: r.Input, Windows: 3}, false, nil
	}
	if key != "" {
		f.keys[person+key] = check
	}
	return Submitted{ID: check, Input: r.Input, Windows: 3}, true, nil
}

func (f *fakeFleet) Recent(_ context.Context, offset, limit int) ([]RecentCheck, int, error) {
	var list []RecentCheck
	for i := offset; i < min(offset+limit, 3); i++ {
		list = append(list, RecentCheck{ID: check, Input: hostile, Created: noon, Verdict: jobs.VerdictFail})
	}
	return list, 3, nil
}

func (f *fakeFleet) Status(_ context.Context, id string) (CheckStatus, error) {
	n := 2
	s := CheckStatus{ID: id, Input: hostile, Queue: "vod", Created: noon, State: "measuring", Sequences: []SequenceStatus{{ID: "s0", Windows: 3, Measured: 1, Running: &n}}}
	switch id {
	case check, other:
		return s, nil
	}
	return s, fmt.Errorf("check %s: %w", id, storage.ErrNotFound)
}

func (f *fakeFleet) Hours(_ context.Context, from, _ time.Time) ([]jobs.StreamHour, error) {
	hour := from.Truncate(time.Hour)
	return []jobs.StreamHour{
		{Stream: "sports", Hour: hour}, {Stream: "news", Hour: hour.Add(time.Hour), Minutes: strings.Repeat("p", 60)},
		{Stream: "news", Hour: hour, Check: "news-20261122T12", Minutes: strings.Repeat("-", 60), CPU: 12.5},
	}, nil
}

func (f *fakeFleet) FleetStatus(context.Context) (FleetStatus, error) {
	return FleetStatus{Workers: 1, Queues: []QueueStatus{{Queue: "vod"}}, Latency: map[string]LatencyStatus{"segment": {Count: 3, P50: 1}}}, nil
}

func (f *fakeFleet) Report(ctx context.Context, id string, interim bool) (*report.Report, bool, error) {
	if id == other && !interim {
		return nil, false, NewProblem(KindNotReady, "it goes on")
	}
	doc, err := f.archive.Report(ctx, check)
	if err != nil {
		return nil, false, err
	}
	r, err := report.Parse(doc)
	if id != check && id != other {
		return nil, false, fmt.Errorf("check %s: %w", id, storage.ErrNotFound)
	}
	return r, id == check, err
}

func (f *fakeFleet) Render(_ context.Context, w io.Writer, r *report.Report, format report.Format) error {
	return r.WriteWith(w, format, report.Options{Page: func(w io.Writer, _ *report.Report) error {
		_, err := io.WriteString(w, "<!doctype html>")
		return err
	}})
}

func (f *fakeFleet) Rejudge(ctx context.Context, id string, _ Judging) (*report.Report, error) {
	r, _, err := f.Report(ctx, id, false)
	return r, errors.Join(f.err, err)
}

func (f *fakeFleet) Verify(_ context.Context, id string) (Verification, error) {
	return Verification{ID: id, Verified: true}, f.err
}

func (f *fakeFleet) Estimate(context.Context, EstimateRequest) (Estimate, error) {
	return Estimate{Windows: 1, Sequences: []SequenceEstimate{{ID: "s0"}}}, f.err
}

func (f *fakeFleet) PlanBackfill(context.Context, BackfillRequest) (BackfillPlan, func(context.Context, func(BackfillProgress)) error, error) {
	p := BackfillPlan{Target: "news", From: noon, To: noon, Queue: "backfill", Items: []BackfillItem{{ID: check, Begin: noon, State: "wanted"}}, Total: BackfillTotal{Checks: 1}}
	return p, f.run, f.err
}

func (f *fakeFleet) Schedules(_ context.Context, runs int) ([]Schedule, error) {
	return []Schedule{{Name: "nightly", Cron: "0 3 * * *", What: "check " + hostile, CatchUp: "last", Next: make([]time.Time, runs)}}, nil
}

func (f *fakeFleet) Profiles() ([]Profile, error) { return []Profile{{Name: "default"}}, nil }

func (f *fakeFleet) ProfileYAML(j Judging) ([]byte, error) {
	if j.Profile != "default" {
		return nil, NewProblem(KindNotFound, "no such profile")
	}
	return []byte("set: " + strings.Join(j.Set, ",") + "\n"), nil
}

func (f *fakeFleet) Detectors(codes ...string) ([]Detector, error) {
	if len(codes) > 0 && codes[0] != "video.black" {
		return nil, errors.New("no such code")
	}
	level := 0.5
	return []Detector{{Code: "video.black", Thresholds: []Threshold{{Name: "video.black.fail", Default: &level}, {Name: "video.black.warn"}}}}, nil
}

func (f *fakeFleet) Version() Version { return Version{Aircheck: "1.0", Measure: 3, Judge: 3} }

// bench is an API with a token of each role.
type bench struct {
	*API
	fleet  *fakeFleet
	queue  *fakeQueue
	tokens map[door.Role]string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{tokens: map[door.Role]string{}, queue: &fakeQueue{}}
	b.fleet = &fakeFleet{archive: archive.New(mem.New(nil)), keys: map[string]string{}, run: func(context.Context, func(BackfillProgress)) error { return nil }}
	file := "tokens:\n"
	for _, role := range []door.Role{door.Viewer, door.Operator, door.Admin} {
		secret, token, err := door.NewToken(role.String()+"-bot", role, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		b.tokens[role], file = secret, file+token.YAML()
	}
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := door.New(door.Config{Tokens: path})
	if err != nil {
		t.Fatal(err)
	}
	b.API, err = New(Config{Door: d, Archive: b.fleet.archive, Queue: b.queue, Fleet: b.fleet, Version: "1.0", Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	b.fill(t)
	return b
}

// fill stores a finished check with all that stands beside its report.
func (b *bench) fill(t *testing.T) {
	t.Helper()
	value := jobs.Number(2.52)
	finding := jobs.Finding{Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: 3, End: 5.52, Value: &value, Unit: "s", Confidence: 1, Message: hostile}
	r, err := report.Build(&jobs.Check{ID: check, Input: hostile, Profile: jobs.Profile{Name: "default", Digest: "sha256:x"}}, jobs.Result{
		Verdict: jobs.VerdictFail, Duration: 20, Renditions: []jobs.Rendition{{ID: "v0", Kind: "video", Duration: 20}}, Findings: []jobs.Finding{finding},
		Coverage: []jobs.Coverage{{Rendition: "v0", Detector: "video.black", Intervals: []jobs.Interval{{End: 20, State: jobs.Analysed}}}},
	}, "1.0", "5.1", report.Run{Cost: map[string]any{"cpu_seconds": 1.5}})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	ctx, a := t.Context(), b.fleet.archive
	one := jobs.Number(16)
	for _, err := range []error{
		a.PutReport(ctx, check, doc),
		a.PutCurves(ctx, check, &jobs.Curves{Renditions: []jobs.RenditionCurves{{Rendition: "v0", Step: 0.2, Curves: []jobs.Curve{{Name: "luma", Low: []*jobs.Number{&one, nil}}}}, {Rendition: "a0", Step: 0.2}}}),
		a.PutSignatures(ctx, check, []jobs.Signed{{Finding: jobs.FindingKey(&finding), Signature: jobs.Signature{Duration: 2.52, Pictures: [][]byte{make([]byte, 144)}, Levels: []int8{-128, -20}}}}),
		a.PutEvidenceFile(ctx, check, "first-0.jpg", []byte("\xff\xd8")),
		a.PutEvidence(ctx, &jobs.Evidence{Check: check, Strip: &jobs.Strip{Rendition: "v0", Step: 1}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// ask sends a request as somebody with a role; 0 is nobody.
func (b *bench) ask(role door.Role, method, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://fleet.example"+Prefix+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if role != 0 {
		r.Header.Set("Authorization", "Bearer "+b.tokens[role])
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}
