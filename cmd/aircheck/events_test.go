package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"aircheck/report"
)

func TestPastUsage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "streams.yaml")
	writeText(t, file, "schedule:\n- {name: a, cron: 0 3 * * *, check: a.mp4}\n")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"producer", "--events-listen", "127.0.0.1:0"}, "--streams is missing"},
		{[]string{"producer", "--events-listen", "127.0.0.1:0", "--streams", file, "--events-secret", "short"}, "AIRCHECK_EVENTS_SECRET"},
		{[]string{"schedule", "list"}, "--streams is missing"},
		{[]string{"schedule", "list", "--streams", file, "--runs", "0"}, "--runs"},
		{[]string{"schedule", "list", "--streams", file, "--format", "xml"}, `"xml"`},
		{[]string{"schedule", "list", "--streams", filepath.Join(dir, "none")}, "--streams"},
	} {
		code, stdout, stderr := exec(t, nil, tt.args...)
		if code != report.ExitUsage || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q; want 2 and something about %s", tt.args, code, stdout, stderr, tt.want)
		}
	}
}

func TestScheduleList(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "streams.yaml")
	writeText(t, file, "schedule:\n- {name: nightly, cron: 0 3 * * *, timezone: Europe/Berlin, backfill: {stream: news, from: -24h}}\n")
	code, stdout, stderr := exec(t, []string{"AIRCHECK_STORE=" + t.TempDir()}, "schedule", "list", "--streams", file, "--runs", "3", "--format", "json")
	var one scheduled
	if err := json.Unmarshal([]byte(stdout), &one); code != 0 || err != nil || len(one.Next) != 3 || one.What != "backfill news from -24h to now" || one.LastTick != nil {
		t.Errorf("exit status %d, %v, %+v, stderr %q", code, err, one, stderr)
	}
	if code, stdout, _ := exec(t, nil, "schedule", "list", "--streams", file); code != 0 || !strings.Contains(stdout, "T03:00:00+0") {
		t.Errorf("exit status %d, stdout %q", code, stdout)
	}
}

// lines is a writer that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *lines) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// TestProducerChecksNewObjects: a producer with a webhook and a polled directory checks what is notified and what is found, once each.
func TestProducerChecksNewObjects(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, in, file := filepath.Join(dir, "store"), filepath.Join(dir, "in"), filepath.Join(dir, "streams.yaml")
	writeText(t, filepath.Join(in, "a.m3u8"), shortPlaylist)
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(in, "a.m3u8"), old, old); err != nil {
		t.Fatal(err)
	}
	writeText(t, file, fmt.Sprintf("events:\n- {bucket: %s, suffix: .m3u8, poll: 5s, existing: true}\n- {bucket: media}\n", in))
	env := []string{"AIRCHECK_STORE=" + store, "AIRCHECK_REDIS=redis://" + miniredis.RunT(t).Addr() + "/0", "AIRCHECK_EVENTS_SECRET=hunter2hunter2"}
	var stderr lines
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"producer", "--streams", file, "--events-listen", "127.0.0.1:0"}, env, io.Discard, &stderr)
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	wait := func(what string, ready func() bool) {
		t.Helper()
		for !ready() {
			select {
			case <-deadline:
				t.Fatalf("still not: %s; stderr %s", what, stderr.String())
			case <-tick.C:
			}
		}
	}
	address := regexp.MustCompile(`listens for events" address=(\S+)`)
	wait("a listener", func() bool { return address.MatchString(stderr.String()) })
	wait("a check of what was found", func() bool { return manifests(t, store) == 1 })
	body := `{"Records":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"media"},"object":{"key":"x.mp4"}}}]}`
	for secret, want := range map[string]int{"hunter2hunter2": http.StatusOK, "hunter3": http.StatusUnauthorized} {
		url := "http://" + address.FindStringSubmatch(stderr.String())[1] + "/"
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+secret)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("secret %s: %d, want %d", secret, answer.StatusCode, want)
		}
	}
	cancel()
	if code := <-ended; code != 0 || strings.Contains(stderr.String(), "hunter2") {
		t.Errorf("exit status %d, stderr %s", code, stderr.String())
	}
}
