package fold

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/storage/mem"
)

func newCheck(t *testing.T, windows int) *jobs.Check {
	t.Helper()
	profile, err := judge.LoadProfile("default", nil)
	if err != nil {
		t.Fatal(err)
	}
	check := &jobs.Check{ID: jobs.NewID(time.Now(), nil), Input: "a.wav", Queue: "vod", Profile: profile}
	check.Timeline = jobs.Timeline{Kind: jobs.SourceFile, Sequences: []jobs.Sequence{{
		ID: "s0", Mode: jobs.ModeObject, Duration: jobs.Micros(windows) * 1e6, Object: &jobs.Object{URI: "/a.wav", Size: 1},
	}}}
	for i := range windows {
		check.Windows = append(check.Windows, jobs.Window{
			Sequence: "s0", Index: i, Start: jobs.Micros(i) * 1e6, End: jobs.Micros(i+1) * 1e6, Head: i == 0, Foot: i == windows-1,
		})
	}
	return check
}

// empty is the measurement of a window in which there was nothing.
func empty(t *testing.T, h measurement.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := measurement.NewWriter(&b).Close(h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func header(window int, ffmpeg string) measurement.Header {
	return measurement.Header{Measure: jobs.MeasureVersion, FFmpeg: ffmpeg, Sequence: "s0", Window: window, Duration: 2e6}
}

func TestWindowRefusesWhatItIsNot(t *testing.T) {
	t.Parallel()
	newer, older := header(0, "5.1"), header(0, "5.1")
	newer.Measure++
	older.Measure--
	for name, tt := range map[string]struct {
		object []byte
		want   string
	}{
		"another window": {empty(t, header(1, "5.1")), "measures window 1"},
		"newer version":  {empty(t, newer), "newer release"},
		"older version":  {empty(t, older), "unknown version"},
		"no Parquet":     {[]byte("PAR1 and so on"), "window 0 of s0"},
		"nothing":        {nil, "window 0 of s0"},
	} {
		f, err := New(newCheck(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Window(jobs.Window{Sequence: "s0", Head: true, End: 1e6}, tt.object); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want something about %q", name, err, tt.want)
		}
	}
}

func TestStored(t *testing.T) {
	t.Parallel()
	ctx, a, check := t.Context(), archive.New(mem.New(nil)), newCheck(t, 3)
	if err := a.PutMeasurement(ctx, check.ID, check.Windows[0].ID(), empty(t, header(0, "6.0"))); err != nil {
		t.Fatal(err)
	}
	if err := a.PutOutcome(ctx, jobs.Outcome{Check: check.ID, Sequence: "s0", Window: 1, Class: jobs.Crash}); err != nil {
		t.Fatal(err)
	}
	if _, err := Stored(ctx, a, check); !errors.Is(err, storage.ErrNotFound) || jobs.ClassOf(err) != jobs.Permanent {
		t.Fatalf("window 2 is missing: %v", err)
	}
	if err := a.PutMeasurement(ctx, check.ID, check.Windows[2].ID(), empty(t, header(2, "5.1"))); err != nil {
		t.Fatal(err)
	}
	var digests []string
	for range 2 {
		f, err := Stored(ctx, a, check)
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Report("1.2.3", report.Run{Host: map[string]any{"n": len(digests)}})
		if err != nil {
			t.Fatal(err)
		}
		if v := r.Check.Versions; v.FFmpeg != "5.1, 6.0" || v.Aircheck != "1.2.3" {
			t.Errorf("versions %+v", v)
		}
		digests = append(digests, r.Digest)
	}
	if digests[0] != digests[1] {
		t.Errorf("digests %v differ", digests)
	}
}

// TestStoredNamesWhatCannotBeRead: all at once, and nothing that a newer release can read.
func TestStoredNamesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	ctx, a, check := t.Context(), archive.New(mem.New(nil)), newCheck(t, 5)
	older := header(3, "5.1")
	older.Measure--
	for i, object := range [][]byte{empty(t, header(0, "5.1")), []byte("PAR1 and so on"), empty(t, header(2, "5.1")), empty(t, older)} {
		if err := a.PutMeasurement(ctx, check.ID, check.Windows[i].ID(), object); err != nil {
			t.Fatal(err)
		}
	}
	put := func(window int, suffix, doc string) {
		if err := a.Store().Put(ctx, fmt.Sprintf("checks/%s/m/s0/%06d%s", check.ID, window, suffix), []byte(doc)); err != nil {
			t.Fatal(err)
		}
	}
	put(4, ".failed.json", `{"v":1}`)
	_, err := Stored(ctx, a, check)
	var lost *Unreadable
	if !errors.As(err, &lost) || jobs.ClassOf(err) != jobs.Permanent {
		t.Fatalf("%v, want an Unreadable", err)
	}
	want := map[jobs.WindowID]archive.Result{
		check.Windows[1].ID(): archive.Measured, check.Windows[3].ID(): archive.Measured, check.Windows[4].ID(): archive.Failed,
	}
	if !maps.Equal(lost.Results, want) || !strings.Contains(err.Error(), "window 1 of s0") {
		t.Errorf("lost %v: %v", lost.Results, err)
	}
	newer := header(1, "5.1")
	newer.Measure++
	put(1, ".parquet", string(empty(t, newer)))
	if _, err := Stored(ctx, a, check); errors.As(err, &lost) || jobs.ClassOf(err) != jobs.Transient {
		t.Errorf("a newer measurement: %v of class %s, want to wait for a newer judge", err, jobs.ClassOf(err))
	}
}
