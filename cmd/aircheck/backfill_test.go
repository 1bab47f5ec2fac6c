package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"aircheck/jobs"
	"aircheck/producer/backfill"
	"aircheck/producer/source/recording"
	"aircheck/report"
)

const shortPlaylist = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\ns0.ts\n#EXTINF:4,\ns1.ts\n#EXT-X-ENDLIST\n"

func writeText(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func manifests(t *testing.T, store string) int {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(store, "checks", "*", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestBackfillUsage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"news"}, "--from is missing"},
		{[]string{"news", "--from", "yesterday"}, "is no time"},
		{[]string{"news", "--from", "now", "--to", "-1h"}, "there is no time"},
		{[]string{"--from", "-1h"}, "no stream, no prefix and no layout"},
		{[]string{"news", "--from", "-1h", "--layout", "/x/{yyyy}{mm}{dd}"}, "names the whole place"},
		{[]string{"--from", "-1h", "--layout", "/x/{yyyy}"}, "{mm} is missing"},
		{[]string{"https://host/vod/", "--from", "-1h"}, "cannot be listed"},
		{[]string{"news", "--from", "-1h", "--timezone", "Mars/Olympus"}, "--timezone"},
		{[]string{"news", "--from", "-1h", "--queue", "fast"}, "--queue"},
		{[]string{"news", "--from", "-1h", "--rate", "NaN"}, "--rate"},
		{[]string{"news", "--from", "-1h", "--core-speed", "0"}, "--core-speed"},
		{[]string{"news", "--from", "-1h", "--format", "xml"}, `"xml"`},
		{[]string{"news", "--from", "-1h", "--window", "301s"}, "an hour"},
		{[]string{"news", "--from", "-1h"}, "--store is missing"},
	} {
		code, stdout, stderr := exec(t, nil, append([]string{"backfill"}, tt.args...)...)
		if code != report.ExitUsage || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q; want 2 and something about %s", tt.args, code, stdout, stderr, tt.want)
		}
	}
}

// TestBackfillTwice: the dry run writes nothing, the first run submits, the second finds all there.
func TestBackfillTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, hour := range []string{"03", "04", "07"} {
		writeText(t, filepath.Join(dir, "vod/2026/11/22", hour, "master.m3u8"), shortPlaylist)
	}
	writeText(t, filepath.Join(dir, "vod/2026/11/22/08/master.m3u8"), "#EXTM3U\nnonsense: {\x00")
	store := filepath.Join(dir, "store")
	env := []string{"AIRCHECK_STORE=" + store, "AIRCHECK_REDIS=redis://" + miniredis.RunT(t).Addr() + "/0", "AIRCHECK_WINDOW=4s"}
	layout := filepath.Join(dir, "vod/{yyyy}/{mm}/{dd}/{hh}/master.m3u8")
	args := []string{"backfill", "--layout", layout, "--from", "2026-11-22", "--to", "2026-11-22T08:00", "--rate", "0"}
	code, stdout, stderr := exec(t, env, append(args, "--dry-run")...)
	if code != 0 || manifests(t, store) != 0 || !strings.Contains(stdout, "2026-11-22  3       6        0.0 h") || !strings.Contains(stdout, "a core-hour") {
		t.Fatalf("dry run: exit status %d, %d checks, stdout %q, stderr %q", code, manifests(t, store), stdout, stderr)
	}
	for round, want := range []int{3, 0} {
		code, stdout, stderr = exec(t, env, append(args, "--format", "json")...)
		d := json.NewDecoder(strings.NewReader(stdout))
		var plan struct {
			Total backfill.Total
			Items []backfill.Planned
		}
		if err := d.Decode(&plan); err != nil || code != 0 || plan.Total.Checks != want || plan.Total.Present != 3-want {
			t.Fatalf("round %d: exit status %d, %v, plan %+v, stderr %q", round, code, err, plan, stderr)
		}
		lines := 0
		for d.More() {
			var one submitted
			if err := d.Decode(&one); err != nil || !jobs.ValidID(one.ID) || one.Windows != 2 {
				t.Fatalf("line %+v, %v", one, err)
			}
			lines++
		}
		if lines != want || manifests(t, store) != 3 {
			t.Errorf("round %d: %d lines and %d checks", round, lines, manifests(t, store))
		}
	}
}

// TestBackfillSaysWhatHasNoDate: what lies there and is not taken is not passed over in silence.
func TestBackfillSaysWhatHasNoDate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a/master.m3u8", "b/master.m3u8", "2026-11-22/master.m3u8"} {
		writeText(t, filepath.Join(dir, "vod", name), shortPlaylist)
	}
	args := []string{"backfill", filepath.Join(dir, "vod") + "/", "--from", "2026-11-22", "--to", "2026-11-23", "--rate", "0", "--dry-run", "--store", filepath.Join(dir, "store")}
	code, stdout, stderr := exec(t, nil, args...)
	want := "aircheck: left out 2 without a date in the address, such as " + filepath.Join(dir, "vod/a/master.m3u8") + ": 'aircheck submit' checks them\n"
	if code != 0 || !strings.Contains(stdout, "2026-11-22  1 ") || stderr != want {
		t.Errorf("exit status %d, stdout %q, stderr %q, want %q", code, stdout, stderr, want)
	}
}

// TestBackfillArchive finds the recordings of a stream by its name, and says what cannot be read.
func TestBackfillArchive(t *testing.T) {
	t.Parallel()
	store := t.TempDir()
	doc, err := recording.Encode(&recording.Recording{
		Stream: "news", Begin: time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC), Check: "news-20261122T18",
		Timeline: jobs.Timeline{Kind: jobs.SourceHLS, Sequences: []jobs.Sequence{{
			ID: "s0", Mode: jobs.ModeSegments, Media: "video", Duration: 4e6, Segments: []jobs.Segment{{
				ByteRange: jobs.ByteRange{URI: "s0/1.ts", Length: 1000}, Duration: 4e6,
			}},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(store, "streams/news/2026-11-22/18/recording.json"), string(doc))
	writeText(t, filepath.Join(store, "streams/news/2026-11-22/19/recording.json"), `{"schema":"aircheck.recording/v1", broken`)
	env := []string{"AIRCHECK_STORE=" + store, "AIRCHECK_REDIS=redis://" + miniredis.RunT(t).Addr() + "/0"}
	code, stdout, stderr := exec(t, env, "backfill", "news", "--from", "2026-11-22", "--to", "2026-11-23", "--rate", "0")
	if code != report.ExitError || manifests(t, store) != 1 || !strings.Contains(stdout, "1 that cannot be read") || !strings.Contains(stderr, "decode recording") ||
		!strings.Contains(stderr, "1 checks submitted with 1 windows") {
		t.Errorf("exit status %d, %d checks, stdout %q, stderr %q", code, manifests(t, store), stdout, stderr)
	}
}

// TestBackfillPrefix finds what has a date in its key, and refuses a directory that is not there.
func TestBackfillPrefix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 3 {
		writeText(t, filepath.Join(dir, "vod", fmt.Sprintf("2026-11-2%d", i), "index.m3u8"), shortPlaylist)
	}
	env := []string{"AIRCHECK_STORE=" + filepath.Join(dir, "store")}
	code, stdout, stderr := exec(t, env, "backfill", filepath.Join(dir, "vod"), "--from", "2026-11-21", "--to", "2026-11-23", "--dry-run")
	if code != 0 || !strings.Contains(stdout, "2026-11-21  1 ") || !strings.Contains(stdout, "all         2 ") {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	nowhere := filepath.Join(dir, "nowhere/")
	if code, _, stderr := exec(t, env, "backfill", nowhere+"/", "--from", "-1h", "--dry-run"); code != report.ExitError || !strings.Contains(stderr, "not found") {
		t.Errorf("exit status %d, stderr %q", code, stderr)
	}
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("looking for a directory has made it")
	}
}
