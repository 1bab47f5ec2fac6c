package judge

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// maxSeen bounds the different codecs and sizes that are remembered of a sequence: an ordinary one has one of each.
	maxSeen = 16
	// displaySlack is how many pixels a declared size may be off: it is rounded to even numbers where samples are not square.
	displaySlack = 2
	// rateTolerance is how far a declared frame rate may be off in proportion: 30 for 29.97 misleads nobody.
	rateTolerance = 0.005
	// rateLength is from how much media on a frame rate is believed, and rateFrames from how many frames on.
	rateLength jobs.Micros = 2e6
	rateFrames int64       = 24
	// rateEdges is how many frames the ends of a sequence may be off by: pictures before the first key frame, a last one without a duration.
	rateEdges = 2
)

// declaredFormats gathers what the media is, for comparison with what the multivariant playlist or the manifest declares about it.
type declaredFormats struct {
	Codecs []seenCodec
	Sizes  []seenSize
	// Frames of the first video track, and how long they last.
	Frames int64
	Length jobs.Micros
	Wait   *seenFrames `json:",omitempty"`
	// From and To are where pictures were counted.
	From, To jobs.Micros
}

// seenCodec is one way in which a track was coded.
type seenCodec struct {
	Kind     measurement.Kind
	Codecs   string `json:",omitempty"`
	Codec    string
	Profile  string `json:",omitempty"`
	Depth    int    `json:",omitempty"`
	From, To jobs.Micros
	First    int
}

// seenSize is a size that pictures had.
type seenSize struct {
	W, H       int
	SARW, SARH int64
	From, To   jobs.Micros
	First      int
}

// seenFrames are the pictures of a segment, which last until the next one begins.
type seenFrames struct {
	Index, Epoch int
	First, End   jobs.Micros
	Frames       int64
}

func (d *declaredFormats) see(s *packagedSegment) {
	for i := range s.Tracks {
		t := &s.Tracks[i]
		f := &s.formats[t.Format]
		d.codec(s, t, f)
		if t.Kind == measurement.Video && t.Track == 0 {
			d.size(s, f)
			d.frames(s, t)
		}
	}
}

func (d *declaredFormats) codec(s *packagedSegment, t *placedTrack, f *measurement.Format) {
	c := seenCodec{Kind: t.Kind, Codecs: t.Codecs, Codec: f.Codec, Profile: f.Profile, Depth: f.Depth, From: s.From, To: s.To, First: s.Index}
	for i := range d.Codecs {
		o := &d.Codecs[i]
		if o.Kind == c.Kind && o.Codec == c.Codec && (o.Codecs == c.Codecs || c.Codecs == "") && (o.Profile == c.Profile || c.Profile == "") && (o.Depth == c.Depth || c.Depth == 0) {
			o.To = max(o.To, c.To)
			return
		}
	}
	if len(d.Codecs) < maxSeen && f.Codec != "" {
		d.Codecs = append(d.Codecs, c)
	}
}

func (d *declaredFormats) size(s *packagedSegment, f *measurement.Format) {
	if f.Width <= 0 || f.Height <= 0 {
		return
	}
	for i := range d.Sizes {
		if o := &d.Sizes[i]; o.W == f.Width && o.H == f.Height && o.SARW == f.SARNum && o.SARH == f.SARDen {
			o.To = max(o.To, s.To)
			return
		}
	}
	if len(d.Sizes) < maxSeen {
		d.Sizes = append(d.Sizes, seenSize{W: f.Width, H: f.Height, SARW: f.SARNum, SARH: f.SARDen, From: s.From, To: s.To, First: s.Index})
	}
}

// frames counts pictures by packets, which are there at every depth of analysis; a field is no picture.
func (d *declaredFormats) frames(s *packagedSegment, t *placedTrack) {
	n := min(int64(t.Packets), maxPackets)
	if decoded := int64(t.Frames); t.Depth == "" && decoded > 0 && n >= 2*decoded-decoded/10 && n <= 2*decoded+decoded/10 {
		n = decoded
	}
	now := &seenFrames{Index: s.Index, Epoch: s.Epoch, First: t.First, End: t.End, Frames: n}
	if w := d.Wait; w != nil && w.Index+1 == now.Index && w.Epoch == now.Epoch && abs(now.First-w.End) <= maxFrame {
		w.End = max(w.First, now.First)
	}
	d.take()
	d.Wait = now
	if d.To == 0 {
		d.From = s.From
	}
	d.To = s.To
}

func (d *declaredFormats) take() {
	if w := d.Wait; w != nil {
		d.Frames = min(d.Frames+w.Frames, 1<<40)
		d.Length = clampTime(d.Length + w.End - w.First)
	}
}

func (d *declaredFormats) findings(v *jobs.Variant) []jobs.Finding {
	list := d.codecFindings(v.Codecs)
	list = append(list, d.sizeFindings(v.Width, v.Height)...)
	return append(list, d.rateFindings(v.FrameRate)...)
}

// codecFindings tells tracks that the declared codecs do not cover, one finding for each.
func (d *declaredFormats) codecFindings(declared string) []jobs.Finding {
	names := splitCodecs(declared)
	if len(names) == 0 {
		return nil
	}
	var list []jobs.Finding
	for i := range d.Codecs {
		c := &d.Codecs[i]
		best, why := c.match(names)
		if best == codecAgrees {
			continue
		}
		value := 0.0
		if best == codecMissing {
			value = 1
		}
		list = append(list, jobs.Finding{
			Code: "playlist.codecs_mismatch", Start: max(0, c.From).At(), End: max(0, c.To).At(), Value: jobs.Figure(value), Unit: "codecs", Confidence: 1,
			Message: fmt.Sprintf("CODECS %q: the %s is %s from segment %d on: %s", words(declared), c.Kind, words(c.name()), c.First, why),
		})
	}
	return list
}

// sizeFindings tells pictures that have neither as samples nor as displayed the size that is declared.
func (d *declaredFormats) sizeFindings(w, h int) []jobs.Finding {
	if w <= 0 || h <= 0 {
		return nil
	}
	var list []jobs.Finding
	for i := range d.Sizes {
		s := &d.Sizes[i]
		if s.shownAs(w, h) {
			continue
		}
		list = append(list, jobs.Finding{
			Code: "playlist.resolution_mismatch", Start: max(0, s.From).At(), End: max(0, s.To).At(), Confidence: 1,
			Message: fmt.Sprintf("RESOLUTION %dx%d is declared, and pictures are %dx%d from segment %d on", w, h, s.W, s.H, s.First),
		})
	}
	return list
}

// shownAs tells whether a size is that of the samples or that of the display, by width or by height.
func (s *seenSize) shownAs(w, h int) bool {
	near := func(a, b float64) bool { return math.Abs(a-b) <= displaySlack }
	width, height := float64(s.W), float64(s.H)
	if near(width, float64(w)) && near(height, float64(h)) {
		return true
	}
	if s.SARW <= 0 || s.SARH <= 0 {
		return false
	}
	aspect := float64(s.SARW) / float64(s.SARH)
	return near(width*aspect, float64(w)) && near(height, float64(h)) || near(width, float64(w)) && near(height/aspect, float64(h))
}

// rateFindings tells a frame rate that is not the declared one. What is declared is the highest rate (RFC 8216 section 4.3.4.2), so fewer frames have no value.
func (d *declaredFormats) rateFindings(declared string) []jobs.Finding {
	want, ok := parseRate(declared)
	all := *d
	all.take()
	if !ok || all.Length < rateLength || all.Frames < rateFrames {
		return nil
	}
	have := float64(all.Frames) / all.Length.Seconds()
	if math.Abs(have/want-1) <= rateTolerance+rateEdges/float64(all.Frames) {
		return nil
	}
	return []jobs.Finding{{
		Code: "playlist.frame_rate_mismatch", Start: max(0, all.From).At(), End: max(0, all.To).At(), Value: jobs.Figure(max(0, have-want)), Unit: "frames/s", Confidence: 1,
		Message: fmt.Sprintf("FRAME-RATE %s is declared, and there are %.3f pictures a second", words(declared), have),
	}}
}

// parseRate reads "25", "29.970" or "30000/1001".
func parseRate(s string) (float64, bool) {
	num, den, fraction := strings.Cut(s, "/")
	rate, err := strconv.ParseFloat(num, 64)
	if fraction && err == nil {
		var by float64
		by, err = strconv.ParseFloat(den, 64)
		rate /= by
	}
	return rate, err == nil && rate >= 0.1 && rate <= 1000
}
