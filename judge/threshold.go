package judge

import (
	"math"
	"slices"
	"strings"
)

// Threshold describes one parameter of a profile.
type Threshold struct {
	// Name is what a profile calls it: "video.black.fail".
	Name string
	// Default is what it is when nobody says; NaN when there is no default: a severity without a length never fires, a limit without a value
	// limits nothing.
	Default float64
	// Min and Max bound what a profile may say.
	Min, Max float64
	// Unit is "s", "dBFS", "LUFS" …; empty for a plain number. Values in "s" may be written as durations.
	Unit string
	// Doc says what it does, in one sentence.
	Doc string
}

// Optional tells whether a profile may leave the parameter out of force.
func (t Threshold) Optional() bool { return math.IsNaN(t.Default) || t.severity() }

func (t Threshold) severity() bool {
	return strings.HasSuffix(t.Name, ".info") || strings.HasSuffix(t.Name, ".warn") || strings.HasSuffix(t.Name, ".fail")
}

// day is the longest length that a threshold may ask for.
const day = 86400

// Thresholds lists every parameter that a profile can set, in the order in which it is documented: that of the registry.
func Thresholds() []Threshold {
	list := slices.Concat(
		blackThresholds(), freezeThresholds(), motionThresholds(), corruptionThresholds(), blockinessThresholds(), blurThresholds(), interlaceThresholds(),
		letterboxThresholds(), patternThresholds(), flashThresholds(), gamutThresholds(), damageThresholds("video", "Damage"),
		silenceThresholds(), loudnessThresholds(), clippingThresholds(), dropoutThresholds(), clickThresholds(), stereoThresholds(), humThresholds(),
		toneThresholds(), damageThresholds("audio", "Damaged sound"), formatThresholds(), syncThresholds(), captionsThresholds(), referenceThresholds(),
		timestampThresholds(), ruleThresholds(),
	)
	kinds := []string{"video", "audio", "sync", "captions", "reference", "timestamp", "segment", "playlist", "ladder"} // a profile names each once
	slices.SortStableFunc(list, func(a, b Threshold) int {
		return slices.Index(kinds, kindOf(a.Name)) - slices.Index(kinds, kindOf(b.Name))
	})
	return list
}

// thresholdList is that of Thresholds, which is not made anew for every name in a profile.
type thresholdList []Threshold

func (l thresholdList) named(name string) (Threshold, bool) {
	for i := range l {
		if l[i].Name == name {
			return l[i], true
		}
	}
	return Threshold{}, false
}
