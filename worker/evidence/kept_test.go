package evidence

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/archive"
)

// slowChild is a child that answers its first look when it is let go.
type slowChild struct {
	fakeChild
	asked, free chan struct{}
}

func newSlowChild() *slowChild {
	return &slowChild{asked: make(chan struct{}, 99), free: make(chan struct{})}
}

func (c *slowChild) run(ctx context.Context, task jobs.Task) ([]byte, error) {
	c.asked <- struct{}{}
	select {
	case <-c.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return c.fakeChild.run(ctx, task)
}

// begin starts a station on a check and waits until it is at a look, which ends in trouble if there is some; what it returns lets it end.
func begin(t *testing.T, a *archive.Archive, id string, trouble error, work func(*Station, context.Context, string) error) (end func()) {
	t.Helper()
	child, done := newSlowChild(), make(chan error, 1)
	child.err = trouble
	s := &Station{Archive: a, Run: child.run, Slots: 1}
	go func() { done <- work(s, t.Context(), id) }()
	select {
	case <-child.asked:
	case err := <-done:
		t.Fatalf("the station ended without a look: %v", err)
	}
	return func() {
		t.Helper()
		close(child.free)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func do(s *Station, ctx context.Context, id string) error { return s.Do(ctx, id, true) }

func told(code string, start, end float64) jobs.Finding {
	f := finding(code, "v0", jobs.Fail, start, end)
	f.Confidence, f.Message = 1, code
	return f
}

// listed reads the evidence of a check as finding → number of pictures.
func listed(t *testing.T, a *archive.Archive, id string) (*jobs.Evidence, map[string]int) {
	t.Helper()
	e, err := a.Evidence(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, p := range e.Items {
		n[p.Finding] = len(p.Pictures)
	}
	return e, n
}

// finish makes a finished check of a live one.
func finish(t *testing.T, a *archive.Archive, check *jobs.Check, findings ...jobs.Finding) {
	t.Helper()
	_, _, r := ladder(10, 4)
	if err := a.PutReport(t.Context(), check.ID, document(t, check, r, findings)); err != nil {
		t.Fatal(err)
	}
	if err := a.Create(t.Context(), check); err != nil {
		t.Fatal(err)
	}
}

// Of two workers at the first frames of one check, the one that began earlier and ends later takes nothing from the other.
func TestTwoWorkersAtFirstFrames(t *testing.T) {
	t.Parallel()
	black, freeze := told("video.black", 6, 8), told("video.freeze", 30, 36)
	a, check := stored(t, black)
	end := begin(t, a, check.ID, nil, do)
	_, _, r := ladder(10, 4)
	if err := a.PutInterim(t.Context(), check.ID, document(t, check, r, []jobs.Finding{freeze})); err != nil {
		t.Fatal(err)
	}
	if err := (&Station{Archive: a, Run: (&fakeChild{}).run, Slots: 1}).Do(t.Context(), check.ID, true); err != nil {
		t.Fatal(err)
	}
	end()
	if e, n := listed(t, a, check.ID); !e.Interim || n[jobs.FindingKey(&black)] != 1 || n[jobs.FindingKey(&freeze)] != 1 {
		t.Errorf("%+v", e)
	}
}

// First frames that end after the evidence of the whole check leave it as it is.
func TestFirstFramesThatEndLate(t *testing.T) {
	t.Parallel()
	black := told("video.black", 6, 10)
	a, check := stored(t, black)
	end := begin(t, a, check.ID, nil, do)
	finish(t, a, check, black)
	if err := (&Station{Archive: a, Run: (&fakeChild{}).run, Slots: 1}).Do(t.Context(), check.ID, true); err != nil {
		t.Fatal(err)
	}
	end()
	if e, n := listed(t, a, check.ID); e.Interim || e.Strip == nil || n[jobs.FindingKey(&black)] != 4 {
		t.Errorf("%+v", e)
	}
}

// The first frame of a finding stays when its media are gone by the time of the report; one that was withdrawn goes.
func TestMediaThatAreGoneKeepTheirFirstFrame(t *testing.T) {
	t.Parallel()
	black, gone := told("video.black", 6, 10), told("video.freeze", 30, 36)
	a, check := stored(t, black, gone)
	if err := (&Station{Archive: a, Run: (&fakeChild{}).run, Slots: 1}).Do(t.Context(), check.ID, true); err != nil {
		t.Fatal(err)
	}
	finish(t, a, check, black, told("video.corruption", 30, 31))
	s := &Station{Archive: a, Run: (&fakeChild{err: jobs.Classify(jobs.Permanent, errors.New("no such object"))}).run, Slots: 1}
	if err := s.Do(t.Context(), check.ID, true); err != nil {
		t.Fatal(err)
	}
	if e, n := listed(t, a, check.ID); e.Interim || len(n) != 1 || n[jobs.FindingKey(&black)] != 1 || e.Left != 1 {
		t.Errorf("%+v", e)
	}
}

// Evidence that is made again when the media are gone, or by a worker with bad luck beside one with none, is no less than before.
func TestEvidenceIsNotLessThanBefore(t *testing.T) {
	t.Parallel()
	black := told("video.black", 6, 10)
	silence := finding("audio.silence", "a0", jobs.Warn, 6, 10)
	silence.Confidence, silence.Message = 1, "silent"
	no := jobs.Classify(jobs.Permanent, errors.New("no such object"))
	redo := func(s *Station, ctx context.Context, id string) error { _, err := s.Redo(ctx, id, true); return err }
	for _, together := range []bool{false, true} {
		a, check := stored(t)
		finish(t, a, check, black, silence)
		end := func() {}
		if together {
			end = begin(t, a, check.ID, no, redo)
		}
		if err := redo(&Station{Archive: a, Run: (&fakeChild{}).run, Slots: 1}, t.Context(), check.ID); err != nil {
			t.Fatal(err)
		}
		sheet := fileOf(t, a, check.ID, "strip-0.jpg")
		end()
		if !together {
			if err := redo(&Station{Archive: a, Run: (&fakeChild{err: no}).run, Slots: 1}, t.Context(), check.ID); err != nil {
				t.Fatal(err)
			}
		}
		e, n := listed(t, a, check.ID)
		if len(n) != 2 || e.Left != 0 || n[jobs.FindingKey(&black)] != 4 || e.Strip == nil || !bytes.Equal(sheet, fileOf(t, a, check.ID, "strip-0.jpg")) {
			t.Errorf("together %t: %+v", together, e)
		}
	}
}

// A film strip with few of its cells takes no fuller one's place, and a fuller one takes its.
func TestTheFullerStripStays(t *testing.T) {
	t.Parallel()
	a, check := stored(t)
	finish(t, a, check, told("video.black", 6, 10))
	for i, run := range []struct {
		cells int // that the media still give
		want  int
	}{{1, 1}, {3, 3}, {1, 3}, {0, 3}, {99, 36}, {20, 36}, {99, 36}} {
		s := &Station{Archive: a, Run: fewCells(run.cells), Slots: 1}
		if _, err := s.Redo(t.Context(), check.ID, true); err != nil {
			t.Fatal(err)
		}
		e, _ := listed(t, a, check.ID)
		if e.Strip.Shown == nil || *e.Strip.Shown != run.want {
			t.Fatalf("run %d: %v cells are shown, want %d", i, e.Strip.Shown, run.want)
		}
		img, err := jpeg.Decode(bytes.NewReader(fileOf(t, a, check.ID, e.Strip.Sheets[0])))
		if err != nil {
			t.Fatal(err)
		}
		if got := blackCells(img, e.Strip); got != run.want {
			t.Errorf("run %d: the sheet shows %d cells, want %d", i, got, run.want)
		}
	}
	e, _ := listed(t, a, check.ID)
	e.Strip.Shown = nil // as an earlier release wrote it
	if err := a.PutEvidence(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Station{Archive: a, Run: fewCells(3), Slots: 1}).Redo(t.Context(), check.ID, true); err != nil {
		t.Fatal(err)
	}
	if e, _ := listed(t, a, check.ID); e.Strip.Shown != nil {
		t.Errorf("%d cells took the place of those that nobody counted", *e.Strip.Shown)
	}
}

// fewCells is a child that gives no more than n cells of a strip.
func fewCells(n int) func(context.Context, jobs.Task) ([]byte, error) {
	child := &fakeChild{}
	return func(ctx context.Context, task jobs.Task) ([]byte, error) {
		if task.Look.Keys {
			look := *task.Look
			look.Shots = look.Shots[:min(n, len(look.Shots))]
			n -= len(look.Shots)
			task.Look = &look
		}
		return child.run(ctx, task)
	}
}

// blackCells counts the cells of a sheet that fakeChild gave: what could not be had is hatched in grey.
func blackCells(img image.Image, s *jobs.Strip) (n int) {
	for i := range s.Count {
		at := image.Pt(i%s.Columns*s.Width, i/s.Columns*s.Height)
		if brightness(img, image.Rect(at.X+8, at.Y+8, at.X+s.Width-8, at.Y+s.Height-8)) < 8 {
			n++
		}
	}
	return n
}

// What is left is what the findings worth a look are without those that have a proof, whoever made it.
func TestLeftIsWhatHasNoProof(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		check, headers, r := ladder(2, -1)
		for range random.IntN(150) {
			at := float64(random.IntN(12)) // some are of one key
			f := finding([]string{"video.black", "audio.silence", "playlist.gap"}[random.IntN(3)], "v0", []jobs.Severity{jobs.Info, jobs.Warn, jobs.Fail}[random.IntN(3)], at, at+1)
			r.Findings = append(r.Findings, f)
		}
		level := []Level{Findings, Full}[random.IntN(2)]
		wanted := map[string]bool{}
		other := &jobs.Evidence{}
		for i := range r.Findings {
			if shown(&r.Findings[i], level) {
				wanted[jobs.FindingKey(&r.Findings[i])] = true
			}
			if key := jobs.FindingKey(&r.Findings[i]); random.IntN(2) == 0 && len(other.Items) < jobs.MaxProofs && !slices.ContainsFunc(other.Items, func(p jobs.Proof) bool { return p.Finding == key }) {
				other.Items = append(other.Items, jobs.Proof{Finding: key, Pictures: []jobs.Picture{{Role: jobs.RoleFirst, File: "x"}}})
			}
		}
		places, err := headers.Places(check)
		if err != nil {
			t.Fatal(err)
		}
		child := &fakeChild{}
		if random.IntN(3) == 0 {
			child.err = jobs.Classify(jobs.Permanent, errors.New("no such object"))
		}
		m := &Maker{Run: child.run, Put: (&shelf{}).put, LastTry: true, Options: Options{Level: level, Proofs: 1 + random.IntN(40)}}
		index, err := m.Make(t.Context(), check, r, places)
		if err != nil {
			t.Fatal(err)
		}
		if index == nil {
			continue
		}
		keep(index, other, r, level)
		if index.Left != len(wanted)-len(index.Items) {
			t.Fatalf("%d left of %d findings with %d proofs", index.Left, len(wanted), len(index.Items))
		}
	}
}

func fileOf(t *testing.T, a *archive.Archive, id, name string) []byte {
	t.Helper()
	body, _, err := a.EvidenceFile(t.Context(), id, name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		t.Fatal(err)
	}
	return b
}

// Roles that only the other evidence has are put in their places.
func TestProofsAreCompleted(t *testing.T) {
	t.Parallel()
	p := jobs.Proof{Pictures: []jobs.Picture{{Role: jobs.RoleFirst, File: "b"}, {Role: jobs.RoleAfter, File: "d"}}}
	other := jobs.Proof{Pictures: []jobs.Picture{{Role: jobs.RoleBefore, File: "a"}, {Role: jobs.RoleFirst, File: "x"}, {Role: jobs.RoleWorst, File: "b"}}, Sounds: []jobs.Sound{{File: "s"}}}
	complete(&p, &other)
	got := ""
	for _, picture := range p.Pictures {
		got += picture.Role + ":" + picture.File + " "
	}
	if got != "before:a first:b after:d " || len(p.Sounds) != 1 {
		t.Errorf("%s %+v", got, p.Sounds)
	}
}
