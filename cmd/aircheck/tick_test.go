package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"aircheck/jobs"
	"aircheck/producer/submit"
)

func TestTickID(t *testing.T) {
	t.Parallel()
	var o submit.Options
	o.Profile.Seal()
	first := tickID("2026-11-22T03:00:00Z", "/a.mp4", o)
	if again := tickID("2026-11-22T04:00:00+01:00", "/a.mp4", o); again != first || !jobs.ValidID(first) {
		t.Errorf("one time written in two ways is %q and %q", first, again)
	}
	fast := o
	fast.Depth = jobs.DepthFast
	for what, id := range map[string]string{
		"another tick": tickID("2026-11-22T03:00:01Z", "/a.mp4", o), "another input": tickID("2026-11-22T03:00:00Z", "/b.mp4", o),
		"another depth": tickID("2026-11-22T03:00:00Z", "/a.mp4", fast), "a text": tickID("nightly", "/a.mp4", o),
	} {
		if id == first || !jobs.ValidID(id) {
			t.Errorf("%s has the id %q", what, id)
		}
	}
}

// TestSameTickTwiceIsOneCheck: the second run prints the same id, submits nothing, and is no failure.
func TestSameTickTwiceIsOneCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	input := filepath.Join(dir, "a.m3u8")
	playlist := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\ns0.ts\n#EXT-X-ENDLIST\n"
	if err := os.WriteFile(input, []byte(playlist), 0o600); err != nil {
		t.Fatal(err)
	}
	redis := miniredis.RunT(t)
	env := []string{"AIRCHECK_STORE=" + filepath.Join(dir, "store"), "AIRCHECK_REDIS=redis://" + redis.Addr() + "/0"}
	printed := map[string]int{}
	for _, tick := range []string{"2026-11-22", "2026-11-22", "2026-11-23"} {
		code, stdout, stderr := exec(t, env, "submit", "--tick", tick, input)
		if code != 0 || !jobs.ValidID(strings.TrimSpace(stdout)) {
			t.Fatalf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
		}
		printed[strings.TrimSpace(stdout)]++
	}
	manifests, err := filepath.Glob(filepath.Join(dir, "store", "checks", "*", "manifest.json"))
	if err != nil || len(printed) != 2 || len(manifests) != 2 {
		t.Errorf("ids %v, manifests %v, %v; want two checks of three runs", printed, manifests, err)
	}
}
