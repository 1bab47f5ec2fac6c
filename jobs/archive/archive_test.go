package archive

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
	"aircheck/storage/mem"
)

func checkOf(windows int) *jobs.Check {
	check := &jobs.Check{ID: jobs.NewID(time.Now(), nil), Input: "a.mp4", Queue: "vod", Profile: jobs.Profile{Name: "default"}}
	check.Profile.Seal()
	check.Timeline = jobs.Timeline{Kind: jobs.SourceFile, Sequences: []jobs.Sequence{{
		ID: "s0", Mode: jobs.ModeObject, Duration: jobs.Micros(windows) * 1e6, Object: &jobs.Object{URI: "/a.mp4", Size: 1},
	}}}
	for i := range windows {
		check.Windows = append(check.Windows, jobs.Window{
			Sequence: "s0", Index: i, Start: jobs.Micros(i) * 1e6, End: jobs.Micros(i+1) * 1e6, Head: i == 0, Foot: i == windows-1,
		})
	}
	return check
}

// trace notes the keys that are written, in order, and fails on one of them.
type trace struct {
	storage.Store
	keys []string
	fail string
	err  error
}

func (s *trace) write(key string, do func() error) error {
	if s.fail != "" && strings.HasPrefix(key, s.fail) {
		return s.err
	}
	s.keys = append(s.keys, key)
	return do()
}

func (s *trace) Put(ctx context.Context, key string, body []byte) error {
	return s.write(key, func() error { return s.Store.Put(ctx, key, body) })
}

func (s *trace) PutNew(ctx context.Context, key string, body []byte) error {
	return s.write(key, func() error { return s.Store.PutNew(ctx, key, body) })
}

func TestCreateMarksFirst(t *testing.T) {
	t.Parallel()
	store := &trace{Store: mem.New(nil)}
	a, check := New(store), checkOf(2)
	if err := a.Create(t.Context(), check); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(store.keys, " "); got != "open/"+check.ID+" checks/"+check.ID+"/manifest.json" {
		t.Errorf("wrote %s", got)
	}
	read, err := a.Check(t.Context(), check.ID)
	if err != nil || read.ID != check.ID || len(read.Windows) != 2 || read.V != jobs.Version {
		t.Errorf("read %+v, %v", read, err)
	}
	if err := a.Create(t.Context(), check); !errors.Is(err, storage.ErrExists) || jobs.ClassOf(err) != jobs.Permanent {
		t.Errorf("a second check of the same id: %v", err)
	}
	invalid := checkOf(1)
	invalid.Windows = nil
	if err := a.Create(t.Context(), invalid); err == nil {
		t.Error("an invalid manifest was written")
	}
}

func TestOutcomeAndMeasurement(t *testing.T) {
	t.Parallel()
	a, check, ctx := New(mem.New(nil)), checkOf(3), t.Context()
	id := func(i int) jobs.WindowID { return check.Windows[i].ID() }
	outcome := func(i int) jobs.Outcome {
		return jobs.Outcome{Check: check.ID, Sequence: "s0", Window: i, Class: jobs.Crash, Message: "it died", Attempts: 3}
	}
	for _, err := range []error{
		a.PutMeasurement(ctx, check.ID, id(0), []byte("first")),
		a.PutMeasurement(ctx, check.ID, id(0), []byte("second")),
		a.PutOutcome(ctx, outcome(0)), // too late
		a.PutOutcome(ctx, outcome(1)),
		a.PutMeasurement(ctx, check.ID, id(1), []byte("late")), // from a worker that had been given up
		a.Store().Put(ctx, "checks/"+check.ID+"/m/s0/readme.txt", nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	results, err := a.Results(ctx, check.ID)
	if err != nil || len(results) != 2 {
		t.Fatalf("results %v, %v", results, err)
	}
	for i, want := range []Result{Measured, Failed, None} {
		one, err := a.Result(ctx, check.ID, id(i))
		if err != nil || one != want || results[id(i)] != want {
			t.Errorf("window %d: %v by itself, %v in the list, want %v (%v)", i, one, results[id(i)], want, err)
		}
	}
	if object, o, err := a.Window(ctx, check.ID, id(0), Measured); string(object) != "first" || o != nil || err != nil {
		t.Errorf("window 0: %q, %v, %v", object, o, err)
	}
	if object, o, err := a.Window(ctx, check.ID, id(1), Failed); object != nil || o == nil || o.Message != "it died" || err != nil {
		t.Errorf("window 1: %q, %v, %v", object, o, err)
	}
	if _, _, err := a.Window(ctx, check.ID, id(2), None); !errors.Is(err, storage.ErrNotFound) || jobs.ClassOf(err) != jobs.Permanent {
		t.Errorf("window 2: %v", err)
	}
}

func TestReportIsWrittenOnce(t *testing.T) {
	t.Parallel()
	a, id, ctx := New(mem.New(nil)), jobs.NewID(time.Now(), nil), t.Context()
	if _, err := a.Report(ctx, id); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a report that is not there: %v", err)
	}
	for _, doc := range []string{"one", "two"} {
		if err := a.PutReport(ctx, id, []byte(doc)); err != nil {
			t.Fatal(err)
		}
	}
	doc, err := a.Report(ctx, id)
	if has, e := a.HasReport(ctx, id); string(doc) != "one" || err != nil || !has || e != nil {
		t.Errorf("report %q, %v, %t, %v", doc, err, has, e)
	}
}

func TestOpenAndClose(t *testing.T) {
	t.Parallel()
	a, ctx := New(mem.New(nil)), t.Context()
	first, second := checkOf(1), checkOf(1)
	for _, c := range []*jobs.Check{first, second} {
		if err := a.Create(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Store().Put(ctx, "open/not an id", nil); err != nil {
		t.Fatal(err)
	}
	open, err := a.Open(ctx)
	if err != nil || len(open) != 2 || open[0].Since.IsZero() {
		t.Fatalf("open %v, %v", open, err)
	}
	for range 2 { // closing twice is no error
		if err := a.Close(ctx, first.ID); err != nil {
			t.Fatal(err)
		}
	}
	if open, err := a.Open(ctx); err != nil || len(open) != 1 || open[0].ID != second.ID {
		t.Errorf("open %v, %v", open, err)
	}
}

func TestErrorsHaveClasses(t *testing.T) {
	t.Parallel()
	id := jobs.NewID(time.Now(), nil)
	for _, tt := range []struct {
		err  error
		want jobs.Class
	}{
		{storage.ErrDenied, jobs.Permanent}, {errors.New("503 slow down"), jobs.Transient}, {context.Canceled, jobs.Cancelled},
	} {
		a := New(&trace{Store: mem.New(nil), fail: "checks/", err: tt.err})
		if err := a.PutReport(t.Context(), id, nil); jobs.ClassOf(err) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%v became %v of class %s, want %s", tt.err, err, jobs.ClassOf(err), tt.want)
		}
	}
	a := New(mem.New(nil))
	if err := a.Reachable(t.Context()); err != nil {
		t.Errorf("an empty store is reachable: %v", err)
	}
	for _, bad := range []string{"", "../x", "a/b"} {
		if err := a.PutReport(t.Context(), bad, nil); jobs.ClassOf(err) != jobs.Permanent {
			t.Errorf("id %q: %v", bad, err)
		}
		if _, err := a.Results(t.Context(), bad); err == nil {
			t.Errorf("id %q was listed", bad)
		}
	}
}

func TestReadingIsBounded(t *testing.T) {
	t.Parallel()
	a := New(mem.New(nil))
	if err := a.Store().Put(t.Context(), "x", []byte("12345")); err != nil {
		t.Fatal(err)
	}
	if doc, err := a.get(t.Context(), "x", 5); string(doc) != "12345" || err != nil {
		t.Errorf("%q, %v", doc, err)
	}
	if _, err := a.get(t.Context(), "x", 4); !errors.Is(err, storage.ErrTooLarge) {
		t.Errorf("five bytes where four are allowed: %v", err)
	}
}
