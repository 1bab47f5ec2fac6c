package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// scenery is a film that never repeats: its cells move on smooth paths of their own, and it cuts every seven seconds.
func scenery(grid *[measurement.GridW * measurement.GridH]uint8, t float64, noise int, rng *rand.Rand) {
	scene := uint64(t / 7)
	r := rand.New(rand.NewPCG(scene, 99))
	var a, b, c [6]float64
	for i := range a {
		a[i], b[i], c[i] = r.Float64()*6, r.Float64()*6, 0.3+r.Float64()
	}
	for y := range measurement.GridH {
		for x := range measurement.GridW {
			v := 128.0
			for i := range a {
				v += 18 * math.Sin(a[i]+b[i]*float64(x)/8+a[5-i]*float64(y)/6+c[i]*t)
			}
			if noise > 0 {
				v += float64(rng.IntN(2*noise+1) - noise)
			}
			grid[y*measurement.GridW+x] = uint8(max(16, min(v, 235)))
		}
	}
}

// piece is a part of the film as it appears in a stream.
type piece struct{ from, to float64 }

// alien is a piece that is in no reference: it is far away in the film.
const alien = 10_000

// film plays pieces one behind the other at a rate and signs them.
func film(rate float64, noise int, pieces ...piece) *pictureSignature {
	s := newPictureSignature()
	rng := rand.New(rand.NewPCG(5, uint64(rate)))
	f := videoFrame{Frame: &measurement.Frame{}, Format: &measurement.Format{Width: 640, Height: 360}}
	n := 0
	for _, p := range pieces {
		for k := range int(math.Round((p.to - p.from) * rate)) {
			t := p.from + (float64(k)+0.5)/rate // the middle of the picture's time
			f.Start, f.End = jobs.Micros(float64(n)*1e6/rate), jobs.Micros(float64(n+1)*1e6/rate)
			f.PTS, f.Unit = int64(n), int32(n/25)
			scenery(&f.Grid, t, noise, rng)
			s.frame(&f)
			n++
		}
	}
	return s
}

// matchOf is a rendition beside a reference, for its findings.
func matchOf(pic, ref *pictureSignature) *videoMatch {
	return &videoMatch{t: &rendition{Rendition: jobs.Rendition{ID: "v0"}}, a: align(pic, ref)}
}

func TestMissingAndInsertedContent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		pic, ref *pictureSignature
		lag      float64 // of most of the pictures
		want     []string
	}{
		{"the same", film(25, 0, piece{0, 30}), film(25, 0, piece{0, 30}), 0, nil},
		{"coded anew", film(25, 6, piece{0, 30}), film(25, 0, piece{0, 30}), 0, nil},
		{"double rate", film(50, 2, piece{0, 30}), film(25, 0, piece{0, 30}), 0, nil},
		{"cinema to 30", film(30, 2, piece{0, 30}), film(24, 0, piece{0, 30}), 0, nil},
		{"half rate", film(12.5, 2, piece{0, 30}), film(25, 0, piece{0, 30}), 0, nil},
		{"head cut off", film(25, 2, piece{3, 30}), film(25, 0, piece{0, 30}), -3, []string{"reference.missing_content fail 0-0"}},
		{"tail cut off", film(25, 2, piece{0, 29.2}), film(25, 0, piece{0, 30}), 0, []string{"reference.missing_content warn 29.2-29.2"}},
		{"a cut within a scene", film(25, 2, piece{0, 16}, piece{17.2, 40}), film(25, 0, piece{0, 40}), -1.2, []string{"reference.missing_content warn 16-16"}},
		{"two cuts", film(25, 2, piece{0, 10}, piece{13, 24}, piece{24.4, 60}), film(25, 0, piece{0, 60}), -3.4,
			[]string{"reference.missing_content fail 10-10", "reference.missing_content info 21-21"}},
		{"an insertion", film(25, 2, piece{0, 12}, piece{alien, alien + 5}, piece{12, 40}), film(25, 0, piece{0, 40}), 5,
			[]string{"reference.missing_content fail 12-17"}},
		{"a replacement", film(25, 2, piece{0, 12}, piece{alien, alien + 2}, piece{14, 40}), film(25, 0, piece{0, 40}), 0,
			[]string{"reference.missing_content fail 12-14"}},
		{"something before the first", film(25, 2, piece{alien, alien + 4}, piece{0, 30}), film(25, 0, piece{0, 30}), 4,
			[]string{"reference.missing_content fail 0-4"}},
		{"a glitch of four pictures", film(25, 2, piece{0, 12}, piece{alien, alien + 0.16}, piece{12.16, 30}), film(25, 0, piece{0, 30}), 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := matchOf(tt.pic, tt.ref)
			var r jobs.Result
			m.missing(paramsOf(t).levels(codeMissing), &r)
			if fmt.Sprint(allTold(r.Findings)) != fmt.Sprint(append([]string{}, tt.want...)) {
				t.Errorf("found %v, want %v", allTold(r.Findings), tt.want)
			}
			lag, ok := m.a.lag()
			if slack := max(tt.pic.usual(), tt.ref.usual()).Seconds() / 2; !ok || math.Abs(lag.Seconds()-tt.lag) > slack+1e-6 {
				t.Errorf("lag %v %t, want %g", lag, ok, tt.lag)
			}
			inOrder(t, m.a)
		})
	}
}

func paramsOf(t *testing.T) *params {
	t.Helper()
	p, err := LoadProfile(DefaultProfile, nil)
	if err != nil {
		t.Fatal(err)
	}
	return newParams(p)
}

// inOrder checks what comparisons rely on: the pairs go forward on both sides, and the pieces of work hold each of them once, within bounds.
func inOrder(t *testing.T, a *alignment) {
	t.Helper()
	pairs, last := 0, int32(-1)
	for i, j := range a.Match {
		if j < 0 {
			continue
		}
		if j < last || int(j) >= a.ref.len() {
			t.Fatalf("picture %d is number %d of the reference, behind number %d", i, j, last)
		}
		last = j
		pairs++
	}
	for _, c := range a.comparisons(jobs.Side{Sequence: "s0"}, jobs.Side{Sequence: "r0"}) {
		if len(c.Pairs) == 0 || len(c.Pairs) > jobs.MaxPairs {
			t.Errorf("a comparison of %d pairs", len(c.Pairs))
		}
		pairs -= len(c.Pairs)
		for _, p := range c.Pairs {
			if p.Picture.Unit < c.Picture.First || p.Picture.Unit >= c.Picture.Last || p.Reference.Unit < c.Reference.First || p.Reference.Unit >= c.Reference.Last {
				t.Fatalf("%+v is outside of %+v and %+v", p, c.Picture, c.Reference)
			}
		}
	}
	if pairs != 0 {
		t.Errorf("%d pairs are in no comparison", pairs)
	}
}

// TestOtherPicturesAreNotAligned: what is not there is not measured, and never passes.
func TestOtherPicturesAreNotAligned(t *testing.T) {
	t.Parallel()
	a := align(film(25, 2, piece{alien, alien + 30}), film(25, 0, piece{0, 60}))
	if _, ok := a.lag(); ok || len(a.Stretches) != 0 {
		t.Errorf("found %+v", a.Stretches)
	}
	for _, empty := range []*pictureSignature{newPictureSignature(), film(25, 0, piece{0, 5})} {
		if a := align(empty, newPictureSignature()); len(a.Stretches) != 0 {
			t.Errorf("found %+v in nothing", a.Stretches)
		}
	}
}

// TestAStillIsWhereItStands: a picture that does not move fits everywhere; nothing speaks against the place where it is.
func TestAStillIsWhereItStands(t *testing.T) {
	t.Parallel()
	still := func(n int) *pictureSignature {
		s := newPictureSignature()
		f := videoFrame{Frame: &measurement.Frame{}, Format: &measurement.Format{Width: 640, Height: 360}}
		scenery(&f.Grid, 3, 0, nil)
		for i := range n {
			f.Start, f.End = jobs.Micros(i)*40e3, jobs.Micros(i+1)*40e3
			s.frame(&f)
		}
		return s
	}
	m := matchOf(still(250), still(250))
	if lag, ok := m.a.lag(); !ok || lag != 0 || len(m.gaps()) != 0 {
		t.Errorf("lag %v %t, gaps %v", lag, ok, m.gaps())
	}
}

// TestSignaturesDoNotSeeSizeOrLevel: the cells of the grid stand between blocks, so they differ with the size.
func TestSignaturesDoNotSeeSizeOrLevel(t *testing.T) {
	t.Parallel()
	s := newPictureSignature()
	for _, size := range [][2]int{{640, 360}, {480, 270}, {426, 240}, {1920, 1080}, {160, 90}, {100, 50}} {
		f := videoFrame{Frame: &measurement.Frame{}, Format: &measurement.Format{Width: size[0], Height: size[1]}, End: 1}
		x, y := bordersOf(size[0], measurement.GridW), bordersOf(size[1], measurement.GridH)
		for v := range measurement.GridH {
			for u := range measurement.GridW { // a slope and a ripple at the middle of the cell, darker and flatter in a small picture
				cx, cy := (x[u]+x[u+1])/2, (y[v]+y[v+1])/2
				value := 60 + 100*cx + 40*cy + 30*math.Sin(9*cx+5*cy)
				f.Grid[v*measurement.GridW+u] = uint8(math.Round(value - value*0.2*float64(size[1]%7)/7))
			}
		}
		s.frame(&f)
	}
	for i := 1; i < s.len(); i++ {
		if d := s.distance(0, s, i); d > signScale/200 {
			t.Errorf("picture %d is %d from the first, of %d", i, d, signScale)
		}
	}
}

// bordersOf are the borders of a grid's cells as measurement.Frame.Grid has them, in parts of the picture.
func bordersOf(size, cells int) []float64 {
	list := make([]float64, cells+1)
	for i := range list {
		at := float64(i*size) / float64(cells)
		if blocks := size / 8; blocks >= cells {
			at = math.Floor(float64(i*blocks)/float64(cells)+0.5) * 8
		}
		list[i] = at / float64(size)
	}
	return list
}

// envelope is sound of syllables that never repeat, shifted by ms and louder by a factor.
func envelope(seconds int, ms int, factor float64, seed uint64) *soundSignature {
	rng := rand.New(rand.NewPCG(7, seed))
	var v []float64
	for len(v) < seconds*1000+20_000 {
		n, level := 40+rng.IntN(260), rng.Float64()*rng.Float64()*30_000
		for i := range n {
			v = append(v, level*math.Sin(math.Pi*float64(i)/float64(n))*(0.8+0.2*rng.Float64()))
		}
	}
	s := newSoundSignature()
	f := audioSlot{Slot: &measurement.Slot{Samples: 480}, Format: &measurement.Format{SampleRate: 48000}}
	for k := range seconds * 100 {
		for i := range f.Env {
			if at := k*10 + i - ms; at >= 0 {
				f.Env[i] = uint16(min(v[at]*factor, 65535))
			}
		}
		f.Start, f.End = jobs.Micros(k)*slotLength, jobs.Micros(k+1)*slotLength
		s.slot(&f)
	}
	return s
}

func TestSoundLag(t *testing.T) {
	t.Parallel()
	here := func(jobs.Micros) (jobs.Micros, bool) { return 0, true }
	for _, ms := range []int{0, 1, 40, 180, 1234, 4900, 20_000} {
		lags, windows := listen(envelope(40, ms, 0.6, 1), envelope(60, 0, 1, 1), here)
		if len(lags) < 2 || windows < 2 {
			t.Errorf("%d ms: %d lags of %d windows", ms, len(lags), windows)
		}
		for _, l := range lags {
			if math.Abs(l.Lag.Seconds()*1000-float64(ms)) > 1 {
				t.Errorf("%d ms: the window at %v says %v", ms, l.From, l.Lag)
			}
		}
	}
}

func TestSoundThatTellsNothing(t *testing.T) {
	t.Parallel()
	here := func(jobs.Micros) (jobs.Micros, bool) { return 0, true }
	silent := &soundSignature{Env: make([]byte, 30_000)}
	ticking := &soundSignature{Env: make([]byte, 30_000)}
	for i := range ticking.Env {
		if i%500 < 60 {
			ticking.Env[i] = 200
		}
	}
	for name, tt := range map[string]struct{ one, other *soundSignature }{
		"silence": {silent, silent}, "another sound": {envelope(30, 0, 1, 1), envelope(30, 0, 1, 2)}, "a beat that repeats": {ticking, ticking},
		"nothing": {newSoundSignature(), newSoundSignature()}, "no reference": {envelope(30, 0, 1, 1), newSoundSignature()},
	} {
		if lags, _ := listen(tt.one, tt.other, here); len(lags) != 0 {
			t.Errorf("%s: %+v", name, lags)
		}
	}
}

// TestOffsetLimits: EBU R 37 and ITU-R BT.1359, the sign as in detectors: positive is late.
func TestOffsetLimits(t *testing.T) {
	t.Parallel()
	pictures := matchOf(film(25, 0, piece{0, 40}), film(25, 0, piece{0, 40}))
	for ms, want := range map[int]jobs.Severity{0: "", 55: "", 70: jobs.Warn, 184: jobs.Warn, 195: jobs.Fail, -35: "", -50: jobs.Warn, -88: jobs.Warn, -100: jobs.Fail} {
		m := &audioMatch{t: &rendition{Rendition: jobs.Rendition{ID: "a0", Duration: 40}}, video: pictures, windows: 4}
		for k := range jobs.Micros(4) {
			m.lags = append(m.lags, soundLag{k * soundWindow, (k + 1) * soundWindow, jobs.Micros(ms) * 1000, 0.9})
		}
		var r jobs.Result
		m.offset(paramsOf(t), &r)
		if want == "" && len(r.Findings) == 0 {
			continue
		}
		if len(r.Findings) != 1 || r.Findings[0].Severity != want || math.Abs(float64(*r.Findings[0].Value)*1000-float64(ms)) > 1e-9 || r.Findings[0].End != 40 {
			t.Errorf("%d ms: %+v, want %q", ms, r.Findings, want)
		}
		if word := map[bool]string{true: "late", false: "early"}[ms > 0]; len(r.Findings) > 0 && !strings.Contains(r.Findings[0].Message, word) {
			t.Errorf("%d ms: %s", ms, r.Findings[0].Message)
		}
	}
}

// TestOneWindowIsNoOffset where its neighbours say otherwise; where the sound jumps, there are two.
func TestOneWindowIsNoOffset(t *testing.T) {
	t.Parallel()
	m := &audioMatch{t: &rendition{}, video: matchOf(film(25, 0, piece{0, 80}), film(25, 0, piece{0, 80})), windows: 8}
	for k, ms := range []jobs.Micros{10, 12, 900, 11, 10, 300, 301, 300} {
		m.lags = append(m.lags, soundLag{jobs.Micros(k) * soundWindow, jobs.Micros(k+1) * soundWindow, ms * 1000, 0.9})
	}
	var got []string
	for _, o := range m.steady() {
		got = append(got, fmt.Sprintf("%v-%v %v", o.From.Seconds(), o.To.Seconds(), o.offset.Seconds()))
	}
	if fmt.Sprint(got) != "[0-20 0.012 30-50 0.011 50-80 0.3]" {
		t.Errorf("%v", got)
	}
}

// TestQualityIsPooledAsFFmpegDoes: the mean of the squared errors decides, and identical pictures have no PSNR.
func TestQualityIsPooledAsFFmpegDoes(t *testing.T) {
	t.Parallel()
	f := jobs.ComparedFormat{Width: 100, Height: 100, ChromaWidth: 50, ChromaHeight: 50, Depth: 8}
	q := &quality{}
	for i, sse := range []int64{0, 10_000, 30_000} {
		q.add(&jobs.ComparedRow{SSE: [3]int64{sse, 0, sse / 4}, SSIM: [3]int64{jobs.SSIMUnit / 2, jobs.SSIMUnit, 0}}, &f, jobs.Micros(i)*600e3)
	}
	near := func(what string, n *jobs.Number, want float64) {
		t.Helper()
		if n == nil || math.Abs(float64(*n)-want) > 1e-9 {
			t.Errorf("%s is %v, want %g", what, n, want)
		}
	}
	near("luma", q.psnr(0), 10*math.Log10(65025/(4.0/3)))
	near("Cr", q.psnr(2), 10*math.Log10(65025/(4.0/3)))
	near("all", q.psnr(3), 10*math.Log10(65025/((4.0/3)*(10_000+2500)/15_000)))
	near("SSIM", q.mean(q.ssim), (0.5*10_000+2500)/15_000)
	if q.psnr(1) != nil || q.identical != 1 || q.frames != 3 {
		t.Errorf("Cb %v, %d identical of %d", q.psnr(1), q.identical, q.frames)
	}
	if w := q.worst(); len(w) != 2 || w[0].Start != 1 || w[1].Start != 0 {
		t.Errorf("worst %+v", w)
	}
	if e := (&quality{}); e.psnr(0) != nil || e.mean(0) != nil || e.worst() != nil {
		t.Error("nothing has figures")
	}
}

// TestPicturesOfMicroseconds: a hostile time base must not make the search for a lag endless.
func TestPicturesOfMicroseconds(t *testing.T) {
	for _, length := range [][2]int32{{1, 3}, {1, 1 << 30}, {1 << 30, 1}, {7, 2}} {
		a := &alignment{
			pic: &pictureSignature{Start: []jobs.Micros{0}, Length: []int32{length[0]}},
			ref: &pictureSignature{Start: []jobs.Micros{0}, Length: []int32{length[1]}},
		}
		if n := len(a.beside(0, 0)); n < 1 || n > 9 {
			t.Errorf("%v: %d lags", length, n)
		}
	}
}

// TestWhatWasNotLookedForIsNotMissing: behind the last search nothing is known.
func TestWhatWasNotLookedForIsNotMissing(t *testing.T) {
	a := &alignment{pic: film(25, 2, piece{0, 12}, piece{alien, alien + 8}), ref: film(25, 0, piece{0, 30}), searches: maxSearches}
	if _, _, ok := a.acquire(0); ok || !a.gaveUp {
		t.Errorf("found %t, gave up %t", ok, a.gaveUp)
	}
	m := matchOf(a.pic, a.ref)
	if len(m.gaps()) == 0 {
		t.Fatal("the tail that is not in the reference is no gap")
	}
	m.a.gaveUp = true
	if gaps := m.gaps(); len(gaps) != 0 {
		t.Errorf("gaps %v behind the last search", gaps)
	}
}
