package judge

import (
	"math"
	"reflect"
	"testing"

	"aircheck/jobs/measurement"
)

func textureParams() *params {
	p := corruptParams()
	for k, v := range map[string]float64{
		"video.blockiness.info": 1, "video.blockiness.warn": 5, "video.blur.info": 1, "video.blur.warn": 5,
	} {
		p.thresholds[k] = v
	}
	return p
}

// steps makes the sums of a picture by the step across each column and each row.
func steps(w, h, depth int, column, row func(i int) float64) *videoFrame {
	scale := float64(int64(1) << (depth - 8))
	f := &measurement.Frame{Texture: &measurement.Texture{}}
	for x := 1; x < w; x++ {
		f.Texture.ColEdge[x%edgePhases] += int64(math.Round(column(x) * scale * float64(h)))
	}
	for y := 1; y < h; y++ {
		f.Texture.RowEdge[y%edgePhases] += int64(math.Round(row(y) * scale * float64(w)))
	}
	return &videoFrame{Frame: f, Format: &measurement.Format{Kind: measurement.Video, Width: w, Height: h, Depth: depth}}
}

// gridOf is a picture with steps of `base`, and `more` on a grid.
func gridOf(period, offset int, base, more float64) func(int) float64 {
	return func(i int) float64 {
		if i%period == offset {
			return base + more
		}
		return base
	}
}

func TestBlocky(t *testing.T) {
	flat := gridOf(8, 0, 2, 0)
	for name, c := range map[string]struct {
		f    *videoFrame
		want float64
		grid string
	}{
		// Steps of 2 and 4 more on the grid: an excess of 4, of which 4/6 shows.
		"grid of 8":              {steps(640, 360, 8, gridOf(8, 0, 2, 4), gridOf(8, 0, 2, 4)), 4 * 4. / 6, "blocks of 8"},
		"cropped":                {steps(630, 354, 8, gridOf(8, 3, 2, 4), gridOf(8, 5, 2, 4)), 4 * 4. / 6, "blocks of 8"},
		"10 bit":                 {steps(640, 360, 10, gridOf(8, 0, 2, 4), gridOf(8, 0, 2, 4)), 4 * 4. / 6, "blocks of 8"},
		"no grid":                {steps(640, 360, 8, flat, flat), 0, ""},
		"one direction":          {steps(640, 360, 8, gridOf(8, 0, 2, 4), flat), 0, ""},
		"edges of a letterbox":   {steps(640, 360, 8, gridOf(640, 80, 2, 90), gridOf(360, 40, 2, 90)), 0, ""},
		"in spite of edges":      {steps(640, 360, 8, func(i int) float64 { return gridOf(8, 1, 2, 4)(i) + gridOf(640, 88, 0, 90)(i) }, gridOf(8, 0, 2, 4)), 4 * 4. / 6, "blocks of 8"},
		"scaled by 3/2":          {steps(960, 540, 8, func(i int) float64 { return 2 + 3*b2f(i%12 < 2) }, func(i int) float64 { return 2 + 3*b2f(i%12 < 2) }), 3 * 3. / 5, "blocks of 8 scaled by 3/2"},
		"too small":              {steps(160, 90, 8, gridOf(8, 0, 2, 4), gridOf(8, 0, 2, 4)), 0, ""},
		"texture masks the grid": {steps(640, 360, 8, gridOf(8, 0, 20, 4), gridOf(8, 0, 20, 4)), 4 * 4. / 24, "blocks of 8"},
	} {
		t.Run(name, func(t *testing.T) {
			b := blocky(c.f)
			got, grid := b.most, b.grid
			if math.Abs(got-c.want) > 0.02*c.want+1e-9 || grid != c.grid {
				t.Errorf("score %.3f by %q, want %.3f by %q", got, grid, c.want, c.grid)
			}
		})
	}
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func TestBlockiness(t *testing.T) {
	blocks, clean := steps(640, 360, 8, gridOf(8, 0, 2, 4), gridOf(8, 0, 2, 4)).Texture, steps(640, 360, 8, gridOf(8, 0, 2, 0), gridOf(8, 0, 2, 0)).Texture
	show := func(every int) func(int, *measurement.Frame) {
		return func(i int, f *measurement.Frame) {
			switch {
			case f.Texture == nil:
			case i/4%every == 0:
				f.Texture = blocks
			default:
				f.Texture = clean
			}
		}
	}
	none := func(_ int, f *measurement.Frame) {
		if f.Texture != nil {
			f.Texture = clean
		}
	}
	for name, c := range map[string]struct {
		clip *pairClip
		want []string
	}{
		"clean":                      {new(pairClip).add(200, none), nil},
		"two seconds":                {new(pairClip).add(48, none).add(48, show(1)).add(48, none), []string{"video.blockiness info 1.92-3.72"}},
		"six seconds":                {new(pairClip).add(48, none).add(150, show(1)).add(48, none), []string{"video.blockiness warn 1.92-7.88"}},
		"every second sample":        {new(pairClip).add(48, none).add(160, show(2)), []string{"video.blockiness warn 1.92-8.04"}},
		"key frames alone, each 0.5": {new(pairClip).add(200, show(3)), nil},
		"half a second":              {new(pairClip).add(48, none).add(12, show(1)).add(48, none), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := judgeFrames(t, newBlockiness, textureParams(), c.clip.frames)
			wantTold(t, got, c.want...)
			if again := judgeFrames(t, newBlockiness, textureParams(), c.clip.frames, 3, 60, 77); !reflect.DeepEqual(got, again) {
				t.Errorf("restored: found %q, want %q", allTold(again), allTold(got))
			}
		})
	}
}

// TestSmallPicturesAreNotExamined: what cannot be measured is never clean.
func TestSmallPicturesAreNotExamined(t *testing.T) {
	d := newBlockiness(textureParams(), nil)
	d.frame(steps(160, 90, 8, gridOf(8, 0, 2, 4), gridOf(8, 0, 2, 4)))
	if why := d.(doubter).unmeasured("video.blockiness"); why == "" {
		t.Error("a picture of 160x90 counts as examined")
	}
	d.frame(steps(640, 360, 8, gridOf(8, 0, 2, 0), gridOf(8, 0, 2, 0)))
	if why := d.(doubter).unmeasured("video.blockiness"); why != "" {
		t.Errorf("a picture of 640x360 was not examined: %s", why)
	}
}

func BenchmarkTextureDetectors(b *testing.B) {
	clip := new(pairClip).add(100, func(i int, f *measurement.Frame) {
		if f.Texture != nil {
			f.Texture = steps(640, 360, 8, gridOf(8, i%8, 2, 0.5), gridOf(8, 0, 2, 0.5)).Texture
			f.Texture.Edge, f.Texture.Slope, f.Texture.Edges = [2]int64{1e6, 1e6}, [2]int64{2e5, 2e5}, [2]int32{900, 900}
		}
	}).frames
	for name, construct := range map[string]func(*params, emitter) videoDetector{"corruption": newCorruption, "blockiness": newBlockiness, "blur": newBlur} {
		b.Run(name, func(b *testing.B) {
			d := construct(textureParams(), nil)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				d.frame(&clip[i%len(clip)])
			}
		})
	}
}
