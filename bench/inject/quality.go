package inject

import "fmt"

func qualityDefects() []Defect {
	return []Defect{
		{Code: "video.blockiness", About: "the grid of the coder shows", Variants: []Variant{
			{Name: "h264", About: "H.264 at a coarse quantiser without its deblocking filter", Revision: 1, recipe: blocky("h264")},
			{Name: "mpeg2", About: "MPEG-2 at a coarse quantiser", Revision: 1, recipe: blocky("mpeg2")},
			{Name: "mjpeg", About: "JPEG pictures at a coarse quantiser", Revision: 1, recipe: blocky("mjpeg")},
			{Name: "recoded", About: "a blocky MPEG-2 stream, decoded and coded anew with care", Revision: 1, recipe: blockyRecoded("")},
			{Name: "scaled", About: "the same, scaled by three halves in between", Revision: 1, recipe: blockyRecoded("scale=iw*3/2:-2:flags=bicubic,crop=iw/3*2:ih/3*2,")},
			{Name: "good", About: "MPEG-2 at a fine quantiser", Decoy: true, recipe: fineMPEG2},
			{Name: "tiles", About: "graphics with hard edges on the grid in a part of the picture", Decoy: true, recipe: tiles},
		}},
		{Code: "video.blur", About: "the picture is out of focus", Variants: []Variant{
			{Name: "defocus", About: "a Gaussian blur of 3 to 12 samples", recipe: blur},
			{Name: "shallow", About: "a sharp subject before a blurred background", Decoy: true, recipe: shallow},
			{Name: "grain", About: "a sharp picture under grain", Decoy: true, recipe: sharpGrain},
		}},
	}
}

// coarse is a coder at a quantiser from visible to gross.
func (s *scene) coarse(codec string) []string {
	switch codec {
	case "mpeg2":
		q := int(s.by(22, 31))
		s.param("qscale", q)
		return []string{"-pix_fmt", "yuv420p", "-c:v", "mpeg2video", "-q:v", fmt.Sprint(q), "-qmin", "1", "-qmax", "31", "-g", "25"}
	case "mjpeg":
		q := int(s.by(20, 31))
		s.param("qscale", q)
		return []string{"-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", fmt.Sprint(q), "-qmin", "1", "-qmax", "31"}
	}
	crf := int(s.by(42, 50))
	s.param("crf", crf)
	return []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", fmt.Sprint(crf), "-g", "50", "-x264-params", "no-deblock=1"}
}

func (s *scene) textured() string {
	n := len(s.base.content.Detail)
	if d := over(s.base.content.Detail, 0, n, 0.2); !(d >= 24) {
		return "the picture has too little detail"
	}
	if l := over(s.base.content.Luma, 0, n, 0.2); !(l >= 45) {
		return "the picture is too dark"
	}
	return ""
}

func (s *scene) blocks() error {
	s.label.Rule = Rule{Kind: Cover, Tolerance: 1.5}
	s.label.Along = []string{"video.blur", "video.freeze", "video.repeat", "video.duplicate_frames"} // a coarse coder smears, and skips what moves a little
	if why := s.textured(); why != "" {
		return s.hidden(why)
	}
	s.whole()
	return nil
}

func blocky(codec string) func(*scene) error {
	return func(s *scene) error {
		if err := s.blocks(); err != nil {
			return err
		}
		name := "clip.mkv"
		if codec == "mpeg2" {
			name = "clip.ts"
		}
		r := render{vcodec: s.coarse(codec), name: name}
		if name == "clip.ts" {
			r.acodec = []string{"-c:a", "mp2", "-b:a", "256k"}
		}
		if err := s.render(r); err != nil {
			return err
		}
		return s.showsGrid(name)
	}
}

func blockyRecoded(between string) func(*scene) error {
	return func(s *scene) error {
		if err := s.blocks(); err != nil {
			return err
		}
		if err := s.make(render{vcodec: s.coarse("mpeg2"), noAudio: true, name: "coarse.ts"}); err != nil {
			return err
		}
		if err := s.showsGrid("coarse.ts"); err != nil {
			return err
		}
		return s.render(render{inputs: []string{"-i", "coarse.ts"}, graph: "[1:v]" + between + "format=yuv420p,setsar=1[v]" + s.sound(), vcodec: append(defaultVideo(), "-crf", "14")})
	}
}

func fineMPEG2(s *scene) error {
	return s.render(render{vcodec: []string{"-pix_fmt", "yuv420p", "-c:v", "mpeg2video", "-q:v", "3", "-g", "25"}, acodec: []string{"-c:a", "mp2", "-b:a", "256k"}, name: "clip.ts"})
}

// tiles puts a wall of squares with 16-sample edges into a third of the picture.
func tiles(s *scene) error {
	a, b, err := s.span(s.frames(5), s.frames(1))
	if err != nil {
		return err
	}
	w, h := s.base.Width/3/16*16, s.base.Height/2/16*16
	wall := fmt.Sprintf("color=black:s=%dx%d:r=1,format=gray,geq=lum='60+120*random(1)',scale=%d:%d:flags=neighbor,format=yuv420p,lutyuv=u=128:v=128,loop=loop=-1:size=1,%s[wall]", w/16, h/16, w, h, s.fill())
	return s.render(render{graph: wall + fmt.Sprintf(";[0:v][wall]overlay=x=32:y=32:shortest=1:%s,format=yuv420p[v]%s", on(a, b), s.sound())})
}

func blur(s *scene) error {
	s.label.Rule = Rule{Kind: Cover, Tolerance: 0.8}
	a, b, err := s.span(s.frames(s.by(2.5, 5)), s.frames(1.2), s.bright, func(a, b int) string { return s.detailed(a-s.frames(1), b+s.frames(1)) })
	if err != nil {
		return err
	}
	sigma := s.by(3, 12)
	s.param("sigma", sigma)
	s.mark(a, b)
	return s.render(render{video: "gblur=sigma=" + number(sigma) + ":" + on(a, b)})
}

func shallow(s *scene) error {
	a, b, err := s.span(s.frames(5), s.frames(1), s.bright, s.detailed)
	if err != nil {
		return err
	}
	return s.render(render{graph: fmt.Sprintf(
		"[0:v]split=3[x][y][z];[y]gblur=sigma=6[soft];[z]crop=iw*0.45:ih*0.8:iw*0.3:ih*0.15[sharp];[soft][sharp]overlay=x=W*0.3:y=H*0.15[both];[x][both]overlay=%s,format=yuv420p[v]%s",
		on(a, b), s.sound())})
}

func sharpGrain(s *scene) error {
	return s.render(render{video: "noise=alls=8:allf=t:all_seed=5"})
}
