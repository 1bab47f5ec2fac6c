package fold

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aircheck/jobs/archive"
	"aircheck/storage"
	"aircheck/storage/mem"
)

// slowStore answers for measurements only when as many have been asked for as are fetched ahead.
type slowStore struct {
	storage.Store
	asked atomic.Int32
	full  chan struct{}
}

func (s *slowStore) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if strings.HasSuffix(key, ".parquet") {
		if s.asked.Add(1) == fetchedAhead {
			close(s.full)
		}
		select {
		case <-s.full:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return s.Store.Get(ctx, key, off, n)
}

func TestResultsAreFetchedAhead(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	store := &slowStore{Store: mem.New(nil), full: make(chan struct{})}
	a, check := archive.New(store), newCheck(t, 3*fetchedAhead)
	for i, w := range check.Windows {
		if err := a.PutMeasurement(ctx, check.ID, w.ID(), empty(t, header(i, "5.1"))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Stored(ctx, a, check); err != nil {
		t.Fatal(err)
	}
	if n := int(store.asked.Load()); n != len(check.Windows) {
		t.Errorf("%d results were asked for, there are %d", n, len(check.Windows))
	}
}

// TestNothingIsFetchedAheadOfAnError: what is on its way when the fold fails is waited for and given up.
func TestNothingIsFetchedAheadOfAnError(t *testing.T) {
	t.Parallel()
	store := &slowStore{Store: mem.New(nil), full: make(chan struct{})} // three never fill it
	a, check := archive.New(store), newCheck(t, fetchedAhead)
	for i, w := range check.Windows[1:] {
		if err := a.PutMeasurement(t.Context(), check.ID, w.ID(), empty(t, header(i+1, "5.1"))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Stored(t.Context(), a, check); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("window 0 is missing: %v", err)
	}
}
