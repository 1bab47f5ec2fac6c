package follow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"aircheck/jobs/archive"
	"aircheck/storage"
)

// maxDeletes bounds what one look deletes of a stream: a day in segments of 2 s with ten renditions takes half a million objects, and other streams want
// their turn.
const maxDeletes = 50_000

// errEnough stops a listing.
var errEnough = errors.New("enough")

// Expire deletes what was archived of a stream in periods that ended keep before now, or earlier. Periods whose check has no report yet stay. It tells how many
// objects it deleted; keys of others are never touched.
func Expire(ctx context.Context, a *archive.Archive, name string, keep time.Duration, now time.Time) (int, error) {
	prefix, err := storage.StreamPrefix(name)
	if err != nil {
		return 0, err
	}
	open, err := a.OpenLive(ctx, name)
	if err != nil {
		return 0, err
	}
	var keys []string
	err = a.Store().List(ctx, prefix, func(info storage.Info) error {
		of, begin, ok := storage.ParseStreamPeriod(info.Key)
		if !ok || of != name {
			return nil
		}
		if begin.Truncate(time.Hour).Add(time.Hour + keep).After(now) {
			return errEnough // keys are in the order of time
		}
		if !slices.ContainsFunc(open, begin.Equal) {
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
	for i, key := range keys {
		if err := a.Store().Delete(ctx, key); err != nil {
			return i, fmt.Errorf("delete what is archived of %s: %w", name, err)
		}
	}
	return len(keys), nil
}
