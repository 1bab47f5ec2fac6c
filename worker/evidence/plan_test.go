package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/report"
)

// ladder is a check of two renditions in segments of 4 s, pictures and sound together, 25 pictures a second; the clock of the media shows an hour at the beginning. Of the segment
// lost nothing could be had.
func ladder(segments, lost int) (*jobs.Check, Headers, *report.Report) {
	check := &jobs.Check{ID: "01hf8z3k2mq4x7c9tbva", Timeline: jobs.Timeline{Kind: jobs.SourceHLS}}
	headers := Headers{}
	r := &report.Report{}
	for q, width := range []int{1280, 640} {
		id := fmt.Sprintf("s%d", q)
		s := jobs.Sequence{ID: id, Mode: jobs.ModeSegments}
		for i := range segments {
			s.Segments = append(s.Segments, jobs.Segment{Index: i, Start: jobs.Micros(i) * 4e6, Duration: 4e6, ByteRange: jobs.ByteRange{URI: fmt.Sprintf("/%s/%d.ts", id, i), Length: -1}})
		}
		s.Duration = jobs.Micros(segments) * 4e6
		check.Timeline.Sequences = append(check.Timeline.Sequences, s)
		w := jobs.Window{Sequence: id, Last: segments, End: s.Duration, Head: true, Foot: true}
		check.Windows = append(check.Windows, w)
		h := &measurement.Header{V: jobs.Version, Measure: jobs.MeasureVersion, Sequence: id, Formats: []measurement.Format{
			{Kind: measurement.Video, Codec: "h264", TimeBaseNum: 1, TimeBaseDen: 90000, Width: width, Height: width * 9 / 16},
			{Kind: measurement.Audio, Codec: "aac", TimeBaseNum: 1, TimeBaseDen: 90000, SampleRate: 48000, Channels: 2},
		}}
		for i := range segments {
			u := measurement.Unit{Index: i, State: measurement.UnitOK}
			from := int64(3600+4*i) * 90000
			for k, kind := range []measurement.Kind{measurement.Video, measurement.Audio} {
				u.Tracks = append(u.Tracks, measurement.UnitTrack{Kind: kind, Format: k, FirstPTS: from, EndPTS: from + 4*90000, Packets: 100, Frames: 100})
			}
			if i == lost {
				u = measurement.Unit{Index: i, State: measurement.UnitMissing}
			}
			h.Units = append(h.Units, u)
		}
		headers[w.ID()] = h
		r.Renditions = append(r.Renditions, jobs.Rendition{ID: fmt.Sprintf("v%d", q), Kind: "video", Sequence: id, Width: width, Height: width * 9 / 16})
	}
	for q := range 2 {
		r.Renditions = append(r.Renditions, jobs.Rendition{ID: fmt.Sprintf("a%d", q), Kind: "audio", Sequence: fmt.Sprintf("s%d", q)})
	}
	r.Duration = jobs.Micros(segments * 4e6).At()
	return check, headers, r
}

func finding(code, rendition string, severity jobs.Severity, start, end float64) jobs.Finding {
	return jobs.Finding{Code: code, Rendition: rendition, Severity: severity, Start: jobs.Seconds(start), End: jobs.Seconds(end)}
}

// planned makes the work on a ladder and plans it.
func planned(t *testing.T, o Options, segments, lost int, findings ...jobs.Finding) *work {
	t.Helper()
	check, headers, r := ladder(segments, lost)
	r.Findings = findings
	places, err := headers.Places(check)
	if err != nil {
		t.Fatal(err)
	}
	w := &work{Maker: &Maker{}, check: check, report: r, options: o.withDefaults(), places: places.Renditions(r.Renditions)}
	w.plan()
	return w
}

// described lists the wanted pictures of a plan as role@seconds.
func described(p *proofPlan) string {
	var list []string
	for _, s := range p.shots {
		list = append(list, fmt.Sprintf("%s@%s:%.2f", s.role, s.key.rendition, float64(s.key.pts)/90000-3600))
	}
	if p.sound != nil {
		list = append(list, fmt.Sprintf("sound@%s:%.2f-%.2f", p.sound.rendition, float64(p.sound.from)/1e6, float64(p.sound.to)/1e6))
	}
	return strings.Join(list, " ")
}

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		f    jobs.Finding
		want string
	}{
		{"pictures", finding("video.black", "v0", jobs.Fail, 6, 10), "before@v0:5.50 first@v0:6.00 worst@v0:8.00 after@v0:10.00"},
		{"at the beginning", finding("video.black", "v1", jobs.Fail, 0, 3), "first@v1:0.00 worst@v1:1.50 after@v1:3.00"},
		{"to the end", finding("video.freeze", "v0", jobs.Warn, 30, 40), "before@v0:29.50 first@v0:30.00 worst@v0:35.00"},
		{"beside what is lost", finding("video.corruption", "v0", jobs.Fail, 14, 16), "before@v0:13.50 first@v0:14.00 worst@v0:15.00 after@v0:16.00"},
		{"behind what is lost", finding("video.corruption", "v0", jobs.Fail, 20, 21), "first@v0:20.00 worst@v0:20.50 after@v0:21.00"},
		{"sound", finding("audio.silence", "a0", jobs.Fail, 6, 10), "sound@a0:5.00-11.00"},
		{"long sound", finding("audio.silence", "a1", jobs.Fail, 0, 16), "sound@a1:0.00-12.00"},
		{"sync of sound", finding("sync.offset", "a0", jobs.Fail, 6, 7), "sound@a0:5.00-8.00"},
		{"captions of the stream", finding("captions.gap", "", jobs.Warn, 6, 7), "first@v0:6.00"},
		{"ladder", finding("ladder.quality_order", "v1", jobs.Warn, 6, 7), "first@v1:6.00"},
		{"unknown rendition", finding("video.black", "v7", jobs.Fail, 6, 10), ""},
		{"beyond all", finding("video.black", "v0", jobs.Fail, 1e6, 2e6), ""},
		{"hostile rendition", finding("video.black", "../v0", jobs.Fail, 6, 10), ""},
	} {
		w := planned(t, Options{}, 10, 4, c.f)
		if len(w.plans) != 1 {
			t.Errorf("%s: %d plans", c.name, len(w.plans))
			continue
		}
		if got := described(&w.plans[0]); got != c.want {
			t.Errorf("%s: planned %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	list := []jobs.Finding{
		finding("video.range", "v0", jobs.Info, 0, 1), finding("video.black", "v0", jobs.Warn, 1, 2), finding("video.black", "v0", jobs.Warn, 3, 4),
		finding("playlist.invalid", "", jobs.Fail, 0, 0), finding("segment.missing", "v0", jobs.Fail, 16, 20),
		finding("audio.silence", "a0", jobs.Warn, 5, 6), finding("video.freeze", "v0", jobs.Fail, 7, 8), finding("video.freeze", "v0", jobs.Fail, 7, 8),
	}
	for _, c := range []struct {
		o    Options
		want []string
		left int
	}{
		{Options{}, []string{"video.freeze 7", "video.black 1", "audio.silence 5", "video.black 3"}, 0},
		{Options{Level: Full}, []string{"video.freeze 7", "video.black 1", "audio.silence 5", "video.black 3", "video.range 0"}, 0},
		{Options{Proofs: 2}, []string{"video.freeze 7", "video.black 1"}, 2},
	} {
		w := planned(t, c.o, 10, -1, list...)
		var got []string
		for _, p := range w.plans {
			got = append(got, fmt.Sprintf("%s %g", p.finding.Code, float64(p.finding.Start)))
		}
		if !reflect.DeepEqual(got, c.want) || w.left != c.left {
			t.Errorf("%+v: shows %v and leaves %d, want %v and %d", c.o, got, w.left, c.want, c.left)
		}
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level Level
		f     []jobs.Finding
		want  bool
	}{
		{"", nil, false}, {Findings, []jobs.Finding{finding("video.range", "v0", jobs.Info, 0, 1)}, false},
		{Findings, []jobs.Finding{finding("playlist.stale", "", jobs.Fail, 0, 1)}, false},
		{"", []jobs.Finding{finding("video.black", "v0", jobs.Warn, 0, 1)}, true},
		{Off, []jobs.Finding{finding("video.black", "v0", jobs.Fail, 0, 1)}, false}, {Full, nil, true},
	} {
		r := &report.Report{}
		r.Findings = c.f
		if got := Wanted(r, c.level); got != c.want {
			t.Errorf("%q, %v: %t", c.level, c.f, got)
		}
	}
	for _, s := range []string{"", "all", "FULL"} {
		if _, err := ParseLevel(s); err == nil {
			t.Errorf("level %q is read", s)
		}
	}
}

// Moments are grouped so that each unit is decoded once, and none without need.
func TestLooksAreGrouped(t *testing.T) {
	t.Parallel()
	w := planned(t, Options{}, 100, -1,
		finding("video.black", "v0", jobs.Fail, 6, 10), finding("video.freeze", "v0", jobs.Fail, 8, 9), finding("video.blur", "v0", jobs.Warn, 200, 330), finding("video.black", "v1", jobs.Fail, 6, 10))
	seen := map[string]bool{}
	total := 0
	for _, l := range w.photoLooks() {
		if l.side.Last-l.side.First > len(l.photos)*(1+gapSegments) {
			t.Errorf("%d units for %d pictures", l.side.Last-l.side.First, len(l.photos))
		}
		for i, p := range l.photos {
			unit := fmt.Sprintf("%s/%d", p.moment.Sequence, p.moment.Unit)
			if seen[unit] && (i == 0 || l.photos[i-1].moment.Unit != p.moment.Unit) {
				t.Errorf("unit %s is decoded twice", unit)
			}
			seen[unit] = true
			if p.moment.Sequence != l.side.Sequence || p.moment.Unit < l.side.First || p.moment.Unit >= l.side.Last {
				t.Errorf("picture of unit %d in a look at %+v", p.moment.Unit, l.side)
			}
			total++
		}
	}
	if total != len(w.photos) || total != 15 {
		t.Errorf("%d pictures are looked for, %d are wanted, want 15: one is wanted twice", total, len(w.photos))
	}
}

// However many pictures of one unit are wanted, no look asks for more than an answer may hold, and none for what a Look refuses.
func TestNoLookIsTooLarge(t *testing.T) {
	t.Parallel()
	var findings []jobs.Finding
	for i := range jobs.MaxProofs {
		findings = append(findings, finding("captions.gap", "v0", jobs.Fail, 8.04+float64(i)*0.06, 12))
	}
	w := planned(t, Options{}, 10, -1, findings...)
	looks, total := w.photoLooks(), 0
	for _, l := range looks {
		total += len(l.photos)
		look := &jobs.Look{Kind: "video", Width: jobs.MaxLookEdge, Height: jobs.MaxLookEdge, Shots: make([]jobs.PictureID, len(l.photos))}
		if _, err := jobs.LookTask(w.check, l.side, look); err != nil || len(l.photos) > maxPhotos {
			t.Errorf("%d pictures: %v", len(l.photos), err)
		}
	}
	if total != len(w.photos) || total < 2*maxPhotos || len(looks) != (total+maxPhotos-1)/maxPhotos {
		t.Errorf("%d pictures in %d looks, %d are wanted", total, len(looks), len(w.photos))
	}
}

// fakeChild answers looks with small pictures, and notes what it was asked for.
type fakeChild struct {
	mu    sync.Mutex
	tasks []jobs.Task
	err   error
	early int64 // by which pictures are older than was asked for
}

func (f *fakeChild) run(_ context.Context, task jobs.Task) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tasks = append(f.tasks, task)
	if f.err != nil {
		return nil, f.err
	}
	var b []byte
	for i, id := range task.Look.Shots {
		s := &jobs.Shot{At: i, PTS: id.PTS - id.PTS%3600 - f.early, Width: 32, Height: 18, Data: []byte("a picture")}
		if task.Look.Keys {
			s.Width, s.Height = task.Look.Width, task.Look.Height
			s.Data = make([]byte, 3*s.Width*s.Height)
		}
		line, err := json.Marshal(jobs.Looked{Shot: s})
		if err != nil {
			return nil, err
		}
		b = append(b, line...)
	}
	if task.Look.Kind == "audio" {
		line, err := json.Marshal(jobs.Looked{Sound: &jobs.Sample{Rate: 8000, Channels: [][]byte{make([]byte, 1600), make([]byte, 1600)}}})
		if err != nil {
			return nil, err
		}
		b = append(b, line...)
	}
	return b, nil
}

// shelf keeps files in memory.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (s *shelf) put(_ context.Context, name string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = map[string][]byte{}
	}
	s.files[name] = body
	return nil
}

// made makes the evidence of a ladder with a fake child.
func made(t *testing.T, child *fakeChild, slots, segments, lost int, findings ...jobs.Finding) (*jobs.Evidence, *shelf) {
	t.Helper()
	check, headers, r := ladder(segments, lost)
	r.Findings = findings
	places, err := headers.Places(check)
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{}
	m := &Maker{Run: child.run, Slots: slots, Put: s.put, LastTry: true}
	index, err := m.Make(t.Context(), check, r, places)
	if err != nil {
		t.Fatal(err)
	}
	return index, s
}
