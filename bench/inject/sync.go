package inject

import "fmt"

func syncDefects() []Defect {
	return []Defect{
		{Code: "sync.offset", About: "sound before or after the picture that it belongs to", Needs: Both, Variants: []Variant{
			{Name: "late", About: "beeps 100 to 350 ms after their flashes", Revision: 1, recipe: flashBeep(0.1, 0.35, 0)},
			{Name: "early", About: "beeps 90 to 300 ms before their flashes", Revision: 1, recipe: flashBeep(-0.09, -0.3, 0)},
			{Name: "exact", About: "beeps with their flashes", Decoy: true, Revision: 1, recipe: flashBeep(0, 0, 0)},
			{Name: "unrelated", About: "flashes and beeps that have nothing to do with each other", Decoy: true, Revision: 1, recipe: unrelated},
		}},
		{Code: "sync.start_skew", About: "sound begins later or earlier than the picture", Needs: Both, Variants: []Variant{
			{Name: "late", About: "by 0.3 to 1 s", recipe: skew(0.3, 1)},
			{Name: "early", About: "the picture begins 0.3 to 1 s late", recipe: skew(-0.3, -1)},
			{Name: "small", About: "by 15 ms", Decoy: true, recipe: skew(0.015, 0.015)},
		}},
		{Code: "sync.drift", About: "sound runs away from the picture", Needs: Both, Variants: []Variant{
			{Name: "flash-beep", About: "beeps that come later and later: 1 to 2 % of the time", Seconds: 13, Revision: 1, recipe: flashBeep(0, 0, 1)},
			{Name: "clock", About: "timestamps that say 0.3 to 1 % more than the samples", Seconds: 13, recipe: clock},
			{Name: "none", About: "timestamps that jitter by a millisecond", Decoy: true, Seconds: 13, recipe: jitter},
		}},
	}
}

// darker takes light out of the base so that flashes stand out. It stays within the nominal range: to take the same off every sample would put shadows below black.
const darker = "lutyuv=y='16+(clip(val,16,235)-16)*0.85'"

// flashBeep lays a flash of 0.08 s and a beep over the base every 1.6 s.
func flashBeep(weak, gross, drift float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Stream, Value: 0.025}
		if why := s.flashable(); why != "" {
			return s.hidden(why)
		}
		offset := s.by(weak, gross)
		slope := drift * s.by(0.01, 0.02)
		period := s.frames(1.6)
		seconds := s.at(period)
		s.param("offset_s", offset)
		s.param("drift", slope)
		s.label.Along = []string{"audio.click"} // a beep that begins at once
		switch {
		case s.label.Decoy:
		case drift == 0:
			s.markValue(0, s.base.Duration, offset)
		default:
			s.label.Rule.Value = 0
			s.label.Along = append(s.label.Along, "sync.offset")
			s.whole()
		}
		long := s.frames(0.08)
		flash := fmt.Sprintf("drawbox=x=0:y=0:w=iw:h=ih:color=white:t=fill:enable='lt(mod(n,%d),%d)*gte(n,%d)'", period, long, period)
		t := fmt.Sprintf("(t-(%s))/(1+%s)", number(offset), number(slope))
		beep := fmt.Sprintf("0.5*sin(2*PI*1000*t)*gte(%[1]s,%[2]s)*lt(mod(%[1]s+0.0000001,%[3]s),0.08)", t, number(seconds-0.01), number(seconds))
		return s.render(render{video: darker + "," + flash, audio: add("-34dB", beep)})
	}
}

// flashable asks for content without flashes of its own.
func (s *scene) flashable() string {
	c := &s.base.content
	if l := over(c.Luma, 0, len(c.Luma), 0.98); !(l <= 150) {
		return "the picture is too bright for flashes"
	}
	if m := over(c.Motion, 0, len(c.Motion), 1); m > 30 {
		return "there is a cut"
	}
	return ""
}

func unrelated(s *scene) error {
	if why := s.flashable(); why != "" {
		return s.hidden(why)
	}
	s.label.Along = []string{"audio.click"}
	flash := "drawbox=x=0:y=0:w=iw:h=ih:color=white:t=fill:enable='"
	for i, at := range []float64{1.3, 3.1, 6.6, 9.7} {
		if i > 0 {
			flash += "+"
		}
		n := s.frames(at)
		flash += fmt.Sprintf("between(n,%d,%d)", n, n+1)
	}
	return s.render(render{video: darker + "," + flash + "'", audio: add("-34dB", "0.5*sin(2*PI*1000*t)*(between(t,2.2,2.28)+between(t,5.1,5.18)+between(t,5.9,5.98)+between(t,8.3,8.38)+between(t,10.9,10.98))")})
}

// skew delays one track as a whole by its timestamps.
func skew(weak, gross float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Stream, Value: 0.03}
		d := s.by(weak, gross)
		s.param("skew_s", d)
		if !s.label.Decoy {
			s.markValue(0, s.base.Duration, d)
		}
		if d < 0 {
			return s.render(render{video: fmt.Sprintf("setpts=PTS+%s/TB", number(-d))})
		}
		return s.render(render{audio: fmt.Sprintf("asetpts=PTS+%s/TB", number(d))})
	}
}

func clock(s *scene) error {
	s.label.Rule = Rule{Kind: Stream}
	s.label.Along = []string{"timestamp.gap", "timestamp.overlap", "sync.offset"}
	slope := s.by(0.003, 0.01)
	s.param("drift", slope)
	s.whole()
	return s.render(render{audio: fmt.Sprintf("asetnsamples=1024:p=0,asetpts=PTS*%s", number(1+slope))})
}

func jitter(s *scene) error {
	return s.render(render{audio: "asetnsamples=1024:p=0,asetpts=PTS+0.001*sin(N)/TB"})
}
