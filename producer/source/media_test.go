package source

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
)

// mediaDir finds the folder of real samples beside the project; without it the test is skipped everywhere, because they cannot be installed.
func mediaDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../../shared/media")
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, "README.md"))
	}
	if err != nil {
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
		manifest := strings.HasSuffix(path, ".mpd") || strings.Contains(path, "/mpd/")
		if manifest && (tl.Kind != jobs.SourceDASH || len(tl.Sequences) == 0 && len(tl.Findings) == 0) {
			t.Errorf("%s: kind %q, nothing in it and nothing said of it", name, tl.Kind)
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

// What is known of single samples: see the README of the folder.
func TestRealSamples(t *testing.T) {
	dir := mediaDir(t)
	tests := []struct {
		name     string
		mode     jobs.SequenceMode
		seqs     int
		segments int // of the first sequence
		duration float64
		check    func(tl jobs.Timeline) bool
	}{
		{"moviepy/chaplin.mp4", jobs.ModeObject, 1, 0, 9.64, nil},
		{"moviepy/big_buck_bunny_0_30.webm", jobs.ModeObject, 1, 0, 30.003, nil},
		{"quietvoid/dovi/regular.mkv", jobs.ModeObject, 1, 0, 10.803, nil},
		{"androidx-media/mp4/long_1080p_lowbitrate.mp4", jobs.ModeObject, 1, 0, 362.766667, nil},
		{"androidx-media/mp4/sample_mdat_too_long.mp4", jobs.ModeObject, 1, 0, 1.02322, nil},
		{"androidx-media/ts/bbb_2500ms.ts", jobs.ModeSegments, 1, 2, 2.5, nil},
		{"androidx-media/dash/multi-period-with-offset/sample.video.mp4", jobs.ModeSegments, 1, 1, 1.001, nil},
		{"mp4ff/prog_8s_dec_dashinit.mp4", jobs.ModeSegments, 1, 2, 8, nil},
		{"mp4ff/prog_8s_enc_dashinit.mp4", jobs.ModeSegments, 1, 2, 8, nil},
		{"shaka-player/hls-multivideo/master.m3u8", jobs.ModeSegments, 9, 1, 4.040267, func(tl jobs.Timeline) bool {
			return tl.Sequences[0].Media == "audio" && tl.Sequences[3].Media == "video" && tl.Sequences[8].Variant.Width == 640
		}},
		{"shaka-player/hls-gap/playlist.m3u8", jobs.ModeSegments, 1, 8, 32.032, func(tl jobs.Timeline) bool {
			s := tl.Sequences[0].Segments
			return s[0].Gap && s[4].Gap && !s[1].Gap && !s[5].Gap
		}},
		{"shaka-player/hls-aes-256/media.m3u8", jobs.ModeSegments, 1, 5, 20, func(tl jobs.Timeline) bool {
			s := tl.Sequences[0].Segments
			return s[0].Key.Method == "AES-256" && s[2].Key.Method == "AES-256-CTR" && s[4].InitKey.URI == filepath.Join(dir, "shaka-player/hls-aes-256/init.key")
		}},
		{"shaka-player/hls-ts-rollover/playlist.m3u8", jobs.ModeSegments, 1, 10, 20, func(tl jobs.Timeline) bool {
			return tl.Sequences[0].Segments[9].ProgramTime.Second() == 35
		}},
		{"flutter-bee/hls/encrypted_bee.m3u8", jobs.ModeSegments, 1, 3, 4.037367, func(tl jobs.Timeline) bool {
			s := tl.Sequences[0].Segments
			return s[0].Length == 702180 && s[2].Length == 31960 && s[1].Key.URI == "https://flutter.github.io/assets-for-api-docs/assets/videos/hls/encrypted_bee.key"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tl, err := Open(context.Background(), &fake.Origin{Dir: dir}, filepath.Join(dir, tt.name))
			told := slices.ContainsFunc(tl.Findings, func(f jobs.Finding) bool { return f.Severity != jobs.Info })
			if err != nil || told || len(tl.Sequences) != tt.seqs {
				t.Fatalf("%d sequences, findings %+v, error %v", len(tl.Sequences), tl.Findings, err)
			}
			seq := tl.Sequences[0]
			if seq.Mode != tt.mode || len(seq.Segments) != tt.segments || seq.Duration.Seconds() != tt.duration || tt.check != nil && !tt.check(tl) {
				t.Errorf("%s of %g s: %+v", seq.Mode, seq.Duration.Seconds(), tl)
			}
		})
	}
}

// checkTimeline asserts what holds for every timeline.
func checkTimeline(t *testing.T, name string, tl jobs.Timeline) {
	t.Helper()
	for _, s := range tl.Sequences {
		var at jobs.Micros
		for i, g := range s.Segments {
			if g.Index != i || g.Start != at || g.Duration < 0 || g.Length == 0 && !g.Gap {
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
