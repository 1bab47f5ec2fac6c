package accuracy

import (
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"slices"

	"aircheck/bench/inject"
)

// testCase is one injected clip to be.
type testCase struct {
	code, variant string
	decoy         bool
	revision      int
	seed          uint64
	strength      float64
	// sources are the bases to try, in this order.
	sources []source
}

// How many clips there are. With twelve labelled defects one that is missed leaves an F1 of 0.957, above the budget; two do not.
const (
	wanted      = 12
	eachDecoy   = 2
	baseSeconds = 14
	// longSeconds is for defects that need more: captions against speech.
	longSeconds           = 90
	baseWidth, baseHeight = 640, 360
)

func (o Options) clips() int {
	if o.Clips > 0 {
		return o.Clips
	}
	return wanted
}

// present lists the real clips that are in the media directory.
func present(media string) []clip {
	if media == "" {
		return nil
	}
	var list []clip
	for _, c := range realClips() {
		name := c.path
		if name == "" {
			name = c.video + c.header
		}
		if _, err := os.Stat(filepath.Join(media, name)); err == nil {
			list = append(list, c)
		}
	}
	return list
}

// sources lists the bases: real ones first, so that most clips are real where there are such.
func sources(real []clip, seconds float64) []source {
	var list []source
	for _, c := range real {
		length := min(math.Ceil(max(seconds, baseSeconds)), c.seconds-c.start)
		if c.unfit || length < seconds {
			continue
		}
		list = append(list, source{name: c.name, clip: c, cut: inject.Cut{Start: c.start, Length: length, Width: baseWidth, Height: baseHeight}})
	}
	for _, s := range inject.Synthetics() {
		list = append(list, source{name: s.Name, input: "synthetic:" + s.Name, cut: inject.Cut{Length: max(seconds, baseSeconds)}})
	}
	return list
}

// plan lists the cases. It depends on nothing but what is asked for and which real clips there are.
func plan(o Options, real []clip) []testCase {
	var list []testCase
	for _, d := range inject.Defects() {
		if len(o.Only) > 0 && !slices.Contains(o.Only, d.Code) {
			continue
		}
		positive := 0
		for _, v := range d.Variants {
			if !v.Decoy {
				positive++
			}
		}
		for i, v := range d.Variants {
			n := (o.clips() + positive - 1) / positive
			if v.Decoy {
				n = min(eachDecoy, n)
			}
			if o.Short {
				if i > 0 || v.MinSeconds() > baseSeconds {
					continue
				}
				n = 1
			}
			list = append(list, cases(d.Code, v, n, real)...)
		}
	}
	return list
}

// cases spreads strengths evenly and goes round the bases.
func cases(code string, v inject.Variant, n int, real []clip) []testCase {
	all := sources(real, min(v.MinSeconds(), baseSeconds))
	if v.MinSeconds() > baseSeconds {
		all = sources(nil, v.MinSeconds())
	}
	// Clips that are a little short still hold most defects; where they do not, the recipe says so and the next base is tried.
	if v.Seconds == 0 {
		all = sources(real, 9)
	}
	h := fnv.New32a()
	h.Write([]byte(code + v.Name))
	var list []testCase
	for i := range n {
		turn := (int(h.Sum32()%uint32(len(all))) + i) % len(all)
		list = append(list, testCase{
			code: code, variant: v.Name, decoy: v.Decoy, revision: v.Revision, seed: uint64(i + 1), strength: (float64(i) + 0.5) / float64(n),
			sources: append(slices.Clone(all[turn:]), all[:turn]...),
		})
	}
	return list
}
