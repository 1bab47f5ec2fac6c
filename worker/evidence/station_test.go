package evidence

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/measurement"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/storage/mem"
)

// stored puts a live ladder into an archive: its instalment, its measurements, and a report so far with the findings.
func stored(t *testing.T, findings ...jobs.Finding) (*archive.Archive, *jobs.Check) {
	t.Helper()
	check, headers, r := ladder(10, 4)
	check.ID = jobs.LiveID("news", time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC))
	check.Input, check.Queue, check.Profile = "news", "live", jobs.Profile{Name: "default"}
	check.Profile.Seal()
	a, ctx := archive.New(mem.New(nil)), t.Context()
	begin := *check
	begin.Windows, begin.Timeline.Sequences = nil, nil
	i := &jobs.Instalment{Check: check.ID, Begin: &begin, Published: time.Unix(1, 0).UTC(), Windows: append([]jobs.Window(nil), check.Windows...)}
	for _, q := range check.Timeline.Sequences {
		i.Parts = append(i.Parts, jobs.Part{Sequence: q.ID, Segments: q.Segments})
		q.Segments, q.Duration = nil, 0
		begin.Timeline.Sequences = append(begin.Timeline.Sequences, q)
	}
	for k := range i.Windows {
		i.Windows[k].Foot = false // nobody knows yet
	}
	if err := a.PutInstalment(ctx, i); err != nil {
		t.Fatal(err)
	}
	for id, h := range headers {
		var body bytes.Buffer
		if err := measurement.NewWriter(&body).Close(*h); err != nil {
			t.Fatal(err)
		}
		if err := a.PutMeasurement(ctx, check.ID, id, body.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.PutInterim(ctx, check.ID, document(t, check, r, findings)); err != nil {
		t.Fatal(err)
	}
	return a, check
}

func document(t *testing.T, check *jobs.Check, r *report.Report, findings []jobs.Finding) []byte {
	t.Helper()
	result := &jobs.Result{Verdict: jobs.VerdictFail, Duration: r.Duration, Renditions: r.Renditions, Findings: findings, Coverage: []jobs.Coverage{}}
	built, err := report.Build(check, *result, "test", "5.1", report.Run{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := built.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// A live check gets first frames as it finds things, each once; the evidence of the whole takes their place.
func TestFirstFramesOfALiveCheck(t *testing.T) {
	t.Parallel()
	black := finding("video.black", "v0", jobs.Fail, 6, 10)
	black.Confidence, black.Message = 1, "black"
	sound := finding("audio.silence", "a0", jobs.Fail, 6, 10)
	sound.Confidence, sound.Message = 1, "silent"
	a, check := stored(t, black, sound)
	child, ctx := &fakeChild{}, t.Context()
	s := &Station{Archive: a, Run: child.run, Slots: 1}
	for range 2 {
		if err := s.First(ctx, check.ID, false); err != nil {
			t.Fatal(err)
		}
	}
	index, err := a.Evidence(ctx, check.ID)
	if err != nil || !index.Interim || len(index.Items) != 1 || index.Strip != nil {
		t.Fatalf("%+v, %v", index, err)
	}
	if p := index.Items[0]; p.Finding != jobs.FindingKey(&black) || len(p.Pictures) != 1 || p.Pictures[0].Role != jobs.RoleFirst {
		t.Errorf("%+v", p)
	}
	if len(child.tasks) != 1 {
		t.Errorf("%d looks for one picture", len(child.tasks))
	}
	_, _, r := ladder(10, 4)
	tasks := len(child.tasks)
	if err := a.PutReport(ctx, check.ID, document(t, check, r, []jobs.Finding{black, sound})); err != nil {
		t.Fatal(err)
	}
	if err := a.Create(ctx, check); err != nil {
		t.Fatal(err)
	}
	if err := s.First(ctx, check.ID, false); err != nil || len(child.tasks) != tasks {
		t.Errorf("first frames of a check that has a report: %d looks, %v", len(child.tasks)-tasks, err)
	}
	for range 2 {
		if err := s.Do(ctx, check.ID, false); err != nil {
			t.Fatal(err)
		}
	}
	index, err = a.Evidence(ctx, check.ID)
	if err != nil || index.Interim || len(index.Items) != 2 || index.Strip == nil || len(index.Items[0].Pictures) != 4 {
		t.Fatalf("%+v, %v", index, err)
	}
	if n := len(child.tasks); n > 1+4+4 {
		t.Errorf("%d looks: what is there was made again", n)
	}
}

func TestAStationThatIsOffDoesNothing(t *testing.T) {
	t.Parallel()
	a, check := stored(t)
	s := &Station{Archive: a, Run: (&fakeChild{}).run, Options: Options{Level: Off}}
	if err := s.Do(t.Context(), check.ID, true); err != nil {
		t.Error(err)
	}
	s.Options.Level = Findings
	if err := s.Do(t.Context(), check.ID, true); err != nil {
		t.Errorf("nothing to show: %v", err)
	}
	if _, err := a.Evidence(t.Context(), check.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("there is evidence: %v", err)
	}
}
