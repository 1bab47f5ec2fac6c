//go:build cgo

package decode

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// stripped takes the timestamps from the first n PES packets of the streams with such an id: 0xe0 are pictures, 0xc0 is sound.
func stripped(b []byte, id byte, n int) []byte {
	b = slices.Clone(b)
	for p := b; len(p) >= tsPacket && n > 0; p = p[tsPacket:] {
		at := 4
		if p[3]&0x20 != 0 {
			at += 1 + int(p[4])
		}
		if p[1]&0x40 == 0 || at+9 > tsPacket || !bytes.Equal(p[at:at+3], []byte{0, 0, 1}) || p[at+3]&0xe0 != id {
			continue
		}
		p[at+7] &^= 0xc0
		for i := range int(p[at+8]) {
			p[at+9+i] = 0xff
		}
		n--
	}
	return b
}

const all = 1 << 30

// measured are the unit of the last segment and its rows, in one window with those before it.
func measured(t *testing.T, segments ...[]byte) (measurement.Unit, rows) {
	t.Helper()
	d, dir := disk{}, t.TempDir()
	task := jobs.Task{}
	for i, b := range segments {
		path := filepath.Join(dir, string(rune('a'+i))+".ts")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d.segments = append(d.segments, path)
		task.Segments = append(task.Segments, jobs.Segment{Index: 9 - len(segments) + i, Duration: 4e6})
	}
	out := rows{}
	h, err := Measure(task, d, &out)
	if err != nil || len(h.Units) != len(segments) {
		t.Fatalf("%+v, %v", h.Units, err)
	}
	out.frames = slices.DeleteFunc(out.frames, func(f measurement.Frame) bool { return f.Unit != 8 })
	out.slots = slices.DeleteFunc(out.slots, func(s measurement.Slot) bool { return s.Unit != 8 })
	return h.Units[len(h.Units)-1], out
}

// Pictures without timestamps stand in the order in which they are shown, as long after each other as they say: from 0 where the segment has no timestamp at all,
// and else so that they end where the others begin. What was decoded before the segment changes nothing.
func TestPicturesWithoutTimestamps(t *testing.T) {
	b, err := os.ReadFile(clockClip(t, "a.ts", "-an", "-c:v", "libx264", "-bf", "3", "-g", "25", "-output_ts_offset", "5"))
	if err != nil {
		t.Fatal(err)
	}
	unit, whole := measured(t, b)
	want := unit.Tracks[0]
	if want.FirstPTS < 5*90000 || want.Frames != 100 || want.Keys != 4 {
		t.Fatalf("%+v", want)
	}
	for _, c := range []struct {
		name string
		n    int
		by   int64
	}{{"the first packet", 1, 0}, {"some packets", 6, 0}, {"all", all, want.FirstPTS}} {
		unit, got := measured(t, stripped(b, 0xe0, c.n))
		w := want
		w.FirstPTS, w.EndPTS, w.FirstKey, w.LastKey, w.Untimed = w.FirstPTS-c.by, w.EndPTS-c.by, w.FirstKey-c.by, w.LastKey-c.by, c.n == all
		if g := unit.Tracks[0]; g != w {
			t.Errorf("%s: %+v, want %+v", c.name, g, w)
		}
		for i := range got.frames {
			if got.frames[i].PTS != whole.frames[i].PTS-c.by || got.frames[i].Hash != whole.frames[i].Hash {
				t.Fatalf("%s: picture %d stands at %d, want %d", c.name, i, got.frames[i].PTS, whole.frames[i].PTS-c.by)
			}
		}
		behind, list := measured(t, b, stripped(b, 0xe0, c.n))
		if behind.Tracks[0] != unit.Tracks[0] {
			t.Errorf("%s: behind another segment %+v, alone %+v", c.name, behind.Tracks[0], unit.Tracks[0])
		}
		for i := range list.frames {
			if list.frames[i].PTS != got.frames[i].PTS {
				t.Fatalf("%s: behind another segment picture %d stands at %d, alone at %d", c.name, i, list.frames[i].PTS, got.frames[i].PTS)
			}
		}
	}
}

// MPEG-2 gives the last picture of a segment only when the next one comes, and then with the time of that packet: it stands behind the others all the same.
func TestTheLastPictureWithoutTimestamps(t *testing.T) {
	pattern := clockClip(t, "s%d.ts", "-an", "-c:v", "mpeg2video", "-bf", "2", "-g", "25", "-sc_threshold", "1000000000", "-f", "segment", "-segment_time", "2")
	first, err := os.ReadFile(strings.Replace(pattern, "%d", "0", 1))
	if err != nil {
		t.Fatal(err)
	}
	second := strings.Replace(pattern, "%d", "1", 1)
	path := filepath.Join(t.TempDir(), "none.ts")
	if err := os.WriteFile(path, stripped(first, 0xe0, all), 0o600); err != nil {
		t.Fatal(err)
	}
	out := rows{}
	task := jobs.Task{Segments: []jobs.Segment{{Index: 0, Duration: 2e6}, {Index: 1, Duration: 2e6}}}
	h, err := Measure(task, disk{segments: []string{path, second}}, &out)
	if err != nil || len(h.Units) != 2 || h.Units[1].Tracks[0].Closed {
		t.Fatalf("%+v, %v; want a second segment that begins with an open GOP", h.Units, err)
	}
	n := int64(0)
	for _, f := range out.frames {
		if f.Unit != 0 {
			continue
		}
		if f.PTS != n*3600 || f.Flags&measurement.FlagNoPTS == 0 {
			t.Fatalf("picture %d stands at %d, want %d", n, f.PTS, n*3600)
		}
		n++
	}
	if n < 40 {
		t.Errorf("%d pictures", n)
	}
}

// A key frame without timestamp is looked at as the last one of the segment before, which is another window's.
func TestContextWithoutTimestamps(t *testing.T) {
	b, err := os.ReadFile(clockClip(t, "a.ts", "-an", "-c:v", "libx264", "-g", "25"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	d := disk{segments: []string{filepath.Join(dir, "a.ts"), filepath.Join(dir, "b.ts"), filepath.Join(dir, "c.ts")}}
	for i, data := range [][]byte{stripped(b, 0xe0, all), b, stripped(b, 0xe0, all)} {
		if err := os.WriteFile(d.segments[i], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, depth := range []string{jobs.DepthFast, ""} {
		task := jobs.Task{Segments: []jobs.Segment{{Index: 0}, {Index: 1}, {Index: 2}}, Context: 1, After: 1, Depth: depth}
		h, err := Measure(task, d, &rows{})
		if err != nil || len(h.Units) != 1 || h.Units[0].Index != 1 {
			t.Errorf("depth %q: %+v, %v, want segment 1 alone", depth, h.Units, err)
		}
	}
}

// AAC in ADTS has its duration in its header: it is dated back like any other sound.
func TestAACWithoutTimestamps(t *testing.T) {
	for _, rate := range []string{"48000", "44100"} {
		b, err := os.ReadFile(clockClip(t, "a.ts", "-vn", "-c:a", "aac", "-ar", rate, "-output_ts_offset", "5"))
		if err != nil {
			t.Fatal(err)
		}
		unit, whole := measured(t, b)
		want := unit.Tracks[0]
		unit, got := measured(t, stripped(b, 0xc0, 3))
		if g := unit.Tracks[0]; g.EndPTS != want.EndPTS || g.FirstPTS < want.FirstPTS-90 || g.FirstPTS > want.FirstPTS+90 {
			t.Errorf("%s Hz: %+v, want %+v to a millisecond", rate, g, want)
		}
		if end := want.EndPTS + want.Tail - want.FirstPTS; end < 4*90000 || end > 41*9000 {
			t.Errorf("%s Hz: lasts %d ticks with its tail", rate, end)
		}
		if len(whole.slots) == 0 || len(got.slots) != len(whole.slots) || got.slots[0].Index != whole.slots[0].Index {
			t.Errorf("%s Hz: %d slots from %d on, want %d from %d on", rate, len(got.slots), got.slots[0].Index, len(whole.slots), whole.slots[0].Index)
		}
		unit, got = measured(t, stripped(b, 0xc0, all))
		if g := unit.Tracks[0]; !g.Untimed || g.FirstPTS != 0 || g.EndPTS < 4*90000 || g.EndPTS > 41*9000 || got.slots[0].Index != 0 {
			t.Errorf("%s Hz, none at all: %+v, slots from %d on", rate, g, got.slots[0].Index)
		}
	}
}

func TestADTSDuration(t *testing.T) {
	ts := &track{num: 1, den: 90000}
	for _, c := range []struct {
		b    []byte
		want int64
	}{
		{[]byte{0xff, 0xf1, 0x4c, 0x80, 0, 0, 0xfc}, 1920},     // 48 kHz
		{[]byte{0xff, 0xf9, 0x50, 0x80, 0, 0, 0xfc}, 2090},     // 44.1 kHz, MPEG-2
		{[]byte{0xff, 0xf1, 0x4c, 0x80, 0, 0, 0xfd}, 2 * 1920}, // two blocks
		{[]byte{0xff, 0xf1, 0x7c, 0x80, 0, 0, 0xfc}, 0},        // a rate that is none
		{[]byte{0xff, 0xfb, 0x4c, 0x80, 0, 0, 0xfc}, 0},        // MP3
		{[]byte{0xff, 0xf1, 0x4c}, 0},
		{nil, 0},
	} {
		if got := adtsDuration(c.b, ts); got != c.want {
			t.Errorf("% x: %d, want %d", c.b, got, c.want)
		}
	}
}
