package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

func TestMakeListsWhatItPut(t *testing.T) {
	t.Parallel()
	findings := []jobs.Finding{finding("video.black", "v0", jobs.Fail, 6, 10), finding("audio.silence", "a1", jobs.Warn, 6, 10), finding("video.freeze", "v9", jobs.Warn, 0, 1)}
	index, s := made(t, &fakeChild{}, 4, 10, 4, findings...)
	if index.V != jobs.EvidenceVersion || len(index.Items) != 2 || index.Left != 1 {
		t.Fatalf("%+v", index)
	}
	black := index.Items[0]
	if black.Finding != jobs.FindingKey(&findings[0]) || len(black.Pictures) != 4 || black.Pictures[1].Role != jobs.RoleFirst || black.Pictures[1].At != 6 {
		t.Errorf("%+v", black)
	}
	names := map[string]bool{index.Strip.Track: true}
	for _, sheet := range index.Strip.Sheets {
		names[sheet] = true
	}
	for _, p := range index.Items {
		for _, picture := range p.Pictures {
			names[picture.File] = true
		}
		for _, sound := range p.Sounds {
			names[sound.File] = true
			checkSound(t, &sound, s.files[sound.File])
		}
	}
	for name := range names {
		if _, err := storage.EvidenceFile("c", name); err != nil || s.files[name] == nil {
			t.Errorf("%s: %v, %d bytes", name, err, len(s.files[name]))
		}
	}
	if len(names) != len(s.files) {
		t.Errorf("%d files are listed, %d were put", len(names), len(s.files))
	}
	again, other := made(t, &fakeChild{}, 1, 10, 4, findings...)
	if !reflect.DeepEqual(index, again) || !reflect.DeepEqual(s.files, other.files) {
		t.Error("the same check gives other evidence with one slot")
	}
}

// The last picture before a hole is no picture of afterwards, though it stays on the screen.
func TestAfterIsNotBefore(t *testing.T) {
	t.Parallel()
	index, _ := made(t, &fakeChild{early: 3600}, 1, 10, 4, finding("video.corruption", "v0", jobs.Fail, 14, 16))
	if len(index.Items) != 1 || len(index.Items[0].Pictures) != 3 {
		t.Fatalf("%+v", index.Items)
	}
	for _, p := range index.Items[0].Pictures {
		if p.Role == jobs.RoleAfter {
			t.Errorf("%+v", p)
		}
	}
}

func checkSound(t *testing.T, s *jobs.Sound, body []byte) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(body))
	if err != nil || img.Bounds().Dx() != s.Width || img.Bounds().Dy() != s.Height {
		t.Errorf("%+v: %v", s, err)
	}
}

func TestACleanCheckMakesNone(t *testing.T) {
	t.Parallel()
	child := &fakeChild{}
	index, s := made(t, child, 1, 10, -1, finding("video.range", "v0", jobs.Info, 0, 1))
	if index != nil || len(s.files) != 0 || len(child.tasks) != 0 {
		t.Errorf("%+v, %d files, %d looks", index, len(s.files), len(child.tasks))
	}
}

// What a child cannot give costs pictures, and what may pass is tried later unless this is the last try.
func TestTroubleCostsPictures(t *testing.T) {
	t.Parallel()
	f := finding("video.black", "v0", jobs.Fail, 6, 7)
	for _, class := range []jobs.Class{jobs.Crash, jobs.Timeout, jobs.Permanent, jobs.Transient} {
		index, s := made(t, &fakeChild{err: jobs.Classify(class, errors.New("no"))}, 2, 10, -1, f)
		if index == nil || index.Left != 1 || len(index.Items) != 0 {
			t.Errorf("%s: %+v", class, index)
		}
		if s.files["strip-0.jpg"] == nil {
			t.Errorf("%s: no strip", class)
		}
	}
	check, headers, r := ladder(10, -1)
	r.Findings = []jobs.Finding{f}
	places, err := headers.Places(check)
	if err != nil {
		t.Fatal(err)
	}
	m := &Maker{Run: (&fakeChild{err: jobs.Classify(jobs.Transient, errors.New("later"))}).run, Put: (&shelf{}).put}
	if _, err := m.Make(t.Context(), check, r, places); jobs.ClassOf(err) != jobs.Transient {
		t.Errorf("what may pass: %v", err)
	}
	full := errors.New("disk full")
	m = &Maker{Run: (&fakeChild{}).run, Put: func(_ context.Context, _ string, _ []byte) error { return full }, LastTry: true}
	if _, err := m.Make(t.Context(), check, r, places); !errors.Is(err, full) {
		t.Errorf("nowhere to put it: %v", err)
	}
}

// A live segment may be gone, and another one have its name: pictures of another time than was measured are of something else.
func TestPicturesOfOtherMediaAreNone(t *testing.T) {
	t.Parallel()
	index, s := made(t, &fakeChild{early: 60 * 90000}, 1, 10, -1, finding("video.black", "v0", jobs.Fail, 6, 10))
	if len(index.Items) != 0 || index.Left != 1 || len(s.files) != 2 {
		t.Errorf("%+v, %d files", index, len(s.files))
	}
	img, err := jpeg.Decode(bytes.NewReader(s.files["strip-0.jpg"]))
	if err != nil {
		t.Fatal(err)
	}
	if got := brightness(img, img.Bounds()); got < 64 {
		t.Errorf("the strip has brightness %.0f: cells of other media", got)
	}
}

// Whether an origin that is away costs a picture is the maker's to say, whatever is looked at.
func TestLooksKnowTheLastTry(t *testing.T) {
	t.Parallel()
	for _, last := range []bool{false, true} {
		check, headers, r := ladder(10, -1)
		r.Findings = []jobs.Finding{finding("video.black", "v0", jobs.Fail, 6, 10), finding("audio.silence", "a0", jobs.Fail, 6, 10)}
		places, err := headers.Places(check)
		if err != nil {
			t.Fatal(err)
		}
		child := &fakeChild{}
		if _, err := (&Maker{Run: child.run, Put: (&shelf{}).put, LastTry: last}).Make(t.Context(), check, r, places); err != nil {
			t.Fatal(err)
		}
		kinds := map[string]bool{}
		for _, task := range child.tasks {
			kinds[fmt.Sprint(task.Look.Kind, task.Look.Keys)] = true
			if task.LastTry != last {
				t.Errorf("a look at %s, of key frames %t: last try %t, want %t", task.Look.Kind, task.Look.Keys, task.LastTry, last)
			}
		}
		if len(kinds) != 3 {
			t.Errorf("looks at %v", kinds)
		}
	}
}

// What was made until the time was up is kept, and the strip has time of its own.
func TestSlowLooksCostTheLaterOnes(t *testing.T) {
	t.Parallel()
	check, headers, r := ladder(60, -1)
	for i := range 5 {
		r.Findings = append(r.Findings, finding("captions.gap", "v0", jobs.Fail, float64(40*i), float64(40*i+1)))
	}
	places, err := headers.Places(check)
	if err != nil {
		t.Fatal(err)
	}
	child, now := &fakeChild{}, time.Unix(0, 0)
	slow := func(ctx context.Context, task jobs.Task) ([]byte, error) {
		now = now.Add(4 * time.Minute)
		return child.run(ctx, task)
	}
	m := &Maker{Run: slow, Slots: 1, Put: (&shelf{}).put, Budget: 15 * time.Minute, Now: func() time.Time { return now }}
	index, err := m.Make(t.Context(), check, r, places)
	if err != nil || len(index.Items) != 3 || index.Left != 2 {
		t.Fatalf("%+v, %v", index, err)
	}
	if keys := len(child.tasks) - 3; keys != 2 || index.Strip == nil {
		t.Errorf("%d looks for the strip, want 2 in 5 minutes", keys)
	}
}

// A strip has at most maxCells cells, from the smaller rendition, and asks only for segments that hold a cell.
func TestStrip(t *testing.T) {
	t.Parallel()
	f := finding("audio.loudness", "a0", jobs.Warn, 0, 8)
	for _, c := range []struct {
		segments, cells int
		step            jobs.Seconds
		sheets          int
	}{{2, 8, 1, 1}, {10, 40, 1, 1}, {60, 240, 1, 2}, {61, 122, 2, 2}, {900, 240, 15, 2}} {
		child := &fakeChild{}
		index, s := made(t, child, 1, c.segments, 0, f)
		strip := index.Strip
		if strip.Count != c.cells || strip.Step != c.step || strip.Rendition != "v1" || strip.Width != 160 || strip.Height != 90 || len(strip.Sheets) != c.sheets {
			t.Errorf("%d segments: %+v", c.segments, strip)
		}
		segments := map[int]bool{}
		for _, task := range child.tasks {
			if task.Look.Kind == "video" {
				for _, g := range task.Segments {
					segments[g.Index] = true
				}
			}
		}
		if len(segments) > min(c.cells, c.segments) || segments[0] {
			t.Errorf("%d segments were fetched, that which is lost among them: %t", len(segments), segments[0])
		}
		checkTrack(t, strip, s)
	}
}

// checkTrack reads the track as a player does: every cue lies in its sheet, and they follow each other.
func checkTrack(t *testing.T, strip *jobs.Strip, s *shelf) {
	t.Helper()
	blocks := strings.Split(strings.TrimSpace(string(s.files[strip.Track])), "\n\n")
	if blocks[0] != "WEBVTT" || len(blocks) != strip.Count+1 {
		t.Fatalf("%d blocks for %d cells", len(blocks), strip.Count)
	}
	end := "00:00:00.000"
	for _, block := range blocks[1:] {
		times, target, _ := strings.Cut(block, "\n")
		from, to, _ := strings.Cut(times, " --> ")
		if from != end || to <= from {
			t.Fatalf("cue %q follows one to %s", times, end)
		}
		end = to
		sheet, fragment, ok := strings.Cut(target, "#xywh=")
		img, err := jpeg.DecodeConfig(bytes.NewReader(s.files[sheet]))
		if err != nil || !ok {
			t.Fatalf("%q: %v", target, err)
		}
		var xywh [4]int
		for i, v := range strings.Split(fragment, ",") {
			if xywh[i], err = strconv.Atoi(v); err != nil {
				t.Fatal(err)
			}
		}
		if xywh[2] != strip.Width || xywh[3] != strip.Height || xywh[0]+xywh[2] > img.Width || xywh[1]+xywh[3] > img.Height {
			t.Fatalf("%q lies outside of %dx%d", target, img.Width, img.Height)
		}
	}
}

// A cell of which nothing could be had must not look like a black picture.
func TestAMissingCellIsNotBlack(t *testing.T) {
	t.Parallel()
	_, s := made(t, &fakeChild{}, 1, 2, 0, finding("audio.loudness", "a0", jobs.Warn, 0, 8))
	img, err := jpeg.Decode(bytes.NewReader(s.files["strip-0.jpg"]))
	if err != nil {
		t.Fatal(err)
	}
	if lost, black := brightness(img, image.Rect(0, 0, 640, 90)), brightness(img, image.Rect(640, 0, 1280, 90)); lost < 64 || black > 8 {
		t.Errorf("a lost cell has brightness %.0f, a black one %.0f", lost, black)
	}
}

func brightness(img image.Image, r image.Rectangle) float64 {
	sum := 0.0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			_, g, _, _ := img.At(x, y).RGBA()
			sum += float64(g >> 8)
		}
	}
	return sum / float64(r.Dx()*r.Dy())
}

// A tone stands at its frequency, at its level, where it sounds.
func TestSpectrogram(t *testing.T) {
	t.Parallel()
	const rate, hertz = 48000, 3000
	samples := make([]int16, 2*rate)
	for i := rate; i < len(samples); i++ {
		samples[i] = int16(math.Round(0.5 * math.MaxInt16 * math.Sin(2*math.Pi*hertz*float64(i)/rate)))
	}
	f, power := newSpectrum(), make([]float64, spectrumSize/2)
	f.add(power, samples, rate+1000)
	if got := 10 * math.Log10(power[bin(hertz, rate)]); math.Abs(got+6.02) > 0.1 {
		t.Errorf("a tone of -6 dBFS stands at %.2f dB", got)
	}
	body, err := drawSound([][]int16{samples, samples}, rate, 0.5, 2)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	row := soundHeight - 1 - int(specHeight*math.Sqrt(hertz/float64(topHertz)))
	at := func(x, y int) float64 { return brightness(img, image.Rect(x, y, x+1, y+1)) }
	if silent, tone, beside := at(100, row), at(800, row), at(800, row-20); tone < silent+60 || tone < beside+60 {
		t.Errorf("brightness %.0f in silence, %.0f of the tone, %.0f beside it", silent, tone, beside)
	}
	if at(soundWidth/2, 0) < 200 {
		t.Error("the beginning of the finding is not marked")
	}
}

func TestSoundsOfAnyShapeAreDrawn(t *testing.T) {
	t.Parallel()
	for _, channels := range [][][]int16{nil, {}, {{}}, {{1}}, {{math.MinInt16, math.MaxInt16}, {0, 0}}, make([][]int16, 8)} {
		for _, share := range []float64{math.NaN(), math.Inf(1), -1, 0, 0.999999, 1} {
			if _, err := drawSound(channels, 8000, share, share); err != nil {
				t.Errorf("%v: %v", channels, err)
			}
		}
	}
}
