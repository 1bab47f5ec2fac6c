//go:build cgo

package slicing

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
)

// TestLongObjects: containers that have to be parsed are read in parts of sixty seconds, so clips of one part, as all others are, know nothing of the borders.
func TestLongObjects(t *testing.T) {
	need.Tool(t, "ffmpeg")
	dir := t.TempDir()
	for _, c := range longClips() {
		t.Run(c.name, func(t *testing.T) {
			org := c.origin()
			check := newCheck(t, org, c.make(t, dir))
			if c.seconds > 0 {
				checkWhole(t, parse(t, report(t, check, cut(check.Timeline, nil), here(org))), c.seconds)
			}
			sameInAnyCut(t, check, min(*seeds, longSeeds), here(org))
		})
	}
}

// longSeeds is how many cuts each clip gets: each reads a part from its start for every window.
const longSeeds = 3

// longClip is a clip of more than one part.
type longClip struct {
	clip
	seconds float64 // its length; 0 where it is damaged
}

func longClips() []longClip {
	x264 := func(extra ...string) []string {
		return append([]string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-ac", "1"}, extra...)
	}
	vp8 := []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"}
	return []longClip{
		long("matroska of one part and a frame", "a.mkv", 60, x264("-g", "10")...),
		long("matroska", "b.mkv", 130, x264("-g", "10")...),
		long("matroska with GOPs across the borders", "c.mkv", 130, x264("-g", "70", "-bf", "2")...),
		long("matroska with open GOPs", "d.mkv", 130, x264("-g", "20", "-x264-params", "open-gop=1:bframes=2")...),
		long("webm", "e.webm", 130, append(vp8, "-g", "20")...),
		long("wav", "f.wav", 130, "-vn", "-ar", "16000"), // three times as many packets take as many times as long, and have the same borders
		long("flac", "g.flac", 130, "-vn"),
		long("mp3", "h.mp3", 130, "-vn", "-c:a", "libmp3lame", "-q:a", "6"),
		long("ogg", "i.ogg", 130, "-vn", "-c:a", "libvorbis"),
		long("transport stream", "l.ts", 130, x264("-g", "10")...),
		long("mp4", "m.mp4", 130, x264("-g", "10")...),
		hurt(long("matroska truncated", "n.mkv", 130, x264("-g", "10")...), truncated),
		hurt(long("matroska with damage", "o.mkv", 130, x264("-g", "10")...), func(make func(*testing.T, string) string) func(*testing.T, string) string {
			return damagedFile(make, 0.001)
		}),
	}
}

func hurt(c longClip, how func(func(*testing.T, string) string) func(*testing.T, string) string) longClip {
	c.make, c.seconds = how(c.make), 0
	return c
}

// long is a moving picture of five frames a second and a sound, small enough to be read again and again.
func long(name, file string, seconds int, args ...string) longClip {
	return longClip{seconds: float64(seconds), clip: clip{name: name, make: func(t *testing.T, dir string) string {
		path := filepath.Join(dir, file)
		all := append([]string{
			"-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=5",
			"-f", "lavfi", "-i", "aevalsrc='(random(0)*2-1)*0.1':s=48000", "-t", fmt.Sprint(seconds),
		}, append(args, path)...)
		if out, err := exec.Command("ffmpeg", all...).CombinedOutput(); err != nil {
			t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(all, " "), err, out)
		}
		return path
	}}}
}

// checkWhole holds the report of an undamaged clip to its length, give or take a frame and what codecs put before and behind, and to a clock without a break.
func checkWhole(t *testing.T, r jobs.Result, seconds float64) {
	t.Helper()
	if got := float64(r.Duration); math.Abs(got-seconds) > 0.6 {
		t.Errorf("duration %.3f s, want %.0f s", got, seconds)
	}
	for _, f := range r.Findings {
		if strings.HasPrefix(f.Code, "timestamp.") || strings.HasPrefix(f.Code, "stream.") {
			t.Errorf("%s %s of %s at %.3f s: %s", f.Severity, f.Code, f.Rendition, float64(f.Start), f.Message)
		}
	}
}
