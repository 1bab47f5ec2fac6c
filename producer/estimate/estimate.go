// Package estimate says what a check will take, as far as playlists and indexes tell: windows, media, bytes, and with a rule of thumb the time of cores.
//
// It is pure: a check that was prepared and not yet written is all that it sees.
package estimate

import (
	"strconv"
	"strings"

	"aircheck/jobs"
)

// Estimate is what checking a stream takes.
type Estimate struct {
	Input     string       `json:"input"`
	Sequences []Sequence   `json:"sequences"`
	Windows   int          `json:"windows"`
	Media     jobs.Seconds `json:"media_seconds"` // over all sequences
	Bytes     int64        `json:"bytes"`
	// Exact is false when some of Bytes is bandwidth times duration, or unknown.
	Exact bool `json:"bytes_exact"`
	// CPU is the time of one core that measuring takes, by the rule of thumb of Rates.
	CPU jobs.Seconds `json:"cpu_seconds"`
}

// Sequence is the part of one rendition, or of several in one object.
type Sequence struct {
	ID       string       `json:"id"`
	Name     string       `json:"name,omitempty"`
	Duration jobs.Seconds `json:"duration"`
	Segments int          `json:"segments,omitempty"`
	Windows  int          `json:"windows"`
	Bytes    int64        `json:"bytes"`
	Exact    bool         `json:"bytes_exact"`
	CPU      jobs.Seconds `json:"cpu_seconds"`
}

// Rates turn media into the time of cores.
type Rates struct {
	// Speed is how many seconds of 1920x1080 at 25 pictures a second one core decodes and measures in a second. Larger and smaller pictures count by
	// their pixels. DefaultSpeed stands for 0.
	Speed float64
	// Fast is for checks of depth fast, which decode one picture in many.
	Fast bool
}

const (
	// DefaultSpeed is careful: a noisy test picture in H.264 at 5 Mbit/s with AAC was measured with all detectors at 8 times real time on one core (user and system
	// time of 'aircheck check --slots 1'); HEVC and AV1 take longer.
	DefaultSpeed = 6
	// soundSpeed is that of a sequence without pictures: 600 s of AAC decode in 0.7 s, and measuring them with true peak takes a few times that.
	soundSpeed = 100
	// textSpeed: captions are read, not decoded.
	textSpeed = 10_000
	// fastFactor is what depth fast saves: it decodes a key frame every few seconds, and all of the sound.
	fastFactor = 6
	// reference is the picture whose speed is known: 1920x1080 at 25 a second.
	reference = 1920 * 1080 * 25.0
	// maxPixels bounds what a playlist may claim: 16K at 240 pictures a second.
	maxPixels = 15360 * 8640 * 240.0
)

// Of estimates a check.
func Of(check *jobs.Check, rates Rates) Estimate {
	e := Estimate{Input: check.Input, Sequences: []Sequence{}, Windows: len(check.Windows), Exact: true}
	windows := map[string]int{}
	for _, w := range check.Windows {
		windows[w.Sequence]++
	}
	for i := range check.Timeline.Sequences {
		s := &check.Timeline.Sequences[i]
		one := Sequence{ID: s.ID, Name: s.Name, Duration: s.Duration.At(), Segments: len(s.Segments), Windows: windows[s.ID]}
		one.Bytes, one.Exact = sizeOf(s)
		one.CPU = jobs.Seconds(s.Duration.Seconds() / rates.of(s))
		e.Sequences = append(e.Sequences, one)
		e.Media += one.Duration
		e.Bytes += one.Bytes
		e.Exact = e.Exact && one.Exact
		e.CPU += one.CPU
	}
	return e
}

// of is how many seconds of a sequence a core measures in a second.
func (r Rates) of(s *jobs.Sequence) float64 {
	switch s.Media {
	case "audio":
		return soundSpeed
	case "captions":
		return textSpeed
	}
	speed := r.Speed
	if speed <= 0 {
		speed = DefaultSpeed
	}
	if r.Fast {
		speed *= fastFactor
	}
	// Pictures of no known size are taken for the reference.
	return min(speed*reference/pixels(s.Variant), soundSpeed)
}

// pixels is how many of them a second has, as the playlist declares it.
func pixels(v *jobs.Variant) float64 {
	if v == nil || v.Width <= 0 || v.Height <= 0 {
		return reference
	}
	return min(float64(v.Width)*float64(v.Height)*frameRate(v.FrameRate), maxPixels)
}

// frameRate reads "29.970" and "30000/1001"; what it cannot read is 25.
func frameRate(s string) float64 {
	over, under, ok := strings.Cut(s, "/")
	rate, err := strconv.ParseFloat(over, 64)
	if ok && err == nil {
		var d float64
		if d, err = strconv.ParseFloat(under, 64); err == nil {
			rate /= d
		}
	}
	if err != nil || !(rate >= 1 && rate <= 240) { // NaN is not either
		return 25
	}
	return rate
}

// sizeOf sums up what the timeline knows. Where a segment's size is unknown, the whole is estimated from the declared bandwidth.
func sizeOf(s *jobs.Sequence) (bytes int64, exact bool) {
	if s.Object != nil {
		return max(s.Object.Size, 0), s.Object.Size >= 0
	}
	for i := range s.Segments {
		if s.Segments[i].Gap || s.Segments[i].Missing != "" {
			continue
		}
		if s.Segments[i].Length < 0 {
			return declaredSize(s), false
		}
		bytes += s.Segments[i].Length
	}
	return bytes, true
}

func declaredSize(s *jobs.Sequence) int64 {
	if s.Variant == nil {
		return 0
	}
	rate := s.Variant.AverageBandwidth
	if rate <= 0 {
		rate = s.Variant.Bandwidth
	}
	return int64(float64(rate) / 8 * s.Duration.Seconds())
}
