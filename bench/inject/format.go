package inject

import (
	"fmt"
	"os"
	"strings"
)

func formatDefects() []Defect {
	return []Defect{
		{Code: "video.format_change", About: "the format of the picture changes in mid-stream", Variants: []Variant{
			{Name: "size", About: "the size", recipe: formats("scale=iw/4*2:ih/4*2", "", nil)},
			{Name: "rate", About: "the frame rate", recipe: formats("fps=15", "", nil)},
			{Name: "codec", About: "H.264, then MPEG-2", recipe: formats("", "", []string{"-pix_fmt", "yuv420p", "-c:v", "mpeg2video", "-q:v", "4", "-g", "25"})},
			{Name: "colour", About: "the colour tags: BT.709, then BT.601", recipe: formats("", "", append(defaultVideo(), "-color_primaries", "smpte170m", "-color_trc", "smpte170m", "-colorspace", "smpte170m"))},
			{Name: "none", About: "a discontinuity without a change", Decoy: true, recipe: formats("", "", nil)},
		}},
		{Code: "audio.format_change", About: "the format of the sound changes in mid-stream", Needs: Both, Variants: []Variant{
			{Name: "rate", About: "48 to 44.1 kHz", recipe: formats("", "aresample=44100", nil)},
			{Name: "mono", About: "stereo to mono", recipe: formats("", "pan=mono|c0=0.5*c0+0.5*c1", nil)},
			{Name: "surround", About: "stereo to 5.1", recipe: formats("", "pan=5.1|FL=c0|FR=c1|FC=0.5*c0+0.5*c1|LFE=0.1*c0|BL=0.3*c0|BR=0.3*c1", nil)},
		}},
	}
}

func tsVideo() []string {
	return append(defaultVideo(), "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")
}

// formats makes an HLS stream of two segments with a discontinuity between them; the second is made another way.
func formats(video, audio string, vcodec []string) func(*scene) error {
	return func(s *scene) error {
		half := s.base.Frames / 2
		at := s.at(half)
		s.label.Rule = Rule{Kind: Point, Tolerance: 0.15}
		if !s.label.Decoy {
			s.markTime(at, at+1/s.base.rate())
		}
		if err := os.MkdirAll(s.path(keep), 0o750); err != nil {
			return fmt.Errorf("make %s: %w", keep, err)
		}
		early, late := fmt.Sprintf("trim=end_frame=%d", half), fmt.Sprintf("trim=start_frame=%d,setpts=PTS-STARTPTS", half)
		if video != "" {
			late += "," + video
		}
		soundEarly, soundLate := "atrim=end="+number(at), "atrim=start="+number(at)+",asetpts=PTS-STARTPTS"
		if audio != "" {
			soundLate += "," + audio
		}
		ts := render{vcodec: tsVideo(), acodec: aac(), extra: []string{"-muxdelay", "0", "-f", "mpegts"}}
		ts.video, ts.audio, ts.name = early, soundEarly, keep+"/a.ts"
		if err := s.make(ts); err != nil {
			return err
		}
		ts.video, ts.audio, ts.name, ts.vcodec = late, soundLate, keep+"/b.ts", orElse(vcodec, tsVideo())
		if err := s.make(ts); err != nil {
			return err
		}
		return s.playlist("media.m3u8", []string{"a.ts", "b.ts"}, []float64{at, s.base.Duration - at}, true)
	}
}

// playlist writes a media playlist into the clip's own directory and makes it the clip.
func (s *scene) playlist(name string, segments []string, lengths []float64, discontinuous bool) error {
	var b strings.Builder
	longest := 1.0
	for _, l := range lengths {
		longest = max(longest, l)
	}
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%d\n#EXT-X-PLAYLIST-TYPE:VOD\n", int(longest+0.999))
	for i, segment := range segments {
		if i > 0 && discontinuous {
			b.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		fmt.Fprintf(&b, "#EXTINF:%s,\n%s\n", number(lengths[i]), segment)
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	s.label.Clip = keep + "/" + name
	return s.write(s.label.Clip, b.String())
}

func (s *scene) write(name, body string) error {
	if err := os.WriteFile(s.path(name), []byte(body), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
