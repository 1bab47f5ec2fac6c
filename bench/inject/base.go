package inject

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// Bounds of what is prepared: a bench clip is small, and a whole film would fill the disk.
const (
	maxWidth, maxHeight = 1920, 1080
	// MaxLength is the longest base in seconds.
	MaxLength = 600
	// shortest base that anything can be put into, in seconds.
	minLength = 2
)

// Cut says which part of an input becomes a base, and how large.
type Cut struct {
	// Start and Length are in seconds; a Length of 0 is all of it, MaxLength at most.
	Start, Length float64
	// Width and Height bound the picture; 0 keeps it, up to 1920x1080.
	Width, Height int
}

// Base is a clip ready for injection: constant frame rate, 8-bit 4:2:0, 48 kHz stereo, and what is known of its content.
type Base struct {
	Path          string
	Source        Source
	Width, Height int
	// RateNum and RateDen are frames a second; 0, 1 without a picture.
	RateNum, RateDen int
	Frames           int
	Duration         float64
	Video, Audio     bool
	content          content
}

// rate is frames a second.
func (b *Base) rate() float64 { return float64(b.RateNum) / float64(b.RateDen) }

// Prepare makes a base of an input, a path or "synthetic:NAME", as a file in dir.
func Prepare(ctx context.Context, t *Tool, input string, cut Cut, dir string) (*Base, error) {
	s, drawn, err := synthetic(input)
	if err != nil {
		return nil, err
	}
	b := &Base{Path: filepath.Join(dir, "base.mkv"), Source: Source{Input: input, Start: cut.Start}}
	if drawn {
		err = b.draw(ctx, t, s, cut)
	} else {
		err = b.normalise(ctx, t, input, cut)
	}
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", input, err)
	}
	return b, b.examine(ctx, t)
}

// OpenBase reads back a base that Prepare has made.
func OpenBase(ctx context.Context, t *Tool, path string, source Source) (*Base, error) {
	b := &Base{Path: path, Source: source}
	return b, b.examine(ctx, t)
}

func (b *Base) draw(ctx context.Context, t *Tool, s Synthetic, cut Cut) error {
	length := cut.Length
	if length == 0 {
		length = 14
	}
	args := append(s.inputs(), "-t", number(length))
	if cut.Width > 0 && cut.Height > 0 {
		args = append(args, "-vf", fmt.Sprintf("scale=%d:%d:force_original_aspect_ratio=decrease:force_divisible_by=2", min(cut.Width, drawnWidth), min(cut.Height, drawnHeight)))
	}
	args = append(args, mezzanine()...)
	_, err := t.FFmpeg(ctx, "", append(args, b.Path)...)
	return err
}

// mezzanine is how bases are coded: near to lossless, so that the defect is the only damage.
func mezzanine() []string {
	return []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-g", "50", "-c:a", "pcm_s16le",
		"-threads", "1", "-fflags", "+bitexact", "-f", "matroska"}
}

func (b *Base) normalise(ctx context.Context, t *Tool, input string, cut Cut) error {
	p, err := t.probe(ctx, input)
	if err != nil {
		return err
	}
	if cut.Length == 0 || cut.Length > MaxLength {
		cut.Length = MaxLength
	}
	args := []string{"-ss", number(cut.Start), "-i", input, "-t", number(cut.Length), "-map_metadata", "-1", "-sn", "-dn"}
	if p.video {
		args = append(args, "-map", "0:v:0", "-vf", p.picture(cut))
	}
	if p.audio {
		args = append(args, "-map", "0:a:0", "-af", "aresample=48000:async=1000:first_pts=0,aformat=sample_fmts=s16:channel_layouts=stereo")
	}
	_, err = t.FFmpeg(ctx, "", append(append(args, mezzanine()...), b.Path)...)
	return err
}

// picture is the filter that makes the rate constant and the size even and no larger than asked for.
func (p probe) picture(cut Cut) string {
	if cut.Width == 0 || cut.Height == 0 {
		cut.Width, cut.Height = maxWidth, maxHeight
	}
	rate := "25"
	if p.rateNum > 0 && p.rateNum <= 120*p.rate {
		rate = fmt.Sprintf("%d/%d", p.rateNum, p.rate)
	}
	return fmt.Sprintf("fps=%s:start_time=0,scale='trunc(min(iw,min(%d,%d*dar))/2)*2':'trunc(min(ih,min(%d,%d/dar))/2)*2':flags=lanczos,setsar=1",
		rate, cut.Width, cut.Height, cut.Height, cut.Width)
}

// examine probes the base and measures its content.
func (b *Base) examine(ctx context.Context, t *Tool) error {
	p, err := t.probe(ctx, b.Path)
	if err != nil {
		return err
	}
	if p.duration < minLength {
		return fmt.Errorf("prepare %s: %s s are too short: a base has %d s at least", b.Source.Input, number(p.duration), minLength)
	}
	b.Width, b.Height, b.RateNum, b.RateDen = p.width, p.height, p.rateNum, p.rate
	b.Video, b.Audio, b.Duration = p.video, p.audio, p.duration
	if b.Source.SHA256, err = hashFile(b.Path); err != nil {
		return err
	}
	if err := b.content.load(ctx, t, b); err != nil {
		return fmt.Errorf("measure the content of %s: %w", b.Source.Input, err)
	}
	b.Frames = len(b.content.Luma)
	if b.Video {
		b.Duration = float64(b.Frames) / b.rate()
	}
	return nil
}

func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("hash base: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("hash base: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// number writes a float for a command line: at most six decimals, no exponent.
func number(f float64) string {
	return strconv.FormatFloat(round6(f), 'f', -1, 64)
}
