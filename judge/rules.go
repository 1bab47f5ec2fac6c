package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"aircheck/jobs"
)

// maxRuleValue bounds what a profile may ask of a rule's value, whatever its unit.
const maxRuleValue = 1e12

// ruleThresholds are the severities of the packaging rules: each from a value on, 0 where a rule is broken or not.
func ruleThresholds() []Threshold {
	var list []Threshold
	for _, r := range jobs.Rules() {
		for _, s := range []jobs.Severity{jobs.Info, jobs.Warn, jobs.Fail} {
			doc := fmt.Sprintf("%s from this value on", s)
			if r.Unit == "" {
				doc = fmt.Sprintf("0: %s whenever it is broken", s)
			}
			list = append(list, Threshold{Name: r.Code + "." + string(s), Default: ruleDefault(r, s), Max: maxRuleValue, Unit: r.Unit, Doc: doc})
		}
	}
	return list
}

func ruleDefault(r jobs.Rule, s jobs.Severity) float64 {
	for _, l := range r.Levels {
		if l.Severity == s {
			return l.From
		}
	}
	return math.NaN()
}

// rulings gives the findings of rules their severity under a profile.
type rulings struct {
	params *params
	rules  map[string]bool
}

func newRulings(p *params) *rulings {
	r := &rulings{params: p, rules: map[string]bool{}}
	for _, rule := range jobs.Rules() {
		r.rules[rule.Code] = true
	}
	return r
}

// rule sets the severity and the threshold of a finding; false when the profile does not want to hear of it. Findings that are about no rule stay as they are.
func (r *rulings) rule(f *jobs.Finding) bool {
	if !r.rules[f.Code] {
		return true
	}
	value := 0.0
	if f.Value != nil {
		value = math.Abs(float64(*f.Value))
	}
	for _, s := range []jobs.Severity{jobs.Fail, jobs.Warn, jobs.Info} {
		name := f.Code + "." + string(s)
		if !r.params.has(name) || value < r.params.get(name) {
			continue
		}
		f.Severity = s
		if f.Value != nil {
			f.Threshold = jobs.Figure(r.params.get(name))
		}
		return true
	}
	return false
}

// announced are the findings that the timeline brought, under the profile and with renditions instead of sequences.
func (j *Judge) announced() []jobs.Finding {
	rulings := newRulings(j.params)
	list := slices.Clone(j.check.Timeline.Findings)
	kept := list[:0]
	for _, f := range list {
		if rulings.rule(&f) {
			f.Rendition = j.renditionOf(f.Rendition)
			kept = append(kept, f)
		}
	}
	return kept
}

// renditionOf is the first rendition of a sequence; empty when there is none.
func (j *Judge) renditionOf(sequence string) string {
	for _, q := range j.sequences {
		if q.ID == sequence {
			return q.rendition
		}
	}
	return ""
}

// markers are what playlists and segments announce, with renditions instead of sequences, in the order of their starts.
func (j *Judge) markers() []jobs.Marker {
	list := slices.Clone(j.check.Timeline.Markers)
	for i := range list {
		list[i].Rendition = j.renditionOf(list[i].Rendition)
	}
	list = append(list, j.spliced()...)
	slices.SortStableFunc(list, func(a, b jobs.Marker) int {
		if a.Start != b.Start {
			if a.Start < b.Start {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Source+a.ID, b.Source+b.ID)
	})
	return list
}

// rulePage is the page of a rule in the shape of a method page.
func rulePage(r jobs.Rule) string {
	value := "none: the rule is broken or not."
	if r.Unit != "" {
		value = "how far it is broken, in " + r.Unit + "."
	}
	return fmt.Sprintf("%s\n\n**Checked:** %s\n**Applies to:** %s.\n**Value:** %s\n**Source:** %s.", r.Summary, r.Checked, r.Applies, value, r.Clause)
}
