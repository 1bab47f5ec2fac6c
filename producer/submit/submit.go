// Package submit turns an input into a check: it opens the source, cuts it, writes the manifest, and only then enqueues the windows.
package submit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/slice"
	"aircheck/producer/source"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

// Queue is what a submission needs of the queue; *queue.Client has it.
type Queue interface {
	// TellRecent puts a new check into the list of recent ones.
	TellRecent(ctx context.Context, check *jobs.Check) error
	Expect(ctx context.Context, check string, windows int) error
	EnqueueWindow(ctx context.Context, task jobs.Task, queue string) error
	EnqueueJudge(ctx context.Context, check string, epoch int) error
}

var _ Queue = (*queue.Client)(nil)

// Options say how a check is to be done.
type Options struct {
	Profile jobs.Profile // sealed
	// Breaks is the profile of ad breaks, sealed; nil for Profile.
	Breaks *jobs.Profile
	// Window is the wanted length of a window.
	Window jobs.Micros
	Queue  string // queue.Live, queue.Vod or queue.Backfill
	// Reference is what the input is compared with; empty for nothing.
	Reference string
	// Depth is that of the check: empty or jobs.DepthFast, which no comparison has.
	Depth string
	// ID is the id that the check is to have, from jobs.DeriveID; empty for a new one. Whoever asks twice for the same id gets one check.
	ID string
}

// Submitter submits checks. It is safe for concurrent use.
type Submitter struct {
	Archive *archive.Archive
	Queue   Queue
	Origin  storage.Origin
	Now     func() time.Time
}

// concurrency of enqueueing: each window costs a round trip to Redis, and a long ladder has thousands.
const concurrency = 16

// Submit submits one input and returns its check. After the manifest is written the check is as good as done: when enqueueing fails half-way, the
// reconciler does the rest, and the error says that the check exists.
//
// With Options.ID, a check that exists already is returned as it is, and nothing is enqueued.
func (s *Submitter) Submit(ctx context.Context, input string, o Options) (*jobs.Check, error) {
	check, _, err := s.SubmitOnce(ctx, input, o)
	return check, err
}

// SubmitOnce is Submit that tells whether the check is new.
func (s *Submitter) SubmitOnce(ctx context.Context, input string, o Options) (check *jobs.Check, created bool, err error) {
	if o.ID != "" {
		if check, err = s.existing(ctx, input, o.ID); check != nil || err != nil {
			return check, false, err
		}
	}
	if check, err = s.Prepare(ctx, input, o); err != nil {
		return nil, false, err
	}
	err = s.Archive.Create(ctx, check)
	if o.ID != "" && errors.Is(err, storage.ErrExists) { // somebody else was faster
		check, err = s.existing(ctx, input, o.ID)
		return check, false, err
	}
	if err != nil {
		return nil, false, err
	}
	// Before its windows, so that its verdict comes later. A list that lacks a check is no reason to lose the check: enqueueing tells when Redis is gone.
	_ = s.Queue.TellRecent(ctx, check)
	if err := s.enqueue(ctx, check); err != nil {
		return check, true, fmt.Errorf("check %s is written and not fully enqueued, which a producer will make up for: %w", check.ID, err)
	}
	return check, true, nil
}

// ErrOtherInput is wrapped by the error about an id that stands for another input already.
var ErrOtherInput = errors.New("the id is taken")

// existing finds the check of a wanted id; nil when there is none yet.
func (s *Submitter) existing(ctx context.Context, input, id string) (*jobs.Check, error) {
	if _, _, live := jobs.ParseLiveID(id); live || !jobs.ValidID(id) {
		return nil, jobs.Classify(jobs.Permanent, fmt.Errorf("%q is not an id that a check can be given", id))
	}
	check, err := s.Archive.Check(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if want := location.Display(input); check.Input != want {
		return nil, jobs.Classify(jobs.Permanent, fmt.Errorf("%w: id %s is that of a check of %s, not of %s", ErrOtherInput, id, check.Input, want))
	}
	return check, nil
}

// Prepare makes the manifest of a check without writing anything.
func (s *Submitter) Prepare(ctx context.Context, input string, o Options) (*jobs.Check, error) {
	if err := queue.ValidName(o.Queue); err != nil {
		return nil, jobs.Classify(jobs.Permanent, err)
	}
	timeline, err := source.Open(ctx, s.Origin, input)
	if err != nil {
		return nil, err
	}
	reference := ""
	if o.Reference != "" {
		if err := s.addReference(ctx, &timeline, o.Reference); err != nil {
			return nil, err
		}
		reference = location.Display(o.Reference)
	}
	now, id := s.Now(), o.ID
	if id == "" {
		id = jobs.NewID(now, nil)
	}
	return &jobs.Check{
		V: jobs.Version, ID: id, Input: location.Display(input), Reference: reference, Created: now.UTC(),
		Profile: o.Profile, BreakProfile: o.Breaks, Queue: o.Queue, WindowLength: o.Window, Depth: o.Depth,
		Timeline: timeline, Windows: slice.Timeline(timeline, o.Window),
	}, nil
}

// addReference opens the reference and adds its sequences. What is wrong with it is not the input's fault, and no finding.
func (s *Submitter) addReference(ctx context.Context, timeline *jobs.Timeline, reference string) error {
	other, err := source.Open(ctx, s.Origin, reference)
	if err != nil {
		return fmt.Errorf("open reference: %w", err)
	}
	if len(other.Sequences) == 0 {
		return jobs.Classify(jobs.Permanent, fmt.Errorf("open reference: nothing to compare with in %s%s", location.Display(reference), firstFault(&other)))
	}
	for i := range other.Sequences {
		q := other.Sequences[i]
		q.ID, q.Role = jobs.ReferenceID(i), jobs.RoleReference
		timeline.Sequences = append(timeline.Sequences, q)
	}
	return nil
}

// firstFault is what is found first of a timeline, behind a colon; empty when there is nothing.
func firstFault(t *jobs.Timeline) string {
	if len(t.Findings) == 0 {
		return ""
	}
	return ": " + t.Findings[0].Message
}

func (s *Submitter) enqueue(ctx context.Context, check *jobs.Check) error {
	if err := s.Queue.Expect(ctx, check.ID, len(check.Windows)); err != nil {
		return err
	}
	if len(check.Windows) == 0 {
		return s.Queue.EnqueueJudge(ctx, check.ID, 0) // nothing to measure is a verdict too
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for _, w := range check.Windows {
		if ctx.Err() != nil {
			break
		}
		task, err := slice.Task(check, w)
		if err != nil {
			return fmt.Errorf("make task for window %d of %s: %w", w.Index, w.Sequence, err)
		}
		group.Go(func() error { return s.Queue.EnqueueWindow(ctx, task, check.Queue) })
	}
	return group.Wait()
}
