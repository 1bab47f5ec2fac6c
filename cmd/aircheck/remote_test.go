package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/web/api"
)

// newRemote serves an API, and gives the environment in which commands ask it and nothing else.
func newRemote(t *testing.T) (*served, []string) {
	t.Helper()
	s := newServed(t, &apiFlags{}, nil)
	server := httptest.NewServer(s.api)
	t.Cleanup(server.Close)
	return s, []string{"AIRCHECK_SERVER=" + server.URL + "/"}
}

func TestCommandsByServer(t *testing.T) {
	t.Parallel()
	s, env := newRemote(t)
	house := filepath.Join(t.TempDir(), "house.yaml")
	if err := os.WriteFile(house, []byte("video:\n  black:\n    fail: 9s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := exec(t, env, "submit", s.origin+"/a.m3u8", "--profile", "dpp,"+house, "--set", "video.freeze.fail=8s", "--window", "4s", "--queue", "live")
	id := strings.TrimSpace(stdout)
	if code != 0 || !jobs.ValidID(id) {
		t.Fatalf("exit status %d, stdout %q, stderr %s", code, stdout, stderr)
	}
	check, err := s.archive.Check(t.Context(), id)
	if err != nil || check.Queue != "live" || check.WindowLength != 4e6 || check.Profile.Thresholds["video.black.fail"] != 9 || check.Profile.Thresholds["video.freeze.fail"] != 8 {
		t.Errorf("manifest %+v, %v", check, err)
	}
	for _, format := range []string{"text", "json"} {
		code, there, _ := exec(t, env, "status", id, "--format", format)
		_, here, _ := exec(t, s.env, "status", id, "--format", format)
		if code != 0 || there != here {
			t.Errorf("exit status %d, by server %s, by store %s", code, there, here)
		}
	}
	if code, stdout, stderr := exec(t, env, "status"); code != 0 || !strings.Contains(stdout, "0 workers") {
		t.Errorf("exit status %d, stdout %q, stderr %s", code, stdout, stderr)
	}
	if code, stdout, stderr := exec(t, env, "report", id); code != report.ExitError || stdout != "" || !strings.Contains(stderr, "measuring") {
		t.Errorf("a report that is not there: exit status %d, stdout %q, stderr %s", code, stdout, stderr)
	}
	for args, want := range map[string]string{
		"submit /etc/passwd": "--allow-local-inputs", "submit s3://a/b --profile " + house + ",dpp": "stands last", "submit s3://a/b --break-profile " + house: "names of profiles only",
		"report 06ccd9v6m09h3ky1zj2q": "there is no check", "status 06ccd9v6m09h3ky1zj2q": "there is no check", "status nonsense": "is not the id", "submit --window 1h s3://a/b": "--window",
	} {
		if code, stdout, stderr := exec(t, env, strings.Fields(args)...); code == 0 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit status %d, stdout %q, stderr %s", args, code, stdout, stderr)
		}
	}
}

func TestWatchByServer(t *testing.T) {
	t.Parallel()
	s, env := newRemote(t)
	var stdout bytes.Buffer
	stderr := &pen{want: map[string]func(){"opened": func() { s.finish(t) }}}
	s.publish(t, s.check.ID, "before anybody watched")
	ended := make(chan int)
	go func() {
		ended <- run(t.Context(), []string{"report", s.check.ID, "--watch", "--format", "json"}, env, &stdout, stderr)
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for code := -1; code < 0; {
		select {
		case <-tick.C:
			s.publish(t, s.check.ID, "black") // until the watcher, which may not have begun, hears of one
		case code = <-ended:
			if r, err := report.Parse(stdout.Bytes()); err != nil || code != report.ExitFindings || r.Verdict != jobs.VerdictFail {
				t.Errorf("exit status %d, %v, stdout %s, stderr %s", code, err, stdout.Bytes(), stderr.text.String())
			}
		}
	}
	if strings.Contains(stderr.text.String(), "before anybody") {
		t.Error("old news is told")
	}
}

func TestServerThatIsNone(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for server, want := range map[string]string{
		other.URL: "is --server right", "http://" + closedPort(t): "does the site run", "ftp://host": "--server", "https://mia:hunter2@host": "--server", "host": "--server",
	} {
		code, stdout, stderr := exec(t, []string{"AIRCHECK_SERVER=" + server}, "status")
		if code == 0 || stdout != "" || !strings.Contains(stderr, want) || strings.Contains(stderr, "hunter2") {
			t.Errorf("%s: exit status %d, stdout %q, stderr %s", server, code, stdout, stderr)
		}
	}
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"type":"urn:aircheck:problem:no-access","detail":"a token is needed, not ` + r.Header.Get("Authorization") + `"}`))
	}))
	defer refusing.Close()
	code, _, stderr := exec(t, []string{"AIRCHECK_SERVER=" + refusing.URL, "AIRCHECK_TOKEN=t0ken"}, "status")
	if code != report.ExitError || !strings.Contains(stderr, "not Bearer t0ken") || !strings.Contains(stderr, "AIRCHECK_TOKEN") {
		t.Errorf("exit status %d, stderr %s", code, stderr)
	}
}

// unreliable is a way to an API on which the first answers to orders are lost, although the orders were carried out.
func unreliable(t *testing.T, s *served, losses int32) (*remote, *atomic.Int32) {
	t.Helper()
	var orders atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || orders.Add(1) > losses {
			s.api.ServeHTTP(w, r)
			return
		}
		s.api.ServeHTTP(httptest.NewRecorder(), r)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close()
	}))
	t.Cleanup(server.Close)
	r, err := (&remoteFlags{server: server.URL}).open()
	if err != nil {
		t.Fatal(err)
	}
	r.pause = func(context.Context, time.Duration) error { return nil }
	return r, &orders
}

// TestLostAnswersMakeOneCheck: an order whose answer is lost is given again, and is the same order.
func TestLostAnswersMakeOneCheck(t *testing.T) {
	t.Parallel()
	for _, tick := range []string{"", "2026-11-22"} {
		s := newServed(t, &apiFlags{}, nil)
		r, orders := unreliable(t, s, 2)
		made, err := s.app.remoteOrder(t.Context(), r, api.CheckRequest{Input: s.origin + "/a.m3u8", Tick: tick})
		if err != nil || orders.Load() != 3 {
			t.Fatalf("tick %q: %v after %d orders", tick, err, orders.Load())
		}
		var list api.CheckList
		if s.ask(t, http.MethodGet, "/checks", "", &list, nil); list.Total != 1 || list.Checks[0].ID != made.ID {
			t.Errorf("tick %q: there are %+v, the order made %s", tick, list, made.ID)
		}
	}
	s := newServed(t, &apiFlags{}, nil)
	r, orders := unreliable(t, s, 1000)
	_, err := s.app.remoteOrder(t.Context(), r, api.CheckRequest{Input: s.origin + "/a.m3u8"})
	var classified *jobs.Error
	if !errors.As(err, &classified) || !strings.Contains(classified.Hint, "--id ") || orders.Load() != remoteTries {
		t.Errorf("%v after %d orders: want how to go on", err, orders.Load())
	}
}

func TestServersThatAreAwayForAMoment(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			http.Error(w, "<h1>Bad gateway</h1>", http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte("{}"))
	}))
	defer proxy.Close()
	r, err := (&remoteFlags{server: proxy.URL}).open()
	if err != nil {
		t.Fatal(err)
	}
	var pauses []time.Duration
	r.pause = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
	var status api.FleetStatus
	if err := r.get(t.Context(), "/fleet", nil, &status); err != nil || len(pauses) != 2 || pauses[1] <= pauses[0] {
		t.Errorf("%v after pauses of %v", err, pauses)
	}
	r, err = (&remoteFlags{server: "http://" + closedPort(t)}).open()
	if err != nil {
		t.Fatal(err)
	}
	r.pause = func(context.Context, time.Duration) error {
		t.Error("waits for an address that was never reached")
		return nil
	}
	if err := r.get(t.Context(), "/fleet", nil, &status); err == nil {
		t.Error("nobody answered")
	}
}

// TestServersThatSayNothing: a request does not wait for ever, and one that the server has reason to think about waits longer.
func TestServersThatSayNothing(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	over := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte("{"))
		_ = http.NewResponseController(w).Flush()
		<-over
	}))
	defer silent.Close()
	defer close(over)
	r, err := (&remoteFlags{server: silent.URL}).open()
	if err != nil {
		t.Fatal(err)
	}
	if r.thought <= r.patience {
		t.Errorf("an order may take %s, a look %s", r.thought, r.patience)
	}
	r.patience = 20 * time.Millisecond
	if err := r.get(t.Context(), "/fleet", nil, &api.FleetStatus{}); !errors.Is(err, errQuiet) || asked.Load() != 1 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}
