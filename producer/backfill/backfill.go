// Package backfill checks what lies in the past: the archive of a live stream, or whatever is laid out by date, without disturbing the present.
//
// It finds Items, makes a Plan of them, and runs it: slowly, bounded in what waits in the queue, and so that it can be stopped and begun anew at any time. The id of each
// check follows from what it is about, so the second run submits only what the first did not.
package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/producer/source/recording"
	"aircheck/storage"
)

// Bounds.
const (
	// maxItems is what one backfill takes: eleven years of hours.
	maxItems = 100_000
	// maxKeys bounds the names that one listing keeps in memory.
	maxKeys = 1_000_000
	// lookups is how many requests for what is there run at the same time.
	lookups = 16
)

// Item is one thing of the past that is checked by itself.
type Item struct {
	Input string    // address, as submit takes it
	Begin time.Time // of its media, by its place
	// Live is the id of the check that was made while it was live; empty for what never was.
	Live string
}

// Where says what is looked through.
type Where struct {
	// Stream is the name of an archived live stream; else Layout, else Prefix, names the place.
	Stream string
	Layout *Layout
	Prefix string // address of a directory or s3://bucket/prefix/

	// From and To are [From, To). Archived hours and the places of a layout belong to it when they touch it, so that a backfill of the last day that runs at five
	// minutes past three misses nothing in the long run; objects with a date in their key, when they begin in it.
	From, To time.Time
	// Every keeps one item of each such step of time; 0 keeps all.
	Every time.Duration
	Zone  *time.Location // of dates in keys
}

// Finder finds items.
type Finder struct {
	// Archive holds the archived streams, whose objects have the addresses of Address.
	Archive storage.Store
	Address func(key string) string
	// Origin reads what is not in the archive.
	Origin storage.Origin
	// List lists what lies below an address by address, in their order.
	List func(ctx context.Context, prefix string, fn func(address string) error) error
	// Undated is told how many streams below a prefix were left out because nothing in their addresses says when they are from, and the first of them; nil when nobody wants to know.
	Undated func(n int, first string)
}

// Find lists the items in the order of time.
func (f *Finder) Find(ctx context.Context, w Where) (items []Item, err error) {
	if !w.From.Before(w.To) {
		return nil, fmt.Errorf("the time from %s to %s is empty", w.From.Format(time.RFC3339), w.To.Format(time.RFC3339))
	}
	switch {
	case w.Stream != "":
		items, err = f.archived(ctx, w)
	case w.Layout != nil:
		items, err = f.laidOut(ctx, w)
	default:
		items, err = f.dated(ctx, w)
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(items, func(a, b Item) int {
		if c := a.Begin.Compare(b.Begin); c != 0 {
			return c
		}
		return strings.Compare(a.Input, b.Input)
	})
	return sample(items, w.From, w.Every), nil
}

// archived finds the recordings of a stream: one of each full hour, and those that begin within it.
func (f *Finder) archived(ctx context.Context, w Where) ([]Item, error) {
	hours, err := hoursOf(w.From, w.To)
	if err != nil {
		return nil, err
	}
	found := make([][]Item, len(hours))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i, hour := range hours {
		group.Go(func() (err error) {
			found[i], err = f.recordings(ctx, w, hour)
			return err
		})
	}
	err = group.Wait()
	return slices.Concat(found...), err
}

// hoursOf are the hours that touch [from, to), UTC.
func hoursOf(from, to time.Time) ([]time.Time, error) {
	var hours []time.Time
	for h := from.UTC().Truncate(time.Hour); h.Before(to); h = h.Add(time.Hour) {
		if hours = append(hours, h); len(hours) > maxItems {
			return nil, fmt.Errorf("more than %d hours: take a shorter time", maxItems)
		}
	}
	return hours, nil
}

// recordings looks for those of an hour. What was archived from within an hour on lies beside it, under names of four digits: 1820 beside 18.
func (f *Finder) recordings(ctx context.Context, w Where, hour time.Time) ([]Item, error) {
	begins := []time.Time{hour}
	whole, err := storage.StreamPeriod(w.Stream, hour)
	if err != nil {
		return nil, err
	}
	for tens := range 6 {
		prefix := strings.TrimSuffix(whole, "/") + string(rune('0'+tens))
		err := f.Archive.List(ctx, prefix, func(info storage.Info) error {
			if _, begin, ok := storage.ParseStreamPeriod(info.Key); ok && !begin.Equal(begins[len(begins)-1]) {
				begins = append(begins, begin)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for what is archived of %s: %w", w.Stream, err)
		}
	}
	var items []Item
	for _, begin := range begins {
		key, err := storage.StreamFile(w.Stream, begin, recording.Name)
		if err != nil {
			return nil, err
		}
		if !begin.Before(w.To) {
			continue
		}
		_, err = f.Archive.Stat(ctx, key)
		if errors.Is(err, storage.ErrNotFound) {
			continue // nobody followed it, or it is not over yet
		}
		if err != nil {
			return nil, fmt.Errorf("look for what is archived of %s: %w", w.Stream, err)
		}
		items = append(items, Item{Input: f.Address(key), Begin: begin, Live: jobs.LiveID(w.Stream, begin)})
	}
	return items, nil
}

// laidOut asks for the object of each place of a layout, or lists those that a star stands for.
func (f *Finder) laidOut(ctx context.Context, w Where) ([]Item, error) {
	times, err := w.Layout.times(w.From, w.To, maxItems)
	if err != nil {
		return nil, err
	}
	found := make([][]Item, len(times))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i, at := range times {
		group.Go(func() (err error) {
			found[i], err = f.place(ctx, w.Layout.At(at), at)
			return err
		})
	}
	err = group.Wait()
	items := slices.Concat(found...)
	if len(items) > maxItems {
		return nil, fmt.Errorf("more than %d objects: take a shorter time", maxItems)
	}
	return items, err
}

func (f *Finder) place(ctx context.Context, address string, at time.Time) ([]Item, error) {
	prefix, many := stars(address)
	if !many {
		_, err := f.Origin.Stat(ctx, address)
		if errors.Is(err, storage.ErrNotFound) {
			return nil, nil
		}
		return []Item{{Input: address, Begin: at}}, err
	}
	var items []Item
	err := f.List(ctx, prefix, func(found string) error {
		if matches(address, found) && len(items) < maxItems {
			items = append(items, Item{Input: found, Begin: at})
		}
		return nil
	})
	return items, err
}

// dated lists what lies below a prefix and has a date in its key.
func (f *Finder) dated(ctx context.Context, w Where) ([]Item, error) {
	var keys []string
	err := f.List(ctx, w.Prefix, func(address string) error {
		if !Candidate(address) {
			return nil
		}
		if keys = append(keys, address); len(keys) > maxKeys {
			return fmt.Errorf("more than %d objects below %s: give a --layout, or a longer prefix", maxKeys, w.Prefix)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var items []Item
	var undated []string
	for _, k := range streamsOf(keys) {
		at, ok := dateOf(strings.TrimPrefix(k, "s3://"), w.Zone)
		if !ok {
			undated = append(undated, k)
		}
		if ok && !at.Before(w.From) && at.Before(w.To) {
			items = append(items, Item{Input: k, Begin: at})
		}
	}
	if len(undated) > 0 && f.Undated != nil {
		f.Undated(len(undated), undated[0])
	}
	if len(items) > maxItems {
		return nil, fmt.Errorf("more than %d streams below %s: take a shorter time", maxItems, w.Prefix)
	}
	return items, nil
}
