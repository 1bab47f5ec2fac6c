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
	// Still counts the pairs in a row in which nothing moves, up to a bound.
	Still int `json:",omitempty"`
}

const (
	// stillShare is how many blocks of 100 may change in a picture that stands still: a clock in a corner, or what a keyframe codes anew.
	stillShare = 0.5
	// stillPairs is how many such pairs are a picture that stands, and not one that is shown twice: half a second.
	stillPairs = 12
)

// stands tells whether a picture is the one before.
func stands(f *videoFrame) bool {
	return f.HasPair && percent(f.Pair.Changed, f.Pair.Blocks) <= stillShare
}

// sinceMost bounds the counters.
const sinceMost = 1000

func (s *sceneTrack) frame(f *videoFrame) {
	s.Since = min(s.Since+1, sinceMost)
	still := s.Still
	switch {
	case stands(f):
		s.Still = min(still+1, sinceMost)
		return // how much a scene changes is not learnt while nothing does
	case f.HasPair:
		s.Still = 0
	}
	// A picture that begins to move again shows what was not seen before, as a cut does.
	if s.Known && (s.cut(f) || f.HasPair && still >= stillPairs) {
		before := s.Last
		s.Before, s.Jump, s.Since, s.Still = &before, s.Last.distance(f.Frame), 0, 0
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
	// fillShare is how many blocks of 100 must be filled with grey at once, from one sample to the next: where HEVC lacks a reference, 15 to 60 of 100 are; grey graphics that move in
	// come in smaller steps. The green of nothing at all is no colour that anybody uses, so greenShare is less: a slice of it is 2 to 6 of 100. fillRemains is how many keep the run
	// going, and fillLeast is the same as a number.
	fillShare, greenShare, fillRemains = 8, 2, 1
	// sureShare is how many filled with grey need no other sign of damage.
	sureShare = 15
	fillLeast = 4
)

// fillTrack tells blocks that a decoder filled with grey, or with green, from such as a scene has.
type fillTrack struct {
	// Usual is how many blocks of that kind there are without damage.
	Usual int32
	Known bool
	// Filled is set while there are more.
	Filled bool
	Pics   int // since the last sample
}

// frame returns the share of blocks that are filled beyond what is usual, in per cent, and 0 when that is too few. since counts the pictures since a cut, which may bring a grey or green scene.
// now is how many blocks there are, and share from how many in per cent on they count.
func (t *fillTrack) frame(f *videoFrame, now int32, share float64, since int) float64 {
	t.Pics = min(t.Pics+1, sinceMost)
	if f.Texture == nil {
		return 0
	}
	blocks := float64(f.Format.Width/16) * float64(f.Format.Height/16)
	if t.Filled {
		share = fillRemains
	}
	found := 100 * float64(now-t.Usual) / max(1, blocks)
	if now-t.Usual < fillLeast || found < share || !t.Known || !t.Filled && since < t.Pics {
		t.Usual, t.Filled, found = now, false, 0
	} else {
		t.Filled = true
	}
	t.Known, t.Pics = true, 0
	return found
}

// toldTrack follows what the decoder says by itself, as damage does.
type toldTrack struct {
	Run  *run `json:",omitempty"`
	Hard int
	// Much is set when it conceals so much of a picture that its finding is one severity worse.
	Much bool `json:",omitempty"`

	concealed float64 // per cent
}

func (t *toldTrack) frame(f *videoFrame) {
	hard := f.DecodeErrors != 0 || f.ConcealedMB > 0 || f.Flags&(measurement.FlagCorrupt|measurement.FlagSendError) != 0
	if !hard && f.LogErrors == 0 {
		return
	}
	t.extend(f.Start, f.End)
	if hard {
		t.Hard++
	}
	if share := concealedShare(f); share > 0 && float64(share) >= 10*t.concealed {
		t.Much = true
	}
}

// lost is a hole, which is told elsewhere.
func (t *toldTrack) lost(from, to jobs.Micros) {
	t.extend(from, to)
	t.Hard++
}

func (t *toldTrack) extend(from, to jobs.Micros) {
	if t.Run == nil || from-t.Run.To > damageMerge {
		t.Run, t.Hard, t.Much = &run{From: from}, 0, false
	}
	t.Run.To = max(t.Run.To, to)
}

// recent tells whether the decoder complained lately, so that what shows is not the way of the stream.
func (t *toldTrack) recent(at jobs.Micros) bool { return t.Run != nil && at-t.Run.To <= 2*damageMerge }

// overlaps tells whether the decoder says anything about what the run shows.
func (t *toldTrack) overlaps(r *corruptRun) bool {
	return t.Run != nil && t.Run.To >= r.From-damageMerge && t.Run.From <= r.To+damageMerge
}

// near tells whether the decoder complains about what the run shows, in more than words.
func (t *toldTrack) near(r *corruptRun) bool {
	return t.Hard > 0 && t.overlaps(r)
}

// tells whether the decoder's own complaints make a finding about the run that is no milder.
func (t *toldTrack) tells(r *corruptRun, all levels, severity jobs.Severity) bool {
	if !t.near(r) {
		return false
	}
	l, ok := all.reached(t.Run.length())
	if t.Much && ok {
		l = worse(all, l)
	}
	return ok && !milder(l.severity, severity)
}

// milder tells whether a is milder than b.
func milder(a, b jobs.Severity) bool {
	order := []jobs.Severity{jobs.Info, jobs.Warn, jobs.Fail}
	return slices.Index(order, a) < slices.Index(order, b)
}
