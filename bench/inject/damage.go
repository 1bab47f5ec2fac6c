package inject

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func damageDefects() []Defect {
	return []Defect{
		{Code: "video.corruption", About: "parts of the picture are destroyed", Variants: []Variant{
			{Name: "h264", About: "bytes of an H.264 stream are changed", Revision: 2, recipe: damaged("h264")},
			{Name: "hevc", About: "bytes of an HEVC stream are changed", Revision: 2, recipe: damaged("hevc")},
			{Name: "vp9", About: "bytes of a VP9 stream are changed", Revision: 2, recipe: damaged("vp9")},
			{Name: "mpeg2", About: "bytes of an MPEG-2 stream are changed", Revision: 2, recipe: damaged("mpeg2")},
			{Name: "baked", About: "a damaged HEVC stream, decoded and coded anew: no decoder complains", Revision: 2, recipe: baked},
			{Name: "blocks", About: "blocks of other parts of the picture, pasted on the grid", Revision: 1, recipe: pasted},
			{Name: "green", About: "rows filled with what a decoder leaves when it has nothing", Revision: 1, recipe: green},
			{Name: "mosaic", About: "a face behind a mosaic", Decoy: true, recipe: mosaic},
			{Name: "cuts", About: "fast cutting", Decoy: true, recipe: fastCuts},
		}},
		{Code: "video.decode_error", About: "a decoder meets bytes that it cannot use", Variants: []Variant{
			{Name: "h264", About: "bytes of an H.264 stream are changed", Revision: 2, recipe: damaged("h264")},
			{Name: "mpeg2", About: "bytes of an MPEG-2 stream are changed", Revision: 2, recipe: damaged("mpeg2")},
		}},
	}
}

// stream is how a codec's stream is made, put into MPEG-TS or Matroska, and damaged.
type stream struct {
	vcodec []string
	filter string // bitstream filter before the noise
	ext    string
	amount [2]float64 // bytes between two that are changed, for strength 0 and 1
}

func streamOf(codec string, gop int) stream {
	g := strconv.Itoa(gop)
	switch codec {
	case "hevc":
		return stream{[]string{"-pix_fmt", "yuv420p", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=" + g}, "hevc_mp4toannexb,", "ts", [2]float64{900, 200}}
	case "vp9":
		return stream{[]string{"-pix_fmt", "yuv420p", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1500k", "-g", g}, "", "webm", [2]float64{2500, 600}}
	case "mpeg2":
		return stream{[]string{"-pix_fmt", "yuv420p", "-c:v", "mpeg2video", "-q:v", "4", "-g", g}, "", "ts", [2]float64{2500, 400}}
	}
	return stream{[]string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", g}, "h264_mp4toannexb,", "ts", [2]float64{1500, 250}}
}

// damaged changes bytes of the packets in one or two groups of pictures. The truth is where its decode differs from that of the sound stream.
func damaged(codec string) func(*scene) error {
	return func(s *scene) error {
		name, err := s.damage(codec, "")
		s.label.Clip = name
		return err
	}
}

func (s *scene) damage(codec, suffix string) (string, error) {
	s.label.Rule = Rule{Kind: Cover, Tolerance: 1}
	s.label.Accept = otherOf(s.label.Code, "video.corruption", "video.decode_error")
	s.label.Along = []string{"video.range", "timestamp.gap", "timestamp.backward", "video.freeze", "video.repeat", "video.dropped_frames", "video.duplicate_frames"}
	gop := s.frames(1)
	st := streamOf(codec, gop)
	a, b, err := s.span(s.frames(s.by(0.8, 2)), s.frames(1.5), s.bright)
	if err != nil {
		return "", err
	}
	sound, name := "sound."+st.ext, "clip"+suffix+"."+st.ext
	if err := s.make(render{vcodec: st.vcodec, noAudio: true, name: sound}); err != nil {
		return "", err
	}
	amount := int(s.by(st.amount[0], st.amount[1]))
	s.param("codec", codec)
	s.param("noise_amount", amount)
	err = s.run("-i", sound, "-c", "copy", "-bsf:v", fmt.Sprintf("%snoise=amount='if(between(n,%d,%d),%d,0)'", st.filter, a, b-1, amount), name)
	if err != nil {
		return "", err
	}
	return name, s.compare(name, sound)
}

func otherOf(code string, codes ...string) []string {
	var list []string
	for _, c := range codes {
		if c != code {
			list = append(list, c)
		}
	}
	return list
}

// visible is the PSNR below which a person sees the damage, in dB: half of a percent of the picture destroyed by 40 code values has 39 dB.
const visible = 36

// compare marks where the decode of a clip differs visibly from that of the sound stream; gaps up to half a second belong to the damage.
func (s *scene) compare(clip, sound string) error {
	const stats = "psnr.log"
	// Damage may make the decoder believe in another size, and loses pictures. Both go through the same grid of times: a rate that is no whole number of ticks
	// would otherwise put the one a picture beside the other from the start on.
	grid := s.fill() + ":start_time=0"
	_, err := s.tool.FFmpeg(s.ctx, s.dir, "-i", clip, "-i", sound, "-an", "-lavfi",
		fmt.Sprintf("[0:v]scale=%d:%d,%[3]s[x];[1:v]%[3]s[y];[x][y]psnr=stats_file=%[4]s:eof_action=endall", s.base.Width, s.base.Height, grid, stats), "-f", "null", "-")
	if err != nil {
		return err
	}
	body, err := os.ReadFile(s.path(stats))
	if err != nil {
		return fmt.Errorf("read what psnr says: %w", err)
	}
	join, from, last := s.frames(0.5), -1, -1
	for n, psnr := range psnrs(body) {
		if psnr >= visible {
			continue
		}
		if from >= 0 && n-last > join {
			s.mark(from, last+1)
			from = -1
		}
		if from < 0 {
			from = n
		}
		last = n
	}
	if from >= 0 {
		s.mark(from, last+1)
	}
	kept := s.label.Intervals[:0]
	for _, iv := range s.label.Intervals {
		if iv.End-iv.Start >= 0.12 {
			kept = append(kept, iv)
		}
	}
	if s.label.Intervals = kept; len(kept) == 0 {
		return s.hidden("the decoder concealed the damage")
	}
	return nil
}

// psnrs reads the luma column of the stats file of ffmpeg's psnr; "inf" is parsed as infinity.
func psnrs(body []byte) []float64 {
	var list []float64
	for line := range bytes.Lines(body) {
		for _, field := range strings.Fields(string(line)) {
			value, ok := strings.CutPrefix(field, "psnr_y:")
			if !ok {
				continue
			}
			if f, err := strconv.ParseFloat(value, 64); err == nil {
				list = append(list, f)
			}
		}
	}
	return list
}

func baked(s *scene) error {
	name, err := s.damage("hevc", "-damaged")
	if err != nil {
		return err
	}
	s.label.Accept = nil
	s.label.Clip = "clip.mkv"
	return s.run("-i", name, "-an", "-vf", s.fill(), "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-g", "50", "-fflags", "+bitexact", s.label.Clip)
}

// pasted shows, in random blocks of 16x16 samples that change four times a second, the picture as it is 96 samples to the left.
func pasted(s *scene) error {
	s.label.Rule = Rule{Kind: Cover, Tolerance: 0.6}
	a, b, err := s.span(s.frames(s.by(0.6, 2)), s.frames(1), s.lively, s.bright, s.detailed)
	if err != nil {
		return err
	}
	s.mark(a, b)
	share := s.by(0.02, 0.12)
	s.param("share_of_blocks", share)
	w, h := (s.base.Width+15)/16, (s.base.Height+15)/16
	// The luma of the mask masks all three planes.
	mask := fmt.Sprintf("color=black:s=%dx%d:r=4,format=gray,geq=lum='if(lt(random(1),%s),255,0)',scale=%d:%d:flags=neighbor,crop=%d:%d:0:0,%s,format=gray,mergeplanes=0x000000:yuv444p[mask]",
		w, h, number(share), w*16, h*16, s.base.Width, s.base.Height, s.fill())
	// Both come at the same times to the tick: else the filters would see some pictures twice, and count them.
	return s.render(render{graph: fmt.Sprintf("%s;[0:v]%s,format=yuv444p,split=3[x][y][z];[y]scroll=hpos=0.15[shifted];[x][shifted][mask]maskedmerge[broken];[z][broken]overlay=shortest=1:format=yuv444:%s,format=yuv420p[v]%s",
		mask, s.fill(), on(a, b), s.sound())})
}

// green fills rows of blocks with zeros in all planes, which show as green, for a few frames at a time.
func green(s *scene) error {
	s.label.Rule = Rule{Kind: Cover, Tolerance: 0.6}
	a, b, err := s.span(s.frames(s.by(0.6, 2)), s.frames(1), s.bright)
	if err != nil {
		return err
	}
	s.mark(a, b)
	s.label.Along = []string{"video.range"} // what a decoder leaves is no legal colour
	boxes := []string{s.fill(), "format=gray"}
	for n := a; n < b; {
		length := 2 + s.rng.IntN(5)
		row := s.rng.IntN(s.base.Height/16-3) * 16
		left := s.rng.IntN(s.base.Width/32) * 16
		boxes = append(boxes, fmt.Sprintf("drawbox=x=%d:y=%d:w=iw:h=%d:t=fill:color=white:%s", left, row, 16*(1+int(s.by(0, 4))), on(n, min(b, n+length))))
		n += length
	}
	mask := fmt.Sprintf("color=black:s=%dx%d:r=25,%s,lut=c0='gt(val,127)*255',mergeplanes=0x000000:yuv444p[mask]", s.base.Width, s.base.Height, strings.Join(boxes, ","))
	nothing := fmt.Sprintf("color=black:s=%dx%d:r=25,%s,format=yuv444p,lutyuv=y=0:u=0:v=0[nothing]", s.base.Width, s.base.Height, s.fill())
	return s.render(render{graph: fmt.Sprintf("%s;%s;[0:v]%s,format=yuv444p[x];[x][nothing][mask]maskedmerge,format=yuv420p[y];[y]trim=end_frame=%d[v]%s",
		mask, nothing, s.fill(), s.base.Frames, s.sound())})
}

func mosaic(s *scene) error {
	a, b, err := s.span(s.frames(4), s.frames(1), s.lively, s.bright)
	if err != nil {
		return err
	}
	return s.render(render{graph: fmt.Sprintf(
		"[0:v]split[x][y];[y]crop=128:128:iw*0.4:ih*0.3,scale=8:8:flags=area,scale=128:128:flags=neighbor[m];[x][m]overlay=x=W*0.4:y=H*0.3:%s,format=yuv420p[v]%s", on(a, b), s.sound())})
}

// fastCuts jumps to another place of the base every 0.4 s, forwards and back.
func fastCuts(s *scene) error {
	n := s.frames(0.4)
	return s.render(render{graph: fmt.Sprintf(
		"[0:v]split[x][y];[y]trim=start_frame=%d,setpts=PTS-STARTPTS,hflip[late];[x][late]overlay=eof_action=pass:enable='lt(mod(n,%d),%d)',format=yuv420p[v]%s",
		s.base.Frames/2, 2*n, n, s.sound())})
}
