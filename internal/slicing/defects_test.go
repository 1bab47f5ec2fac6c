//go:build cgo

package slicing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"aircheck/bench/inject"
	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/judge"
	"aircheck/producer/slice"
	"aircheck/producer/submit"
	"aircheck/storage"
	"aircheck/storage/origin"
)

// defectSeeds is how many random cuts each injected clip gets beside the whole and the finest cut: the clips are large beside those of the other tests, and there
// is one for every detector.
const defectSeeds = 1

// elsewhere lists the codes that no clip of this test can show, with the place where they are cut.
func elsewhere() map[string]string {
	return map[string]string{
		"reference.psnr":       "TestAnyCutGivesTheSameComparison: pictures are compared in a second stage",
		"reference.ssim":       "TestAnyCutGivesTheSameComparison",
		"timestamp.gap":        "TestAnyCutGivesTheSameReport",
		"timestamp.overlap":    "TestAnyCutGivesTheSameReport",
		"timestamp.backward":   "TestAnyCutGivesTheSameReport",
		"segment.missing":      "TestAnyCutGivesTheSameReport",
		"segment.corrupt":      "TestAnyCutGivesTheSameReport",
		"segment.truncated":    "TestAnyCutGivesTheSameReport",
		"segment.encrypted":    "nothing is measured",
		"playlist.invalid":     "the producer finds it before anything is cut",
		"worker.decoder_crash": "no property of the stream",
		"worker.timeout":       "no property of the stream",
	}
}

// TestEveryDetectorInAnyCut puts every defect that there is a detector for into a clip, cuts it, and demands that the detector speaks, and always the same.
func TestEveryDetectorInAnyCut(t *testing.T) {
	need.Tool(t, "ffmpeg")
	need.Tool(t, "ffprobe")
	tool, err := inject.FindTool(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bases := &bases{tool: tool, dir: t.TempDir(), made: map[baseKey]func() (*inject.Base, error){}}
	heard := &heard{spoke: map[string]bool{}}
	t.Run("codes", func(t *testing.T) {
		for _, d := range inject.Defects() {
			t.Run(d.Code, func(t *testing.T) {
				t.Parallel() // making the clips takes most of the time
				for _, v := range d.Variants {
					if !v.Decoy && !heard.already(d.Code) { // not every detector hears every variant on every base
						label, dir := bases.inject(t, d, v)
						heard.cut(t, label, dir)
					}
				}
			})
		}
	})
	spoke := heard.spoke
	for _, code := range judge.Codes() {
		if _, isRule := jobs.RuleOf(code); isRule {
			continue // TestOneRuleForEachFault and TestAnyCutGivesTheSameReport cut streams that break rules; those of playlists are found before anything is cut
		}
		if !spoke[code] && elsewhere()[code] == "" {
			t.Errorf("no clip made %s speak", code)
		}
	}
}

// heard collects the codes that spoke. Clips are cut and decoded one at a time: what decoders complain about is counted for the whole process.
type heard struct {
	mu    sync.Mutex
	spoke map[string]bool
}

func (h *heard) already(code string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.spoke[code]
}

func (h *heard) cut(t *testing.T, label *inject.Label, dir string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, code := range sameInCuts(t, label, dir) {
		h.spoke[code] = true
	}
}

// sameInCuts demands the same report of an injected clip in some cuts, and returns the codes in it.
func sameInCuts(t *testing.T, label *inject.Label, dir string) []string {
	t.Helper()
	org := origin.New(origin.Config{})
	check := defectCheck(t, org, label, dir)
	whole := report(t, check, cut(check.Timeline, nil), here(org))
	sameReport(t, "the finest cut", check, slice.Timeline(check.Timeline, 0), here(org), whole)
	for seed := range int64(defectSeeds) {
		sameReport(t, "a random cut", check, cut(check.Timeline, rand.New(rand.NewSource(seed))), here(org), whole)
	}
	return codesOf(t, whole)
}

func sameReport(t *testing.T, what string, check *jobs.Check, windows []jobs.Window, measure measure, want []byte) {
	t.Helper()
	if got := report(t, check, windows, measure); !bytes.Equal(got, want) {
		t.Fatalf("%s of %d windows: %s", what, len(windows), difference(got, want))
	}
}

func codesOf(t *testing.T, report []byte) []string {
	t.Helper()
	var r jobs.Result
	if err := json.Unmarshal(report, &r); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range r.Findings {
		list = append(list, f.Code)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// defectCheck is the check of an injected clip, under the profile that its label asks for.
func defectCheck(t *testing.T, org storage.Origin, l *inject.Label, dir string) *jobs.Check {
	t.Helper()
	layers := []judge.Layer{{Name: l.Profile}}
	if l.ProfileFile != "" {
		source, err := os.ReadFile(filepath.Join(dir, l.ProfileFile))
		if err != nil {
			t.Fatal(err)
		}
		layers = []judge.Layer{{Name: "injected", Source: source}}
	}
	profile, err := judge.Resolve(layers)
	if err != nil {
		t.Fatal(err)
	}
	s := submit.Submitter{Origin: org, Now: func() time.Time { return time.Unix(0, 0) }}
	o := submit.Options{Profile: profile.Profile, Window: 60e6, Queue: queue.Vod}
	if l.Reference != "" {
		o.Reference = filepath.Join(dir, l.Reference)
	}
	check, err := s.Prepare(t.Context(), filepath.Join(dir, l.Clip), o)
	if err != nil {
		t.Fatal(err)
	}
	return check
}

// baseKey is a base by its name, its length in seconds, and the bound of its size.
type baseKey struct {
	name          string
	seconds       float64
	width, height int
}

// longBase is the length in seconds of what captions are tested on: some want a minute and others this, and one base does for all.
const longBase = 90

// bases are what the defects are put into, each made once, by whoever needs it first.
type bases struct {
	tool *inject.Tool
	dir  string
	mu   sync.Mutex
	made map[baseKey]func() (*inject.Base, error)
}

// get is a base of 320x180, which every detector hears as well as a larger one. Damage in it reaches across HEVC's open GOPs, which is what decode.canon is for.
func (b *bases) get(t *testing.T, name string, seconds float64) *inject.Base {
	t.Helper()
	key := baseKey{name, 14, 320, 180}
	if seconds > key.seconds {
		key.seconds = max(seconds, longBase)
	}
	base, err := b.of(key)()
	if err != nil {
		t.Fatal(err)
	}
	return base
}

// of is how a base is had: the bases of several names may be made at the same time.
func (b *bases) of(key baseKey) func() (*inject.Base, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.made[key] == nil {
		b.made[key] = sync.OnceValues(func() (*inject.Base, error) {
			dir, err := os.MkdirTemp(b.dir, "base-")
			if err != nil {
				return nil, err
			}
			cut := inject.Cut{Length: key.seconds, Width: key.width, Height: key.height}
			return inject.Prepare(context.Background(), b.tool, "synthetic:"+key.name, cut, dir) // not one test's context: others wait for it, too
		})
	}
	return b.made[key]
}

// inject tries the synthetic bases in turn until one does not hide the defect.
func (b *bases) inject(t *testing.T, d inject.Defect, v inject.Variant) (*inject.Label, string) {
	t.Helper()
	names := []string{"pan", "zoom", "graphics"}
	if v.MinSeconds() > 30 { // the others take as long to draw as to play
		names = []string{"graphics"}
	}
	for seed, name := range names {
		dir := t.TempDir()
		r := inject.Request{Code: d.Code, Variant: v.Name, Seed: uint64(seed), Strength: 0.7, Out: dir}
		l, err := inject.Inject(t.Context(), b.tool, b.get(t, name, v.MinSeconds()), r)
		if err == nil {
			return l, dir
		}
		if !errors.Is(err, inject.ErrHidden) {
			t.Fatal(err)
		}
	}
	t.Fatal("every base hides it")
	return nil, ""
}
