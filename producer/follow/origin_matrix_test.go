package follow

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "aircheck/bench/origin"
	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/producer/source"
	"aircheck/storage"
	"aircheck/storage/mem"
)

// format is a way to publish a channel.
type format struct {
	name      string
	entry     string
	container fake.Container
	parts     int
	timeline  bool
}

func formats() []format {
	return []format{
		{name: "HLS of transport streams", entry: "master.m3u8", container: fake.TS},
		{name: "HLS of fragmented MP4", entry: "master.m3u8", container: fake.FMP4},
		{name: "low-latency HLS", entry: "master.m3u8", container: fake.FMP4, parts: 4},
		{name: "DASH by number", entry: "manifest.mpd", container: fake.FMP4},
		{name: "DASH with a timeline", entry: "manifest.mpd", container: fake.FMP4, timeline: true},
	}
}

func (f *format) dash() bool { return strings.HasSuffix(f.entry, ".mpd") }

// The channel of the matrix: segments of 2 s, of which a playlist shows so many that an outage of faultLasts loses none.
const (
	segmentLasts = 2 * time.Second
	windowLasts  = 60 * time.Second
	channelLasts = 150 * time.Second
	faultBegins  = 60 * time.Second
	faultLasts   = 20 * time.Second
	// faulty is the number of the segment that is published 70 s after the beginning: a window and a segment are there before it.
	faulty = int64((windowLasts+segmentLasts)/segmentLasts) + 35 - 1
)

// undecodable is a clip in a container that is right as far as the origin looks, and holds nothing.
func undecodable(t *testing.T, container fake.Container) *fake.Clip {
	t.Helper()
	video := fake.Track{Name: "v0", Media: "video", Container: container, Bandwidth: 1_000_000, Width: 320, Height: 180, Codecs: "avc1.64001f", FrameRate: 25}
	sound := fake.Track{Name: "a0", Media: "audio", Container: container, Bandwidth: 64_000, Codecs: "mp4a.40.2", Language: "en"}
	for _, track := range []*fake.Track{&video, &sound} {
		if container == fake.FMP4 {
			track.Init = emptyMovie()
		}
		for n := range 10 {
			track.Pieces = append(track.Pieces, fake.Piece{Data: emptySegment(container, n), Duration: segmentLasts})
		}
	}
	clip, err := fake.NewClip(video, sound)
	if err != nil {
		t.Fatal(err)
	}
	return clip
}

func mp4Box(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), kind...), body...)
}

// emptyMovie is a moov with one track of 1000 units a second.
func emptyMovie() []byte {
	tkhd, mdhd := make([]byte, 84), make([]byte, 24)
	binary.BigEndian.PutUint32(tkhd[12:], 1)
	binary.BigEndian.PutUint32(mdhd[12:], 1000)
	return mp4Box("moov", mp4Box("trak", mp4Box("tkhd", tkhd), mp4Box("mdia", mp4Box("mdhd", mdhd))))
}

// emptySegment is 4 packets or a box, different for each number.
func emptySegment(container fake.Container, n int) []byte {
	data := make([]byte, 4*188)
	for i := range data {
		data[i] = byte(n)
	}
	if container != fake.TS {
		return mp4Box("mdat", data)
	}
	for at := 0; at < len(data); at += 188 {
		copy(data[at:], []byte{0x47, 0x1f, 0xff, 0x10})
	}
	return data
}

// faultCase is one row of the matrix.
type faultCase struct {
	name   string
	fault  fake.Fault
	change func(s *fake.Stream)
	lasts  time.Duration // of the channel; 0: channelLasts
	after  time.Duration // when it is followed from, after a full hour; 0: ten minutes
	// hls, numbered and timed (DASH) are what is found: one code with its severity, "warn segment.late", in one or in each playlist concerned; empty for nothing.
	hls, numbered, timed string
	// lowLatency: only such channels can be so; the others have nothing.
	lowLatency bool
	// not is a format in which the fault becomes several with time.
	not string
	// elsewhere: another producer archived the segment before the fault began.
	elsewhere bool
}

func (c *faultCase) want(f *format) string {
	switch {
	case c.lowLatency && f.parts == 0:
		return ""
	case !f.dash():
		return c.hls
	case f.timeline:
		return c.timed
	}
	return c.numbered
}

// follow follows a channel with the real reader and follower to its end, in virtual time, and gives the checks of its hours.
func (c *faultCase) follow(t *testing.T, f format, clip *fake.Clip) (checks []*jobs.Check, store *mem.Store) {
	t.Helper()
	after := c.after
	if after == 0 {
		after = 10 * time.Minute
	}
	sleep(t.Context(), after) // virtual: the clock of a bubble begins at midnight
	store = mem.New(nil)
	o := fake.New(fake.NewReal(1))
	begin := time.Now().UTC()
	lasts := c.lasts
	if lasts == 0 {
		lasts = channelLasts
	}
	s := fake.Stream{Name: "news", Clip: clip, Window: windowLasts, Parts: f.parts, Timeline: f.timeline}
	if c.change != nil {
		c.change(&s)
	}
	if err := o.Add(s); err != nil {
		t.Fatal(err)
	}
	client, end := online(t, o)
	defer end()
	if c.elsewhere {
		archiveElsewhere(t, &f, s, store, begin)
	}
	if c.fault.Kind != "" {
		fault := c.fault
		fault.From = begin.Add(faultBegins)
		if fault.Until.IsZero() && len(fault.Only) == 0 {
			fault.Until = begin.Add(faultBegins + faultLasts)
		}
		o.Inject(fault)
	}
	src, kind, err := source.OpenLive(t.Context(), client, site+"/news/"+f.entry, nil)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := judge.LoadProfile("default", nil)
	if err != nil {
		t.Fatal(err)
	}
	arch := archive.New(store)
	follower, err := New(Config{
		Stream: Stream{Name: "news", Input: "news", Kind: kind, Profile: profile}, Source: src, Archive: arch, Origin: client, Queue: &tasks{}, Address: address,
		Owner: "a", Rand: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	if err := follower.Run(ctx); err != nil {
		t.Fatalf("follow: %v", err)
	}
	if err := follower.Finish(t.Context()); err != nil {
		t.Fatalf("finish: %v", err)
	}
	b := &bed{t: t, store: store, arch: arch}
	for _, g := range b.checks() {
		check, err := arch.Check(t.Context(), g.Check.ID)
		if err != nil {
			t.Fatal(err)
		}
		checks = append(checks, check)
	}
	return checks, store
}

// archiveElsewhere stands for a producer that archived the segment of the picture before this one does, and before it was changed: as an origin has it that began
// with the channel and has no fault.
func archiveElsewhere(t *testing.T, f *format, s fake.Stream, store *mem.Store, begin time.Time) {
	t.Helper()
	row := "s0"
	if !f.dash() {
		row = "s1" // the multivariant playlist names the sound first
	}
	clock := fake.NewVirtual(begin)
	o := fake.New(clock)
	if err := o.Add(s); err != nil {
		t.Fatal(err)
	}
	clock.Advance(faultBegins + faultLasts)
	answer := httptest.NewRecorder()
	o.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, fmt.Sprintf("/%s/v0/%d.%s", s.Name, faulty, f.container), nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("segment %d: status %d", faulty, answer.Code)
	}
	key, err := storage.StreamSegment("news", begin.Truncate(time.Hour), row, faulty, string(f.container))
	if err == nil {
		err = store.PutNew(t.Context(), key, answer.Body.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// unmeasured is what a worker says of segments that came and that nobody can decode.
type unmeasured struct{ header measurement.Header }

func (u unmeasured) Header() measurement.Header                  { return u.header }
func (u unmeasured) Frames(func(*measurement.Frame) error) error { return nil }
func (u unmeasured) Slots(func(*measurement.Slot) error) error   { return nil }

func unmeasuredWindow(check *jobs.Check, w jobs.Window) unmeasured {
	h := measurement.Header{V: jobs.Version, Measure: jobs.MeasureVersion, Sequence: w.Sequence, Window: w.Index}
	for i := range check.Timeline.Sequences {
		if q := &check.Timeline.Sequences[i]; q.ID == w.Sequence {
			for _, s := range q.Segments[w.First:w.Last] {
				u := measurement.Unit{Index: s.Index, State: measurement.UnitOK}
				switch {
				case s.Gap:
					u.State, u.Detail = measurement.UnitGap, "EXT-X-GAP"
				case s.Missing != "":
					u.State, u.Detail = measurement.UnitMissing, s.Missing
				}
				h.Units = append(h.Units, u)
			}
		}
	}
	return unmeasured{h}
}

// delivery judges a check whose segments are not decoded, and gives what it says about packaging and delivery.
func delivery(t *testing.T, check *jobs.Check) []jobs.Finding {
	t.Helper()
	j, err := judge.New(check)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range check.Windows {
		if err := j.Window(w, unmeasuredWindow(check, w)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	var list []jobs.Finding
	for _, f := range r.Findings {
		if _, ok := jobs.RuleOf(f.Code); ok || f.Code == "segment.missing" || f.Code == "playlist.invalid" {
			list = append(list, f)
		}
	}
	return list
}

// alarms are the findings that are not info, as "warn code".
func alarms(list []jobs.Finding) []string {
	var out []string
	for _, f := range list {
		if f.Severity != jobs.Info {
			out = append(out, fmt.Sprintf("%s %s", f.Severity, f.Code))
		}
	}
	return out
}

func cases() []faultCase {
	one := func(f fake.Fault) fake.Fault {
		f.Track, f.Only = "v0", []int64{faulty}
		return f
	}
	lists := func(kind fake.Kind) fake.Fault { return fake.Fault{Kind: kind, Playlists: true} }
	const missing, length, unavailable = "fail segment.missing", "warn segment.length", "fail playlist.unavailable"
	const sequence, edge, changed = "fail playlist.sequence", "warn playlist.edge", "warn playlist.changed"
	return []faultCase{
		{name: "nothing"},
		{name: "segment: 404", fault: one(fake.Fault{Kind: fake.NotFound}), hls: missing, numbered: missing, timed: missing},
		{name: "segment: 503", fault: one(fake.Fault{Kind: fake.Unavailable}), hls: missing, numbered: missing, timed: missing},
		{name: "segment: no answer", fault: one(fake.Fault{Kind: fake.Hang}), hls: missing, numbered: missing, timed: missing},
		{name: "segment: slow", fault: one(fake.Fault{Kind: fake.Slow, Rate: 100}), hls: "warn segment.slow", numbered: "warn segment.slow", timed: "warn segment.slow"},
		{name: "segment: shorter than announced", fault: one(fake.Fault{Kind: fake.WrongLength}), hls: length, numbered: length, timed: length},
		{name: "segment: connection reset", fault: one(fake.Fault{Kind: fake.Reset}), hls: length, numbered: length, timed: length},
		{name: "segment: late", fault: one(fake.Fault{Kind: fake.Late, Delay: 5 * time.Second}), hls: "warn segment.late", numbered: "warn segment.late", timed: "warn segment.late"},
		{name: "segment: gap", fault: one(fake.Fault{Kind: fake.Gap}), numbered: missing, timed: missing}, // which HLS can announce
		{name: "segment: changed", fault: one(fake.Fault{Kind: fake.Change}), elsewhere: true, hls: "warn segment.changed", numbered: "warn segment.changed", timed: "warn segment.changed"},
		{name: "playlist: 404", fault: lists(fake.NotFound), hls: unavailable, numbered: unavailable, timed: unavailable},
		{name: "playlist: 503", fault: lists(fake.Unavailable), hls: unavailable, numbered: unavailable, timed: unavailable},
		{name: "playlist: no answer", fault: lists(fake.Hang), hls: unavailable, numbered: unavailable, timed: unavailable},
		{name: "playlist: cut off", fault: lists(fake.Truncate), hls: unavailable, numbered: unavailable, timed: unavailable},
		{name: "playlist: shorter than announced", fault: lists(fake.WrongLength), hls: unavailable, numbered: unavailable, timed: unavailable},
		{name: "playlist: connection reset", fault: lists(fake.Reset), hls: unavailable, numbered: unavailable, timed: unavailable},
		{name: "playlist: slow, but in time", fault: fake.Fault{Kind: fake.Slow, Playlists: true, Rate: 10_000}},
		{name: "stale", fault: fake.Fault{Kind: fake.Stale}, hls: "fail playlist.stale", timed: "fail playlist.stale"}, // a manifest by number need not change
		{name: "back", fault: fake.Fault{Kind: fake.Back, Count: 8}, hls: sequence, timed: sequence},
		{name: "restart", fault: fake.Fault{Kind: fake.Restart, Until: ever}, hls: sequence},       // times go on where numbers begin anew
		{name: "jump", fault: fake.Fault{Kind: fake.Jump, Count: 100, Until: ever}, hls: sequence}, // likewise
		{name: "discontinuity", fault: fake.Fault{Kind: fake.Discontinuity, Until: ever}, change: func(s *fake.Stream) { s.Jumps = true }, hls: "warn playlist.discontinuity_sequence"},
		{name: "entry", fault: fake.Fault{Kind: fake.ChangeEntry, Only: []int64{faulty - 10}, Until: ever}, hls: changed, timed: changed},
		{name: "remove", fault: fake.Fault{Kind: fake.RemoveEarly, Count: 2}, hls: "warn playlist.removed_early"}, // DASH has no such rule for timelines
		{name: "drift", fault: fake.Fault{Kind: fake.Drift, Rate: 50, Until: ever}, lasts: 8 * time.Minute, not: "DASH by number", hls: edge, timed: edge},
		{name: "small drift", fault: fake.Fault{Kind: fake.Drift, Rate: 10, Until: ever}, lasts: 8 * time.Minute, hls: "info playlist.edge", timed: "info playlist.edge", numbered: "warn segment.late"},
		{name: "parts", fault: fake.Fault{Kind: fake.BadParts}, lowLatency: true, hls: "warn playlist.part"},
	}
}

// ever is later than any test.
var ever = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// TestOneFaultOneFinding follows a channel of each format with the real readers, one fault at a time: exactly the one rule is broken, whatever its severity,
// once for the stream or once in each playlist.
func TestOneFaultOneFinding(t *testing.T) {
	t.Parallel()
	told := map[fake.Kind]bool{fake.Truncate: true, fake.Swap: true} // of segments: TestContentOfRecordings
	for _, c := range cases() {
		told[c.fault.Kind] = true
		for _, f := range formats() {
			if f.name == c.not {
				continue
			}
			t.Run(c.name+"/"+f.name, func(t *testing.T) {
				clip := undecodable(t, f.container)
				synctest.Test(t, func(t *testing.T) {
					checks, _ := c.follow(t, f, clip)
					if len(checks) != 1 {
						t.Fatalf("%d checks", len(checks))
					}
					exactly(t, delivery(t, checks[0]), c.want(&f))
				})
			})
		}
	}
	for _, kind := range fake.Kinds() {
		if !told[kind] {
			t.Errorf("no test has the fault %s", kind)
		}
	}
}

// exactly demands that findings are of one code and its worst severity, at most one of each rendition; none when want is empty.
func exactly(t *testing.T, list []jobs.Finding, want string) {
	t.Helper()
	severity, code, _ := strings.Cut(want, " ")
	worst, seen := jobs.Severity(""), map[string]bool{}
	for _, f := range list {
		if f.Code != code || seen[f.Rendition] {
			t.Errorf("%s %s of %q at %v to %v: %s", f.Severity, f.Code, f.Rendition, f.Start, f.End, f.Message)
		}
		if seen[f.Rendition] = true; f.Severity.Rank() > worst.Rank() {
			worst = f.Severity
		}
	}
	if string(worst) != severity {
		t.Errorf("%d findings, the worst %q, want %q", len(list), worst, want)
	}
}

// TestCleanHours follows a clean channel of each format over a full hour: every segment is there once, and no rule is broken, not even as info.
func TestCleanHours(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector")
	}
	t.Parallel()
	for _, f := range formats() {
		t.Run(f.name, func(t *testing.T) {
			clip := undecodable(t, f.container)
			synctest.Test(t, func(t *testing.T) {
				c := faultCase{after: 59 * time.Minute, lasts: 62 * time.Minute}
				checks, _ := c.follow(t, f, clip)
				segments := 0
				for _, check := range checks {
					exactly(t, delivery(t, check), "")
					for _, q := range check.Timeline.Sequences {
						segments += len(q.Segments)
					}
				}
				if want := 2 * int(c.lasts/segmentLasts); len(checks) != 3 || segments < want || segments > want+10 {
					t.Errorf("%d checks with %d segments, want 3 with %d and a few", len(checks), segments, want)
				}
			})
		})
	}
}
