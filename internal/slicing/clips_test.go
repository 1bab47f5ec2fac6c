//go:build cgo

package slicing

import (
	"context"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aircheck/storage"
	"aircheck/storage/origin"
)

// clip is a stream to cut: made once by the ffmpeg command line, small so that hundreds of cuts are cheap.
type clip struct {
	name     string
	make     func(t *testing.T, dir string) string // returns the input
	denied   string                                // the ending of a URI that the origin refuses
	children bool                                  // goes through decoder children, too
	// alone: at depth fast more is told of it than in full. Each unit is decoded by a decoder of its own there, to which damage costs more than to one that has seen what
	// came before, such as an intact parameter set.
	alone bool
}

func (c *clip) origin() storage.Origin {
	org := origin.New(origin.Config{})
	if c.denied == "" {
		return org
	}
	return denying{org, c.denied}
}

// denying is an origin that lets nobody have one object.
type denying struct {
	storage.Origin
	ending string
}

func (d denying) Stat(ctx context.Context, uri string) (storage.Info, error) {
	if strings.HasSuffix(uri, d.ending) {
		return storage.Info{}, storage.ErrDenied
	}
	return d.Origin.Stat(ctx, uri)
}

func (d denying) Open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	if strings.HasSuffix(uri, d.ending) {
		return nil, storage.ErrDenied
	}
	return d.Origin.Open(ctx, uri, off, n)
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
	openHEVC := []string{"-pix_fmt", "yuv420p", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=20:min-keyint=20:open-gop=1:bframes=3", "-c:a", "aac"}
	open264 := base("-g", "20", "-bf", "3", "-x264-params", "open-gop=1")
	return []clip{
		{name: "mp4", make: file("a.mp4", base("-g", "12")...)},
		{name: "mp4 with long GOPs and B frames", make: file("b.mp4", base("-g", "70", "-bf", "3")...)},
		{name: "mp4 with open GOPs", make: file("c.mp4", base("-g", "20", "-x264-params", "open-gop=1:bframes=2")...)},
		{name: "mp4 with variable frame rate", make: file("d.mp4", base("-g", "15", "-vf", "select='not(eq(mod(n,7),3)+between(n,120,128))'", "-vsync", "passthrough")...)},
		{name: "fragmented mp4", make: file("e.mp4", base("-g", "10", "-movflags", "+frag_keyframe+empty_moov+default_base_moof")...)},
		{name: "matroska", make: file("f.mkv", base("-g", "18")...)},
		{name: "webm", make: file("g.webm", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "20", "-c:a", "libopus")},
		{name: "wav", make: file("h.wav", "-vn", "-c:a", "pcm_s24le")},
		{name: "hls of transport streams, segments of 5 frames", make: hls("i", "mpegts", 0.2, base("-g", "5")...)},
		{name: "hls of fragmented mp4", make: hls("j", "fmp4", 0.4, base("-g", "10", "-bf", "2")...)},
		{name: "hls with ac3 and mpeg2", make: hls("k", "mpegts", 0.5, "-c:v", "mpeg2video", "-q:v", "4", "-g", "12", "-bf", "2", "-c:a", "ac3")},
		{name: "hls with damage", make: damaged(hls("l", "mpegts", 0.4, base("-g", "10")...), 0.004)},
		{name: "hls with heavy damage, long GOPs", make: damaged(hls("m", "mpegts", 0.8, base("-g", "20")...), 0.03)},
		{name: "hls with missing segments", make: missing(hls("n", "mpegts", 0.4, base("-g", "10")...))},
		{name: "mp4 with damage", make: damagedFile(file("o.mp4", base("-g", "12", "-movflags", "+faststart")...), 0.002)},
		{name: "mp4 truncated", make: truncated(file("p.mp4", base("-g", "12", "-movflags", "+faststart")...))},
		{name: "transport stream cut by bytes", make: file("r.ts", base("-g", "12", "-vf", "noise=alls=60:allf=t", "-crf", "4", "-f", "mpegts")...)},
		{name: "hls of hevc with open GOPs", make: hls("s", "fmp4", 0.8, "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast",
			"-x265-params", "log-level=none:keyint=20:min-keyint=20:open-gop=1", "-tag:v", "hvc1", "-c:a", "aac")},
		{name: "mp4 of vp9 and flac", make: file("t.mp4", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "20", "-c:a", "flac", "-strict", "-2")},
		{name: "mp4 with two videos and two sounds", make: file("u.mp4", base("-map", "0:v", "-map", "0:v", "-map", "1:a", "-map", "1:a", "-g:v:0", "12", "-g:v:1", "17", "-s:v:1", "80x46", "-ar:a:1", "44100")...)},
		{name: "intra only", make: file("w.mov", "-c:v", "mjpeg", "-q:v", "5", "-c:a", "pcm_s16le")},
		{name: "ladder with sound of its own", make: ladder("x")},
		{name: "ladder of which one rendition shows something else", make: ladder("aq", "-filter:v:1", "negate=enable='between(t,3,5.5)'")},
		{name: "hls with a discontinuity", make: discontinuity("y")},
		{name: "dash with a timeline", make: dash("ao", "-use_timeline", "1")},
		{name: "dash by number, of three periods", make: periods(dash("ap", "-use_timeline", "0"))},
		{name: "hls split inside GOPs", make: hls("q", "mpegts", 0.4, base("-g", "25", "-sc_threshold", "0")...)},
		{name: "matroska truncated", make: truncated(file("aa.mkv", base("-g", "18")...)), children: true},
		{name: "webm truncated", make: truncated(file("ab.webm", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "20", "-c:a", "libopus"))},
		{name: "wav truncated", make: truncated(file("ac.wav", "-vn", "-c:a", "pcm_s24le"))},
		{name: "fragmented mp4 truncated", make: truncated(file("ad.mp4", base("-g", "10", "-movflags", "+frag_keyframe+empty_moov+default_base_moof")...))},
		{name: "matroska with damage", make: damagedFile(file("ae.mkv", base("-g", "18")...), 0.002)},
		{name: "hls with a segment cut in half", make: halved(hls("af", "mpegts", 0.4, base("-g", "10")...))},
		{name: "hls of fragmented mp4 with a segment cut in half", make: halved(hls("ag", "fmp4", 0.4, base("-g", "10", "-bf", "2")...))},
		{name: "hls of byte ranges in a file that is cut short", make: shortRanges(hls("ah-one", "mpegts", 0.4, base("-g", "10")...)), children: true},
		{name: "hls of byte ranges in an mp4 that is cut short", make: shortRanges(hls("ai-one", "fmp4", 0.4, base("-g", "10")...))},
		{name: "transport stream twice", make: twice(file("aj.ts", base("-g", "12", "-vf", "noise=alls=60:allf=t", "-crf", "4", "-f", "mpegts")...))},
		{name: "small transport stream twice", make: twice(file("ak.ts", base("-g", "12", "-f", "mpegts")...))},
		{name: "hls whose clock begins anew without a word", make: again(hls("an", "mpegts", 0.4, base("-g", "10")...))},
		{name: "hls with a segment that is denied", make: hls("al", "mpegts", 0.4, base("-g", "10")...), denied: "006.ts", children: true},
		{name: "hls of hevc with open GOPs and damage", make: damaged(hls("ar", "mpegts", 0.8, openHEVC...), 0.004), alone: true},
		{name: "hls of h264 with open GOPs and damage", make: damaged(hls("as", "mpegts", 0.8, open264...), 0.004), alone: true},
		{name: "hls of mpeg2 with open GOPs and damage", make: damaged(hls("at", "mpegts", 0.5, "-c:v", "mpeg2video", "-q:v", "4", "-g", "12", "-bf", "2", "-c:a", "ac3"), 0.004)},
		{name: "matroska of hevc with open GOPs and damage", make: damagedFile(file("au.mkv", openHEVC...), 0.001)},
		{name: "matroska of h264 with open GOPs and damage", make: damagedFile(file("av.mkv", open264...), 0.001)},
		{name: "hls with a discontinuity and a segment that is denied", make: discontinuity("am"), denied: "am2/003.ts"},
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
		flags, pattern := "independent_segments", "%03d."
		if kind == "fmp4" {
			ext = "m4s"
		}
		switch {
		case name == "q":
			flags = "split_by_time"
		case strings.HasSuffix(name, "-one"):
			flags, pattern = "single_file", "000."
		}
		ffmpeg(t, append(args, "-f", "hls", "-hls_time", fmt.Sprint(seconds), "-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_flags", flags,
			"-hls_segment_type", kind, "-hls_segment_filename", filepath.Join(d, pattern+ext), filepath.Join(d, "media.m3u8"))...)
		return filepath.Join(d, "media.m3u8")
	}
}

// ladder is a multivariant playlist of two video renditions and one of sound.
func ladder(name string, filter ...string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		d := filepath.Join(dir, name)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"-map", "0:v", "-map", "0:v", "-map", "1:a"}, filter...)
		ffmpeg(t, append(args, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "10", "-s:v:1", "80x46", "-c:a", "aac",
			"-f", "hls", "-hls_time", "0.8", "-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-var_stream_map", "v:0,agroup:a v:1,agroup:a a:0,agroup:a",
			"-master_pl_name", "master.m3u8", "-hls_fmp4_init_filename", "init%v.mp4", "-hls_segment_filename", filepath.Join(d, "%v_%03d.m4s"), filepath.Join(d, "v%v.m3u8"))...)
		return filepath.Join(d, "master.m3u8")
	}
}

// dash is a manifest of two video representations and one of sound.
func dash(name string, args ...string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		d := filepath.Join(dir, name)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		m := filepath.Join(d, "stream.mpd")
		all := []string{"-map", "0:v", "-map", "0:v", "-map", "1:a", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-g", "10", "-bf", "2", "-s:v:1", "80x46", "-c:a", "aac"}
		ffmpeg(t, append(append(all, args...), "-f", "dash", "-seg_duration", "0.8", "-adaptation_sets", "id=0,streams=v id=1,streams=a", m)...)
		return m
	}
}

// periods splits a presentation of one period of 8 s whose segments of 0.8 s are counted into three, where its segments end.
func periods(make func(*testing.T, string) string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		m := make(t, dir)
		data, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, ok := strings.Cut(string(data), "<Period")
		body, tail, end := strings.Cut(rest, "</Period>")
		_, body, attrs := strings.Cut(body, ">")
		if !ok || !end || !attrs || !strings.Contains(body, `startNumber="1"`) || !strings.Contains(body, `timescale="1000000" duration="800000"`) {
			t.Fatalf("the manifest is not as it was expected: %s", data)
		}
		text := head
		for i, first := range []int{1, 4, 8} {
			from := fmt.Sprintf(`startNumber="%d" presentationTimeOffset="%d"`, first, (first-1)*800000)
			text += fmt.Sprintf("<Period id=\"p%d\" start=\"PT%.1fS\">", i, float64(first-1)*0.8) + strings.ReplaceAll(body, `startNumber="1"`, from) + "</Period>"
		}
		if err := os.WriteFile(m, []byte(text+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return m
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
		shorten(t, path, 0.6)
		return path
	}
}

// halved cuts every seventh segment in half.
func halved(make func(*testing.T, string) string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		m := make(t, dir)
		for i, path := range segments(t, m) {
			if i%7 == 4 {
				shorten(t, path, 0.5)
			}
		}
		return m
	}
}

// shortRanges cuts the file that all segments of a playlist are ranges of.
func shortRanges(make func(*testing.T, string) string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		m := make(t, dir)
		list := segments(t, m)
		if len(list) != 1 {
			t.Fatalf("%d files, want one with ranges", len(list))
		}
		shorten(t, list[0], 0.6)
		return m
	}
}

// twice makes a file's clock begin anew in the middle.
func twice(make func(*testing.T, string) string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		path := make(t, dir)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, b...), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// again lists all segments a second time.
func again(make func(*testing.T, string) string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		m := make(t, dir)
		list := lines(t, m)
		for _, l := range list {
			if strings.HasPrefix(l, "#EXTINF") || !strings.HasPrefix(l, "#") {
				list = append(list, l)
			}
		}
		if err := os.WriteFile(m, []byte(strings.ReplaceAll(strings.Join(list, "\n"), "#EXT-X-ENDLIST\n", "")+"\n#EXT-X-ENDLIST\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return m
	}
}

func shorten(t *testing.T, path string, share float64) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(float64(info.Size())*share)); err != nil {
		t.Fatal(err)
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
