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

	limit, gross float64
	levels       levels
	emit         emitter
}

func newBlockiness(p *params, emit emitter) videoDetector {
	return &blockiness{limit: p.or("video.blockiness.step", blockinessStep), gross: p.or("video.blockiness.gross", blockinessGross), levels: p.levels("video.blockiness"), emit: emit}
}

// blockinessStep and blockinessGross were set on encodes of natural and drawn clips. With a loop filter none exceeds 0.1 at the qualities that people use; MPEG-2 has up to 0.3 at
// quantiser 5, and 0.5 to 1 at 25. A wall of tiles over a sixth of the picture has 0.2. Whoever looks for blocks sees them from the first on; from the other on nobody can look past them.
const (
	blockinessStep  = 0.22
	blockinessGross = 0.45
	// blockinessHold is the share of the limit that is enough to go on: quality goes up and down with the pictures of a GOP.
	blockinessHold = 0.7
)

func (d *blockiness) frame(f *videoFrame) {
	if f.Texture == nil {
		return
	}
	if f.Format.Width >= leastClassWidth && f.Format.Height >= leastClassHeight {
		d.Looked = true
	}
	score, grid := f.blocks().most, f.blocks().grid
	limit := d.limit
	if d.Stretch != nil {
		limit *= blockinessHold
	}
	if score >= limit {
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
	if s == nil || !s.steady() || s.mean() < d.limit {
		return
	}
	s.Run.To = min(s.Run.To, at)
	levels := d.levels
	if s.mean() < d.gross {
		levels = levels.mild()
	}
	l, ok := levels.reached(s.Run.length())
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
		{"video.blockiness.warn", 5, 0, day, "s", "Gross blocks for this long are a warning."},
		{"video.blockiness.fail", math.NaN(), 0, day, "s", "Gross blocks for this long are a failure."},
		{"video.blockiness.step", blockinessStep, 0.05, 100, "code values", "Blocks show when the steps across their sides exceed those around by this much, weighed with their share of the step."},
		{"video.blockiness.gross", blockinessGross, 0.05, 100, "code values", "Blocks that show by less than this are no more than info."},
	}
}
