package judge

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

func motionParams() *params {
	set := map[string]float64{}
	for _, t := range motionThresholds() {
		if t.Default == t.Default {
			set[t.Name] = t.Default
		}
	}
	return testParams(set)
}

// motionClip makes pictures that show source[n], a place of steady motion in which one step changes the picture by one unit; n is repeated where source does not
// go on. Units are borders frames long; noise is what a codec adds, as a share.
func motionClip(source []int, rate float64, unit int, noise float64) []videoFrame {
	format := &measurement.Format{Kind: measurement.Video, Width: 160, Height: 90, ChromaWidth: 80, ChromaHeight: 45, Depth: 8}
	const area = 160 * 90
	rng := rand.New(rand.NewPCG(1, 2))
	var out []videoFrame
	for n, place := range source {
		f := &measurement.Frame{Fine: make([]uint16, measurement.GridW*measurement.GridH)}
		for i := range f.Grid { // a ramp that moves: its cells change by 2.4 code values a step
			v := (i%measurement.GridW*900 + i/measurement.GridW*300 + place*38) % 3200
			if v > 1600 {
				v = 3200 - v
			}
			f.Grid[i], f.Fine[i] = uint8((v+640+8)/16), uint16(v+640)
		}
		if n > 0 && n%unit != 0 {
			step := float64(place - source[n-1])
			amount := min(step, 8) * (1 + noise*(rng.Float64()-0.5))
			f.HasPair = true
			f.Pair = measurement.Pair{
				SADY: int64(4*amount*area) + 20, TI2: int64(80 * amount * area), MaxBlock: int32(20 * 256 * min(amount, 4)), BlockMean: int64(3 * amount * area),
				Blocks: 50, Changed: int32(20 * amount),
			}
		} else {
			f.Flags |= measurement.FlagUnitFirst
		}
		if (n+1)%unit == 0 || n+1 == len(source) {
			f.Flags |= measurement.FlagUnitLast
		}
		at := func(n int) jobs.Micros { return jobs.Micros(float64(n)*1e6/rate + 0.5) }
		out = append(out, videoFrame{Frame: f, Format: format, Start: at(n), End: at(n + 1)})
	}
	return out
}

// converted is a source of one rate shown at another.
func converted(from, to float64, seconds int) (list []int) {
	for n := range int(to) * seconds {
		list = append(list, int(float64(n)*from/to+1e-9))
	}
	return list
}

// repeating goes on steadily but for repeats after which content goes on where it was (extra) or where it would be.
func repeating(n int, extra bool, at ...int) (list []int) {
	place := 0
	for i := range n {
		held := slices.Contains(at, i)
		if i > 0 && !held {
			place++
		}
		if extra {
			list = append(list, place)
			continue
		}
		if held {
			list = append(list, list[i-1])
		} else {
			list = append(list, i)
		}
	}
	return list
}

func TestCadences(t *testing.T) {
	tests := []struct {
		name     string
		from, to float64
		unit     int
		message  string
	}{
		{"24 to 30", 24, 30, 60, "one picture in 5 is a repeat for"},
		{"20 to 25", 20, 25, 50, "20 pictures/s shown at 25/s"},
		{"25 to 50", 25, 50, 100, "every picture is shown twice"},
		{"24 to 60", 24, 60, 60, "(3:2)"},
		{"24 to 25", 24, 25, 50, "24 pictures/s shown at 25/s"},
		{"15 to 30", 15, 30, 31, "15 pictures/s shown at 30/s"},
		{"50 to 60", 50, 60, 60, "50 pictures/s shown at 60/s"},
		{"10 to 30", 10, 30, 45, "every picture is shown 3 times"},
		{"24 to 29.97", 24000.0 / 1001, 30000.0 / 1001, 60, "23.98 pictures/s shown at 29.97/s"},
	}
	for _, tt := range tests {
		for _, noise := range []float64{0, 0.4} {
			t.Run(tt.name, func(t *testing.T) {
				frames := motionClip(converted(tt.from, tt.to, 20), tt.to, tt.unit, noise)
				fs := judgeFrames(t, newMotion, motionParams(), frames, 100, 217)
				if len(fs) != 1 || fs[0].Code != "video.judder" || fs[0].Severity != jobs.Info || !strings.Contains(fs[0].Message, tt.message) {
					t.Fatalf("found %q %v, want one cadence: %s", allTold(fs), fs, tt.message)
				}
				if length := float64(fs[0].End - fs[0].Start); length < 17 {
					t.Errorf("the cadence is %.2f s long, want about 20", length)
				}
			})
		}
	}
}

func TestUnevenCadenceForAMinuteIsAWarning(t *testing.T) {
	for _, tt := range []struct {
		from float64
		want jobs.Severity
	}{{24, jobs.Warn}, {15, jobs.Info}} {
		fs := judgeFrames(t, newMotion, motionParams(), motionClip(converted(tt.from, 30, 70), 30, 60, 0.2))
		if len(fs) != 1 || fs[0].Severity != tt.want {
			t.Errorf("%g to 30 is %q, want one %s", tt.from, allTold(fs), tt.want)
		}
	}
}

// TestBrokenCadence cuts the cadence in the middle: one finding that says so.
func TestBrokenCadence(t *testing.T) {
	list := converted(24, 30, 20)
	list = append(list[:302:302], list[304:]...)
	fs := judgeFrames(t, newMotion, motionParams(), motionClip(list, 30, 60, 0))
	if len(fs) != 1 || !strings.Contains(fs[0].Message, "breaks once") {
		t.Errorf("found %v, want one cadence that breaks once", fs)
	}
}

func TestRepeats(t *testing.T) {
	many := []int{30, 37, 41, 52, 66, 71, 85, 96, 101, 113}
	long := func(from, n int) (at []int) {
		for i := range n {
			at = append(at, from+i)
		}
		return at
	}
	tests := []struct {
		name   string
		source []int
		want   []string
	}{
		{"steady motion", repeating(200, true), nil},
		{"one repeat", repeating(200, true, 60), []string{"video.repeat info 2.4-2.44"}},
		{"two far apart", repeating(300, true, 60, 160), []string{"video.repeat info 2.4-2.44", "video.repeat info 6.4-6.44"}},
		{"one with a jump", repeating(200, false, 60), []string{"video.repeat info 2.4-2.44"}},
		{"three in one place", repeating(200, true, 60, 61, 62), []string{"video.repeat info 2.4-2.52"}},
		{"a row", repeating(200, true, many...), []string{"video.duplicate_frames info 1.2-4.56"}},
		{"a stall of 0.4 s, then a jump", repeating(200, false, long(60, 10)...), []string{"video.dropped_frames info 2.4-2.8"}},
		{"a stall of 0.6 s, then a jump", repeating(200, false, long(60, 15)...), []string{"video.dropped_frames warn 2.4-3"}},
		{"a hold of 0.4 s", repeating(200, true, long(60, 10)...), []string{"video.repeat info 2.4-2.8"}},
		{"a freeze of 1.2 s", repeating(200, true, long(60, 30)...), nil},
		{"still", make([]int, 200), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frames := motionClip(tt.source, 25, 53, 0.2)
			wantTold(t, judgeFrames(t, newMotion, motionParams(), frames), tt.want...)
			wantTold(t, judgeFrames(t, newMotion, motionParams(), frames, 58, 61, 75, 120), tt.want...)
		})
	}
}

// TestSkip: content that jumps within one scene, and a cut, which is none.
func TestSkip(t *testing.T) {
	jump := repeating(200, true)
	for i := 100; i < len(jump); i++ {
		jump[i] += 4
	}
	fs := judgeFrames(t, newMotion, motionParams(), motionClip(jump, 25, 61, 0.2))
	wantTold(t, fs, "video.dropped_frames info 4-4.04")
	if len(fs) == 1 && fs[0].Confidence != skipConfidence {
		t.Errorf("confidence is %g, want %g: only the motion says so", float64(fs[0].Confidence), skipConfidence)
	}
	frames := motionClip(jump, 25, 61, 0.2)
	for i := 100; i < len(frames); i++ {
		slices.Reverse(frames[i].Grid[:]) // another picture
	}
	wantTold(t, judgeFrames(t, newMotion, motionParams(), frames))
}

// TestSkipOfAPart: where only a part of the picture moves, a jump is hardly twice as great as what is usual; less than that a camera does.
func TestSkipOfAPart(t *testing.T) {
	jump := repeating(200, true)
	for i := 100; i < len(jump); i++ {
		jump[i] += 2
	}
	skip := func(share float64) []videoFrame {
		frames := motionClip(jump, 25, 61, 0)
		frames[100].Pair.BlockMean = int64(share * float64(frames[99].Pair.BlockMean))
		return frames
	}
	wantTold(t, judgeFrames(t, newMotion, motionParams(), skip(2.05)), "video.dropped_frames info 4-4.04")
	wantTold(t, judgeFrames(t, newMotion, motionParams(), skip(1.85)))
}

// TestSkipOnABorder: where units meet there is no pair, but there are thumbnails.
func TestSkipOnABorder(t *testing.T) {
	jump := repeating(200, true)
	for i := 122; i < len(jump); i++ {
		jump[i] += 4
	}
	frames := motionClip(jump, 25, 61, 0.2)
	wantTold(t, judgeFrames(t, newMotion, motionParams(), frames), "video.dropped_frames info 4.88-4.92")
	wantTold(t, judgeFrames(t, newMotion, motionParams(), frames, 122), "video.dropped_frames info 4.88-4.92")
	for i := 122; i < len(frames); i++ {
		slices.Reverse(frames[i].Grid[:]) // another picture
	}
	wantTold(t, judgeFrames(t, newMotion, motionParams(), frames))
}

// TestInsertBetweenScenes: a picture that stands between two others is no loss and no repeat, whether or not the coder began a unit with the scene after it; nor is a picture a loss
// that stands before a cut.
func TestInsertBetweenScenes(t *testing.T) {
	const from, to = 100, 118
	plain := make([]byte, measurement.GridW*measurement.GridH)
	clip := func(unit int) []videoFrame {
		held := make([]int, 0, to-from)
		for n := from + 1; n < to; n++ {
			held = append(held, n)
		}
		frames := motionClip(repeating(200, true, held...), 25, unit, 0.2)
		for i := to; i < len(frames); i++ {
			slices.Reverse(frames[i].Grid[:]) // another scene
			slices.Reverse(frames[i].Fine)
		}
		return frames
	}
	cut := func(f *videoFrame) {
		if f.HasPair {
			f.Pair.SADY, f.Pair.BlockMean = 60*160*90, 60*160*90
		}
	}
	for _, unit := range []int{to, 80} {
		frames := clip(unit)
		cut(&frames[to])
		wantTold(t, judgeFrames(t, newMotion, motionParams(), frames), "video.repeat info 4.04-4.72")

		frames = clip(unit)
		for i := from; i < to; i++ {
			copy(frames[i].Grid[:], plain)
			for j := range frames[i].Fine {
				frames[i].Fine[j] = 256
			}
		}
		cut(&frames[from])
		cut(&frames[to])
		wantTold(t, judgeFrames(t, newMotion, motionParams(), frames))
		wantTold(t, judgeFrames(t, newMotion, motionParams(), frames, from, from+1, to))
	}
}

// TestStallCodedFurther: a coder that spends bits on a picture which has stood for longer than motion is looked for does not hide that what comes next is a jump.
func TestStallCodedFurther(t *testing.T) {
	var at []int
	for n := 60; n < 75; n++ {
		at = append(at, n)
	}
	frames := motionClip(repeating(200, false, at...), 25, 53, 0.2)
	frames[74].Pair.SADY, frames[74].Pair.MaxBlock = 4*160*90/10, 3*256
	wantTold(t, judgeFrames(t, newMotion, motionParams(), frames), "video.dropped_frames warn 2.4-3")
	for n := 72; n < 75; n++ { // a slow drift is motion
		frames[n].Pair = frames[74].Pair
	}
	wantTold(t, judgeFrames(t, newMotion, motionParams(), frames))
}

// TestStallThatACoderFinishes: coders that had no time for the first pictures of a stall finish them, by more than a still has and far less than what moved before.
func TestStallThatACoderFinishes(t *testing.T) {
	var at []int
	for n := 60; n < 75; n++ {
		at = append(at, n)
	}
	for name, tt := range map[string]struct {
		coded []int
		share float64 // of the mean difference before
		want  string
	}{
		"the first two":          {[]int{60, 61}, 0.08, "video.dropped_frames warn 2.48-3"},
		"the second and third":   {[]int{61, 62}, 0.08, "video.dropped_frames warn 2.4-3"},
		"motion that calms down": {[]int{60, 61}, 0.3, ""},
		"a slow drift":           {[]int{60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74}, 0.08, ""},
	} {
		t.Run(name, func(t *testing.T) {
			frames := motionClip(repeating(200, false, at...), 25, 53, 0.2)
			usual := frames[59].Pair.SADY
			for _, n := range tt.coded {
				frames[n].Pair.SADY, frames[n].Pair.MaxBlock = int64(tt.share*float64(usual)), 3*256
			}
			var want []string
			if tt.want != "" {
				want = []string{tt.want}
			}
			wantTold(t, judgeFrames(t, newMotion, motionParams(), frames), want...)
		})
	}
}

// TestHoldOfContentInSteps: drawings on threes are held for as long as they should be; of those on twos, as of 24 pictures/s shown at 60, it would be a loss.
func TestHoldOfContentInSteps(t *testing.T) {
	on := func(n int) []videoFrame {
		list := make([]int, 200)
		for i := range list {
			list[i] = i / n * n
			if i > 99 && i < 114 {
				list[i] = list[99]
			}
		}
		return motionClip(list, 25, 71, 0.2)
	}
	for n, want := range map[int]string{1: "video.dropped_frames warn 4-4.56", 2: "video.dropped_frames warn 3.96-4.56", 3: "video.repeat info 4-4.56"} {
		var row []jobs.Finding
		for _, f := range judgeFrames(t, newMotion, motionParams(), on(n)) {
			if f.Code != "video.judder" {
				row = append(row, f)
			}
		}
		wantTold(t, row, want)
	}
}

// TestRepeatCodedAnew: a repeat that a coder spent half of the usual bits on is one where the next picture makes up for it, within units and between them.
func TestRepeatCodedAnew(t *testing.T) {
	const at = 100
	tests := []struct {
		name      string
		unit      int
		mean, ti2 float64 // of the repeat, as shares of the usual
		next      float64 // change of the next picture
		want      []string
	}{
		{"made up for", 61, 0.46, 0.07, 1.9, []string{"video.repeat info 4-4.04"}},
		{"not made up for", 61, 0.46, 0.07, 1, nil},
		{"too great", 61, 0.56, 0.07, 1.9, nil},
		{"contrast moves", 61, 0.46, 0.2, 1.9, nil},
		{"on a border", at, 0.41, 0, 1.9, []string{"video.repeat info 4-4.04"}},
		{"a border that calms down", at, 0.41, 0, 1, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frames := motionClip(repeating(200, true), 25, tt.unit, 0)
			usual := frames[at-1].Pair
			if p := &frames[at].Pair; frames[at].HasPair {
				p.SADY, p.TI2 = int64(tt.mean*float64(usual.SADY)), int64(tt.ti2*float64(usual.TI2))
				p.MaxBlock, p.BlockMean = usual.MaxBlock/2, usual.BlockMean/2
			} else {
				for i, v := range frames[at-1].Fine {
					frames[at].Fine[i] = uint16(float64(v) + tt.mean*(float64(frames[at].Fine[i])-float64(v)))
				}
			}
			p := &frames[at+1].Pair
			p.SADY, p.TI2, p.BlockMean = int64(tt.next*float64(usual.SADY)), int64(tt.next*float64(usual.TI2)), int64(tt.next*float64(usual.BlockMean))
			fs := judgeFrames(t, newMotion, motionParams(), frames)
			wantTold(t, fs, tt.want...)
		})
	}
}

func TestMotionDoesNotCrossAGap(t *testing.T) {
	frames := motionClip(repeating(200, true, 60), 25, 61, 0)
	d := newMotion(motionParams(), func(f jobs.Finding) { t.Errorf("found %s", told(f)) })
	for i := range frames {
		if i == 60 {
			d.gap(frames[i].Start, frames[i].Start)
		}
		d.frame(&frames[i])
	}
	d.finish(frames[199].End)
}

// TestMotionIsBounded: the state does not grow with an endless stutter.
func TestMotionIsBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var at []int
	for n := 20; n < 5000; n += 2 + rng.IntN(9) {
		at = append(at, n)
	}
	var fs []jobs.Finding
	d := newMotion(motionParams(), func(f jobs.Finding) { fs = append(fs, f) }).(*motion)
	for _, f := range motionClip(repeating(5000, true, at...), 25, 100, 0.1) {
		d.frame(&f)
		if len(d.Stutter.Events) > maxEvents || len(d.Ring) > 2*around+1 || len(d.Cadence.Told) > maxTold {
			t.Fatalf("%d events, %d pairs, %d cadences are kept", len(d.Stutter.Events), len(d.Ring), len(d.Cadence.Told))
		}
	}
	d.finish(200e6)
	if len(fs) == 0 || len(fs) > 20 {
		t.Errorf("an endless stutter is %d findings", len(fs))
	}
}

func TestRateName(t *testing.T) {
	for rate, want := range map[float64]string{24: "24", 23.976: "23.98", 29.97: "29.97", 59.94: "59.94", 25: "25", 24.002: "24", 16.6667: "16.7", 30.001: "30"} {
		if got := rateName(rate); got != want {
			t.Errorf("%g is %s, want %s", rate, got, want)
		}
	}
}

func BenchmarkMotion(b *testing.B) {
	frames := motionClip(converted(24, 30, 20), 30, 60, 0.2)
	d := newMotion(motionParams(), func(jobs.Finding) {})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.frame(&frames[i%len(frames)])
	}
}
