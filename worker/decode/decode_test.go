//go:build cgo

package decode

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

func TestMain(m *testing.M) {
	if err := Install(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// rows collects a measurement.
type rows struct {
	frames []measurement.Frame
	slots  []measurement.Slot
}

func (r *rows) Frame(f *measurement.Frame) error {
	c := *f
	c.Fine = append([]uint16(nil), f.Fine...)
	c.CC = slices.Clone(f.CC)
	r.frames = append(r.frames, c)
	return nil
}

func (r *rows) Slot(s *measurement.Slot) error {
	r.slots = append(r.slots, *s)
	return nil
}

// disk serves a task from files.
type disk struct {
	segments []string
	object   *os.File
}

func (d disk) Segment(at int) (Segment, error) {
	b, err := os.ReadFile(d.segments[at])
	if errors.Is(err, os.ErrNotExist) {
		return Segment{State: measurement.UnitMissing}, nil
	}
	return Segment{State: measurement.UnitOK, Data: b}, err
}

func (d disk) ReadAt(p []byte, off int64) (int, error) { return d.object.ReadAt(p, off) }

func makeClip(t *testing.T, name string, args ...string) string {
	t.Helper()
	need.Tool(t, "ffmpeg")
	path := filepath.Join(t.TempDir(), name)
	args = append([]string{"-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=4", "-f", "lavfi", "-i", "sine=f=440:r=48000:d=4"}, args...)
	if out, err := exec.Command("ffmpeg", append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return path
}

func measureObject(t *testing.T, path string, w jobs.Window) (measurement.Header, *rows) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r := &rows{}
	h, err := Measure(jobs.Task{Window: w, Object: &jobs.Object{URI: path, Size: info.Size()}}, disk{object: f}, r)
	if err != nil {
		t.Fatal(err)
	}
	return h, r
}

var whole = jobs.Window{Sequence: "s0", Head: true, Foot: true, End: 4e6}

func TestEveryFrameAndSlotOfAnObjectIsMeasuredOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		args  []string
		slots int
	}{
		{"a.mp4", []string{"-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "20", "-bf", "3", "-c:a", "aac"}, 400},
		{"a.mkv", []string{"-c:v", "libx264", "-pix_fmt", "yuv422p10le", "-g", "20", "-c:a", "pcm_s24le"}, 400},
		{"a.webm", []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"}, 400},
		{"a.ts", []string{"-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-c:a", "mp2"}, 400},
		{"a.mov", []string{"-c:v", "qtrle", "-c:a", "pcm_s16le"}, 400}, // RGB: measured through a conversion
		{"a.avi", []string{"-c:v", "mpeg4", "-c:a", "libmp3lame"}, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, r := measureObject(t, makeClip(t, c.name, c.args...), whole)
			if len(r.frames) != 100 {
				t.Errorf("%d frames, want 100", len(r.frames))
			}
			if d := len(r.slots) - c.slots; d < -1 || d > 12 {
				t.Errorf("%d slots, want about %d", len(r.slots), c.slots)
			}
			checkRows(t, &h, r)
		})
	}
}

// checkRows demands what every measurement must keep: order, units that are listed, pairs everywhere but at the start of a unit.
func checkRows(t *testing.T, h *measurement.Header, r *rows) {
	t.Helper()
	units := map[int32]bool{}
	for _, u := range h.Units {
		units[int32(u.Index)] = true
		for _, tr := range u.Tracks {
			if tr.Format < 0 || tr.Format >= len(h.Formats) {
				t.Fatalf("unit %d refers to format %d of %d", u.Index, tr.Format, len(h.Formats))
			}
		}
	}
	for i, f := range r.frames {
		first := f.Flags&measurement.FlagUnitFirst != 0
		if !units[f.Unit] || first == f.HasPair || f.SumY == 0 {
			t.Fatalf("frame %d: unit %d, first %v, pair %v, sum %d", i, f.Unit, first, f.HasPair, f.SumY)
		}
		if i > 0 && (f.PTS <= r.frames[i-1].PTS || first != (r.frames[i-1].Flags&measurement.FlagUnitLast != 0)) {
			t.Fatalf("frame %d: PTS %d after %d, first %v", i, f.PTS, r.frames[i-1].PTS, first)
		}
		if (first || f.Flags&measurement.FlagUnitLast != 0) && len(f.Fine) == 0 {
			t.Fatalf("frame %d on a border has no thumbnail", i)
		}
	}
	for i, s := range r.slots {
		if !units[s.Unit] || i > 0 && s.Index != r.slots[i-1].Index+1 {
			t.Fatalf("slot %d: unit %d, index %d", i, s.Unit, s.Index)
		}
	}
}

func TestBytesThatAreNoMediaAreACorruptUnit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.mp4")
	if err := os.WriteFile(path, []byte("this is not a film"), 0o644); err != nil {
		t.Fatal(err)
	}
	h, r := measureObject(t, path, whole)
	if len(h.Units) != 1 || h.Units[0].State != measurement.UnitCorrupt || len(r.frames)+len(r.slots) != 0 {
		t.Errorf("units %+v, %d frames", h.Units, len(r.frames))
	}
}

// failing is a source whose reads fail: the origin cannot be reached.
type failing struct{ disk }

var errGone = errors.New("gone")

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errGone }

func TestAFailingSourceIsAnErrorAndNoFinding(t *testing.T) {
	_, err := Measure(jobs.Task{Window: whole, Object: &jobs.Object{Size: 1000}}, failing{}, &rows{})
	if !errors.Is(err, errGone) {
		t.Errorf("got %v, want the source's error", err)
	}
}

func TestMissingSegmentIsAUnit(t *testing.T) {
	ts := makeClip(t, "a.ts", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac")
	task := jobs.Task{Window: jobs.Window{Sequence: "s0", Last: 2}, Segments: []jobs.Segment{{Index: 0}, {Index: 1}}}
	r := &rows{}
	h, err := Measure(task, disk{segments: []string{ts + ".absent", ts}}, r)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Units) != 2 || h.Units[0].State != measurement.UnitMissing || h.Units[1].State != measurement.UnitOK || len(r.frames) != 100 {
		t.Errorf("units %+v, %d frames", h.Units, len(r.frames))
	}
}

// TestASegmentThatIsAWebPage: what a site sends with status 200 in place of a segment is said to be that, behind an initialisation section, too.
func TestASegmentThatIsAWebPage(t *testing.T) {
	page := "\r\n<!DOCTYPE HTML><title>Log in</title>"
	for name, s := range map[string]struct {
		segment Segment
		state   measurement.UnitState
		detail  string
	}{
		"page":       {Segment{State: measurement.UnitOK, Data: []byte(page)}, measurement.UnitCorrupt, "it is " + jobs.WebPage},
		"init":       {Segment{State: measurement.UnitOK, Init: 8, Data: []byte("\x00\x00\x00\x08free" + page)}, measurement.UnitCorrupt, "it is " + jobs.WebPage},
		"like one":   {Segment{State: measurement.UnitOK, Data: []byte("x" + page)}, measurement.UnitCorrupt, "no media recognised: Invalid data found when processing input"},
		"of a key":   {Segment{State: measurement.UnitOK, Data: []byte(page), Decrypted: true}, measurement.UnitEncrypted, wrongKey},
		"page in it": {Segment{State: measurement.UnitOK, Init: len(page), Data: []byte(page)}, measurement.UnitCorrupt, "the segment is empty"},
	} {
		h, err := Measure(jobs.Task{Window: jobs.Window{Sequence: "s0", Last: 1}, Segments: []jobs.Segment{{}}}, served{segment: s.segment}, &rows{})
		if err != nil || len(h.Units) != 1 || h.Units[0].State != s.state || h.Units[0].Detail != s.detail {
			t.Errorf("%s: units %+v, %v", name, h.Units, err)
		}
	}
}

// served is a source of one segment.
type served struct {
	disk
	segment Segment
}

func (s served) Segment(int) (Segment, error) { return s.segment, nil }

func TestRescaleRoundsToNearest(t *testing.T) {
	for _, c := range []struct{ v, num, den, want int64 }{
		{3, 1, 2, 2}, {-3, 1, 2, -2}, {1 << 62, 1000, 1000, 1 << 62}, {90000 * 3600 * 26, 48000, 90000, 48000 * 3600 * 26}, {0, 5, 7, 0},
	} {
		if got := rescale(c.v, c.num, c.den); got != c.want {
			t.Errorf("rescale(%d, %d, %d) = %d, want %d", c.v, c.num, c.den, got, c.want)
		}
	}
}

var _ io.ReaderAt = disk{}
