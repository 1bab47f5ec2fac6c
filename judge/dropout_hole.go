package judge

import "aircheck/jobs"

// hole is a stretch of the envelope far below what was before it; at first open, then with sound behind it, of which Behind ms are known.
type hole struct {
	From, To jobs.Micros
	Before   uint16 // mean envelope of the sound before it
	Lowest   uint16 // what ends it
	Zeros    int64  // samples of the slots that it touches which are exactly zero on all channels
	Filled   bool
	Behind   int
	Inside   uint64  // sum of the envelope in it
	Millis   uint64  // how many were added up
	Edges    float64 // what remains at its edges, see dropCut
	Stepped  bool    // its first edge is a step
	Slot     int64   // the one in which it ends
	Sum      uint32  // of the envelope behind it
	After    uint16  // its mean
	First    uint16  // peak of the first dropEdgeMillis behind it
	Head     uint16  // peak of the first cutMillis
	Next     uint16  // mean of the cutBeside ms behind those
	Ahead    int64   // Sounding when it began
}

// remains is the share of its level that a sound has at an edge.
func remains(edge, beside uint16) float64 { return float64(edge) / float64(max(1, beside)) }

// minDropout is the least that is called a hole: the envelope of a low note has gaps of some milliseconds.
const minDropout jobs.Micros = 5e3

func (h *hole) length() jobs.Micros { return h.To - h.From }

func (d *dropout) isDropout(s *audioSlot, h *hole) bool {
	millis := int64(h.length() / 1000)
	context := min(max(dropContext*millis, dropContextLeast), dropContextMost)
	return h.length() >= minDropout && h.Ahead >= context && h.First >= h.After/dropEdge && h.After >= dropSound &&
		uint32(h.After)*dropLikeness >= uint32(h.Before) && uint32(h.Before)*dropLikeness >= uint32(h.After) &&
		h.Inside*dropDeep <= h.Millis*uint64(h.After) && d.isCut(s, h)
}

// isCut tells whether a hole was cut into the sound, and is no rest: rests fade, if only for some milliseconds. One that is not even zero has to show steps.
func (d *dropout) isCut(s *audioSlot, h *hole) bool {
	zero := h.isZero(s)
	if h.Stepped && d.steps(h.Slot, 1, h.After) {
		return zero || min(h.Before, h.After) >= dropLoud
	}
	return zero && h.Edges*remains(h.Head, h.Next) >= dropCut
}

// samples is the length of the hole.
func (h *hole) samples(s *audioSlot) int64 {
	return int64(h.length()) * int64(s.Format.SampleRate) / 1e6
}

// isZero tells whether nearly all of the hole is digital silence.
func (h *hole) isZero(s *audioSlot) bool { return float64(h.Zeros) >= dropZeros*float64(h.samples(s)) }

// wholeFrames tells whether a hole is as long as a few frames of a common codec, to the millisecond that the envelope knows.
func wholeFrames(samples int64) bool {
	for _, frame := range [...]int64{1024, 1152, 960, 1536} {
		if n := (samples + frame/2) / frame; n > 0 && n <= 8 && abs(samples-n*frame) <= 96 {
			return true
		}
	}
	return false
}
