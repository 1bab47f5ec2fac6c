package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// rangeFrames is how many pictures in a row must be out of range (EBU R 103 speaks of errors that last): one picture is a flash or a keyframe that rings.
	rangeFrames = 3
	// rangeBridge is how long the share may fall below its limit within one run: content moves, and shares flicker about the limit.
	rangeBridge jobs.Micros = 500e3
	// gamutConfidence: the colours were looked at in every fourth picture and at the resolution of chroma.
	gamutConfidence = 0.8
	// legalConfidence: an overshoot of 235 that 246 forgives is what encoders do.
	legalConfidence = 0.5
)

// gamut finds code values outside of the range that is allowed: EBU R 103's 5..246 with its share of 1 %, and the nominal range, as FFmpeg's signalstats
// counts it (BRNG). Pictures of full range have no value that is not allowed.
type gamut struct {
	// EBU is the run outside of EBU R 103, Legal the one outside of the nominal range. They are told as one where they are one.
	EBU, Legal rangeRun
	// Told is how much of Legal is told as a finding of EBU.
	Told jobs.Micros `json:",omitempty"`
	// Colour is the share of the colours outside of EBU R 103 in the last picture in which they were counted.
	Colour float64 `json:",omitempty"`
	// Narrow and Full count the pictures of either range.
	Narrow, Full int64

	share, grave float64
	levels       levels
	emit         emitter
}

// rangeRun is a run of pictures out of range, open while Frames > 0.
type rangeRun struct {
	From, To jobs.Micros `json:",omitempty"`
	Frames   int64       `json:",omitempty"` // pictures out of range
	Pictures int64       `json:",omitempty"` // all pictures from the first to the last that is out of range
	Since    int64       `json:",omitempty"` // pictures after that
	// Sum and Peak are of the shares of the pictures out of range, Colour of the part that is about colours.
	Sum, Peak float64 `json:",omitempty"`
	Low, High float64 `json:",omitempty"` // sums of the shares below and above
	Colour    float64 `json:",omitempty"`
}

// rangeShare is what of a picture lies outside.
type rangeShare struct {
	low, high, colour float64
}

// worst is the share that is judged: luma and colour are two views of the same samples.
func (s rangeShare) worst() float64 { return max(s.low+s.high, s.colour) }

func newRange(p *params, emit emitter) videoDetector {
	return &gamut{
		share: p.or("video.range.share", 1) / 100, grave: p.or("video.range.grave", 3) / 100, levels: p.levels("video.range"), emit: emit,
	}
}

func (d *gamut) frame(f *videoFrame) {
	area := float64(f.Format.Width) * float64(f.Format.Height)
	if f.Format.FullRange || area <= 0 {
		d.Full++
		d.gap(f.Start, f.Start)
		return
	}
	d.Narrow++
	chroma := float64(f.Format.ChromaWidth) * float64(f.Format.ChromaHeight)
	if f.Flags&(measurement.FlagUnitFirst|measurement.FlagFormat) != 0 {
		d.Colour = 0
	}
	if f.Texture != nil && chroma > 0 {
		d.Colour = proportion(f.Texture.Gamut, chroma)
	}
	ebu := rangeShare{proportion(f.CntLo103, area), proportion(f.CntHi103, area), d.Colour}
	legal := rangeShare{proportion(f.CntLo, area), proportion(f.CntHi, area), 0}
	if chroma > 0 {
		legal.colour = proportion(f.CntChroma, 2*chroma)
	}
	if d.EBU.frame(f, ebu, d.share) {
		d.endEBU()
	}
	if d.Legal.frame(f, legal, d.share) {
		d.endLegal()
	}
}

// proportion is a count as a share of a whole, 0..1 whatever a measurement says.
func proportion(count int64, whole float64) float64 { return min(1, max(0, float64(count)/whole)) }

// frame takes the next picture and tells whether the run is over; it is then still there to be told.
func (r *rangeRun) frame(f *videoFrame, s rangeShare, limit float64) (over bool) {
	worst := s.worst()
	if worst < limit {
		if r.Frames == 0 {
			return false
		}
		r.Since++
		return f.End-r.To > rangeBridge
	}
	if r.Frames == 0 {
		r.From = f.Start
	}
	r.To = f.End
	r.Frames++
	r.Pictures += r.Since + 1
	r.Since = 0
	r.Sum += worst
	r.Peak = max(r.Peak, worst)
	r.Low += s.low
	r.High += s.high
	r.Colour += s.colour
	return false
}

// lasting tells whether the run is one: most of its pictures are out of range, and there are a few.
func (r *rangeRun) lasting() bool { return r.Frames >= rangeFrames && 2*r.Frames >= r.Pictures }

func (r *rangeRun) length() jobs.Micros { return r.To - r.From }

func (d *gamut) gap(_, _ jobs.Micros) {
	d.endEBU()
	d.endLegal()
	d.Colour = 0
}

func (d *gamut) finish(jobs.Micros) { d.gap(0, 0) }

func (d *gamut) endEBU() {
	r := d.EBU
	d.EBU = rangeRun{}
	if !r.lasting() {
		return
	}
	mean, luma := r.Sum/float64(r.Frames), (r.Low+r.High)/float64(r.Frames)
	levels := d.levels
	if luma < d.grave {
		levels = levels.mild()
	}
	l, ok := levels.reached(r.length())
	if !ok {
		return
	}
	f := r.finding(l, mean, d.share)
	f.Confidence = 1
	what := fmt.Sprintf("%.1f %% of luma below 5, %.1f %% above 246", 100*r.Low/float64(r.Frames), 100*r.High/float64(r.Frames))
	if colour := r.Colour / float64(r.Frames); colour > luma {
		f.Confidence = gamutConfidence
		what += fmt.Sprintf(", %.1f %% of colours outside of RGB 5..246", 100*colour)
	}
	f.Message = fmt.Sprintf("levels outside of EBU R 103 for %.2f s: on average %s; up to %.1f %% of the picture (at most %g %% is allowed)",
		r.length().Seconds(), what, 100*r.Peak, 100*d.share)
	d.emit(f)
	d.Told += r.length()
}

// endLegal tells of values that are beyond the nominal range and within EBU R 103: never more than info.
func (d *gamut) endLegal() {
	r, told := d.Legal, d.Told
	if d.EBU.Frames > 0 {
		told += d.EBU.length()
	}
	d.Legal, d.Told = rangeRun{}, 0
	if !r.lasting() || 2*told >= r.length() {
		return
	}
	l, ok := d.levels.mild().reached(r.length())
	if !ok {
		return
	}
	n := float64(r.Frames)
	f := r.finding(l, r.Sum/n, d.share)
	f.Confidence = legalConfidence
	f.Message = fmt.Sprintf("levels outside of the nominal range for %.2f s: on average %.1f %% of luma below 16, %.1f %% above 235, %.1f %% of chroma outside of 16..240; up to %.1f %% of the picture",
		r.length().Seconds(), 100*r.Low/n, 100*r.High/n, 100*r.Colour/n, 100*r.Peak)
	d.emit(f)
}

func (r *rangeRun) finding(l level, mean, share float64) jobs.Finding {
	f := (&run{r.From, r.To}).finding(l)
	f.Code, f.Unit = "video.range", "%"
	f.Value, f.Threshold = jobs.Figure(100*mean), jobs.Figure(100*share)
	return f
}

func (d *gamut) unmeasured(code string) string {
	if code == "video.range" && d.Full > 0 && d.Narrow == 0 {
		return "the pictures are of full range, in which no code value is out of range"
	}
	return ""
}

func gamutThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"video.range.info", 0, 0, day, "s", "Levels out of range for this long are info."},
		{"video.range.warn", 1, 0, day, "s", "Levels outside of EBU R 103 for this long, in the grave share of the picture, are a warning."},
		{"video.range.fail", none, 0, day, "s", "Levels outside of EBU R 103 for this long, in the grave share of the picture, are a failure."},
		{"video.range.share", 1, 0.01, 100, "%", "A picture is out of range when this share of it is (EBU R 103 allows less than 1 %)."},
		{"video.range.grave", 3, 0.01, 100, "%", "Levels outside of EBU R 103 are more than info when luma is in this share of the picture, on average; colours alone never are."},
	}
}
