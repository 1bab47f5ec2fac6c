package inject

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// maxOutput bounds what is kept of a program's output: the signals of an hour have about 30 MB.
const maxOutput = 256 << 20

// maxComplaint is how much of a program's last words becomes part of an error.
const maxComplaint = 400

// Tool is the ffmpeg command line.
type Tool struct {
	ffmpeg, ffprobe string
	// Version is the first line of ffmpeg -version: part of every cache key.
	Version string
}

// FindTool looks for ffmpeg and ffprobe in PATH.
func FindTool(ctx context.Context) (*Tool, error) {
	t := new(Tool)
	for name, path := range map[string]*string{"ffmpeg": &t.ffmpeg, "ffprobe": &t.ffprobe} {
		found, err := exec.LookPath(name)
		if err != nil {
			return nil, fmt.Errorf("find %s: the bench makes its clips with the ffmpeg command line; install it (Debian: apt-get install ffmpeg) or put it into PATH: %w", name, err)
		}
		*path = found
	}
	out, err := t.output(ctx, t.ffmpeg, "", "-version")
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(out), "\n")
	t.Version = first
	return t, nil
}

// FFmpeg runs ffmpeg in a directory and returns its standard output.
func (t *Tool) FFmpeg(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return t.output(ctx, t.ffmpeg, dir, append([]string{"-v", "error", "-nostdin", "-y"}, args...)...)
}

// Analyse runs ffmpeg for what its filters log: it returns standard error at the level of info.
func (t *Tool) Analyse(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.ffmpeg, append([]string{"-v", "info", "-nostats", "-hide_banner", "-nostdin", "-y"}, args...)...)
	cmd.Dir = dir
	var errs bounded
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run ffmpeg %s: %w: %s", strings.Join(args, " "), err, tail(errs.Bytes()))
	}
	return errs.Bytes(), nil
}

func (t *Tool) output(ctx context.Context, program, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	var out, errs bounded
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("run %s %s: %w: %s", program, strings.Join(args, " "), err, tail(errs.Bytes()))
	}
	return out.Bytes(), nil
}

// bounded is a buffer that takes no more than maxOutput and drops the rest.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxOutput - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

func tail(b []byte) string {
	s := strings.TrimSpace(string(b))
	if len(s) > maxComplaint {
		s = "…" + s[len(s)-maxComplaint:]
	}
	return strings.ToValidUTF8(s, "?")
}

// probe is what ffprobe says of a file's first video and audio track.
type probe struct {
	video, audio  bool
	rateNum, rate int // frames a second are rateNum/rate
	width, height int
	duration      float64
}

var errNoTracks = errors.New("no video and no audio in it")

// Probe asks ffprobe.
func (t *Tool) probe(ctx context.Context, input string) (probe, error) {
	out, err := t.output(ctx, t.ffprobe, "", "-v", "error", "-show_entries",
		"stream=codec_type,width,height,avg_frame_rate,r_frame_rate:format=duration", "-of", "json", input)
	if err != nil {
		return probe{}, err
	}
	var doc struct {
		Streams []struct {
			Type    string `json:"codec_type"`
			Width   int    `json:"width"`
			Height  int    `json:"height"`
			Average string `json:"avg_frame_rate"`
			Base    string `json:"r_frame_rate"`
		} `json:"streams"`
		Format struct {
			Duration string `json:"duration"`
		} `json:"format"`
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return probe{}, fmt.Errorf("decode what ffprobe says of %s: %w", input, err)
	}
	var p probe
	for _, s := range doc.Streams {
		switch {
		case s.Type == "video" && !p.video:
			p.video, p.width, p.height = true, s.Width, s.Height
			if p.rateNum, p.rate = fraction(s.Average); p.rateNum == 0 {
				p.rateNum, p.rate = fraction(s.Base)
			}
		case s.Type == "audio":
			p.audio = true
		}
	}
	if !p.video && !p.audio {
		return p, fmt.Errorf("probe %s: %w", input, errNoTracks)
	}
	p.duration, _ = strconv.ParseFloat(doc.Format.Duration, 64) // "N/A" where the container does not say: then the whole input is taken
	return p, nil
}

// firstTicks is the timestamp of the first picture of a file, in ticks of its time base.
func (t *Tool) firstTicks(ctx context.Context, name string) (int64, error) {
	out, err := t.output(ctx, t.ffprobe, "", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=start_pts", "-of", "default=nw=1:nk=1", name)
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	ticks, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read where %s begins: %w", name, err)
	}
	return ticks, nil
}

// fraction reads "30000/1001"; 0, 1 for what is none.
func fraction(s string) (num, den int) {
	a, b, _ := strings.Cut(s, "/")
	num, _ = strconv.Atoi(a)
	den, _ = strconv.Atoi(b)
	if num <= 0 || den <= 0 {
		return 0, 1
	}
	return num, den
}
