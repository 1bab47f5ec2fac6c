package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/storage/file"
)

func TestFleetUsageErrors(t *testing.T) {
	id := jobs.NewID(time.Now(), nil)
	tests := []struct {
		args []string
		want string // in stderr
	}{
		{[]string{"submit"}, "an argument is missing"},
		{[]string{"submit", "a.mp4"}, "AIRCHECK_STORE"},
		{[]string{"submit", "a.mp4", "--queue", "fast"}, `unknown queue "fast"`},
		{[]string{"submit", "a.mp4", "--format", "xml"}, `"xml"`},
		{[]string{"submit", "a.mp4", "--fail-on", "sometimes"}, "--fail-on"},
		{[]string{"submit", "a.mp4", "--window", "1us"}, "--window"},
		{[]string{"submit", "a.mp4", "--window", "301s"}, "an hour"},
		{[]string{"submit", "a.mp4", "--id", "nightly"}, "--tick takes any text"},
		{[]string{"submit", "a.mp4", "--id", "news-20261122T18"}, "--id"},
		{[]string{"submit", "a.mp4", "b.mp4", "--id", id}, "one INPUT"},
		{[]string{"submit", "a.mp4", "--id", id, "--tick", "x"}, "one of them"},
		{[]string{"submit", "a.mp4", "--tick", strings.Repeat("x", 201)}, "at most 200"},
		{[]string{"up", "--once", "a.mp4", "--window", "301s", "--data", t.TempDir()}, "an hour"},
		{[]string{"status", "../../etc/passwd", "--store", "x"}, "is not the id of a check"},
		{[]string{"verify", "", "--store", "x"}, "is not the id of a check"},
		{[]string{"verify", id, "--format", "xml"}, `"xml"`},
		{[]string{"verify", id, "--store", "ftp://x"}, "--store"},
		{[]string{"worker", "--slots", "-1"}, "--slots"},
		{[]string{"worker", "--drain", "0s"}, "--drain"},
		{[]string{"worker", "--log-level", "chatty"}, "--log-level"},
		{[]string{"producer", "--interval", "1ms"}, "--interval"},
		{[]string{"producer", "--store", t.TempDir(), "--redis", "localhost"}, "--redis"},
		{[]string{"web", "--listen", ":8080"}, "AIRCHECK_WEB_PASSWORD"},
		{[]string{"web", "--listen", "8080"}, "host:port"},
		{[]string{"up", "--once"}, "--once needs an INPUT"},
		{[]string{"up", "--listen", "0.0.0.0:0"}, "AIRCHECK_WEB_PASSWORD"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			code, stdout, stderr := exec(t, nil, tt.args...)
			if code != report.ExitUsage || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit status %d, stdout %q, stderr %q; want 2, nothing, something about %s", code, stdout, stderr, tt.want)
			}
		})
	}
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	env := []string{"AIRCHECK_STORE=" + t.TempDir(), "AIRCHECK_REDIS=redis://:hunter2@" + closedPort(t) + "/0"}
	for _, args := range [][]string{{"submit", "a.mp4"}, {"producer"}, {"web", "--listen", "127.0.0.1:0"}} {
		code, stdout, stderr := exec(t, env, args...)
		if code != report.ExitError || stdout != "" || !strings.Contains(stderr, "is redis-server running") || strings.Contains(stderr, "hunter2") {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q; want 1 and a hint", args[0], code, stdout, stderr)
		}
	}
}

func TestUnknownCheck(t *testing.T) {
	id := jobs.NewID(time.Now(), nil)
	env := []string{"AIRCHECK_STORE=" + t.TempDir()}
	for _, command := range []string{"status", "verify", "report"} {
		code, stdout, stderr := exec(t, env, command, id)
		if code != report.ExitError || stdout != "" || !strings.Contains(stderr, "not in this store") {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q; want 1 and why", command, code, stdout, stderr)
		}
	}
}

func TestAbsolute(t *testing.T) {
	here, err := filepath.Abs("film.mp4")
	if err != nil {
		t.Fatal(err)
	}
	for input, want := range map[string]string{
		"film.mp4": here, "/a/../b.mp4": "/b.mp4", "s3://b/k": "s3://b/k", "https://h/x": "https://h/x",
		"file:/srv/x.mp4": "file:/srv/x.mp4", "file:///srv/x.mp4": "file:///srv/x.mp4", "take:2.mp4": filepath.Join(filepath.Dir(here), "take:2.mp4"),
	} {
		if got, err := absolute(input); got != want || err != nil {
			t.Errorf("absolute(%q) = %q, %v", input, got, err)
		}
	}
}

func TestWorst(t *testing.T) {
	for _, tt := range [][3]int{{0, 0, 0}, {0, 4, 4}, {4, 3, 3}, {3, 1, 1}, {1, 4, 1}} {
		if got := worst(tt[0], tt[1]); got != tt[2] || worst(tt[1], tt[0]) != got {
			t.Errorf("worst(%d, %d) = %d, want %d", tt[0], tt[1], got, tt[2])
		}
	}
}

// TestCheckThatCannotBeJudged: everybody who asks for its report hears why there is none, and what to do.
func TestCheckThatCannotBeJudged(t *testing.T) {
	t.Parallel()
	store := t.TempDir()
	env := []string{"AIRCHECK_STORE=" + store}
	backend, err := file.Open(store, nil)
	if err != nil {
		t.Fatal(err)
	}
	arch := archive.New(backend)
	check := &jobs.Check{
		ID: jobs.NewID(time.Now(), nil), Input: "a.mp4", Queue: "vod", Profile: jobs.Profile{Name: "default"},
		Timeline: jobs.Timeline{Kind: jobs.SourceFile},
	}
	check.Profile.Seal()
	if err := arch.Create(t.Context(), check); err != nil {
		t.Fatal(err)
	}
	if err := arch.PutFailure(t.Context(), jobs.Failure{Check: check.ID, Message: "the disk is full", Attempts: 5}); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"status", "verify", "report"} {
		code, stdout, stderr := exec(t, env, command, check.ID)
		if code != report.ExitError || !strings.Contains(stderr, "the disk is full: its measurements are kept") {
			t.Errorf("%s: exit status %d, stderr %q; want 1, why, and what to do", command, code, stderr)
		}
		if command == "status" && !strings.Contains(stdout, "failed") {
			t.Errorf("status: %q", stdout)
		}
	}
	var failure error
	err = awaitReports(t.Context(), arch, []string{check.ID}, func(_ string, _ *report.Report, err error) error { failure = err; return nil })
	if err != nil || !errors.Is(failure, errNotJudged) {
		t.Errorf("waiting for it ended in %v, failure %v", err, failure)
	}
	var stderr bytes.Buffer
	code, err := newApp(env, io.Discard, &stderr).wait(t.Context(), arch, []string{check.ID}, jobs.Fail)
	if code != report.ExitError || err != nil || !strings.Contains(stderr.String(), "the disk is full") {
		t.Errorf("wait: exit status %d, %v, stderr %q", code, err, stderr.String())
	}
}

// TestReadingMakesNoStore: what is asked of a misspelt store is no question about a check, and leaves no directory behind.
func TestReadingMakesNoStore(t *testing.T) {
	store, streams := filepath.Join(t.TempDir(), "nosuch"), filepath.Join(t.TempDir(), "streams.yaml")
	writeText(t, streams, "streams: []\n")
	const id = "01hf8z3k2mq4x7c9tbva"
	for _, args := range [][]string{
		{"report", id}, {"rejudge", id, "--profile", "default"}, {"status", id}, {"evidence", id}, {"verify", id},
		{"export", id, "--to", t.TempDir()}, {"schedule", "list", "--streams", streams},
	} {
		for _, uri := range []string{store, "file://" + store} {
			code, stdout, stderr := exec(t, nil, append(args, "--store", uri)...)
			if code != 1 || stdout != "" || !strings.Contains(stderr, "aircheck: --store: "+store+" is not there") {
				t.Errorf("%v --store %s: exit status %d, stdout %q, stderr %q", args, uri, code, stdout, stderr)
			}
		}
		if _, err := os.Stat(store); err == nil {
			t.Fatalf("%v has made the store", args)
		}
	}
}
