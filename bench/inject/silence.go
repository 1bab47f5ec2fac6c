package inject

import "fmt"

func silenceDefects() []Defect {
	return []Defect{
		{Code: "audio.silence", About: "no sound", Needs: Sound, Variants: []Variant{
			{Name: "digital", About: "zeros", recipe: silence("", nil)},
			{Name: "dither", About: "noise at -75 dBFS", recipe: silence("dither", nil)},
			{Name: "aac", About: "zeros, coded as AAC", recipe: silence("", aac())},
			{Name: "quiet", About: "the sound goes on 26 dB lower", Decoy: true, recipe: quiet},
			{Name: "pause", About: "a pause of 0.7 s", Decoy: true, recipe: pause},
		}},
	}
}

// fine cuts the sound into pieces of a millisecond, so that timelines of filters are as exact as that.
const fine = "asetnsamples=48:p=0,"

func mute(a, b float64) string { return fine + "volume=0:" + during(a, b) }

func silence(kind string, acodec []string) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Edges, Tolerance: 0.06}
		a, b, err := s.spanTime(s.by(1.2, 6), 0.6, s.loud(-42))
		if err != nil {
			return err
		}
		s.markTime(a, b)
		s.label.Along = []string{"audio.dropout", "audio.click"} // it begins and ends from one sample to the next
		r := render{audio: mute(a, b), acodec: acodec}
		if kind == "dither" {
			s.label.Rule.Tolerance = 0.12
			r.graph = s.picture() + "[0:a]" + mute(a, b) + "[x];aevalsrc='0.0003*(2*random(0)-1)|0.0003*(2*random(1)-1)':s=48000:d=" + number(s.base.Duration) + "[n];[x][n]amix=inputs=2:normalize=0:duration=first[a]"
		}
		return s.render(r)
	}
}

// picture passes the base's picture through a graph.
func (s *scene) picture() string {
	if !s.base.Video {
		return ""
	}
	return "[0:v]null[v];"
}

func quiet(s *scene) error {
	a, b, err := s.spanTime(4, 0.6, s.loud(-32))
	if err != nil {
		return err
	}
	s.label.Along = []string{"audio.click"} // at the step
	return s.render(render{audio: fine + "volume=-26dB:" + during(a, b)})
}

func pause(s *scene) error {
	a, b, err := s.spanTime(0.7, 0.6, s.loud(-42))
	if err != nil {
		return err
	}
	// Musicians and speakers let go softly.
	ramp := fmt.Sprintf("volume='1-min(1,max(0,min((t-%s)/0.08,(%s-t)/0.08)))':eval=frame", number(a-0.04), number(b+0.04))
	return s.render(render{audio: fine + ramp})
}
