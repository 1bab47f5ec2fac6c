package hls

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
)

// What is truly wrong with the playlists of other projects, by the end of their names; all others have nothing above info. The messages are the reasons.
var wrongMedia = map[string][]string{
	// Test data that names playlists which are not there, or lie outside of their directory.
	"/live_low_latency_multivariant": {
		"fail playlist.invalid: media0/playlist.m3u8: cannot be read: no such playlist",
		"fail playlist.invalid: media1/playlist.m3u8: cannot be read: no such playlist",
	},
	"/live_low_latency_multivariant_media_uri_with_param": {
		"fail playlist.invalid: media0/playlist.m3u8: cannot be read: no such playlist", // a file has no parameters
	},
	"/live_low_latency_multivariant_with_audio_renditions": {
		"fail playlist.invalid: english/audio-playlist.m3u8: cannot be read: no such playlist",
		"fail playlist.invalid: german/audio-playlist.m3u8: cannot be read: no such playlist",
		"fail playlist.invalid: media0/playlist.m3u8: cannot be read: no such playlist",
		"fail playlist.invalid: media1/playlist.m3u8: cannot be read: no such playlist",
	},
	"/multivariant_with_content_steering": {
		"fail playlist.invalid: playlist line 10: /cdn-b/360p.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 4: /cdn-a/720p.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 6: /cdn-a/360p.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 8: /cdn-b/720p.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist: no variant that can be read",
	},
	"/multivariant_with_redundant_variants_and_renditions": {
		"fail playlist.invalid: playlist line 11: /media-b/low.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 14: /media/subs.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 15: /media-b/subs.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 17: /media/audio.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 18: /media-b/audio.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 4: /media/high.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 6: /media-b/high.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist line 9: /media/low.m3u8: reference refused: the file lies outside the input's directory",
		"fail playlist.invalid: playlist: no variant that can be read",
	},
	// Nothing to play in them.
	"/media_playlist_empty":      {"fail playlist.invalid: playlist: no media segments"},
	"/media_playlist_live_empty": {"fail playlist.invalid: playlist: no media segments"},
	"/media_playlist_vod_empty":  {"fail playlist.invalid: playlist: no media segments"},
	"/live_low_latency_parts_only": {
		"fail playlist.invalid: playlist: no media segments",
		"warn playlist.low_latency: playlist line 4: EXT-X-PART-INF without a PART-HOLD-BACK in EXT-X-SERVER-CONTROL",
	},
	// EXT-X-TARGETDURATION must be there.
	"/media_playlist":                      {"warn playlist.target_duration: playlist: no EXT-X-TARGETDURATION"},
	"/media_playlist_independent_segments": {"warn playlist.target_duration: playlist: no EXT-X-TARGETDURATION"},
}

// PART-HOLD-BACK must be there with EXT-X-PART-INF; the playlists of these names have none.
const noPartHoldBack = "warn playlist.low_latency: playlist line 4: EXT-X-PART-INF without a PART-HOLD-BACK in EXT-X-SERVER-CONTROL"

func wrongWith(path string) []string {
	if list, ok := wrongMedia[path[strings.LastIndexByte(path, '/'):]]; ok {
		return list
	}
	if strings.Contains(path, "can_block_reload_low_latency") || strings.Contains(path, "segments_and_parts") || strings.Contains(path, "single_preload_part") {
		return []string{noPartHoldBack}
	}
	return nil
}

// mediaDir is the directory of clips of other projects.
func mediaDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("AIRCHECK_MEDIA")
	if dir == "" {
		t.Skip("AIRCHECK_MEDIA does not name the directory of the clips")
	}
	return dir
}

// Every playlist of other projects is read or refused with a message, and nothing above info is told of those that are right.
func TestPlaylistsOfOtherProjects(t *testing.T) {
	dir := mediaDir(t)
	count := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".m3u8") && !strings.Contains(path, "/m3u8/") {
			return err
		}
		count++
		tl, err := open(&fake.Origin{Dir: dir}, path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		var got []string
		for _, f := range tl.Findings {
			if f.Severity != jobs.Info {
				got = append(got, fmt.Sprintf("%s %s: %s", f.Severity, f.Code, f.Message))
			}
		}
		slices.Sort(got)
		if want := wrongWith(path); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", path, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		return nil
	})
	if err != nil || count < 34 {
		t.Errorf("%d playlists, %v", count, err)
	}
}

// The players' own tests know where the interstitials of these lie.
func TestInterstitialsOfOtherProjects(t *testing.T) {
	dir := mediaDir(t)
	for name, want := range map[string]string{
		"main.m3u8": "daterange break \"0\" [2, 2] interstitial\ndaterange break \"1\" [4, 4] interstitial",
		"list.m3u8": "daterange break \"ad-break\" [2, 10] interstitial",
	} {
		tl, err := open(&fake.Origin{Dir: dir}, filepath.Join(dir, "shaka-player/hls-interstitial", name))
		if got := marked(tl.Markers); err != nil || got != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}
