package judge

import (
	"fmt"
	"math"
)

// minBorder is the border, in 1/10000 of the picture's size, from which a picture is boxed.
const minBorder = 200

// aspects are the ratios that have names.
var aspects = [...]float64{1.33, 1.66, 1.78, 1.85, 2.00, 2.20, 2.39}

// aspectSlack is how far a ratio may lie from one that has a name.
const aspectSlack = 0.02

func (e edges) sides() [4]int32 { return [4]int32{e.Top, e.Bottom, e.Left, e.Right} }

// reachesBeyond tells whether a border of e is smaller than that of o by more than a border may move.
func (e edges) reachesBeyond(o edges) bool {
	s := o.sides()
	for i, v := range e.sides() {
		if v < s[i]-tightShare {
			return true
		}
	}
	return false
}

// tight tells whether two sets of borders are the same.
func (e edges) tight(o edges) bool {
	s := o.sides()
	for i, v := range e.sides() {
		if abs(v-s[i]) > tightShare {
			return false
		}
	}
	return true
}

func (e edges) least(o edges) edges {
	return edges{min(e.Top, o.Top), min(e.Bottom, o.Bottom), min(e.Left, o.Left), min(e.Right, o.Right)}
}

// greatest is by how much the border that differs most differs, in per cent of the picture's size.
func (s *shape) greatest(o *shape) float64 {
	var m int32
	other := o.Share.sides()
	for i, v := range s.Share.sides() {
		m = max(m, abs(v-other[i]))
	}
	return float64(m) * 100 / shareUnit
}

// even tells whether opposite borders are equal.
func (s *shape) even() bool {
	return abs(s.Share.Top-s.Share.Bottom) <= evenShare && abs(s.Share.Left-s.Share.Right) <= evenShare
}

// plausible tells whether there is a border on both of two opposite sides or on neither: on one side alone it is a dark part of the scene.
func (s *shape) plausible() bool {
	both := func(a, b int32) bool { return abs(a-b) <= evenShare || min(a, b) >= minBorder }
	return both(s.Share.Top, s.Share.Bottom) && both(s.Share.Left, s.Share.Right)
}

func (s *shape) letterboxed() bool { return min(s.Share.Top, s.Share.Bottom) >= minBorder }
func (s *shape) pillarboxed() bool { return min(s.Share.Left, s.Share.Right) >= minBorder }
func (s *shape) windowbox() bool   { return s.letterboxed() && s.pillarboxed() }

// String names the shape, its aspect ratio and its size.
func (s *shape) String() string {
	name := "full frame"
	switch {
	case s.windowbox():
		name = "windowbox"
	case s.letterboxed():
		name = "letterbox"
	case s.pillarboxed():
		name = "pillarbox"
	}
	if !s.even() {
		name = "uneven " + name
	}
	w, h := s.Width-int(s.Edges.Left+s.Edges.Right), s.Height-int(s.Edges.Top+s.Edges.Bottom)
	text := fmt.Sprintf("%s %s:1", name, s.aspect(w, h))
	if name == "full frame" {
		return text
	}
	return fmt.Sprintf("%s (%dx%d of %dx%d)", text, w, h, s.Width, s.Height)
}

// aspect is the ratio of the sides on the screen, by name where it has one.
func (s *shape) aspect(w, h int) string {
	ratio := float64(w) / float64(max(1, h))
	if s.SARNum > 0 && s.SARDen > 0 {
		ratio *= float64(s.SARNum) / float64(s.SARDen)
	}
	best, least := ratio, aspectSlack
	for _, a := range aspects {
		if d := math.Abs(ratio/a - 1); d <= least {
			best, least = a, d
		}
	}
	return fmt.Sprintf("%.2f", best)
}
