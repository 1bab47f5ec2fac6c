package judge

import (
	"math"

	"aircheck/jobs"
)

// run is a stretch of time in one state that is not over yet; half-open.
type run struct {
	From, To jobs.Micros
}

func (r *run) length() jobs.Micros { return r.To - r.From }

// finding is the run as a finding without code and message.
func (r *run) finding(l level) jobs.Finding {
	return jobs.Finding{
		Severity:   l.severity,
		Start:      r.From.At(),
		End:        r.To.At(),
		Value:      jobs.Figure(r.length().Seconds()),
		Threshold:  jobs.Figure(l.length.Seconds()),
		Unit:       "s",
		Confidence: 1,
	}
}

// level is the length from which a run is a finding of a severity.
type level struct {
	severity jobs.Severity
	length   jobs.Micros
}

// levels are ordered worst first.
type levels []level

// roundingGrace forgives a run what is lost when both of its ends are rounded to the microsecond: 60 frames at 30/s are 2 s.
const roundingGrace jobs.Micros = 1

// levels reads "prefix.fail", "prefix.warn" and "prefix.info", in seconds.
func (p *params) levels(prefix string) levels {
	var l levels
	for _, s := range []jobs.Severity{jobs.Fail, jobs.Warn, jobs.Info} {
		if name := prefix + "." + string(s); p.has(name) {
			l = append(l, level{s, jobs.Micros(math.Round(p.get(name) * 1e6))})
		}
	}
	return l
}

// reached returns the worst level that a length reaches.
func (l levels) reached(length jobs.Micros) (level, bool) {
	for _, v := range l {
		if length > 0 && length+roundingGrace >= v.length {
			return v, true
		}
	}
	return level{}, false
}

// from is the length from which there is a finding at all; longer than any stream where there is none.
func (l levels) from() jobs.Micros {
	if len(l) == 0 {
		return math.MaxInt64
	}
	return l[len(l)-1].length
}

// mild leaves only info: for what may be nothing, and is not told at all where a profile has no info.
func (l levels) mild() levels { return l.atMost(jobs.Info) }

// atMost leaves out the levels that are worse than s.
func (l levels) atMost(s jobs.Severity) levels {
	for len(l) > 0 && l[0].severity.Rank() > s.Rank() {
		l = l[1:]
	}
	return l
}
