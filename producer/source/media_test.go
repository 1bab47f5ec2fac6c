package source

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
)

// mediaDir finds the folder of real samples beside the project; without it the test is skipped.
func mediaDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../../shared/media")
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, "README.md"))
	}
	if err != nil {
		if os.Getenv("AIRCHECK_REQUIRE") != "" {
			t.Fatal("no real media in ../shared/media")
		}
		t.Skip("no real media in ../shared/media")
	}
	return dir
}

func TestEveryRealSample(t *testing.T) {
	dir := mediaDir(t)
	origin := &fake.Origin{Dir: dir}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		tl, err := Open(context.Background(), origin, path)
		name := strings.TrimPrefix(path, dir+"/")
		if strings.HasSuffix(path, ".mpd") || strings.Contains(path, "/mpd/") {
			if jobs.ClassOf(err) != jobs.Permanent {
				t.Errorf("%s: error %v, want that DASH is not supported", name, err)
			}
			return nil
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return nil
		}
		checkTimeline(t, name, tl)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkTimeline asserts what holds for every timeline.
func checkTimeline(t *testing.T, name string, tl jobs.Timeline) {
	t.Helper()
	for _, s := range tl.Sequences {
		var at jobs.Micros
		for i, g := range s.Segments {
			if g.Index != i || g.Start != at || g.Duration < 0 || g.Length == 0 {
				t.Fatalf("%s: segment %d of %s is %+v, want it to start at %d", name, i, s.ID, g, at)
			}
			at += g.Duration
		}
		if s.Mode == jobs.ModeSegments && (at != s.Duration || len(s.Segments) == 0) || s.Mode == jobs.ModeObject && s.Object == nil {
			t.Fatalf("%s: sequence %s lasts %d, its %d segments %d", name, s.ID, s.Duration, len(s.Segments), at)
		}
	}
	if _, err := json.Marshal(tl); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
