package judge

import (
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// The signature of a picture: its luma in equal cells, less their mean and over their deviation. So it stays the same when a picture is scaled, coded anew, or made
// brighter or flatter.
const (
	signW, signH = measurement.GridW / 2, measurement.GridH / 2
	signCells    = signW * signH
	// signUnit is what one standard deviation becomes: five of them fit into a byte, and rounding costs 1/80 of one.
	signUnit = 24
	// signScale is the squared distance of two signatures that have nothing in common, halved: 1 is a correlation of 0.5.
	signScale = signCells * signUnit * signUnit
	// flatDeviation is in code values the deviation of the cells below which a picture has no signature to speak of: black, or fog.
	flatDeviation = 3
)

const (
	// maxPictures bounds the signatures of a track: 8 h at 25 pictures a second. An hour at this rate takes 15 MB, and a track never more than 125 MB.
	maxPictures = 750_000
	// maxSoundMillis bounds the envelope of a track: 8 h of one byte a millisecond, 29 MB.
	maxSoundMillis = 8 * 3600 * 1000
)

// pictureSignature collects the signatures of a rendition's pictures. All lists have the same length but Cells, which has signCells for each.
type pictureSignature struct {
	Start  []jobs.Micros
	Length []int32 // µs
	Unit   []int32
	PTS    []int64
	Mean   []uint8
	// Spread is the deviation of the cells in code values, at most 255.
	Spread []uint8
	// Cells holds signed bytes.
	Cells []byte
	// Cut is where pictures were no longer kept; 0 for nowhere.
	Cut jobs.Micros

	width, height int // of the picture that the taps are for
	across, down  []signTap
}

func newPictureSignature() *pictureSignature { return &pictureSignature{} }

func (s *pictureSignature) frame(f *videoFrame) {
	if len(s.Start) >= maxPictures {
		if s.Cut == 0 {
			s.Cut = f.Start
		}
		return
	}
	if s.across == nil || s.width != f.Format.Width || s.height != f.Format.Height {
		s.width, s.height = f.Format.Width, f.Format.Height
		s.across, s.down = newTaps(s.width, measurement.GridW, signW), newTaps(s.height, measurement.GridH, signH)
	}
	var cell [signCells]int32
	s.reduce(&f.Grid, &cell)
	var sum, squares int64
	for _, v := range cell {
		sum += int64(v)
		squares += int64(v) * int64(v)
	}
	variance := (squares*signCells - sum*sum) / (signCells * signCells)
	deviation := int64(math.Sqrt(float64(variance))) // of sums of four cells; exact enough: the root is correctly rounded everywhere
	mean := int32(sum / signCells)
	scale := int32(signUnit << 16 / max(deviation, 4*flatDeviation))
	for _, v := range cell {
		z := (v - mean) * scale >> 16
		s.Cells = append(s.Cells, byte(int8(max(-127, min(z, 127)))))
	}
	s.Start = append(s.Start, f.Start)
	s.Length = append(s.Length, int32(min(f.End-f.Start, math.MaxInt32)))
	s.Unit = append(s.Unit, f.Unit)
	s.PTS = append(s.PTS, f.PTS)
	s.Mean = append(s.Mean, uint8(mean/4))
	s.Spread = append(s.Spread, uint8(min(deviation/4, 255)))
}

// signTap is how much a cell of the grid adds to one of the signature: 1/tapUnit.
type signTap struct {
	to, from int
	weight   int32
}

const (
	tapUnit = 256
	// signPart of signOf of the width and the height are signed: the last of them may lie beyond the last whole block, where nothing is known. Were it left open how much is, a slow zoom
	// would match itself best at the wrong time.
	signPart, signOf = 39, 40
)

// newTaps makes n cells of equal size out of the cells of a grid, whose borders stand between whole blocks of eight samples (measurement.Frame.Grid): so they differ with the size of
// the picture, by up to a third of a cell, and a picture would not match itself at another size.
func newTaps(size, cells, n int) []signTap {
	border := make([]int, cells+1)
	for i := range border {
		if blocks := size / 8; blocks >= cells {
			border[i] = (2*i*blocks + cells) / (2 * cells) * 8
		} else {
			border[i] = i * size / cells
		}
	}
	var list []signTap
	for to := range n {
		begin, left := len(list), int32(tapUnit)
		// In units of 1/(40n) of a sample: the cell is [39*to*size, 39*(to+1)*size).
		for from := range cells {
			last := from == cells-1 // a picture of a few blocks: what lies beyond the last is taken to be like it
			upper := border[from+1] * signOf * n
			if last {
				upper = max(upper, size*signOf*n)
			}
			part := min((to+1)*size*signPart, upper) - max(to*size*signPart, border[from]*signOf*n)
			if part > 0 {
				list = append(list, signTap{to, from, int32((part*tapUnit + size*signPart/2) / max(1, size*signPart))})
				left -= list[len(list)-1].weight
			}
		}
		if len(list) > begin { // rounding
			list[begin+(len(list)-begin)/2].weight += left
		}
	}
	return list
}

// reduce fills the cells of the signature, in quarters of code values.
func (s *pictureSignature) reduce(grid *[measurement.GridW * measurement.GridH]uint8, cell *[signCells]int32) {
	var rows [signH * measurement.GridW]int32
	for _, t := range s.down {
		in, out := grid[t.from*measurement.GridW:][:measurement.GridW], rows[t.to*measurement.GridW:][:measurement.GridW]
		for x, v := range in {
			out[x] += int32(v) * t.weight
		}
	}
	for y := range signH {
		in, out := rows[y*measurement.GridW:][:measurement.GridW], cell[y*signW:][:signW]
		for _, t := range s.across {
			out[t.to] += in[t.from] * t.weight
		}
	}
	for i := range cell {
		cell[i] = (cell[i] + tapUnit*tapUnit/8) / (tapUnit * tapUnit / 4)
	}
}

func (s *pictureSignature) gap(_, _ jobs.Micros) {}
func (s *pictureSignature) finish(jobs.Micros)   {}

func (s *pictureSignature) len() int { return len(s.Start) }

func (s *pictureSignature) end(i int) jobs.Micros { return s.Start[i] + jobs.Micros(s.Length[i]) }

// flat tells whether a picture shows nothing that could be told from another one.
func (s *pictureSignature) flat(i int) bool { return s.Spread[i] < flatDeviation }

// at finds the picture on the screen at a time: the last one that begins at or before it; -1 before the first.
func (s *pictureSignature) at(t jobs.Micros) int {
	lo, hi := 0, len(s.Start)
	for lo < hi {
		mid := (lo + hi) / 2
		if s.Start[mid] <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

// near is at, beginning the search at a guess: pictures follow each other.
func (s *pictureSignature) near(t jobs.Micros, guess int) int {
	for range 4 {
		switch {
		case guess < 0 || guess >= len(s.Start):
			return s.at(t)
		case s.Start[guess] > t:
			guess--
		case guess+1 < len(s.Start) && s.Start[guess+1] <= t:
			guess++
		default:
			return guess
		}
	}
	return s.at(t)
}

// distance is the squared distance of two signatures: 0 for equal ones, about 2*signScale for pictures that have nothing to do with each other.
func (s *pictureSignature) distance(i int, o *pictureSignature, j int) int32 {
	a, b := s.Cells[i*signCells:(i+1)*signCells], o.Cells[j*signCells:(j+1)*signCells]
	b = b[:len(a)]
	var sum int32
	for k, v := range a {
		d := int32(int8(v)) - int32(int8(b[k]))
		sum += d * d
	}
	if s.flat(i) && o.flat(j) {
		d := int32(s.Mean[i]) - int32(o.Mean[j])
		sum += d * d * (signScale / signStep / signStep)
	}
	return sum
}

// signStep is by how many code values two flat pictures differ when they have nothing in common: black and grey.
const signStep = 24

// soundSignature collects the envelope of a sound track: its peak by millisecond, companded to a byte.
type soundSignature struct {
	// Env has a byte for every millisecond of the timeline, 0 where there is no sound or none is known.
	Env []byte
	Cut jobs.Micros

	table *[256]uint8
}

func newSoundSignature() *soundSignature { return &soundSignature{table: newCompanding()} }

// newCompanding makes the table by the high byte of the root of the peak. The fourth root of the peak keeps 96 dB in a byte, and a change of level remains a factor, which
// a correlation does not see.
func newCompanding() *[256]uint8 {
	var t [256]uint8
	for i := range t {
		t[i] = uint8(math.Round(255 * math.Sqrt(float64(i)/255)))
	}
	return &t
}

func (s *soundSignature) slot(f *audioSlot) {
	first := (int64(f.cell()) + 500) / 1000
	if first < 0 {
		return
	}
	if first+int64(len(f.Slot.Env)) > maxSoundMillis {
		if s.Cut == 0 {
			s.Cut = f.Start
		}
		return
	}
	for int64(len(s.Env)) < first+int64(len(f.Slot.Env)) {
		s.Env = append(s.Env, 0)
	}
	for i, v := range f.Slot.Env {
		b := s.table[int(math.Sqrt(float64(v)))&0xff]
		s.Env[first+int64(i)] = max(s.Env[first+int64(i)], b)
	}
}

func (s *soundSignature) gap(_, _ jobs.Micros) {}
func (s *soundSignature) finish(jobs.Micros)   {}
