package follow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/producer/source/recording"
	"aircheck/storage"
)

// Finisher turns checks whose last instalment is written into ordinary ones.
type Finisher struct {
	Archive *archive.Archive
	// Queue may be nil: then the reconciler counts the windows.
	Queue Queue
	// Address is that of Config.
	Address func(key string) string
}

// ErrGrowing is wrapped by Finish's error about a check whose last instalment is not written.
var ErrGrowing = errors.New("the check still grows")

// Finish puts the recording and the playlists of a live check beside its segments, and then its manifest: from then on it is a check like any other.
// Everything comes from the instalments, so it can be done again, by anybody.
func (f *Finisher) Finish(ctx context.Context, id string) error {
	g, err := f.Archive.Growing(ctx, id)
	if err != nil {
		return err
	}
	if !g.Newest.Last {
		return jobs.Classify(jobs.Permanent, fmt.Errorf("finish check %s: %w", id, ErrGrowing))
	}
	return f.finish(ctx, g)
}

// Abandon ends a live check that nobody follows any more where it is, and finishes it. Of a follower that still lives it is the fence: that one's next
// instalment fails.
func (f *Finisher) Abandon(ctx context.Context, id string, now time.Time) error {
	g, err := f.Archive.Growing(ctx, id)
	if err != nil {
		return err
	}
	if !g.Newest.Last {
		last := &jobs.Instalment{V: jobs.Version, Check: id, Index: g.Instalments, Published: now.UTC(), Last: true, Follow: g.Newest.Follow}
		if err := f.Archive.PutInstalment(ctx, last); err != nil {
			return err
		}
	}
	return f.finish(ctx, g)
}

// AbandonStream abandons all checks of a stream that are still open.
func (f *Finisher) AbandonStream(ctx context.Context, name string, now time.Time) error {
	begins, err := f.Archive.OpenLive(ctx, name)
	if err != nil {
		return fmt.Errorf("list open checks of stream %s: %w", name, err)
	}
	var errs []error
	for _, begin := range begins {
		id := jobs.LiveID(name, begin)
		if _, err := f.Archive.Check(ctx, id); err == nil {
			continue // it waits for its judge
		} else if !errors.Is(err, storage.ErrNotFound) {
			errs = append(errs, err)
			continue
		}
		if err := f.Abandon(ctx, id, now); err != nil && !errors.Is(err, storage.ErrNotFound) { // the mark of a check that has no instalment
			errs = append(errs, fmt.Errorf("abandon check %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

func (f *Finisher) finish(ctx context.Context, g *archive.Growing) error {
	check := g.Check
	seal(check)
	name, begin, ok := jobs.ParseLiveID(check.ID)
	if !ok {
		return jobs.Classify(jobs.Permanent, fmt.Errorf("finish check %s: it is no live check", check.ID))
	}
	if err := f.putFiles(ctx, check, name, begin); err != nil {
		return err
	}
	if err := f.Archive.Create(ctx, check); err != nil && !errors.Is(err, storage.ErrExists) {
		return err
	}
	if f.Queue == nil {
		return nil
	}
	return f.Queue.Expect(ctx, check.ID, len(check.Windows))
}

// seal marks the last window of every sequence, which nobody knew while the check grew.
func seal(check *jobs.Check) {
	seen := map[string]bool{}
	for i := len(check.Windows) - 1; i >= 0; i-- {
		if w := &check.Windows[i]; !seen[w.Sequence] {
			w.Foot, seen[w.Sequence] = true, true
		}
	}
}

// putFiles writes what people and players need beside the segments.
func (f *Finisher) putFiles(ctx context.Context, check *jobs.Check, name string, begin time.Time) error {
	prefix, err := storage.StreamPeriod(name, begin)
	if err != nil {
		return err
	}
	relative := relativeTo(f.Address(prefix + "x"))
	doc, err := recording.Encode(&recording.Recording{
		Stream: name, Begin: begin, Check: check.ID, Input: check.Input, Timeline: moved(check.Timeline, relative),
	})
	if err != nil {
		return err
	}
	files := playlists(&check.Timeline, relative)
	files[recording.Name] = doc
	for file, doc := range files {
		key, err := storage.StreamFile(name, begin, file)
		if err == nil {
			err = f.Archive.Store().Put(ctx, key, doc)
		}
		if err != nil {
			return fmt.Errorf("put %s of check %s: %w", file, check.ID, err)
		}
	}
	return nil
}

// relativeTo makes addresses relative to the directory of one of them; what lies elsewhere stays as it is.
func relativeTo(example string) func(uri string) string {
	base := strings.TrimSuffix(example, path.Base(example))
	return func(uri string) string {
		if rest, ok := strings.CutPrefix(uri, base); ok && rest != "" {
			return rest
		}
		return uri
	}
}

// moved is a timeline with other addresses. Keys stay where they are: they are never archived.
func moved(t jobs.Timeline, to func(string) string) jobs.Timeline {
	out := t
	out.Sequences = make([]jobs.Sequence, len(t.Sequences))
	for i, q := range t.Sequences {
		segments := make([]jobs.Segment, len(q.Segments))
		for k, seg := range q.Segments {
			if seg.URI = to(seg.URI); seg.Init != nil {
				init := *seg.Init
				init.URI = to(init.URI)
				seg.Init = &init
			}
			segments[k] = seg
		}
		q.Segments = segments
		out.Sequences[i] = q
	}
	return out
}

// decodeHandover reads what an instalment says to the next follower.
func decodeHandover(i *jobs.Instalment) (handover, error) {
	var hand handover
	if err := json.Unmarshal(i.Follow, &hand); err != nil {
		return hand, fmt.Errorf("instalment %d: %w", i.Index, err)
	}
	return hand, nil
}
