//go:build cgo

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aircheck/report"
)

// service runs a command that ends when the test does, and must end well.
func service(t *testing.T, env []string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() {
		var out, errs bytes.Buffer
		if code := run(ctx, args, env, &out, &errs); code != 0 || out.Len() > 0 {
			t.Errorf("%s: exit status %d, stdout %q\n%s", args[0], code, out.String(), errs.String())
		}
	})
	t.Cleanup(func() { cancel(); parts.Wait() })
}

func TestFleetInParts(t *testing.T) {
	t.Parallel()
	input, store := demoMedia(t), t.TempDir()
	broker, err := startBroker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	env := []string{"AIRCHECK_STORE=" + store, "AIRCHECK_REDIS=" + broker.url, "AIRCHECK_WINDOW=4s"}

	code, stdout, stderr := exec(t, env, "submit", input, filepath.Join(store, "nothing.mp4"))
	id := strings.TrimSpace(stdout)
	if code != report.ExitError || strings.Count(stdout, "\n") != 1 || !strings.Contains(stderr, "nothing.mp4") {
		t.Fatalf("submit: exit status %d, stdout %q, stderr %q; want 1, one id, and what could not be read", code, stdout, stderr)
	}
	s := statusOf(t, env, id)
	if s.State != "measuring" || len(s.Sequences) == 0 || s.Sequences[0].Waiting == nil || *s.Sequences[0].Waiting != s.Sequences[0].Windows {
		t.Errorf("before any worker: %+v", s)
	}

	service(t, env, "worker", "--slots", "2", "--log-level", "error")
	service(t, env, "producer", "--log-level", "error")
	code, stdout, stderr = exec(t, env, "submit", "--wait", "--format", "json", input)
	if code != report.ExitFindings || !strings.Contains(stderr, "fail") {
		t.Fatalf("submit --wait: exit status %d, stderr %q; want 3 and the verdict", code, stderr)
	}
	var second submitted
	if err := json.Unmarshal([]byte(stdout), &second); err != nil || second.ID == id || second.Windows == 0 {
		t.Fatalf("submit --format json: %q, %v", stdout, err)
	}
	if code, _, stderr := exec(t, env, "submit", "--wait", "--fail-on", "never", input); code != 0 {
		t.Errorf("--fail-on never: exit status %d, %s", code, stderr)
	}

	// The first check was submitted first, so it is done.
	s = statusOf(t, env, id)
	_, local, _ := exec(t, nil, "check", "--format", "json", input)
	want := parsed(t, local)
	if s.State != "done" || s.Digest != want.Digest || s.Verdict != want.Verdict || s.Sequences[0].Measured != s.Sequences[0].Windows {
		t.Errorf("after all: %+v, want digest %s", s, want.Digest)
	}
	if code, stdout, _ := exec(t, env, "status", id); code != 0 || !strings.Contains(stdout, "done: fail") {
		t.Errorf("status: exit status %d, %s", code, stdout)
	}
	verifyCatches(t, env, store, id, want.Digest)
}

// TestUnreadableMeasurementIsMadeAgain: what a disk has spoilt costs another measurement and no report.
func TestUnreadableMeasurementIsMadeAgain(t *testing.T) {
	t.Parallel()
	input, store := demoMedia(t), t.TempDir()
	broker, err := startBroker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	env := []string{"AIRCHECK_STORE=" + store, "AIRCHECK_REDIS=" + broker.url, "AIRCHECK_WINDOW=4s"}
	_, stdout, _ := exec(t, env, "submit", input)
	id := strings.TrimSpace(stdout)
	spoilt := filepath.Join(store, "checks", id, "m", "s0", "000001.parquet")
	if err := os.MkdirAll(filepath.Dir(spoilt), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(spoilt, []byte("PAR1 was here"), 0o600); err != nil {
		t.Fatal(err)
	}
	service(t, env, "worker", "--slots", "2", "--log-level", "error")
	service(t, env, "producer", "--interval", "200ms", "--log-level", "error")
	_, local, _ := exec(t, nil, "check", "--format", "json", input)
	await(t, "report", func() bool { return statusOf(t, env, id).State == "done" })
	if s, want := statusOf(t, env, id), parsed(t, local); s.Digest != want.Digest {
		t.Errorf("digest %s, want %s", s.Digest, want.Digest)
	}
}

// await polls until cond holds.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline.C:
			t.Fatalf("no %s after a minute", what)
		case <-tick.C:
		}
	}
}

func statusOf(t *testing.T, env []string, id string) checkStatus {
	t.Helper()
	code, stdout, stderr := exec(t, env, "status", id, "--format", "json")
	var s checkStatus
	if err := json.Unmarshal([]byte(stdout), &s); code != 0 || err != nil || stderr != "" {
		t.Fatalf("status: exit status %d, stdout %q, stderr %q, %v", code, stdout, stderr, err)
	}
	return s
}

// verifyCatches changes what is stored: verify must say so, and must not while all is well.
func verifyCatches(t *testing.T, env []string, store, id, digest string) {
	t.Helper()
	if code, stdout, stderr := exec(t, env, "verify", id); code != 0 || stdout != "verified "+digest+"\n" {
		t.Errorf("verify: exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	objects, err := filepath.Glob(filepath.Join(store, "checks", id, "m", "s0", "*.parquet"))
	if err != nil || len(objects) < 2 {
		t.Fatalf("measurements %v, %v", objects, err)
	}
	outcome := strings.TrimSuffix(objects[1], ".parquet") + ".failed.json"
	doc := `{"v":1,"check":"` + id + `","sequence":"s0","window":1,"class":"crash","message":"x","attempts":1}`
	if err := os.WriteFile(outcome, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := exec(t, env, "verify", id, "--format", "json")
	var v verification
	if err := json.Unmarshal([]byte(stdout), &v); code != report.ExitFindings || err != nil || v.Verified || v.Judged == v.Stored {
		t.Errorf("verify of other measurements: exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if err := os.Remove(objects[0]); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := exec(t, env, "verify", id); code != report.ExitError || !strings.Contains(stderr, "window 0 of s0") {
		t.Errorf("verify without a measurement: exit status %d, stderr %q", code, stderr)
	}
}
