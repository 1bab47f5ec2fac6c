package judge

import (
	"testing"

	"aircheck/jobs"
)

func TestFreeze(t *testing.T) {
	recoded := func(n int) *picture { return held(0)(n).clone().add(func(x, y int) int { return (x/4+y/4)%3 - 1 }) }
	coarse := func(n int) *picture {
		return held(0)(n).clone().add(func(x, y int) int { return 6 * ((x/4+y/4)%3 - 1) })
	}
	digit := func(n int) *picture { return held(0)(n).clone().box(32, 32, 16, 16, 200) }
	clock := func(n int) *picture { return held(0)(n).clone().box(32, 32, 16, 16, uint8(60+n%2*40)) }
	fading := func(perFrame float64) func(int) *picture {
		return func(n int) *picture {
			down := perFrame * float64(n)
			return held(0)(n).clone().add(func(x, y int) int { return -int(down + float64((x*7+y*13)%64)/64) })
		}
	}
	onThrees := func(n int) *picture { return moving(n / 3) }
	tests := []struct {
		name  string
		shots []shot
		keys  []int
		want  []string
	}{
		{"motion", []shot{{120, moving}}, nil, nil},
		{"freeze of 4 s", []shot{{100, moving}, {100, held(99)}, {20, moving}}, nil, []string{"video.freeze fail 3.96-8"}},
		{"freeze of 3 s", []shot{{50, moving}, {75, held(0)}, {20, moving}}, nil, []string{"video.freeze warn 2-5"}},
		{"hold under a second", []shot{{50, moving}, {24, held(0)}, {20, moving}}, nil, nil},
		{"to the end", []shot{{50, moving}, {50, held(0)}}, nil, []string{"video.freeze info 2-4"}},
		{"keyframe codes it anew", []shot{{50, moving}, {50, held(0)}, {50, recoded}, {20, moving}}, []int{100}, []string{"video.freeze fail 2-6"}},
		{"keyframe codes it badly", []shot{{50, moving}, {50, held(0)}, {50, coarse}, {20, moving}}, []int{100}, []string{"video.freeze fail 2-6"}},
		{"only a keyframe may code it badly", []shot{{50, moving}, {50, held(0)}, {50, coarse}, {20, moving}}, nil, []string{"video.freeze info 2-4", "video.freeze info 4-6"}},
		{"digit that changes on a keyframe", []shot{{50, moving}, {50, held(0)}, {50, digit}, {20, moving}}, []int{100}, []string{"video.freeze info 2-4", "video.freeze info 4-6"}},
		{"keyframe in motion", []shot{{50, moving}, {1, held(0)}, {50, coarse}, {20, moving}}, []int{51}, []string{"video.freeze info 2.04-4.04"}},
		{"two freezes, cut on a keyframe", []shot{{50, moving}, {50, held(0)}, {50, held(40)}, {20, moving}}, []int{100}, []string{"video.freeze info 2-4", "video.freeze info 4-6"}},
		{"clock that ticks every frame", []shot{{150, clock}}, nil, nil},
		{"animation on threes", []shot{{150, onThrees}}, nil, nil},
		{"fade of 10 code values/s", []shot{{150, fading(0.4)}}, nil, nil},
		{"black is not frozen", []shot{{25, moving}, {100, blackPicture}, {25, moving}}, nil, nil},
		{"freeze, then black", []shot{{25, moving}, {50, held(0)}, {50, blackPicture}, {25, moving}}, nil, []string{"video.freeze info 1-3"}},
		{"freeze under grain", []shot{{25, grainy(moving, 3)}, {100, grainy(held(0), 3)}, {25, grainy(moving, 3)}}, nil, []string{"video.freeze warn 1-5"}},
		{"motion under grain", []shot{{150, grainy(moving, 3)}}, nil, nil},
		{"small motion under grain", []shot{{150, grainy(clock, 3)}}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantTold(t, judgeFrames(t, newFreeze, testParams(nil), makeClip(tt.shots...).measured(nil, tt.keys)), tt.want...)
		})
	}
}

func TestFreezeUnderGrainIsLessCertain(t *testing.T) {
	fs := judgeFrames(t, newFreeze, testParams(nil), makeClip(shot{60, grainy(held(0), 3)}).measured(nil, nil))
	if len(fs) != 1 || fs[0].Confidence != grainConfidence {
		t.Fatalf("found %v", fs)
	}
}

// TestFreezeSlowMotion: every pair of pictures is equal within the noise, and still the picture goes somewhere.
func TestFreezeSlowMotion(t *testing.T) {
	slow := func(n int) *picture { // 1/5 code value a frame, dithered over space
		return held(0)(n).clone().add(func(x, y int) int { return (n + (x*3+y*7)%5) / 5 })
	}
	for _, f := range judgeFrames(t, newFreeze, testParams(nil), makeClip(shot{200, slow}).measured(nil, nil)) {
		t.Errorf("a slow fade is %s", told(f))
	}
}

// TestFreezeNoiseLimit puts the mean difference just at and just above the profile's limit.
func TestFreezeNoiseLimit(t *testing.T) {
	samples := clipW * clipH * 3 / 2
	limit := int(0.001 * float64(samples) * 256)
	flicker := func(changed int) func(int) *picture {
		return func(n int) *picture {
			p := held(0)(n).clone()
			for i := 0; i < changed && n%2 == 1; i++ {
				// Spread over the picture so that no block stands out.
				p.y[(i*101)%len(p.y)]++
			}
			return p
		}
	}
	p := testParams(map[string]float64{"video.freeze.noise": 0.001})
	wantTold(t, judgeFrames(t, newFreeze, p, makeClip(shot{60, flicker(limit)}).measured(nil, nil)), "video.freeze info 0-2.4")
	fs := judgeFrames(t, newFreeze, p, makeClip(shot{60, flicker(limit + 1)}).measured(nil, nil))
	if len(fs) != 1 || fs[0].Confidence != grainConfidence {
		t.Errorf("a difference above the limit gives %v, want a freeze under grain", fs)
	}
}

// TestFreezeOfSingleFrameUnits has no pair anywhere: one picture a unit.
func TestFreezeOfSingleFrameUnits(t *testing.T) {
	c := makeClip(shot{25, moving}, shot{50, held(3)}, shot{25, moving})
	borders := make([]int, len(c.frames))
	for i := range borders {
		borders[i] = i
	}
	wantTold(t, judgeFrames(t, newFreeze, testParams(nil), c.measured(borders, nil)), "video.freeze info 1-3")
}

func TestFreezeDoesNotCrossAGap(t *testing.T) {
	frames := makeClip(shot{100, held(0)}).measured([]int{50}, nil)
	var fs []jobs.Finding
	d := newFreeze(testParams(nil), func(f jobs.Finding) { fs = append(fs, f) })
	for i := range frames {
		if i == 50 {
			d.gap(frames[40].Start, frames[50].Start)
		}
		if i < 40 || i >= 50 {
			d.frame(&frames[i])
		}
	}
	d.finish(frames[99].End)
	wantTold(t, fs, "video.freeze info 0-1.6", "video.freeze info 2-4")
}

// TestThumbWithoutFineCells: whole code values must do where there is nothing finer, and rounding is not drift.
func TestThumbWithoutFineCells(t *testing.T) {
	f := moving(0).measure(nil)
	fine := thumbOf(f).clone()
	f.Fine = nil
	coarse := thumbOf(f)
	if fine.Coarse || !coarse.Coarse {
		t.Fatal("coarse thumbnails are not told apart")
	}
	if fine.drifted(coarse, 0, false) || fine.changeTo(coarse, 0) != still {
		t.Error("the same picture in whole code values is another")
	}
	if other := thumbOf(moving(8).measure(nil)); !other.drifted(coarse, 0, false) || coarse.changeTo(other, 0) != moved {
		t.Error("another picture is the same")
	}
}

// TestFreezeCodedBadlyAcrossUnits has the keyframe at the border of two units, where only thumbnails tell.
func TestFreezeCodedBadlyAcrossUnits(t *testing.T) {
	stripes := func(by int) func(int) *picture { // moves every third cell
		return func(n int) *picture {
			return held(0)(n).clone().add(func(x, y int) int { return by * (x / 8 % 3 / 2) })
		}
	}
	for _, tt := range []struct {
		by   int
		want []string
	}{
		{2, []string{"video.freeze fail 2-6"}},
		{6, []string{"video.freeze info 2-4", "video.freeze info 4-6"}},
	} {
		c := makeClip(shot{50, moving}, shot{50, held(0)}, shot{50, stripes(tt.by)}, shot{20, moving})
		wantTold(t, judgeFrames(t, newFreeze, testParams(nil), c.measured([]int{100}, []int{100})), tt.want...)
	}
}
