package inject

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

func waveDefects() []Defect {
	return []Defect{
		{Code: "audio.clipping", About: "waves cut off at a level", Needs: Sound, Variants: []Variant{
			{Name: "full", About: "at full scale", recipe: clipped(0, nil)},
			{Name: "attenuated", About: "at full scale, attenuated by 6 dB afterwards", recipe: clipped(-6, nil)},
			{Name: "quiet", About: "at full scale, attenuated by 14 dB afterwards", recipe: clipped(-14, nil)},
			{Name: "aac", About: "at full scale, then coded as AAC", recipe: clipped(0, aac())},
			{Name: "loud", About: "peaks at -0.3 dBFS, none cut", Decoy: true, recipe: loudOnly},
			{Name: "limited", About: "a limiter at work", Decoy: true, recipe: limited},
		}},
		{Code: "audio.dropout", About: "a hole in the sound", Needs: Sound, Variants: []Variant{
			{Name: "zeros", About: "10 to 300 ms of zeros", recipe: dropouts(0)},
			{Name: "packet", About: "one to four packets of 1024 samples", recipe: dropouts(1024.0 / 48000)},
			{Name: "aac", About: "zeros, coded as AAC", recipe: dropoutsAAC},
			{Name: "rest", About: "soft rests of 200 ms", Decoy: true, recipe: rests},
		}},
		{Code: "audio.click", About: "a wave jumps for a sample or three", Needs: Sound, Variants: []Variant{
			{Name: "sample", About: "one sample", Revision: 1, recipe: clicks(1)},
			{Name: "pop", About: "three samples", Revision: 1, recipe: clicks(3)},
			{Name: "castanet", About: "short, dying bursts of a tone", Decoy: true, Revision: 1, recipe: castanets},
		}},
	}
}

// room is the gain that takes the base's true peak to a level.
func (s *scene) room(dB float64) (float64, error) {
	_, peak, err := s.meter("")
	return dB - peak, err
}

func clipped(after float64, acodec []string) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Point, Tolerance: 0.2} // only the loud moments of the stretch are cut
		a, b, err := s.spanTime(s.by(2, 4), 1, s.loud(-40))
		if err != nil {
			return err
		}
		base, err := s.room(-4)
		if err != nil {
			return err
		}
		_, peak, err := s.meter(fmt.Sprintf("atrim=%s:%s", number(a), number(b)))
		if err != nil {
			return err
		}
		over := s.by(6, 14)
		s.param("over_db", over)
		s.param("attenuation_db", -after)
		s.markTime(a, b)
		s.label.Along = []string{"audio.click"} // at the steps of the gain
		// The conversion to integers cuts at full scale.
		return s.render(render{acodec: acodec, audio: fmt.Sprintf("aformat=sample_fmts=flt,%svolume='if(gte(t,%s)*lt(t,%s),%s,%s)':eval=frame:precision=float,aformat=sample_fmts=s16,aformat=sample_fmts=flt,volume=%sdB:precision=float",
			fine, number(a), number(b), gain(over-peak), gain(base), number(after))})
	}
}

func loudOnly(s *scene) error {
	up, err := s.room(-0.3)
	if err != nil {
		return err
	}
	return s.render(render{audio: "aformat=sample_fmts=flt,volume=" + number(up) + "dB:precision=float"})
}

func limited(s *scene) error {
	up, err := s.room(5)
	if err != nil {
		return err
	}
	return s.render(render{audio: "aformat=sample_fmts=flt,volume=" + number(up) + "dB:precision=float,alimiter=limit=0.9:attack=5:release=50:level=0"})
}

// holes picks n places of a length in the sound where further tests hold.
func (s *scene) holes(n int, length float64, level float64, tests ...func(a, b float64) string) ([][2]float64, error) {
	var list [][2]float64
	for range n {
		apart := func(a, b float64) string {
			for _, h := range list {
				if a < h[1]+1 && h[0] < b+1 {
					return "there is no room for so many"
				}
			}
			return ""
		}
		a, b, err := s.spanTime(length, 1, append(slices.Clip(tests), s.loud(level), apart)...)
		if err != nil {
			return nil, err
		}
		list = append(list, [2]float64{a, b})
	}
	return list, nil
}

func (s *scene) dropout(quantum float64, acodec []string) error {
	s.label.Rule = Rule{Kind: Point, Tolerance: 0.04}
	length := s.by(0.3, 0.02)
	if quantum > 0 {
		length = quantum * float64(1+s.rng.IntN(4))
	}
	list, err := s.holes(2, length, -38)
	if err != nil {
		return err
	}
	var terms []string
	for _, h := range list {
		s.markTime(h[0], h[1])
		terms = append(terms, fmt.Sprintf("gte(n,%d)*lt(n,%d)", int(math.Round(h[0]*48000)), int(math.Round(h[1]*48000))))
	}
	s.param("length_ms", length*1000)
	s.label.Along = []string{"audio.click"}
	hole := "not(" + strings.Join(terms, "+") + ")"
	return s.render(render{audio: fmt.Sprintf("aeval='val(0)*%s|val(1)*%s':c=same", hole, hole), acodec: acodec})
}

func dropouts(quantum float64) func(*scene) error {
	return func(s *scene) error { return s.dropout(quantum, nil) }
}

func dropoutsAAC(s *scene) error {
	s.strength *= 0.8 // a hole shorter than a block of the coder is filled by it
	return s.dropout(0, aac())
}

// rests fade out and in within 30 ms, as a damped string does.
func rests(s *scene) error {
	list, err := s.holes(3, 0.2, -38)
	if err != nil {
		return err
	}
	terms := "1"
	for _, h := range list {
		terms += fmt.Sprintf("*(1-min(1,max(0,min((t-%s)/0.03,(%s-t)/0.03))))", number(h[0]-0.02), number(h[1]+0.02))
	}
	return s.render(render{audio: fine + "volume='" + terms + "':eval=frame"})
}

// audible picks n places in which the sound within 0.1 s does not drown a click of an amplitude: it stays 12 dB below.
func (s *scene) audible(n int, amplitude float64) ([][2]float64, error) {
	limit := 20*math.Log10(amplitude) - 12
	return s.holes(n, 0.01, -60, func(a, b float64) string {
		if s.base.content.level(a-0.1, b+0.1, 1) > limit {
			return "the sound drowns clicks"
		}
		return ""
	})
}

func clicks(width int) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Point, Tolerance: 0.03}
		amplitude := s.by(0.35, 0.9)
		list, err := s.audible(3, amplitude)
		if err != nil {
			return err
		}
		if s.base.content.level(0, s.base.Duration, 0.9) > -12 {
			return s.hidden("the sound drowns clicks")
		}
		var terms []string
		for _, h := range list {
			n := int(math.Round(h[0] * 48000))
			s.markTime(h[0], h[0]+float64(width)/48000)
			terms = append(terms, fmt.Sprintf("between(n,%d,%d)", n, n+width-1))
		}
		s.param("amplitude", amplitude)
		add := number(amplitude) + "*(" + strings.Join(terms, "+") + ")"
		return s.render(render{audio: fmt.Sprintf("aeval='clip(val(0)+%s,-1,1)|clip(val(1)+%s,-1,1)':c=same", add, add)})
	}
}

func castanets(s *scene) error {
	list, err := s.holes(4, 0.01, -60)
	if err != nil {
		return err
	}
	var terms []string
	for _, h := range list {
		// Half a millisecond of attack: a tone that is there from one sample to the next is a click.
		terms = append(terms, fmt.Sprintf("gte(t,%[1]s)*min(1,max(0,t-%[1]s)*2000)*exp(-max(0,t-%[1]s)*150)*sin(2*PI*2300*(t-%[1]s))", number(h[0])))
	}
	add := "0.5*(" + strings.Join(terms, "+") + ")"
	return s.render(render{audio: fmt.Sprintf("aeval='clip(val(0)+%s,-1,1)|clip(val(1)+%s,-1,1)':c=same", add, add)})
}
