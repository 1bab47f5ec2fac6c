//go:build cgo

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"aircheck/internal/need"
	"aircheck/internal/schema"
	"aircheck/jobs"
	"aircheck/report"
	"aircheck/worker/supervise"
)

// TestMain lets this test binary be the decoder child of the checks that it runs.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == supervise.ChildCommand {
		os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	}
	dir, err := os.MkdirTemp("", "aircheck-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	demoLadder = sync.OnceValues(func() (string, error) { return makeDemo(dir) })
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// demoLadder makes the demo's media when they are asked for first: they take as long as the tests that read them.
var demoLadder func() (string, error)

func makeDemo(dir string) (string, error) {
	if out, err := osexec.CommandContext(context.Background(), "../../deploy/demo-media.sh", dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("make demo media: %w: %s", err, out)
	}
	return filepath.Join(dir, "master.m3u8"), nil
}

// demoMedia is the demo's ladder, which has a black, a silence and a freeze in it. It is the same for all tests, which must leave it as it is.
func demoMedia(t *testing.T) string {
	t.Helper()
	need.Tool(t, "ffmpeg")
	input, err := demoLadder()
	if err != nil {
		t.Fatal(err)
	}
	return input
}

func parsed(t *testing.T, doc string) *report.Report {
	t.Helper()
	r, err := report.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Strict(report.JSONSchema(), []byte(doc)); err != nil {
		t.Errorf("the report is not as its schema says: %v", err)
	}
	return r
}

// count returns how many findings of severity fail have the code.
func count(r *report.Report, code string) int {
	n := 0
	for _, f := range r.Findings {
		if f.Code == code && f.Severity == jobs.Fail {
			n++
		}
	}
	return n
}

func TestCheck(t *testing.T) {
	t.Parallel()
	input, out := demoMedia(t), t.TempDir()
	code, stdout, stderr := exec(t, nil, "check", input, "--format", "json", "--window", "5s", "--out", out)
	if code != report.ExitFindings || stderr != "" {
		t.Fatalf("exit status %d, stderr %q; want 3 and nothing", code, stderr)
	}
	r := parsed(t, stdout)
	for _, code := range []string{"video.black", "video.freeze", "audio.silence"} {
		if n := count(r, code); n != 2 {
			t.Errorf("%d failures of %s, want one in each of two renditions", n, code)
		}
	}
	t.Run("windows and slots do not matter", func(t *testing.T) {
		_, again, _ := exec(t, nil, "check", input, "--format", "json", "--window", "1h", "--slots", "1")
		if got := parsed(t, again).Digest; got != r.Digest {
			t.Errorf("digest %s, want %s", got, r.Digest)
		}
	})
	t.Run("fail-on", func(t *testing.T) {
		if code, _, stderr := exec(t, []string{"AIRCHECK_FAIL_ON=never"}, "check", input); code != 0 {
			t.Errorf("exit status %d, stderr %q; want 0", code, stderr)
		}
	})
	t.Run("out", func(t *testing.T) { testOut(t, out, stdout) })
	t.Run("rejudge", func(t *testing.T) { testRejudge(t, out, r) })
}

func testOut(t *testing.T, dir, printed string) {
	doc, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil || string(doc) != printed {
		t.Errorf("report.json differs from what was printed (%v)", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "report.txt")); err != nil || !bytes.HasPrefix(text, []byte("FAIL  ")) {
		t.Errorf("report.txt is %.20q, %v", text, err)
	}
	objects, err := filepath.Glob(filepath.Join(dir, "m", "s*", "*.parquet"))
	if err != nil || len(objects) < 2*4 {
		t.Errorf("%d measurements, want at least four windows of two sequences (%v)", len(objects), err)
	}
}

// testRejudge puts what --out wrote into a store: the layout is the same.
func testRejudge(t *testing.T, out string, r *report.Report) {
	store := t.TempDir()
	checks := filepath.Join(store, "checks")
	if err := os.Mkdir(checks, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(checks, r.Check.ID), os.DirFS(out)); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := exec(t, nil, "rejudge", r.Check.ID, "--store", store, "--profile", "default", "--format", "json")
	if code != report.ExitFindings {
		t.Fatalf("exit status %d, stderr %q", code, stderr)
	}
	if got := parsed(t, stdout).Digest; got != r.Digest {
		t.Errorf("the same profile gives digest %s, want %s", got, r.Digest)
	}
	_, stdout, _ = exec(t, nil, "rejudge", r.Check.ID, "--store", store, "--profile", "ebu-r128", "--format", "json")
	if strict := parsed(t, stdout); count(strict, "audio.loudness") == 0 || strict.Check.Profile.Name != "ebu-r128" {
		t.Errorf("profile %s finds no wrong loudness", strict.Check.Profile.Name)
	}
	if code, stdout, _ := exec(t, []string{"AIRCHECK_STORE=" + store}, "report", r.Check.ID); code != report.ExitFindings || !strings.Contains(stdout, "video.black") {
		t.Errorf("report: exit status %d, %q", code, stdout)
	}
}

func TestCheckOfWhatCannotBeRead(t *testing.T) {
	code, stdout, stderr := exec(t, nil, "check", filepath.Join(t.TempDir(), "nothing-here.mp4"))
	if code != report.ExitError || stdout != "" || !strings.Contains(stderr, "nothing-here.mp4") {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestCheckOfWhatIsNoMedia(t *testing.T) {
	file := filepath.Join(t.TempDir(), "noise.mp4")
	if err := os.WriteFile(file, bytes.Repeat([]byte("no media "), 1000), 0o666); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := exec(t, nil, "check", file, "--format", "json")
	if code != report.ExitFindings && code != report.ExitIncomplete {
		t.Fatalf("exit status %d, stderr %q; want 3 or 4", code, stderr)
	}
	if r := parsed(t, stdout); r.Verdict == jobs.VerdictPass || r.Verdict == jobs.VerdictWarn {
		t.Errorf("verdict %s", r.Verdict)
	}
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	input := demoMedia(t)
	code, stdout, stderr := exec(t, nil, "estimate", input, "--window", "5s", "--format", "json")
	var e priced
	if err := json.Unmarshal([]byte(stdout), &e); code != 0 || err != nil {
		t.Fatalf("exit status %d, stderr %q: %v", code, stderr, err)
	}
	if len(e.Sequences) != 2 || e.Windows < 8 || e.Media != 40 || e.Bytes == 0 || e.Exact {
		t.Errorf("estimate %+v", e)
	}
}

// TestCheckOutOnAFullDisk: the report is printed in spite of it, what was cut off is gone, nothing passes for a whole check, and the exit status says that --out is not what was asked for.
func TestCheckOutOnAFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	input := demoMedia(t)
	for _, full := range []string{"m/s0/000000.parquet", "evidence/index.json"} {
		out := t.TempDir()
		if err := os.MkdirAll(filepath.Join(out, filepath.Dir(full)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/dev/full", filepath.Join(out, full)); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := exec(t, nil, "check", input, "--out", out, "--format", "json")
		if code != report.ExitError || parsed(t, stdout).Digest == "" || !strings.Contains(stderr, "write --out: write "+filepath.Join(out, full)+": no space left on device") {
			t.Errorf("%s: exit status %d, stderr %q", full, code, stderr)
		}
		if _, err := os.Lstat(filepath.Join(out, full)); err == nil {
			t.Errorf("%s: what was cut off is still there", full)
		}
		if _, err := os.Stat(filepath.Join(out, "report.json")); (err == nil) != (full == "evidence/index.json") {
			t.Errorf("%s: report.json: %v", full, err)
		}
	}
}

// TestReferenceThatIsNoMedia: whoever gave the wrong file is told so; nothing was compared, which is no pass.
func TestReferenceThatIsNoMedia(t *testing.T) {
	t.Parallel()
	input, dir := demoMedia(t), t.TempDir()
	for content, want := range map[string]string{
		"":              "aircheck: open reference: nothing to compare with in ",
		"<html></html>": "is a web page (HTML)",
		"hello, world":  "nothing of the reference could be analysed: is it media?",
	} {
		reference := filepath.Join(dir, "reference.mp4")
		writeText(t, reference, content)
		code, stdout, stderr := exec(t, nil, "check", input, "--reference", reference, "--fail-on", "never")
		if status := code == report.ExitError && stdout == "" || content == "hello, world" && code == report.ExitIncomplete; !status || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%q: exit status %d, stderr %q; want %q", content, code, stderr, want)
		}
	}
}
