package report

import (
	"fmt"

	"aircheck/jobs"
)

// maxWorstShown is how many of the worst moments a text report names; JSON has all of them.
const maxWorstShown = 3

// reference writes one line a rendition that was compared, and where it compares worst.
func (t *text) reference() {
	for i := range t.r.Summary.Reference {
		c := &t.r.Summary.Reference[i]
		t.wrapped("Reference  "+Printable(c.Rendition)+"  ", comparisonParts(c))
	}
}

func comparisonParts(c *jobs.Comparison) []string {
	parts := present([]string{
		offsetFigure("sound", c.Offset), lagFigure("pictures", c.VideoLag), psnrFigure("PSNR Y", c), psnrOf("U", c.PSNRU), psnrOf("V", c.PSNRV), ssimFigure(c.SSIMY),
		framesFigure(c), Printable(c.Scaled),
	})
	if c.Offset == nil && c.AudioLag != nil {
		parts = append(parts, lagFigure("sound", c.AudioLag))
	}
	for i, w := range c.Worst[:min(len(c.Worst), maxWorstShown)] {
		if w.PSNRY == nil {
			continue
		}
		what := Clock(w.Start) + " " + psnrOf("", w.PSNRY)
		if i == 0 {
			what = "worst " + what
		}
		parts = append(parts, what)
	}
	if len(parts) == 0 {
		parts = []string{"not measurable"}
	}
	return parts
}

// offsetFigure says how the sound lies against the pictures.
func offsetFigure(what string, s *jobs.Seconds) string {
	if s == nil {
		return ""
	}
	ms := float64(*s) * 1000
	switch {
	case ms >= 0.5:
		return fmt.Sprintf("%s %.0f ms late", what, ms)
	case ms <= -0.5:
		return fmt.Sprintf("%s %.0f ms early", what, -ms)
	}
	return what + " in step"
}

func lagFigure(what string, s *jobs.Seconds) string {
	if s == nil || *s == 0 {
		return ""
	}
	return fmt.Sprintf("%s %+.3f s", what, float64(*s))
}

// psnrFigure says identical where there is no PSNR because there is no error.
func psnrFigure(what string, c *jobs.Comparison) string {
	if c.PSNRY == nil && c.Frames > 0 {
		return "luma identical"
	}
	return psnrOf(what, c.PSNRY)
}

func psnrOf(what string, n *jobs.Number) string {
	if n == nil {
		return ""
	}
	if what != "" {
		what += " "
	}
	return fmt.Sprintf("%s%.2f dB", what, float64(*n))
}

func ssimFigure(n *jobs.Number) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("SSIM Y %.4f", float64(*n))
}

func framesFigure(c *jobs.Comparison) string {
	if c.Frames == 0 {
		return ""
	}
	return plural(int(c.Frames), "picture")
}
