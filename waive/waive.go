// Package waive tells which findings people have marked as intended: a waiver follows the content by what is seen and heard around a finding, also into other encodings.
//
// It is pure: waivers and signatures are its arguments. It imports jobs alone.
package waive

import (
	"math"
	"time"

	"aircheck/jobs"
)

// A duration may differ by this share, or by so many seconds: another frame rate, another threshold of black.
const (
	durationShare = 0.20
	durationSlack = 0.2
)

// Match tells whether a finding of a code in a stream (or an input) with a signature is what the waiver is about, at a time. Without anything to compare it never is: black that
// begins with the recording and goes on to its end looks like any other.
//
// Pictures decide where two of before, within and behind have something in them, and levels must not contradict: a studio looks the same all evening. Where less is to be seen, as at the
// beginning of a recording or in a stream of sound, levels must be alike too.
func Match(w *jobs.Waiver, code, stream string, s *jobs.Signature, now time.Time) bool {
	if w.Code != code || !Active(w, now) || w.Stream != "" && w.Stream != stream || !sameDuration(w.Signature.Duration, s.Duration) {
		return false
	}
	pictures := comparePictures(w.Signature.Pictures, s.Pictures)
	levels := compareLevels(w.Signature.Levels, s.Levels)
	switch {
	case pictures == different || levels == different:
		return false
	case pictures == alike:
		return true
	}
	return levels == alike
}

// Active tells whether a waiver is in force.
func Active(w *jobs.Waiver, now time.Time) bool {
	return w.Ended == nil && (w.Expires == nil || now.Before(*w.Expires))
}

func sameDuration(a, b jobs.Seconds) bool {
	longer, apart := math.Max(float64(a), float64(b)), math.Abs(float64(a-b))
	return apart <= math.Max(durationShare*longer, durationSlack)
}

// Held finds the waivers that hold for the findings of a check, by their jobs.FindingKey: those that were given at this very check, which need nothing to compare, and those whose content
// turned up again (Apply).
func Held(waivers []jobs.Waiver, id, input string, signed []jobs.Signed, findings []jobs.Finding, now time.Time) map[string]jobs.Waiver {
	held := Apply(waivers, StreamOf(id, input), signed, findings, now)
	if held == nil {
		held = map[string]jobs.Waiver{}
	}
	given := map[string]*jobs.Waiver{}
	for i := range waivers {
		if w := &waivers[i]; w.Check == id && Active(w, now) {
			given[jobs.FindingKey(&w.Finding)] = w
		}
	}
	for i := range findings {
		f := &findings[i]
		if w := given[jobs.FindingKey(f)]; w != nil && f.Severity.Rank() <= w.Finding.Severity.Rank() { // what has become worse since is not what was waived
			held[jobs.FindingKey(f)] = *w
		}
	}
	return held
}

// StreamOf is what a waiver may be limited to: the live stream of a check, or its input.
func StreamOf(id, input string) string {
	if name, _, live := jobs.ParseLiveID(id); live {
		return name
	}
	return input
}

// Apply finds the waiver of each finding that has one, by its jobs.FindingKey. Of several that match the first counts.
func Apply(waivers []jobs.Waiver, stream string, signed []jobs.Signed, findings []jobs.Finding, now time.Time) map[string]jobs.Waiver {
	if len(waivers) == 0 || len(signed) == 0 {
		return nil
	}
	byCode := map[string][]*jobs.Waiver{}
	for i := range waivers {
		if w := &waivers[i]; Active(w, now) {
			byCode[w.Code] = append(byCode[w.Code], w)
		}
	}
	signatures := make(map[string]*jobs.Signature, len(signed))
	for i := range signed {
		signatures[signed[i].Finding] = &signed[i].Signature
	}
	waived := map[string]jobs.Waiver{}
	for i := range findings {
		key := jobs.FindingKey(&findings[i])
		s := signatures[key]
		if s == nil {
			continue
		}
		for _, w := range byCode[findings[i].Code] {
			if Match(w, findings[i].Code, stream, s, now) {
				waived[key] = *w
				break
			}
		}
	}
	return waived
}
