package origin

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Recipe is what the ffmpeg command line makes a clip of.
type Recipe struct {
	// Input is a file; its first Seconds are used. When it is empty, Picture and Sound are drawn by filters: "testsrc2=s=320x180:r=25", "anoisesrc=r=48000".
	Input, Picture, Sound string
	// Seconds is the length of the clip. Multiples of 8 hold whole frames of AAC at 48 kHz, so that nothing is lost where the clip begins anew.
	Seconds int
	// Segment is the length of a segment in seconds, and GOP that of a group of pictures, in frames at 25 a second.
	Segment int
	// Container is TS or FMP4.
	Container Container
	// Heights are those of the variants, all 16:9; 0 entries make one of 90 lines.
	Heights []int
	// PictureFilter and SoundFilter are put before the coding: "drawbox=t=fill", "volume=0".
	PictureFilter, SoundFilter string
	// Apart puts the sound into a playlist of its own instead of each variant.
	Apart bool
}

const (
	recipeRate = 25 // frames a second
	// aacDelay is the frame that FFmpeg's encoder puts before the sound: without it the clip has as many frames as fit.
	aacDelay = 1024
	// What is drawn has no finding of its own: colours that every screen has, and sound that is no tone and differs between the channels.
	recipePicture = "testsrc2=s=320x180:r=25,hue=s=0.6"
	recipeSound   = "anoisesrc=color=pink:amplitude=0.2:seed=1:r=48000[l];anoisesrc=color=pink:amplitude=0.2:seed=2:r=48000[r];[l][r]join=inputs=2:channel_layout=stereo"
)

func (r Recipe) withDefaults() Recipe {
	if r.Picture == "" {
		r.Picture = recipePicture
	}
	if r.Sound == "" {
		r.Sound = recipeSound
	}
	if r.Seconds <= 0 {
		r.Seconds = 24
	}
	if r.Segment <= 0 {
		r.Segment = 2
	}
	if r.Container == "" {
		r.Container = TS
	}
	if len(r.Heights) == 0 {
		r.Heights = []int{90}
	}
	return r
}

// FindTool looks for ffmpeg in PATH.
func FindTool() (string, error) {
	tool, err := exec.LookPath("ffmpeg")
	if err != nil {
		return "", fmt.Errorf("find ffmpeg: install it (Debian: apt-get install ffmpeg), or use a directory with a finished HLS stream: %w", err)
	}
	return tool, nil
}

// Make runs ffmpeg, whose path is tool, and loads what it writes into dir, which must be there and empty.
func Make(ctx context.Context, tool, dir string, r Recipe) (*Clip, error) {
	r = r.withDefaults()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("make clip: %w", err)
	}
	cmd := exec.CommandContext(ctx, tool, r.arguments()...)
	var complaint bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("make clip: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	clip, err := Load(dir)
	if err != nil {
		return nil, fmt.Errorf("load clip: %w", err)
	}
	for i := range clip.Tracks {
		if clip.Tracks[i].Media == "video" {
			clip.Tracks[i].FrameRate = recipeRate
		}
	}
	return clip, nil
}

func (r Recipe) arguments() []string {
	args := []string{"-v", "error", "-nostdin", "-y"}
	if r.Input != "" {
		args = append(args, "-i", absolute(r.Input))
	} else {
		args = append(args, "-f", "lavfi", "-i", r.Picture, "-f", "lavfi", "-i", r.Sound)
	}
	sound := "1:a:0"
	if r.Input != "" {
		sound = "0:a:0"
	}
	var streams []string
	for i, height := range r.Heights {
		args = append(args, "-map", "0:v:0", fmt.Sprintf("-filter:v:%d", i), fmt.Sprintf("%sscale=%d:%d,fps=%d,format=yuv420p", before(r.PictureFilter), height*16/9&^1, height&^1, recipeRate))
		if r.Apart {
			streams = append(streams, fmt.Sprintf("v:%d,agroup:audio,name:v%d", i, i))
			continue
		}
		args = append(args, "-map", sound)
		streams = append(streams, fmt.Sprintf("v:%d,a:%d,name:v%d", i, i, i))
	}
	if r.Apart {
		args = append(args, "-map", sound)
		streams = append(streams, "a:0,agroup:audio,name:a0,language:eng")
	}
	gop := fmt.Sprint(recipeRate * r.Segment)
	args = append(args, "-t", fmt.Sprint(r.Seconds), "-c:v", "libx264", "-preset", "veryfast", "-threads", "1", "-bf", "0", "-g", gop, "-keyint_min", gop, "-sc_threshold", "0",
		"-filter:a", fmt.Sprintf("%saresample=48000,atrim=end_sample=%d", before(r.SoundFilter), r.Seconds*48000-aacDelay), "-c:a", "aac", "-ac", "2", "-b:a", "64k",
		"-f", "hls", "-hls_time", fmt.Sprint(r.Segment), "-hls_list_size", "0", "-hls_playlist_type", "vod", "-master_pl_name", "master.m3u8",
		"-var_stream_map", strings.Join(streams, " "))
	if r.Container == FMP4 {
		args = append(args, "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init_%v.mp4", "-hls_segment_filename", "%v_%d.m4s")
	} else {
		args = append(args, "-hls_segment_filename", "%v_%d.ts")
	}
	return append(args, "%v.m3u8")
}

// before puts a filter in front of others.
func before(filter string) string {
	if filter == "" {
		return ""
	}
	return filter + ","
}

// absolute is a path that means the same from another directory.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// Open makes a clip of what a user names: a directory with a finished HLS stream, or a file that ffmpeg reads, coded anew into scratch.
func Open(ctx context.Context, tool, path, scratch string, r Recipe) (*Clip, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open media: %w", err)
	}
	if info.IsDir() {
		return Load(path)
	}
	r.Input = path
	return Make(ctx, tool, scratch, r)
}
