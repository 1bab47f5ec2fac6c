package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// What tells a line-up tone from a note.
const (
	// toneLevel is the least mean square of a tone, -60 dBFS.
	toneLevel = 1e-6
	// toneCrest is by how much the peak may exceed that of a sine of the slot's energy: a harmonic of -26 dB adds 5 %, and a slot that ends within a period as much.
	toneCrest = 1.1
	// toneNoise bounds the energy of what is not the tone as a share, -30 dB, by what noise does to the third difference.
	toneNoise = 1e-3
	// toneDetune and toneRipple bound how far a slot may lie from the run so far: in frequency, and in energy (0.5 dB).
	toneDetune, toneRipple = 0.004, 1.12
	// toneLow is the lowest frequency, in radians a slot, for which a slot's energy is that of the tone: one period.
	toneLow = 2 * math.Pi
)

// lineup finds line-up tones: a sine that stays as it is (EBU R 68, SMPTE RP 155).
type lineup struct {
	Run *run
	// Sums of the run, of the loudest channel of each slot.
	Sq, R1, R2 float64
	Samples    int64
	Peak       float32
	Rate       int
	// Cuts are the interruptions of single channels while the others go on: idents.
	Cuts [2]cuts

	levels levels
	emit   emitter
	spare  *run // is used again: music has short tones all the time
}

// cuts follows the interruptions of a channel.
type cuts struct {
	Off   int // slots for which it has been silent
	Count int
}

func newTone(p *params, emit emitter) audioDetector {
	return &lineup{levels: p.levels("audio.tone"), emit: emit}
}

// pureTone gives the frequency of a slot in radians a sample, if it is a sine. Any three samples of one satisfy x[n] + x[n-2] = 2 cos(w) x[n-1]: times x[n] and
// summed that gives the frequency without the error of a short window.
func pureTone(c *measurement.Channel, samples int32) (float64, bool) {
	n := float64(samples)
	if c.Sq < toneLevel*n || c.R1 == 0 || float64(c.Peak)*float64(c.Peak)*n > toneCrest*toneCrest*2*c.Sq {
		return 0, false
	}
	cosine := (c.Sq + c.R2) / (2 * c.R1)
	if !(cosine > -1 && cosine < 1) {
		return 0, false
	}
	third := 2 * (1 - cosine) // (2 sin(w/2))², the gain of a difference
	if c.ResSq > c.Sq*(third*third*third*1.2+20*toneNoise) {
		return 0, false // nearly every slot of a programme ends here, before the arc cosine
	}
	w := math.Acos(cosine)
	return w, w*n >= toneLow
}

func (d *lineup) slot(s *audioSlot) {
	c := loudest(s.Slot)
	if c == nil || s.Samples <= 0 {
		d.end()
		return
	}
	w, pure := pureTone(c, s.Samples)
	if d.Run != nil && (!pure || !d.same(c, s, w)) {
		d.end()
	}
	if !pure {
		return
	}
	if d.Run == nil {
		spare := reuse(d.spare, run{From: s.Start})
		*d = lineup{Run: spare, Rate: s.Format.SampleRate, levels: d.levels, emit: d.emit, spare: spare}
	}
	d.Run.To = s.End
	d.Sq += c.Sq
	d.R1 += c.R1
	d.R2 += c.R2
	d.Samples += int64(s.Samples)
	d.Peak = max(d.Peak, c.Peak)
	for i := range min(len(s.Ch), len(d.Cuts)) {
		d.Cuts[i].step(s.Ch[i].Sq < c.Sq/100)
	}
}

// same tells whether a slot goes on with the tone of the run.
func (d *lineup) same(c *measurement.Channel, s *audioSlot, w float64) bool {
	mean, now := d.Sq/float64(d.Samples), c.Sq/float64(s.Samples)
	return s.Format.SampleRate == d.Rate && math.Abs(w/d.frequency()-1) <= toneDetune && now <= mean*toneRipple && now*toneRipple >= mean
}

// frequency is that of the run in radians a sample.
func (d *lineup) frequency() float64 { return math.Acos(max(-1, min(1, (d.Sq+d.R2)/(2*d.R1)))) }

// Interruptions of idents last 0.25 s; slots at their borders are halves.
const cutLeast, cutMost = 20, 32

func (c *cuts) step(off bool) {
	if off {
		c.Off++
		return
	}
	if c.Off >= cutLeast && c.Off <= cutMost {
		c.Count++
	}
	c.Off = 0
}

func (d *lineup) gap(_, _ jobs.Micros) { d.end() }

func (d *lineup) finish(jobs.Micros) { d.end() }

// end closes the run.
func (d *lineup) end() {
	r := d.Run
	d.Run = nil
	if r == nil {
		return
	}
	l, ok := d.levels.reached(r.length())
	if !ok {
		return
	}
	f := r.finding(l)
	f.Code = "audio.tone"
	f.Confidence = 0.9
	f.Message = fmt.Sprintf("a steady tone of %.1f Hz at %.1f dBFS RMS, %.1f dBFS peak%s, for %.2f s", d.frequency()*float64(d.Rate)/(2*math.Pi),
		10*math.Log10(d.Sq/float64(d.Samples)), decibels(float64(d.Peak)), d.ident(), r.length().Seconds())
	d.emit(f)
}

// ident names the pattern by which channels are told apart: EBU Tech 3304 cuts the left one every 3 s, GLITS once the left and twice the right one every 4 s.
func (d *lineup) ident() string {
	left, right := d.Cuts[0].Count, d.Cuts[1].Count
	switch {
	case left > 0 && right == 0:
		return " (EBU stereo ident)"
	case left > 0 && right >= 2*left-1 && right <= 2*left+2:
		return " (GLITS)"
	}
	return ""
}

func toneThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"audio.tone.info", 1, 0, day, "s", "A steady tone of this length is info."},
		{"audio.tone.warn", 5, 0, day, "s", "A steady tone of this length is a warning."},
		{"audio.tone.fail", none, 0, day, "s", "A steady tone of this length is a failure."},
	}
}
