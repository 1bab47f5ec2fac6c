package judge

import (
	"math/rand/v2"
	"strings"
	"testing"

	"aircheck/jobs"
)

// textured gives every fourth picture of the units what is measured of borders.
func textured(c clip, shots []shot, borders ...int) []videoFrame {
	frames := c.measured(borders, nil)
	at, unit, n := 0, 0, 0
	for _, s := range shots {
		for range s.frames {
			if len(borders) > unit && borders[unit] == n {
				unit, at = unit+1, 0
			}
			if at%4 == 0 {
				frames[n].Texture = s.draw(n).borders()
			}
			at, n = at+1, n+1
		}
	}
	return frames
}

func judgeShots(t *testing.T, construct func(*params, emitter) videoDetector, shots ...shot) []jobs.Finding {
	t.Helper()
	return judgeFrames(t, construct, defaults(t, nil), textured(makeClip(shots...), shots))
}

// defaults are the thresholds of the default profile and what a test sets on top.
func defaults(t *testing.T, set map[string]float64) *params {
	t.Helper()
	p, err := LoadProfile(DefaultProfile, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]float64{}
	for k, v := range p.Thresholds {
		m[k] = v
	}
	for k, v := range set {
		m[k] = v
	}
	return newParams(jobs.Profile{Thresholds: m})
}

func always(p *picture) func(int) *picture { return func(int) *picture { return p } }

func flat(c colour) *picture { return newPicture(clipW, clipH).paint(0, 0, clipW, clipH, c) }

// drawBars draws a pattern of the table into a part of a black picture.
func drawBars(pattern, m int, x0, y0, x1, y1 int) *picture {
	p, table := newPicture(clipW, clipH), newBarTable()
	at := func(v float64, from, to int) int { return from + int(v*float64(to-from)/2+0.5)*2 }
	for i, r := range table.patterns[pattern].regions {
		p.paint(at(r.x0, x0, x1), at(r.y0, y0, y1), at(r.x1, x0, x1), at(r.y1, y0, y1), table.colours[pattern][m][i])
	}
	return p
}

func TestSolidColour(t *testing.T) {
	blue := flat(colour{70, 187, 105})
	rng := rand.New(rand.NewPCG(5, 6))
	noisy := func(int) *picture { return blue.clone().add(func(int, int) int { return rng.IntN(5) - 2 }) }
	logo := blue.clone().box(8, 6, 20, 10, 200)
	text := blue.clone().box(60, 50, 60, 8, 200)
	sky := blue.clone().add(func(_, y int) int { return y / 10 })
	fade := func(n int) *picture { return flat(colour{uint8(40 + 3*(n%60)), 128, 128}) }
	slow := func(n int) *picture { return flat(colour{uint8(40 + n), uint8(50 + n), 128}) }
	tests := []struct {
		name string
		draw func(int) *picture
		n    int
		want []string
	}{
		{"blue", always(blue), 100, []string{"video.solid_color warn 1-5"}},
		{"blue for long", always(blue), 125, []string{"video.solid_color fail 1-6"}},
		{"under noise", noisy, 100, []string{"video.solid_color warn 1-5"}},
		{"white flash", always(flat(colour{235, 128, 128})), 4, nil},
		{"logo in a corner is no failure", always(logo), 150, []string{"video.solid_color warn 1-7"}},
		{"text", always(text), 100, []string{"video.slate info 1-5"}},
		{"sky", always(sky), 60, nil},
		{"fade", fade, 60, nil},
		{"slow fade", slow, 100, nil},
		{"black", blackPicture, 100, nil},
		{"black with a logo", always(newPicture(clipW, clipH).box(8, 6, 20, 10, 200)), 100, []string{"video.solid_color warn 1-5"}},
		{"a small title on black", always(newPicture(clipW, clipH).box(80, 60, 24, 6, 200)), 100, []string{"video.slate info 1-5"}},
		{"black with a digit", always(newPicture(clipW, clipH).box(90, 50, 8, 16, 200)), 50, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantTold(t, judgeShots(t, newPattern, shot{25, moving}, shot{tt.n, tt.draw}, shot{25, moving}), tt.want...)
		})
	}
	f := judgeShots(t, newPattern, shot{25, moving}, shot{100, always(blue)}, shot{25, moving})[0]
	if !strings.Contains(f.Message, "#1a3ab6") || float64(*f.Value) != 4 || *f.Threshold != 2 || f.Confidence != 1 {
		t.Errorf("%+v", f)
	}
}

// TestBarColours: the table is made of red, green and blue; these are the code values that FFmpeg's generators paint.
func TestBarColours(t *testing.T) {
	table := newBarTable()
	ebu75 := []colour{{235, 128, 128}, {162, 44, 142}, {131, 156, 44}, {112, 72, 58}, {84, 184, 198}, {65, 100, 212}, {35, 212, 114}, {16, 128, 128}}
	ebu100 := []colour{{235, 128, 128}, {210, 16, 146}, {170, 166, 16}, {145, 54, 34}, {106, 202, 222}, {81, 90, 240}, {41, 240, 110}, {16, 128, 128}}
	rp219 := []colour{{180, 128, 128}, {168, 44, 136}, {145, 147, 44}, {133, 63, 52}, {63, 193, 204}, {51, 109, 212}, {28, 212, 120}, {104, 128, 128}, {104, 128, 128}, {188, 154, 16}, {32, 240, 118}, {219, 16, 138}, {63, 102, 240}}
	for _, tt := range []struct {
		pattern, matrix int
		want            []colour
	}{{0, 0, ebu75}, {1, 0, ebu100}, {4, 1, rp219}} {
		for i, want := range tt.want {
			if got := table.colours[tt.pattern][tt.matrix][i]; !got.near(want, 1, 1) {
				t.Errorf("%s in %s: region %d is %v, want %v", table.patterns[tt.pattern].name, matrices[tt.matrix].name, i, got, want)
			}
		}
	}
}

func TestBarsAreNamed(t *testing.T) {
	for pattern, p := range newBarTable().patterns {
		for m := range matrices {
			for _, at := range []struct {
				name string
				area area
			}{{"full", area{0, 0, clipW, clipH}}, {"pillarboxed", area{24, 0, clipW - 24, clipH}}, {"letterboxed", area{0, 14, clipW, clipH - 14}}} {
				draw := drawBars(pattern, m, int(at.area.X0), int(at.area.Y0), int(at.area.X1), int(at.area.Y1))
				draw.box(70, 40, 28, 16, 235) // an ident
				fs := judgeShots(t, newPattern, shot{10, moving}, shot{60, always(draw)}, shot{15, moving})
				if len(fs) != 1 || told(fs[0]) != "video.color_bars warn 0.4-2.8" || !strings.Contains(fs[0].Message, p.name+" in "+matrices[m].name) {
					t.Errorf("%s in %s, %s: found %+v", p.name, matrices[m].name, at.name, fs)
				}
			}
		}
	}
}

func TestBarsSayWhatTheTagsContradict(t *testing.T) {
	for _, tt := range []struct {
		space string
		full  bool
		want  string
	}{
		{"", false, "for 2.00 s"}, {"smpte170m", false, "for 2.00 s"}, {"bt709", false, "contradicts the stream's tag of BT.709"},
		{"bt470bg", true, "at the levels of limited range, where the stream says full"},
	} {
		shots := []shot{{50, always(drawBars(0, 0, 0, 0, clipW, clipH))}}
		frames := textured(makeClip(shots...), shots)
		for i := range frames {
			c := *frames[i].Format
			c.ColorSpace, c.FullRange = tt.space, tt.full
			frames[i].Format = &c
		}
		fs := judgeFrames(t, newPattern, defaults(t, nil), frames)
		if len(fs) != 1 || !strings.Contains(fs[0].Message, tt.want) {
			t.Errorf("tag %q, full %v: %+v", tt.space, tt.full, fs)
		}
	}
}

func TestOtherPicturesAreNoBars(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for range 300 {
		p := newPicture(clipW, clipH)
		for x := 0; x < clipW; x += clipW / 8 {
			p.paint(x, 0, x+clipW/8, clipH, colour{uint8(16 + rng.IntN(220)), uint8(16 + rng.IntN(225)), uint8(16 + rng.IntN(225))})
		}
		f := videoFrame{Frame: p.measure(nil), Format: p.format()}
		if b, ok := newBarTable().find(&f, edges{}); ok {
			t.Fatalf("random bars are %s", newBarTable().name(b))
		}
	}
}

// TestMadeStillsAreNotFrozen: one cause, one alarm.
func TestMadeStillsAreNotFrozen(t *testing.T) {
	board := flat(colour{60, 140, 120}).box(40, 40, 100, 8, 200).box(40, 60, 80, 8, 200)
	for name, draw := range map[string]*picture{
		"blue": flat(colour{70, 187, 105}), "bars": drawBars(0, 0, 0, 0, clipW, clipH), "boxed bars": drawBars(1, 0, 24, 0, clipW-24, clipH), "slate": board,
		"small title": newPicture(clipW, clipH).box(80, 60, 24, 6, 200),
	} {
		if fs := judgeShots(t, newFreeze, shot{25, moving}, shot{120, always(draw)}, shot{25, moving}); len(fs) > 0 {
			t.Errorf("%s is frozen: %v", name, allTold(fs))
		}
	}
	// The same graphic that was seen to move before is frozen.
	crawl := func(n int) *picture {
		return flat(colour{60, 140, 120}).box(40+n%40, 40, 100, 8, 200).box(40, 60, 80, 8, 200)
	}
	stopped := func(int) *picture { return crawl(74) }
	wantTold(t, judgeShots(t, newFreeze, shot{75, crawl}, shot{100, stopped}, shot{25, moving}), "video.freeze fail 2.96-7")
	wantTold(t, judgeShots(t, newPattern, shot{75, crawl}, shot{100, stopped}, shot{25, moving}))
}

// TestSlidesOfOneDesign: each slide of a show is one, however little it differs from the slide before; a clock that stops is none.
func TestSlidesOfOneDesign(t *testing.T) {
	slide := func(n int) *picture {
		return flat(colour{60, 140, 120}).box(40, 40, 100, 8, 200).box(40, 60, 8+8*n, 8, 200)
	}
	shows := []shot{{100, always(slide(1))}, {100, always(slide(2))}, {100, always(slide(4))}, {25, moving}}
	wantTold(t, judgeShots(t, newFreeze, shows...))
	wantTold(t, judgeShots(t, newPattern, shows...), "video.slate info 0-4", "video.slate info 4-8", "video.slate info 8-12")

	var clock []shot
	for n := range 10 {
		clock = append(clock, shot{20, always(slide(n))})
	}
	clock = append(clock, shot{100, always(slide(10))}, shot{25, moving})
	wantTold(t, judgeShots(t, newFreeze, clock...), "video.freeze fail 8-12")
	wantTold(t, judgeShots(t, newPattern, clock...))
}

func TestPatternSurvivesUnitsAndSnapshots(t *testing.T) {
	board := flat(colour{60, 140, 120}).box(40, 40, 100, 8, 200)
	shots := []shot{
		{20, moving}, {50, always(flat(colour{70, 187, 105}))}, {20, moving}, {60, always(drawBars(0, 0, 24, 0, clipW-24, clipH))}, {20, moving},
		{90, always(board)}, {20, moving},
	}
	c := makeClip(shots...)
	whole := judgeFrames(t, newPattern, defaults(t, nil), textured(c, shots))
	wantTold(t, whole, "video.solid_color warn 0.8-2.8", "video.color_bars warn 3.6-6", "video.slate info 6.8-10.4")
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 3))
		borders := []int{}
		for n := 4 + rng.IntN(12); n < len(c.frames); n += 4 + rng.IntN(60) {
			borders = append(borders, n)
		}
		got := judgeFrames(t, newPattern, defaults(t, nil), textured(c, shots, borders...), rng.IntN(len(c.frames)), rng.IntN(len(c.frames)))
		if !alike(whole, got, 4*frameLength.At()) {
			t.Errorf("units at %v: found %q, want %q", borders, allTold(got), allTold(whole))
		}
	}
}

func BenchmarkPattern(b *testing.B) {
	frames := makeClip(shot{40, moving}, shot{20, held(3)}).measured(nil, nil)
	d := newPattern(testParams(nil), func(jobs.Finding) {})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.frame(&frames[i%len(frames)])
	}
}
