package inject

import "fmt"

func flashDefects() []Defect {
	return []Defect{
		{Code: "video.flash", About: "flashes in a rate that can trigger seizures", Variants: []Variant{
			{Name: "full", About: "the whole picture, 4 to 10 times a second", recipe: flashes("iw", "white", 0)},
			{Name: "area", About: "40 to 70 % of the picture", recipe: flashArea},
			{Name: "slow", About: "two flashes a second", Decoy: true, recipe: decoyFlashes("iw", "white", 2)},
			{Name: "small", About: "a tenth of the picture, six times a second", Decoy: true, recipe: decoyFlashes("iw*0.1", "white", 6)},
		}},
		{Code: "video.red_flash", About: "flashes from and to saturated red", Variants: []Variant{
			{Name: "red", About: "the whole picture, 4 to 8 times a second", recipe: flashes("iw", "red", 0)},
			{Name: "slow", About: "one and a half flashes a second", Decoy: true, recipe: decoyFlashes("iw", "red", 1.5)},
		}},
		{Code: "video.range", About: "levels outside of what the standard allows", Variants: []Variant{
			{Name: "super-white", About: "a gain that lifts highlights over 235", recipe: levels("y='clip((val-16)*%s+16,0,255)'", 1.35, 1.9)},
			{Name: "sub-black", About: "a lift down that takes shadows under 16", recipe: levels("y='clip(val-%s,0,255)'", 34, 64)},
			{Name: "full", About: "full range in a stream that says limited", Revision: 2, recipe: unflaggedFull},
			{Name: "flagged", About: "full range in a stream that says so", Decoy: true, recipe: flaggedFull},
		}},
	}
}

// bearing asks for content that flashes can be seen on: neither so bright that white adds nothing, nor so dark that the eye of the rule differs.
func (s *scene) bearing(a, b int) string {
	if l := over(s.base.content.Luma, a, b, 1); !(l <= 150) {
		return "the picture is too bright for flashes"
	}
	if m := over(s.base.content.Motion, a, b, 1); m > 25 {
		return "there is a cut"
	}
	return ""
}

// flashBox is white or red light over the left part of the picture, f times a second in [a, b).
func (s *scene) flashBox(width, colour string, f float64, a, b int) string {
	return fmt.Sprintf("drawbox=x=0:y=0:w=%s:h=ih:t=fill:color=%s@%s:enable='between(n,%d,%d)*lt(mod((n-%d)*%s,1),0.5)'",
		width, colour, number(s.by(0.75, 0.95)), a, b-1, a, number(f/s.base.rate()))
}

func flashes(width, colour string, fixed float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 1.1}
		a, b, err := s.span(s.frames(s.by(2, 4)), s.frames(1), s.bearing)
		if err != nil {
			return err
		}
		f := fixed
		if f == 0 {
			f = 4.2 + s.rng.Float64()*4
		}
		if colour == "red" {
			s.label.Along = []string{"video.flash", "video.range"}
		} else {
			s.label.Along = []string{"video.range"}
		}
		s.param("flashes_per_second", f)
		s.param("width", width)
		s.mark(a, b)
		return s.render(render{video: s.flashBox(width, colour, f, a, b)})
	}
}

func flashArea(s *scene) error {
	return flashes("iw*"+number(s.by(0.4, 0.7)), "white", 0)(s)
}

func decoyFlashes(width, colour string, f float64) func(*scene) error {
	return func(s *scene) error {
		a, b, err := s.span(s.frames(4), s.frames(1), s.bearing)
		if err != nil {
			return err
		}
		s.label.Along = []string{"video.range"}
		return s.render(render{video: s.flashBox(width, colour, f, a, b)})
	}
}

// levels maps luma in a stretch where enough samples leave the range.
func levels(format string, weak, gross float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 0.4}
		a, b, err := s.span(s.frames(s.by(2, 4)), s.frames(1), s.legal, s.bright)
		if err != nil {
			return err
		}
		gain := s.by(weak, gross)
		s.param("by", gain)
		s.mark(a, b)
		if err := s.render(render{video: "lutyuv=" + fmt.Sprintf(format, number(gain)) + ":" + on(a, b)}); err != nil {
			return err
		}
		return s.strays(a, b)
	}
}

// strays asks the finished clip for at least 3 % of samples out of range throughout the stretch, and hardly any elsewhere: anything else is not ground truth.
func (s *scene) strays(a, b int) error {
	out, err := s.tool.FFmpeg(s.ctx, s.dir, "-i", s.label.Clip, "-an", "-vf", "signalstats=stat=brng,metadata=print:key=lavfi.signalstats.BRNG:file=-", "-f", "null", "-")
	if err != nil {
		return err
	}
	list := values(out, "BRNG")
	share := over(list, a, b, 0.1)
	s.param("share_out_of_range", share)
	switch {
	case !(share >= 0.03):
		return s.hidden("too few samples leave the range")
	case over(list, 0, a, 0.95) > 0.005 || over(list, b, len(list), 0.95) > 0.005:
		return s.hidden("samples leave the range elsewhere, too")
	}
	return nil
}

// Where a grade puts the shadows and the highlights of a picture, its luma's lowest and highest tenth, and what it cuts off beyond them, in R'G'B' of 0..255. All
// is well within the nominal range, colours, too; what is cut off leaves EBU R 103's 5..246 when it is stretched to full range.
const (
	gradeShadows, gradeHighlights = 14, 240
	gradeLeast, gradeMost         = 5, 250
	// leastContrast is between the tenths of a base, in code values of luma: what is flatter turns into noise.
	leastContrast = 40
	// fullScale is what full range has for 219 steps of luma, and fullChroma for 224 of chroma.
	fullScale, fullChroma = 255.0 / 219, 255.0 / 224
)

// grade is a filter that gives the picture shadows and highlights, as a finished programme has them; bases seldom do.
func (s *scene) grade() (string, error) {
	out, err := s.tool.FFmpeg(s.ctx, s.dir, "-i", "base.mkv", "-an", "-vf", "signalstats,metadata=print:file=-", "-f", "null", "-")
	if err != nil {
		return "", err
	}
	shadows, highlights := over(values(out, ".YLOW"), 0, s.base.Frames, 0.5), over(values(out, ".YHIGH"), 0, s.base.Frames, 0.5)
	if !(highlights-shadows >= leastContrast) {
		return "", s.hidden("the picture is too flat")
	}
	gain := (gradeHighlights - gradeShadows) / ((highlights - shadows) * fullScale)
	s.param("grade", gain)
	curve := fmt.Sprintf("'clip((val-%s)*%s+%d,%d,%d)'", number((shadows-16)*fullScale), number(gain), gradeShadows, gradeLeast, gradeMost)
	return fmt.Sprintf("format=gbrp,lutrgb=r=%s:g=%s:b=%s,format=yuv420p", curve, curve, curve), nil
}

// unflaggedFull is a programme whose levels fill the range that the stream says, and a stretch of it in full range.
func unflaggedFull(s *scene) error {
	s.label.Rule = Rule{Kind: Cover, Tolerance: 0.4}
	a, b, err := s.span(s.frames(s.by(2, 4)), s.frames(1), s.legal, s.bright)
	if err != nil {
		return err
	}
	graded, err := s.grade()
	if err != nil {
		return err
	}
	s.mark(a, b)
	chroma := fmt.Sprintf("'clip((val-128)*%s+128,0,255)'", number(fullChroma))
	full := fmt.Sprintf("lutyuv=y='clip((val-16)*%s,0,255)':u=%s:v=%s:%s", number(fullScale), chroma, chroma, on(a, b))
	if err := s.render(render{video: graded + "," + full}); err != nil {
		return err
	}
	return s.strays(a, b)
}

func flaggedFull(s *scene) error {
	return s.render(render{video: "scale=in_range=tv:out_range=pc", vcodec: append(defaultVideo(), "-pix_fmt", "yuvj420p", "-color_range", "pc")})
}
