package judge

import (
	"math"
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

// Thresholds lists every parameter that a profile can set, in the order in which it is documented.
func Thresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"video.black.info", 0.5, 0, day, "s", "Black for this long is info."},
		{"video.black.warn", none, 0, day, "s", "Black for this long is a warning."},
		{"video.black.fail", 2, 0, day, "s", "Black for this long is a failure."},
		{"video.black.luma", 37, 16, 64, "", "A sample at or below this luma (8-bit code value, limited range) is black; measured at 16, 32, 37 and 64."},
		{"video.black.ratio", 0.98, 0.5, 1, "", "A picture is black when at least this share of its samples is."},

		{"video.freeze.info", 1, 0, day, "s", "A frozen picture for this long is info."},
		{"video.freeze.warn", 2.5, 0, day, "s", "A frozen picture for this long is a warning."},
		{"video.freeze.fail", 3.5, 0, day, "s", "A frozen picture for this long is a failure."},
		{"video.freeze.noise", stillNoise, 0, 0.1, "", "Two pictures are alike when their mean difference is at most this share of full scale."},

		{"video.decode_error.info", 0, 0, day, "s", "Damage of this length is info."},
		{"video.decode_error.warn", 0.2, 0, day, "s", "Damage of this length is a warning."},
		{"video.decode_error.fail", 1, 0, day, "s", "Damage of this length is a failure."},
		{"video.decode_error.concealed", 5, 0, 100, "%", "Damage that conceals this share of a picture is one severity worse than its length says."},

		{"audio.silence.info", 1, 0, day, "s", "Silence for this long is info."},
		{"audio.silence.warn", 2.5, 0, day, "s", "Silence for this long is a warning."},
		{"audio.silence.fail", 4, 0, day, "s", "Silence for this long is a failure."},
		{"audio.silence.level", -60, -120, -20, "dBFS", "A channel whose samples stay below this peak is silent."},

		{"audio.loudness.target", none, -70, 0, "LUFS", "Integrated loudness that the delivery spec wants."},
		{"audio.loudness.tolerance_warn", none, 0, 70, "LU", "Further off the target than this is a warning."},
		{"audio.loudness.tolerance_fail", none, 0, 70, "LU", "Further off the target than this is a failure."},
		{"audio.true_peak.max", none, -40, 20, "dBTP", "A true peak above this is a failure."},
		{"audio.short_term.max", none, -70, 20, "LUFS", "Short-term loudness above this is a failure."},
		{"audio.loudness_range.max", none, 0, 70, "LU", "A loudness range above this is a failure."},

		{"audio.decode_error.info", 0, 0, day, "s", "Damaged sound of this length is info."},
		{"audio.decode_error.warn", 0.2, 0, day, "s", "Damaged sound of this length is a warning."},
		{"audio.decode_error.fail", 1, 0, day, "s", "Damaged sound of this length is a failure."},

		{"timestamp.gap.info", 0, 0, day, "s", "A hole of this length in the timestamps is info."},
		{"timestamp.gap.warn", 0.2, 0, day, "s", "A hole of this length in the timestamps is a warning."},
		{"timestamp.gap.fail", 1, 0, day, "s", "A hole of this length in the timestamps is a failure."},
		{"timestamp.gap.variable", 1, 0, day, "s", "With a variable frame rate only holes from this length on are told, and as info: a picture may stand as long as it likes."},

		{"timestamp.overlap.info", 0, 0, day, "s", "Segments that overlap by this much are info."},
		{"timestamp.overlap.warn", 0.2, 0, day, "s", "Segments that overlap by this much are a warning."},
		{"timestamp.overlap.fail", none, 0, day, "s", "Segments that overlap by this much are a failure."},

		{"timestamp.backward.info", 0, 0, day, "s", "A clock that runs back by this much is info."},
		{"timestamp.backward.warn", 0.04, 0, day, "s", "A clock that runs back by this much is a warning."},
		{"timestamp.backward.fail", 1, 0, day, "s", "A clock that runs back by this much is a failure."},
	}
}

// thresholdNamed finds a threshold.
func thresholdNamed(name string) (Threshold, bool) {
	for _, t := range Thresholds() {
		if t.Name == name {
			return t, true
		}
	}
	return Threshold{}, false
}
