package measurement

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"

	"aircheck/jobs"
)

func write(t testing.TB, h Header, frames []*Frame, slots []*Slot) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	// Four slots a frame, as a worker would.
	for len(frames) > 0 || len(slots) > 0 {
		if len(frames) > 0 {
			if err := w.Frame(frames[0]); err != nil {
				t.Fatal(err)
			}
			frames = frames[1:]
		}
		for n := min(4, len(slots)); n > 0; n-- {
			if err := w.Slot(slots[0]); err != nil {
				t.Fatal(err)
			}
			slots = slots[1:]
		}
	}
	if err := w.Close(h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fullHeader sets every field.
func fullHeader() Header {
	return Header{
		V: jobs.Version, Measure: jobs.MeasureVersion, FFmpeg: "lavc 59.37.100", Sequence: "s1", Window: 7,
		Formats: []Format{
			{
				Kind: Video, Codec: "h264", Profile: "High", Language: "und", TimeBaseNum: 1, TimeBaseDen: 90000, WrapBits: 33, BitRate: 5e6,
				Width: 1920, Height: 1080, ChromaWidth: 960, ChromaHeight: 540, Depth: 8, PixFmt: "yuv420p", RateNum: 25, RateDen: 1,
				FullRange: true, ColorSpace: "bt709", Primaries: "bt709", Transfer: "bt709", SARNum: 1, SARDen: 1,
			},
			{
				Kind: Audio, Codec: "aac", TimeBaseNum: 1, TimeBaseDen: 48000, SampleRate: 48000, Channels: 6, Layout: "5.1",
				Weights: []float64{1, 1, 1, 0, 1.41, 1.41},
			},
		},
		Units: []Unit{
			{
				Index: 4, State: UnitOK, Detail: "fine", Bytes: 123456,
				Tracks: []UnitTrack{
					{Kind: Video, FirstPTS: -3600, EndPTS: 540000, Packets: 150, Frames: 149, Bytes: 100000, StartsWithKey: true, Closed: true, Depth: jobs.DepthFast},
					{Kind: Audio, Format: 1, FirstPTS: -1024, EndPTS: 288000, Packets: 281, Frames: 281, Bytes: 23456, Errors: 2, Example: "<bad> & \xff"},
				},
			},
			{Index: 5, State: UnitTruncated, TruncatedAt: 7_500_000},
		},
		Duration: 60_000_000,
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	want := fullHeader()
	got := open(t, write(t, want, nil, nil), Options{}).Header()
	want.Units[0].Tracks[1].Example = "<bad> & \uFFFD" // JSON holds no bytes that are not UTF-8
	if !reflect.DeepEqual(got, want) {
		t.Errorf("header\n%+v\nwant\n%+v", got, want)
	}
}

// TestWriterRefuses tests what no reader could make sense of. The error sticks: nothing that was left out goes unnoticed.
func TestWriterRefuses(t *testing.T) {
	noFormat := fullHeader()
	noFormat.Formats = noFormat.Formats[:1]
	tests := map[string]func(w *Writer) error{
		"short fine grid":       func(w *Writer) error { return w.Frame(&Frame{Fine: make([]uint16, 12)}) },
		"negative track":        func(w *Writer) error { return w.Frame(&Frame{Track: -1}) },
		"negative unit":         func(w *Writer) error { return w.Slot(&Slot{Unit: -1}) },
		"negative samples":      func(w *Writer) error { return w.Slot(&Slot{Samples: -1}) },
		"too many channels":     func(w *Writer) error { return w.Slot(&Slot{Ch: make([]Channel, MaxChannels+1)}) },
		"format that is absent": func(w *Writer) error { return w.Close(noFormat) },
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := NewWriter(io.Discard)
			if err := test(w); err == nil {
				t.Fatal("no error")
			}
			if w.Frame(&Frame{}) == nil || w.Slot(&Slot{}) == nil || w.Close(Header{}) == nil {
				t.Error("the writer goes on after its error")
			}
		})
	}
}

// TestWriterKeepsNothing writes everything from one Frame and one Slot, as a worker does.
func TestWriterKeepsNothing(t *testing.T) {
	frames, slots := randomRows(9, 200, 200)
	want := write(t, Header{}, frames, slots)
	var f Frame
	var s Slot
	fine, texture, comb, ch := make([]uint16, GridW*GridH), Texture{}, Comb{}, make([]Channel, 0, MaxChannels)
	var b bytes.Buffer
	w := NewWriter(&b)
	for i := range frames {
		f = *frames[i]
		if f.Fine != nil {
			copy(fine, f.Fine)
			f.Fine = fine
		}
		if f.Texture != nil {
			texture = *f.Texture
			f.Texture = &texture
		}
		if f.Comb != nil {
			comb = *f.Comb
			f.Comb = &comb
		}
		s = *slots[i]
		ch = append(ch[:0], s.Ch...)
		s.Ch = ch
		if err := errors.Join(w.Slot(&s), w.Frame(&f)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(Header{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Error("the object depends on what became of a row after it was written, or on how frames and slots were mixed")
	}
}

func TestWriterReportsItsOutput(t *testing.T) {
	full := errors.New("disk full")
	frames, slots := randomRows(4, 100, 100)
	w := NewWriter(failing{full})
	for i := range frames {
		if err := errors.Join(w.Frame(frames[i]), w.Slot(slots[i])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(Header{}); !errors.Is(err, full) {
		t.Errorf("close: %v, want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
