package inject

import (
	"fmt"
	"math"
)

func stereoDefects() []Defect {
	return []Defect{
		{Code: "audio.phase_inverted", About: "one channel is the other upside down", Needs: Sound, Variants: []Variant{
			{Name: "mono", About: "mono with one leg swapped", recipe: inverted(0)},
			{Name: "stereo", About: "narrow stereo with one leg swapped", recipe: inverted(0.18)},
			{Name: "wide", About: "channels that have nothing in common", Decoy: true, recipe: wide},
		}},
		{Code: "audio.dual_mono", About: "two channels with the same in both", Needs: Sound, Variants: []Variant{
			{Name: "same", About: "bit by bit the same", Seconds: 13, recipe: dualMono("")},
			{Name: "aac", About: "the same, coded as AAC", Seconds: 13, recipe: dualMono("aac")},
			{Name: "narrow", About: "sides 26 dB below the middle", Decoy: true, Seconds: 13, recipe: narrow},
		}},
		{Code: "audio.dead_channel", About: "one channel is silent while the other is not", Needs: Sound, Variants: []Variant{
			{Name: "zeros", About: "zeros from some time on", Seconds: 13, recipe: dead(0)},
			{Name: "noise", About: "attenuated by 70 dB from some time on", Seconds: 13, recipe: dead(0.0003)},
			{Name: "short", About: "silent for 1.5 s", Decoy: true, Seconds: 13, recipe: deadShort},
		}},
		{Code: "audio.imbalance", About: "one channel is louder than the other throughout", Needs: Sound, Variants: []Variant{
			{Name: "level", About: "by 9 to 16 dB", Seconds: 13, recipe: imbalance(9, 16)},
			{Name: "slight", About: "by 2.5 dB", Decoy: true, Seconds: 13, recipe: imbalance(2.5, 2.5)},
			{Name: "panned", About: "the source moves from side to side", Decoy: true, Seconds: 13, recipe: panned},
		}},
	}
}

// inverted is mono with a share of side, its right channel upside down.
func inverted(side float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 1}
		a, b, err := s.spanTime(s.by(4, 8), 0.6, s.loud(-42))
		if err != nil {
			return err
		}
		s.markTime(a, b)
		s.label.Along = []string{"audio.dual_mono", "audio.click"} // around the stretch there is no side, at its ends the wave jumps
		x, y := number(0.5*(1+side)), number(0.5*(1-side))
		sign := fmt.Sprintf("if(gte(t,%s)*lt(t,%s),-1,1)", number(a), number(b))
		return s.render(render{audio: fmt.Sprintf("aeval='%[1]s*val(0)+%[2]s*val(1)|(%[2]s*val(0)+%[1]s*val(1))*%[3]s':c=same", x, y, sign)})
	}
}

// wide delays one channel by 23 ms, which leaves no correlation in natural sound.
func wide(s *scene) error { return s.render(render{audio: "adelay=0|23"}) }

func dualMono(codec string) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Stream}
		if s.base.content.level(0, s.base.Duration, 0.75) < -42 {
			return s.hidden("the sound is too quiet")
		}
		s.whole()
		r := render{audio: "pan=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0+0.5*c1"}
		if codec != "" {
			r.acodec = aac()
		}
		return s.render(r)
	}
}

// narrow has sides 26 dB below the middle, made of the base's delayed self so that there are some in mono, too.
func narrow(s *scene) error {
	return s.render(render{audio: "pan=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0+0.5*c1,asplit[m][d];[d]adelay=13|17,volume=0.05,pan=stereo|c0=c0|c1=-1*c0[side];[m][side]amix=inputs=2:normalize=0:duration=first"})
}

// both asks for sound in both channels, most of the time.
func (s *scene) both(dB float64) string {
	c := &s.base.content
	n := len(c.Levels[0])
	if over(c.Levels[0], 0, n, 0.75) < dB || over(c.Levels[1], 0, n, 0.75) < dB {
		return "a channel is quiet already"
	}
	return ""
}

func dead(rest float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 0.8}
		s.label.Along = []string{"audio.imbalance", "audio.click", "audio.dropout"}
		if why := s.both(-40); why != "" {
			return s.hidden(why)
		}
		a := round6(s.base.Duration - s.by(6.5, 10))
		s.markTime(a, s.base.Duration)
		channel := s.rng.IntN(2)
		s.param("channel", channel)
		factor := fmt.Sprintf("*if(gte(t,%s),%s,1)", number(a), number(rest))
		on := [2]string{}
		on[channel] = factor
		return s.render(render{audio: fmt.Sprintf("aeval='val(0)%s|val(1)%s':c=same", on[0], on[1])})
	}
}

func deadShort(s *scene) error {
	a, b, err := s.spanTime(1.5, 1, s.loud(-42))
	if err != nil {
		return err
	}
	s.label.Along = []string{"audio.click", "audio.dropout"}
	return s.render(render{audio: fmt.Sprintf("aeval='val(0)|val(1)*not(gte(t,%s)*lt(t,%s))':c=same", number(a), number(b))})
}

func imbalance(weak, gross float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 3}
		c := &s.base.content
		n := len(c.Levels[0])
		if d := over(c.Levels[0], 0, n, 0.6) - over(c.Levels[1], 0, n, 0.6); math.Abs(d) > 1.5 {
			return s.hidden("its channels are not even")
		}
		if why := s.both(-40); why != "" {
			return s.hidden(why)
		}
		dB := s.by(weak, gross)
		s.param("db", dB)
		if !s.label.Decoy {
			s.whole()
		}
		return s.render(render{audio: "pan=stereo|c0=c0|c1=" + number(math.Pow(10, -dB/20)) + "*c1"})
	}
}

func panned(s *scene) error {
	return s.render(render{audio: "aeval='(val(0)+val(1))*0.5*(0.55+0.45*sin(2*PI*t/4))|(val(0)+val(1))*0.5*(0.55-0.45*sin(2*PI*t/4))':c=same"})
}
