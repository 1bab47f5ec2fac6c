package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/storage/mem"
	"aircheck/web/door"
)

func newSite(t *testing.T, password string) (*Site, *queue.Client, *miniredis.Miniredis) {
	t.Helper()
	return newSiteOf(t, Config{Door: doorWith(t, door.Config{Password: password})})
}

func doorWith(t *testing.T, cfg door.Config) *door.Door {
	t.Helper()
	d, err := door.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// newSiteOf makes a site whose archive and queue are empty, as far as cfg has none.
func newSiteOf(t *testing.T, cfg Config) (*Site, *queue.Client, *miniredis.Miniredis) {
	t.Helper()
	if cfg.Archive == nil {
		cfg.Archive = archive.New(mem.New(nil))
	}
	if cfg.Door == nil {
		cfg.Door = doorWith(t, door.Config{})
	}
	m := miniredis.RunT(t)
	conn, err := queue.Open("redis://" + m.Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	cfg.Conn = conn
	site, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	return site, queue.NewClient(conn), m
}

// get asks the site; change may alter the request.
func get(site http.Handler, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080"+path, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

func withPassword(p string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth("anyone", p) }
}

func TestDoor(t *testing.T) {
	t.Parallel()
	site, _, _ := newSite(t, "sesame")
	for _, path := range []string{"/", "/queues/", "/queues/api/queues", "/metrics"} {
		for name, change := range map[string]func(*http.Request){"nothing": nil, "a wrong password": withPassword("sesamE"), "an empty one": withPassword("")} {
			w := get(site, path, change)
			if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %s: %d", path, name, w.Code)
			}
		}
		if w := get(site, path, withPassword("sesame")); w.Code != http.StatusOK && w.Code != http.StatusFound {
			t.Errorf("%s with the password: %d %s", path, w.Code, w.Body)
		}
	}
	if w := get(site, "/healthz", nil); w.Code != http.StatusOK {
		t.Errorf("health check: %d", w.Code)
	}
}

func TestWithoutPasswordOnlyLoopbackNamesAreAnswered(t *testing.T) {
	t.Parallel()
	site, _, _ := newSite(t, "")
	for host, want := range map[string]int{
		"127.0.0.1:80": 200, "localhost": 200, "[::1]:8080": 200,
		"rebound.example:8080": 403, "10.0.0.1": 403, "localhost.example": 403,
	} {
		if w := get(site, "/metrics", func(r *http.Request) { r.Host = host }); w.Code != want {
			t.Errorf("host %s: %d, want %d", host, w.Code, want)
		}
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	t.Parallel()
	site, client, _ := newSite(t, "sesame")
	if err := client.AnnounceQueues(t.Context()); err != nil {
		t.Fatal(err)
	}
	pause := func(change func(*http.Request)) int {
		r := httptest.NewRequest(http.MethodPost, "http://fleet.example/queues/api/queues/vod:pause", nil)
		r.SetBasicAuth("", "sesame")
		change(r)
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w.Code
	}
	if code := pause(func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", code)
	}
	if code := pause(func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }); code != http.StatusNoContent {
		t.Errorf("our own button: %d", code)
	}
	stats, err := client.Stats(t.Context())
	if err != nil || !stats[1].Paused {
		t.Errorf("stats %+v, %v: want vod paused", stats, err)
	}
	w := get(site, "/healthz", nil)
	if w.Header().Get("X-Frame-Options") != "DENY" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestMonitorShowsTheQueues(t *testing.T) {
	t.Parallel()
	site, client, _ := newSite(t, "")
	task := jobs.Task{
		Check: jobs.NewID(time.Now(), nil), Window: jobs.Window{Sequence: "s0", End: 1e6, Head: true}, Object: &jobs.Object{URI: "https://joe:hunter2@o.example/a.mp4?token=sesame", Size: 1},
	}
	if err := client.EnqueueWindow(t.Context(), task, queue.Live); err != nil {
		t.Fatal(err)
	}
	if w := get(site, "/queues/api/queues/live/pending_tasks", nil); w.Code != 200 || !strings.Contains(w.Body.String(), task.Check) || strings.Contains(w.Body.String(), "hunter2") || strings.Contains(w.Body.String(), "sesame") {
		t.Errorf("pending tasks: %d %s", w.Code, w.Body)
	}
	if w := get(site, "/queues/", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "/queues/static/") {
		t.Errorf("page: %d %.200s", w.Code, w.Body)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	counts := queue.Counts{Measured: 7, Retried: 3, GivenUp: 1, Cancelled: 2, Judged: 4, Running: 5}
	consumer := NewConsumerCollector(func() queue.Counts { return counts })
	site, client, m := newSite(t, "")
	if err := client.EnqueueJudge(t.Context(), jobs.NewID(time.Now(), nil), 0); err != nil {
		t.Fatal(err)
	}
	body := get(site, "/metrics", nil).Body.String()
	for _, line := range []string{
		"aircheck_redis_up 1", `aircheck_queue_tasks{queue="judge",state="pending"} 1`, `aircheck_queue_tasks{queue="vod",state="active"} 0`,
		`aircheck_queue_paused{queue="live"} 0`, "aircheck_workers 0", `aircheck_queue_attempts_total{queue="backfill"} 0`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no %s in\n%s", line, body)
		}
	}
	want := `
# HELP aircheck_worker_judged_total Checks that were judged.
# TYPE aircheck_worker_judged_total counter
aircheck_worker_judged_total 4
# HELP aircheck_worker_running Tasks that this process is at.
# TYPE aircheck_worker_running gauge
aircheck_worker_running 5
# HELP aircheck_worker_windows_total Attempts at windows by how they ended: measured, failed (and tried again), given_up, interrupted.
# TYPE aircheck_worker_windows_total counter
aircheck_worker_windows_total{result="failed"} 3
aircheck_worker_windows_total{result="given_up"} 1
aircheck_worker_windows_total{result="interrupted"} 2
aircheck_worker_windows_total{result="measured"} 7
`
	if err := testutil.CollectAndCompare(consumer, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(NewQueueCollector(client)); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	m.SetError("LOADING Redis is loading the dataset in memory")
	body = get(site, "/metrics", nil).Body.String()
	if !strings.Contains(body, "aircheck_redis_up 0\n") || strings.Contains(body, "aircheck_queue_tasks") {
		t.Errorf("a queue that cannot be seen looks like an empty one:\n%s", body)
	}
}

func TestWorkerPage(t *testing.T) {
	t.Parallel()
	sick := errors.New("redis is gone")
	var ready error
	page, err := Worker(func(context.Context) error { return ready }, NewConsumerCollector(func() queue.Counts { return queue.Counts{} }))
	if err != nil {
		t.Fatal(err)
	}
	if w := get(page, "/healthz", nil); w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("healthy: %d %s", w.Code, w.Body)
	}
	ready = sick
	if w := get(page, "/healthz", nil); w.Code != 503 || strings.Contains(w.Body.String(), "redis") {
		t.Errorf("sick: %d %s", w.Code, w.Body)
	}
	if w := get(page, "/metrics", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "aircheck_worker_running 0") {
		t.Errorf("metrics: %d %s", w.Code, w.Body)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hi") }))
	}()
	r, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); err != nil || string(body) != "hi" {
		t.Errorf("%q, %v", body, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := Serve(t.Context(), l, nil); err == nil {
		t.Error("serving on a closed listener is no error")
	}
}
