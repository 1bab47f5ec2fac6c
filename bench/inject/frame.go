package inject

import "fmt"

func frameDefects() []Defect {
	return []Defect{
		{Code: "video.letterbox_change", About: "the shape of the picture inside its frame changes", Variants: []Variant{
			{Name: "letterbox", About: "bars above and below come and stay", recipe: bars("letterbox")},
			{Name: "pillarbox", About: "bars left and right come and stay", recipe: bars("pillarbox")},
			{Name: "insert", About: "bars come and go again", recipe: barsInsert},
			{Name: "throughout", About: "the same bars from beginning to end", Decoy: true, recipe: barsThroughout},
			{Name: "banner", About: "a dark banner at the lower edge", Decoy: true, recipe: banner},
		}},
	}
}

func (s *scene) barBoxes(shape, enable string) string {
	share := s.by(0.07, 0.16)
	s.param("shape", shape)
	s.param("share_of_each_bar", share)
	if shape == "letterbox" {
		n := int(share*float64(s.base.Height)) / 2 * 2
		return fmt.Sprintf("drawbox=x=0:y=0:w=iw:h=%d:color=black:t=fill:%s,drawbox=x=0:y=ih-%d:w=iw:h=%d:color=black:t=fill:%s", n, enable, n, n, enable)
	}
	n := int(share*float64(s.base.Width)) / 2 * 2
	return fmt.Sprintf("drawbox=x=0:y=0:w=%d:h=ih:color=black:t=fill:%s,drawbox=x=iw-%d:y=0:w=%d:h=ih:color=black:t=fill:%s", n, enable, n, n, enable)
}

func bars(shape string) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Point, Tolerance: 0.5}
		a, _, err := s.span(s.frames(4), s.frames(3), s.brightThroughout)
		if err != nil {
			return err
		}
		s.mark(a, a+1)
		return s.render(render{video: s.barBoxes(shape, on(a, s.base.Frames+1))})
	}
}

func (s *scene) brightThroughout(int, int) string {
	if l := over(s.base.content.Luma, 0, s.base.Frames, 0.02); !(l >= 55) {
		return "the picture is too dark"
	}
	return ""
}

func barsInsert(s *scene) error {
	s.label.Rule = Rule{Kind: Point, Tolerance: 0.5}
	a, b, err := s.span(s.frames(s.by(3.5, 5)), s.frames(3), s.brightThroughout)
	if err != nil {
		return err
	}
	s.mark(a, a+1)
	s.mark(b, b+1)
	return s.render(render{video: s.barBoxes("letterbox", on(a, b))})
}

func barsThroughout(s *scene) error {
	return s.render(render{video: s.barBoxes("letterbox", on(0, s.base.Frames+1))})
}

func banner(s *scene) error {
	a, b, err := s.span(s.frames(5), s.frames(2))
	if err != nil {
		return err
	}
	return s.render(render{video: "drawbox=x=0:y=ih*0.82:w=iw:h=ih*0.18:color=0x101030:t=fill:" + on(a, b) +
		",drawtext=text='BREAKING NEWS':fontsize=h/12:fontcolor=white:x=w/16:y=h*0.87:" + on(a, b)})
}
