package measurement

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"aircheck/jobs"
)

func open(t testing.TB, object []byte, o Options) *Reader {
	t.Helper()
	r, err := OpenWith(bytes.NewReader(object), int64(len(object)), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// readAll returns copies of everything in the object.
func readAll(t testing.TB, r *Reader) (frames []*Frame, slots []*Slot) {
	t.Helper()
	err := r.Frames(func(f *Frame) error {
		frames = append(frames, copyFrame(f))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Slots(func(s *Slot) error {
		slots = append(slots, copySlot(s))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return frames, slots
}

func copyFrame(f *Frame) *Frame {
	c := *f
	c.Fine = append([]uint16(nil), f.Fine...)
	c.CC = slices.Clone(f.CC)
	if f.Texture != nil {
		texture := *f.Texture
		c.Texture = &texture
	}
	if f.Comb != nil {
		comb := *f.Comb
		c.Comb = &comb
	}
	return &c
}

func copySlot(s *Slot) *Slot {
	c := *s
	c.Ch = append(make([]Channel, 0, len(s.Ch)), s.Ch...)
	return &c
}

func randomRows(seed uint64, nFrames, nSlots int) (frames []*Frame, slots []*Slot) {
	r := rand.New(rand.NewPCG(seed, 7))
	for range nFrames {
		frames = append(frames, randomFrame(r))
	}
	for range nSlots {
		slots = append(slots, randomSlot(r))
	}
	return frames, slots
}

// TestRoundTrip writes random rows and reads them back; counts lie around the borders of batches.
func TestRoundTrip(t *testing.T) {
	header := Header{V: jobs.Version, Measure: jobs.MeasureVersion, FFmpeg: "59", Sequence: "s0", Window: 3}
	for seed, n := range []int{0, 1, 2, batchRows - 1, batchRows, batchRows + 1, 500, 3000} {
		frames, slots := randomRows(uint64(seed), n, 2*n)
		object := write(t, header, frames, slots)
		r := open(t, object, Options{})
		gotFrames, gotSlots := readAll(t, r)
		if !reflect.DeepEqual(r.Header(), header) {
			t.Errorf("header %+v, want %+v", r.Header(), header)
		}
		if !reflect.DeepEqual(gotFrames, frames) {
			t.Errorf("%d frames: what was read is not what was written", n)
		}
		if !reflect.DeepEqual(gotSlots, slots) {
			t.Errorf("%d slots: what was read is not what was written", n)
		}
		// To the bit, which DeepEqual does not see on the negative zero; and equal rows are equal bytes.
		if !bytes.Equal(write(t, header, gotFrames, gotSlots), object) {
			t.Errorf("%d frames, %d slots: written again, they are other bytes", n, 2*n)
		}
	}
}

// TestSeveralRowGroups crosses the limits at which row groups end.
func TestSeveralRowGroups(t *testing.T) {
	var frames []*Frame
	for i := range groupFrames + batchRows + 1 {
		frames = append(frames, &Frame{PTS: int64(i), HasPair: i%7 != 0, Pair: Pair{SADY: int64(i % 7)}})
	}
	var slots []*Slot
	for i := range 2*groupSlots + 1 {
		slots = append(slots, &Slot{Index: int64(i), Ch: make([]Channel, i%3)})
	}
	r := open(t, write(t, Header{}, frames, slots), Options{})
	if len(r.groups) != 2+3 {
		t.Errorf("%d row groups, want 2 of frames and 3 of slots", len(r.groups))
	}
	gotFrames, gotSlots := readAll(t, r)
	if !reflect.DeepEqual(gotFrames, frames) || !reflect.DeepEqual(gotSlots, slots) {
		t.Errorf("what was read is not what was written")
	}
}

func TestSkipGrids(t *testing.T) {
	frames, slots := randomRows(5, 200, 1)
	got, _ := readAll(t, open(t, write(t, Header{}, frames, slots), Options{SkipGrids: true}))
	for _, f := range frames {
		f.Grid, f.GridCb, f.GridCr, f.Fine = Frame{}.Grid, Frame{}.GridCb, Frame{}.GridCr, nil
	}
	if !reflect.DeepEqual(got, frames) {
		t.Error("frames differ in more than their grids")
	}
}

// TestReset reads objects in turn with one Reader: nothing of one may show in the next.
func TestReset(t *testing.T) {
	many, manySlots := randomRows(1, 300, 300)
	few, fewSlots := randomRows(2, 3, 3)
	for _, f := range few {
		f.Fine, f.Texture, f.Comb, f.HasPair, f.Pair = nil, nil, nil, false, Pair{}
	}
	first, second := write(t, Header{Window: 1}, many, manySlots), write(t, Header{Window: 2}, few, fewSlots)
	r := open(t, first, Options{})
	for range 2 {
		if frames, slots := readAll(t, r); r.Header().Window != 1 || !reflect.DeepEqual(frames, many) || !reflect.DeepEqual(slots, manySlots) {
			t.Fatal("first object: what was read is not what was written")
		}
		if err := r.Reset(bytes.NewReader(second), int64(len(second))); err != nil {
			t.Fatal(err)
		}
		if frames, slots := readAll(t, r); r.Header().Window != 2 || !reflect.DeepEqual(frames, few) || !reflect.DeepEqual(slots, fewSlots) {
			t.Fatal("second object: what was read is not what was written")
		}
		if err := r.Reset(bytes.NewReader(first), int64(len(first))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadStopsAtTheCallersError(t *testing.T) {
	frames, slots := randomRows(3, 100, 100)
	r := open(t, write(t, Header{}, frames, slots), Options{})
	enough := errors.New("enough")
	seen := 0
	if err := r.Frames(func(*Frame) error { seen++; return enough }); !errors.Is(err, enough) || seen != 1 {
		t.Errorf("frames: %d seen, %v", seen, err)
	}
	if err := r.Slots(func(*Slot) error { seen++; return enough }); !errors.Is(err, enough) || seen != 2 {
		t.Errorf("slots: %d seen, %v", seen, err)
	}
}

// TestReadAllocates little: a judge reads millions of rows.
func TestReadAllocates(t *testing.T) {
	frames, slots := clip(60)
	object := write(t, Header{}, frames, slots)
	r := open(t, object, Options{})
	got := testing.AllocsPerRun(3, func() {
		if err := r.Reset(bytes.NewReader(object), int64(len(object))); err != nil {
			t.Error(err)
		}
		if err := errors.Join(r.Frames(func(*Frame) error { return nil }), r.Slots(func(*Slot) error { return nil })); err != nil {
			t.Error(err)
		}
	})
	if limit := 500.0; got > limit {
		t.Errorf("%v allocations for a window of 60 s, want at most %v: none may depend on the number of rows", got, limit)
	}
}
