package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/submit"
	"aircheck/storage/mem"
)

// noQueue takes everything.
type noQueue struct{}

func (noQueue) TellRecent(context.Context, *jobs.Check) error          { return nil }
func (noQueue) Expect(context.Context, string, int) error              { return nil }
func (noQueue) EnqueueWindow(context.Context, jobs.Task, string) error { return nil }
func (noQueue) EnqueueJudge(context.Context, string, int) error        { return nil }

const playlist = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\ns0.ts\n#EXTINF:4,\ns1.ts\n#EXT-X-ENDLIST\n"

func options() submit.Options {
	o := submit.Options{Profile: jobs.Profile{Name: "default"}, Window: 4e6, Queue: queue.Backfill}
	o.Profile.Seal()
	return o
}

// past is a store with some hours of a stream that can be read.
func past(t *testing.T, hours int) (*Planner, []Item) {
	t.Helper()
	media, arch := mem.New(nil), archive.New(mem.New(nil))
	var items []Item
	for h := range hours {
		key := fmt.Sprintf("vod/%02d.m3u8", h)
		if err := media.Put(t.Context(), key, []byte(playlist)); err != nil {
			t.Fatal(err)
		}
		begin := at("2026-11-22T00:00:00Z").Add(time.Duration(h) * time.Hour)
		items = append(items, Item{Input: "s3://media/" + key, Begin: begin, Live: jobs.LiveID("news", begin)})
	}
	s := &submit.Submitter{Archive: arch, Queue: noQueue{}, Origin: bucket{things{media}}, Now: func() time.Time { return at("2026-11-23T00:00:00Z") }}
	return &Planner{Archive: arch, Submitter: s, Options: options()}, items
}

func TestPlan(t *testing.T) {
	t.Parallel()
	p, items := past(t, 4)
	items = append(items, Item{Input: "s3://media/none.m3u8", Begin: items[3].Begin.Add(time.Hour)})
	plan, err := p.Plan(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Total.Checks != 4 || plan.Total.Windows != 8 || plan.Total.Media != 32 || plan.Total.Unreadable != 1 || plan.Items[4].State != Unreadable || plan.Total.CPU <= 0 {
		t.Errorf("plan %+v", plan.Total)
	}
	again, err := p.Plan(t.Context(), items)
	if err != nil || again.Items[2].ID != plan.Items[2].ID || plan.Items[1].ID == plan.Items[2].ID {
		t.Errorf("ids %s and %s, %v", again.Items[2].ID, plan.Items[2].ID, err)
	}
	p.Options.Depth = jobs.DepthFast
	if fast, err := p.Plan(t.Context(), items); err != nil || fast.Items[2].ID == plan.Items[2].ID {
		t.Errorf("another depth is the same check, %v", err)
	}
}

// TestOnlyMissing leaves out hours whose live check was judged under the same profile, and no others.
func TestOnlyMissing(t *testing.T) {
	t.Parallel()
	p, items := past(t, 3)
	for i, profile := range []jobs.Profile{{Name: "default"}, {Name: "other", Thresholds: map[string]float64{"x": 1}}} {
		profile.Seal()
		check := &jobs.Check{ID: items[i].Live, Input: "live", Queue: queue.Live, Profile: profile, Timeline: jobs.Timeline{Kind: jobs.SourceHLS}}
		if err := errors.Join(p.Archive.Create(t.Context(), check), p.Archive.PutReport(t.Context(), check.ID, []byte("{}"))); err != nil {
			t.Fatal(err)
		}
	}
	for _, missing := range []bool{false, true} {
		p.OnlyMissing = missing
		plan, err := p.Plan(t.Context(), items)
		if want := 3 - boolInt(missing); err != nil || plan.Total.Checks != want || plan.Total.Checked != boolInt(missing) {
			t.Errorf("only missing %t: %+v, %v", missing, plan.Total, err)
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestStoppedAndBegunAnew: wherever a run is stopped, the next one submits what is missing, and all together is each item once.
func TestStoppedAndBegunAnew(t *testing.T) {
	t.Parallel()
	const hours = 6
	for stop := range hours + 1 {
		p, items := past(t, hours)
		var ids []string
		run := func(stopAfter int) (Result, error) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			plan, err := p.Plan(ctx, items)
			if err != nil {
				t.Fatal(err)
			}
			if stopAfter == 0 {
				cancel()
			}
			r := &Runner{Submitter: p.Submitter, Options: p.Options, Done: func(one Planned, check *jobs.Check, created bool) {
				if ids = append(ids, check.ID); !created || check.ID != one.ID {
					t.Errorf("%+v became %s, new %t", one, check.ID, created)
				}
				if len(ids) == stopAfter {
					cancel()
				}
			}}
			return r.Run(ctx, plan)
		}
		first, err := run(stop)
		if (err == nil) != (stop == hours) || first.Submitted != stop || first.Left != hours-stop {
			t.Errorf("stopped after %d: %+v, %v", stop, first, err)
		}
		second, err := run(-1)
		if err != nil || second.Submitted != hours-stop || second.Left != 0 {
			t.Errorf("begun anew after %d: %+v, %v", stop, second, err)
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != hours {
			t.Errorf("stopped after %d: checks %q", stop, ids)
		}
	}
}

// fullQueue is emptied by waiting.
type fullQueue struct {
	open, worst int
	err         error
}

func (q *fullQueue) Stats(context.Context) ([]queue.QueueStats, error) {
	return []queue.QueueStats{{Queue: queue.Live, Pending: 1000}, {Queue: queue.Backfill, Pending: q.open / 2, Active: q.open - q.open/2}}, q.err
}

func TestNeverMoreThanMaxOpen(t *testing.T) {
	t.Parallel()
	p, items := past(t, 9)
	plan, err := p.Plan(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	q := &fullQueue{}
	var waited time.Duration
	r := &Runner{
		Submitter: p.Submitter, Stats: q, Options: p.Options, MaxOpen: 5, Rate: 4,
		Done: func(_ Planned, check *jobs.Check, _ bool) {
			q.open += len(check.Windows)
			q.worst = max(q.worst, q.open)
		},
		Wait: func(_ context.Context, d time.Duration) error {
			if waited += d; d == lookEvery {
				q.open = max(q.open-1, 0)
			}
			return nil
		},
	}
	result, err := r.Run(t.Context(), plan)
	// Two windows a check at four a second: half a second behind each but the last.
	if err != nil || result.Submitted != 9 || q.worst > 5 || q.worst < 4 || waited < 4*time.Second {
		t.Errorf("%+v, %d windows at most, waited %s, %v", result, q.worst, waited, err)
	}
	q.err = errors.New("redis is gone")
	again, items2 := past(t, 1)
	if plan, err = again.Plan(t.Context(), items2); err != nil {
		t.Fatal(err)
	}
	if result, err := r.Run(t.Context(), plan); err == nil || result.Left != 1 {
		t.Errorf("without a queue: %+v, %v", result, err)
	}
}

// failing fails so many times before it submits.
type failing struct {
	Submitter
	times int
	class jobs.Class
}

func (f *failing) SubmitOnce(ctx context.Context, input string, o submit.Options) (*jobs.Check, bool, error) {
	if f.times--; f.times >= 0 {
		return nil, false, jobs.Classify(f.class, errors.New("no"))
	}
	return f.Submitter.SubmitOnce(ctx, input, o)
}

func TestWhatFailsIsLeftToTheNextRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		times  int
		class  jobs.Class
		failed int
	}{{2, jobs.Transient, 0}, {3, jobs.Transient, 1}, {1, jobs.Permanent, 1}} {
		p, items := past(t, 2)
		plan, err := p.Plan(t.Context(), items)
		if err != nil {
			t.Fatal(err)
		}
		r := &Runner{
			Submitter: &failing{p.Submitter, tt.times, tt.class}, Options: p.Options,
			Wait: func(context.Context, time.Duration) error { return nil },
		}
		result, err := r.Run(t.Context(), plan)
		if err != nil || result.Failed != tt.failed || result.Submitted != 2-tt.failed || result.Left != 0 {
			t.Errorf("%+v: %+v, %v", tt, result, err)
		}
	}
}

func TestIDsOfOtherInputsDiffer(t *testing.T) {
	t.Parallel()
	_, items := past(t, 2)
	one := ID(items[0], options())
	moved := items[0]
	moved.Begin = moved.Begin.In(time.FixedZone("x", 7200))
	if ID(moved, options()) != one || ID(items[1], options()) == one || !jobs.ValidID(one) || !strings.HasPrefix(one, jobs.NewID(items[0].Begin, nil)[:10]) {
		t.Errorf("ids %s, %s", one, ID(items[1], options()))
	}
}
