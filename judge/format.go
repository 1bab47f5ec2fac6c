package judge

import (
	"fmt"
	"math"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// formatWatch reports changes of format of one track.
type formatWatch struct {
	// Waiting is the change whose new format still stands.
	Waiting *formatChange `json:",omitempty"`

	code   string
	levels levels
	// announced: a change at a discontinuity that the playlist announces is judged as any other.
	announced bool
	emit      emitter
}

// formatChange is one change, however many properties it changes.
type formatChange struct {
	// At and End are the first picture or slot of the new format.
	At, End jobs.Micros
	Parts   []string
	// Announced: the playlist announces a discontinuity there.
	Announced bool
}

func newFormatWatch(kind string, p *params, emit emitter) formatWatch {
	code := kind + ".format_change"
	return formatWatch{code: code, levels: p.levels(code), announced: p.or(code+".announced", 0) > 0, emit: emit}
}

// add takes a change that was seen only now; one at the same time as the change that waits is part of it.
func (w *formatWatch) add(c formatChange) {
	if w.Waiting != nil && abs(c.At-w.Waiting.At) <= sameChange {
		w.Waiting.Parts = append(w.Waiting.Parts, c.Parts[:min(len(c.Parts), maxParts-len(w.Waiting.Parts))]...)
		w.Waiting.Announced = w.Waiting.Announced || c.Announced
		return
	}
	w.end(c.At)
	w.Waiting = &c
}

const (
	// maxParts bounds what one change tells: a format has fewer properties.
	maxParts = 16
	// sameChange is how far two changes may lie apart and have one cause.
	sameChange jobs.Micros = 500e3
	// formatSettle is how long a change waits for what else changes: the rate of frames shows only after a while.
	formatSettle = steadyLength + sameChange
)

// pass tells how far the new format stands.
func (w *formatWatch) pass(at jobs.Micros) {
	if c := w.Waiting; c != nil && at-c.At > max(formatSettle, w.levels.longest()) {
		w.end(at)
	}
}

// end reports the change that waits, by how long its format has held.
func (w *formatWatch) end(at jobs.Micros) {
	c := w.Waiting
	w.Waiting = nil
	if c == nil {
		return
	}
	l, ok := w.levels.reached(max(1, at-c.At))
	if !ok {
		return
	}
	f := jobs.Finding{
		Code: w.code, Severity: l.severity, Start: c.At.At(), End: c.End.At(), Value: jobs.Figure(float64(len(c.Parts))), Threshold: jobs.Figure(1),
		Unit: "properties", Confidence: 1, Message: "the format changes: " + strings.Join(c.Parts, ", "),
	}
	if c.Announced {
		f.Message += ", at a discontinuity that the playlist announces"
		if !w.announced && f.Severity != jobs.Info {
			f.Severity = jobs.Info
		}
	}
	w.emit(f)
}

// differing appends "what before → after" when the two are not the same.
func differing(parts []string, what, before, after string) []string {
	if before == after {
		return parts
	}
	told := func(s string) string {
		if s == "" {
			return "untagged"
		}
		return words(s)
	}
	return append(parts, fmt.Sprintf("%s %s → %s", what, told(before), told(after)))
}

// videoFormats finds changes of format in mid-stream, and tags of high dynamic range that contradict the picture.
type videoFormats struct {
	Watch formatWatch
	Last  *measurement.Format `json:",omitempty"`
	Disc  int
	// Marked is where pictures changed their size within a unit: a unit has one format, and the next one says which.
	Marked *run `json:",omitempty"`
	Rate   steadyRate
	HDR    hdrTags
}

func newVideoFormat(p *params, emit emitter) videoDetector {
	d := &videoFormats{Watch: newFormatWatch("video", p, emit)}
	d.HDR.levels, d.HDR.emit = d.Watch.levels, emit
	return d
}

func (d *videoFormats) frame(f *videoFrame) {
	announced := d.Last != nil && f.Disc != d.Disc
	d.Disc = f.Disc
	if f.Flags&measurement.FlagFormat != 0 {
		d.Marked = &run{f.Start, f.End}
	}
	if d.Last == nil {
		d.Last = cloneFormat(f.Format)
	} else if parts := videoDifference(d.Last, f.Format); len(parts) > 0 {
		d.change(f, parts, announced)
	}
	if c, ok := d.Rate.see(f, announced); ok {
		d.Watch.add(c)
	}
	d.HDR.see(f)
	d.Watch.pass(f.Start)
}

func cloneFormat(f *measurement.Format) *measurement.Format {
	c := *f
	c.Weights = nil
	return &c
}

func (d *videoFormats) change(f *videoFrame, parts []string, announced bool) {
	c := formatChange{f.Start, f.End, parts, announced}
	if d.Marked != nil && !announced && f.Start-d.Marked.From <= formatSettle {
		c.At, c.End = d.Marked.From, d.Marked.To
	}
	d.HDR.end(f.Start)
	d.Marked, d.Last = nil, cloneFormat(f.Format)
	d.Watch.add(c)
}

// videoDifference lists what differs between two formats of pictures. Bit rate, profile and time base are the encoder's own affair; the rate of frames is measured.
func videoDifference(a, b *measurement.Format) []string {
	var parts []string
	if a.Width == b.Width && a.Height == b.Height && a.Codec == b.Codec && a.PixFmt == b.PixFmt && a.ColorSpace == b.ColorSpace &&
		a.Primaries == b.Primaries && a.Transfer == b.Transfer && a.FullRange == b.FullRange && a.SARNum == b.SARNum && a.SARDen == b.SARDen {
		return nil
	}
	size := func(f *measurement.Format) string { return fmt.Sprintf("%dx%d", f.Width, f.Height) }
	parts = differing(parts, "size", size(a), size(b))
	parts = differing(parts, "codec", a.Codec, b.Codec)
	parts = differing(parts, "pixel format", a.PixFmt, b.PixFmt)
	parts = differing(parts, "colour matrix", a.ColorSpace, b.ColorSpace)
	parts = differing(parts, "primaries", a.Primaries, b.Primaries)
	parts = differing(parts, "transfer", a.Transfer, b.Transfer)
	parts = differing(parts, "range", rangeName(a), rangeName(b))
	return differing(parts, "sample aspect ratio", sampleAspect(a), sampleAspect(b))
}

func rangeName(f *measurement.Format) string {
	if f.FullRange {
		return "full"
	}
	return "limited"
}

// sampleAspect is 1:1 when nobody says.
func sampleAspect(f *measurement.Format) string {
	if f.SARNum <= 0 || f.SARDen <= 0 {
		return "1:1"
	}
	g := gcd(f.SARNum, f.SARDen)
	return fmt.Sprintf("%d:%d", f.SARNum/g, f.SARDen/g)
}

func (d *videoFormats) gap(_, _ jobs.Micros) { d.Rate.gap() }

func (d *videoFormats) finish(at jobs.Micros) {
	d.Watch.end(at)
	d.HDR.end(at)
}

// audioFormats finds changes of format in mid-stream.
type audioFormats struct {
	Watch formatWatch
	Last  *measurement.Format `json:",omitempty"`
	Disc  int
}

func newAudioFormat(p *params, emit emitter) audioDetector {
	return &audioFormats{Watch: newFormatWatch("audio", p, emit)}
}

func (d *audioFormats) slot(s *audioSlot) {
	a, b := d.Last, s.Format
	switch {
	case a == nil:
		d.Last = cloneFormat(b)
	case a.SampleRate != b.SampleRate || a.Channels != b.Channels || a.Layout != b.Layout || a.Codec != b.Codec:
		parts := differing(nil, "codec", a.Codec, b.Codec)
		parts = differing(parts, "sample rate", fmt.Sprintf("%d Hz", a.SampleRate), fmt.Sprintf("%d Hz", b.SampleRate))
		parts = differing(parts, "channels", fmt.Sprint(a.Channels), fmt.Sprint(b.Channels))
		parts = differing(parts, "layout", a.Layout, b.Layout)
		d.Last = cloneFormat(b)
		d.Watch.add(formatChange{s.Start, s.End, parts, s.Disc != d.Disc})
	}
	d.Disc = s.Disc
	d.Watch.pass(s.Start)
}

func (d *audioFormats) gap(_, _ jobs.Micros) {}

func (d *audioFormats) finish(at jobs.Micros) { d.Watch.end(at) }

func formatThresholds() []Threshold {
	none := math.NaN()
	var list []Threshold
	for _, kind := range []string{"video", "audio"} {
		code := kind + ".format_change"
		list = append(list,
			Threshold{code + ".info", 0, 0, day, "s", "A new format that holds for this long is info."},
			Threshold{code + ".warn", 0, 0, day, "s", "A new format that holds for this long is a warning, unless the playlist announces a discontinuity there."},
			Threshold{code + ".fail", none, 0, day, "s", "A new format that holds for this long is a failure, unless the playlist announces a discontinuity there."},
			Threshold{code + ".announced", 0, 0, 1, "", "1 judges a change at a discontinuity that the playlist announces as any other; 0 makes it info."})
	}
	return list
}
