package inject

import (
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"aircheck/internal/need"
)

// every runs all variants of all defects, five minutes, instead of one for each kind of recipe: the short accuracy run injects the first of each defect anyway.
var every = flag.Bool("every", false, "inject every variant")

func chosen(code string) bool {
	switch code {
	case "video.black", "video.corruption", "video.format_change", "audio.dropout", "audio.true_peak", "reference.psnr":
		return true
	}
	return *every
}

func tool(t *testing.T) *Tool {
	t.Helper()
	need.Tool(t, "ffmpeg")
	need.Tool(t, "ffprobe")
	found, err := FindTool(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestInject: every defect can be put into one of the synthetic bases, and its label can be read back and is about the clip.
func TestInject(t *testing.T) {
	tl := tool(t)
	bases := &bases{t: t, tool: tl, made: map[string]*Base{}}
	for _, d := range Defects() {
		for i, v := range d.Variants {
			if i > 0 && !*every || !chosen(d.Code) {
				break
			}
			t.Run(d.Code+"/"+v.Name, func(t *testing.T) {
				l, dir := bases.inject(t, d.Code, v)
				read, err := ReadLabel(dir)
				if err != nil {
					t.Fatal(err)
				}
				if read.Clip != l.Clip || read.Code != d.Code || len(read.Intervals) != len(l.Intervals) {
					t.Errorf("read back %+v, want %+v", read, l)
				}
				holdLabel(t, tl, dir, read)
			})
		}
	}
}

// holdLabel holds a label against its clip.
func holdLabel(t *testing.T, tl *Tool, dir string, l *Label) {
	t.Helper()
	if l.Decoy != (len(l.Intervals) == 0) {
		t.Errorf("decoy is %t and there are %d intervals", l.Decoy, len(l.Intervals))
	}
	p, err := tl.probe(t.Context(), filepath.Join(dir, l.Clip))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(p.duration-l.Duration) > 1.1 {
		t.Errorf("the clip has %.2f s, its label says %.2f", p.duration, l.Duration)
	}
	for _, iv := range l.Intervals {
		if iv.Start < 0 || iv.End <= iv.Start || iv.End > l.Duration+0.2 {
			t.Errorf("interval %v-%v of %v s", iv.Start, iv.End, l.Duration)
		}
	}
}

// bases makes synthetic bases once.
type bases struct {
	t    *testing.T
	tool *Tool
	made map[string]*Base
}

func (b *bases) get(t *testing.T, name string, seconds float64) *Base {
	t.Helper()
	key := name
	if seconds > 14 {
		key += "-long"
	}
	if b.made[key] == nil {
		base, err := Prepare(t.Context(), b.tool, syntheticPrefix+name, Cut{Length: max(seconds, 14)}, b.t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		b.made[key] = base
	}
	return b.made[key]
}

// inject tries the synthetic bases in turn until one does not hide the defect.
func (b *bases) inject(t *testing.T, code string, v Variant) (*Label, string) {
	t.Helper()
	for seed, name := range []string{"pan", "zoom", "graphics", "pan50", "night"} {
		dir := t.TempDir()
		l, err := Inject(t.Context(), b.tool, b.get(t, name, v.MinSeconds()), Request{Code: code, Variant: v.Name, Seed: uint64(seed), Strength: math.NaN(), Out: dir})
		if err == nil {
			return l, dir
		}
		if !errors.Is(err, ErrHidden) {
			t.Fatal(err)
		}
		t.Log(err)
	}
	t.Fatal("every synthetic base hides it")
	return nil, ""
}

// TestInjectIsSeeded: one seed, one clip; another seed, another.
func TestInjectIsSeeded(t *testing.T) {
	tl := tool(t)
	base, err := Prepare(t.Context(), tl, syntheticPrefix+"zoom", Cut{Length: 6, Width: 160, Height: 90}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sum := func(seed uint64) string {
		dir := t.TempDir()
		l, err := Inject(t.Context(), tl, base, Request{Code: "audio.click", Seed: seed, Strength: 0.5, Out: dir})
		if err != nil {
			t.Fatal(err)
		}
		h, err := hashFile(filepath.Join(dir, l.Clip))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if one, again, other := sum(1), sum(1), sum(2); one != again || one == other {
		t.Errorf("seed 1: %s and %s, seed 2: %s", one, again, other)
	}
}

// TestHiddenDefect: black cannot be blurred, and silence cannot drop out.
func TestHiddenDefect(t *testing.T) {
	tl := tool(t)
	dir := t.TempDir()
	dark := filepath.Join(dir, "dark.mkv")
	if _, err := tl.FFmpeg(t.Context(), dir, "-f", "lavfi", "-i", "color=black:s=64x64:r=25", "-f", "lavfi", "-i", "anullsrc=r=48000", "-t", "8", dark); err != nil {
		t.Fatal(err)
	}
	base, err := Prepare(t.Context(), tl, dark, Cut{}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"video.blur", "video.black", "video.freeze", "audio.dropout", "audio.silence"} {
		if _, err := Inject(t.Context(), tl, base, Request{Code: code, Seed: 1, Strength: 1, Out: t.TempDir()}); !errors.Is(err, ErrHidden) {
			t.Errorf("%s into black and silence: %v", code, err)
		}
	}
	mute := filepath.Join(dir, "mute.mkv")
	if _, err := tl.FFmpeg(t.Context(), dir, "-i", dark, "-an", mute); err != nil {
		t.Fatal(err)
	}
	if base, err = Prepare(t.Context(), tl, mute, Cut{}, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if _, err := Inject(t.Context(), tl, base, Request{Code: "audio.tone", Seed: 1, Out: t.TempDir()}); !errors.Is(err, ErrLacks) {
		t.Errorf("a tone into a clip without sound: %v", err)
	}
}

func TestFind(t *testing.T) {
	if _, v, err := Find("video.black", ""); err != nil || v.Name != "cut" {
		t.Errorf("video.black: %v, %v", v.Name, err)
	}
	for _, bad := range [][2]string{{"video.blak", ""}, {"video.black", "grey"}} {
		if _, _, err := Find(bad[0], bad[1]); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}

func TestReadLabelRefuses(t *testing.T) {
	for name, body := range map[string]string{"garbage": "{", "foreign": `{"v":999}`} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, LabelFile), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadLabel(dir); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
