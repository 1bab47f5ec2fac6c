package inject

import "fmt"

func stillDefects() []Defect {
	return []Defect{
		{Code: "video.black", About: "pictures without light", Variants: []Variant{
			{Name: "cut", About: "black from one frame to the next", recipe: blackCut("")},
			{Name: "fade", About: "a fade to black, black, and a fade back", recipe: blackFade},
			{Name: "noisy", About: "black with the noise of a camera", recipe: blackCut("noise=alls=6:allf=t")},
			{Name: "night", About: "a dark scene", Decoy: true, recipe: darkScene},
			{Name: "blink", About: "a black of a quarter of a second between two scenes", Decoy: true, recipe: blackBlink},
		}},
		{Code: "video.freeze", About: "the picture stands still while it should not", Variants: []Variant{
			{Name: "still", About: "one picture again and again", recipe: freezeWith("", 0.12)},
			{Name: "grain", About: "one picture under film grain that goes on", recipe: freezeWith("noise=c0s=3:c0f=t:c0_seed=7", 0.24)},
			{Name: "recoded", About: "one picture, coded badly, so that each key frame changes it a little", recipe: freezeCoded},
			{Name: "hold", About: "a hold of 0.7 s, as animation has them", Decoy: true, Revision: 1, recipe: hold},
			{Name: "zoom", About: "a slow zoom into a still", Decoy: true, recipe: slowZoom},
			{Name: "ticker", About: "a still with something small that moves", Decoy: true, recipe: ticker},
		}},
	}
}

func blackCut(after string) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Edges, Tolerance: 0.081}
		a, b, err := s.span(s.frames(s.by(0.64, 4)), s.frames(1.2), s.bright)
		if err != nil {
			return err
		}
		s.mark(a, b)
		video := "drawbox=t=fill:color=black:" + on(a, b)
		if after != "" {
			video += "," + after + ":" + on(a, b)
		}
		return s.render(render{video: video})
	}
}

func blackFade(s *scene) error {
	const fade = 0.6
	s.label.Rule = Rule{Kind: Edges, Tolerance: fade}
	s.param("fade_seconds", fade)
	a, b, err := s.span(s.frames(s.by(0.8, 4)), s.frames(2), s.bright)
	if err != nil {
		return err
	}
	s.mark(a, b)
	cover := fmt.Sprintf("color=black:s=%dx%d:r=%d/%d,format=yuva420p,fade=in:st=%s:d=%s:alpha=1,fade=out:st=%s:d=%s:alpha=1[cover]",
		s.base.Width, s.base.Height, s.base.RateNum, s.base.RateDen, number(s.at(a)-fade), number(fade), number(s.at(b)), number(fade))
	return s.render(render{graph: cover + ";[0:v][cover]overlay=shortest=1,format=yuv420p[v]" + s.sound()})
}

// sound passes the base's sound through a graph.
func (s *scene) sound() string {
	if !s.base.Audio {
		return ""
	}
	return ";[0:a]anull[a]"
}

// darkScene is no black: there is a picture in it, only little light.
func darkScene(s *scene) error {
	a, b, err := s.span(s.frames(s.by(2.5, 5)), s.frames(1.2), s.bright, s.detailed, func(a, b int) string {
		if over(s.base.content.Luma, a, b, 0) < 85 {
			return "the picture is too dark to be darkened"
		}
		return ""
	})
	if err != nil {
		return err
	}
	return s.render(render{video: "lutyuv=y='16+(val-16)*0.34':u='128+(val-128)*0.34':v='128+(val-128)*0.34':" + on(a, b)})
}

func blackBlink(s *scene) error {
	a, b, err := s.span(s.frames(0.24), s.frames(1), s.bright)
	if err != nil {
		return err
	}
	return s.render(render{video: "drawbox=t=fill:color=black:" + on(a, b)})
}

// freezeGraph shows frame a until b.
func (s *scene) freezeGraph(a, b int, after string) string {
	if after != "" {
		after = "," + after
	}
	return fmt.Sprintf("[0:v]split[x][y];[x][y]freezeframes=first=%d:last=%d:replace=%d%s[v]%s", a, b-1, a, after, s.sound())
}

func freezeWith(after string, tolerance float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Edges, Tolerance: tolerance}
		a, b, err := s.span(s.frames(s.by(1.2, 5)), s.frames(1), s.lively, s.bright)
		if err != nil {
			return err
		}
		s.mark(a, b)
		r := render{graph: s.freezeGraph(a, b, after)}
		if after != "" {
			r.vcodec = append(defaultVideo(), "-crf", "12") // a coarser coder would take the grain off again
		}
		return s.render(r)
	}
}

func freezeCoded(s *scene) error {
	s.label.Rule = Rule{Kind: Edges, Tolerance: 0.24}
	a, b, err := s.span(s.frames(s.by(2.2, 5)), s.frames(1), s.lively, s.bright)
	if err != nil {
		return err
	}
	s.mark(a, b)
	return s.render(render{graph: s.freezeGraph(a, b, ""), vcodec: append(defaultVideo(), "-crf", "30", "-g", fmt.Sprint(s.frames(1)))})
}

func hold(s *scene) error {
	a, b, err := s.span(s.frames(0.7), s.frames(1), s.lively, s.bright)
	if err != nil {
		return err
	}
	s.label.Along = []string{"video.dropped_frames"} // what moved on behind the hold is lost: of that the picture jumps
	return s.render(render{graph: s.freezeGraph(a, b, "")})
}

// slowZoom grows by 7 % a second: slower, and whole frames would repeat, for the size of a picture is in whole samples.
func slowZoom(s *scene) error {
	a, _, err := s.span(2, s.frames(1), s.bright, s.detailed)
	if err != nil {
		return err
	}
	w, h := s.base.Width, s.base.Height
	return s.render(render{graph: fmt.Sprintf(
		"[0:v]trim=start_frame=%d:end_frame=%d,loop=loop=-1:size=1,setpts=N/(%d/%d)/TB,trim=end_frame=%d,scale=w='%d*(1+0.07*t)':h='%d*(1+0.07*t)':eval=frame:flags=bicubic,crop=%d:%d,setsar=1[v]%s",
		a, a+1, s.base.RateNum, s.base.RateDen, s.base.Frames, w, h, w, h, s.sound())})
}

func ticker(s *scene) error {
	a, _, err := s.span(2, s.frames(1), s.bright)
	if err != nil {
		return err
	}
	return s.render(render{graph: fmt.Sprintf(
		"color=white:s=28x28:r=%[2]d/%[3]d,drawbox=x=7:y=7:w=14:h=14:color=red:t=fill[dot];"+
			"[0:v]trim=start_frame=%[1]d:end_frame=%[5]d,loop=loop=-1:size=1,setpts=N/(%[2]d/%[3]d)/TB,trim=end_frame=%[4]d[still];[still][dot]overlay=x='mod(t*90,W-40)':y=H-60:shortest=1[v]%[6]s",
		a, s.base.RateNum, s.base.RateDen, s.base.Frames, a+1, s.sound())})
}
