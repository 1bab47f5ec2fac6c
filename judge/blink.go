package judge

import (
	"math/bits"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// blinkRise is by how much a cell of the picture lights up, in code values (detectors.md 4), and blinkFall how much of that must be left for it
	// to be lit still.
	blinkRise, blinkFall = 50, 25
	// blinkCells is the least number of gridCells that make a flash: a lamp in the corner of a test picture, 2 % of it.
	blinkCells = gridCells / 50
	// blinkLength is the longest that a flash may stand: longer is a cut to something bright.
	blinkLength jobs.Micros = 500e3
	// maxSignals bounds the flashes and the beeps that are kept of a track; of more, the latest count. At one a second that is more than an hour.
	maxSignals = 4096
)

// blink is a flash: the picture, or a part of it, lights up and goes dark again.
type blink struct {
	At     jobs.Micros
	Length jobs.Micros // how long the first picture of it stands
	Cells  int
}

// blinks collects the flashes of a picture that a sound may go with. It reports nothing by itself.
type blinks struct {
	Found []blink `json:",omitempty"`
	// Change is by how much the picture before differed from the one before it, 0 when unknown.
	Change int64 `json:",omitempty"`
	// Prev is the grid of the picture before.
	Prev *[gridCells]uint8 `json:",omitempty"`
	// Open is a flash that has not ended yet: Lit are the gridCells that went on, Before is what they were.
	Open   *blink                 `json:",omitempty"`
	Before *[gridCells]uint8      `json:",omitempty"`
	Lit    [gridCells / 64]uint64 `json:",omitempty"`
}

func newBlinks(*params, emitter) videoDetector { return &blinks{} }

func (b *blinks) frame(f *videoFrame) {
	if b.Open != nil {
		b.burn(f)
	} else if b.Prev != nil && f.Flags&measurement.FlagFormat == 0 && b.may(f) {
		b.light(f)
	}
	if b.Prev == nil {
		b.Prev = new([gridCells]uint8)
	}
	*b.Prev = f.Grid
	b.Change = 0
	if f.HasPair {
		b.Change = f.Pair.SADY
	}
}

// may is false for a picture that differs little more from the one before than that did from its own: a flash adds to what moves.
func (b *blinks) may(f *videoFrame) bool {
	area := int64(f.Format.Width) * int64(f.Format.Height)
	return !f.HasPair || f.Pair.SADY-b.Change >= area*depthScale(f.Format)*blinkRise*blinkCells/gridCells/2
}

// light begins a flash when enough cells went on.
func (b *blinks) light(f *videoFrame) {
	n := rises(&f.Grid, b.Prev)
	if n < blinkCells {
		return
	}
	if b.Before == nil {
		b.Before = new([gridCells]uint8)
	}
	b.Open, b.Lit, *b.Before = &blink{At: f.Start, Length: f.End - f.Start, Cells: n}, [gridCells / 64]uint64{}, *b.Prev
	for i := range f.Grid {
		if int(f.Grid[i])-int(b.Prev[i]) >= blinkRise {
			b.Lit[i/64] |= 1 << (i % 64)
		}
	}
}

// rises counts the cells that went on, without a branch: nearly every picture is looked at.
func rises(now, before *[gridCells]uint8) int {
	var n uint32
	for i := range now {
		n += (uint32(blinkRise-1) + uint32(before[i]) - uint32(now[i])) >> 31
	}
	return int(n)
}

// burn looks whether the flash is over: less than a third of its gridCells are lit.
func (b *blinks) burn(f *videoFrame) {
	if f.Start-b.Open.At > blinkLength {
		b.Open = nil
		return
	}
	left := 0
	for w, mask := range b.Lit {
		for ; mask != 0; mask &= mask - 1 {
			i := w*64 + bits.TrailingZeros64(mask)
			if int(f.Grid[i])-int(b.Before[i]) >= blinkFall {
				left++
			}
		}
	}
	if left*3 < b.Open.Cells {
		b.Found = bounded(append(b.Found, *b.Open))
		b.Open = nil
	}
}

// bounded forgets the older half of what is too many.
func bounded[T any](list []T) []T {
	if len(list) > maxSignals {
		list = append(list[:0], list[len(list)-maxSignals/2:]...)
	}
	return list
}

func (b *blinks) gap(_, _ jobs.Micros) { b.Prev, b.Open, b.Change = nil, nil, 0 }

func (b *blinks) finish(jobs.Micros) {}
