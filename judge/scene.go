package judge

import (
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// cells are the luma cells of a picture.
type cells [measurement.GridW * measurement.GridH]uint8

// distance is the sum of the differences of the cells.
func (c *cells) distance(f *measurement.Frame) int64 {
	sum := int64(0)
	for i, v := range c {
		d := int64(v) - int64(f.Grid[i])
		sum += max(d, -d)
	}
	return sum
}

// scenePairs is how many pairs say how much a picture usually changes.
const scenePairs = 12

// sceneTrack tells cuts from the motion of a scene.
type sceneTrack struct {
	SAD   [scenePairs]int64
	Next  int
	Pairs int // counted up to a bound
	Since int // pictures since the last cut, counted up to a bound
	// Last is the last picture, and Before the one before the last cut, to which it changed by Jump.
	Last   cells
	Known  bool
	Before *cells
	Jump   int64
}

// sinceMost bounds the counters.
const sinceMost = 1000

func (s *sceneTrack) frame(f *videoFrame) {
	s.Since = min(s.Since+1, sinceMost)
	if s.Known && s.cut(f) {
		before := s.Last
		s.Before, s.Jump, s.Since = &before, s.Last.distance(f.Frame), 0
	}
	if f.HasPair {
		s.SAD[s.Next] = f.Pair.SADY
		s.Next = (s.Next + 1) % scenePairs
		s.Pairs = min(s.Pairs+1, sinceMost)
	}
}

func (s *sceneTrack) cut(f *videoFrame) bool {
	if !f.HasPair {
		return s.Last.distance(f.Frame) >= sceneCells*measurement.GridW*measurement.GridH
	}
	if float64(f.Pair.Changed) < sceneShare*float64(f.Pair.Blocks) {
		return false
	}
	n := min(s.Pairs, scenePairs)
	list := s.SAD
	slices.Sort(list[:n])
	return n == 0 || f.Pair.SADY/sceneFactor >= list[n/2]
}

// keep remembers the picture for the next.
func (s *sceneTrack) keep(f *videoFrame) { s.Last, s.Known = f.Grid, true }

const (
	// fillShare is how many blocks of 100 must be filled at once, from one sample to the next: where HEVC lacks a reference, 15 to 60 of 100 are; grey graphics that move in come in
	// smaller steps. fillRemains is how many keep the run going, and fillLeast is the same as a number.
	fillShare, fillRemains = 8, 1
	fillLeast              = 4
)

// fillTrack tells blocks that a decoder filled with grey or green from such as a scene has.
type fillTrack struct {
	// Usual is how many blocks of that kind there are without damage.
	Usual int32
	Known bool
	// Filled is set while there are more.
	Filled bool
	Pics   int // since the last sample
}

// frame is true when the picture has filled blocks. since counts the pictures since a cut, which may bring a grey or green scene.
func (t *fillTrack) frame(f *videoFrame, since int) bool {
	t.Pics = min(t.Pics+1, sinceMost)
	if f.Texture == nil {
		return false
	}
	now := f.Texture.Green
	blocks := float64(f.Format.Width/16) * float64(f.Format.Height/16)
	share := float64(fillShare)
	if t.Filled {
		share = fillRemains
	}
	more := now-t.Usual >= fillLeast && 100*float64(now-t.Usual) >= share*blocks
	if !more || !t.Known || !t.Filled && since < t.Pics {
		t.Usual, t.Filled = now, false
	} else {
		t.Filled = true
	}
	t.Known, t.Pics = true, 0
	return t.Filled
}

// toldTrack follows what the decoder says by itself, as damage does.
type toldTrack struct {
	Run  *run `json:",omitempty"`
	Hard int
}

func (t *toldTrack) frame(f *videoFrame) {
	hard := f.DecodeErrors != 0 || f.ConcealedMB > 0 || f.Flags&(measurement.FlagCorrupt|measurement.FlagSendError) != 0
	if !hard && f.LogErrors == 0 {
		return
	}
	if t.Run == nil || f.Start-t.Run.To > damageMerge {
		t.Run, t.Hard = &run{From: f.Start}, 0
	}
	t.Run.To = f.End
	if hard {
		t.Hard++
	}
}

// tells whether the decoder's own complaints make a finding about the run that is no milder.
func (t *toldTrack) tells(r *corruptRun, all levels, severity jobs.Severity) bool {
	if t.Run == nil || t.Hard == 0 || t.Run.To < r.From-damageMerge || t.Run.From > r.To+damageMerge {
		return false
	}
	l, ok := all.reached(t.Run.length())
	return ok && !milder(l.severity, severity)
}

// milder tells whether a is milder than b.
func milder(a, b jobs.Severity) bool {
	order := []jobs.Severity{jobs.Info, jobs.Warn, jobs.Fail}
	return slices.Index(order, a) < slices.Index(order, b)
}
