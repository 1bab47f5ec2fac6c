package measurement

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	fineBytes = 2 * GridW * GridH
	waveBytes = 2 * len(Slot{}.Env)
)

// frameRow is a Frame with everything it points to: a batch of rows is written from, or read into, the same memory again and again.
type frameRow struct {
	Frame
	texture    Texture
	comb       Comb
	fine       [GridW * GridH]uint16
	fine16     [fineBytes]uint8 // fine as it stands in the file
	cc         [1 + MaxCC]uint8 // the captions as they stand in the file: how many bytes, then the bytes
	hasCC      bool
	hasFine    bool
	hasTexture bool
	hasComb    bool
}

func hasFine(r *frameRow) *bool    { return &r.hasFine }
func hasCC(r *frameRow) *bool      { return &r.hasCC }
func hasPair(r *frameRow) *bool    { return &r.HasPair }
func hasTexture(r *frameRow) *bool { return &r.hasTexture }
func hasComb(r *frameRow) *bool    { return &r.hasComb }

func (r *frameRow) head() (track, unit *int32) { return &r.Track, &r.Frame.Unit }

// set copies f and what it points to.
func (r *frameRow) set(f *Frame) error {
	if f.Track < 0 || f.Unit < 0 {
		return fmt.Errorf("frame of track %d, unit %d", f.Track, f.Unit)
	}
	if f.Fine != nil && len(f.Fine) != len(r.fine) {
		return fmt.Errorf("fine grid of %d cells, want %d", len(f.Fine), len(r.fine))
	}
	if len(f.CC) > MaxCC {
		return fmt.Errorf("captions of %d bytes, at most %d are possible", len(f.CC), MaxCC)
	}
	r.Frame = *f
	r.cc, r.hasCC = [1 + MaxCC]uint8{uint8(len(f.CC))}, f.CC != nil
	copy(r.cc[1:], f.CC)
	r.hasFine, r.hasTexture, r.hasComb = f.Fine != nil, f.Texture != nil, f.Comb != nil
	for i, v := range f.Fine {
		binary.LittleEndian.PutUint16(r.fine16[2*i:], v)
	}
	if r.hasTexture {
		r.texture = *f.Texture
	}
	if r.hasComb {
		r.comb = *f.Comb
	}
	return nil
}

// get links what was read into the row. An absent pair is zero, so that a row does not depend on the one that used its memory before.
func (r *frameRow) get() (*Frame, error) {
	f := &r.Frame
	if f.Track < 0 || f.Unit < 0 {
		return nil, fmt.Errorf("frame of track %d, unit %d", f.Track, f.Unit)
	}
	f.Fine, f.Texture, f.Comb, f.CC = nil, nil, nil, nil
	if r.hasCC {
		if r.cc[0] > MaxCC {
			return nil, fmt.Errorf("captions of %d bytes, at most %d are possible", r.cc[0], MaxCC)
		}
		f.CC = r.cc[1 : 1+r.cc[0]]
	}
	if r.hasFine {
		f.Fine = r.fine[:]
		for i := range r.fine {
			r.fine[i] = binary.LittleEndian.Uint16(r.fine16[2*i:])
		}
	}
	if r.hasTexture {
		f.Texture = &r.texture
	}
	if r.hasComb {
		f.Comb = &r.comb
	}
	if !f.HasPair {
		f.Pair = Pair{}
	}
	return f, nil
}

// slotRow is a Slot with channels of its own.
type slotRow struct {
	Slot
	env16, low16 [waveBytes]uint8 // Env and Low as they stand in the file
}

func (r *slotRow) head() (track, unit *int32) { return &r.Track, &r.Slot.Unit }

var errSlot = errors.New("slot with a negative track, unit, offset or length")

func (r *slotRow) check() error {
	if r.Track < 0 || r.Unit < 0 || r.Offset < 0 || r.Samples < 0 {
		return fmt.Errorf("%w: %d, %d, %d, %d", errSlot, r.Track, r.Unit, r.Offset, r.Samples)
	}
	return nil
}

// set copies s and its channels.
func (r *slotRow) set(s *Slot) error {
	if len(s.Ch) > MaxChannels {
		return fmt.Errorf("slot with %d channels, at most %d are possible", len(s.Ch), MaxChannels)
	}
	own := append(r.Ch[:0], s.Ch...)
	r.Slot = *s
	r.Ch = own
	for i := range s.Env {
		binary.LittleEndian.PutUint16(r.env16[2*i:], s.Env[i])
		binary.LittleEndian.PutUint16(r.low16[2*i:], uint16(s.Low[i]))
	}
	return r.check()
}

// get unpacks what was read into the row.
func (r *slotRow) get() (*Slot, error) {
	for i := range r.Env {
		r.Env[i] = binary.LittleEndian.Uint16(r.env16[2*i:])
		r.Low[i] = int16(binary.LittleEndian.Uint16(r.low16[2*i:]))
	}
	return &r.Slot, r.check()
}
