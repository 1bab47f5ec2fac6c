//go:build cgo

package slicing

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// clip is a stream to cut: made once by the ffmpeg command line, small so that hundreds of cuts are cheap.
type clip struct {
	name string
	make func(t *testing.T, dir string) string // returns the input
}

// A moving picture with a black in it from frame 40 to 69 and a still from frame 100 on for 60 frames; neither stands on a border of the GOPs below.
const picture = "mandelbrot=size=160x90:rate=25:end_pts=4000:start_scale=2:end_scale=0.002,trim=duration=8,loop=loop=59:size=1:start=100,setpts=N/25/TB," +
	"drawbox=x=0:y=0:w=iw:h=ih:color=black:t=fill:enable='between(n,40,69)'"

// Noise in stereo with a silence of 3.1 s.
const sound = "aevalsrc='(random(0)*2-1)*0.1*not(between(t,2.2,5.3))|(random(1)*2-1)*0.1*not(between(t,2.2,5.3))':s=48000:d=8"

func clips() []clip {
	x264 := []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "24"}
	aac := []string{"-c:a", "aac", "-b:a", "96k"}
	base := func(extra ...string) []string { return append(append(append([]string{}, x264...), aac...), extra...) }
	return []clip{
		{"mp4", file("a.mp4", base("-g", "12")...)},
		{"mp4 with long GOPs and B frames", file("b.mp4", base("-g", "70", "-bf", "3")...)},
		{"mp4 with open GOPs", file("c.mp4", base("-g", "20", "-x264-params", "open-gop=1:bframes=2")...)},
		{"mp4 with variable frame rate", file("d.mp4", base("-g", "15", "-vf", "select='not(eq(mod(n,7),3)+between(n,120,128))'", "-vsync", "passthrough")...)},
		{"fragmented mp4", file("e.mp4", base("-g", "10", "-movflags", "+frag_keyframe+empty_moov+default_base_moof")...)},
		{"matroska", file("f.mkv", base("-g", "18")...)},
		{"webm", file("g.webm", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "20", "-c:a", "libopus")},
		{"wav", file("h.wav", "-vn", "-c:a", "pcm_s24le")},
		{"hls of transport streams, segments of 5 frames", hls("i", "mpegts", 0.2, base("-g", "5")...)},
		{"hls of fragmented mp4", hls("j", "fmp4", 0.4, base("-g", "10", "-bf", "2")...)},
		{"hls with ac3 and mpeg2", hls("k", "mpegts", 0.5, "-c:v", "mpeg2video", "-q:v", "4", "-g", "12", "-bf", "2", "-c:a", "ac3")},
		{"hls with damage", damaged(hls("l", "mpegts", 0.4, base("-g", "10")...), 0.004)},
		{"hls with heavy damage, long GOPs", damaged(hls("m", "mpegts", 0.8, base("-g", "20")...), 0.03)},
		{"hls with missing segments", missing(hls("n", "mpegts", 0.4, base("-g", "10")...))},
		{"mp4 with damage", damagedFile(file("o.mp4", base("-g", "12", "-movflags", "+faststart")...), 0.002)},
		{"mp4 truncated", truncated(file("p.mp4", base("-g", "12", "-movflags", "+faststart")...))},
		{"hls split inside GOPs", hls("q", "mpegts", 0.4, base("-g", "25", "-sc_threshold", "0")...)},
	}
}

func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", "8"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func file(name string, args ...string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		path := filepath.Join(dir, name)
		ffmpeg(t, append(args, path)...)
		return path
	}
}

func hls(name, kind string, seconds float64, args ...string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		d := filepath.Join(dir, name)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		ext := "ts"
		flags := "independent_segments"
		if kind == "fmp4" {
			ext = "m4s"
		}
		if name == "q" {
			flags = "split_by_time"
		}
		ffmpeg(t, append(args, "-f", "hls", "-hls_time", fmt.Sprint(seconds), "-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_flags", flags,
			"-hls_segment_type", kind, "-hls_segment_filename", filepath.Join(d, "%03d."+ext), filepath.Join(d, "media.m3u8"))...)
		return filepath.Join(d, "media.m3u8")
	}
}

// damaged overwrites a share of the bytes of every third segment.
func damaged(make func(*testing.T, string) string, share float64) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		m := make(t, dir)
		for i, path := range segments(t, m) {
			if i%3 == 1 {
				damage(t, path, share, 188, int64(i))
			}
		}
		return m
	}
}

func missing(make func(*testing.T, string) string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		m := make(t, dir)
		for i, path := range segments(t, m) {
			if i%7 == 3 || i%7 == 4 {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
		}
		return m
	}
}

// damagedFile overwrites bytes in the second half, which is all media where the moov stands first.
func damagedFile(make func(*testing.T, string) string, share float64) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		path := make(t, dir)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		damage(t, path, share, info.Size()/2, 1)
		return path
	}
}

func truncated(make func(*testing.T, string) string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		path := make(t, dir)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, info.Size()*6/10); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

func segments(t *testing.T, playlist string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(filepath.Dir(playlist), "[0-9]*.*"))
	if err != nil || len(list) == 0 {
		t.Fatalf("no segments beside %s: %v", playlist, err)
	}
	return list
}

func damage(t *testing.T, path string, share float64, from, seed int64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewSource(seed))
	for range int(float64(len(b)) * share) {
		b[from+r.Int63n(int64(len(b))-from)] = byte(r.Intn(256))
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
