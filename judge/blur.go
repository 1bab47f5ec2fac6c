package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

const (
	// blurSteepness is below which a picture is blurred: a ramp over eight samples has 1, an ideal edge 4, texture more. Natural pictures from 144 to 1080 lines have 2 and more,
	// also when they were coded at the lowest quality, a blur of deviation 2 leaves 2, of 3 about 1.6, of 5 about 1.4.
	blurSteepness = 1.5
	// blurEdges is how many samples of 1000 must lie on an edge, so that something can be told of their steepness: fades, fog and black have fewer.
	blurEdges = 2
	// blurKnown is how many sharp samples make a stream of which blur is not the style.
	blurKnown = 6
	// softConfidence: from the picture alone one cannot tell a soft film from a defect.
	softConfidence = 0.4
)

// blur finds stretches without a single steep edge. It looks at the slope of edges against their height, which does not depend on contrast (detectors.md 2.4 has the
// Laplacian instead: it rises again under strong blur, where steps of one code value are all that is left).
type blur struct {
	Stretch *sampledRun `json:",omitempty"`
	// Sharp counts the samples that are sharp, and stops at blurKnown.
	Sharp  int
	Looked bool `json:",omitempty"`
	// Seen is what was seen last while the picture was sharp, or lost its edges.
	Seen *edgedScene `json:",omitempty"`

	limit  float64
	levels levels
	emit   emitter
}

func newBlur(p *params, emit emitter) videoDetector {
	return &blur{limit: p.or("video.blur.steepness", blurSteepness), levels: p.levels("video.blur"), emit: emit}
}

// steepness is that of the steeper direction: a pan blurs one of them only. It is false when there are too few edges.
func steepness(f *videoFrame) (float64, bool) {
	t := f.Texture
	area := int64(f.Format.Width) * int64(f.Format.Height) / 4 // every fourth row is looked at
	best, known := 0.0, false
	for i := range t.Edge {
		if t.Edge[i] <= 0 || 1000*int64(t.Edges[i]) < blurEdges*area {
			continue
		}
		best, known = max(best, 16*float64(max(0, t.Slope[i]))/float64(t.Edge[i])), true
	}
	return best, known
}

func (d *blur) frame(f *videoFrame) {
	if f.Texture == nil {
		return
	}
	steep, known := steepness(f)
	d.Looked = d.Looked || known
	if !known && d.faded(f) {
		steep, known = goneSteepness, true
	}
	switch {
	case known && steep < d.limit:
		if d.Stretch == nil {
			d.Stretch = &sampledRun{Run: run{From: f.Start}}
		}
		d.Stretch.hit(f, steep)
		return
	case known:
		d.Sharp = min(d.Sharp+1, blurKnown)
		d.see(f)
	}
	if s := d.Stretch; s != nil {
		if known && s.over(f.Start) || f.Start-s.Run.To > sampleGap {
			d.end(f.Start)
		}
	}
}

func (d *blur) gap(from, _ jobs.Micros) {
	d.Seen = nil
	d.end(from)
}

func (d *blur) finish(at jobs.Micros) { d.end(at) }

func (d *blur) end(at jobs.Micros) {
	s := d.Stretch
	d.Stretch = nil
	if s == nil || !s.steady() {
		return
	}
	s.Run.To = min(s.Run.To, at)
	known, levels := d.Sharp >= blurKnown, d.levels
	if !known {
		levels = levels.mild()
	}
	l, ok := levels.reached(s.Run.length())
	if !ok {
		return
	}
	f := s.Run.finding(l)
	f.Code, f.Unit = "video.blur", ""
	f.Value, f.Threshold = jobs.Figure(s.mean()), jobs.Figure(d.limit)
	f.Confidence = jobs.Number(math.Min(0.9, 0.5+2*math.Max(0, d.limit-s.mean())))
	f.Message = fmt.Sprintf("the picture is blurred for %.2f s: edges have a steepness of %.2f, and at least %.2f when they are sharp", s.Run.length().Seconds(), s.mean(), d.limit)
	if !known {
		f.Confidence = softConfidence
		f.Message += "; nothing in the stream so far is sharper"
	}
	d.emit(f)
}

func (d *blur) unmeasured(code string) string {
	if d.Looked || code != "video.blur" {
		return ""
	}
	return "no picture has edges enough to tell whether they are sharp"
}

func blurThresholds() []Threshold {
	return []Threshold{
		{"video.blur.info", 1, 0, day, "s", "A blurred picture for this long is info."},
		{"video.blur.warn", 5, 0, day, "s", "A blurred picture for this long is a warning, unless the stream has nothing sharper."},
		{"video.blur.fail", math.NaN(), 0, day, "s", "A blurred picture for this long is a failure, unless the stream has nothing sharper."},
		{"video.blur.steepness", blurSteepness, 1, 4, "", "A picture is blurred when its edges are less steep: a ramp over eight samples has 1, an ideal edge 4."},
	}
}
