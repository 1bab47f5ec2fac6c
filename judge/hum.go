package judge

import (
	"fmt"
	"math"
	"slices"

	"aircheck/jobs"
)

// Hum is looked for in seconds of the mix at 1 kHz. Every second is weighted by a Hann window and folded to a period of 100 ms, whose spectrum has the lines of 10, 20, 30 …
// Hz of the second's own, 2 Hz wide each: those of both mains and enough between them.
const (
	lowRate = 1000 // samples per second of Slot.Low
	// humFold is the length of the folded period, humStep the distance of its lines in Hz.
	humFold = 100
	humStep = lowRate / humFold
	// humHarmonics is how many harmonics are looked at, up to 300 Hz, where the low band ends.
	humHarmonics = 6
	humLines     = 34
	// humAbove is by how much a harmonic must stand above the lines beside it, in energy: 12 dB. humLeast is how many must.
	humAbove, humLeast = 16, 3
	// humSteady is the factor in energy, 3 dB, within which hum stays: nobody plays it.
	humSteady = 2
	// humMasked is how long sound may cover the hum that was heard.
	humMasked jobs.Micros = 30e6
	// humClean is after how many seconds without hum, quiet enough to hear it, it is over.
	humClean = 2
)

// hum finds the harmonics of mains in the quiet parts of the sound (after Brandt and Bitzer, AES 136, with a comb at known frequencies instead of a search).
type hum struct {
	Fold  [humFold]float64
	Count int
	From  jobs.Micros
	// Mains has the state of 50 and 60 Hz.
	Mains [2]humRun

	window []float64
	wave   []float64 // a period of a cosine in humFold steps
	level  float64   // mean square
	levels levels
	emit   emitter
}

// humRun is a stretch with hum of one frequency.
type humRun struct {
	Run   *run
	Heard jobs.Micros // seconds in which it shows
	Level float64     // mean square, averaged
	Most  int         // greatest number of harmonics
	Clean int
}

func newHum(p *params, emit emitter) audioDetector {
	d := &hum{level: math.Pow(10, p.or("audio.hum.level", -70)/10), levels: p.levels("audio.hum"), emit: emit}
	d.window, d.wave = make([]float64, lowRate), make([]float64, humFold)
	for i := range d.window {
		d.window[i] = (1 - math.Cos(2*math.Pi*(float64(i)+0.5)/lowRate)) / 32768
	}
	for i := range d.wave {
		d.wave[i] = math.Cos(2 * math.Pi * float64(i) / humFold)
	}
	return d
}

func (d *hum) slot(s *audioSlot) {
	if d.Count == 0 {
		d.From = s.Start
		d.Fold = [humFold]float64{}
	}
	for _, v := range s.Low {
		d.Fold[d.Count%humFold] += float64(v) * d.window[d.Count]
		d.Count++
	}
	if d.Count >= lowRate {
		d.Count = 0
		d.second(run{d.From, s.End})
	}
}

// second judges a whole second.
func (d *hum) second(at run) {
	var lines [humLines]float64
	even, odd := d.mirror()
	for k := range lines {
		lines[k] = d.line(k, &even, &odd)
	}
	for i, base := range mainsLines {
		d.hear(&d.Mains[i], at, &lines, base)
	}
}

// mainsLines are 50 and 60 Hz in lines.
var mainsLines = [...]int{50 / humStep, 60 / humStep}

// line is the mean square of a sine of k lines. The period is folded once more: a cosine is the same on both sides of its middle, a sine its own mirror image.
func (d *hum) line(k int, even, odd *[humFold / 2]float64) float64 {
	re, im := even[0], 0.0
	if k%2 == 1 {
		re -= d.Fold[humFold/2]
	} else {
		re += d.Fold[humFold/2]
	}
	at, quarter := k, humFold*3/4+k // k*i and a quarter of a turn before it, modulo the fold
	for i := 1; i < humFold/2; i++ {
		if at >= humFold {
			at -= humFold
		}
		if quarter >= humFold {
			quarter -= humFold
		}
		re += even[i] * d.wave[at]
		im += odd[i] * d.wave[quarter]
		at, quarter = at+k, quarter+k
	}
	return 2 * (re*re + im*im) / (lowRate * lowRate)
}

// mirror adds the two halves of the fold, and takes one from the other.
func (d *hum) mirror() (even, odd [humFold / 2]float64) {
	even[0] = d.Fold[0]
	for i := 1; i < humFold/2; i++ {
		even[i], odd[i] = d.Fold[i]+d.Fold[humFold-i], d.Fold[i]-d.Fold[humFold-i]
	}
	return even, odd
}

// between is the median of the lines around k that are no harmonic of mains.
func between(lines *[humLines]float64, k int) float64 {
	var near [6]float64
	n := 0
	for j := max(1, k-4); j <= min(k+4, humLines-1) && n < len(near); j++ {
		if j%mainsLines[0] != 0 && j%mainsLines[1] != 0 {
			near[n] = lines[j]
			n++
		}
	}
	slices.Sort(near[:n])
	return (near[(n-1)/2] + near[n/2]) / 2
}

// hear looks for the harmonics of base.
func (d *hum) hear(h *humRun, at run, lines *[humLines]float64, base int) {
	var level, floor float64
	count := 0
	for i := 1; i <= humHarmonics; i++ {
		k := i * base
		if k > 30 {
			break
		}
		beside := between(lines, k)
		floor += beside
		if lines[k] > humAbove*beside && lines[k] > d.level/100 {
			level += lines[k]
			count++
		}
	}
	steady := h.Run == nil || level <= h.Level*humSteady && level*humSteady >= h.Level
	switch {
	case count >= humLeast && level >= d.level && steady:
		h.add(at, level, count)
	case h.Run == nil:
	case floor*humAbove < h.Level:
		if h.Clean++; h.Clean >= humClean {
			d.end(h, base)
		}
	case at.To-h.Run.To > humMasked:
		d.end(h, base)
	}
}

func (h *humRun) add(at run, level float64, count int) {
	if h.Run == nil {
		*h = humRun{Run: &run{From: at.From}, Level: level}
	}
	h.Run.To = at.To
	h.Heard += at.length()
	h.Level += (level - h.Level) / 8
	h.Most = max(h.Most, count)
	h.Clean = 0
}

func (d *hum) gap(_, _ jobs.Micros) {
	d.Count = 0
	for i := range d.Mains {
		d.end(&d.Mains[i], mainsLines[i])
	}
}

func (d *hum) finish(jobs.Micros) { d.gap(0, 0) }

// end closes the run.
func (d *hum) end(h *humRun, base int) {
	r := *h
	*h = humRun{}
	if r.Run == nil {
		return
	}
	l, ok := d.levels.reached(r.Heard)
	if !ok {
		return
	}
	f := r.Run.finding(l)
	f.Code = "audio.hum"
	f.Value = jobs.Figure(r.Heard.Seconds())
	f.Confidence = jobs.Number(min(0.95, 0.3+0.1*float64(r.Most)))
	f.Message = fmt.Sprintf("hum of %d Hz and its harmonics, %d of them, at %.0f dBFS RMS, heard in %.0f s", base*humStep, r.Most, 10*math.Log10(r.Level), r.Heard.Seconds())
	d.emit(f)
}

func humThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"audio.hum.info", 5, 0, day, "s", "Hum that is heard for this long is info."},
		{"audio.hum.warn", 15, 0, day, "s", "Hum that is heard for this long is a warning."},
		{"audio.hum.fail", none, 0, day, "s", "Hum that is heard for this long is a failure."},
		{"audio.hum.level", -70, -90, -20, "dBFS", "Hum below this level (RMS of its harmonics) is not told."},
	}
}
