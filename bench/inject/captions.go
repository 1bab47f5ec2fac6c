package inject

import (
	"fmt"
	"os"
	"strings"
)

func captionDefects() []Defect {
	return []Defect{
		{Code: "captions.missing", About: "subtitles are declared, and there are none", Needs: Both, Variants: []Variant{
			{Name: "empty", About: "WebVTT segments without a cue, under speech", Seconds: 60, Revision: 1, recipe: captions(func(*cueSheet) {})},
			{Name: "there", About: "a cue for every phrase", Decoy: true, Seconds: 60, Revision: 1, recipe: captions((*cueSheet).all)},
		}},
		{Code: "captions.gap", About: "speech without subtitles for long, while there are some elsewhere", Needs: Both, Variants: []Variant{
			{Name: "hole", About: "no cue for half of the clip", Seconds: 90, Revision: 1, recipe: captions((*cueSheet).hole)},
			{Name: "there", About: "a cue for every phrase", Decoy: true, Seconds: 90, Revision: 1, recipe: captions((*cueSheet).all)},
		}},
		{Code: "captions.drift", About: "subtitles come before or after what is said", Needs: Both, Variants: []Variant{
			{Name: "late", About: "2.5 to 4 s late", Seconds: 90, Revision: 1, recipe: captions(func(c *cueSheet) { c.shift(2.5, 4) })},
			{Name: "early", About: "2.5 to 4 s early", Seconds: 90, Revision: 1, recipe: captions(func(c *cueSheet) { c.shift(-2.5, -4) })},
			{Name: "exact", About: "in time", Decoy: true, Seconds: 90, Revision: 1, recipe: captions((*cueSheet).all)},
		}},
	}
}

// phrase is a stretch of speech with a cue of its own.
type phrase struct{ from, to float64 }

// cueSheet is the speech of a clip and the cues that stand for it.
type cueSheet struct {
	scene   *scene
	phrases []phrase
	cues    []phrase
}

// all gives every phrase its cue.
func (c *cueSheet) all() { c.cues = c.phrases }

// hole leaves half of the clip without cues.
func (c *cueSheet) hole() {
	length := c.scene.base.Duration / 2
	a := round6(10 + c.scene.rng.Float64()*(length-20))
	from, to := -1.0, 0.0
	for _, p := range c.phrases {
		if p.to > a && p.from < a+length {
			if from < 0 {
				from = p.from
			}
			to = p.to
			continue
		}
		c.cues = append(c.cues, p)
	}
	c.scene.markTime(from, to)
}

// shift moves all cues.
func (c *cueSheet) shift(weak, gross float64) {
	d := c.scene.by(weak, gross)
	c.scene.param("shift_s", d)
	for _, p := range c.phrases {
		if p.from+d > 0 {
			c.cues = append(c.cues, phrase{p.from + d, p.to + d})
		}
	}
	c.scene.markValue(0, c.scene.base.Duration, d)
	c.scene.label.Rule = Rule{Kind: Stream, Value: 0.6}
}

// captions replaces the base's sound by phrases of speech with uneven pauses, and makes an HLS stream with a WebVTT rendition of it.
func captions(write func(*cueSheet)) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 4}
		s.label.Along = []string{"audio.dual_mono"}
		c := &cueSheet{scene: s}
		for t := 0.7; t < s.base.Duration-3; {
			p := phrase{round6(t), round6(t + 1.2 + 2.3*s.rng.Float64())}
			c.phrases = append(c.phrases, p)
			t = p.to + 0.5 + 2.2*s.rng.Float64()
		}
		write(c)
		if s.label.Code == "captions.missing" && !s.label.Decoy {
			s.label.Rule = Rule{Kind: Stream}
			s.whole()
		}
		if err := os.MkdirAll(s.path(keep), 0o750); err != nil {
			return fmt.Errorf("make %s: %w", keep, err)
		}
		if err := s.speak(c.phrases); err != nil {
			return err
		}
		zero, err := s.tool.firstTicks(s.ctx, s.path(keep+"/seg000.ts"))
		if err != nil {
			return err
		}
		return s.subtitles(c.cues, zero)
	}
}

// speak makes the media: a small picture of the base, and a voice while a phrase lasts.
func (s *scene) speak(phrases []phrase) error {
	var on []string
	for _, p := range phrases {
		on = append(on, fmt.Sprintf("min(1,max(0,min((t-%s)*25,(%s-t)*25)))", number(p.from), number(p.to)))
	}
	says := "st(0,(" + strings.Join(on, "+") + ")*(0.08+max(0,sin(2*PI*4.1*t+1.3*sin(t*1.9)))));" + voice +
		"0.25*ld(0)*(0.5*sin(ld(1))+0.5*sin(2*ld(1))+ld(2)*sin(5*ld(1))*0.6+(1-ld(2))*sin(9*ld(1))*0.4+0.2*(2*random(4)-1))+0.0008*(2*random(5)-1)"
	graph := "[0:v]scale=320:-2,setsar=1[v];aevalsrc='" + says + "':s=48000:d=" + number(s.base.Duration) + ",pan=stereo|c0=c0|c1=c0[a]"
	return s.make(render{graph: graph, acodec: aac(), name: keep + "/media.m3u8", vcodec: append(defaultVideo(), "-crf", "28"), extra: []string{
		"-f", "hls", "-hls_time", "6", "-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_flags", "independent_segments",
		"-hls_segment_filename", keep + "/seg%03d.ts", "-muxdelay", "0"}})
}

// subtitleSegment is the length of a WebVTT segment in seconds.
const subtitleSegment = 6.0

// subtitles writes WebVTT segments, their playlist and the master. The base's zero has a timestamp of zero ticks in the media.
func (s *scene) subtitles(cues []phrase, zero int64) error {
	var names []string
	var lengths []float64
	for i := 0; float64(i)*subtitleSegment < s.base.Duration; i++ {
		from := float64(i) * subtitleSegment
		length := min(subtitleSegment, s.base.Duration-from)
		name := fmt.Sprintf("sub%03d.vtt", i)
		if err := s.write(keep+"/"+name, webVTT(cues, from, from+length, zero)); err != nil {
			return err
		}
		names, lengths = append(names, name), append(lengths, length)
	}
	if err := s.playlist("subs.m3u8", names, lengths, false); err != nil {
		return err
	}
	s.label.Clip = keep + "/master.m3u8"
	return s.write(s.label.Clip, `#EXTM3U
#EXT-X-VERSION:4
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="subs.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,SUBTITLES="subs"
media.m3u8
`)
}

// webVTT writes the cues that touch [from, to), and which timestamp of the media is their zero, in ticks of 90 kHz.
func webVTT(cues []phrase, from, to float64, zero int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:%d,LOCAL:00:00:00.000\n\n", zero)
	for _, c := range cues {
		if c.to > from && c.from < to {
			fmt.Fprintf(&b, "%s --> %s\nSomebody says something here.\n\n", clockTime(c.from), clockTime(c.to))
		}
	}
	return b.String()
}

func clockTime(t float64) string {
	ms := int(t*1000 + 0.5)
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}
