package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

const (
	// lagCues is how many captions it takes to compare them with speech.
	lagCues = 20
	// lagReach is the greatest lag that is looked for, in steps of speechStep: live captions are 3 to 7 s late.
	lagReach = 100
	// lagPeak is the least correlation of captions and speech, lagNext the greatest share of it that any lag further than lagNear from the best may have.
	lagPeak, lagNext, lagNear = 0.2, 0.85, 15
	// lagShare bounds the share of speech and of captions: what is always there has no edges to compare.
	lagShare = 0.9
)

// lags compares the captions with the speech. It returns why that is not measurable.
func (s *subtitles) lags(r *jobs.Result) string {
	cues := s.kept()
	switch {
	case len(cues) < lagCues:
		return fewCues
	case s.talk == nil:
		return noSpeech
	}
	until := s.until()
	n := min(len(s.talk), int(until/speechStep))
	lag, ok := s.lag(0, n)
	if !ok {
		return noSpeechPattern
	}
	first, okFirst := s.lag(0, n/2)
	last, okLast := s.lag(n/2, n)
	message := fmt.Sprintf("%s comes %.1f s %s the speech", s.name, abs(lag).Seconds(), side(lag))
	if okFirst && okLast && abs(last-first) > talkAround {
		message = fmt.Sprintf("%s comes %+.1f s after the speech in the first half, %+.1f s in the second", s.name, first.Seconds(), last.Seconds())
		if lag = first; abs(last) > abs(first) {
			lag = last
		}
	}
	l, ok := s.p.levels(codeLag).reached(abs(lag))
	if !ok {
		return ""
	}
	f := (&run{cues[0].From, min(until, cues[len(cues)-1].To)}).finding(l)
	f.Code, f.Value, f.Message, f.Confidence = codeLag, jobs.Figure(lag.Seconds()), message, 0.6
	s.find(r, f)
	return ""
}

// lag is by how much the captions are late against the speech in the steps [from, to): the lag with the greatest correlation, if it stands out.
func (s *subtitles) lag(from, to int) (jobs.Micros, bool) {
	shown := s.shown()
	var scores [2*lagReach + 1]float64
	best := 0
	for i := range scores {
		scores[i] = correlation(shown, s.talk, from, to, i-lagReach)
		if scores[i] > scores[best] {
			best = i
		}
	}
	if scores[best] < lagPeak || best == 0 || best == len(scores)-1 {
		return 0, false
	}
	for i, v := range scores {
		if max(i-best, best-i) > lagNear && v > lagNext*scores[best] {
			return 0, false
		}
	}
	return jobs.Micros(best-lagReach) * speechStep, true
}

// shown has the captions in steps of speechStep.
func (s *subtitles) shown() []bool {
	list := make([]bool, len(s.talk))
	for _, c := range s.cues {
		for k := max(0, c.From/speechStep); k < min(c.To/speechStep, jobs.Micros(len(list))); k++ {
			list[k] = true
		}
	}
	return list
}

// correlation is the phi coefficient of captions and speech that are lag steps earlier.
func correlation(shown, talk []bool, from, to, lag int) float64 {
	var n, a, b, both float64
	for k := max(from, lag, 0); k < min(to, len(shown), len(talk)+lag); k++ {
		n++
		if shown[k] {
			a++
		}
		if talk[k-lag] {
			b++
			if shown[k] {
				both++
			}
		}
	}
	if n == 0 || a > lagShare*n || b > lagShare*n {
		return 0
	}
	d := float64(a*(n-a)) * float64(b*(n-b))
	if d <= 0 {
		return 0
	}
	return (float64(n*both) - float64(a*b)) / math.Sqrt(d)
}
