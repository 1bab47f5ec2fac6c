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
		{"transport stream cut by bytes", file("r.ts", base("-g", "12", "-vf", "noise=alls=60:allf=t", "-crf", "4", "-f", "mpegts")...)},
		{"hls of hevc with open GOPs", hls("s", "fmp4", 0.8, "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast",
			"-x265-params", "log-level=none:keyint=20:min-keyint=20:open-gop=1", "-tag:v", "hvc1", "-c:a", "aac")},
		{"mp4 of vp9 and flac", file("t.mp4", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "20", "-c:a", "flac", "-strict", "-2")},
		{"mp4 with two videos and two sounds", file("u.mp4", base("-map", "0:v", "-map", "0:v", "-map", "1:a", "-map", "1:a", "-g:v:0", "12", "-g:v:1", "17", "-s:v:1", "80x46", "-ar:a:1", "44100")...)},
		{"intra only", file("w.mov", "-c:v", "mjpeg", "-q:v", "5", "-c:a", "pcm_s16le")},
		{"ladder with sound of its own", ladder("x")},
		{"hls with a discontinuity", discontinuity("y")},
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

// ladder is a multivariant playlist of two video renditions and one of sound.
func ladder(name string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		d := filepath.Join(dir, name)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		ffmpeg(t, "-map", "0:v", "-map", "0:v", "-map", "1:a", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "10", "-s:v:1", "80x46", "-c:a", "aac",
			"-f", "hls", "-hls_time", "0.8", "-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-var_stream_map", "v:0,agroup:a v:1,agroup:a a:0,agroup:a",
			"-master_pl_name", "master.m3u8", "-hls_fmp4_init_filename", "init%v.mp4", "-hls_segment_filename", filepath.Join(d, "%v_%03d.m4s"), filepath.Join(d, "v%v.m3u8"))
		return filepath.Join(d, "master.m3u8")
	}
}

// discontinuity puts a stream of another size and clock after the first one.
func discontinuity(name string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		one := hls(name+"1", "mpegts", 0.4, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "10", "-c:a", "aac")(t, dir)
		two := hls(name+"2", "mpegts", 0.4, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "10", "-s", "96x54", "-c:a", "aac", "-ar", "44100", "-output_ts_offset", "1000")(t, dir)
		a, b := lines(t, one), lines(t, two)
		text := strings.Join(a[:len(a)-1], "\n") + "\n#EXT-X-DISCONTINUITY\n"
		for i, l := range b {
			if strings.HasPrefix(l, "#EXTINF") {
				text += l + "\n" + name + "2/" + b[i+1] + "\n"
			}
		}
		text = strings.ReplaceAll(text, "\n0", "\n"+name+"1/0")
		m := filepath.Join(dir, name+".m3u8")
		if err := os.WriteFile(m, []byte(text+"#EXT-X-ENDLIST\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return m
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
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
