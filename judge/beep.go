package judge

import (
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	slotMillis = 1000 / measurement.SlotsPerSecond
	// beepLevel is the least level of a beep, of 65535: -40 dBFS. A beep stands out by beepRise against the 50 ms before it.
	beepLevel, beepRise = 655, 4
	// beepSlides is how many slots of 10 ms the rise may take: the pre-echo of a codec comes before the beep itself.
	beepSlides = 3
	// beepLeast and beepMost bound the whole slots of a beep: one frame of 1/30 s holds two, a second is a tone.
	beepLeast, beepMost = 2, 100
	// beepRipple is how much louder or quieter than the plateau a millisecond of a beep may be; beepOver is the share of it at which it has ended.
	beepRipple, beepOver = 1.6, 0.34
	// beepBend is how far the frequency of a slot may lie from that of another: a codec's noise at -30 dB bends the estimate by 3 %.
	beepBend = 1.05
	// onsetHalf and onsetFoot are the shares of the plateau that an onset crosses, and from which it is counted.
	onsetHalf, onsetFoot = 0.5, 0.2
)

// beeps collects the short pure tones of a sound that a flash may go with. It reports nothing by itself.
type beeps struct {
	Found []jobs.Micros `json:",omitempty"` // onsets
	// Peaks are those of the last slots, newest last, Last is the envelope of the newest.
	Peaks [5]uint16
	Last  [slotMillis]uint16
	Open  *openBeep `json:",omitempty"`
}

// openBeep is a sound that began suddenly and may turn out to be a beep.
type openBeep struct {
	// Head is the envelope around the onset: the slot before it, its own and the one after; the second one starts At.
	Head    [3 * slotMillis]uint16
	At      jobs.Micros
	Slides  int
	Peak    uint16
	Plateau uint16  // of the first whole slot; 0 before it
	Slots   int     // whole ones
	Low     float64 // bounds of the frequency so far, as radians per sample
	High    float64
	Ending  bool
}

func newBeeps(*params, emitter) audioDetector { return &beeps{} }

func (b *beeps) slot(s *audioSlot) {
	var peak uint16
	for _, v := range s.Env {
		peak = max(peak, v)
	}
	if b.Open == nil {
		b.await(s, peak)
	} else if !b.Open.hear(s, peak) {
		b.close(s, peak)
	}
	copy(b.Peaks[:], b.Peaks[1:])
	b.Peaks[len(b.Peaks)-1] = peak
	b.Last = s.Env
}

// await opens a beep where the sound rises out of quiet.
func (b *beeps) await(s *audioSlot, peak uint16) {
	var floor uint16
	for _, v := range b.Peaks {
		floor = max(floor, v)
	}
	if peak < beepLevel || int(peak) < beepRise*int(floor) {
		return
	}
	b.Open = &openBeep{At: s.End - slotLength, Peak: peak}
	copy(b.Open.Head[:], b.Last[:])
	copy(b.Open.Head[slotMillis:], s.Env[:])
}

// close keeps the beep if it was one; a sound that rises again may be the next.
func (b *beeps) close(s *audioSlot, peak uint16) {
	o := b.Open
	b.Open = nil
	if o.Ending && o.Slots >= beepLeast && float64(peak) < beepOver*float64(o.Plateau) {
		b.Found = bounded(append(b.Found, o.onset()))
	}
}

// hear takes the next slot; false ends the beep, one way or the other.
func (o *openBeep) hear(s *audioSlot, peak uint16) bool {
	switch {
	case o.Slots == 0 && o.Slides < beepSlides && 10*int(peak) > 13*int(o.Peak):
		copy(o.Head[:], o.Head[slotMillis:2*slotMillis])
		copy(o.Head[slotMillis:], s.Env[:])
		o.At, o.Peak = s.End-slotLength, peak
		o.Slides++
		return true
	case o.Ending:
		return false
	}
	if o.Slots == 0 {
		o.Plateau = peak
		copy(o.Head[2*slotMillis:], s.Env[:])
	}
	if !o.flat(s) || !o.pure(s) {
		o.Ending = o.Slots >= beepLeast
		return o.Ending // the slot in which a beep ends is not flat
	}
	o.Slots++
	return o.Slots <= beepMost
}

// flat tells whether the slot is as loud as the plateau all through.
func (o *openBeep) flat(s *audioSlot) bool {
	plateau := float64(o.Plateau)
	for _, v := range s.Env {
		if float64(v) > plateau*beepRipple || float64(v)*beepRipple < plateau {
			return false
		}
	}
	return plateau > 0
}

// pure tells whether the slot has the frequency of those before. Any three samples of a tone of w radians a sample satisfy x[n] + x[n-2] = 2 cos(w) x[n-1]:
// multiplied by x[n] and summed that gives the frequency, without the error of a short window that a ratio of correlations has.
func (o *openBeep) pure(s *audioSlot) bool {
	c := loudest(s.Slot)
	if c == nil || c.R1 <= 0 {
		return false
	}
	cosine := (c.Sq + c.R2) / (2 * c.R1)
	if cosine >= 1 || cosine <= 0 { // no oscillation, or one beyond a quarter of the sampling rate
		return false
	}
	w := math.Acos(cosine)
	if o.Slots == 0 {
		o.Low, o.High = w, w
	}
	o.Low, o.High = min(o.Low, w), max(o.High, w)
	return o.High <= o.Low*beepBend
}

// loudest is the channel with the most energy; nil when there is none.
func loudest(s *measurement.Slot) *measurement.Channel {
	var best *measurement.Channel
	for i := range s.Ch {
		if c := &s.Ch[i]; c.Sq > 0 && (best == nil || c.Sq > best.Sq) {
			best = c
		}
	}
	return best
}

// onset is where the envelope crosses half of the plateau, tracked back to its foot.
func (o *openBeep) onset() jobs.Micros {
	plateau := float64(o.Plateau)
	i := slotMillis
	for k, v := range o.Head {
		if float64(v) >= onsetHalf*plateau {
			i = k
			break
		}
	}
	for i > 0 && float64(o.Head[i-1]) >= onsetFoot*plateau {
		i--
	}
	return o.At + jobs.Micros(i-slotMillis)*1000
}

func (b *beeps) gap(_, _ jobs.Micros) {
	b.Open = nil
	b.Peaks, b.Last = [5]uint16{}, [slotMillis]uint16{}
}

func (b *beeps) finish(jobs.Micros) {}
