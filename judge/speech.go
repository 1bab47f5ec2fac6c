package judge

import (
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Speech is told from music and noise by how its level goes up and down with the syllables, 2 to 8 times a second (Houtgast and Steeneken 1985; Scheirer and
// Slaney 1997: "4 Hz modulation energy").
const (
	// speechHop is the resolution of the activity, in slots; speechBlock is how often the modulation is measured, over the second before.
	speechHop, speechBlock, speechWindow = 10, 50, 100
	// speechModulation is the least ratio of the modulation to the mean of the envelope: 0.1 for noise, 0.2 to 0.4 for most music, 0.5 to 1.2 for speech.
	speechModulation = 0.42
	// speechLevel is the least level of a second that can be speech, as the square of full scale: -50 dBFS. A hop is active when it has this share of
	// the mean level of the second.
	speechLevel, speechShare = 1e-5, 0.1
	// maxSpeech bounds the activity that is kept, in hops: of longer streams only the first hours are compared with their captions.
	maxSpeech = 8 * 3600 * measurement.SlotsPerSecond / speechHop
	// speechStep is the length of a hop.
	speechStep = speechHop * slotLength
)

// speech notes where a sound is like speech. It reports nothing by itself: captions are judged by it.
type speech struct {
	// Active has a bit for every tenth of a second of the timeline.
	Active []byte `json:",omitempty"`
	// Ring holds the energy of the last slots, Next is where the next one goes, Filled how many there are.
	Ring   [speechWindow]float64
	Next   int
	Filled int
	Since  int // slots since the last block

	basis *[speechWindow][2 * (speechTo - speechFrom + 1)]float64
}

// speechFrom and speechTo bound the frequencies of the modulation, in Hz.
const speechFrom, speechTo = 2, 8

func newSpeech(*params, emitter) audioDetector { return &speech{basis: speechBasis()} }

// speechBasis are the cosines and sines that a second of slots is multiplied with.
func speechBasis() *[speechWindow][2 * (speechTo - speechFrom + 1)]float64 {
	var b [speechWindow][2 * (speechTo - speechFrom + 1)]float64
	for n := range b {
		for k := range speechTo - speechFrom + 1 {
			sin, cos := math.Sincos(2 * math.Pi * float64((speechFrom+k)*n) / speechWindow)
			b[n][2*k], b[n][2*k+1] = cos, sin
		}
	}
	return &b
}

func (d *speech) slot(s *audioSlot) {
	if s.Samples <= 0 {
		return
	}
	d.Ring[d.Next] = dialogue(s) / float64(s.Samples)
	d.Next = (d.Next + 1) % speechWindow
	d.Filled = min(d.Filled+1, speechWindow)
	if d.Since++; d.Since >= speechBlock && d.Filled == speechWindow {
		d.Since = 0
		d.block(s.End)
	}
}

// dialogue is the energy of the channel in which people speak: the centre where there is one, else the louder of the first two.
func dialogue(s *audioSlot) float64 {
	switch {
	case len(s.Ch) == 0:
		return 0
	case len(s.Ch) >= 5:
		return s.Ch[2].Sq
	case len(s.Ch) == 1:
		return s.Ch[0].Sq
	}
	return max(s.Ch[0].Sq, s.Ch[1].Sq)
}

// block judges the second that ends at a time, and notes what is active in the half of it in the middle.
func (d *speech) block(end jobs.Micros) {
	var envelope [speechWindow]float64
	var sum, energy float64
	for n := range envelope {
		v := d.Ring[(d.Next+n)%speechWindow]
		energy += v
		envelope[n] = math.Sqrt(max(0, v))
		sum += envelope[n]
	}
	if energy < speechLevel*speechWindow || d.modulation(&envelope) < speechModulation*sum {
		return
	}
	const first = (speechWindow - speechBlock) / 2
	for h := 0; h < speechBlock; h += speechHop {
		var hop float64
		for n := first + h; n < first+h+speechHop; n++ {
			hop += d.Ring[(d.Next+n)%speechWindow]
		}
		if hop*speechWindow >= speechShare*energy*speechHop {
			d.note(end - jobs.Micros(speechWindow-first-h)*slotLength)
		}
	}
}

// modulation is the root of the sum of squares of the envelope's Fourier coefficients at 2 to 8 Hz, doubled for their negative frequencies.
func (d *speech) modulation(envelope *[speechWindow]float64) float64 {
	var c [2 * (speechTo - speechFrom + 1)]float64
	for n, v := range envelope {
		for k := range c {
			c[k] += float64(v * d.basis[n][k])
		}
	}
	var power float64
	for _, v := range c {
		power += float64(v * v)
	}
	return math.Sqrt(2 * power)
}

// note marks the hop at a time as active.
func (d *speech) note(at jobs.Micros) {
	k := int(max(0, min(at, maxTimeline)) / speechStep)
	if k >= maxSpeech {
		return
	}
	for len(d.Active) <= k/8 {
		d.Active = append(d.Active, 0)
	}
	d.Active[k/8] |= 1 << (k % 8)
}

// at tells whether a hop is active.
func (d *speech) at(k int) bool {
	return k >= 0 && k/8 < len(d.Active) && d.Active[k/8]&(1<<(k%8)) != 0
}

func (d *speech) gap(_, _ jobs.Micros) { d.Filled, d.Next, d.Since = 0, 0, 0 }

func (d *speech) finish(jobs.Micros) {}
