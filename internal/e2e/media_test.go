package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"aircheck/storage"
)

// stream is one of the ten inputs.
type stream struct {
	name string
	// entry is the object that is submitted, below the stream's directory.
	entry string
	// make gives ffmpeg's arguments for the output.
	output []string
	video  string // filter
	audio  string // filter
	// damage changes the files that ffmpeg wrote.
	damage func(dir string) error
}

// seconds is the length of each stream: with windows of a second, ten of them keep two slots busy for some seconds.
const seconds = 30

func hls(extra ...string) []string {
	return append([]string{"-c:a", "aac", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod"}, extra...)
}

func streams() []stream {
	ts := func() []string { return hls("-hls_segment_filename", "s%03d.ts", "index.m3u8") }
	black := "drawbox=t=fill:color=black:enable='between(t,7,11)'"
	return []stream{
		{name: "black-ts", entry: "index.m3u8", output: ts(), video: black},
		{name: "freeze-ts", entry: "index.m3u8", output: ts(), video: "loop=loop=150:size=1:start=200,trim=end=30"},
		{name: "silence-ts", entry: "index.m3u8", output: ts(), audio: "volume=0:enable='between(t,9,15)'"},
		{name: "clean-fmp4", entry: "index.m3u8", output: hls("-hls_segment_type", "fmp4", "-hls_segment_filename", "s%03d.m4s", "index.m3u8")},
		{name: "missing-ts", entry: "index.m3u8", output: ts(), damage: func(dir string) error { return os.Remove(filepath.Join(dir, "s004.ts")) }},
		{name: "corrupt-ts", entry: "index.m3u8", output: ts(), damage: func(dir string) error { return scribble(filepath.Join(dir, "s006.ts"), 20_000) }},
		{name: "black-mp4", entry: "a.mp4", output: []string{"-c:a", "aac", "a.mp4"}, video: black},
		{name: "truncated-mp4", entry: "a.mp4", output: []string{"-c:a", "aac", "-movflags", "+faststart", "a.mp4"}, damage: func(dir string) error { return halve(filepath.Join(dir, "a.mp4")) }},
		{name: "clean-mkv", entry: "a.mkv", output: []string{"-c:a", "aac", "a.mkv"}},
		{name: "silence-ts-file", entry: "a.ts", output: []string{"-c:a", "mp2", "a.ts"}, audio: "volume=0:enable='between(t,9,15)'"},
	}
}

// makeMedia writes all streams below dir.
func makeMedia(t *testing.T, dir string) {
	t.Helper()
	ffmpeg := tool(t, "ffmpeg")
	for i, s := range streams() {
		target := filepath.Join(dir, s.name)
		if err := os.Mkdir(target, 0o777); err != nil {
			t.Fatal(err)
		}
		args := []string{
			"-v", "error", "-nostdin",
			"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=s=480x270:r=25:d=%d", seconds),
			"-f", "lavfi", "-i", fmt.Sprintf("anoisesrc=color=pink:amplitude=0.2:seed=%d:d=%d:r=48000", 1+i, seconds),
			"-vf", or(s.video, "null"), "-af", or(s.audio, "anull"),
			"-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-pix_fmt", "yuv420p",
		}
		cmd := exec.CommandContext(t.Context(), ffmpeg, append(args, s.output...)...)
		cmd.Dir = target
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v\n%s", s.name, err, out)
		}
		if s.damage != nil {
			if err := s.damage(target); err != nil {
				t.Fatalf("damage %s: %v", s.name, err)
			}
		}
	}
}

func or(filter, otherwise string) string {
	if filter == "" {
		return otherwise
	}
	return filter
}

// scribble writes over bytes in the middle of a file.
func scribble(name string, length int) error {
	body, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	from := len(body) / 3
	for i := from; i < min(from+length, len(body)); i++ {
		body[i] = byte(i * 37)
	}
	return os.WriteFile(name, body, 0o666)
}

func halve(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return os.Truncate(name, info.Size()/2)
}

// upload copies a directory into a store.
func upload(ctx context.Context, dir string, store storage.Store) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		key, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		group.Go(func() error {
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return store.Put(ctx, filepath.ToSlash(key), body)
		})
		return nil
	})
	if failed := group.Wait(); failed != nil {
		return failed
	}
	return err
}

// tool finds a program. Without it the test is skipped, or fails when AIRCHECK_REQUIRE=1.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("AIRCHECK_REQUIRE") == "1" {
		t.Fatalf("%s is required: %v", name, err)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// binary is the program under test: AIRCHECK_BIN, or a build of this tree.
func binary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("AIRCHECK_BIN"); path != "" {
		absolute, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		return absolute
	}
	path := filepath.Join(t.TempDir(), "aircheck")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", path, "aircheck/cmd/aircheck")
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "pkg-config") && os.Getenv("AIRCHECK_REQUIRE") != "1" {
			t.Skipf("FFmpeg's libraries are not installed:\n%s", out)
		}
		t.Fatalf("build aircheck: %v\n%s", err, out)
	}
	return path
}
