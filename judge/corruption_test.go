package judge

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// pairClip is a made stream of 880 blocks at 25 pictures/s.
type pairClip struct {
	frames []videoFrame
}

func (c *pairClip) add(n int, change func(i int, f *measurement.Frame)) *pairClip {
	format := &measurement.Format{Kind: measurement.Video, Width: 640, Height: 360, ChromaWidth: 320, ChromaHeight: 180, Depth: 8}
	for range n {
		i := len(c.frames)
		f := &measurement.Frame{PictType: 2, HasPair: i > 0, Pair: measurement.Pair{SADY: 2 * 640 * 360, Changed: 300, Blocks: 880}}
		for k := range f.Grid {
			f.Grid[k] = uint8(60 + k%100)
		}
		if i%4 == 0 {
			f.Texture = &measurement.Texture{}
		}
		if change != nil {
			change(i, f)
		}
		at := jobs.Micros(i) * 40e3
		c.frames = append(c.frames, videoFrame{Frame: f, Format: format, Start: at, End: at + 40e3})
	}
	return c
}

func breaks(broken, control int32) func(int, *measurement.Frame) {
	return func(_ int, f *measurement.Frame) {
		f.Pair.Broken, f.Pair.BrokenNew, f.Pair.Control, f.Pair.ControlNew = broken, broken, control, control
	}
}

func corruptParams() *params {
	return testParams(map[string]float64{
		"video.corruption.info": 0, "video.corruption.warn": 0.2, "video.corruption.fail": 1,
		"video.decode_error.info": 0, "video.decode_error.warn": 0.2, "video.decode_error.fail": 1,
	})
}

// scene makes pictures of another scene, the first of which is a cut.
func scene(level uint8, cut bool, then func(int, *measurement.Frame)) func(int, *measurement.Frame) {
	return func(i int, f *measurement.Frame) {
		if then != nil {
			then(i, f)
		}
		for k := range f.Grid {
			f.Grid[k] = level + uint8(k%8)
		}
		if cut {
			f.Pair.SADY, f.Pair.Changed = 60*640*360, 870
			cut = false
		}
	}
}

// plainScene shows one colour.
func plainScene(then func(int, *measurement.Frame)) func(int, *measurement.Frame) {
	return func(i int, f *measurement.Frame) {
		then(i, f)
		for k := range f.Grid {
			f.Grid[k] = 90 + uint8(k%2)
		}
	}
}

func TestCorruption(t *testing.T) {
	complains := func(i int, f *measurement.Frame) {
		breaks(40, 0)(i, f)
		f.DecodeErrors = 4
	}
	filled := func(i int, f *measurement.Frame) {
		if f.Texture != nil {
			f.Texture.Grey = 200
		}
	}
	grey := func(i int, f *measurement.Frame) {
		if f.Texture != nil {
			f.Texture.Grey = int32(10 * min(15, i-50))
		}
	}
	green := func(n int32) func(int, *measurement.Frame) {
		return func(_ int, f *measurement.Frame) {
			if f.Texture != nil {
				f.Texture.Green = n
			}
		}
	}
	greyBar := func(_ int, f *measurement.Frame) {
		if f.Texture != nil {
			f.Texture.Grey = 90
		}
	}
	mosaic := func(i int, f *measurement.Frame) {
		breaks(40, 0)(i, f)
		if f.Texture != nil {
			f.Texture.SolidBlocks = 44
		}
	}
	intra := func(i int, f *measurement.Frame) {
		if i%12 == 0 {
			breaks(200, 0)(i, f)
			f.PictType = intraPicture
		}
	}
	alone := func(then func(int, *measurement.Frame)) func(int, *measurement.Frame) {
		return func(i int, f *measurement.Frame) {
			then(i, f)
			f.PictType = intraPicture
		}
	}
	stand := func(_ int, f *measurement.Frame) { f.Pair.SADY, f.Pair.Changed = 0, 1 }
	// onward moves ever further away from what stood.
	onward := func(i int, f *measurement.Frame) {
		breaks(20, 0)(i, f)
		for k := range f.Grid {
			f.Grid[k] += uint8(min(100, i-140))
		}
	}
	// black is a still of black that begins with a unit.
	black := func(i int, f *measurement.Frame) {
		stand(i, f)
		scene(16, false, nil)(i, f)
		f.HasPair = i%50 != 0
	}
	// wandering graphics begin with a unit, too, break anything now and then, and come near to their first picture once a second.
	wandering := func(i int, f *measurement.Frame) {
		f.HasPair = i%50 != 0
		if f.Pair.Changed = 60; i%3 == 1 {
			breaks(20, 12)(i, f)
		}
		for k := range f.Grid {
			f.Grid[k] += uint8(i % 25)
		}
	}
	for name, c := range map[string]struct {
		clip *pairClip
		want []string
	}{
		"damage from the beginning":        {new(pairClip).add(20, complains).add(15, nil).add(30, breaks(60, 0)).add(50, nil), []string{"video.corruption fail 1.4-2.6"}},
		"damage that begins with a cut":    {new(pairClip).add(50, nil).add(20, scene(200, true, complains)).add(20, scene(200, false, nil)).add(30, scene(200, false, breaks(40, 0))).add(50, scene(200, false, nil)), []string{"video.corruption info 2-2.8", "video.corruption fail 3.6-4.8"}},
		"graphics behind black":            {new(pairClip).add(50, nil).add(100, black).add(150, wandering), nil},
		"graphics from the beginning":      {new(pairClip).add(100, wandering).add(100, black).add(150, wandering), nil},
		"damage of graphics":               {new(pairClip).add(100, wandering).add(50, breaks(100, 0)).add(100, wandering), []string{"video.corruption fail 4-6"}},
		"a scene of graphics with a rest":  {new(pairClip).add(50, nil).add(20, scene(200, true, breaks(20, 12))).add(30, scene(200, false, nil)).add(60, scene(200, false, breaks(20, 12))), nil},
		"graphics behind a still":          {new(pairClip).add(50, breaks(4, 0)).add(100, stand).add(3, breaks(4, 0)).add(100, breaks(12, 0)), nil},
		"others behind a still":            {new(pairClip).add(50, nil).add(100, stand).add(100, onward), nil},
		"damage some time behind a still":  {new(pairClip).add(50, nil).add(100, stand).add(20, nil).add(25, breaks(40, 0)).add(50, nil), []string{"video.corruption fail 6.8-7.8"}},
		"nothing":                          {new(pairClip).add(200, breaks(1, 0)), nil},
		"damage of a second":               {new(pairClip).add(50, nil).add(25, breaks(40, 0)).add(50, nil), []string{"video.corruption fail 2-3"}},
		"damage of 0.4 s":                  {new(pairClip).add(50, nil).add(10, breaks(40, 1)).add(50, nil), []string{"video.corruption warn 2-2.4"}},
		"one glaring picture":              {new(pairClip).add(50, nil).add(1, breaks(90, 0)).add(50, nil), []string{"video.corruption info 2-2.04"}},
		"one broken picture":               {new(pairClip).add(50, nil).add(1, breaks(15, 0)).add(50, nil), nil},
		"graphics have their own":          {new(pairClip).add(200, breaks(20, 12)), nil},
		"graphics that set in":             {new(pairClip).add(50, nil).add(100, breaks(20, 19)), nil},
		"poor coding all along":            {new(pairClip).add(200, breaks(100, 0)), nil},
		"key frames of a poor coding":      {new(pairClip).add(200, intra), nil},
		"damage where all are key frames":  {new(pairClip).add(50, alone(breaks(1, 0))).add(25, alone(breaks(40, 0))).add(50, alone(breaks(1, 0))), []string{"video.corruption fail 2-3"}},
		"poor key frames and nothing else": {new(pairClip).add(200, alone(breaks(100, 0))), nil},
		"poor coding from a cut on":        {new(pairClip).add(50, nil).add(100, scene(200, true, breaks(100, 0))).add(50, scene(20, true, nil)), nil},
		"a broken key frame and its scene": {new(pairClip).add(50, nil).add(20, scene(200, true, breaks(100, 0))).add(50, nil), []string{"video.corruption warn 2-2.8"}},
		"the decoder says it":              {new(pairClip).add(50, nil).add(30, complains).add(50, nil), []string{"video.corruption info 2-3.2"}},
		"filled":                           {new(pairClip).add(50, nil).add(8, filled).add(50, nil), []string{"video.corruption warn 2.08-2.28"}},
		"grey graphics":                    {new(pairClip).add(50, nil).add(50, grey).add(50, nil), nil},
		"a broken key frame before a cut":  {new(pairClip).add(50, nil).add(20, scene(200, true, breaks(100, 0))).add(2, nil).add(50, scene(20, true, nil)), []string{"video.corruption warn 2-2.8"}},
		"noise over one colour":            {new(pairClip).add(50, nil).add(40, plainScene(breaks(200, 0))).add(50, nil), nil},
		"a grey bar at a low rate":         {new(pairClip).add(50, nil).add(40, greyBar).add(50, nil), []string{"video.corruption info 2.08-3.56"}},
		"nothing but grey":                 {new(pairClip).add(50, nil).add(40, plainScene(filled)).add(50, nil), nil},
		"a slice of green":                 {new(pairClip).add(50, nil).add(8, green(30)).add(50, nil), []string{"video.corruption warn 2.08-2.28"}},
		"green that is next to nothing":    {new(pairClip).add(50, nil).add(8, green(3)).add(50, nil), nil},
		"a mosaic":                         {new(pairClip).add(50, nil).add(50, mosaic).add(50, nil), nil},
		"a grey scene":                     {new(pairClip).add(50, nil).add(50, scene(128, true, filled)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(len(name))))
			whole := judgeFrames(t, newCorruption, corruptParams(), c.clip.frames)
			wantTold(t, whole, c.want...)
			// State that goes through JSON at any time changes nothing.
			for range 5 {
				at := []int{rng.IntN(len(c.clip.frames)), rng.IntN(len(c.clip.frames))}
				if got := judgeFrames(t, newCorruption, corruptParams(), c.clip.frames, at...); !reflect.DeepEqual(got, whole) {
					t.Errorf("restored at %v: found %q, want %q", at, allTold(got), allTold(whole))
				}
			}
			for _, f := range whole {
				if f.Value == nil || f.Threshold == nil || f.Unit != "%" || f.Confidence <= 0 || f.Confidence > 1 || *f.Value < *f.Threshold {
					t.Errorf("value %v, threshold %v, unit %q, confidence %v", f.Value, f.Threshold, f.Unit, f.Confidence)
				}
			}
		})
	}
}

// TestCorruptionEndsAtAHole: a run neither crosses a gap nor fills it; the hole is told by another finding, which makes the damage beside it info.
func TestCorruptionEndsAtAHole(t *testing.T) {
	clip := new(pairClip).add(50, nil).add(20, breaks(40, 0)).frames
	var out []jobs.Finding
	d := newCorruption(corruptParams(), func(f jobs.Finding) { out = append(out, f) })
	for i := range clip {
		d.frame(&clip[i])
	}
	d.gap(2.8e6, 4e6)
	after := new(pairClip).add(20, breaks(40, 0)).frames
	for i := range after {
		after[i].Start, after[i].End = after[i].Start+4e6, after[i].End+4e6
		d.frame(&after[i])
	}
	d.finish(4.8e6)
	wantTold(t, out, "video.corruption info 2-2.8", "video.corruption info 4.04-4.8")
}

// TestCorruptionTakesAnything: a measurement may hold any numbers.
func TestCorruptionTakesAnything(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	clip := new(pairClip).add(300, func(_ int, f *measurement.Frame) {
		any32 := func() int32 { return int32(rng.Uint32()) }
		f.Pair = measurement.Pair{Blocks: any32(), Broken: any32(), BrokenNew: any32(), Control: any32(), ControlNew: any32(), Changed: any32(), SADY: int64(rng.Uint64())}
		f.ConcealedMB, f.DecodeErrors, f.PictType = any32(), any32()&1, int8(rng.Uint32())
		anyTexture(rng, f)
	})
	for i := range clip.frames {
		if rng.IntN(20) == 0 {
			clip.frames[i].Format = &measurement.Format{Width: rng.IntN(400) - 100, Height: rng.IntN(400) - 100, Depth: rng.IntN(20) - 2}
		}
	}
	for _, construct := range []func(*params, emitter) videoDetector{newCorruption, newBlockiness, newBlur} {
		for _, f := range judgeFrames(t, construct, textureParams(), clip.frames, 10, 100, 290) {
			if f.Value == nil || !(f.Confidence > 0 && f.Confidence <= 1) || f.End < f.Start {
				t.Errorf("finding %+v", f)
			}
		}
	}
}

// anyTexture fills the texture of a sampled picture with anything.
func anyTexture(rng *rand.Rand, f *measurement.Frame) {
	t := f.Texture
	if t == nil {
		return
	}
	for i := range t.ColEdge {
		t.ColEdge[i], t.RowEdge[i] = int64(rng.Uint64()), int64(rng.Uint64())
	}
	for i := range t.Edge {
		t.Edge[i], t.Slope[i], t.Edges[i] = int64(rng.Uint64()), int64(rng.Uint64()), int32(rng.Uint32())
	}
	t.Top, t.Left, t.Grey, t.Green = int32(rng.Uint32()), int32(rng.Uint32()), int32(rng.Uint32()), int32(rng.Uint32())
}
