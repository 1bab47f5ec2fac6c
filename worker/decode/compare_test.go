//go:build cgo

package decode

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
)

// allOf is the task that reads all of an object.
func allOf(t *testing.T, path string) (jobs.Task, disk) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	w := jobs.Window{Sequence: "s0", End: 60e6, Head: true, Foot: true}
	return jobs.Task{V: jobs.Version, Window: w, Object: &jobs.Object{URI: path, Size: info.Size()}}, disk{object: f}
}

// pictures lists a file's pictures of one track as a measurement names them.
func pictures(t *testing.T, path string, track int32) []jobs.PictureID {
	t.Helper()
	task, src := allOf(t, path)
	var out rows
	if _, err := Measure(task, src, &out); err != nil {
		t.Fatal(err)
	}
	var list []jobs.PictureID
	for i := range out.frames {
		if f := &out.frames[i]; f.Track == track {
			list = append(list, jobs.PictureID{Unit: int(f.Unit), PTS: f.PTS})
		}
	}
	return list
}

// compareFiles compares two files picture by picture.
func compareFiles(t *testing.T, path, reference string, pairs []jobs.Pair) *jobs.Compared {
	t.Helper()
	task, src := allOf(t, path)
	other, ref := allOf(t, reference)
	task.Compare = &jobs.CompareWith{Window: other.Window, Object: other.Object, Pairs: pairs}
	c, err := Compare(task, src, ref)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func oneToOne(a, b []jobs.PictureID) []jobs.Pair {
	pairs := make([]jobs.Pair, min(len(a), len(b)))
	for i := range pairs {
		pairs[i] = jobs.Pair{Picture: a[i], Reference: b[i]}
	}
	return pairs
}

// statistics runs FFmpeg's psnr and ssim over the same pictures and returns the rows of their files: mse_y … by name.
func statistics(t *testing.T, path, reference, filter string) []map[string]float64 {
	t.Helper()
	dir := t.TempDir()
	graph := fmt.Sprintf("[0:v:0]%ssettb=1/1000000,setpts=N,split[a][c];[1:v:0]settb=1/1000000,setpts=N,split[b][d];[a][b]psnr=f=psnr.log[x];[c][d]ssim=f=ssim.log[y]", filter)
	cmd := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-i", path, "-i", reference, "-filter_complex", graph, "-map", "[x]", "-f", "null", "-", "-map", "[y]", "-f", "null", "-")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	var list []map[string]float64
	field := regexp.MustCompile(`(\w+):([-\d.]+|inf)`)
	for _, name := range []string{"psnr.log", "ssim.log"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(b))
		for n := 0; lines.Scan(); n++ {
			if n == len(list) {
				list = append(list, map[string]float64{})
			}
			for _, m := range field.FindAllStringSubmatch(lines.Text(), -1) {
				v, err := strconv.ParseFloat(m[2], 64)
				if err != nil {
					t.Fatal(err)
				}
				list[n][strings.ToLower(m[1])+strings.TrimSuffix(name, ".log")] = v
			}
		}
	}
	return list
}

// TestCompareIsFFmpegs: the sums of squared errors are those of FFmpeg's psnr, the similarities those of its ssim, for every picture.
func TestCompareIsFFmpegs(t *testing.T) {
	need.Tool(t, "ffmpeg")
	encode := func(args ...string) []string {
		return append([]string{"-an", "-c:v", "libx264", "-preset", "ultrafast"}, args...)
	}
	for _, tt := range []struct {
		name, filter string
		one, other   []string
	}{
		{"8 bit", "", encode("-crf", "34", "-pix_fmt", "yuv420p"), encode("-crf", "12", "-pix_fmt", "yuv420p", "-g", "7")},
		{"10 bit", "", encode("-crf", "34", "-pix_fmt", "yuv420p10le"), encode("-crf", "12", "-pix_fmt", "yuv420p10le")},
		{"4:2:2, odd size", "", encode("-crf", "34", "-pix_fmt", "yuv422p", "-s", "322x181"), encode("-crf", "12", "-pix_fmt", "yuv422p", "-s", "322x181")},
		{"another size", "scale=320:180:flags=bicubic+accurate_rnd+bitexact,", encode("-crf", "28", "-pix_fmt", "yuv420p", "-s", "214x120"), encode("-crf", "12", "-pix_fmt", "yuv420p")},
		{"another depth", "scale=320:180:flags=bicubic+accurate_rnd+bitexact,format=yuv420p,", encode("-crf", "28", "-pix_fmt", "yuv420p10le"), encode("-crf", "12", "-pix_fmt", "yuv420p")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			one, other := makeClip(t, "one.mp4", tt.one...), makeClip(t, "other.mp4", tt.other...)
			c := compareFiles(t, one, other, oneToOne(pictures(t, one, 0), pictures(t, other, 0)))
			want := statistics(t, one, other, tt.filter)
			if len(c.Rows) != 100 || len(want) != 100 || len(c.Formats) != 1 {
				t.Fatalf("%d rows, FFmpeg has %d; %d formats", len(c.Rows), len(want), len(c.Formats))
			}
			if scaled := c.Formats[0].Scaled != ""; scaled != (tt.filter != "") {
				t.Errorf("scaled: %q", c.Formats[0].Scaled)
			}
			f := c.Formats[0]
			area := [3]float64{float64(f.Width * f.Height), float64(f.ChromaWidth * f.ChromaHeight), float64(f.ChromaWidth * f.ChromaHeight)}
			for i, r := range c.Rows {
				for k, plane := range []string{"y", "u", "v"} {
					// The file has two decimals.
					if mse := float64(r.SSE[k]) / area[k]; math.Abs(mse-want[i]["mse_"+plane+"psnr"]) > 0.00501 {
						t.Fatalf("picture %d: mse of %s is %f, FFmpeg has %f", i, plane, mse, want[i]["mse_"+plane+"psnr"])
					}
					if s := float64(r.SSIM[k]) / jobs.SSIMUnit; math.Abs(s-want[i][plane+"ssim"]) > 1.5e-6 {
						t.Fatalf("picture %d: ssim of %s is %f, FFmpeg has %f", i, plane, s, want[i][plane+"ssim"])
					}
				}
			}
		})
	}
}

// TestPairsMayRepeatAndMayBeMissing: several pictures may have one counterpart; a pair of a picture that is not there has no row.
func TestPairsMayRepeatAndMayBeMissing(t *testing.T) {
	clip := makeClip(t, "a.mp4", "-an", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10")
	ids := pictures(t, clip, 0)
	pairs := []jobs.Pair{
		{Picture: ids[3], Reference: ids[3]}, {Picture: ids[4], Reference: ids[3]}, {Picture: jobs.PictureID{Unit: 0, PTS: -77}, Reference: ids[4]},
		{Picture: ids[9], Reference: ids[9]}, {Picture: ids[60], Reference: ids[61]}, {Picture: ids[61], Reference: jobs.PictureID{Unit: 99}}, {Picture: ids[62], Reference: ids[62]},
	}
	c := compareFiles(t, clip, clip, pairs)
	var got []int
	for _, r := range c.Rows {
		got = append(got, r.Pair)
		same := pairs[r.Pair].Picture == pairs[r.Pair].Reference
		if same != (r.SSE == [3]int64{}) || same != (r.SSIM[0] == jobs.SSIMUnit) {
			t.Errorf("pair %d: %+v", r.Pair, r)
		}
	}
	if fmt.Sprint(got) != "[0 1 3 4 6]" {
		t.Errorf("rows of pairs %v", got)
	}
}

// TestCompareTakesTheTrackItIsToldTo of an object with two of each kind.
func TestCompareTakesTheTrackItIsToldTo(t *testing.T) {
	clip := makeClip(t, "a.mp4", "-map", "0:v", "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-s:v:1", "160x90", "-c:a", "aac")
	task, src := allOf(t, clip)
	other, ref := allOf(t, clip)
	ids := pictures(t, clip, 1)
	task.Compare = &jobs.CompareWith{Window: other.Window, Object: other.Object, Track: 1, ReferenceTrack: 1, Pairs: oneToOne(ids, ids)}
	c, err := Compare(task, src, ref)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rows) != len(ids) || len(c.Formats) != 1 || c.Formats[0].Width != 160 || c.Rows[5].SSE != [3]int64{} {
		t.Errorf("%d rows of %d, %+v", len(c.Rows), len(ids), c.Formats)
	}
}

// brokenSource fails after some reads.
type brokenSource struct {
	disk
	left int
}

var errBroken = errors.New("the origin is gone")

func (s *brokenSource) ReadAt(p []byte, off int64) (int, error) {
	if s.left--; s.left < 0 {
		return 0, errBroken
	}
	return s.disk.ReadAt(p, off)
}

func TestCompareSaysWhatItsSourcesSaid(t *testing.T) {
	clip := makeClip(t, "a.mp4", "-an", "-c:v", "libx264", "-preset", "ultrafast")
	ids := pictures(t, clip, 0)
	for _, side := range []int{0, 1} {
		task, one := allOf(t, clip)
		other, two := allOf(t, clip)
		task.Compare = &jobs.CompareWith{Window: other.Window, Object: other.Object, Pairs: oneToOne(ids, ids)}
		sources := []Source{one, two}
		sources[side] = &brokenSource{disk: []disk{one, two}[side], left: 1}
		if _, err := Compare(task, sources[0], sources[1]); !errors.Is(err, errBroken) {
			t.Errorf("side %d: %v", side, err)
		}
	}
	if _, err := Compare(jobs.Task{}, nil, nil); jobs.ClassOf(err) != jobs.Permanent {
		t.Errorf("no pairs: %v", err)
	}
}
