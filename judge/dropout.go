package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

// A dropout is looked for in the envelope of the mix, millisecond by millisecond; levels are of 65535.
const (
	// dropSilence is -60 dBFS, dropSound -46 dBFS: what is lower than the one is a hole, and what is not as loud as the other is nothing that could drop out. A hole that
	// is not digital silence needs dropLoud, -40 dBFS, around it.
	dropSilence, dropSound, dropLoud = 65, 328, 655
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
	// dropCut is what remains at both edges together, as the product of the last two milliseconds over the ten before and of the first two over the ten behind. Of a
	// linear fade, however long, it is 1/14, of a cut 1; the sound itself varies by a factor of two.
	dropCut = 0.25
	// dropStep is by how much the detail at an edge exceeds that of the sound beside it where a wave is cut off between two samples, dropStepLeast its least share of
	// the sound's level.
	dropStep, dropStepLeast = 2, 0.1
	// dropDeep is how far below the sound behind it a hole lies on average, 18 dB: soft sound behind loud one is none.
	dropDeep = 8
	// dropQuiet is for how many milliseconds a sound has to be silent to have paused: a wave crosses zero all the time.
	dropQuiet = 5
	// dropUncertain is the confidence in a hole that is merely quiet.
	dropUncertain = 0.6
)

// dropout finds short holes with hard edges in what sounds before and after (definition after Essentia's GapsDetector).
type dropout struct {
	// Ring holds the last 64 ms of the envelope, Now counts them.
	Ring [64]uint16
	Now  int64
	// End is where the samples heard so far end. Detail holds the peaks of the third difference of the last slots, Slots counts them.
	End    jobs.Micros
	Detail [8]float32
	Slots  int64
	// Recent follows the envelope's peaks and falls by half in 44 ms. Sounding counts the milliseconds of sound since the last hole that was no dropout.
	Recent   uint32
	Sounding int64
	Quiet    int64 // milliseconds of silence up to now
	Hole     *hole
	Burst    *burst

	longest jobs.Micros
	levels  levels
	emit    emitter
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
	d.skip(s)
	zeros := sharedZeros(s)
	if d.Hole != nil && !d.Hole.Filled {
		d.Hole.Zeros += zeros
	}
	d.Detail[d.Slots%int64(len(d.Detail))] = detailOf(s)
	d.Slots++
	first, last := heard(s)
	for m := first; m < last; m++ {
		d.milli(s, s.cell()+jobs.Micros(m)*1000, s.Env[m], zeros)
	}
	d.End = s.End
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

// detailOf is the greatest peak of the third difference of any channel.
func detailOf(s *audioSlot) float32 {
	var peak float32
	for i := range s.Ch {
		peak = max(peak, s.Ch[i].ResPeak)
	}
	return peak
}

// heard is which milliseconds of the slot's cell are there as a whole and were not heard before.
func heard(s *audioSlot) (first, last int) {
	rate := int64(s.Format.SampleRate)
	if rate <= 0 {
		return 0, 0
	}
	first = int((int64(s.Offset)*1000 + rate - 1) / rate)
	if late := s.Start - s.cell(); late > 0 {
		first = max(first, int((late+500)/1000))
	}
	end := int64(s.Offset) + int64(s.Samples) + 1 // a sample may lack for rounding
	return first, int(max(0, min(end*1000/rate, int64(len(s.Env)))))
}

// skip plays what lacks between two slots. Only whole frames of a codec are a loss: anything else is how somebody wrote the timestamps, and the sound goes on. What a decoder
// refused is told as its error.
func (d *dropout) skip(s *audioSlot) {
	lack := s.Start - d.End
	samples := int64(lack) * int64(s.Format.SampleRate) / 1e6
	if s.Errors > 0 || d.End == 0 || lack < minDropout || lack > dropJoin || !wholeFrames(samples) {
		return
	}
	for at := d.End; at < s.Start; at += 1000 {
		zeros := samples * 1000 / int64(lack)
		if d.Hole != nil && !d.Hole.Filled {
			d.Hole.Zeros += zeros
		}
		d.milli(s, at, 0, zeros)
	}
}

// milli takes a millisecond of the envelope.
func (d *dropout) milli(s *audioSlot, at jobs.Micros, v uint16, zeros int64) {
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

// listen waits for a hole to begin.
func (d *dropout) listen(at jobs.Micros, v uint16, zeros int64) {
	if v >= dropSilence {
		d.Quiet = 0
	} else {
		d.Quiet++
	}
	if v >= dropSilence && uint32(v) >= d.Recent/dropDepth {
		d.Sounding++
		return
	}
	before, last := d.meanOf(0, dropBeside), d.peakOf(dropEdgeMillis)
	if before < dropSound || last < before/dropEdge || v >= max(dropSilence, before/dropDepth) {
		d.Sounding++
		if d.Quiet >= dropQuiet {
			d.Sounding = 0
		}
		return
	}
	d.Hole = &hole{
		From: at, Before: before, Lowest: dropEnd * max(dropSilence, before/dropDepth), Zeros: zeros, Ahead: d.Sounding,
		Edges: remains(d.peakOf(cutMillis), d.meanOf(cutMillis, cutBeside)), Stepped: d.steps(d.Slots-1, -1, before),
	}
	d.Quiet = 0
}

// How many milliseconds at an edge are compared with how many beside them.
const cutMillis, cutBeside = 2, 10

// steps tells whether a wave is cut off within a slot, or at the end of the one before: its detail stands out of that of three slots on one side.
func (d *dropout) steps(n, side int64, level uint16) bool {
	at := func(k int64) float32 { return d.Detail[max(0, k)%int64(len(d.Detail))] }
	edge := max(at(n), at(n-1))
	var beside float32
	first := n + 1
	if side < 0 {
		first = n - 4
	}
	for k := first; k < first+3; k++ {
		beside = max(beside, at(k))
	}
	return edge >= dropStep*beside && edge*math.MaxUint16 >= dropStepLeast*float32(level)
}

// meanOf is the mean of n ms before the last few: a click is not the level of the sound.
func (d *dropout) meanOf(last, n int64) uint16 {
	var sum int64
	for k := max(0, d.Now-last-n); k < d.Now-last; k++ {
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
		h.Inside += uint64(v)
		h.Millis++
		return
	}
	h.To, h.Filled, h.Slot = at, true, d.Slots-1
	d.behind(s, h, v)
}

// behind collects the sound behind a hole and then judges it.
func (d *dropout) behind(s *audioSlot, h *hole, v uint16) {
	h.Behind++
	h.Sum += uint32(v)
	if h.Behind <= dropEdgeMillis {
		h.First = max(h.First, v)
	}
	switch {
	case h.Behind <= cutMillis:
		h.Head = max(h.Head, v)
	case h.Behind <= cutMillis+cutBeside:
		h.Next += v / cutBeside
	}
	if h.Behind < dropBeside {
		return
	}
	h.After = uint16(h.Sum / dropBeside)
	d.Hole = nil
	d.Sounding += dropBeside
	if d.isDropout(s, h) {
		d.add(s, h)
	} else if h.length() >= minDropout {
		d.Sounding = dropBeside
	}
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
	if h.isZero(s) {
		b.Zeros++
	}
	if wholeFrames(h.samples(s)) {
		b.Frames++
	}
}

func (d *dropout) gap(_, _ jobs.Micros) {
	d.Hole, d.Recent, d.Sounding, d.Now, d.Ring, d.End, d.Slots, d.Detail = nil, 0, 0, 0, [64]uint16{}, 0, 0, [8]float32{}
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
