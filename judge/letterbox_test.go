package judge

import (
	"strings"
	"testing"
)

// boxed draws a moving picture within borders.
func boxed(draw func(int) *picture, top, bottom, left, right int) func(int) *picture {
	return func(n int) *picture {
		p := draw(n).clone()
		p.box(0, 0, p.w, top, 16).box(0, p.h-bottom, p.w, bottom, 16)
		return p.box(0, 0, left, p.h, 16).box(p.w-right, 0, right, p.h, 16)
	}
}

func TestLetterboxChange(t *testing.T) {
	full := moving
	wide, pillar, window := boxed(moving, 14, 14, 0, 0), boxed(moving, 0, 0, 24, 24), boxed(moving, 14, 14, 24, 24)
	dark := func(int) *picture { return newPicture(clipW, clipH).box(80, 40, 30, 30, 60) }
	vignette := func(n int) *picture { return boxed(moving, n%9*4, n%7*4, n%5*5, n%4*5)(n) }
	subtitle := func(n int) *picture { return wide(n).box(40, clipH-10, 100, 6, 235) }
	nightTop := boxed(moving, 30, 0, 0, 0)
	uneven := boxed(moving, 8, 24, 0, 0)
	title := func(n int) *picture { return newPicture(clipW, clipH).box(40+n%2, 50, 100, 12, 235) }
	tests := []struct {
		name  string
		shots []shot
		want  []string
		says  string
	}{
		{"full to letterbox", []shot{{81, full}, {75, wide}}, []string{"video.letterbox_change info 3.24-3.28"}, "from full frame 1.71:1 to letterbox 2.29:1 (192x84 of 192x112)"},
		{"pillarbox to full", []shot{{90, pillar}, {75, full}}, []string{"video.letterbox_change info 3.6-3.64"}, "from pillarbox 1.29:1 (144x112 of 192x112) to full frame"},
		{"there and back", []shot{{75, full}, {75, wide}, {75, full}}, []string{"video.letterbox_change info 3-3.04", "video.letterbox_change info 6-6.04"}, ""},
		{"for a moment", []shot{{75, full}, {40, wide}, {75, full}}, nil, ""},
		{"at the start for a moment", []shot{{40, wide}, {75, full}}, nil, ""},
		{"dark pictures abstain", []shot{{75, full}, {75, dark}, {75, full}}, nil, ""},
		{"a rim that comes and goes", []shot{{75, full}, {75, vignette}, {75, full}}, nil, ""},
		{"a subtitle in the bar", []shot{{75, wide}, {100, subtitle}, {75, wide}}, nil, ""},
		{"dark above", []shot{{75, full}, {300, nightTop}, {75, full}}, nil, ""},
		{"a title on black", []shot{{75, full}, {75, title}, {75, full}}, nil, ""},
		{"bars are no border", []shot{{75, full}, {75, always(drawBars(0, 0, 0, 0, clipW, clipH))}, {75, full}}, nil, ""},
		{"uneven borders", []shot{{75, full}, {260, uneven}}, []string{"video.letterbox_change info 3-3.04"}, "uneven letterbox"},
		{"windowbox throughout", []shot{{100, window}}, []string{"video.letterbox_change info 0-4"}, "never larger than windowbox 1.71:1 (144x84 of 192x112)"},
		{"letterbox throughout", []shot{{100, wide}}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fs := judgeShots(t, newLetterbox, tt.shots...)
			wantTold(t, fs, tt.want...)
			if tt.says != "" && (len(fs) == 0 || !strings.Contains(fs[0].Message, tt.says)) {
				t.Errorf("says %+v, want %q", fs, tt.says)
			}
		})
	}
}

// TestLetterboxChangeOfResolution: the same shape in another size has not changed.
func TestLetterboxChangeOfResolution(t *testing.T) {
	wide := boxed(moving, 14, 14, 0, 0)
	shots := []shot{{75, wide}, {75, wide}}
	frames := textured(makeClip(shots...), shots, 75)
	for i := 75; i < len(frames); i++ {
		c := *frames[i].Format
		c.Width, c.Height = 2*c.Width, 2*c.Height
		frames[i].Format = &c
		frames[i].SumY *= 4
		if x := frames[i].Texture; x != nil {
			x.Top, x.Bottom = 2*x.Top, 2*x.Bottom
		}
	}
	wantTold(t, judgeFrames(t, newLetterbox, defaults(t, nil), frames))
}

// TestLetterboxSeverity waits for the longest level that the profile asks for.
func TestLetterboxSeverity(t *testing.T) {
	p := defaults(t, map[string]float64{"video.letterbox_change.warn": 4})
	for _, tt := range []struct {
		frames int
		want   string
	}{{75, "video.letterbox_change info 3-3.04"}, {130, "video.letterbox_change warn 3-3.04"}} {
		shots := []shot{{75, moving}, {tt.frames, boxed(moving, 14, 14, 0, 0)}}
		wantTold(t, judgeFrames(t, newLetterbox, p, textured(makeClip(shots...), shots)), tt.want)
	}
}

func TestLetterboxSurvivesUnitsAndSnapshots(t *testing.T) {
	shots := []shot{{75, moving}, {75, boxed(moving, 14, 14, 0, 0)}, {75, boxed(moving, 0, 0, 24, 24)}}
	c := makeClip(shots...)
	whole := judgeFrames(t, newLetterbox, defaults(t, nil), textured(c, shots))
	if len(whole) != 2 {
		t.Fatalf("found %q", allTold(whole))
	}
	for at := 5; at < 200; at += 13 {
		borders := []int{at, at + 9, at + 20}
		got := judgeFrames(t, newLetterbox, defaults(t, nil), textured(c, shots, borders...), at, at+30)
		if !alike(whole, got, 4*frameLength.At()) {
			t.Errorf("units at %v: found %q, want %q", borders, allTold(got), allTold(whole))
		}
	}
}

func TestLetterboxDoubtsWhatIsDark(t *testing.T) {
	for name, tt := range map[string]struct {
		draw func(int) *picture
		want bool
	}{"dark": {blackPicture, true}, "lit": {moving, false}} {
		shots := []shot{{30, tt.draw}}
		d := newLetterbox(defaults(t, nil), nil)
		frames := textured(makeClip(shots...), shots)
		for i := range frames {
			d.frame(&frames[i])
		}
		if got := d.(doubter).unmeasured("video.letterbox_change") != ""; got != tt.want {
			t.Errorf("%s: doubted is %v", name, got)
		}
	}
}
