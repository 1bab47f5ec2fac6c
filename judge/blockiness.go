package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

// blockiness finds stretches in which the blocks of a codec show (after the gradient ratios of Muijs and Kirenko 2005, which FFmpeg's blockdetect implements, on sums by
// phase).
type blockiness struct {
	Stretch *sampledRun `json:",omitempty"`
	// Grid is the one that stood out last.
	Grid string `json:",omitempty"`
	// Looked is set once there was a picture to look at.
	Looked bool `json:",omitempty"`

	limit  float64
	levels levels
	emit   emitter
}

func newBlockiness(p *params, emit emitter) videoDetector {
	return &blockiness{limit: p.or("video.blockiness.step", blockinessStep), levels: p.levels("video.blockiness"), emit: emit}
}

// blockinessStep was set on encodes of natural and drawn clips: with a loop filter none reaches it at any quality, without one x264 does from about crf 40, MPEG-2 and MJPEG
// from about quantiser 14.
const blockinessStep = 1.0

func (d *blockiness) frame(f *videoFrame) {
	if f.Texture == nil {
		return
	}
	if f.Format.Width >= leastClassWidth && f.Format.Height >= leastClassHeight {
		d.Looked = true
	}
	score, grid := f.blocks().most, f.blocks().grid
	if score >= d.limit {
		if d.Stretch == nil {
			d.Stretch = &sampledRun{Run: run{From: f.Start}}
		}
		d.Stretch.hit(f, score)
		d.Grid = grid
	} else if d.Stretch != nil && d.Stretch.over(f.Start) {
		d.end(f.Start)
	}
}

func (d *blockiness) gap(from, _ jobs.Micros) { d.end(from) }

func (d *blockiness) finish(at jobs.Micros) { d.end(at) }

func (d *blockiness) end(at jobs.Micros) {
	s := d.Stretch
	d.Stretch = nil
	if s == nil || !s.steady() {
		return
	}
	s.Run.To = min(s.Run.To, at)
	l, ok := d.levels.reached(s.Run.length())
	if !ok {
		return
	}
	f := s.Run.finding(l)
	f.Code, f.Unit = "video.blockiness", "code values"
	f.Value, f.Threshold = jobs.Figure(s.mean()), jobs.Figure(d.limit)
	f.Confidence = jobs.Number(math.Min(1, 0.5+0.25*(s.mean()/d.limit-1)))
	f.Message = fmt.Sprintf("the blocks of a codec show for %.2f s: steps of %.1f code values beyond those around, at least %.1f show (%s)",
		s.Run.length().Seconds(), s.mean(), d.limit, d.Grid)
	d.emit(f)
}

func (d *blockiness) unmeasured(code string) string {
	if d.Looked || code != "video.blockiness" {
		return ""
	}
	return fmt.Sprintf("no picture of at least %dx%d samples", leastClassWidth, leastClassHeight)
}

func blockinessThresholds() []Threshold {
	return []Threshold{
		{"video.blockiness.info", 1, 0, day, "s", "Visible blocks for this long are info."},
		{"video.blockiness.warn", 5, 0, day, "s", "Visible blocks for this long are a warning."},
		{"video.blockiness.fail", math.NaN(), 0, day, "s", "Visible blocks for this long are a failure."},
		{"video.blockiness.step", blockinessStep, 0.1, 100, "code values", "Blocks show when the steps across their sides exceed those around by this much, weighed with their share of the step."},
	}
}
