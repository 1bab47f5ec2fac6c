package file

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
)

// clip makes a file with ffmpeg: a moving picture and noise, GOPs of one second unless args say otherwise.
func clip(t *testing.T, name, seconds string, args ...string) []byte {
	t.Helper()
	need.Tool(t, "ffmpeg")
	out := filepath.Join(t.TempDir(), name)
	cmd := []string{"-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", "anoisesrc=amplitude=0.1:sample_rate=48000"}
	cmd = append(cmd, "-t", seconds, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac", "-threads", "1")
	cmd = append(append(cmd, args...), out)
	if b, err := exec.Command("ffmpeg", cmd...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func probeBytes(t *testing.T, b []byte) (jobs.Timeline, *fake.Origin) {
	t.Helper()
	origin := &fake.Origin{Objects: map[string]string{"/clip": string(b)}}
	tl, err := Timeline(context.Background(), origin, "/clip")
	if err != nil {
		t.Fatal(err)
	}
	return tl, origin
}

// pkt is a packet as ffprobe sees it.
type pkt struct {
	kind string // video or audio
	pts  float64
	pos  int64
	key  bool
}

func packetsOf(t *testing.T, b []byte, ext string) []pkt {
	t.Helper()
	need.Tool(t, "ffprobe")
	name := filepath.Join(t.TempDir(), "part"+ext)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ffprobe", "-v", "error", "-show_entries", "packet=codec_type,pts_time,pos,flags", "-of", "csv=p=0:nk=1", name)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffprobe: %v", err)
	}
	r := csv.NewReader(bytes.NewReader(out))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []pkt
	last := map[string]int64{}
	for _, row := range rows {
		pts, _ := strconv.ParseFloat(row[1], 64)
		pos, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			pos = last[row[0]] // a further frame of the same PES packet
		}
		last[row[0]] = pos
		list = append(list, pkt{row[0], pts, pos, strings.HasPrefix(row[3], "K")})
	}
	return list
}

// part is what a worker would demux of a segment, and where the packets of the next segment begin in it.
func part(b []byte, s jobs.Segment) (data []byte, end int64) {
	init := b[s.Init.Offset : s.Init.Offset+s.Init.Length]
	data = append(append([]byte(nil), init...), b[s.Offset:s.Offset+s.Length+s.Tail]...)
	return data, int64(len(init)) + s.Length
}

// checkParts demuxes every segment by itself: together they must give every packet of the file once and in its segment, each segment must begin with a
// key frame, and its times must be those of the timeline.
func checkParts(t *testing.T, b []byte, ext string, tl jobs.Timeline) {
	t.Helper()
	want := map[string][]float64{}
	for _, p := range packetsOf(t, b, ext) {
		want[p.kind] = append(want[p.kind], p.pts)
	}
	got := map[string][]float64{}
	seq := tl.Sequences[0]
	first := -1.0
	for _, s := range seq.Segments {
		data, end := part(b, s)
		video := false
		for _, p := range packetsOf(t, data, ext) {
			if p.pos >= end {
				continue
			}
			got[p.kind] = append(got[p.kind], p.pts)
			if p.kind != "video" || video {
				continue
			}
			video = true
			if first < 0 {
				first = p.pts
			}
			if diff := p.pts - first - s.Start.Seconds(); !p.key || diff > 1e-4 || diff < -1e-4 {
				t.Errorf("segment %d starts at %g with a picture at %g, key %v", s.Index, s.Start.Seconds(), p.pts-first, p.key)
			}
		}
	}
	for kind := range want {
		slices.Sort(want[kind])
		slices.Sort(got[kind])
		if !slices.Equal(want[kind], got[kind]) {
			t.Errorf("%s: %d packets in %d segments, want %d", kind, len(got[kind]), len(seq.Segments), len(want[kind]))
		}
	}
}

func TestFragmentedMP4(t *testing.T) {
	tests := []struct {
		name string
		args []string
	}{
		{"a fragment a GOP", []string{"-movflags", "+frag_keyframe+empty_moov+default_base_moof"}},
		{"many fragments a GOP", []string{"-movflags", "+frag_every_frame+empty_moov+default_base_moof"}},
		{"with a segment index", []string{"-movflags", "+frag_keyframe+empty_moov+default_base_moof+global_sidx"}},
		{"cmaf", []string{"-movflags", "+cmaf+frag_keyframe", "-an"}},
		{"dash", []string{"-movflags", "+dash+frag_keyframe+empty_moov", "-an"}},
		{"B frames", []string{"-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-bf", "3", "-preset", "veryfast"}},
		{"negative composition offsets", []string{"-movflags", "+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets", "-bf", "2", "-preset", "veryfast"}},
		{"late start", []string{"-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-output_ts_offset", "1000"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := clip(t, "clip.mp4", "9.6", tt.args...)
			tl, _ := probeBytes(t, b)
			seq := tl.Sequences[0]
			if seq.Mode != jobs.ModeSegments || len(seq.Segments) != 5 || seq.Media != "video" || len(tl.Findings) > 0 {
				t.Fatalf("%s with %d segments of %q, findings %+v", seq.Mode, len(seq.Segments), seq.Media, tl.Findings)
			}
			if d := seq.Duration - 9_600_000; d < -1000 || d > 30_000 { // ffmpeg stretches the last picture to the end of the sound
				t.Errorf("duration %d", seq.Duration)
			}
			checkParts(t, b, ".mp4", tl)
		})
	}
}

func TestAudioAloneInFragments(t *testing.T) {
	b := clip(t, "clip.mp4", "9.6", "-vn", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "500000")
	tl, _ := probeBytes(t, b)
	seq := tl.Sequences[0]
	if seq.Mode != jobs.ModeSegments || len(seq.Segments) < 4 || seq.Media != "audio" {
		t.Fatalf("%s with %d segments of %q", seq.Mode, len(seq.Segments), seq.Media)
	}
	want := packetsOf(t, b, ".mp4")
	n := 0
	for _, s := range seq.Segments {
		data, _ := part(b, s)
		n += len(packetsOf(t, data, ".mp4"))
	}
	if n != len(want) {
		t.Errorf("%d packets, want %d", n, len(want))
	}
}

func TestProgressiveFiles(t *testing.T) {
	for _, args := range [][]string{
		{"clip.mp4"}, {"clip.mp4", "-movflags", "+faststart"}, {"clip.mov"}, {"clip.mkv"}, {"clip.mkv", "-reserve_index_space", "100k"},
		{"clip.wav", "-vn", "-c:a", "pcm_s24le"}, {"clip.wav", "-vn", "-c:a", "pcm_s16le", "-rf64", "always"},
	} {
		b := clip(t, args[0], "4", args[1:]...)
		tl, origin := probeBytes(t, b)
		seq := tl.Sequences[0]
		if seq.Mode != jobs.ModeObject || seq.Object.Size != int64(len(b)) || seq.Object.URI != "/clip" || seq.Object.ETag != "etag" || seq.Segments != nil {
			t.Errorf("%q: %+v", args, seq)
		}
		if d := seq.Duration - 4e6; d < -1000 || d > 60_000 {
			t.Errorf("%q: duration %d, want 4 s", args, seq.Duration)
		}
		if n := origin.Read(); n > 4*readAhead {
			t.Errorf("%q: read %d of %d bytes", args, n, len(b))
		}
	}
}

func TestTruncatedFragments(t *testing.T) {
	b := clip(t, "clip.mp4", "9.6", "-movflags", "+frag_keyframe+empty_moov+default_base_moof")
	whole, _ := probeBytes(t, b)
	cut := int64(len(b)) * 6 / 10
	tl, _ := probeBytes(t, b[:cut])
	seq := tl.Sequences[0]
	last := seq.Segments[len(seq.Segments)-1]
	if seq.Mode != jobs.ModeSegments || last.Offset+last.Length <= cut || len(seq.Segments) >= len(whole.Sequences[0].Segments) {
		t.Fatalf("%+v, want the last segment to go on beyond the end, so that a worker sees that it is cut short", seq)
	}
	if len(tl.Findings) != 0 {
		t.Errorf("findings %+v: it is for the worker and the judge to say", tl.Findings)
	}
	for i, s := range seq.Segments[:len(seq.Segments)-1] {
		if w := whole.Sequences[0].Segments[i]; s.Offset != w.Offset || s.Length != w.Length || s.Start != w.Start {
			t.Errorf("segment %d is %+v, want %+v", i, s, w)
		}
	}
}

// transport makes a transport stream of a few MB.
func transport(t *testing.T, args ...string) []byte {
	t.Helper()
	args = append([]string{"-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "1M", "-s", "640x360"}, args...)
	return clip(t, "clip.ts", "12", args...)
}

func TestTransportStream(t *testing.T) {
	tests := []struct {
		name string
		args []string
	}{
		{"h264", nil},
		{"B frames", []string{"-bf", "3", "-preset", "veryfast"}},
		{"clock wraps", []string{"-output_ts_offset", "95440"}},
		{"hevc", []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=25:pools=1:frame-threads=1:log-level=error"}},
		{"blu-ray", []string{"-mpegts_m2ts_mode", "1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := transport(t, tt.args...)
			tl, _ := probeBytes(t, b)
			seq := tl.Sequences[0]
			if seq.Mode != jobs.ModeSegments || len(seq.Segments) < 3 || seq.Media != "video" {
				t.Fatalf("%s with %d segments for %d bytes", seq.Mode, len(seq.Segments), len(b))
			}
			if d := seq.Duration - 12e6; d < -1000 || d > 1000 {
				t.Errorf("duration %d", seq.Duration)
			}
			end := int64(0)
			for _, s := range seq.Segments {
				if s.Offset != end || s.Init.Length > maxTables || s.Init.Length < 2*plainPacket {
					t.Errorf("segment %d at %d, want it at %d; tables of %d bytes", s.Index, s.Offset, end, s.Init.Length)
				}
				end = s.Offset + s.Length
			}
			if end != int64(len(b)) {
				t.Errorf("segments end at %d of %d", end, len(b))
			}
			if tt.name != "clock wraps" { // ffprobe undoes the wrap only where it sees it
				checkParts(t, b, ".ts", tl)
			}
		})
	}
}
