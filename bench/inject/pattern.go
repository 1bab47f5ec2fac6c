package inject

import "fmt"

func patternDefects() []Defect {
	bars := func(name, source, after string) Variant {
		return Variant{Name: name, About: "the pattern of ffmpeg's " + source + after, recipe: barsOf(source, after)}
	}
	return []Defect{
		{Code: "video.solid_color", About: "one colour and nothing else", Variants: []Variant{
			{Name: "colour", About: "a seeded colour", recipe: solid("")},
			{Name: "noisy", About: "a seeded colour with a little noise", recipe: solid("noise=alls=3:allf=t")},
			{Name: "sky", About: "a soft gradient that moves slowly", Decoy: true, recipe: sky},
		}},
		{Code: "video.color_bars", About: "a line-up pattern on air", Variants: []Variant{
			bars("ebu75", "pal75bars", ""), bars("ebu100", "pal100bars", ""), bars("eg1", "smptebars", ""), bars("rp219", "smptehdbars", ""),
			bars("ident", "pal75bars", ",drawbox=x=iw*0.35:y=ih*0.42:w=iw*0.3:h=ih*0.16:color=black:t=fill,drawtext=text='STUDIO 1':fontsize=h/12:fontcolor=white:x=(w-tw)/2:y=(h-th)/2"),
			{Name: "stripes", About: "vertical stripes in other colours", Decoy: true, recipe: stripes},
		}},
		{Code: "video.slate", About: "a board with text instead of the programme", Variants: []Variant{
			{Name: "board", About: "text on a flat, still ground", recipe: slate},
			{Name: "subtitle", About: "text over a moving picture", Decoy: true, recipe: subtitle},
		}},
	}
}

// cover replaces [a, b) of the picture by another source.
func (s *scene) cover(source, after string, a, b int) render {
	return render{graph: fmt.Sprintf("%s,format=yuv420p%s[other];[0:v][other]overlay=shortest=1:%s,format=yuv420p[v]%s", source, after, on(a, b), s.sound())}
}

// size is the size and rate options of a lavfi source.
func (s *scene) size() string {
	return fmt.Sprintf("s=%dx%d:r=%d/%d", s.base.Width, s.base.Height, s.base.RateNum, s.base.RateDen)
}

func solid(after string) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Edges, Tolerance: 0.12}
		a, b, err := s.span(s.frames(s.by(2.2, 5)), s.frames(1), s.lively, s.bright)
		if err != nil {
			return err
		}
		colours := []string{"0x2040c0", "0x20a040", "0xb03060", "0x808080", "0xd0b040", "0x00a0a0", "0x703090"}
		colour := colours[s.rng.IntN(len(colours))]
		s.param("colour", colour)
		s.mark(a, b)
		video := "drawbox=t=fill:color=" + colour + ":" + on(a, b)
		if after != "" {
			video += "," + after + ":" + on(a, b)
		}
		return s.render(render{video: video})
	}
}

func sky(s *scene) error {
	a, b, err := s.span(s.frames(4), s.frames(1))
	if err != nil {
		return err
	}
	return s.render(s.cover("gradients="+s.size()+":c0=0x6090d0:c1=0xb0d0f0:n=2:speed=0.02:seed=5,noise=alls=3:allf=t", "", a, b))
}

func barsOf(source, after string) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Edges, Tolerance: 0.16}
		a, b, err := s.span(s.frames(s.by(2.2, 5)), s.frames(1))
		if err != nil {
			return err
		}
		s.param("pattern", source)
		s.label.Along = []string{"video.range"} // the patterns of SMPTE go below black on purpose
		s.mark(a, b)
		return s.render(s.cover(source+"="+s.size(), after, a, b))
	}
}

func stripes(s *scene) error {
	a, b, err := s.span(s.frames(4), s.frames(1))
	if err != nil {
		return err
	}
	s.label.Along = []string{"video.freeze"}
	video := "color=0x303030:" + s.size()
	for i, c := range []string{"0xd06020", "0x204080", "0xf0e0c0", "0x602060", "0x90c040", "0x20a0a0", "0xa02030"} {
		video += fmt.Sprintf(",drawbox=x=iw*%d/7:y=0:w=iw/7:h=ih:t=fill:color=%s", i, c)
	}
	return s.render(s.cover(video, "", a, b))
}

func slate(s *scene) error {
	s.label.Rule = Rule{Kind: Cover, Tolerance: 0.5}
	s.label.Along = []string{"video.freeze"} // a board that stands for long is one, for who does not know it
	a, b, err := s.span(s.frames(s.by(3.4, 5)), s.frames(1), s.lively)
	if err != nil {
		return err
	}
	grounds := []string{"0x101060", "0x202020", "0x004060", "0x501010", "0xc0c0c0"}
	ground := grounds[s.rng.IntN(len(grounds))]
	ink := "white"
	if ground == "0xc0c0c0" {
		ink = "black"
	}
	s.param("ground", ground)
	s.mark(a, b)
	video := "color=" + ground + ":" + s.size()
	for i, text := range []string{"PROGRAMME 4711", "Episode 12  Reel 1", "Duration 00 43 20", "Clean version"} {
		video += fmt.Sprintf(",drawtext=text='%s':fontsize=h/11:fontcolor=%s:x=w/8:y=h*%s", text, ink, number(0.15+0.19*float64(i)))
	}
	return s.render(s.cover(video, "", a, b))
}

func subtitle(s *scene) error {
	a, b, err := s.span(s.frames(4), s.frames(1), s.lively)
	if err != nil {
		return err
	}
	return s.render(render{video: "drawtext=text='And then nobody said a word.':fontsize=h/14:fontcolor=white:borderw=2:x=(w-tw)/2:y=h*0.85:" + on(a, b)})
}
