package accuracy

import (
	"fmt"
	"slices"

	"aircheck/bench/inject"
)

// String tells a spot in a line.
func (s spot) String() string {
	text := fmt.Sprintf("%s %s [%.3f, %.3f]", s.severity, s.code, s.start, s.end)
	if s.value != nil {
		text += fmt.Sprintf(" value %.4g", *s.value)
	}
	return text
}

// count makes the scores of all codes, in the order of the catalogue.
func (r *Result) count(list []judged) {
	scores := map[string]*Score{}
	for _, d := range inject.Defects() {
		scores[d.Code] = &Score{Code: d.Code}
	}
	for _, j := range list {
		if j.label == nil {
			r.Hidden = append(r.Hidden, fmt.Sprintf("%s %s (seed %d)", j.test.code, j.test.variant, j.test.seed))
			continue
		}
		r.Clips++
		scores[j.label.Code].add(j.outcome)
		r.tell(j)
		for code := range codesOf(j.others) {
			if s := scores[code]; s != nil {
				s.FP++
			}
		}
	}
	for _, d := range inject.Defects() {
		s := scores[d.Code]
		if s.Clips == 0 {
			r.Untested = append(r.Untested, d.Code)
			continue
		}
		s.finish()
		s.Counterpart = counterpart(d.Code, list)
		r.Scores = append(r.Scores, *s)
	}
}

// codesOf is the set of codes among spots: a clip is one false alarm a code, however many findings there are.
func codesOf(spots []spot) map[string]bool {
	set := map[string]bool{}
	for _, s := range spots {
		set[s.code] = true
	}
	return set
}

// tell notes what went wrong with a clip.
func (r *Result) tell(j judged) {
	note := func(kind, code, text string) {
		r.Troubles = append(r.Troubles, Trouble{Kind: kind, Code: code, Variant: j.label.Code + "/" + j.label.Variant, Clip: j.path, Text: text})
	}
	if j.failures != "" {
		note("missed", j.label.Code, j.failures)
	}
	for i, h := range j.outcome.hits {
		if iv := j.label.Intervals[i]; h == "" {
			text := fmt.Sprintf("[%.3f, %.3f]", iv.Start, iv.End)
			if iv.Value != nil {
				text += fmt.Sprintf(" value %.4g", *iv.Value)
			}
			note("missed", j.label.Code, text+fmt.Sprintf(" strength %.2f", j.label.Strength))
		}
	}
	for i, s := range j.outcome.strays {
		if i < maxPieces {
			note("false", j.label.Code, s.String())
		}
	}
	for i, s := range j.others {
		if i < maxPieces {
			note("other", s.code, s.String())
		}
	}
}

// candidates is how many thresholds are tried for a filter that gives a score.
const candidates = 80

// counterpart scores ffmpeg's filter on the clips of a code; nil where there is none. A score is given its best threshold on these very clips.
func counterpart(code string, list []judged) *Counterpart {
	i := slices.IndexFunc(peers(), func(p peer) bool { return p.code == code })
	list = slices.DeleteFunc(slices.Clone(list), func(j judged) bool { return j.label == nil || j.label.Code != code || !j.hasPeer })
	if i < 0 || len(list) == 0 {
		return nil
	}
	p := peers()[i]
	if p.score == nil {
		c := p.scoreAt(0, list)
		return &c
	}
	var best Counterpart
	for n, t := range thresholds(list) {
		c := p.scoreAt(t, list)
		c.Threshold = &t
		if n == 0 || c.F1 > best.F1 {
			best = c
		}
	}
	return &best
}

// scoreAt counts at one threshold.
func (p peer) scoreAt(threshold float64, list []judged) Counterpart {
	c := Counterpart{Filter: p.filter}
	for _, j := range list {
		l := *j.label
		l.Accept = nil
		o := match(&l, j.peer.spots(l.Code, threshold, p.least))
		for _, h := range o.hits {
			if h == "" {
				c.FN++
			} else {
				c.TP++
			}
		}
		if len(o.strays) > 0 {
			c.FP++
		}
	}
	c.F1 = round4(f1(c.TP, c.FP, c.FN))
	return c
}

// thresholds are quantiles of all scores of the set.
func thresholds(list []judged) []float64 {
	var all []float64
	for _, j := range list {
		if j.peer.Series != nil {
			all = append(all, j.peer.Series.Score...)
		}
	}
	if len(all) == 0 {
		return []float64{0}
	}
	slices.Sort(all)
	picked := []float64{all[0] - 1e-9}
	for i := 1; i < candidates; i++ {
		picked = append(picked, all[i*(len(all)-1)/candidates])
	}
	return slices.Compact(picked)
}
