package judge

import (
	"reflect"
	"testing"

	"aircheck/jobs/measurement"
)

// edged makes sampled pictures whose edges have a steepness along rows and along columns; count is that of samples on an edge.
func edged(across, down float64, count int32) func(int, *measurement.Frame) {
	return func(_ int, f *measurement.Frame) {
		if f.Texture == nil {
			return
		}
		f.Texture = &measurement.Texture{
			Edge: [2]int64{1e6, 1e6}, Slope: [2]int64{int64(1e6 / 16 * across), int64(1e6 / 16 * down)}, Edges: [2]int32{count, count},
		}
	}
}

func TestBlur(t *testing.T) {
	sharp, soft, flat := edged(3, 3, 1000), edged(1.2, 1.3, 1000), edged(1, 1, 10)
	for name, c := range map[string]struct {
		clip *pairClip
		want []string
	}{
		"sharp":                    {new(pairClip).add(300, sharp), nil},
		"six seconds":              {new(pairClip).add(100, sharp).add(152, soft).add(100, sharp), []string{"video.blur warn 4-9.96"}},
		"two seconds":              {new(pairClip).add(100, sharp).add(52, soft).add(100, sharp), []string{"video.blur info 4-5.96"}},
		"a soft film":              {new(pairClip).add(300, soft), []string{"video.blur info 0-11.88"}},
		"soft from the beginning":  {new(pairClip).add(200, soft).add(100, sharp), []string{"video.blur info 0-7.88"}},
		"a pan blurs one way":      {new(pairClip).add(100, sharp).add(152, edged(1.1, 2.5, 1000)).add(100, sharp), nil},
		"its edges vanish":         {new(pairClip).add(100, sharp).add(152, flat).add(100, sharp), []string{"video.blur warn 4-9.96"}},
		"too few edges":            {new(pairClip).add(300, flat), nil},
		"a second without edges":   {new(pairClip).add(100, sharp).add(80, soft).add(24, flat).add(80, soft).add(50, sharp), []string{"video.blur warn 4-11.24"}},
		"longer without edges":     {new(pairClip).add(100, sharp).add(80, soft).add(48, flat).add(80, soft).add(50, sharp), []string{"video.blur info 4-7.08", "video.blur info 9.12-12.2"}},
		"one sharp key frame more": {new(pairClip).add(100, sharp).add(80, soft).add(4, sharp).add(80, soft), []string{"video.blur warn 4-10.44"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := judgeFrames(t, newBlur, textureParams(), c.clip.frames)
			wantTold(t, got, c.want...)
			if again := judgeFrames(t, newBlur, textureParams(), c.clip.frames, 3, 120, 177); !reflect.DeepEqual(got, again) {
				t.Errorf("restored: found %q, want %q", allTold(again), allTold(got))
			}
		})
	}
}

// graded gives pictures cells of a gradient with so much contrast, moved by so many cells.
func graded(contrast, moved int, more func(int, *measurement.Frame)) func(int, *measurement.Frame) {
	return func(n int, f *measurement.Frame) {
		more(n, f)
		for i := range f.Grid {
			f.Grid[i] = uint8(100 + contrast*((i+moved)%measurement.GridW-measurement.GridW/2)/measurement.GridW)
		}
	}
}

// TestEdgesThatVanish: a blur may leave no edge to look at, while what the cells show stays.
func TestEdgesThatVanish(t *testing.T) {
	sharp, gone := edged(3, 3, 1000), edged(1, 1, 10)
	for name, c := range map[string]struct {
		clip *pairClip
		want []string
	}{
		"two seconds":       {new(pairClip).add(100, graded(80, 0, sharp)).add(52, graded(80, 0, gone)).add(100, graded(80, 0, sharp)), []string{"video.blur info 4-5.96"}},
		"softened on top":   {new(pairClip).add(100, graded(80, 0, sharp)).add(52, graded(60, 0, gone)).add(100, graded(80, 0, sharp)), []string{"video.blur info 4-5.96"}},
		"a fade":            {new(pairClip).add(100, graded(80, 0, sharp)).add(52, graded(20, 0, gone)).add(100, graded(80, 0, sharp)), nil},
		"a cut":             {new(pairClip).add(100, graded(80, 0, sharp)).add(52, graded(80, 16, gone)).add(100, graded(80, 0, sharp)), nil},
		"few edges before":  {new(pairClip).add(100, graded(80, 0, edged(3, 3, 60))).add(52, graded(80, 0, gone)).add(100, graded(80, 0, sharp)), nil},
		"never seen sharp":  {new(pairClip).add(152, graded(80, 0, gone)), nil},
		"long after a hole": {new(pairClip).add(100, graded(80, 0, sharp)).add(30, graded(20, 0, gone)).add(52, graded(80, 0, gone)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := judgeFrames(t, newBlur, textureParams(), c.clip.frames)
			wantTold(t, got, c.want...)
			if again := judgeFrames(t, newBlur, textureParams(), c.clip.frames, 3, 120, 177); !reflect.DeepEqual(got, again) {
				t.Errorf("restored: found %q, want %q", allTold(again), allTold(got))
			}
		})
	}
}

// TestFlatPicturesAreNotExamined: without edges nothing can be told of their steepness.
func TestFlatPicturesAreNotExamined(t *testing.T) {
	clip := new(pairClip).add(40, edged(3, 3, 10)).add(40, edged(3, 3, 1000)).frames
	d := newBlur(textureParams(), nil)
	for i := range clip {
		if i == 40 && d.(doubter).unmeasured("video.blur") == "" {
			t.Error("pictures without edges count as examined")
		}
		d.frame(&clip[i])
	}
	if why := d.(doubter).unmeasured("video.blur"); why != "" {
		t.Errorf("pictures with edges were not examined: %s", why)
	}
}
