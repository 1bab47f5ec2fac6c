package inject

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
)

// ErrHidden says that the base has no place that could show the defect: black cannot be blurred.
var ErrHidden = errors.New("the base hides the defect")

// ErrLacks says that the base lacks the kind of track that the defect is put into.
var ErrLacks = errors.New("the base has no such track")

// places is how many seeded places are tried before the base counts as hiding the defect.
const places = 400

// scene is one injection at work: a base, a seed, and the label that is being written.
type scene struct {
	ctx      context.Context
	tool     *Tool
	base     *Base
	rng      *rand.Rand
	strength float64
	dir      string
	label    *Label
}

// param notes a parameter in the label.
func (s *scene) param(name string, value any) {
	if f, ok := value.(float64); ok {
		value = round6(f)
	}
	s.label.Parameters[name] = value
}

// by interpolates between what is just worth reporting (strength 0) and what is gross (strength 1).
func (s *scene) by(weak, gross float64) float64 { return weak + (gross-weak)*s.strength }

// frames turns seconds into whole frames, one at least.
func (s *scene) frames(seconds float64) int { return max(1, int(math.Round(seconds*s.base.rate()))) }

// at is the time of a frame.
func (s *scene) at(frame int) float64 { return round6(float64(frame) / s.base.rate()) }

// mark adds [from, to) in frames to the label.
func (s *scene) mark(from, to int) { s.markTime(s.at(from), s.at(to)) }

func (s *scene) markTime(from, to float64) {
	s.label.Intervals = append(s.label.Intervals, Interval{Start: round6(from), End: round6(to)})
}

func (s *scene) markValue(from, to, value float64) {
	value = round6(value)
	s.label.Intervals = append(s.label.Intervals, Interval{Start: round6(from), End: round6(to), Value: &value})
}

// whole marks the whole clip.
func (s *scene) whole() { s.markTime(0, s.base.Duration) }

func (s *scene) hidden(why string) error {
	return fmt.Errorf("inject %s (%s) into %s: %w: %s", s.label.Code, s.label.Variant, s.base.Source.Input, ErrHidden, why)
}

// span picks [a, a+length) of frames, margin away from both ends, where every test holds. A test says what is wrong with a place, or "".
func (s *scene) span(length, margin int, tests ...func(a, b int) string) (a, b int, err error) {
	last := s.base.Frames - margin - length
	if last < margin {
		return 0, 0, s.hidden(fmt.Sprintf("%d frames do not hold %d with a margin of %d", s.base.Frames, length, margin))
	}
	why := ""
	for range places {
		a = margin + s.rng.IntN(last-margin+1)
		if why = first(a, a+length, tests); why == "" {
			return a, a + length, nil
		}
	}
	return 0, 0, s.hidden(why)
}

// spanTime is span in seconds of sound.
func (s *scene) spanTime(length, margin float64, tests ...func(a, b float64) string) (a, b float64, err error) {
	last := s.base.Duration - margin - length
	if last < margin {
		return 0, 0, s.hidden(fmt.Sprintf("%s s do not hold %s s with a margin of %s s", number(s.base.Duration), number(length), number(margin)))
	}
	why := ""
	for range places {
		a = math.Round((margin+s.rng.Float64()*(last-margin))*1000) / 1000
		if why = first(a, a+length, tests); why == "" {
			return a, round6(a + length), nil
		}
	}
	return 0, 0, s.hidden(why)
}

func first[T any](a, b T, tests []func(a, b T) string) string {
	for _, test := range tests {
		if why := test(a, b); why != "" {
			return why
		}
	}
	return ""
}

// lively asks for motion in the place and on both sides of it, and for no cut at its borders that would make them ambiguous.
func (s *scene) lively(a, b int) string {
	half := s.frames(0.5)
	for _, r := range [][2]int{{a - half, a}, {a, b}, {b, b + half}} {
		if m := over(s.base.content.Motion, r[0], r[1], 0.3); !(m >= 0.5) {
			return "there is too little motion"
		}
	}
	return ""
}

// bright asks for a picture that is clearly not black.
func (s *scene) bright(a, b int) string {
	second := s.frames(1)
	if l := over(s.base.content.Luma, a-second, b+second, 0); !(l >= 45) {
		return "the picture is too dark"
	}
	return ""
}

// detailed asks for edges.
func (s *scene) detailed(a, b int) string {
	if d := over(s.base.content.Detail, a, b, 0.1); !(d >= 24) {
		return "the picture has too little detail"
	}
	return ""
}

// legal asks for levels in range.
func (s *scene) legal(int, int) string {
	if n := len(s.base.content.Stray); over(s.base.content.Stray, 0, n, 0.95) > 0.002 {
		return "its levels are out of range already"
	}
	return ""
}

// loud asks for sound above a level around and in the place, so that its absence can be heard.
func (s *scene) loud(dB float64) func(a, b float64) string {
	return func(a, b float64) string {
		c := &s.base.content
		for _, r := range [][2]float64{{a - 0.3, a}, {b, b + 0.3}, {a, b}} {
			if c.level(r[0], r[1], 0.8) < dB { // syllables and notes have pauses between them
				return "the sound is too quiet"
			}
		}
		for _, edge := range []float64{a, b} {
			if c.level(edge-0.05, edge+0.05, 0.1) < dB-14 {
				return "the sound pauses at the edge"
			}
		}
		return ""
	}
}

// on is a timeline expression for the frames [a, b).
func on(a, b int) string { return fmt.Sprintf("enable='between(n,%d,%d)'", a, b-1) }

// during is a timeline expression for [a, b) seconds.
func during(a, b float64) string {
	return fmt.Sprintf("enable='gte(t,%s)*lt(t,%s)'", number(a), number(b))
}

// render says how a clip is made of the base.
type render struct {
	// video and audio are filter chains; graph replaces both by a whole graph from [0:v] and [0:a] to [v] and [a].
	video, audio, graph string
	// inputs come after the base.
	inputs []string
	// vcodec and acodec replace how the clip is coded; extra goes before the output's name.
	vcodec, acodec, extra []string
	noVideo, noAudio      bool
	// name of the clip; clip.mkv when empty.
	name string
}

// defaultVideo and defaultAudio are how clips are coded where the defect does not ask for something else.
func defaultVideo() []string {
	return []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-g", "50"}
}

func defaultAudio() []string { return []string{"-c:a", "pcm_s16le"} }

func aac() []string { return []string{"-c:a", "aac", "-b:a", "192k", "-aac_pns", "0"} }

// render makes the clip and names it in the label.
func (s *scene) render(r render) error {
	if r.name == "" {
		r.name = "clip.mkv"
	}
	s.label.Clip = r.name
	return s.make(r)
}

func (s *scene) make(r render) error {
	video, audio := s.base.Video && !r.noVideo, s.base.Audio && !r.noAudio
	args := append([]string{"-i", "base.mkv"}, r.inputs...)
	if graph := r.filters(video, audio); graph != "" {
		args = append(args, "-filter_complex", graph)
	}
	if video {
		args = append(args, "-map", "[v]")
		args = append(args, orElse(r.vcodec, defaultVideo())...)
	}
	if audio {
		args = append(args, "-map", "[a]")
		args = append(args, orElse(r.acodec, defaultAudio())...)
	}
	// One thread: what coders make depends on how many they have, and the bench runs several at a time.
	args = append(args, "-map_metadata", "-1", "-fflags", "+bitexact", "-threads", "1")
	args = append(args, r.extra...)
	return s.run(append(args, r.name)...)
}

func orElse(list, fallback []string) []string {
	if list == nil {
		return fallback
	}
	return list
}

// exact takes the sound of the base. Matroska keeps milliseconds: expressions of t would jump at every packet.
const exact = "[0:a]asetpts=N/SR/TB,"

func (r render) filters(video, audio bool) string {
	if r.graph != "" {
		return strings.ReplaceAll(r.graph, "[0:a]", exact)
	}
	var parts []string
	if video {
		parts = append(parts, "[0:v]"+chain(r.video, "null")+"[v]")
	}
	if audio {
		parts = append(parts, exact+chain(r.audio, "anull")+"[a]")
	}
	return strings.Join(parts, ";")
}

func chain(filters, none string) string {
	if filters == "" {
		return none
	}
	return filters
}

// run calls ffmpeg in the scene's directory and notes the command.
func (s *scene) run(args ...string) error {
	s.label.Commands = append(s.label.Commands, append([]string{"ffmpeg"}, args...))
	if _, err := s.tool.FFmpeg(s.ctx, s.dir, args...); err != nil {
		return fmt.Errorf("inject %s (%s): %w", s.label.Code, s.label.Variant, err)
	}
	return nil
}

func (s *scene) path(name string) string { return filepath.Join(s.dir, name) }
