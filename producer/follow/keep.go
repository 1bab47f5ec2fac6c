package follow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage"
)

// maxDeletes bounds what one look deletes of a stream: a day in segments of 2 s with ten renditions takes half a million objects, and other streams want
// their turn.
const maxDeletes = 50_000

// errEnough stops a listing.
var errEnough = errors.New("enough")

// Keeper deletes old archives. It is for one goroutine; Archive and Address are required.
type Keeper struct {
	Archive *archive.Archive
	// Address is that of Config.
	Address func(key string) string

	// uses are the periods whose media checks without a report read, by check, as prefixes of keys.
	uses map[string][]string
}

// Expire deletes what was archived of a stream in periods that ended keep before now, or earlier. Periods whose own check has no report yet stay, and so do those
// that another one reads: a backfill of the past is slow on purpose. It tells how many objects it deleted; keys of others are never touched.
func (k *Keeper) Expire(ctx context.Context, name string, keep time.Duration, now time.Time) (int, error) {
	prefix, err := storage.StreamPrefix(name)
	if err != nil {
		return 0, err
	}
	open, err := k.Archive.OpenLive(ctx, name)
	if err != nil {
		return 0, err
	}
	used, err := k.used(ctx)
	if err != nil {
		return 0, err
	}
	var keys []string
	err = k.Archive.Store().List(ctx, prefix, func(info storage.Info) error {
		of, begin, ok := storage.ParseStreamPeriod(info.Key)
		if !ok || of != name {
			return nil
		}
		if begin.Truncate(time.Hour).Add(time.Hour + keep).After(now) {
			return errEnough // keys are in the order of time
		}
		if !slices.ContainsFunc(open, begin.Equal) && !used[periodPrefix(info.Key)] { // what stays does not count, or a slow reader would keep all that is newer
			keys = append(keys, info.Key)
		}
		if len(keys) >= maxDeletes {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return 0, fmt.Errorf("list what is archived of %s: %w", name, err)
	}
	if keys, err = k.unused(ctx, keys); err != nil {
		return 0, err
	}
	for i, key := range keys {
		if err := k.Archive.Store().Delete(ctx, key); err != nil {
			return i, fmt.Errorf("delete what is archived of %s: %w", name, err)
		}
	}
	return len(keys), nil
}

// unused leaves out the keys in periods that a check without a report reads. The checks are looked at again, as late as can be.
func (k *Keeper) unused(ctx context.Context, keys []string) ([]string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	used, err := k.used(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(keys, func(key string) bool { return used[periodPrefix(key)] }), nil
}

// used are the prefixes of the periods that checks without a report read.
func (k *Keeper) used(ctx context.Context) (map[string]bool, error) {
	if err := k.refresh(ctx); err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, list := range k.uses {
		for _, period := range list {
			used[period] = true
		}
	}
	return used, nil
}

// refresh reads the manifests of checks that were opened since, and forgets those that are closed.
func (k *Keeper) refresh(ctx context.Context) error {
	open, err := k.Archive.Open(ctx)
	if err != nil {
		return err
	}
	uses := make(map[string][]string, len(open))
	for _, o := range open {
		if _, _, live := jobs.ParseLiveID(o.ID); live {
			continue // its own period stays, and it reads no other
		}
		if known, ok := k.uses[o.ID]; ok {
			uses[o.ID] = known
			continue
		}
		check, err := k.Archive.Check(ctx, o.ID)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			continue // a submission in progress: it is asked for again
		case jobs.ClassOf(err) == jobs.Permanent && err != nil:
			uses[o.ID] = nil // nobody can read it
		case err != nil:
			return fmt.Errorf("find out what check %s reads: %w", o.ID, err)
		default:
			uses[o.ID] = k.periods(&check.Timeline)
		}
	}
	k.uses = uses
	return nil
}

// periods are the archived periods that a timeline's media lie in.
func (k *Keeper) periods(t *jobs.Timeline) []string {
	const example = "streams/x"
	root := strings.TrimSuffix(k.Address(example), "x")
	var list []string
	add := func(uri string) {
		if rest, ok := strings.CutPrefix(uri, root); ok {
			if p := periodPrefix(strings.TrimSuffix(example, "x") + rest); p != "" && !slices.Contains(list, p) {
				list = append(list, p)
			}
		}
	}
	for i := range t.Sequences {
		q := &t.Sequences[i]
		if q.Object != nil {
			add(q.Object.URI)
		}
		for n := range q.Segments {
			add(q.Segments[n].URI)
			if q.Segments[n].Init != nil {
				add(q.Segments[n].Init.URI)
			}
		}
	}
	return list
}

// periodPrefix is the prefix of the period that a key lies in; empty when it lies in none.
func periodPrefix(key string) string {
	name, begin, ok := storage.ParseStreamPeriod(key)
	if !ok {
		return ""
	}
	prefix, err := storage.StreamPeriod(name, begin)
	if err != nil {
		return ""
	}
	return prefix
}
