//go:build cgo

package slicing

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/storage/origin"
)

// mutation breaks one rule of packaging in a clean stream.
type mutation struct {
	name string
	make func(t *testing.T, dir string) string
	// mutate changes the playlist, given in lines, or the segments beside it; nil changes nothing.
	mutate func(t *testing.T, dir string, lines []string) []string
	// rules are the codes of the findings of rules that are about media, with their severities.
	rules []string
	// others are codes of further findings that must be there: the alarm of what is told elsewhere.
	others []string
}

// x264 at 25 frames a second with a closed GOP a segment.
func closedGOPs(extra ...string) []string {
	return append([]string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-g", "25", "-bf", "2", "-sc_threshold", "0", "-c:a", "aac", "-b:a", "96k"}, extra...)
}

func mutations() []mutation {
	ts := func(name string) func(*testing.T, string) string {
		return copied(name, clip{name: "closed GOPs in transport streams", make: hls("closed-ts", "mpegts", 1, closedGOPs()...)})
	}
	fmp4 := func(name string) func(*testing.T, string) string {
		return copied(name, clip{name: "closed GOPs in fragmented mp4", make: hls("closed-fmp4", "fmp4", 1, closedGOPs()...)})
	}
	return []mutation{
		{name: "clean transport streams", make: ts("ma")},
		{name: "clean fragmented mp4", make: fmp4("mb")},
		{name: "clean sound", make: hls("mc", "mpegts", 1, "-vn", "-c:a", "aac")},
		{name: "clean hevc", make: hls("md", "fmp4", 1, "-pix_fmt", "yuv420p", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=25:open-gop=0", "-tag:v", "hvc1", "-c:a", "aac")},
		{name: "clean dash", make: dash("mz")},
		{name: "EXTINF too short", make: ts("me"), mutate: swap("#EXTINF:1.000000,\n004.", "#EXTINF:0.300000,\n004."), rules: []string{"warn segment.duration_mismatch"}},
		{name: "EXTINF too long", make: fmp4("mf"), mutate: swap("#EXTINF:1.000000,\n004.", "#EXTINF:1.400000,\n004."), rules: []string{"info segment.duration_mismatch"}},
		{name: "EXTINF a little off", make: ts("mg"), mutate: swap("#EXTINF:1.000000,\n004.", "#EXTINF:1.200000,\n004."), rules: []string{"info segment.duration_mismatch"}},
		{name: "EXTINF that add up to too much", make: ts("mh"), mutate: swap("#EXTINF:1.000000,", "#EXTINF:1.200000,"), rules: []string{"info playlist.duration_drift"}},
		{name: "EXTINF in whole seconds", make: hls("mi", "mpegts", 1.2, closedGOPs("-g", "30")...), mutate: swap("#EXTINF:1.200000,", "#EXTINF:1,", "#EXTINF:0.800000,", "#EXTINF:1,")},
		{name: "segments inside GOPs", make: hls("q", "mpegts", 1, closedGOPs("-g", "40")...), rules: []string{"warn segment.no_keyframe"}},
		{name: "open GOPs", make: hls("mk", "mpegts", 1, closedGOPs("-x264-params", "open-gop=1")...), rules: []string{"info segment.no_keyframe"}},
		{name: "key frames far apart", make: hls("ml", "mpegts", 3, closedGOPs("-g", "75")...), rules: []string{"info playlist.key_frame_interval"}},
		{name: "no PAT", make: ts("mm"), mutate: packets("003.ts", func(pid, _ int) bool { return pid != 0 }), rules: []string{"warn segment.no_psi"}},
		{name: "no PAT and no PMT", make: ts("mj"), mutate: packets("003.ts", func(pid, _ int) bool { return pid != 0 && pid != 4096 }), rules: []string{"warn segment.no_psi"}},
		{name: "PAT and PMT late", make: ts("mn"), mutate: late("003.ts"), rules: []string{"warn segment.no_psi"}},
		{name: "a packet is missing", make: ts("mo"), mutate: packets("003.ts", func(_, n int) bool { return n != 20 }), rules: []string{"warn segment.continuity"}},
		{name: "a packet is marked", make: ts("mp"), mutate: marked("003.ts"), rules: []string{"warn segment.transport_error"}},
		{name: "bytes between packets", make: ts("mq"), mutate: padded("003.ts"), rules: []string{"info segment.stray_bytes"}},
		{name: "a discontinuity that is none", make: ts("mr"), mutate: swap("#EXTINF:1.000000,\n004.", "#EXT-X-DISCONTINUITY\n#EXTINF:1.000000,\n004."), rules: []string{"info playlist.discontinuity_needless"}},
		{name: "a discontinuity", make: discontinuity("ms")},
		{name: "other streams", make: ts("mt"), mutate: replaced("mu", closedGOPs("-hls_segment_options", "mpegts_start_pid=500")...), rules: []string{"info playlist.discontinuity_missing"}},
		{name: "another clock", make: ts("mv"), mutate: replaced("mw", closedGOPs("-output_ts_offset", "100")...), others: []string{"timestamp.gap"}},
		{name: "another size", make: ts("mx"), mutate: replaced("my", closedGOPs("-s", "96x54")...), others: []string{"video.format_change"}},
	}
}

// TestOneRuleForEachFault: a clean stream breaks no rule about media, one that is broken in one way breaks exactly that one, and the report does not depend on the cut.
func TestOneRuleForEachFault(t *testing.T) {
	need.Tool(t, "ffmpeg")
	dir := t.TempDir()
	for _, m := range mutations() {
		t.Run(m.name, func(t *testing.T) {
			input := m.make(t, dir)
			if m.mutate != nil {
				text := m.mutate(t, filepath.Dir(input), lines(t, input))
				write(t, input, []byte(strings.Join(text, "\n")+"\n"))
			}
			org := origin.New(origin.Config{})
			check := newCheck(t, org, input)
			holds(t, report(t, check, cut(check.Timeline, nil), here(org)), m)
			sameInAnyCut(t, check, min(*seeds, 4), here(org))
		})
	}
}

// TestRealStreamsBreakNoRuleAboutMedia: what others have packaged well has no warning from the rules about segments, but where it is truly wrong.
func TestRealStreamsBreakNoRuleAboutMedia(t *testing.T) {
	dir := os.Getenv("AIRCHECK_MEDIA")
	if dir == "" {
		t.Skip("AIRCHECK_MEDIA does not name the directory of the clips")
	}
	org := origin.New(origin.Config{})
	for input, wrong := range map[string][]string{
		"flutter-bee/hls/bee.m3u8":                                nil,
		"flutter-bee/hls/bee_audio_only.m3u8":                     nil,
		"shaka-player/hls-ts-rollover/playlist.m3u8":              nil,
		"shaka-player/hls-gap/playlist.m3u8":                      nil,
		"shaka-player/hls-interstitial/main.m3u8":                 nil,
		"shaka-player/hls-multivideo/master.m3u8":                 nil,
		"androidx-media/hls/multi-segment/playlist.m3u8":          nil,
		"androidx-media/hls/cea608/manifest.m3u8":                 nil,
		"livesim2/testpic_2s/Manifest.mpd":                        nil,
		"livesim2/testpic_2s_av1/Manifest.mpd":                    nil,
		"livesim2/ads/train_ad/manifest.mpd":                      nil,
		"androidx-media/dash/multi-period-with-offset/sample.mpd": nil,
		// The manifest says High profile, the pictures are 4:4:4 in High 4:4:4 Predictive: browsers do not play them.
		"androidx-media/dash/multi-segment-with-emsg1/manifest.mpd": {"playlist.codecs_mismatch"},
	} {
		t.Run(input, func(t *testing.T) {
			check := newCheck(t, org, filepath.Join(dir, input))
			var r jobs.Result
			if err := json.Unmarshal(report(t, check, cut(check.Timeline, nil), here(org)), &r); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range r.Findings {
				if f.Severity != jobs.Info && slices.Contains(aboutMedia(), f.Code) {
					got = append(got, f.Code)
				}
			}
			if !slices.Equal(got, wrong) {
				t.Errorf("warnings %q, want %q", got, wrong)
			}
		})
	}
}

// aboutMedia are the codes of the rules about segments.
func aboutMedia() []string {
	return []string{
		"segment.duration_mismatch", "playlist.duration_drift", "segment.no_keyframe", "segment.no_psi", "segment.continuity", "segment.transport_error", "segment.stray_bytes",
		"playlist.discontinuity_missing", "playlist.codecs_mismatch", "playlist.resolution_mismatch", "playlist.frame_rate_mismatch",
	}
}

// holds compares the findings of a report with what a mutation should give.
func holds(t *testing.T, b []byte, m mutation) {
	t.Helper()
	var r jobs.Result
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		if _, ok := jobs.RuleOf(f.Code); ok && f.Start < f.End {
			got = append(got, fmt.Sprintf("%s %s", f.Severity, f.Code))
		}
	}
	if !slices.Equal(got, m.rules) {
		t.Errorf("rules %q, want %q", got, m.rules)
		for _, f := range r.Findings {
			t.Logf("%s %s %.3f-%.3f %s", f.Severity, f.Code, f.Start, f.End, f.Message)
		}
	}
	for _, code := range m.others {
		if !slices.ContainsFunc(r.Findings, func(f jobs.Finding) bool { return f.Code == code && f.Severity != jobs.Info }) {
			t.Errorf("no alarm of %s", code)
		}
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// swap replaces text of the playlist.
func swap(pairs ...string) func(*testing.T, string, []string) []string {
	return func(t *testing.T, _ string, list []string) []string {
		text := strings.Join(list, "\n")
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(text, pairs[i]) {
				t.Fatalf("there is no %q in %s", pairs[i], text)
			}
		}
		return strings.Split(strings.NewReplacer(pairs...).Replace(text), "\n")
	}
}

const tsPacket = 188

// edited changes the packets of a segment.
func edited(name string, edit func(list [][]byte) [][]byte) func(*testing.T, string, []string) []string {
	return func(t *testing.T, dir string, text []string) []string {
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, slices.Concat(edit(slices.Collect(slices.Chunk(b, tsPacket)))...))
		return text
	}
}

// packets keeps those of a segment's packets that are wanted.
func packets(name string, keep func(pid, n int) bool) func(*testing.T, string, []string) []string {
	return edited(name, func(list [][]byte) [][]byte {
		var kept [][]byte
		for n, p := range list {
			if keep(int(p[1]&0x1f)<<8|int(p[2]), n) {
				kept = append(kept, p)
			}
		}
		return kept
	})
}

// late moves the first three packets, which ffmpeg makes SDT, PAT and PMT, behind the next two.
func late(name string) func(*testing.T, string, []string) []string {
	return edited(name, func(list [][]byte) [][]byte {
		return slices.Concat(list[3:5], list[:3], list[5:])
	})
}

// marked says of one packet that it is damaged.
func marked(name string) func(*testing.T, string, []string) []string {
	return edited(name, func(list [][]byte) [][]byte {
		list[20][1] |= 0x80
		return list
	})
}

func padded(name string) func(*testing.T, string, []string) []string {
	return edited(name, func(list [][]byte) [][]byte {
		return slices.Concat(list[:30], [][]byte{[]byte("stray")}, list[30:])
	})
}

// replaced takes the segments from the fifth on from another encoding of the same.
func replaced(name string, args ...string) func(*testing.T, string, []string) []string {
	return func(t *testing.T, dir string, text []string) []string {
		other := filepath.Dir(hls(name, "mpegts", 1, args...)(t, filepath.Dir(dir)))
		for i := 4; i < 8; i++ {
			segment := fmt.Sprintf("%03d.ts", i)
			b, err := os.ReadFile(filepath.Join(other, segment))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, segment), b)
		}
		return text
	}
}
