package storage_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/storage"
	"aircheck/storage/mem"
	"aircheck/storage/storagetest"
)

// TestLimit counts how many puts are inside at once, with more callers than places.
func TestLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		inside, most := 0, 0
		gate := make(chan struct{})
		fake := &storagetest.Fake{PutFunc: func(context.Context, string, []byte) error {
			mu.Lock()
			inside++
			most = max(most, inside)
			mu.Unlock()
			<-gate
			mu.Lock()
			inside--
			mu.Unlock()
			return nil
		}}
		s := storage.Limit(fake, 3)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if err := s.Put(t.Context(), "k", nil); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		mu.Lock()
		if inside != 3 {
			t.Errorf("%d calls inside, want 3", inside)
		}
		mu.Unlock()
		close(gate)
		wg.Wait()
		if most != 3 {
			t.Errorf("at most %d calls inside, want 3", most)
		}
	})
}

// TestLimitBodyHoldsPlace gives the one place back at the end of a body, at its closing, and after a failure, and once each.
func TestLimitBodyHoldsPlace(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(body io.ReadCloser) error{
		"end":   func(body io.ReadCloser) error { _, err := io.ReadAll(body); return err },
		"close": func(body io.ReadCloser) error { return body.Close() },
		"both": func(body io.ReadCloser) error {
			_, err := io.ReadAll(body)
			return errors.Join(err, body.Close(), body.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { testHoldsPlace(t, finish) })
		})
	}
}

func testHoldsPlace(t *testing.T, finish func(body io.ReadCloser) error) {
	t.Helper()
	inner := mem.New(nil)
	s := storage.Limit(inner, 1)
	if err := s.Put(t.Context(), "k", []byte("body")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "absent", 0, -1); !errors.Is(err, storage.ErrNotFound) {
		t.Fatal(err)
	}
	body, err := s.Get(t.Context(), "k", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // cancelled waiting, too, leaves no trace
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan error)
		go func() { _, err := s.Stat(ctx, "k"); waiting <- err }()
		synctest.Wait()
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("a call beside an open body: %v, want to wait until it is cancelled", err)
		}
	}
	if err := finish(body); err != nil {
		t.Fatal(err)
	}
	first, err := s.Get(t.Context(), "k", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := s.Stat(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second call beside an open body: %v: the place was given back twice", err)
	}
}

// TestLimitListHoldsNone lets a callback use the store that is full with its own listing.
func TestLimitListHoldsNone(t *testing.T) {
	t.Parallel()
	s := storage.Limit(mem.New(nil), 1)
	_ = s.Put(t.Context(), "k", []byte("x"))
	err := s.List(t.Context(), "", func(i storage.Info) error { _, err := s.Stat(t.Context(), i.Key); return err })
	if err != nil {
		t.Error(err)
	}
}

// TestLimitDescribes keeps what a body knows, and does not invent what it does not.
func TestLimitDescribes(t *testing.T) {
	t.Parallel()
	inner := mem.New(nil)
	_ = inner.Put(t.Context(), "k", []byte("body"))
	fake := &storagetest.Fake{Store: inner}
	s := storage.Limit(fake, 1)
	body, err := s.Get(t.Context(), "k", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if info, ok := storage.Describe(body); !ok || info.Size != 4 {
		t.Errorf("described as %+v, %v", info, ok)
	}
	_ = body.Close()
	fake.GetFunc = func(context.Context, string, int64, int64) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("x")), nil
	}
	if body, err = s.Get(t.Context(), "k", 0, -1); err != nil {
		t.Fatal(err)
	}
	if info, ok := storage.Describe(body); ok {
		t.Errorf("described as %+v by nobody", info)
	}
	_ = body.Close()
}
