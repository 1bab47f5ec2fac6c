package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/storage"
)

// grades reads what lies beside the segments of a live bed whose segments are archived.
func (b *liveBed) grades() map[string]Grade {
	b.t.Helper()
	all := map[string]Grade{}
	err := b.archive.Store().List(b.t.Context(), "streams/news/", func(info storage.Info) error {
		doc, err := storage.ReadAll(b.t.Context(), b.archive.Store(), info.Key, 1<<20)
		if err != nil {
			return err
		}
		var g Grade
		if err := json.Unmarshal(doc, &g); err != nil {
			return err
		}
		all[info.Key] = g
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// TestGrades: each segment that is judged has a grade beside it within the look that judged it, and gets another one when what came later changes it.
func TestGrades(t *testing.T) {
	t.Parallel()
	b := newLiveBed(t, 1)
	b.archived = true
	o := b.observer()
	o.Grade = true
	b.bad[1] = true
	for k := range 3 {
		b.grow(false)
		b.measure("s0", k)
		b.observe(o)
		b.now = b.now.Add(4 * time.Second)
	}
	got := b.grades()
	for k, verdict := range []jobs.Verdict{jobs.VerdictIncomplete, jobs.VerdictIncomplete, jobs.VerdictFail, jobs.VerdictFail, jobs.VerdictIncomplete} {
		key := fmt.Sprintf("streams/news/2026-11-22/18/s0/%d.qc.json", k)
		g, ok := got[key]
		if !ok || g.Verdict != verdict || g.Segment != int64(k) || g.Start != jobs.Seconds(2*k) || g.Duration != 2 || g.Schema != SegmentSchema || g.ProgramTime == nil {
			t.Errorf("%s: %+v, want %s", key, g, verdict)
		}
	}
	before := got["streams/news/2026-11-22/18/s0/0.qc.json"]
	b.grow(false, jobs.Finding{Code: "playlist.stale", Severity: jobs.Warn, Start: 0, End: 1, Confidence: 1, Message: "late"})
	b.observe(o)
	after := b.grades()["streams/news/2026-11-22/18/s0/0.qc.json"]
	if len(before.Findings) != 0 || len(after.Findings) != 1 || after.Findings[0].Code != "playlist.stale" || !after.JudgedAt.After(before.JudgedAt) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if again := b.grades()["streams/news/2026-11-22/18/s0/4.qc.json"]; again.JudgedAt != got["streams/news/2026-11-22/18/s0/4.qc.json"].JudgedAt {
		t.Error("a grade that did not change was written again")
	}
}

func TestGradeOf(t *testing.T) {
	t.Parallel()
	r := &report.Report{Result: jobs.Result{
		Renditions: []jobs.Rendition{{ID: "v0", Sequence: "s0"}, {ID: "a0", Sequence: "s0"}, {ID: "v1", Sequence: "s1"}},
		Findings: []jobs.Finding{
			{Code: "audio.clipping", Severity: jobs.Info, Rendition: "a0", Start: 0, End: 9},
			{Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: 3, End: 5},
			{Code: "video.freeze", Severity: jobs.Fail, Rendition: "v1", Start: 0, End: 9},
			{Code: "playlist.stale", Severity: jobs.Warn, Start: 6, End: 6},
		},
		Coverage: []jobs.Coverage{
			{Rendition: "v0", Detector: "video.black", Intervals: []jobs.Interval{{Start: 0, End: 9, State: jobs.Analysed}}},
			{Rendition: "a0", Detector: "audio.hum", Intervals: []jobs.Interval{{Start: 0, End: 7, State: jobs.Analysed}, {Start: 7, End: 9, State: jobs.Failed}}},
			{Rendition: "a0", Detector: "audio.click", Intervals: []jobs.Interval{{Start: 0, End: 7.5, State: jobs.Analysed}}},
		},
	}}
	q := &jobs.Sequence{ID: "s0"}
	for k := range 5 {
		q.Segments = append(q.Segments, jobs.Segment{
			ByteRange: jobs.ByteRange{URI: fmt.Sprintf("s3://bucket/prod/streams/news/2026-11-22/18/s0/%d.m4s", 100+k)}, Start: jobs.Micros(2e6 * k), Duration: 2e6,
		})
	}
	want := []string{"pass 1 audio.clipping", "fail 1 video.black,audio.clipping", "fail 1 video.black,audio.clipping", "incomplete 0.75 playlist.stale,audio.clipping", "incomplete 0 audio.clipping"}
	own, analysed := ownFindings(r, "s0"), analysedOf(r)
	for k := range q.Segments {
		g, key, ok := gradeOf("news", r, q, k, own, analysed)
		var codes []string
		for _, f := range g.Findings {
			codes = append(codes, f.Code)
		}
		got := fmt.Sprintf("%s %v %s", g.Verdict, g.Analysed, strings.Join(codes, ","))
		if !ok || got != want[k] || key != fmt.Sprintf("streams/news/2026-11-22/18/s0/%d.qc.json", 100+k) {
			t.Errorf("segment %d: %s at %s, want %s", k, got, key, want[k])
		}
	}
	for _, uri := range []string{"", "https://origin/streams/news/a.ts", "/data/streams/sport/2026-11-22/18/s0/1.ts", "/data/streams/news/2026-11-22/18/s0/x.ts", "/data/streams/news/../1.ts"} {
		if key, _, ok := gradeKey("news", uri); ok {
			t.Errorf("%q has a grade at %s", uri, key)
		}
	}
}

// refusing is a store that takes no grades for a while.
type refusing struct {
	storage.Store
	refuse bool
}

func (r *refusing) Put(ctx context.Context, key string, b []byte) error {
	if r.refuse && strings.HasSuffix(key, ".qc.json") {
		return errors.New("503 slow down")
	}
	return r.Store.Put(ctx, key, b)
}

// TestGradesAreTriedAgain: what the store did not take once is written at the next look.
func TestGradesAreTriedAgain(t *testing.T) {
	t.Parallel()
	b := newLiveBed(t, 1)
	b.archived = true
	store := &refusing{Store: b.archive.Store()}
	b.archive = archive.New(store)
	o := b.observer()
	o.Grade = true
	for k := range 4 {
		store.refuse = k == 2
		b.grow(false)
		b.measure("s0", k)
		b.observe(o)
		b.now = b.now.Add(4 * time.Second)
	}
	if got := b.grades(); len(got) != 8 {
		t.Errorf("%d of 8 segments have a grade", len(got))
	}
}
