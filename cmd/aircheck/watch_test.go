package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/storage/file"
)

// pen is a buffer that one goroutine writes and another reads, and that tells when something stands in it.
type pen struct {
	mu   sync.Mutex
	text bytes.Buffer
	want map[string]func()
}

func (p *pen) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.text.Write(b)
	for word, do := range p.want {
		if strings.Contains(p.text.String(), word) {
			delete(p.want, word)
			do()
		}
	}
	return n, err
}

// watching is a check that goes on, in a store and on a queue.
type watching struct {
	check   *jobs.Check
	archive *archive.Archive
	client  *queue.Client
	env     []string
}

func newWatching(t *testing.T) *watching {
	t.Helper()
	dir := t.TempDir()
	store, err := file.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	broker, err := startBroker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	conn, err := queue.Open(broker.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	check := &jobs.Check{
		V: jobs.Version, ID: jobs.NewID(time.Now(), nil), Input: "s3://media/a.m3u8", Created: time.Now().UTC(), Queue: queue.Vod, WindowLength: 8e6,
		Profile: jobs.Profile{Name: "default"}, Timeline: jobs.Timeline{Kind: jobs.SourceHLS, Sequences: []jobs.Sequence{}},
	}
	check.Profile.Seal()
	w := &watching{check: check, archive: archive.New(store), client: queue.NewClient(conn), env: []string{"AIRCHECK_STORE=" + dir, "AIRCHECK_REDIS=" + broker.url}}
	if err := w.archive.Create(t.Context(), check); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watching) publish(t *testing.T, check, message string) {
	err := w.client.Publish(t.Context(), []jobs.Event{{
		ID: check + "/1", Kind: jobs.EventOpened, Time: time.Now(), Stream: "news", Check: check,
		Finding: &jobs.Finding{Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: 3, End: 5.5, Message: message},
	}})
	if err != nil {
		t.Error(err)
	}
}

func (w *watching) finish(t *testing.T) {
	r, err := report.Build(w.check, jobs.Result{Verdict: jobs.VerdictFail, Findings: []jobs.Finding{{Code: "video.black", Severity: jobs.Fail}}}, "1.0", "5.1", report.Run{})
	if err != nil {
		t.Error(err)
		return
	}
	doc, err := r.JSON()
	if err == nil {
		err = w.archive.PutReport(t.Context(), w.check.ID, doc)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestWatchEndsWithTheReport(t *testing.T) {
	t.Parallel()
	w := newWatching(t)
	var stdout bytes.Buffer
	stderr := &pen{}
	stderr.want = map[string]func(){
		"windows measured": func() {
			w.publish(t, "sports-20261122T18", "of another check")
			w.publish(t, w.check.ID, "the picture is \x1b[31mblack")
		},
		"opened": func() { w.finish(t) },
	}
	code := run(t.Context(), []string{"report", w.check.ID, "--watch", "--format", "json"}, w.env, &stdout, stderr)
	if r, err := report.Parse(stdout.Bytes()); err != nil || code != report.ExitFindings || r.Verdict != jobs.VerdictFail {
		t.Errorf("exit status %d, %v, stdout %s", code, err, stdout.Bytes())
	}
	if s := stderr.text.String(); !strings.Contains(s, "video.black") || strings.Contains(s, "another") || strings.Contains(s, "\x1b") {
		t.Errorf("stderr %q: want the events of the check, and no others", s)
	}
}

func TestWatchStops(t *testing.T) {
	t.Parallel()
	w := newWatching(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout bytes.Buffer
	stderr := &pen{want: map[string]func(){"windows measured": cancel}}
	code := run(ctx, []string{"report", w.check.ID, "--watch"}, w.env, &stdout, stderr)
	if code != report.ExitError || stdout.Len() > 0 || !strings.Contains(stderr.text.String(), "interrupted") {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, &stdout, stderr.text.String())
	}
}

func TestWatchOfNothing(t *testing.T) {
	t.Parallel()
	w := newWatching(t)
	for _, id := range []string{jobs.NewID(time.Now(), nil), "news-20261122T18"} {
		if code, _, stderr := exec(t, w.env, "report", id, "--watch"); code != report.ExitError || !strings.Contains(stderr, "not in this store") {
			t.Errorf("%s: exit status %d, stderr %q: want an end at once", id, code, stderr)
		}
	}
	if err := w.archive.PutFailure(t.Context(), jobs.Failure{V: jobs.Version, Check: w.check.ID, Message: "no memory", Attempts: 5}); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := exec(t, w.env, "report", w.check.ID, "--watch"); code != report.ExitError || !strings.Contains(stderr, "no memory") {
		t.Errorf("exit status %d, stderr %q: want why there is none", code, stderr)
	}
}

func TestWatchWithoutQueue(t *testing.T) {
	t.Parallel()
	w := newWatching(t)
	var stdout bytes.Buffer
	stderr := &pen{want: map[string]func(){"windows measured": func() { w.finish(t) }}}
	env := []string{w.env[0], "AIRCHECK_REDIS=redis://" + closedPort(t) + "/0"}
	code := run(t.Context(), []string{"report", w.check.ID, "--watch", "--format", "json"}, env, &stdout, stderr)
	if code != report.ExitFindings || !strings.Contains(stderr.text.String(), "events are left out") {
		t.Errorf("exit status %d, stderr %q: the report is in the store", code, stderr.text.String())
	}
}
