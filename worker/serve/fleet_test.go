package serve

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
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

// toneMeasurer measures windows of a second of a steady tone, and crashes on those it is told to.
type toneMeasurer struct {
	mu      sync.Mutex
	crashes map[int]int // window: how often
	calls   map[int]int
}

func (m *toneMeasurer) Slots() int   { return 2 }
func (m *toneMeasurer) Close() error { return nil }

func (m *toneMeasurer) Measure(_ context.Context, task jobs.Task) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := task.Window
	m.calls[w.Index]++
	if m.crashes[w.Index] > 0 {
		m.crashes[w.Index]--
		return nil, jobs.Classify(jobs.Crash, errors.New("decoder child died"))
	}
	return tone(w)
}

// tone is the measurement of a second of mono audio, one decode unit a window.
func tone(w jobs.Window) ([]byte, error) {
	const rate = 48000
	var b bytes.Buffer
	out := measurement.NewWriter(&b)
	from := int64(w.Start) / 1e6 * measurement.SlotsPerSecond
	for k := range int64(measurement.SlotsPerSecond) {
		s := measurement.Slot{
			Unit: int32(w.Index), Index: from + k, Samples: rate / measurement.SlotsPerSecond,
			Ch: []measurement.Channel{{K: 48, Sq: 48, Peak: 0.5, TruePeak: 0.5, LoudLast: rate/measurement.SlotsPerSecond - 1}},
		}
		if err := out.Slot(&s); err != nil {
			return nil, err
		}
	}
	err := out.Close(measurement.Header{
		Measure: jobs.MeasureVersion, FFmpeg: "test", Sequence: w.Sequence, Window: w.Index, Duration: 4e6,
		Formats: []measurement.Format{{
			Kind: measurement.Audio, Codec: "pcm_s16le", TimeBaseNum: 1, TimeBaseDen: rate, SampleRate: rate, Channels: 1, Layout: "mono", Weights: []float64{1},
		}},
		Units: []measurement.Unit{{Index: w.Index, State: measurement.UnitOK, Tracks: []measurement.UnitTrack{{
			Kind: measurement.Audio, FirstPTS: int64(w.Start) * rate / 1e6, EndPTS: int64(w.End) * rate / 1e6, Packets: 1, Frames: 1, Bytes: 1,
		}}}},
	})
	return b.Bytes(), err
}

// runCheck takes a check of four windows through queue, handler, fold and judge, and returns its report.
func runCheck(t *testing.T, m *toneMeasurer) (*bench, *report.Report) {
	t.Helper()
	const windows = 4
	b := newBench(t, windows)
	profile, err := judge.LoadProfile("default", nil)
	if err != nil {
		t.Fatal(err)
	}
	b.check.Profile = profile
	b.Archive = archive.New(mem.New(nil))
	if err := b.Archive.Create(t.Context(), b.check); err != nil {
		t.Fatal(err)
	}
	redis := miniredis.RunT(t)
	conn, err := queue.Open("redis://" + redis.Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client := queue.NewClient(conn)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	h := &Handler{Archive: b.Archive, Queue: client, Measurer: m, Log: log, JudgeBy: func(ctx context.Context, c *jobs.Check) ([]byte, error) {
		f, err := fold.Stored(ctx, b.Archive, c)
		if err != nil {
			return nil, err
		}
		r, err := f.Report("test", report.Run{})
		if err != nil {
			return nil, err
		}
		return r.JSON()
	}}
	if err := client.Expect(t.Context(), b.check.ID, windows); err != nil {
		t.Fatal(err)
	}
	for i := range windows {
		if err := client.EnqueueWindow(t.Context(), b.task(i), queue.Vod); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	quit := make(chan struct{})
	consumer := queue.NewConsumer(conn, h, queue.ConsumerConfig{Slots: 2, Policy: queue.Policy{FirstDelay: time.Millisecond}, Log: log})
	var running sync.WaitGroup
	running.Go(func() {
		if err := consumer.Run(ctx, quit); err != nil {
			t.Error(err)
		}
	})
	doc := awaitReport(ctx, t, b)
	close(quit)
	running.Wait()
	r, err := report.Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Strict(report.JSONSchema(), doc); err != nil {
		t.Errorf("the report is not as its schema says: %v", err)
	}
	return b, r
}

func awaitReport(ctx context.Context, t *testing.T, b *bench) []byte {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if doc, err := b.Archive.Report(ctx, b.check.ID); err == nil {
			return doc
		}
		select {
		case <-ctx.Done():
			t.Fatal("no report")
		case <-tick.C:
		}
	}
}

func TestCrashThatPassesLeavesNoTrace(t *testing.T) {
	t.Parallel()
	_, clean := runCheck(t, &toneMeasurer{calls: map[int]int{}})
	m := &toneMeasurer{calls: map[int]int{}, crashes: map[int]int{2: 2}}
	_, bumpy := runCheck(t, m)
	if m.calls[2] != 3 || bumpy.Digest != clean.Digest || clean.Verdict != jobs.VerdictPass {
		t.Errorf("%d tries; digests %s (%s) and %s (%s)", m.calls[2], bumpy.Digest, bumpy.Verdict, clean.Digest, clean.Verdict)
	}
}

func TestCrashThatStaysIsAFindingAndAHole(t *testing.T) {
	t.Parallel()
	m := &toneMeasurer{calls: map[int]int{}, crashes: map[int]int{1: 1000}}
	_, r := runCheck(t, m)
	if m.calls[1] != 3 || m.calls[0] != 1 {
		t.Errorf("tries %v: want three for the window that crashes and one for each other", m.calls)
	}
	if !slices.ContainsFunc(r.Findings, func(f jobs.Finding) bool { return f.Code == "worker.decoder_crash" && f.Start >= 0.9 && f.End <= 2.1 }) {
		t.Errorf("findings %+v: want worker.decoder_crash from 1 s to 2 s", r.Findings)
	}
	if !r.Incomplete() {
		t.Errorf("verdict %s: a report with a hole looks complete", r.Verdict)
	}
	for _, c := range r.Coverage {
		var length, failed jobs.Seconds
		for _, iv := range c.Intervals {
			length += iv.End - iv.Start
			if iv.State == jobs.Failed {
				failed += iv.End - iv.Start
			}
		}
		if length < 3.999 || length > 4.001 || failed < 0.99 || failed > 1.01 {
			t.Errorf("%s %s: %v s, %v s of them failed: want 4 and 1: %+v", c.Rendition, c.Detector, length, failed, c.Intervals)
		}
	}
	if len(r.Coverage) == 0 {
		t.Error("no coverage")
	}
}
