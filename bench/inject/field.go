package inject

import "fmt"

func fieldDefects() []Defect {
	return []Defect{
		{Code: "video.interlaced", About: "two fields woven into frames of a stream that says progressive", Variants: []Variant{
			{Name: "combed", About: "the whole clip", recipe: combed},
			{Name: "insert", About: "a stretch", recipe: combedInsert},
			{Name: "blend", About: "woven with ffmpeg's interlace and its vertical low-pass", recipe: combedSoft},
			{Name: "flagged", About: "interlaced material in a stream that says so", Decoy: true, recipe: fields("interleave_top", "tff", "")},
			{Name: "lines", About: "thin horizontal stripes, still", Decoy: true, recipe: lines},
		}},
		{Code: "video.field_order", About: "the stream says the wrong field first", Variants: []Variant{
			{Name: "bff", About: "top field first, flagged bottom first (H.264)", recipe: fields("interleave_top", "bff", "video.field_order")},
			{Name: "tff", About: "bottom field first, flagged top first (H.264)", recipe: fields("interleave_bottom", "tff", "video.field_order")},
			{Name: "mpeg2", About: "bottom field first, flagged top first (MPEG-2)", recipe: fieldsMPEG2},
			{Name: "right", About: "bottom field first, flagged so", Decoy: true, recipe: fields("interleave_bottom", "bff", "")},
		}},
	}
}

// double plays the base twice as fast with twice as many frames a second, so that each frame can become a field of the base's own rate.
const double = "setpts=PTS/2"

// halve is the duration of a clip whose frames were woven in pairs, and the filter that ends the sound there.
func (s *scene) halve() (audio string) {
	s.label.Duration = round6(s.at(s.base.Frames / 2))
	return "atrim=end=" + number(s.label.Duration)
}

func (s *scene) moving() string {
	c := s.base.content.Motion
	if m := over(c, 1, len(c), 0.3); !(m >= 1.5) {
		return "there is too little motion for fields to differ"
	}
	return ""
}

func (s *scene) woven(tolerance float64) error {
	s.label.Rule = Rule{Kind: Cover, Tolerance: tolerance}
	if why := s.moving(); why != "" {
		return s.hidden(why)
	}
	return nil
}

func combed(s *scene) error {
	if err := s.woven(2); err != nil {
		return err
	}
	audio := s.halve()
	s.markTime(0, s.label.Duration)
	return s.render(render{video: double + ",tinterlace=interleave_top,setfield=prog", audio: audio})
}

func combedSoft(s *scene) error {
	if err := s.woven(2); err != nil {
		return err
	}
	audio := s.halve()
	s.markTime(0, s.label.Duration)
	return s.render(render{video: double + ",interlace=scan=tff:lowpass=linear,setfield=prog", audio: audio})
}

func combedInsert(s *scene) error {
	if err := s.woven(1.5); err != nil {
		return err
	}
	audio := s.halve()
	third := s.label.Duration / 3
	a, b := s.frames(third*0.8), s.frames(third*2.2)
	s.mark(a, b)
	return s.render(render{graph: fmt.Sprintf(
		"[0:v]%s,split[x][y];[x]tinterlace=interleave_top,setfield=prog[i];[y]tinterlace=drop_odd,setfield=prog[p];[p][i]overlay=%s,format=yuv420p[v];[0:a]%s[a]", double, on(a, b), audio)})
}

// fields codes woven fields as such; code is "" for a decoy.
func fields(mode, flag, code string) func(*scene) error {
	return func(s *scene) error {
		if err := s.woven(3); err != nil {
			return err
		}
		audio := s.halve()
		if code != "" {
			s.markTime(0, s.label.Duration)
		}
		s.param("flag", flag)
		x264 := append(defaultVideo(), "-flags", "+ildct+ilme", "-x264-params", flag+"=1")
		return s.render(render{video: double + ",tinterlace=" + mode + ",setfield=" + flag, audio: audio, vcodec: x264})
	}
}

func fieldsMPEG2(s *scene) error {
	if err := s.woven(3); err != nil {
		return err
	}
	audio := s.halve()
	s.markTime(0, s.label.Duration)
	s.param("flag", "tff")
	return s.render(render{video: double + ",tinterlace=interleave_bottom,setfield=tff", audio: audio, name: "clip.ts",
		vcodec: []string{"-pix_fmt", "yuv420p", "-c:v", "mpeg2video", "-q:v", "3", "-g", "25", "-flags", "+ildct+ilme", "-top", "1"}, acodec: []string{"-c:a", "mp2", "-b:a", "256k"}})
}

func lines(s *scene) error {
	a, b, err := s.span(s.frames(4), s.frames(1))
	if err != nil {
		return err
	}
	stripes := fmt.Sprintf("color=black:s=8x%d:r=1,format=gray,geq=lum='if(mod(Y,2),60,190)',scale=%d:%d:flags=neighbor,format=yuv420p,lutyuv=u=128:v=128,loop=loop=-1:size=1,%s[shirt]", s.base.Height/2, s.base.Width/4, s.base.Height/2, s.fill())
	return s.render(render{graph: stripes + fmt.Sprintf(";[0:v][shirt]overlay=x=W/2:y=H/4:shortest=1:%s,format=yuv420p[v]%s", on(a, b), s.sound())})
}
