package judge

import (
	"math"

	"aircheck/jobs"
)

// loudnessLimits is what a delivery spec demands; each is NaN when it demands nothing.
type loudnessLimits struct {
	target, warn, fail          float64 // LUFS, LU, LU
	truePeak, shortTerm, spread float64 // dBTP, LUFS, LU
}

func newLoudnessLimits(p *params) loudnessLimits {
	none := math.NaN()
	return loudnessLimits{
		target:    p.or("audio.loudness.target", none),
		warn:      p.or("audio.loudness.tolerance_warn", none),
		fail:      p.or("audio.loudness.tolerance_fail", none),
		truePeak:  p.or("audio.true_peak.max", none),
		shortTerm: p.or("audio.short_term.max", none),
		spread:    p.or("audio.loudness_range.max", none),
	}
}

// shown rounds to a tenth: levels are judged as they are shown, so that no report says that -22.0 lies outside -23 ± 1.
func shown(v float64) float64 { return math.Round(v*10) / 10 }

func (l *loudness) judgeTruePeak(amplitude float64, from, to jobs.Micros) {
	if math.IsNaN(l.limits.truePeak) {
		return
	}
	if db := decibels(amplitude); shown(db) > l.limits.truePeak {
		l.PeakOver.add(from, to, db, l.emitTruePeak)
	}
}

// shortTermSpan is how long the window of short-term loudness is.
const shortTermSpan jobs.Micros = 3e6

func (l *loudness) judgeShortTerm(meanSquare float64, to jobs.Micros) {
	if math.IsNaN(l.limits.shortTerm) {
		return
	}
	if value := lufs(meanSquare); shown(value) > l.limits.shortTerm {
		l.ShortOver.add(max(l.From, to-shortTermSpan), to, value, l.emitShortTerm)
	}
}

func (l *loudness) emitTruePeak(r *run, worst float64) {
	l.tell("audio.true_peak", jobs.Fail, *r, worst, l.limits.truePeak, "dBTP",
		tellLevel("the true peak", worst, "dBTP", "above", l.limits.truePeak))
}

func (l *loudness) emitShortTerm(r *run, worst float64) {
	l.tell("audio.short_term", jobs.Fail, *r, worst, l.limits.shortTerm, "LUFS",
		tellLevel("short-term loudness", worst, "LUFS", "above", l.limits.shortTerm))
}

// judgeProgramme judges what is known at the end only.
func (l *loudness) judgeProgramme() {
	whole := run{l.From, l.To}
	if v := l.loudnessRange(); shown(v) > l.limits.spread {
		l.tell("audio.loudness_range", jobs.Fail, whole, v, l.limits.spread, "LU",
			tellLevel("the loudness range", v, "LU", "above", l.limits.spread))
	}
	v := l.integrated()
	if math.IsInf(v, 0) { // silence has no loudness; it is a finding of its own
		return
	}
	off := shown(math.Abs(v - l.limits.target))
	switch {
	case off > l.limits.fail:
		l.tellIntegrated(jobs.Fail, whole, v, l.limits.fail)
	case off > l.limits.warn:
		l.tellIntegrated(jobs.Warn, whole, v, l.limits.warn)
	}
}

func (l *loudness) tellIntegrated(s jobs.Severity, whole run, v, tolerance float64) {
	limit, relation := l.limits.target+tolerance, "above"
	if v < l.limits.target {
		limit, relation = l.limits.target-tolerance, "below"
	}
	l.tell("audio.loudness", s, whole, v, limit, "LUFS", tellLevel("integrated loudness", v, "LUFS", relation, limit))
}

func (l *loudness) tell(code string, s jobs.Severity, r run, value, limit float64, unit, message string) {
	l.emit(jobs.Finding{
		Code: code, Severity: s, Start: r.From.At(), End: r.To.At(),
		Value: jobs.Figure(value), Threshold: jobs.Figure(limit), Unit: unit, Confidence: 1, Message: message,
	})
}

func loudnessThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"audio.loudness.target", none, -70, 0, "LUFS", "Integrated loudness that the delivery spec wants."},
		{"audio.loudness.tolerance_warn", none, 0, 70, "LU", "Further off the target than this is a warning."},
		{"audio.loudness.tolerance_fail", none, 0, 70, "LU", "Further off the target than this is a failure."},
		{"audio.true_peak.max", none, -40, 20, "dBTP", "A true peak above this is a failure."},
		{"audio.short_term.max", none, -70, 20, "LUFS", "Short-term loudness above this is a failure."},
		{"audio.loudness_range.max", none, 0, 70, "LU", "A loudness range above this is a failure."},
	}
}
