//go:build cgo

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"os"
	osexec "os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/storage/file"
	"aircheck/worker/evidence"
	"aircheck/worker/supervise"
)

// damagedClip is 24 s of moving noise at 640x360, black in [6, 10), still in [14, 20), and silent in [6, 11).
func damagedClip(t *testing.T, name string, args ...string) string {
	t.Helper()
	need.Tool(t, "ffmpeg")
	path := filepath.Join(t.TempDir(), name)
	args = append([]string{
		"-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=24", "-f", "lavfi", "-i", "anoisesrc=d=24:r=48000:a=0.2",
		"-vf", "split=2[x][y];[x]trim=end_frame=351,tpad=stop_mode=clone:stop=149[p];[y]trim=start_frame=351:end_frame=451,setpts=PTS-STARTPTS[q];[p][q]concat=n=2:v=1,drawbox=enable='between(n,150,249)':color=black:t=fill", "-af", "volume=enable='between(t,6,11)':volume=0",
		"-t", "24", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50", "-c:a", "aac",
	}, args...)
	if out, err := osexec.CommandContext(t.Context(), "ffmpeg", append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("make clip: %v: %s", err, out)
	}
	return path
}

// album reads what a check has put into its directory.
func readEvidence(t *testing.T, dir string) (*jobs.Evidence, map[string][]byte) {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(filepath.Join(dir, evidenceDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, evidenceDir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	index := &jobs.Evidence{}
	if err := json.Unmarshal(files[evidenceIndex], index); err != nil {
		t.Fatal(err)
	}
	return index, files
}

func picture(t *testing.T, b []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// luma is the mean brightness of a picture.
func luma(img image.Image) float64 {
	b, sum := img.Bounds(), 0.0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			sum += float64(color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y)
		}
	}
	return sum / float64(b.Dx()*b.Dy())
}

// roles maps the pictures of a finding by role.
func roles(t *testing.T, index *jobs.Evidence, files map[string][]byte, code string) map[string]image.Image {
	t.Helper()
	for _, p := range index.Items {
		if !strings.HasPrefix(p.Finding, code+"/") {
			continue
		}
		m := map[string]image.Image{}
		for _, shot := range p.Pictures {
			m[shot.Role] = picture(t, files[shot.File])
			if b := m[shot.Role].Bounds(); b.Dx() != shot.Width || b.Dy() != shot.Height {
				t.Errorf("%s is %v", shot.File, b)
			}
		}
		return m
	}
	t.Fatalf("no evidence of %s in %+v", code, index)
	return nil
}

// The pictures show what the findings say, from an object and from segments, with and without B frames.
func TestEvidenceShowsTheDefects(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("decodes for long, which the race detector makes minutes; nothing in it runs side by side")
	}
	for _, c := range []struct {
		name string
		args []string
	}{
		{"a.mp4", []string{"-bf", "2"}},
		{"a.mkv", []string{"-pix_fmt", "yuv422p10le"}},
		{"a.m3u8", []string{"-f", "hls", "-hls_time", "4", "-hls_list_size", "0"}},
		{"b.m3u8", []string{"-bf", "2", "-f", "hls", "-hls_time", "4", "-hls_list_size", "0", "-hls_segment_type", "fmp4", "-output_ts_offset", "5000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			code, _, stderr := exec(t, nil, "check", damagedClip(t, c.name, c.args...), "--out", out, "--window", "7s")
			if code != report.ExitFindings || stderr != "" {
				t.Fatalf("exit status %d, %q", code, stderr)
			}
			index, files := readEvidence(t, out)
			black := roles(t, index, files, "video.black")
			if b, f, w, a := luma(black[jobs.RoleBefore]), luma(black[jobs.RoleFirst]), luma(black[jobs.RoleWorst]), luma(black[jobs.RoleAfter]); b < 60 || f > 3 || w > 3 || a < 60 {
				t.Errorf("luma %.0f before the black, %.0f and %.0f in it, %.0f behind it", b, f, w, a)
			}
			still := roles(t, index, files, "video.freeze")
			if d := distance(still[jobs.RoleFirst], still[jobs.RoleWorst]); d > 3 {
				t.Errorf("the still moves by %.1f", d)
			}
			if b, a := distance(still[jobs.RoleBefore], still[jobs.RoleFirst]), distance(still[jobs.RoleWorst], still[jobs.RoleAfter]); b < 3 || a < 3 {
				t.Errorf("the still begins with a change of %.1f and ends with one of %.1f", b, a)
			}
			checkStrip(t, index, files)
		})
	}
}

// distance is the mean difference of two pictures.
func distance(a, b image.Image) float64 {
	r, sum := a.Bounds(), 0.0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			d := int(color.GrayModel.Convert(a.At(x, y)).(color.Gray).Y) - int(color.GrayModel.Convert(b.At(x, y)).(color.Gray).Y)
			sum += float64(max(d, -d))
		}
	}
	return sum / float64(r.Dx()*r.Dy())
}

// checkStrip demands that cells of the black are black and others are not; a cell may be as much older than its time as the key frames are apart.
func checkStrip(t *testing.T, index *jobs.Evidence, files map[string][]byte) {
	t.Helper()
	s := index.Strip
	if s.Count < 24 || s.Count > 25 || s.Width != 160 || s.Height != 90 || len(s.Sheets) != 1 {
		t.Fatalf("strip %+v", s)
	}
	sheet := picture(t, files[s.Sheets[0]]).(*image.YCbCr)
	for at, want := range map[int]bool{2: false, 9: true, 14: false, 22: false} {
		x, y := at%s.Columns*s.Width, at/s.Columns*s.Height
		if got := luma(sheet.SubImage(image.Rect(x, y, x+s.Width, y+s.Height))); (got < 10) != want {
			t.Errorf("cell %d has a luma of %.0f, black: %t", at, got, want)
		}
	}
}

// Evidence changes nothing of the report, a clean check makes none, and what is made does not depend on how.
func TestEvidenceIsBesideTheReport(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("decodes for long, which the race detector makes minutes; nothing in it runs side by side")
	}
	clip, out := damagedClip(t, "a.mp4"), t.TempDir()
	_, with, _ := exec(t, nil, "check", clip, "--out", out, "--format", "json")
	_, without, _ := exec(t, nil, "check", clip, "--evidence", "off", "--format", "json", "--slots", "1")
	if a, b := parsed(t, with), parsed(t, without); a.Digest != b.Digest {
		t.Errorf("digest %s with evidence, %s without", a.Digest, b.Digest)
	}
	index, files := readEvidence(t, out)
	t.Run("again from a store", func(t *testing.T) {
		store := t.TempDir()
		where := filepath.Join(store, "checks", index.Check)
		if err := os.CopyFS(where, os.DirFS(out)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(where, evidenceDir)); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := exec(t, nil, "evidence", index.Check, "--store", store)
		if code != 0 || !strings.Contains(stdout, fmt.Sprintf("%d findings", len(index.Items))) {
			t.Fatalf("exit status %d, %q, %q", code, stdout, stderr)
		}
		again, others := readEvidence(t, where)
		if !reflect.DeepEqual(again, index) || len(others) != len(files) {
			t.Errorf("made again: %+v\nwant %+v", again, index)
		}
		for name, b := range files {
			if !bytes.Equal(b, others[name]) && name != evidenceIndex {
				t.Errorf("%s differs", name)
			}
		}
	})
	t.Run("off", func(t *testing.T) {
		if _, _, stderr := exec(t, nil, "check", clip, "--out", out, "--evidence", "off"); stderr != "" {
			t.Error(stderr)
		}
		if _, err := os.Stat(filepath.Join(out, evidenceDir)); !os.IsNotExist(err) {
			t.Errorf("the pictures of the check before are still there: %v", err)
		}
	})
	t.Run("clean", func(t *testing.T) {
		clean := t.TempDir()
		code, _, stderr := exec(t, nil, "check", cleanClip(t), "--out", clean)
		if code != 0 || stderr != "" {
			t.Fatalf("exit status %d, %q", code, stderr)
		}
		if _, err := os.Stat(filepath.Join(clean, evidenceDir)); !os.IsNotExist(err) {
			t.Errorf("pictures of nothing: %v", err)
		}
	})
	if code, _, _ := exec(t, nil, "check", clip, "--evidence", "everything"); code != report.ExitUsage {
		t.Errorf("an unknown level: exit status %d", code)
	}
}

func cleanClip(t *testing.T) string {
	t.Helper()
	need.Tool(t, "ffmpeg")
	path := filepath.Join(t.TempDir(), "clean.mp4")
	out, err := osexec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "mandelbrot=size=320x180:rate=25", "-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.1:c=pink",
		"-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", path).CombinedOutput()
	if err != nil {
		t.Fatalf("make clip: %v: %s", err, out)
	}
	return path
}

// A decoder child that dies in the middle of a look costs a try, and no picture.
func TestEvidenceSurvivesTheChild(t *testing.T) {
	t.Parallel()
	out, store := t.TempDir(), t.TempDir()
	if code, _, stderr := exec(t, nil, "check", damagedClip(t, "a.m3u8", "-f", "hls", "-hls_time", "4", "-hls_list_size", "0"), "--out", out); code != report.ExitFindings {
		t.Fatalf("exit status %d, %q", code, stderr)
	}
	index, _ := readEvidence(t, out)
	if err := os.CopyFS(filepath.Join(store, "checks", index.Check), os.DirFS(out)); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	died := filepath.Join(t.TempDir(), "died")
	// The first child is cut off in the middle of its first picture.
	script := `if mkdir "$0"; then "$1" ` + supervise.ChildCommand + ` | { dd bs=1 count=3000; kill -9 $$; }; else exec "$1" ` + supervise.ChildCommand + `; fi 2>/dev/null`
	slots, err := supervise.New(supervise.Config{
		Slots: 1, Origin: newApp(os.Environ(), os.Stdout, os.Stderr).origin(), Command: []string{"sh", "-c", script, died, self}, Env: os.Environ(), Logger: slog.New(slog.DiscardHandler),
		Deadline: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := slots.Close(); err != nil {
			t.Error(err)
		}
	}()
	backend, err := file.Open(store, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := station(archive.New(backend), slots, 1, evidence.Findings, slog.New(slog.DiscardHandler)).Redo(t.Context(), index.Check, false)
	if err != nil || !reflect.DeepEqual(again, index) {
		t.Errorf("%+v, %v\nwant %+v", again, err, index)
	}
	if _, err := os.Stat(died); err != nil {
		t.Errorf("no child has died: %v", err)
	}
}
