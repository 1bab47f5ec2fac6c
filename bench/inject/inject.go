// Package inject puts defects into clips, so that one knows what is in them: it is what the accuracy of detectors is measured with, and what a user
// tries a profile with. Times and strengths come from a seed; every clip comes with a label that says what is where.
//
// It runs the ffmpeg command line and imports nothing of aircheck: the truth must not come from what it is held against.
package inject

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Needs says which tracks a defect is put into.
type Needs int

// The tracks that a base must have.
const (
	Picture Needs = iota
	Sound
	Both
)

// Defect is what can be injected under one code.
type Defect struct {
	Code     string
	About    string
	Needs    Needs
	Variants []Variant
}

// Variant is one way in which the defect happens, or a decoy that only resembles it.
type Variant struct {
	Name  string
	About string
	Decoy bool
	// Seconds is how long a base has to be; 0 is shortSeconds.
	Seconds float64
	// Revision counts the changes to what the recipe makes or labels: clips of another revision are made anew.
	Revision int
	recipe   func(*scene) error
}

// shortSeconds is the length of a base that most defects are content with.
const shortSeconds = 12

// MinSeconds is the shortest base that is long enough for the variant.
func (v Variant) MinSeconds() float64 {
	if v.Seconds > 0 {
		return v.Seconds
	}
	return shortSeconds
}

// Request asks for an injection.
type Request struct {
	Code string
	// Variant is a name; empty is the first.
	Variant string
	Seed    uint64
	// Strength is from 0, just worth reporting, to 1, gross; NaN draws it from the seed.
	Strength float64
	// Out is the directory that the clip and its label are written into.
	Out string
}

// Find returns a defect and one of its variants.
func Find(code, variant string) (Defect, Variant, error) {
	for _, d := range Defects() {
		if d.Code != code {
			continue
		}
		if variant == "" {
			return d, d.Variants[0], nil
		}
		var names []string
		for _, v := range d.Variants {
			if v.Name == variant {
				return d, v, nil
			}
			names = append(names, v.Name)
		}
		return d, Variant{}, fmt.Errorf("%s has no variant %q; there are %s", code, variant, strings.Join(names, ", "))
	}
	return Defect{}, Variant{}, fmt.Errorf("nothing can be injected as %q: --list says what can", code)
}

// Inject makes a clip and its label in r.Out. Equal requests over equal bases make equal clips.
func Inject(ctx context.Context, t *Tool, b *Base, r Request) (*Label, error) {
	d, v, err := Find(r.Code, r.Variant)
	if err != nil {
		return nil, err
	}
	if lacks := d.Needs.lacking(b); lacks != "" {
		return nil, fmt.Errorf("inject %s into %s: %w: it needs %s", r.Code, b.Source.Input, ErrLacks, lacks)
	}
	scratch, err := os.MkdirTemp("", "aircheck-inject-")
	if err != nil {
		return nil, fmt.Errorf("make scratch directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	source, err := filepath.Abs(b.Path)
	if err != nil {
		return nil, fmt.Errorf("find base: %w", err)
	}
	if err := os.Symlink(source, filepath.Join(scratch, "base.mkv")); err != nil {
		return nil, fmt.Errorf("link base: %w", err)
	}
	s := newScene(ctx, t, b, r, v, scratch)
	if err := v.recipe(s); err != nil {
		return nil, err
	}
	return s.label, s.deliver(r.Out)
}

func newScene(ctx context.Context, t *Tool, b *Base, r Request, v Variant, dir string) *scene {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%s", r.Code, v.Name)
	s := &scene{ctx: ctx, tool: t, base: b, dir: dir, rng: rand.New(rand.NewPCG(r.Seed, h.Sum64())), strength: r.Strength}
	if drawn := s.rng.Float64(); math.IsNaN(s.strength) {
		s.strength = drawn
	}
	s.label = &Label{
		V: Version, Code: r.Code, Variant: v.Name, Decoy: v.Decoy, Seed: r.Seed, Strength: round6(s.strength), Profile: "default",
		Duration: round6(b.Duration), Base: b.Source, Intervals: []Interval{}, Parameters: map[string]any{},
	}
	return s
}

func (n Needs) lacking(b *Base) string {
	switch {
	case n != Sound && !b.Video:
		return "a picture"
	case n != Picture && !b.Audio:
		return "sound"
	}
	return ""
}

// keep is the directory of a scene whose files belong to the clip; everything else there is scratch.
const keep = "hls"

// deliver moves the clip, and what belongs to it, out of the scratch directory and writes the label.
func (s *scene) deliver(out string) error {
	if err := os.MkdirAll(out, 0o750); err != nil {
		return fmt.Errorf("make %s: %w", out, err)
	}
	for _, name := range []string{s.label.Clip, s.label.Reference, s.label.ProfileFile} {
		if name == "" || strings.HasPrefix(name, keep+"/") {
			continue
		}
		if err := move(s.path(name), filepath.Join(out, name)); err != nil {
			return err
		}
	}
	if _, err := os.Stat(s.path(keep)); err == nil {
		if err := moveTree(s.path(keep), filepath.Join(out, keep)); err != nil {
			return err
		}
	}
	return s.label.write(out)
}

func moveTree(from, to string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o750)
		}
		return move(name, filepath.Join(to, rel))
	})
}

// move renames, or copies where the scratch directory lies on another disk.
func move(from, to string) error {
	if err := os.Rename(from, to); err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	body, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copy clip: %w", err)
	}
	if err := os.WriteFile(to, body, 0o600); err != nil {
		return fmt.Errorf("copy clip: %w", err)
	}
	return nil
}
