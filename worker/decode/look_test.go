//go:build cgo

package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
)

// clockClip makes a clip of 4 s whose luma tells the time: 32 + 2 n for picture n of 100, all of it one grey; its sound is a tone of which the first second is silent.
func clockClip(t *testing.T, name string, args ...string) string {
	t.Helper()
	need.Tool(t, "ffmpeg")
	path := filepath.Join(t.TempDir(), name)
	args = append([]string{
		"-v", "error", "-nostdin", "-f", "lavfi", "-i", "color=black:size=320x180:rate=25:duration=4,geq=lum='32+2*N':cb=128:cr=128",
		"-f", "lavfi", "-i", "aevalsrc='0.5*sin(2*PI*1000*t)*gte(t,1)|0.25*sin(2*PI*500*t)*gte(t,1)':s=48000:d=4",
	}, args...)
	if out, err := exec.Command("ffmpeg", append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return path
}

func objectLook(t *testing.T, path string, first, last int, l *jobs.Look) []jobs.Looked {
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
	task := jobs.Task{
		Window: jobs.Window{Sequence: "s0", Head: first == 0, Start: jobs.Micros(first) * 500e3, End: jobs.Micros(last) * 500e3},
		Object: &jobs.Object{URI: path, Size: info.Size()}, Look: l,
	}
	return see(t, task, disk{object: f})
}

func see(t *testing.T, task jobs.Task, src Source) []jobs.Looked {
	t.Helper()
	var list []jobs.Looked
	if err := See(task, src, func(l jobs.Looked) error { list = append(list, l); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

func photoOf(t *testing.T, s *jobs.Shot) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(s.Data))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds().Dx() != s.Width || img.Bounds().Dy() != s.Height {
		t.Errorf("a picture of %v is called %dx%d", img.Bounds(), s.Width, s.Height)
	}
	return img
}

// grey is the mean of a picture, 0 to 255.
func grey(img image.Image) float64 {
	b, sum := img.Bounds(), 0.0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			sum += float64(color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y)
		}
	}
	return sum / float64(b.Dx()*b.Dy())
}

// shown is the grey that picture n of the clip has on a screen: limited range becomes full range.
func shownGrey(n int) float64 { return (32 + 2*float64(n) - 16) * 255 / 219 }

// Whatever the codec and the format, the picture that was on the screen at a time comes out, right in its brightness.
func TestALookShowsThePictureOfItsTime(t *testing.T) {
	for _, c := range []struct {
		name    string
		args    []string
		perTick int64 // ticks of a picture
	}{
		{"8 bit.mp4", []string{"-c:v", "libx264", "-qp", "4", "-pix_fmt", "yuv420p", "-g", "25", "-bf", "2", "-video_track_timescale", "12800", "-c:a", "aac"}, 512},
		{"10 bit.mp4", []string{"-c:v", "libx264", "-qp", "4", "-pix_fmt", "yuv422p10le", "-g", "25", "-bf", "2", "-video_track_timescale", "12800", "-an"}, 512},
		{"444.mp4", []string{"-c:v", "libx264", "-qp", "4", "-pix_fmt", "yuv444p", "-g", "25", "-video_track_timescale", "12800", "-an"}, 512},
		{"full range.mp4", []string{"-vf", "scale=out_range=full", "-c:v", "libx264", "-qp", "4", "-pix_fmt", "yuvj420p", "-g", "25", "-video_track_timescale", "12800", "-an"}, 512},
		{"rgb.mov", []string{"-c:v", "qtrle", "-video_track_timescale", "12800", "-an"}, 512},
		{"open.ts", []string{"-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-g", "12", "-an", "-muxdelay", "0", "-muxpreload", "0"}, 3600},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := clockClip(t, c.name, c.args...)
			h, rows := measureObject(t, path, whole)
			if len(rows.frames) != 100 {
				t.Fatalf("%d pictures", len(rows.frames))
			}
			look := &jobs.Look{Kind: "video", Width: 1920, Height: 1080}
			wanted := []int{3, 26, 26, 60, 99}
			for i, n := range wanted {
				f := &rows.frames[n]
				pts := f.PTS
				if i == 2 {
					pts += c.perTick / 2 // between two pictures the first of them is on the screen
				}
				look.Shots = append(look.Shots, jobs.PictureID{Unit: int(f.Unit), PTS: pts})
			}
			list := objectLook(t, path, 0, 1+h.Units[len(h.Units)-1].Index, look)
			if len(list) != len(wanted) {
				t.Fatalf("%d answers, want %d", len(list), len(wanted))
			}
			for i, l := range list {
				if l.Shot == nil || l.Shot.At != i || l.Shot.PTS != rows.frames[wanted[i]].PTS || l.Shot.Width != 320 {
					t.Fatalf("answer %d is %+v", i, l.Shot)
				}
				if got := grey(photoOf(t, l.Shot)); math.Abs(got-shownGrey(wanted[i])) > 4 {
					t.Errorf("picture %d has a grey of %.1f, want %.1f", wanted[i], got, shownGrey(wanted[i]))
				}
			}
		})
	}
}

func TestALookScalesDownAndKeepsTheShape(t *testing.T) {
	path := clockClip(t, "a.mp4", "-c:v", "libx264", "-vf", "setsar=2", "-an")
	_, rows := measureObject(t, path, whole)
	id := []jobs.PictureID{{Unit: int(rows.frames[0].Unit), PTS: rows.frames[0].PTS}}
	for _, c := range []struct{ edge, w, h int }{{1920, 640, 180}, {160, 160, 45}, {64, 64, 18}} {
		list := objectLook(t, path, 0, 1, &jobs.Look{Kind: "video", Shots: id, Width: c.edge, Height: c.edge})
		if len(list) != 1 || list[0].Shot.Width != c.w || list[0].Shot.Height != c.h {
			t.Errorf("edge %d: %+v", c.edge, list)
		}
	}
}

// A look at key frames gives those at each time or before, of exactly the size that was asked for.
func TestALookAtKeyFrames(t *testing.T) {
	path := clockClip(t, "a.mp4", "-c:v", "libx264", "-qp", "4", "-g", "25", "-bf", "2", "-sc_threshold", "0", "-video_track_timescale", "12800", "-an")
	shots := []jobs.PictureID{{PTS: 0}, {PTS: 12800 - 1}, {PTS: 12800}, {PTS: 3 * 12800}, {PTS: 12800 * 9}}
	want := []int{0, 0, 25, 75, 75}
	look := &jobs.Look{Kind: "video", Keys: true, Shots: shots, Width: 64, Height: 64}
	list := objectLook(t, path, 0, 8, look)
	if len(list) != len(want) {
		t.Fatalf("%d answers", len(list))
	}
	for i, l := range list {
		s := l.Shot
		if s.PTS != int64(want[i])*512 || len(s.Data) != 3*64*64 {
			t.Fatalf("cell %d is of time %d", i, s.PTS)
		}
		bar, middle := s.Data[3*64*4], s.Data[3*(64*32+32)]
		if bar != 0 || math.Abs(float64(middle)-shownGrey(want[i])) > 4 {
			t.Errorf("cell %d: bar %d, picture %d, want 0 and %.0f", i, bar, middle, shownGrey(want[i]))
		}
	}
}

// TestALookAtKeyFramesWithoutAnIndex: a transport stream leads to packets, not to key frames.
func TestALookAtKeyFramesWithoutAnIndex(t *testing.T) {
	path := clockClip(t, "keys.ts", "-c:v", "libx264", "-qp", "4", "-g", "25", "-bf", "0", "-sc_threshold", "0", "-an", "-muxdelay", "0", "-muxpreload", "0")
	look := &jobs.Look{Kind: "video", Keys: true, Width: 64, Height: 64}
	for _, picture := range []int64{3, 20, 26, 40, 60, 90} {
		look.Shots = append(look.Shots, jobs.PictureID{PTS: picture * 3600})
	}
	want := []int{0, 0, 25, 25, 50, 75}
	list := objectLook(t, path, 0, 8, look)
	if len(list) != len(want) {
		t.Fatalf("%d answers", len(list))
	}
	for i, l := range list {
		if middle := l.Shot.Data[3*(64*32+32)]; math.Abs(float64(middle)-shownGrey(want[i])) > 4 {
			t.Errorf("cell %d shows %d, want %.0f of picture %d", i, middle, shownGrey(want[i]), want[i])
		}
	}
}

// Segments are looked into one by one, and what is not there costs its own cells.
func TestALookAtSegments(t *testing.T) {
	path := clockClip(t, "a.ts", "-c:v", "libx264", "-qp", "4", "-g", "25", "-bf", "0", "-sc_threshold", "0", "-c:a", "aac", "-muxdelay", "0", "-muxpreload", "0")
	task := jobs.Task{Segments: []jobs.Segment{{Index: 4}, {Index: 7}}, Look: &jobs.Look{
		Kind: "video", Keys: true, Width: 32, Height: 18, Shots: []jobs.PictureID{{Unit: 3}, {Unit: 4, PTS: 0}, {Unit: 7, PTS: 1 << 40}},
	}}
	list := see(t, task, disk{segments: []string{path + ".not", path}})
	if len(list) != 1 || list[0].Shot.At != 2 {
		t.Fatalf("%+v", list)
	}
	task.Look.Keys, task.Segments = false, []jobs.Segment{{Index: 0}}
	task.Look.Shots = []jobs.PictureID{{Unit: 0, PTS: -1 << 40}, {Unit: 0, PTS: 1 << 40}}
	list = see(t, task, disk{segments: []string{path}})
	if len(list) != 2 || math.Abs(grey(photoOf(t, list[0].Shot))-shownGrey(0)) > 4 || math.Abs(grey(photoOf(t, list[1].Shot))-shownGrey(99)) > 4 {
		t.Errorf("before all and behind all: %d answers", len(list))
	}
}

// The sound of a stretch stands where it should, in every format of samples.
func TestALookAtSound(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		tick int64 // ticks a second
	}{
		{"a.mov", []string{"-vn", "-c:a", "pcm_s16le"}, 48000},
		{"a.wav", []string{"-vn", "-c:a", "pcm_f32le"}, 48000},
		{"b.wav", []string{"-vn", "-c:a", "pcm_u8"}, 48000},
		{"c.wav", []string{"-vn", "-c:a", "pcm_s24le"}, 48000},
		{"a.mp4", []string{"-vn", "-c:a", "aac", "-b:a", "256k"}, 48000},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := clockClip(t, c.name, c.args...)
			list := objectLook(t, path, 0, 20, &jobs.Look{Kind: "audio", From: c.tick / 2, To: 2 * c.tick})
			if len(list) != 1 || list[0].Sound == nil {
				t.Fatalf("%+v", list)
			}
			s := list[0].Sound
			if s.Rate != 48000 || len(s.Channels) != 2 || len(s.Channels[0]) != 2*72000 || s.First != 24000 {
				t.Fatalf("%d Hz, %d channels of %d bytes from %d", s.Rate, len(s.Channels), len(s.Channels[0]), s.First)
			}
			for ch, want := range []float64{0.5, 0.25} {
				silent, loud := peakOf(s.Channels[ch][:2*23000]), peakOf(s.Channels[ch][2*26000:])
				if silent > 0.02 || math.Abs(loud-want) > 0.03 {
					t.Errorf("channel %d: peak %.3f before the tone, %.3f in it, want 0 and %.2f", ch, silent, loud, want)
				}
			}
		})
	}
}

// Sound without timestamps stands where its measurement has it: it counts from 0 in each segment.
func TestALookAtSoundWithoutTimestamps(t *testing.T) {
	whole := clockClip(t, "a.ts", "-vn", "-c:a", "mp2", "-muxdelay", "0", "-muxpreload", "0")
	b, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "none.ts")
	if err := os.WriteFile(path, withoutPTS(b), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &rows{}
	if _, err := Measure(jobs.Task{Segments: []jobs.Segment{{Index: 0}}}, disk{segments: []string{path}}, r); err != nil {
		t.Fatal(err)
	}
	if len(r.slots) == 0 || r.slots[0].Index != 0 {
		t.Fatalf("%d slots", len(r.slots))
	}
	task := jobs.Task{Segments: []jobs.Segment{{Index: 0}}, Look: &jobs.Look{Kind: "audio", From: 90000 / 2, To: 2 * 90000}}
	list := see(t, task, disk{segments: []string{path}})
	if len(list) != 1 {
		t.Fatalf("%d answers", len(list))
	}
	s := list[0].Sound // the tone begins 1 s in, behind the delay of the encoder
	if silent, loud := peakOf(s.Channels[0][:2*23000]), peakOf(s.Channels[0][2*26000:2*28000]); silent > 0.02 || loud < 0.4 {
		t.Errorf("peak %.3f before the tone, %.3f in it", silent, loud)
	}
}

// withoutPTS takes the timestamps out of a transport stream: what their bytes say in the header of a PES packet becomes stuffing (ISO/IEC 13818-1, 2.4.3.6).
func withoutPTS(b []byte) []byte {
	const packet = 188
	for p := b; len(p) >= packet; p = p[packet:] {
		at := 4
		if p[3]&0x20 != 0 {
			at += 1 + int(p[4])
		}
		if p[1]&0x40 == 0 || at+9 > packet || !bytes.Equal(p[at:at+3], []byte{0, 0, 1}) || p[at+3]&0xe0 != 0xc0 {
			continue
		}
		p[at+7] &^= 0xc0
		for i := range int(p[at+8]) {
			p[at+9+i] = 0xff
		}
	}
	return b
}

// Of a stretch of which nothing is there, nothing comes: it would be drawn as silence. So it is with a segment that was overwritten.
func TestALookAtSoundThatIsNotThere(t *testing.T) {
	path := clockClip(t, "a.ts", "-vn", "-c:a", "mp2", "-muxdelay", "0", "-muxpreload", "0")
	for _, c := range []struct {
		from int64
		want int
	}{{-100, 0}, {100, 0}, {3, 1}} {
		task := jobs.Task{Segments: []jobs.Segment{{Index: 0}}, Look: &jobs.Look{Kind: "audio", From: c.from * 90000, To: (c.from + 2) * 90000}}
		if list := see(t, task, disk{segments: []string{path}}); len(list) != c.want {
			t.Errorf("from %d s: %d answers, want %d", c.from, len(list), c.want)
		}
	}
}

func peakOf(b []byte) float64 {
	peak := 0.0
	for i := 0; i+1 < len(b); i += 2 {
		peak = max(peak, math.Abs(float64(int16(binary.LittleEndian.Uint16(b[i:])))/math.MaxInt16))
	}
	return peak
}

// A stream can be anything: nothing comes of nonsense, and no error.
func TestALookAtNonsense(t *testing.T) {
	path := filepath.Join(t.TempDir(), "noise.mp4")
	if err := os.WriteFile(path, bytes.Repeat([]byte("no media "), 4000), 0o600); err != nil {
		t.Fatal(err)
	}
	shots := []jobs.PictureID{{Unit: 0, PTS: math.MinInt64}, {Unit: 0, PTS: math.MaxInt64}, {Unit: 1 << 40, PTS: 5}}
	for _, l := range []*jobs.Look{
		{Kind: "video", Shots: shots, Width: 1920, Height: 1080}, {Kind: "video", Keys: true, Shots: shots, Width: 32, Height: 32},
		{Kind: "audio", From: math.MinInt64 / 2, To: math.MaxInt64 / 2}, {Kind: "video", Track: 7, Shots: shots, Width: 32, Height: 32},
	} {
		if list := objectLook(t, path, 0, 8, l); len(list) != 0 {
			t.Errorf("%+v of noise", list)
		}
		see(t, jobs.Task{Segments: []jobs.Segment{{Index: 0}}, Look: l}, disk{segments: []string{path}})
	}
	good := clockClip(t, "a.mp4", "-c:v", "libx264", "-c:a", "aac")
	for _, l := range []*jobs.Look{
		{Kind: "video", Shots: shots, Width: 64, Height: 64}, {Kind: "video", Keys: true, Shots: shots, Width: 32, Height: 32},
		{Kind: "audio", From: math.MinInt64 / 2, To: math.MaxInt64 / 2}, {Kind: "audio", Track: 7, From: 0, To: 1},
	} {
		objectLook(t, good, 0, 8, l)
	}
	if err := See(jobs.Task{}, disk{}, nil); jobs.ClassOf(err) != jobs.Permanent {
		t.Errorf("no look: %v", err)
	}
	broken := errors.New("nobody listens")
	task := jobs.Task{Segments: []jobs.Segment{{Index: 0}}, Look: &jobs.Look{Kind: "video", Shots: []jobs.PictureID{{}}, Width: 64, Height: 64}}
	if err := See(task, disk{segments: []string{good}}, func(jobs.Looked) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("an answer that nobody takes: %v", err)
	}
}
