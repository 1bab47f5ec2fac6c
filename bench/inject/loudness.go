package inject

import (
	"bytes"
	"fmt"
	"strconv"
)

func loudnessDefects() []Defect {
	return []Defect{
		{Code: "audio.loudness", About: "a programme off its target (profile ebu-r128)", Needs: Sound, Variants: []Variant{
			{Name: "loud", About: "2 to 7 LU above -23 LUFS", recipe: offTarget(2, 7)},
			{Name: "soft", About: "2 to 9 LU below -23 LUFS", recipe: offTarget(-2, -9)},
			{Name: "target", About: "-23 LUFS", Decoy: true, recipe: offTarget(0, 0)},
		}},
		{Code: "audio.true_peak", About: "peaks between samples above the limit (profile ebu-r128)", Needs: Sound, Variants: []Variant{
			{Name: "between", About: "a quarter-rate tone whose samples miss its peaks: -0.7 to -0.1 dBTP, samples 3 dB below", recipe: peakTone(-0.7, -0.1)},
			{Name: "over", About: "the same above full scale: 0.3 to 1.5 dBTP", recipe: peakTone(0.3, 1.5)},
			{Name: "under", About: "the same at -2 dBTP", Decoy: true, recipe: peakTone(-2, -2)},
		}},
		{Code: "audio.short_term", About: "a passage louder than a limit of -18 LUFS", Needs: Sound, Variants: []Variant{
			{Name: "passage", About: "four seconds at -16 to -12 LUFS", recipe: passage},
			{Name: "level", About: "all of it at -22 LUFS", Decoy: true, recipe: level},
		}},
		{Code: "audio.loudness_range", About: "a range above a limit of 12 LU", Needs: Sound, Variants: []Variant{
			{Name: "steps", About: "halves that lie 16 to 19 LU apart", recipe: halves(16, 19)},
			{Name: "narrow", About: "halves that lie 5 LU apart", Decoy: true, recipe: halves(5, 5)},
		}},
	}
}

// meter measures integrated loudness and true peak of the base's sound after a filter.
func (s *scene) meter(filter string) (integrated, truePeak float64, err error) {
	out, err := s.tool.Analyse(s.ctx, s.dir, "-i", "base.mkv", "-vn", "-af", chain(filter, "anull")+",ebur128=peak=true:framelog=verbose", "-f", "null", "-")
	if err != nil {
		return 0, 0, err
	}
	integrated, truePeak = R128(out, "I:"), R128(out, "Peak:")
	if integrated < -60 {
		return 0, 0, s.hidden("there is hardly any sound")
	}
	return integrated, truePeak, nil
}

// R128 reads one value of the summary that ffmpeg's ebur128 logs; floorLevel where there is none.
func R128(log []byte, name string) float64 {
	value := float64(floorLevel)
	_, log, _ = bytes.Cut(log, []byte("Summary:"))
	for line := range bytes.Lines(log) {
		fields := bytes.Fields(line)
		if len(fields) < 2 || string(fields[0]) != name {
			continue
		}
		if f, err := strconv.ParseFloat(string(fields[1]), 64); err == nil && f > floorLevel {
			value = f
		}
	}
	return value
}

func offTarget(weak, gross float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Profile = "ebu-r128"
		s.label.Rule = Rule{Kind: Stream, Value: 0.3}
		s.label.Along = []string{"audio.true_peak"}
		have, peak, err := s.meter("")
		if err != nil {
			return err
		}
		want := -23 + s.by(weak, gross)
		gain := want - have
		if peak+gain > -1.5 {
			return s.hidden("its peaks leave no room for the level")
		}
		s.param("lufs", want)
		if !s.label.Decoy {
			s.markValue(0, s.base.Duration, want)
		}
		return s.render(render{audio: "volume=" + number(gain) + "dB"})
	}
}

// peakTone puts a tone of a quarter of the sampling rate at 45 degrees into a second of the sound: its samples lie at 0.707 of its peaks (EBU Tech 3341, case 16).
func peakTone(weak, gross float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Profile = "ebu-r128"
		s.label.Rule = Rule{Kind: Stream, Value: 0.4}
		s.label.Along = []string{"audio.loudness", "audio.tone"}
		a, b, err := s.spanTime(1, 1)
		if err != nil {
			return err
		}
		dB := s.by(weak, gross)
		s.param("dbtp", dB)
		if !s.label.Decoy {
			s.markValue(a, b, dB)
		}
		tone := fmt.Sprintf("aevalsrc='pow(10,%[1]s/20)*sin(PI/2*n+PI/4)*min(1,min((t-%[2]s)/0.1,(%[3]s-t)/0.1))*gte(t,%[2]s)*lt(t,%[3]s)':s=48000:d=%[4]s,aformat=channel_layouts=mono,pan=stereo|c0=c0|c1=c0[tone]",
			number(dB), number(a), number(b), number(s.base.Duration))
		return s.render(render{graph: s.picture() + tone + ";[0:a]volume=-18dB," + mute(a-0.05, b+0.05) + "[x];[x][tone]amix=inputs=2:normalize=0:duration=first[a]", acodec: []string{"-c:a", "pcm_s24le"}})
	}
}

// profile writes a profile beside the clip that limits one thing.
func (s *scene) profile(yaml string) error {
	s.label.ProfileFile = "profile.yaml"
	s.label.Profile = ""
	return s.write(s.label.ProfileFile, yaml)
}

func passage(s *scene) error {
	s.label.Rule = Rule{Kind: Stream}
	if err := s.profile("audio:\n  short_term:\n    max: -18\n"); err != nil {
		return err
	}
	a, b, err := s.spanTime(4, 1, s.loud(-42))
	if err != nil {
		return err
	}
	have, _, err := s.meter(fmt.Sprintf("atrim=%s:%s", number(a), number(b)))
	if err != nil {
		return err
	}
	up := s.by(-16, -12) - have
	s.markTime(a, b)
	s.param("lufs", have+up)
	s.label.Along = []string{"audio.clipping", "audio.click"} // a step, and a peaky passage does not fit at -12 LUFS
	rest := -26 - have
	return s.render(render{audio: fmt.Sprintf("%svolume='if(gte(t,%s)*lt(t,%s),%s,%s)':eval=frame,alimiter=limit=0.9:level=0", fine, number(a), number(b), gain(up), gain(rest))})
}

// gain writes decibels as a factor.
func gain(dB float64) string { return fmt.Sprintf("pow(10,%s/20)", number(dB)) }

func level(s *scene) error {
	if err := s.profile("audio:\n  short_term:\n    max: -18\n"); err != nil {
		return err
	}
	have, peak, err := s.meter("")
	if err != nil {
		return err
	}
	if out, _, err := s.meter("volume=" + number(-24-have) + "dB"); err != nil || out > -23 || peak-24-have > -1 {
		return s.hidden("its level is uneven")
	}
	return s.render(render{audio: "volume=" + number(-24-have) + "dB,dynaudnorm=p=0.2:m=3,volume=-3dB"})
}

func halves(weak, gross float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Stream}
		if err := s.profile("audio:\n  loudness_range:\n    max: 12\n"); err != nil {
			return err
		}
		have, _, err := s.meter("")
		if err != nil {
			return err
		}
		step := s.by(weak, gross)
		half := s.base.Duration / 2
		s.label.Along = []string{"audio.click"} // at the step
		s.param("step_lu", step)
		if !s.label.Decoy {
			s.whole()
		}
		// A compressor makes the halves even, so that the step alone decides.
		return s.render(render{audio: fmt.Sprintf("volume=%sdB,acompressor=threshold=0.05:ratio=20:attack=5:release=300:makeup=1,%svolume='if(lt(t,%s),1,%s)':eval=frame",
			number(-20-have), fine, number(half), gain(-step))})
	}
}
