package judge

import (
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// smallPlace is the share of a picture, one in so many of its blocks or cells, that a pointer, a caret or a typed word changes. Tickers, wave forms and
	// faces change more, and whatever a camera sees changes all of it.
	smallPlace = 64
	// cellNoise is what coding a picture anew may move the mean of a cell by, in code values.
	cellNoise = 1
	// turnedShare is the share of the cells, one in so many, that it may move by that: screens that real-time encoders refine had 4 %, weak noise has 8 %.
	turnedShare = 16
	// repeatShare: a recorder that leaves out what does not move sends no picture twice. One in so many may still be alike, as coding evens out what little changed.
	repeatShare = 50
	// restTrust is how many pictures that follow each other it takes to say so: those of a second.
	restTrust = 24
	// restCount is from how many holes on across which nothing moved leaving out is a habit; one may be a loss.
	restCount = 2
)

// resting knows of a track whether its pictures come only where something changes, as screen recorders and FFmpeg's mpdecimate leave them: a hole in which nothing
// moved is none there. A stream of a fixed rate shows what stands again and again.
type resting struct {
	// Pairs are pictures that follow the one before at the regular distance, Repeats those of them that are alike.
	Pairs   int64 `json:",omitempty"`
	Repeats int64 `json:",omitempty"`
	// Holes counts those across which nothing moved but in a small place.
	Holes int64 `json:",omitempty"`
}

// see takes a picture that stands a distance behind the held one.
func (r *resting) see(p *heldFrame, row *measurement.Frame, distance jobs.Micros) {
	if !row.HasPair || 2*distance > 3*p.Nominal {
		return
	}
	r.Pairs++
	if int64(row.Pair.MaxBlock) <= stillBlock*256*depthScale(&p.Format) {
		r.Repeats++
	}
}

// hole tells whether nothing but a small place moved before a hole between the held picture and the next, or across it.
func (r *resting) hole(p *heldFrame, next *measurement.Frame) bool {
	if next.Flags&measurement.FlagFormat == 0 && inSmallPlace(next) && alikeElsewhere(&p.Grid, &next.Grid) {
		r.Holes++
		return true
	}
	return p.HasPair && inSmallPlace(&p.Frame)
}

// leaves tells, at the end, whether the recorder leaves out what does not move.
func (r *resting) leaves() bool {
	return r.Holes >= restCount && r.Pairs >= restTrust && r.Repeats*repeatShare <= r.Pairs
}

// inSmallPlace tells whether no more than a small place of a picture differs from the one before, as far as a pair says.
func inSmallPlace(f *measurement.Frame) bool {
	return !f.HasPair || int64(f.Pair.Changed)*smallPlace <= int64(f.Pair.Blocks)
}

// alikeElsewhere tells whether no more than a small place differs by more than coding, and little by that: the noise of a camera turns many means.
func alikeElsewhere(a, b *[measurement.GridW * measurement.GridH]uint8) bool {
	changed, turned := 0, 0
	for i, v := range a {
		switch d := apart(v, b[i]); {
		case d > cellNoise:
			changed++
		case d > 0:
			turned++
		}
	}
	return changed*smallPlace <= len(a) && turned*turnedShare <= len(a)
}

// rested tells whether nothing moved around the hole behind the held picture. Only files have recorders that leave pictures out: transport streams are of broadcasts
// and of players, whose rate is fixed, and in which pictures get lost.
func (v *videoTrack) rested(s *stream, p *heldFrame, next *measurement.Frame) bool {
	if !s.objectMode || p.Format.WrapBits > 0 || p.Fast || s.Unit.fast() || p.Epoch != s.Epoch || p.Undecoded || s.undelivered() || s.Broken {
		return false
	}
	return v.Resting.hole(p, next)
}

// stood tells, at the end, whether the picture before a hole stood there, if nothing moved around it.
func (s *stream) stood(calm bool) bool {
	return calm && s.Video != nil && s.Video.Resting.leaves()
}
