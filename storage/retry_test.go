package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/storage"
	"aircheck/storage/mem"
	"aircheck/storage/storagetest"
)

var errFlaky = errors.New("connection reset")

// pauses is a Backoff that records its pauses instead of sleeping.
func pauses(got *[]time.Duration, random float64) storage.Backoff {
	return storage.Backoff{
		Tries: 4, Base: 100 * time.Millisecond, Max: 300 * time.Millisecond,
		Rand: func() float64 { return random },
		Sleep: func(ctx context.Context, d time.Duration) error {
			*got = append(*got, d)
			return ctx.Err()
		},
	}
}

func TestBackoffPauses(t *testing.T) {
	t.Parallel()
	ms := func(ds ...time.Duration) (out []time.Duration) {
		for _, d := range ds {
			out = append(out, d*time.Millisecond)
		}
		return out
	}
	for _, test := range []struct {
		random float64
		want   []time.Duration
	}{
		{0, ms(50, 100, 150)},
		{0.5, ms(75, 150, 225)},
		{1, ms(100, 200, 300)},
	} {
		var got []time.Duration
		calls := 0
		err := pauses(&got, test.random).Do(t.Context(), func() error { calls++; return errFlaky })
		if !errors.Is(err, errFlaky) || calls != 4 || !slices.Equal(got, test.want) {
			t.Errorf("random %v: %v after %d calls with pauses %v, want 4 calls and %v", test.random, err, calls, got, test.want)
		}
	}
}

func TestBackoffStops(t *testing.T) {
	t.Parallel()
	for _, permanent := range []error{storage.ErrNotFound, storage.ErrExists, storage.ErrDenied, storage.ErrTooLarge, storage.ErrBadKey, storage.ErrBadURI} {
		var got []time.Duration
		calls := 0
		err := pauses(&got, 0).Do(t.Context(), func() error { calls++; return fmt.Errorf("get: %w", permanent) })
		if !errors.Is(err, permanent) || calls != 1 {
			t.Errorf("%v after %d calls, want %v after 1", err, calls, permanent)
		}
	}
}

func TestBackoffObeysContext(t *testing.T) {
	t.Parallel()
	var got []time.Duration
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := pauses(&got, 0).Do(ctx, func() error { calls++; cancel(); return errFlaky })
	if !errors.Is(err, context.Canceled) || !errors.Is(err, errFlaky) || calls != 1 || len(got) != 0 {
		t.Errorf("cancelled in the call: %v after %d calls, %d pauses", err, calls, len(got))
	}
	err = pauses(&got, 0).Do(ctx, func() error { calls++; return nil })
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("cancelled before: %v, and it was called", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	b := storage.Backoff{Sleep: func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }}
	calls = 0
	err = b.Do(ctx, func() error { calls++; return errFlaky })
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("cancelled in the pause: %v after %d calls", err, calls)
	}
}

// flaky fails the first n of all calls.
func flaky(s storage.Store, n int) *storagetest.Fake {
	fail := func() error {
		if n--; n >= 0 {
			return errFlaky
		}
		return nil
	}
	f := &storagetest.Fake{Store: s}
	f.GetFunc = func(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
		if err := fail(); err != nil {
			return nil, err
		}
		return s.Get(ctx, key, off, n)
	}
	f.PutFunc = func(ctx context.Context, key string, body []byte) error {
		return orElse(fail(), func() error { return s.Put(ctx, key, body) })
	}
	f.PutNewFunc = func(ctx context.Context, key string, body []byte) error {
		return orElse(fail(), func() error { return s.PutNew(ctx, key, body) })
	}
	f.DeleteFunc = func(ctx context.Context, key string) error {
		return orElse(fail(), func() error { return s.Delete(ctx, key) })
	}
	f.StatFunc = func(ctx context.Context, key string) (storage.Info, error) {
		if err := fail(); err != nil {
			return storage.Info{}, err
		}
		return s.Stat(ctx, key)
	}
	return f
}

func orElse(err error, do func() error) error {
	if err != nil {
		return err
	}
	return do()
}

func TestRetryEveryCall(t *testing.T) {
	t.Parallel()
	var slept []time.Duration
	calls := map[string]func(s storage.Store) error{
		"put":     func(s storage.Store) error { return s.Put(t.Context(), "k", []byte("new")) },
		"put new": func(s storage.Store) error { return s.PutNew(t.Context(), "n", []byte("new")) },
		"delete":  func(s storage.Store) error { return s.Delete(t.Context(), "k") },
		"stat":    func(s storage.Store) error { _, err := s.Stat(t.Context(), "k"); return err },
		"get": func(s storage.Store) error {
			data, err := storage.ReadAll(t.Context(), s, "k", 10)
			if err == nil && string(data) != "old" {
				return fmt.Errorf("got %q", data)
			}
			return err
		},
	}
	for name, call := range calls {
		inner := mem.New(nil)
		_ = inner.Put(t.Context(), "k", []byte("old"))
		if err := call(storage.Retry(flaky(inner, 3), pauses(&slept, 0))); err != nil {
			t.Errorf("%s: %v, want success at the fourth try", name, err)
		}
		if err := call(storage.Retry(flaky(inner, 100), pauses(&slept, 0))); !errors.Is(err, errFlaky) {
			t.Errorf("%s: %v, want the last error", name, err)
		}
	}
}

// TestPutNewLostAnswer tells the writer whose put arrived while its answer was lost from those who came late.
func TestPutNewLostAnswer(t *testing.T) {
	t.Parallel()
	const mine, other, longer = "mine", "othr", "another body"
	tests := []struct {
		name    string
		arrives string // what stands there after the first try failed
		want    error
	}{
		{"mine arrived", mine, nil},
		{"nothing arrived", "", nil},
		{"another's of equal length came first", other, storage.ErrExists},
		{"another's longer one came first", longer, storage.ErrExists},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inner := mem.New(nil)
			puts := 0
			fake := &storagetest.Fake{Store: inner, PutNewFunc: func(ctx context.Context, key string, body []byte) error {
				if puts++; puts == 1 {
					if test.arrives != "" {
						_ = inner.Put(ctx, key, []byte(test.arrives))
					}
					return errFlaky
				}
				return inner.PutNew(ctx, key, body)
			}}
			var slept []time.Duration
			s := storage.Retry(fake, pauses(&slept, 0))
			if err := s.PutNew(t.Context(), "k", []byte(mine)); !errors.Is(err, test.want) {
				t.Errorf("put new = %v, want %v", err, test.want)
			}
			if test.arrives != "" && puts != 1 {
				t.Errorf("the body was sent %d times, want once", puts)
			}
		})
	}
}

// TestPutNewLandsLate has the first try arrive only after its absence was seen.
func TestPutNewLandsLate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lands string
		want  error
	}{{"mine", nil}, {"other", storage.ErrExists}} {
		inner := mem.New(nil)
		puts := 0
		fake := &storagetest.Fake{Store: inner, PutNewFunc: func(ctx context.Context, key string, body []byte) error {
			if puts++; puts == 1 {
				return errFlaky
			}
			_ = inner.Put(ctx, key, []byte(test.lands))
			return inner.PutNew(ctx, key, body)
		}}
		var slept []time.Duration
		if err := storage.Retry(fake, pauses(&slept, 0)).PutNew(t.Context(), "k", []byte("mine")); !errors.Is(err, test.want) {
			t.Errorf("put new = %v, want %v", err, test.want)
		}
	}
}

// TestPutNewRefusalLost stands for a server that closes the connection on a large body before its refusal is read, every time.
func TestPutNewRefusalLost(t *testing.T) {
	t.Parallel()
	inner := mem.New(nil)
	_ = inner.Put(t.Context(), "k", []byte("there"))
	fake := &storagetest.Fake{Store: inner, PutNewFunc: func(context.Context, string, []byte) error { return errFlaky }}
	var slept []time.Duration
	if err := storage.Retry(fake, pauses(&slept, 0)).PutNew(t.Context(), "k", []byte("mine")); !errors.Is(err, storage.ErrExists) {
		t.Errorf("put new = %v, want ErrExists", err)
	}
}

// TestPutNewWithoutDoubt asks nothing when the first answer is clear.
func TestPutNewWithoutDoubt(t *testing.T) {
	t.Parallel()
	inner := mem.New(nil)
	_ = inner.Put(t.Context(), "k", []byte("mine"))
	fake := &storagetest.Fake{Store: inner, GetFunc: func(context.Context, string, int64, int64) (io.ReadCloser, error) {
		t.Error("read back without need")
		return nil, errFlaky
	}}
	var slept []time.Duration
	if err := storage.Retry(fake, pauses(&slept, 0)).PutNew(t.Context(), "k", []byte("mine")); !errors.Is(err, storage.ErrExists) {
		t.Errorf("put new = %v, want ErrExists", err)
	}
}

// TestRetryList shows each key once although the listing breaks in the middle, twice.
func TestRetryList(t *testing.T) {
	t.Parallel()
	inner := mem.New(nil)
	keys := strings.Split("abcdefgh", "")
	for _, key := range keys {
		_ = inner.Put(t.Context(), key, nil)
	}
	tries := 0
	fake := &storagetest.Fake{Store: inner, ListFunc: func(ctx context.Context, prefix string, fn func(storage.Info) error) error {
		tries++
		seen := 0
		return inner.List(ctx, prefix, func(i storage.Info) error {
			if seen++; seen > 3*tries {
				return errFlaky
			}
			return fn(i)
		})
	}}
	var got []string
	var slept []time.Duration
	s := storage.Retry(fake, pauses(&slept, 0))
	err := s.List(t.Context(), "", func(i storage.Info) error { got = append(got, i.Key); return nil })
	if err != nil || !slices.Equal(got, keys) || tries != 3 {
		t.Errorf("listed %q in %d tries: %v, want %q in 3", got, tries, err, keys)
	}
	calls := 0
	err = s.List(t.Context(), "", func(storage.Info) error { calls++; return errFlaky })
	if !errors.Is(err, errFlaky) || calls != 1 {
		t.Errorf("the callback's error: %v after %d calls, want it untouched after 1", err, calls)
	}
}
