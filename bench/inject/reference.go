package inject

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

func referenceDefects() []Defect {
	return []Defect{
		{Code: "reference.offset", About: "sound against picture, as the reference has it", Needs: Both, Variants: []Variant{
			{Name: "late", About: "sound 100 to 400 ms later than in the reference", recipe: refOffset(0.1, 0.4)},
			{Name: "early", About: "sound 100 to 300 ms earlier than in the reference", recipe: refOffset(-0.1, -0.3)},
			{Name: "same", About: "the same, coded worse and smaller", Decoy: true, recipe: refOffset(0, 0)},
		}},
		{Code: "reference.missing_content", About: "a piece of the reference is not there", Needs: Both, Variants: []Variant{
			{Name: "cut", About: "1.5 to 4 s are left out of picture and sound", recipe: refMissing},
			{Name: "whole", About: "nothing is left out; coded worse and smaller", Decoy: true, recipe: refOffset(0, 0)},
		}},
		{Code: "reference.psnr", About: "a PSNR below the profile's limit", Variants: []Variant{
			{Name: "coarse", About: "coded coarsely; the limit lies 2 dB above what ffmpeg's psnr says", recipe: refQuality("psnr", 34, 46, false)},
			{Name: "fine", About: "coded well; the limit lies 2 dB below what ffmpeg's psnr says", Decoy: true, recipe: refQuality("psnr", 20, 26, true)},
		}},
		{Code: "reference.ssim", About: "an SSIM below the profile's limit", Variants: []Variant{
			{Name: "coarse", About: "coded coarsely; the limit lies 0.02 above what ffmpeg's ssim says", recipe: refQuality("ssim", 34, 46, false)},
			{Name: "fine", About: "coded well; the limit lies 0.02 below what ffmpeg's ssim says", Decoy: true, recipe: refQuality("ssim", 20, 26, true)},
		}},
	}
}

// against makes the base, coded well, the reference of the clip.
func (s *scene) against() error {
	s.label.Reference = "reference.mkv"
	return s.make(render{name: s.label.Reference, vcodec: append(defaultVideo(), "-crf", "14")})
}

func worse() []string {
	return append(defaultVideo(), "-crf", "28")
}

func refOffset(weak, gross float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Stream, Value: 0.015}
		if why := s.telling(); why != "" {
			return s.hidden(why)
		}
		if err := s.against(); err != nil {
			return err
		}
		d := s.by(weak, gross)
		s.param("offset_s", d)
		if !s.label.Decoy {
			s.label.Accept = []string{"sync.offset"}
			s.markValue(0, s.base.Duration, d)
		}
		audio := "volume=-4dB"
		switch ms := fmt.Sprint(int(math.Round(math.Abs(d) * 1000))); {
		case d > 0:
			audio += ",adelay=" + ms + "|" + ms + ",atrim=end=" + number(s.base.Duration)
		case d < 0:
			audio += ",atrim=start=" + number(-d) + ",asetpts=PTS-STARTPTS"
		}
		return s.render(render{video: "scale=iw/4*3:-2", audio: audio, vcodec: worse(), acodec: []string{"-c:a", "aac", "-b:a", "96k"}})
	}
}

// telling asks for content that an alignment has something to hold on to.
func (s *scene) telling() string {
	c := &s.base.content
	if m := over(c.Motion, 1, len(c.Motion), 0.3); !(m >= 0.4) {
		return "there is too little motion"
	}
	if d := c.level(0, s.base.Duration, 0.9) - c.level(0, s.base.Duration, 0.2); d < 6 {
		return "the sound is too even"
	}
	return ""
}

func refMissing(s *scene) error {
	s.label.Rule = Rule{Kind: Point, Tolerance: 0.6}
	a, b, err := s.span(s.frames(s.by(1.5, 4)), s.frames(2.5), s.lively)
	if err != nil {
		return err
	}
	if why := s.telling(); why != "" {
		return s.hidden(why)
	}
	if err := s.against(); err != nil {
		return err
	}
	s.label.Along = []string{"reference.offset"}
	s.mark(a, a+1)
	s.param("missing_s", s.at(b)-s.at(a))
	s.label.Duration = round6(s.base.Duration - s.at(b-a))
	return s.render(render{
		video:  fmt.Sprintf("select='not(between(n,%d,%d))',setpts=N/(%d/%d)/TB", a, b-1, s.base.RateNum, s.base.RateDen),
		audio:  fmt.Sprintf("aselect='not(gte(t,%s)*lt(t,%s))',asetpts=N/SR/TB", number(s.at(a)), number(s.at(b))),
		vcodec: worse(), acodec: aac(),
	})
}

// refQuality codes the base coarsely and puts the limit beside what ffmpeg's own filter measures.
func refQuality(metric string, weak, gross float64, pass bool) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Stream}
		if err := s.against(); err != nil {
			return err
		}
		crf := int(s.by(weak, gross))
		s.param("crf", crf)
		if err := s.render(render{vcodec: append(defaultVideo(), "-crf", fmt.Sprint(crf))}); err != nil {
			return err
		}
		have, err := s.fullReference(metric)
		if err != nil {
			return err
		}
		s.param(metric, have)
		margin := map[string]float64{"psnr": 2, "ssim": 0.02}[metric]
		limit := have + margin
		if pass {
			limit = have - margin
		} else {
			s.whole()
		}
		if metric == "ssim" {
			limit = min(limit, 1)
		}
		return s.profile(fmt.Sprintf("reference:\n  %s:\n    min: %s\n", metric, number(math.Round(limit*1e4)/1e4)))
	}
}

// fullReference asks ffmpeg for the luma figure of the clip against the reference.
func (s *scene) fullReference(metric string) (float64, error) {
	out, err := s.tool.Analyse(s.ctx, s.dir, "-i", s.label.Clip, "-i", s.label.Reference, "-an", "-lavfi", "[0:v][1:v]"+metric, "-f", "null", "-")
	if err != nil {
		return 0, err
	}
	key := map[string]string{"psnr": " y:", "ssim": " Y:"}[metric]
	_, rest, ok := bytes.Cut(out, []byte(key))
	if !ok {
		return 0, fmt.Errorf("inject %s: ffmpeg's %s says nothing", s.label.Code, metric)
	}
	f, err := strconv.ParseFloat(string(bytes.Fields(rest)[0]), 64)
	if err != nil {
		return 0, fmt.Errorf("inject %s: read ffmpeg's %s: %w", s.label.Code, metric, err)
	}
	return f, nil
}
