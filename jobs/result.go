package jobs

// Severity orders findings: info may be frequent, warn is worth a look, fail is worth waking someone.
type Severity string

// The severities, least first.
const (
	Info Severity = "info"
	Warn Severity = "warn"
	Fail Severity = "fail"
)

// Rank orders severities: 0 for none or unknown, then info 1, warn 2, fail 3.
func (s Severity) Rank() int {
	switch s {
	case Info:
		return 1
	case Warn:
		return 2
	case Fail:
		return 3
	}
	return 0
}

// Finding is one defect. Times are seconds on the stream's timeline, half-open: End is where the last defective frame leaves the screen.
type Finding struct {
	Code      string   `json:"code"`
	Severity  Severity `json:"severity"`
	Rendition string   `json:"rendition,omitempty"` // absent: the finding is about the whole stream
	Start     Seconds  `json:"start"`
	End       Seconds  `json:"end"`
	Value     *Number  `json:"value,omitempty"`
	Threshold *Number  `json:"threshold,omitempty"`
	Unit      string   `json:"unit,omitempty"`
	// Confidence is in (0, 1]: how sure the detector is that a person would agree.
	Confidence Number `json:"confidence"`
	Message    string `json:"message"`
	// Cause says where the fault lies as far as the evidence goes: "source", "encoder", "packager" or "delivery"; empty when nothing tells.
	Cause string `json:"cause,omitempty"`
	// Profile names the profile of the ad break in which the finding stands; empty under the check's own.
	Profile string `json:"profile,omitempty"`
	// Evidence says by what the cause was told: "in all 4 video renditions at the same time".
	Evidence string `json:"evidence,omitempty"`
}

// State is what became of an interval of a rendition for one detector.
type State string

// The coverage states of DESIGN 5.
const (
	Analysed State = "analysed"
	Failed   State = "failed"  // it should have been analysed and could not be
	Skipped  State = "skipped" // it was not to be analysed: EXT-X-GAP, encrypted without a key, not measurable
	Pending  State = "pending"
)

// Interval is a half-open piece of time in one state.
type Interval struct {
	Start  Seconds `json:"start"`
	End    Seconds `json:"end"`
	State  State   `json:"state"`
	Reason string  `json:"reason,omitempty"`
	// Depth is DepthFast or DepthFull where the check was made at DepthFast and the interval was analysed or skipped for that; empty elsewhere.
	Depth string `json:"depth,omitempty"`
}

// Coverage tiles [0, duration) of one rendition for one detector.
type Coverage struct {
	Rendition string     `json:"rendition"`
	Detector  string     `json:"detector"`
	Intervals []Interval `json:"intervals"`
}

// Rendition is one video or audio track as the workers saw it.
type Rendition struct {
	ID         string  `json:"id"`   // "v0", "a0" …
	Kind       string  `json:"kind"` // "video", "audio" or "captions"
	Sequence   string  `json:"sequence,omitempty"`
	Name       string  `json:"name,omitempty"`
	Codec      string  `json:"codec,omitempty"`
	Width      int     `json:"width,omitempty"`
	Height     int     `json:"height,omitempty"`
	PixFmt     string  `json:"pixel_format,omitempty"`
	FrameRate  string  `json:"frame_rate,omitempty"`
	SampleRate int     `json:"sample_rate,omitempty"`
	Channels   int     `json:"channels,omitempty"`
	Layout     string  `json:"channel_layout,omitempty"`
	Language   string  `json:"language,omitempty"`
	Duration   Seconds `json:"duration"`
	// Frames counts decoded pictures, and at DepthFast the packets of those that were not decoded.
	Frames int64 `json:"frames,omitempty"`
}

// Loudness is the programme loudness of one audio rendition (ITU-R BS.1770-5, EBU Tech 3341/3342). A value that could not be
// measured is nil.
type Loudness struct {
	Rendition    string  `json:"rendition"`
	Integrated   *Number `json:"integrated_lufs,omitempty"`
	Range        *Number `json:"range_lu,omitempty"`
	MaxMomentary *Number `json:"max_momentary_lufs,omitempty"`
	MaxShortTerm *Number `json:"max_short_term_lufs,omitempty"`
	TruePeak     *Number `json:"true_peak_dbtp,omitempty"`
}

// AudioLevels are the levels of one audio rendition, channel by channel in the order of the stream.
type AudioLevels struct {
	Rendition string          `json:"rendition"`
	Channels  []ChannelLevels `json:"channels"`
}

// ChannelLevels are the levels of one channel over the whole rendition. A level of digital silence is nil.
type ChannelLevels struct {
	Channel  string  `json:"channel"` // L, R, C, LFE, Ls, Rs, Lb, Rb, Cs, or its number from 1 in a layout without names
	Peak     *Number `json:"peak_dbfs,omitempty"`
	TruePeak *Number `json:"true_peak_dbtp,omitempty"`
	RMS      *Number `json:"rms_dbfs,omitempty"`        // a full-scale sine has -3.01
	DC       *Number `json:"dc_offset,omitempty"`       // mean of the samples, full scale 1
	Clipped  *Number `json:"clipped_percent,omitempty"` // share of samples at full scale
}

// Summary holds figures about the whole stream.
type Summary struct {
	Loudness []Loudness    `json:"loudness,omitempty"`
	Audio    []AudioLevels `json:"audio,omitempty"`
	// Markers are what the stream announces: ad breaks, programme borders; in order of their start.
	Markers []Marker `json:"markers,omitempty"`
	// Reference has an entry for every rendition that was compared with the check's reference; nil in a check without one.
	Reference []Comparison `json:"reference,omitempty"`
}

// Verdict is the one word for a check. Its order is fail, incomplete, warn, pass.
type Verdict string

// The verdicts, worst first.
const (
	VerdictFail       Verdict = "fail"
	VerdictIncomplete Verdict = "incomplete"
	VerdictWarn       Verdict = "warn"
	VerdictPass       Verdict = "pass"
)

// Result is what the judge makes of all measurements: everything in a report that depends on the stream and the profile alone.
type Result struct {
	Verdict    Verdict     `json:"verdict"`
	Duration   Seconds     `json:"duration"`
	Renditions []Rendition `json:"renditions"`
	Findings   []Finding   `json:"findings"`
	Coverage   []Coverage  `json:"coverage"`
	Summary    Summary     `json:"summary"`
}
