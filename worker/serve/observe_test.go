package serve

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"aircheck/internal/schema"
	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/measurement"
	"aircheck/jobs/queue"
	"aircheck/judge"
	"aircheck/report"
	"aircheck/storage/mem"
	"aircheck/worker/fold"
)

const liveCheck = "news-20261122T18"

// channel is a live check of rows of segments of 2 s, in windows of two segments, whose media cannot be read where bad says so.
type liveBed struct {
	t       *testing.T
	archive *archive.Archive
	queue   *queue.Client
	now     time.Time
	rows    int
	bad     map[int]bool // windows of s0
	next    int          // instalment
	windows int          // of each row
	// archived: segments lie where a follower puts them.
	archived bool
}

func newLiveBed(t *testing.T, rows int) *liveBed {
	t.Helper()
	server := miniredis.RunT(t)
	conn, err := queue.Open("redis://" + server.Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &liveBed{
		t: t, archive: archive.New(mem.New(nil)), queue: queue.NewClient(conn), rows: rows, now: time.Date(2026, 11, 22, 18, 0, 10, 0, time.UTC), bad: map[int]bool{},
	}
}

func (b *liveBed) observer() *Observer {
	return &Observer{Archive: b.archive, Queue: b.queue, Version: "test", Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler)}
}

// grow writes an instalment with one window a row; without, with findings only.
func (b *liveBed) grow(last bool, findings ...jobs.Finding) {
	b.t.Helper()
	i := &jobs.Instalment{V: jobs.Version, Check: liveCheck, Index: b.next, Published: b.now.Add(-time.Second), Last: last, Findings: findings}
	if b.next == 0 {
		profile, err := judge.LoadProfile("default", nil)
		if err != nil {
			b.t.Fatal(err)
		}
		i.Begin = &jobs.Check{V: jobs.Version, ID: liveCheck, Input: "news", Created: b.now, Profile: profile, Queue: "live", WindowLength: 4e6, Timeline: jobs.Timeline{Kind: jobs.SourceHLS}}
		for r := range b.rows {
			i.Begin.Timeline.Sequences = append(i.Begin.Timeline.Sequences, jobs.Sequence{ID: jobs.SequenceID(r), Mode: jobs.ModeSegments, Media: "video"})
		}
	}
	if len(findings) == 0 {
		for r := range b.rows {
			b.window(i, jobs.SequenceID(r))
		}
		b.windows++
	}
	b.next++
	if err := b.archive.PutInstalment(b.t.Context(), i); err != nil {
		b.t.Fatal(err)
	}
}

func (b *liveBed) window(i *jobs.Instalment, sequence string) {
	first, start := 2*b.windows, jobs.Micros(4e6*b.windows)
	begin := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	part := jobs.Part{Sequence: sequence}
	for k := range 2 {
		at := start + jobs.Micros(k)*2e6
		program := begin.Add(time.Duration(at) * time.Microsecond)
		place := ""
		if b.archived {
			place = "/data/streams/news/2026-11-22/18"
		}
		part.Segments = append(part.Segments, jobs.Segment{
			Index: first + k, ByteRange: jobs.ByteRange{URI: fmt.Sprintf("%s/%s/%d.ts", place, sequence, first+k), Length: -1}, Start: at, Duration: 2e6, ProgramTime: &program,
		})
	}
	i.Parts = append(i.Parts, part)
	i.Windows = append(i.Windows, jobs.Window{Sequence: sequence, Index: b.windows, First: first, Last: first + 2, Start: start, End: start + 4e6, Head: b.windows == 0})
}

// measure stores the result of a window: segments that are missing where it is bad, and that hold nothing elsewhere.
func (b *liveBed) measure(sequence string, window int) {
	b.t.Helper()
	var body bytes.Buffer
	h := measurement.Header{Measure: jobs.MeasureVersion, FFmpeg: "5.1", Sequence: sequence, Window: window}
	state := measurement.UnitGap
	if b.bad[window] && sequence == "s0" {
		state = measurement.UnitMissing
	}
	for k := range 2 {
		h.Units = append(h.Units, measurement.Unit{Index: 2*window + k, State: state})
	}
	if err := measurement.NewWriter(&body).Close(h); err != nil {
		b.t.Fatal(err)
	}
	if err := b.archive.PutMeasurement(b.t.Context(), liveCheck, jobs.WindowID{Sequence: sequence, Index: window}, body.Bytes()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *liveBed) observe(o *Observer) {
	b.t.Helper()
	if err := o.Observe(b.t.Context(), liveCheck); err != nil {
		b.t.Fatal(err)
	}
}

func (b *liveBed) events() []jobs.Event {
	b.t.Helper()
	events, _, err := b.queue.Events(b.t.Context(), "0")
	if err != nil {
		b.t.Fatal(err)
	}
	return events
}

// told lists the events as "opened segment.missing 8-12".
func (b *liveBed) told() []string {
	var list []string
	for _, e := range b.events() {
		text := string(e.Kind)
		if f := e.Finding; f != nil {
			text += fmt.Sprintf(" %s %v-%v", f.Code, f.Start, f.End)
		}
		list = append(list, text)
	}
	return list
}

func (b *liveBed) interim() *report.Report {
	b.t.Helper()
	doc, err := b.archive.Interim(b.t.Context(), liveCheck)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := report.Parse(doc)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := schema.Strict(report.JSONSchema(), doc); err != nil {
		b.t.Errorf("the report is not as its schema says: %v", err)
	}
	return r
}

// TestFindingsOpenAndClose: two rows, one slower; a fault of three windows opens, goes on and closes; the last interim is the final report, and after that
// nothing is told twice. Each look is made by the same worker, by another each time, or by two in turn.
func TestFindingsOpenAndClose(t *testing.T) {
	var first []string
	for name, workers := range map[string]int{"one worker": 1, "two in turn": 2, "another each time": 0} {
		t.Run(name, func(t *testing.T) {
			b := newLiveBed(t, 2)
			b.bad = map[int]bool{2: true, 3: true, 4: true}
			pool := []*Observer{b.observer(), b.observer()}
			look := func(n int) {
				if workers == 0 {
					b.observe(b.observer())
					return
				}
				b.observe(pool[n%workers])
			}
			for w := range 7 {
				b.grow(w == 6)
				b.measure("s0", w)
				look(2 * w)
				b.now = b.now.Add(2 * time.Second)
				b.measure("s1", w)
				look(2*w + 1)
				b.now = b.now.Add(2 * time.Second)
			}
			last := b.interim()
			final := b.judge()
			if last.Digest != final.Digest {
				t.Errorf("the last interim report has digest %s, the final one %s", last.Digest, final.Digest)
			}
			look(0)
			look(1)
			told := b.told()
			if n := len(told); n == 0 || told[n-1] != "finished" || slices.Index(told, "finished") != n-1 {
				t.Fatalf("told %q", told)
			}
			if !slices.Contains(told, "opened segment.missing 8-12") || !slices.ContainsFunc(told, func(s string) bool { return s == "closed segment.missing 8-20" }) {
				t.Errorf("told %q", told)
			}
			if first == nil {
				first = told
			}
			if !slices.Equal(told, first) {
				t.Errorf("told %q, others told %q", told, first)
			}
			if _, err := b.archive.Interim(t.Context(), liveCheck); err == nil {
				t.Error("the interim report is still there")
			}
		})
	}
}

// judge writes the manifest and the report, as the follower and a worker's judge do.
func (b *liveBed) judge() *report.Report {
	b.t.Helper()
	check, err := b.archive.Grown(b.t.Context(), liveCheck)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range check.Windows {
		check.Windows[i].Foot = check.Windows[i].Index == b.windows-1
	}
	if err := b.archive.Create(b.t.Context(), check); err != nil {
		b.t.Fatal(err)
	}
	f, err := fold.Stored(b.t.Context(), b.archive, check)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := f.Report("test", report.Run{})
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := r.JSON()
	if err == nil {
		err = b.archive.PutReport(b.t.Context(), liveCheck, doc)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// TestFaultsAreToldWithoutWindows: a playlist that stands still brings no window, and must be told nevertheless; the latency counts from its instalment.
func TestFaultsAreToldWithoutWindows(t *testing.T) {
	b := newLiveBed(t, 1)
	o := b.observer()
	b.grow(false)
	b.measure("s0", 0)
	b.observe(o)
	stale := jobs.Finding{Code: "playlist.stale", Rendition: "s0", Start: 4, End: 14, Value: jobs.Figure(10), Unit: "s", Confidence: 1, Message: "no news for 10 s"}
	b.grow(false, stale)
	b.observe(o)
	events := b.events()
	if len(events) == 0 || events[len(events)-1].Finding == nil || events[len(events)-1].Finding.Code != "playlist.stale" {
		t.Fatalf("told %q", b.told())
	}
	e := events[len(events)-1]
	if e.Latency == nil || *e.Latency != 1 || e.Stream != "news" || e.From == nil || !e.From.Equal(time.Date(2026, 11, 22, 18, 0, 4, 0, time.UTC)) {
		t.Errorf("event %+v, latency %v, from %v", e, e.Latency, e.From)
	}
}

// TestNothingIsToldOfHalfAStream: as long as a row has not begun, its rendition is not known.
func TestNothingIsToldOfHalfAStream(t *testing.T) {
	b := newLiveBed(t, 2)
	b.bad = map[int]bool{0: true}
	b.grow(false)
	b.measure("s0", 0)
	b.observe(b.observer())
	if told := b.told(); len(told) > 0 {
		t.Errorf("told %q before the second row began", told)
	}
	b.measure("s1", 0)
	b.observe(b.observer())
	if told := b.told(); len(told) == 0 {
		t.Error("nothing was told")
	}
}

func TestStateThatCannotBeRead(t *testing.T) {
	b := newLiveBed(t, 1)
	b.bad = map[int]bool{1: true}
	for w := range 3 {
		b.grow(false)
		b.measure("s0", w)
		b.observe(b.observer())
		if err := b.archive.PutJudgeState(t.Context(), liveCheck, []byte("nonsense")); err != nil {
			t.Fatal(err)
		}
	}
	if r := b.interim(); r.Duration != 12 {
		t.Errorf("judged %v s of 12", r.Duration)
	}
}

func TestCompare(t *testing.T) {
	finding := func(start, end jobs.Seconds, severity jobs.Severity) jobs.Finding {
		return jobs.Finding{Code: "video.black", Rendition: "v0", Start: start, End: end, Severity: severity}
	}
	at := func(edge jobs.Seconds) func(string) jobs.Seconds { return func(string) jobs.Seconds { return edge } }
	type step struct {
		edge     jobs.Seconds
		findings []jobs.Finding
		want     string
	}
	for name, steps := range map[string][]step{
		"opens and closes":  {{10, []jobs.Finding{finding(8, 10, jobs.Fail)}, "opened"}, {20, []jobs.Finding{finding(8, 12, jobs.Fail)}, "closed"}, {30, []jobs.Finding{finding(8, 12, jobs.Fail)}, ""}},
		"is over at once":   {{10, []jobs.Finding{finding(2, 4, jobs.Fail)}, "opened closed"}, {20, []jobs.Finding{finding(2, 4, jobs.Fail)}, ""}},
		"becomes worse":     {{10, []jobs.Finding{finding(9, 10, jobs.Info)}, "opened"}, {12, []jobs.Finding{finding(9, 12, jobs.Fail)}, "updated"}},
		"doubles":           {{10, []jobs.Finding{finding(0, 10, jobs.Fail)}, "opened"}, {15, []jobs.Finding{finding(0, 15, jobs.Fail)}, ""}, {20, []jobs.Finding{finding(0, 20, jobs.Fail)}, "updated"}, {30, []jobs.Finding{finding(0, 30, jobs.Fail)}, ""}},
		"goes on after all": {{10, []jobs.Finding{finding(2, 4, jobs.Fail)}, "opened closed"}, {12, []jobs.Finding{finding(2, 12, jobs.Fail)}, "updated"}, {20, []jobs.Finding{finding(2, 13, jobs.Fail)}, "closed"}},
		"is none":           {{10, []jobs.Finding{finding(9, 10, jobs.Warn)}, "opened"}, {20, nil, "withdrawn"}, {30, nil, ""}},
		"two alike":         {{10, []jobs.Finding{finding(2, 4, jobs.Warn), finding(2, 4, jobs.Warn)}, "opened closed opened closed"}, {10, []jobs.Finding{finding(2, 4, jobs.Warn)}, "withdrawn"}},
	} {
		var known []told
		for i, s := range steps {
			var news []change
			known, news = compare(known, s.findings, at(s.edge), nil)
			got := ""
			for k, n := range news {
				if k > 0 {
					got += " "
				}
				got += string(n.kind)
			}
			if got != s.want {
				t.Errorf("%s: step %d tells %q, want %q", name, i, got, s.want)
			}
		}
	}
}

// TestTheLiveEdgeIsNoEnd: that the rows of a live stream end at different times is news only once they have ended.
func TestTheLiveEdgeIsNoEnd(t *testing.T) {
	findings := []jobs.Finding{{Code: "sync.start_skew"}, {Code: "sync.start_skew", Start: 20, End: 22}, {Code: "video.black", Start: 20, End: 22}}
	if got := settled(findings, false); len(got) != 2 || got[0].Code != "sync.start_skew" || got[1].Code != "video.black" {
		t.Errorf("while it grows: %+v", got)
	}
	if got := settled(findings, true); len(got) != 3 {
		t.Errorf("once it is over: %+v", got)
	}
}

func TestCacheForgetsTheOldest(t *testing.T) {
	var c cache
	for i := range 10 {
		w := c.take(fmt.Sprint(i), "")
		w.bytes = 10
		c.put(fmt.Sprint(i), "turn", w, 35)
	}
	if len(c.entries) != 3 || c.bytes != 30 || c.entries["9"] == nil {
		t.Errorf("%d entries, %d bytes", len(c.entries), c.bytes)
	}
	w := c.take("9", "turn")
	w.next = map[string]int{"s0": 1}
	c.put("9", "turn", w, 35)
	if got := c.take("9", "another's"); got.next != nil || got.growth != w.growth {
		t.Error("what another judged since is taken for the newest")
	}
}

// TestStateOfAnotherRelease: a state that decodes and that the judge refuses is made anew within the same look, with one row or several.
func TestStateOfAnotherRelease(t *testing.T) {
	for rows := 1; rows <= 2; rows++ {
		b := newLiveBed(t, rows)
		for w := range 4 {
			b.grow(false)
			for r := range rows {
				b.measure(jobs.SequenceID(r), w)
			}
			if w == 2 {
				b.refuse(rows)
			}
			b.observe(b.observer())
		}
		if r := b.interim(); r.Duration != 16 {
			t.Errorf("%d rows: judged %v s of 16", rows, r.Duration)
		}
	}
}

// refuse puts a state as of another release, two windows of each row on.
func (b *liveBed) refuse(rows int) {
	b.t.Helper()
	h := header{V: jobs.Version, Check: liveCheck, Next: map[string]int{}}
	for r := range rows {
		h.Next[jobs.SequenceID(r)] = 2
	}
	body, err := h.encode([]byte("what another release wrote"))
	if err == nil {
		err = b.archive.PutJudgeState(b.t.Context(), liveCheck, body)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestResultThatCannotBeRead: of a row with a damaged result, its first one or another, the others are judged on, whatever worker looks.
func TestResultThatCannotBeRead(t *testing.T) {
	for index := range 2 {
		b := newLiveBed(t, 2)
		id := jobs.WindowID{Sequence: "s0", Index: index}
		b.now = b.now.Add(time.Minute)
		same := b.observer()
		for w := range 4 {
			b.grow(false)
			if w == id.Index {
				if err := b.archive.PutMeasurement(t.Context(), liveCheck, id, []byte("damaged")); err != nil {
					t.Fatal(err)
				}
			} else {
				b.measure("s0", w)
			}
			b.measure("s1", w)
			b.observe(same)
			b.observe(b.observer())
			b.now = b.now.Add(10 * time.Second)
		}
		h, _ := b.state()
		if h.Next["s0"] != index || h.Next["s1"] != 4 {
			t.Errorf("window %d is damaged: judged %v windows", index, h.Next)
		}
	}
}

func (b *liveBed) state() (header, []byte) {
	b.t.Helper()
	doc, err := b.archive.JudgeState(b.t.Context(), liveCheck)
	if err != nil {
		b.t.Fatal(err)
	}
	h, snapshot, err := decodeState(doc)
	if err != nil {
		b.t.Fatal(err)
	}
	return h, snapshot
}

// TestStatusSaysHowLongWindowsAre: whoever looks for silence has to know how long nothing need be heard.
func TestStatusSaysHowLongWindowsAre(t *testing.T) {
	b := newLiveBed(t, 1)
	b.grow(false)
	b.measure("s0", 0)
	b.observe(b.observer())
	all, err := b.queue.Streams(t.Context())
	if err != nil || all["news"].Window != 4 {
		t.Errorf("%+v, %v, want windows of 4 s", all, err)
	}
}
