package serve

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/report"
	"aircheck/worker"
	"aircheck/worker/fold"
)

var six = time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)

// clockCheck is a live check with a program time at the beginning of each of its segments of a minute.
func clockCheck(segments int, program func(i int) *time.Time) *jobs.Check {
	q := jobs.Sequence{ID: "s0", Mode: jobs.ModeSegments}
	for i := range segments {
		q.Segments = append(q.Segments, jobs.Segment{Index: i, Start: jobs.Micros(i) * 60e6, Duration: 60e6, ProgramTime: program(i)})
	}
	return &jobs.Check{Timeline: jobs.Timeline{Sequences: []jobs.Sequence{{ID: "s1"}, q}}}
}

func minutesOf(c *jobs.Check, begin time.Time, r *report.Report) string {
	m := minutes{clock: newProgramClock(c, begin), hour: begin.Truncate(time.Hour)}
	m.cover(r)
	for i := range r.Findings {
		m.find(&r.Findings[i])
	}
	return strings.TrimRight(m.letters(), "-")
}

func covered(rendition string, intervals ...jobs.Interval) jobs.Coverage {
	return jobs.Coverage{Rendition: rendition, Detector: "video.black", Intervals: intervals}
}

func TestMinutes(t *testing.T) {
	t.Parallel()
	analysed := func(from, to jobs.Seconds) jobs.Interval {
		return jobs.Interval{Start: from, End: to, State: jobs.Analysed}
	}
	in := func(s jobs.State, from, to jobs.Seconds) jobs.Interval {
		return jobs.Interval{Start: from, End: to, State: s, Reason: "x"}
	}
	for name, tt := range map[string]struct {
		coverage []jobs.Coverage
		findings []jobs.Finding
		want     string
	}{
		"nothing":           {nil, nil, ""},
		"clean so far":      {[]jobs.Coverage{covered("v0", analysed(0, 150), in(jobs.Pending, 150, 240))}, nil, "ppp"},
		"a border is sharp": {[]jobs.Coverage{covered("v0", analysed(0, 120))}, nil, "pp"},
		"lost":              {[]jobs.Coverage{covered("v0", analysed(0, 70), in(jobs.Failed, 70, 80), analysed(80, 180))}, nil, "p-p"},
		"lost in one": {[]jobs.Coverage{
			covered("v0", analysed(0, 180)), covered("v1", analysed(0, 60), in(jobs.Skipped, 60, 120), analysed(120, 180)),
		}, nil, "p-p"},
		"one detector has nothing to do": {[]jobs.Coverage{covered("v0", analysed(0, 120)), covered("v0", in(jobs.Skipped, 0, 120))}, nil, "pp"},
		"one rendition is shorter":       {[]jobs.Coverage{covered("v0", analysed(0, 120)), covered("a0", analysed(0, 60))}, nil, "pp"},
		"findings": {[]jobs.Coverage{covered("v0", analysed(0, 300))}, []jobs.Finding{
			{Severity: jobs.Warn, Start: 59, End: 130}, {Severity: jobs.Fail, Start: 70, End: 71}, {Severity: jobs.Info, Start: 0, End: 300}, {Severity: jobs.Warn, Start: 240, End: 240},
		}, "wfwpw"},
		"a finding where nothing is analysed": {nil, []jobs.Finding{{Severity: jobs.Fail, Start: 60, End: 120}}, "-f"},
		"beyond the hour":                     {nil, []jobs.Finding{{Severity: jobs.Fail, Start: 3599, End: 9000}, {Severity: jobs.Warn, Start: 3600, End: 3700}}, strings.Repeat("-", 59) + "f"},
	} {
		r := &report.Report{Result: jobs.Result{Coverage: tt.coverage, Findings: tt.findings}}
		if got := minutesOf(&jobs.Check{}, six, r); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestMinutesStandWhereTheyWereOnAir: by program time, unless that is of another day.
func TestMinutesStandWhereTheyWereOnAir(t *testing.T) {
	t.Parallel()
	from := func(begin time.Time) func(int) *time.Time {
		return func(i int) *time.Time { at := begin.Add(time.Duration(i) * time.Minute); return &at }
	}
	outage := func(i int) *time.Time { at := six.Add(time.Duration(i+10*(i/2)) * time.Minute); return &at } // ten minutes after each two
	r := &report.Report{Result: jobs.Result{Findings: []jobs.Finding{{Severity: jobs.Warn, Start: 0, End: 1}, {Severity: jobs.Fail, Start: 185, End: 186}}}}
	for name, tt := range map[string]struct {
		begin   time.Time
		program func(int) *time.Time
		want    string
	}{
		"none":            {six, func(int) *time.Time { return nil }, "w--f"},
		"of the hour":     {six, from(six.Add(2 * time.Minute)), "--w--f"},
		"of last year":    {six, from(six.AddDate(-1, 0, 0)), "w--f"},
		"with an outage":  {six, outage, "w------------f"},
		"within an hour":  {six.Add(20 * time.Minute), from(six.Add(20 * time.Minute)), strings.Repeat("-", 20) + "w--f"},
		"before the hour": {six, from(six.Add(-2 * time.Minute)), "-f"},
	} {
		if got := minutesOf(clockCheck(5, tt.program), tt.begin, r); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestMeasuringALiveCheckIsCounted(t *testing.T) {
	t.Parallel()
	q := &fakeQueue{}
	h := &Handler{Queue: q}
	for _, id := range []string{"news-20261122T18", jobs.NewID(six, nil)} {
		ctx, count := h.metered(t.Context(), id)
		worker.Spend(ctx, time.Second)
		worker.Spend(ctx, 2*time.Second)
		worker.Spend(context.Background(), time.Hour)
		count()
	}
	if len(q.spent) != 1 || q.spent["news-20261122T18"] != 3*time.Second {
		t.Errorf("counted %v", q.spent)
	}
}

// TestTheWallAndTheCurvesOfALiveCheck: both are there while it grows, and the curves of the last look are those of the report.
func TestTheWallAndTheCurvesOfALiveCheck(t *testing.T) {
	b := newLiveBed(t, 2)
	b.bad = map[int]bool{2: true, 3: true}
	o, ctx := b.observer(), t.Context()
	hour := func() string {
		t.Helper()
		hours, err := b.queue.Hours(ctx, six, six.Add(time.Hour))
		if err != nil || len(hours) != 1 || hours[0].Stream != "news" || hours[0].Check != liveCheck {
			t.Fatalf("hours %+v, %v", hours, err)
		}
		return strings.TrimRight(hours[0].Minutes, "-")
	}
	var steps []int
	for w := range 7 {
		b.grow(w == 6)
		if b.bad[w] {
			b.measure("s0", w)
		} else {
			b.film("s0", w)
		}
		b.film("s1", w)
		b.observe(o)
		c, err := b.archive.Curves(ctx, liveCheck)
		if err != nil || len(c.Renditions) == 0 {
			t.Fatalf("curves after window %d: %+v, %v", w, c, err)
		}
		steps = append(steps, len(c.Renditions[0].Curves[0].Mean))
		if want := map[bool]string{true: "p", false: "f"}[w < 2]; hour() != want {
			t.Errorf("after window %d the hour is %q, want %q", w, hour(), want)
		}
		b.now = b.now.Add(4 * time.Second)
	}
	// Written at 0, 12 and 24 s: at most every ten seconds. Of the third and the fourth window there is nothing to draw.
	if want := []int{20, 20, 20, 40, 40, 40, 140}; !slices.Equal(steps, want) {
		t.Errorf("points after each window %v, want %v", steps, want)
	}
	before, err := b.archive.Curves(ctx, liveCheck)
	if err != nil {
		t.Fatal(err)
	}
	b.judge()
	f, err := fold.Stored(ctx, b.archive, mustCheck(t, b))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Report("test", report.Run{}); err != nil {
		t.Fatal(err)
	}
	if err := f.PutAnnex(ctx, b.archive); err != nil {
		t.Fatal(err)
	}
	if after, err := b.archive.Curves(ctx, liveCheck); err != nil || !reflect.DeepEqual(after, before) {
		t.Errorf("the curves of the report are others: %v", err)
	}
	if signed, err := b.archive.Signatures(ctx, liveCheck); err != nil || len(signed) == 0 {
		t.Errorf("signatures %v, %v", signed, err)
	}
}

// film stores the measurement of a window with pictures.
func (b *liveBed) film(sequence string, window int) {
	b.t.Helper()
	const tick, rate = 90000, 25
	f := measurement.Format{
		Kind: measurement.Video, Codec: "h264", TimeBaseNum: 1, TimeBaseDen: tick, Width: 64, Height: 36, ChromaWidth: 32, ChromaHeight: 18, Depth: 8, PixFmt: "yuv420p", RateNum: rate, RateDen: 1,
	}
	h := measurement.Header{Measure: jobs.MeasureVersion, FFmpeg: "5.1", Sequence: sequence, Window: window, Formats: []measurement.Format{f}}
	var body bytes.Buffer
	w := measurement.NewWriter(&body)
	for unit := 2 * window; unit < 2*window+2; unit++ {
		first := int64(unit) * 2 * tick
		for k := range int64(2 * rate) {
			row := measurement.Frame{Unit: int32(unit), PTS: first + k*tick/rate, Duration: tick / rate, PktSize: 100, SumY: 100 * 64 * 36, SumY2: 12000 * 64 * 36, MinY: 20, MaxY: 220, Hash: uint64(k)}
			for i := range row.Grid {
				row.Grid[i] = uint8(80 + (i*7+int(k)*13)%40)
			}
			if err := w.Frame(&row); err != nil {
				b.t.Fatal(err)
			}
		}
		h.Units = append(h.Units, measurement.Unit{Index: unit, State: measurement.UnitOK, Tracks: []measurement.UnitTrack{{
			Kind: measurement.Video, FirstPTS: first, EndPTS: first + 2*tick, Packets: 2 * rate, Frames: 2 * rate, StartsWithKey: true, Closed: true,
		}}})
	}
	if err := w.Close(h); err != nil {
		b.t.Fatal(err)
	}
	if err := b.archive.PutMeasurement(b.t.Context(), liveCheck, jobs.WindowID{Sequence: sequence, Index: window}, body.Bytes()); err != nil {
		b.t.Fatal(err)
	}
}

func mustCheck(t *testing.T, b *liveBed) *jobs.Check {
	t.Helper()
	c, err := b.archive.Check(t.Context(), liveCheck)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
