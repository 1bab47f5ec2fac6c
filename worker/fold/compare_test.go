package fold

import (
	"context"
	"errors"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage/mem"
)

// twoObjects is a check that compares one object with another.
func twoObjects() *jobs.Check {
	object := &jobs.Object{URI: "/a.mp4", Size: 1}
	return &jobs.Check{ID: "01hqv9y4m0abcdefghjk", Timeline: jobs.Timeline{Sequences: []jobs.Sequence{
		{ID: "s0", Mode: jobs.ModeObject, Object: object}, {ID: "r0", Role: jobs.RoleReference, Mode: jobs.ModeObject, Object: object},
	}}}
}

func someWork() *jobs.Compare {
	return &jobs.Compare{
		Picture: jobs.Side{Sequence: "s0", Last: 1}, Reference: jobs.Side{Sequence: "r0", Last: 1}, Pairs: make([]jobs.Pair, 2),
	}
}

func someResult(t *testing.T, rows ...jobs.ComparedRow) []byte {
	t.Helper()
	b, err := jobs.EncodeCompared(&jobs.Compared{Formats: []jobs.ComparedFormat{{Width: 8, Height: 8, Depth: 8}}, Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestComparisonsAreMadeOnce: what is kept is used, and what cannot be read is made anew.
func TestComparisonsAreMadeOnce(t *testing.T) {
	t.Parallel()
	check, work, a, runs := twoObjects(), someWork(), archive.New(mem.New(nil)), 0
	c := Kept(a, check.ID)
	c.Run = func(_ context.Context, task jobs.Task) ([]byte, error) {
		runs++
		if task.Compare == nil || len(task.Compare.Pairs) != 2 || !task.LastTry {
			t.Errorf("the task is %+v", task)
		}
		return someResult(t, jobs.ComparedRow{Pair: 1}), nil
	}
	c.Keep = func(ctx context.Context, key string, object []byte) error {
		return a.PutCompared(ctx, check.ID, key, object)
	}
	for range 3 {
		r, err := c.one(t.Context(), check, work)
		if err != nil || r == nil || r.Key != work.Key() || len(r.Rows) != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if runs != 1 {
		t.Errorf("compared %d times", runs)
	}
	only := Kept(a, check.ID)
	if r, err := only.one(t.Context(), check, work); r == nil || err != nil {
		t.Errorf("what is kept: %+v, %v", r, err)
	}
	for name, object := range map[string][]byte{"damaged": []byte("{"), "of other work": someResult(t), "empty": nil} {
		c.Load = func(context.Context, string) ([]byte, error) { return object, nil }
		before := runs
		if r, err := c.one(t.Context(), check, work); err != nil || r == nil || runs != before+1 {
			t.Errorf("%s: %+v, %v, %d runs", name, r, err, runs-before)
		}
	}
}

func TestComparisonsThatCannotBeMade(t *testing.T) {
	t.Parallel()
	check, work := twoObjects(), someWork()
	for class, want := range map[jobs.Class]struct {
		runs  int
		fails bool
	}{jobs.Crash: {2, false}, jobs.Timeout: {2, false}, jobs.Permanent: {1, false}, jobs.Transient: {2, true}, jobs.Cancelled: {1, true}} {
		runs := 0
		c := Comparer{Run: func(context.Context, jobs.Task) ([]byte, error) {
			runs++
			return nil, jobs.Classify(class, errors.New("no"))
		}}
		r, err := c.one(t.Context(), check, work)
		if r != nil || (err != nil) != want.fails || runs != want.runs || want.fails && jobs.ClassOf(err) != class {
			t.Errorf("%s: %+v, %v after %d runs", class, r, err, runs)
		}
	}
	c := Comparer{Run: func(context.Context, jobs.Task) ([]byte, error) { return someResult(t, jobs.ComparedRow{Pair: 2}), nil }}
	if _, err := c.one(t.Context(), check, work); jobs.ClassOf(err) != jobs.Permanent {
		t.Errorf("a row of a pair that nobody asked for: %v", err)
	}
	c.Go = func() bool { return false }
	if _, err := c.one(t.Context(), check, work); !errors.Is(err, ErrMore) {
		t.Errorf("out of time: %v", err)
	}
	if r, err := (&Comparer{}).one(t.Context(), check, work); r != nil || err != nil {
		t.Errorf("nobody to compare: %+v, %v", r, err)
	}
}
