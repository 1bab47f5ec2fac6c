package jobs

import "slices"

// Rule is one thing that a specification or good practice demands of how a stream is packaged and delivered. Whoever sees it broken, producer or
// judge, makes a Finding with its code; the profile decides how severe that is.
type Rule struct {
	// Code is that of the findings: "playlist.target_duration".
	Code string
	// Summary says in one sentence what is wrong when the rule is broken.
	Summary string
	// Applies says where it is looked for: "HLS", "DASH", "HLS, DASH".
	Applies string
	// Clause is where it comes from: "RFC 8216 section 4.3.3.1"; several are separated by "; ".
	Clause string
	// Unit is that of a finding's value, which grows with the gravity; empty for a rule that is broken or not: then findings have no value and count as 0.
	Unit string
	// Levels are the values from which a finding has a severity in the profile "default", at most one for each; a severity that is not listed is never given.
	Levels []Level
	// Checked says how the rule is looked at, and what is missed or tolerated; Markdown, one paragraph.
	Checked string
}

// Level is the least value from which a finding has a severity.
type Level struct {
	Severity Severity
	From     float64
}

// Always is the levels of a rule that is broken or not.
func Always(s Severity) []Level { return []Level{{s, 0}} }

// Rules lists all rules: those of playlists and manifests, of segments, of ladders, and of live delivery, in the order in which they are documented.
func Rules() []Rule {
	return slices.Concat(hlsRules(), dashRules(), mediaRules(), liveRules())
}

// RuleOf finds a rule by its code.
func RuleOf(code string) (Rule, bool) {
	rules := Rules()
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Code == code })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}
