package judge

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// testParams are the default lengths of DESIGN 5 and what a test sets on top.
func testParams(set map[string]float64) *params {
	t := map[string]float64{
		"video.black.info": 0.5, "video.black.fail": 2,
		"video.freeze.info": 1, "video.freeze.warn": 2.5, "video.freeze.fail": 3.5,
		"audio.silence.info": 1, "audio.silence.warn": 2.5, "audio.silence.fail": 4,
	}
	for k, v := range set {
		t[k] = v
	}
	return newParams(jobs.Profile{Thresholds: t})
}

// told is how tests write a finding: code, severity, start, end.
func told(f jobs.Finding) string {
	return fmt.Sprintf("%s %s %g-%g", f.Code, f.Severity, float64(f.Start), float64(f.End))
}

func allTold(fs []jobs.Finding) []string {
	out := []string{}
	for _, f := range fs {
		out = append(out, told(f))
	}
	return out
}

func wantTold(t *testing.T, fs []jobs.Finding, want ...string) {
	t.Helper()
	if got := allTold(fs); !slices.Equal(got, append([]string{}, want...)) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// a shot is a number of frames of a clip; draw gets the number of the frame within the clip.
type shot struct {
	frames int
	draw   func(n int) *picture
}

// clip is a row of measured pictures at 25/s, each with its pair but the first.
type clip struct {
	format *measurement.Format
	frames []*measurement.Frame
}

const frameLength jobs.Micros = 40000

func makeClip(shots ...shot) clip {
	var c clip
	var prev *picture
	for _, s := range shots {
		for range s.frames {
			p := s.draw(len(c.frames))
			c.format = p.format()
			c.frames = append(c.frames, p.measure(prev))
			prev = p
		}
	}
	return c
}

const clipW, clipH = 192, 112

// moving is a texture that moves by 3 pixels a frame.
func moving(n int) *picture {
	return newPicture(clipW, clipH).add(func(x, y int) int { return 60 + texture(x+3*n, y) })
}

func texture(x, y int) int { return (x*x/7 + y*y/5 + x*y/11) % 128 }

func held(n int) func(int) *picture {
	p := moving(n)
	return func(int) *picture { return p }
}

func blackPicture(int) *picture { return newPicture(clipW, clipH) }

// grainy adds noise of a deviation to what draw draws, the same for the same frame.
func grainy(draw func(int) *picture, deviation float64) func(int) *picture {
	return func(n int) *picture {
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		return draw(n).clone().add(func(int, int) int { return int(rng.NormFloat64()*deviation+100.5) - 100 })
	}
}

// measured cuts the clip; borders are the frames at which units begin. Keyframes stand there and at keys.
func (c clip) measured(borders, keys []int) []videoFrame {
	var out []videoFrame
	for n := range c.frames {
		f := *c.frames[n]
		first, key := n == 0 || slices.Contains(borders, n), slices.Contains(keys, n)
		if first {
			f.Flags |= measurement.FlagUnitFirst
			f.HasPair, f.Pair = false, measurement.Pair{}
		}
		if first || key {
			f.Flags |= measurement.FlagKey
		}
		last := n+1 == len(c.frames) || slices.Contains(borders, n+1)
		if last {
			f.Flags |= measurement.FlagUnitLast
		}
		if !first && !last && f.Pair.SADY > 3*int64(c.format.Width*c.format.Height) {
			f.Fine = nil
		}
		start := jobs.Micros(n) * frameLength
		out = append(out, videoFrame{Frame: &f, Format: c.format, Start: start, End: start + frameLength})
	}
	return out
}

// videoConstructors are the detectors of pictures in this file's tests.
var videoConstructors = map[string]func(*params, emitter) videoDetector{"black": newBlack, "freeze": newFreeze}

// judgeFrames runs a detector; its state goes through JSON before every frame in snapshots.
func judgeFrames(t *testing.T, construct func(*params, emitter) videoDetector, p *params, frames []videoFrame, snapshots ...int) []jobs.Finding {
	t.Helper()
	var out []jobs.Finding
	emit := func(f jobs.Finding) { out = append(out, f) }
	d := construct(p, emit)
	for i := range frames {
		if slices.Contains(snapshots, i) {
			next := construct(p, emit)
			reload(t, d, next)
			d = next
		}
		d.frame(&frames[i])
	}
	d.finish(frames[len(frames)-1].End)
	return out
}

// reload gives to the state of from by way of JSON.
func reload(t *testing.T, from, to any) {
	t.Helper()
	b, err := json.Marshal(from)
	if err != nil {
		t.Fatalf("encode state: %v", err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatalf("decode state: %v", err)
	}
}

// TestUnitsAndSnapshotsDoNotShow cuts a clip with every kind of picture into units at random, and stores the state in between.
func TestUnitsAndSnapshotsDoNotShow(t *testing.T) {
	c := makeClip(shot{30, moving}, shot{60, blackPicture}, shot{20, moving}, shot{110, held(7)}, shot{15, moving},
		shot{70, grainy(held(9), 3)}, shot{15, moving})
	for name, construct := range videoConstructors {
		whole := judgeFrames(t, construct, testParams(nil), c.measured(nil, nil))
		if len(whole) == 0 {
			t.Fatalf("%s finds nothing in the whole clip", name)
		}
		for seed := range uint64(40) {
			rng := rand.New(rand.NewPCG(seed, 7))
			borders := []int{}
			for n := 1 + rng.IntN(12); n < len(c.frames); n += 2 + rng.IntN(60) {
				borders = append(borders, n)
			}
			got := judgeFrames(t, construct, testParams(nil), c.measured(borders, nil), rng.IntN(len(c.frames)), rng.IntN(len(c.frames)))
			// At the border of a unit thumbnails stand in for pixels, and a freeze may begin a frame later.
			if !alike(whole, got, frameLength.At()) {
				t.Errorf("%s, units at %v: found %q, want %q", name, borders, allTold(got), allTold(whole))
			}
		}
	}
}

func alike(a, b []jobs.Finding, tolerance jobs.Seconds) bool {
	tolerance += 1e-6
	return slices.EqualFunc(a, b, func(x, y jobs.Finding) bool {
		near := func(v, w jobs.Seconds) bool { return v-w <= tolerance && w-v <= tolerance }
		return x.Code == y.Code && x.Severity == y.Severity && near(x.Start, y.Start) && near(x.End, y.End)
	})
}

func BenchmarkVideoDetectors(b *testing.B) {
	frames := makeClip(shot{10, moving}, shot{40, held(3)}, shot{10, blackPicture}).measured(nil, nil)
	black, freeze := newBlack(testParams(nil), func(jobs.Finding) {}), newFreeze(testParams(nil), func(jobs.Finding) {})
	for i := 0; b.Loop(); i++ {
		f := &frames[i%len(frames)]
		black.frame(f)
		freeze.frame(f)
	}
}
