package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// maxEnergy bounds what is taken for the energy of a slot: 1e12 is 120 dB above full scale, and no sum of it overflows. Decoders of damaged
	// float audio deliver infinities.
	maxEnergy = 1e12
	// quietest is the lowest level told, in dB: one step of 24 bits. Below it lie the tails of filters.
	quietest = -144.0
)

// loudness measures programme loudness (ITU-R BS.1770-5, EBU R 128, Tech 3341 and 3342) and judges it where the profile says so.
type loudness struct {
	From, To jobs.Micros // first to last slot
	Begun    bool
	Rate     int // samples per second of the slots in Window
	// Held is a slot with samples missing. It counts only if the same stretch of sound goes on behind it: at the end it is no whole slot.
	Held   *slotEnergy
	Window sliding
	// Energy and Samples are the programme's grid of 100 ms cells; Spans lists the cells before which something is missing.
	Energy  series
	Samples counts
	Spans   []int
	// Momentary and ShortTerm are the greatest mean squares over 400 ms and 3 s at a hop of 10 ms, Peak the greatest true peak.
	Momentary, ShortTerm float64
	Peak                 float64
	PeakOver, ShortOver  excess

	limits loudnessLimits
	emit   emitter
}

type slotEnergy struct {
	Energy  float64
	Samples int32
	To      jobs.Micros
}

func newLoudness(p *params, emit emitter) audioDetector {
	return &loudness{limits: newLoudnessLimits(p), emit: emit}
}

func (l *loudness) slot(s *audioSlot) {
	if !l.Begun {
		l.Begun, l.From = true, s.Start
	}
	l.To = max(l.To, s.End)
	l.truePeak(s)
	if s.Format.SampleRate != l.Rate {
		l.interrupt()
		l.Rate = s.Format.SampleRate
	}
	e, ok := weightedEnergy(s)
	if !ok {
		l.interrupt()
		return
	}
	if l.Held != nil {
		l.push(*l.Held)
		l.Held = nil
	}
	if int(s.Samples) >= l.Rate/measurement.SlotsPerSecond {
		l.push(slotEnergy{e, s.Samples, s.End})
	} else if l.Window.Count > 0 { // a short slot does not begin a stretch
		l.Held = &slotEnergy{e, s.Samples, s.End}
	}
}

// weightedEnergy is the sum of the K-weighted energies of the channels with their weights; false for a slot that holds nothing measurable.
func weightedEnergy(s *audioSlot) (float64, bool) {
	var sum float64
	for i := range s.Ch {
		sum += float64(channelWeight(s.Format, i) * s.Ch[i].K)
	}
	return sum, s.Samples > 0 && len(s.Ch) > 0 && sum >= 0 && sum <= maxEnergy
}

// push adds a slot to the window and to the programme's grid.
func (l *loudness) push(s slotEnergy) {
	w := &l.Window
	if w.Count == 0 {
		l.Spans = append(l.Spans, len(l.Energy))
	}
	w.push(s.Energy, s.Samples)
	if w.tenthsEnd() {
		e, n := w.last()
		l.Energy = append(l.Energy, e)
		l.Samples = append(l.Samples, n)
	}
	if m, ok := w.mean(momentaryTenths); ok {
		l.Momentary = max(l.Momentary, m)
	}
	if math.IsNaN(l.limits.shortTerm) && w.below(l.ShortTerm) {
		return // it is not the greatest, and nobody asks for others
	}
	if m, ok := w.shortTerm(); ok {
		l.ShortTerm = max(l.ShortTerm, m)
		l.judgeShortTerm(m, s.To)
	}
}

func (l *loudness) truePeak(s *audioSlot) {
	var peak float64
	for i := range s.Ch {
		if p := float64(s.Ch[i].TruePeak); p <= math.MaxFloat32 { // not NaN, not infinite
			peak = max(peak, p)
		}
	}
	l.Peak = max(l.Peak, peak)
	l.judgeTruePeak(peak, s.Start, s.End)
}

// interrupt ends the stretch of contiguous slots: no block bridges what is missing.
func (l *loudness) interrupt() {
	l.Held = nil
	if l.Window.Count > 0 {
		l.Window = sliding{}
	}
}

func (l *loudness) gap(_, _ jobs.Micros) {
	l.interrupt()
	l.PeakOver.flush(l.emitTruePeak)
	l.ShortOver.flush(l.emitShortTerm)
}

func (l *loudness) finish(jobs.Micros) {
	l.interrupt()
	l.PeakOver.flush(l.emitTruePeak)
	l.ShortOver.flush(l.emitShortTerm)
	l.judgeProgramme()
}

func (l *loudness) summarize(rendition string, s *jobs.Summary) {
	figures := l.summary()
	figures.Rendition = rendition
	s.Loudness = append(s.Loudness, figures)
}

// summary returns the figures so far. What was never loud enough or long enough to be measured is nil; so is everything about silence.
func (l *loudness) summary() jobs.Loudness {
	return jobs.Loudness{
		Integrated:   jobs.Figure(l.integrated()),
		Range:        jobs.Figure(l.loudnessRange()),
		MaxMomentary: jobs.Figure(lufs(l.Momentary)),
		MaxShortTerm: jobs.Figure(lufs(l.ShortTerm)),
		TruePeak:     jobs.Figure(decibels(l.Peak)),
	}
}

// lufs is the loudness of a weighted mean square (BS.1770-5, equation 2), or minus infinity.
func lufs(meanSquare float64) float64 { return audible(10*math.Log10(meanSquare) - 0.691) }

// decibels is the level of an amplitude against full scale, or minus infinity.
func decibels(amplitude float64) float64 { return audible(20 * math.Log10(amplitude)) }

func audible(db float64) float64 {
	if db < quietest {
		return math.Inf(-1)
	}
	return db
}

// meanSquareOf is the inverse of lufs.
func meanSquareOf(loudness float64) float64 { return math.Pow(10, (loudness+0.691)/10) }

func tellLevel(what string, value float64, unit, relation string, limit float64) string {
	return fmt.Sprintf("%s is %.1f %s, %s %.1f", what, value, unit, relation, limit)
}
