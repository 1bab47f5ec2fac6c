package hls

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
)

// What FFmpeg makes out of the box is played everywhere, so nothing above info is told of it; what it leaves out is info.
func TestPlaylistsOfFFmpeg(t *testing.T) {
	ffmpeg := need.Tool(t, "ffmpeg")
	tests := []struct {
		name, top string
		args      string
		want      []string
	}{
		{"MPEG-TS", "m.m3u8", "-hls_playlist_type vod m.m3u8", nil},
		{"fragmented MP4", "m.m3u8", "-hls_playlist_type vod -hls_segment_type fmp4 m.m3u8", nil},
		{"one file", "m.m3u8", "-hls_playlist_type vod -hls_flags single_file m.m3u8", nil},
		{"event", "m.m3u8", "-hls_playlist_type event m.m3u8", nil},
		{"live", "m.m3u8", "-hls_flags omit_endlist+program_date_time m.m3u8", []string{"playlist.live_window"}}, // five segments by default
		{"master", "master.m3u8", "-hls_playlist_type vod -master_pl_name master.m3u8 m.m3u8", []string{
			"playlist.average_bandwidth_missing", "playlist.frame_rate_missing", "playlist.iframes_missing",
		}},
		{"ladder", "master.m3u8", "-hls_playlist_type vod -hls_flags independent_segments -master_pl_name master.m3u8 -var_stream_map v:0,agroup:a|v:1,agroup:a|a:0,agroup:a v%v.m3u8", []string{
			"playlist.average_bandwidth_missing", "playlist.frame_rate_missing", "playlist.iframes_missing",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			args := strings.Fields("-v error -f lavfi -i testsrc2=s=64x64:r=25:d=14 -f lavfi -i sine=d=14 -c:v libx264 -preset ultrafast -g 50 -c:a aac -map 0:v -map 0:v -map 1:a -f hls -hls_time 2")
			if tt.name != "live" {
				args = append(args, "-hls_list_size", "0")
			}
			if tt.name != "ladder" {
				args = slices.Delete(args, slices.Index(args, "-map"), slices.Index(args, "-map")+2)
			}
			for _, a := range strings.Fields(tt.args) {
				args = append(args, strings.ReplaceAll(a, "|", " "))
			}
			cmd := exec.CommandContext(t.Context(), ffmpeg, args...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			tl, err := open(&fake.Origin{Dir: dir}, filepath.Join(dir, tt.top))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range tl.Findings {
				if f.Severity != jobs.Info {
					t.Errorf("%s %s: %s", f.Severity, f.Code, f.Message)
				}
				if !strings.HasPrefix(f.Code, "ladder.") { // whether the sound is a frame longer depends on the encoder
					got = append(got, f.Code)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("told %q, want %q", got, tt.want)
			}
		})
	}
}
