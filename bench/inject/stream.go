package inject

import "fmt"

func streamDefects() []Defect {
	broken := func(name, about string, codec []string, ext string, amount float64) Variant {
		return Variant{Name: name, About: about, recipe: brokenSound(codec, ext, amount)}
	}
	return []Defect{
		{Code: "audio.decode_error", About: "a sound decoder meets bytes that it cannot use", Needs: Sound, Variants: []Variant{
			broken("aac", "bytes of AAC packets are changed", []string{"-c:a", "aac", "-b:a", "160k"}, "mp4", 60),
			broken("ac3", "bytes of AC-3 packets are changed", []string{"-c:a", "ac3", "-b:a", "256k"}, "mkv", 150),
			broken("mp3", "bytes of MP3 packets are changed", []string{"-c:a", "libmp3lame", "-b:a", "160k"}, "mkv", 60),
		}},
	}
}

// brokenSound changes bytes of the packets of one or two seconds.
func brokenSound(acodec []string, ext string, amount float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 0.5}
		s.label.Accept = []string{"audio.dropout"}
		s.label.Along = []string{"audio.click", "audio.clipping", "audio.silence", "timestamp.gap", "audio.dead_channel", "audio.imbalance"}
		a, b, err := s.spanTime(s.by(0.6, 2), 1, s.loud(-45))
		if err != nil {
			return err
		}
		s.markTime(a, b)
		s.param("noise_amount", amount)
		if err := s.make(render{acodec: acodec, name: "sound." + ext}); err != nil {
			return err
		}
		s.label.Clip = "clip." + ext
		// The packets' time base differs by container: pts times tb is seconds in all.
		return s.run("-i", "sound."+ext, "-c", "copy", "-bsf:a", fmt.Sprintf("noise=amount='if(gte(pts*tb,%s)*lt(pts*tb,%s),%s,0)'", number(a), number(b), number(amount)), "-fflags", "+bitexact", s.label.Clip)
	}
}
