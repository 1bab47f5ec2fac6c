package judge

import (
	"fmt"

	"aircheck/jobs"
)

// A dropout is looked for in the envelope of the mix, millisecond by millisecond; levels are of 65535.
const (
	// dropSilence is -60 dBFS, dropSound -40 dBFS: what is lower than the one is a hole, and what is not as loud as the other is nothing that could drop out.
	dropSilence, dropSound = 65, 655
	// dropDepth is how far below the sound before it a hole lies: 30 dB.
	dropDepth = 32
	// dropEnd is by how much what ends a hole exceeds what began it: a lossy codec leaves echoes at its edges.
	dropEnd = 2
	// dropEdge is how far below the sound beside it the last and the first three milliseconds may lie, 12 dB: what fades, decays or swells is slower.
	dropEdge, dropEdgeMillis = 4, 3
	// dropBeside is how much sound beside a hole is looked at, in ms (Essentia's GapsDetector), dropLikeness how far levels on both sides may differ: 20 dB.
	dropBeside, dropLikeness = 40, 10
	// dropContext is how many times longer than the hole the sound before it must be: a beep every second is no row of dropouts.
	dropContext = 2
	// dropContextLeast and dropContextMost bound it, in ms.
	dropContextLeast, dropContextMost = 100, 3000
	// dropJoin is how near dropouts are told as one burst.
	dropJoin jobs.Micros = 1e6
	// dropZeros is the share of a hole that is exactly zero from which something was lost rather than faded.
	dropZeros = 0.8
	// dropUncertain is the confidence in a hole that is merely quiet.
	dropUncertain = 0.6
)

// dropout finds short holes with hard edges in what sounds before and after (definition after Essentia's GapsDetector).
type dropout struct {
	// Ring holds the last 64 ms of the envelope, Now counts them.
	Ring [64]uint16
	Now  int64
	// Recent follows the envelope's peaks and falls by half in 44 ms. Sounding counts the milliseconds of sound since the last hole that was no dropout.
	Recent   uint32
	Sounding int64
	Hole     *hole
	Burst    *burst

	longest jobs.Micros
	levels  levels
	emit    emitter
}

// hole is a stretch of the envelope far below what was before it; at first open, then with sound behind it, of which Behind ms are known.
type hole struct {
	From, To jobs.Micros
	Before   uint16 // mean envelope of the sound before it
	Lowest   uint16 // what ends it
	Zeros    int64  // samples of the slots that it touches which are exactly zero on all channels
	Filled   bool
	Behind   int
	Sum      uint32 // of the envelope behind it
	After    uint16 // its mean
	First    uint16 // peak of the first dropEdgeMillis behind it
	Ahead    int64  // Sounding when it began
}

// burst is a row of dropouts.
type burst struct {
	run
	Count   int
	Missing jobs.Micros
	Zeros   int
	Frames  int
}

func newDropout(p *params, emit emitter) audioDetector {
	d := &dropout{longest: jobs.Micros(p.or("audio.dropout.longest", 3.5) * 1e6), levels: p.levels("audio.dropout"), emit: emit}
	if p.has("audio.silence.warn") { // what is a warning as silence is silence
		d.longest = min(d.longest, jobs.Micros(p.get("audio.silence.warn")*1e6))
	}
	return d
}

func (d *dropout) slot(s *audioSlot) {
	zeros := sharedZeros(s)
	if d.Hole != nil && !d.Hole.Filled {
		d.Hole.Zeros += zeros
	}
	step := s.End - s.Start
	for m, v := range s.Env {
		at := s.Start + step*jobs.Micros(m)/jobs.Micros(len(s.Env))
		if h := d.Hole; h == nil {
			d.listen(at, v, zeros)
		} else if !h.Filled {
			d.inside(s, h, at, v)
		} else {
			d.behind(s, h, v)
		}
		d.Ring[d.Now%int64(len(d.Ring))] = v
		d.Now++
		d.Recent -= d.Recent / 64
		d.Recent = max(d.Recent, uint32(v))
	}
	if d.Burst != nil && d.Hole == nil && s.End-d.Burst.To > dropJoin {
		d.tell()
	}
}

// sharedZeros is how many samples at least are zero on every channel but LFE.
func sharedZeros(s *audioSlot) int64 {
	zeros := s.Samples
	for i := range s.Ch {
		if !isLFE(s.Format, i) {
			zeros = min(zeros, s.Ch[i].Zeros)
		}
	}
	return int64(max(0, zeros))
}

// listen waits for a hole to begin.
func (d *dropout) listen(at jobs.Micros, v uint16, zeros int64) {
	if uint32(v) >= dropSilence && uint32(v) >= d.Recent/dropDepth {
		d.Sounding++
		return
	}
	before, last := d.meanOf(dropBeside), d.peakOf(dropEdgeMillis)
	if before < dropSound || last < before/dropEdge || v >= max(dropSilence, before/dropDepth) {
		d.Sounding++
		if v < dropSilence {
			d.Sounding = 0
		}
		return
	}
	d.Hole = &hole{From: at, Before: before, Lowest: dropEnd * max(dropSilence, before/dropDepth), Zeros: zeros, Ahead: d.Sounding}
}

// meanOf is the mean of the last n ms: a click is not the level of the sound.
func (d *dropout) meanOf(n int64) uint16 {
	var sum int64
	for k := max(0, d.Now-n); k < d.Now; k++ {
		sum += int64(d.Ring[k%int64(len(d.Ring))])
	}
	return uint16(sum / n)
}

// peakOf is the peak of the last n ms.
func (d *dropout) peakOf(n int64) uint16 {
	var peak uint16
	for k := max(0, d.Now-n); k < d.Now; k++ {
		peak = max(peak, d.Ring[k%int64(len(d.Ring))])
	}
	return peak
}

// inside waits for a hole to end.
func (d *dropout) inside(s *audioSlot, h *hole, at jobs.Micros, v uint16) {
	if v < h.Lowest {
		if at-h.From > d.longest {
			d.Hole, d.Sounding = nil, 0
		}
		return
	}
	h.To, h.Filled = at, true
	d.behind(s, h, v)
}

// behind collects the sound behind a hole and then judges it.
func (d *dropout) behind(s *audioSlot, h *hole, v uint16) {
	h.Behind++
	h.Sum += uint32(v)
	if h.Behind <= dropEdgeMillis {
		h.First = max(h.First, v)
	}
	if h.Behind < dropBeside {
		return
	}
	h.After = uint16(h.Sum / dropBeside)
	d.Hole = nil
	d.Sounding += dropBeside
	if d.isDropout(h) {
		d.add(s, h)
	} else if h.length() >= minDropout {
		d.Sounding = dropBeside
	}
}

// minDropout is the least that is called a hole: the envelope of a low note has gaps of some milliseconds.
const minDropout jobs.Micros = 5e3

func (h *hole) length() jobs.Micros { return h.To - h.From }

func (d *dropout) isDropout(h *hole) bool {
	millis := int64(h.length() / 1000)
	context := min(max(dropContext*millis, dropContextLeast), dropContextMost)
	return h.length() >= minDropout && h.Ahead >= context && h.First >= h.After/dropEdge && h.After >= dropSound &&
		uint32(h.After)*dropLikeness >= uint32(h.Before) && uint32(h.Before)*dropLikeness >= uint32(h.After)
}

// add counts a dropout as one more of the burst.
func (d *dropout) add(s *audioSlot, h *hole) {
	if _, ok := d.levels.reached(h.length()); !ok {
		return
	}
	if d.Burst != nil && h.From-d.Burst.To > dropJoin {
		d.tell()
	}
	if d.Burst == nil {
		d.Burst = &burst{run: run{From: h.From}}
	}
	b := d.Burst
	b.To = h.To
	b.Count++
	b.Missing += h.length()
	samples := int64(h.length()) * int64(s.Format.SampleRate) / 1e6
	if float64(h.Zeros) >= dropZeros*float64(samples) {
		b.Zeros++
	}
	if wholeFrames(samples) {
		b.Frames++
	}
}

// wholeFrames tells whether a hole is as long as a few frames of a common codec, to the millisecond that the envelope knows.
func wholeFrames(samples int64) bool {
	for _, frame := range [...]int64{1024, 1152, 960, 1536} {
		if n := (samples + frame/2) / frame; n > 0 && n <= 8 && abs(samples-n*frame) <= 96 {
			return true
		}
	}
	return false
}

func (d *dropout) gap(_, _ jobs.Micros) {
	d.Hole, d.Recent, d.Sounding, d.Now, d.Ring = nil, 0, 0, 0, [64]uint16{}
	d.tell()
}

func (d *dropout) finish(jobs.Micros) {
	d.Hole = nil
	d.tell()
}

// tell ends the burst.
func (d *dropout) tell() {
	b := d.Burst
	d.Burst = nil
	if b == nil {
		return
	}
	l, ok := d.levels.reached(b.Missing)
	if !ok {
		return
	}
	f := b.finding(l)
	f.Code = "audio.dropout"
	f.Value = jobs.Figure(b.Missing.Seconds())
	f.Confidence = dropUncertain
	what := "the sound is gone"
	if b.Zeros == b.Count {
		f.Confidence, what = 0.9, "the sound is cut to digital zero"
	}
	if b.Frames == b.Count {
		f.Confidence += 0.1
		what += ", in whole codec frames,"
	}
	if f.Confidence < dropCertain && f.Severity == jobs.Fail {
		f.Severity = jobs.Warn
	}
	f.Message = fmt.Sprintf("%s for %d ms between sound before and after", what, b.Missing/1000)
	if b.Count > 1 {
		f.Message = fmt.Sprintf("%s %d times for %d ms in all", what, b.Count, b.Missing/1000)
	}
	d.emit(f)
}

// dropCertain is the confidence from which dropouts may be a failure.
const dropCertain = 0.9

func dropoutThresholds() []Threshold {
	return []Threshold{
		{"audio.dropout.info", 0.01, 0, day, "s", "A hole in the sound of this length is info; shorter ones are not looked at."},
		{"audio.dropout.warn", 0.02, 0, day, "s", "Holes in the sound of this length in all are a warning."},
		{"audio.dropout.fail", 1, 0, day, "s", "Holes in the sound of this length in all are a failure."},
		{"audio.dropout.longest", 3.5, 0.01, 60, "s", "A hole that is longer, or a warning as silence, is silence."},
	}
}
