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
			{Name: "full", About: "full range in a stream that says limited", recipe: levels("y='clip((val-16)*%s,0,255)':u='clip((val-128)*1.138+128,0,255)':v='clip((val-128)*1.138+128,0,255)'", 1.1644, 1.1644)},
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

// strays asks the finished clip for at least 3 % of samples out of range throughout the stretch: less is not ground truth.
func (s *scene) strays(a, b int) error {
	out, err := s.tool.FFmpeg(s.ctx, s.dir, "-i", s.label.Clip, "-an", "-vf", "signalstats=stat=brng,metadata=print:key=lavfi.signalstats.BRNG:file=-", "-f", "null", "-")
	if err != nil {
		return err
	}
	share := over(values(out, "BRNG"), a, b, 0.1)
	s.param("share_out_of_range", share)
	if !(share >= 0.03) {
		return s.hidden("too few samples leave the range")
	}
	return nil
}

func flaggedFull(s *scene) error {
	return s.render(render{video: "scale=in_range=tv:out_range=pc", vcodec: append(defaultVideo(), "-pix_fmt", "yuvj420p", "-color_range", "pc")})
}
