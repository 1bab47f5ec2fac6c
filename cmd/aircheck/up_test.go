//go:build cgo

package main

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// begin starts a command that runs until stop is called, and returns when it has said what is wanted.
func begin(t *testing.T, want string, args ...string) (stop func() (code int, stderr string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var stderr lines
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, args, nil, io.Discard, &stderr) }()
	tick, deadline := time.NewTicker(20*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for !strings.Contains(stderr.String(), want) {
		select {
		case code := <-ended:
			t.Fatalf("%v ended with status %d: %s", args, code, stderr.String())
		case <-deadline:
			t.Fatalf("%v did not say %q: %s", args, want, stderr.String())
		case <-tick.C:
		}
	}
	return func() (int, string) { cancel(); return <-ended, stderr.String() }
}

// TestUpHasItsDirectoryAlone: two on one directory would follow each stream twice and send each alarm twice. The directory is free again when the first has ended.
func TestUpHasItsDirectoryAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		stop := begin(t, "aircheck: up at ", "up", "--data", dir)
		code, stdout, stderr := exec(t, nil, "up", "--data", dir)
		if code != 1 || stdout != "" || stderr != "aircheck: --data "+dir+" is in use by another 'aircheck up': end it, or give another directory\n" {
			t.Errorf("second up: exit status %d, stdout %q, stderr %q", code, stdout, stderr)
		}
		if code, _ := stop(); code != 0 {
			t.Errorf("first up: exit status %d", code)
		}
	}
}

// TestUpLeavesNothingBehind: what cannot begin makes no directory.
func TestUpLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	code, _, stderr := exec(t, nil, "up", "--data", filepath.Join(dir, "a", "b"), "--listen", taken.Addr().String())
	left, err := os.ReadDir(dir)
	if code != 1 || !strings.Contains(stderr, "address already in use: give another address with --listen") || err != nil || len(left) != 0 {
		t.Errorf("exit status %d, stderr %q, left %v, %v", code, stderr, left, err)
	}
}

// TestFollowSaysWhyThereIsNothing: a mistyped address is told at once, whatever is logged, and once; the error at the end says the last that was seen.
func TestFollowSaysWhyThereIsNothing(t *testing.T) {
	t.Parallel()
	login := filepath.Join(t.TempDir(), "login.m3u8")
	writeText(t, login, "<!DOCTYPE html><title>Who are you?</title>")
	for input, why := range map[string]string{login: "no playlist: it is a web page (HTML), as a site sends it that wants a login or has no such object", filepath.Join(t.TempDir(), "nothere.m3u8"): "playlist: not found"} {
		stop := begin(t, ": nothing was had yet: playlist.unavailable: playlist: ", "follow", input, "--name", "a", "--data", t.TempDir())
		code, stderr := stop()
		if code != 1 || strings.Count(stderr, "nothing was had yet") != 1 || !strings.Contains(stderr, "follow a: no segment could be had: playlist: ") || strings.Count(stderr, why) != 2 {
			t.Errorf("%s: exit status %d, stderr %s", input, code, stderr)
		}
	}
}
