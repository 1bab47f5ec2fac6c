package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Backoff says how often and after which pauses to try again. The zero value of a field means its default.
type Backoff struct {
	// Tries is how often a call is made in all. Defaults to 5.
	Tries int
	// Base is the longest pause after the first try; it doubles with each one. Defaults to 200 ms.
	Base time.Duration
	// Max bounds every pause. Defaults to 5 s.
	Max time.Duration
	// Sleep waits for d or until ctx ends. Defaults to a timer.
	Sleep func(ctx context.Context, d time.Duration) error
	// Rand gives numbers in [0, 1), from several goroutines. Defaults to math/rand.
	Rand func() float64
}

// Defaults of Backoff: 0.2, 0.4, 0.8 and 1.6 s at most, 3 s together. That bridges a restarted connection or a throttled second; what
// lasts longer is left to the queue, which can wait without holding a worker.
const (
	defaultTries = 5
	defaultBase  = 200 * time.Millisecond
	defaultMax   = 5 * time.Second
)

func (b Backoff) withDefaults() Backoff {
	if b.Tries <= 0 {
		b.Tries = defaultTries
	}
	if b.Base <= 0 {
		b.Base = defaultBase
	}
	if b.Max <= 0 {
		b.Max = defaultMax
	}
	if b.Sleep == nil {
		b.Sleep = sleep
	}
	if b.Rand == nil {
		b.Rand = rand.Float64
	}
	return b
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pause is how long to wait after the given try, counted from 1: half of it fixed, so that a server gets its rest, and half of it random,
// so that the workers of a fleet do not come back all at once.
func (b Backoff) pause(try int) time.Duration {
	d := b.Base
	for i := 1; i < try && d < b.Max; i++ {
		d *= 2
	}
	d = min(d, b.Max)
	return d/2 + time.Duration(b.Rand()*float64(d/2))
}

// Do calls op until it succeeds, fails for good (IsPermanent), or the tries are spent; it returns op's last error. A context that has ended
// is obeyed at once: op is not called, nor called again.
func (b Backoff) Do(ctx context.Context, op func() error) error {
	b = b.withDefaults()
	for try := 1; ; try++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := op()
		if err == nil || IsPermanent(err) {
			return err
		}
		if ctx.Err() != nil {
			return stopped(ctx, err)
		}
		if try >= b.Tries {
			return err
		}
		if b.Sleep(ctx, b.pause(try)) != nil {
			return stopped(ctx, err)
		}
	}
}

// stopped says that ctx has ended, and keeps what went wrong before.
func stopped(ctx context.Context, err error) error {
	ended := ctx.Err()
	if ended == nil || errors.Is(err, ended) {
		return err
	}
	return fmt.Errorf("%w (after: %w)", ended, err)
}

// Retry repeats calls that fail and may succeed. It repeats the opening of a body, not its reading: that is Resume's part.
func Retry(s Store, b Backoff) Store {
	return &retrying{store: s, backoff: b}
}

type retrying struct {
	store   Store
	backoff Backoff
}

func (r *retrying) Get(ctx context.Context, key string, off, n int64) (body io.ReadCloser, err error) {
	err = r.backoff.Do(ctx, func() (err error) {
		body, err = r.store.Get(ctx, key, off, n)
		return err
	})
	return body, err
}

func (r *retrying) Put(ctx context.Context, key string, body []byte) error {
	return r.backoff.Do(ctx, func() error { return r.store.Put(ctx, key, body) })
}

// PutNew settles what a lost answer leaves open: a first try that failed on the way back has won all the same, and then the second finds
// the key taken by its own bytes. Equal bytes count as won; of several callers with equal bytes more than one may then hear so.
func (r *retrying) PutNew(ctx context.Context, key string, body []byte) error {
	doubt := false
	return r.backoff.Do(ctx, func() error {
		if doubt {
			if known, err := r.settle(ctx, key, body); known || err != nil {
				return err
			}
		}
		err := r.store.PutNew(ctx, key, body)
		if doubt && errors.Is(err, ErrExists) {
			if known, settleErr := r.settle(ctx, key, body); known || settleErr != nil {
				return settleErr
			}
		}
		doubt = doubt || err != nil && !IsPermanent(err)
		return err
	})
}

// settle tells whether the key is taken (known), and if so by body (no error) or by other bytes (ErrExists). It is asked before body is sent
// again, too: servers that refuse a large body close the connection so early that the refusal is lost every time.
func (r *retrying) settle(ctx context.Context, key string, body []byte) (known bool, err error) {
	there, err := ReadAll(ctx, r.store, key, int64(len(body)))
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case errors.Is(err, ErrTooLarge), err == nil && !bytes.Equal(there, body):
		return true, fmt.Errorf("put %q: %w", key, ErrExists)
	case err != nil:
		return false, err
	}
	return true, nil
}

func (r *retrying) Stat(ctx context.Context, key string) (info Info, err error) {
	err = r.backoff.Do(ctx, func() (err error) {
		info, err = r.store.Stat(ctx, key)
		return err
	})
	return info, err
}

// List begins again after a failure and passes over what fn has seen; fn's own errors are final.
func (r *retrying) List(ctx context.Context, prefix string, fn func(Info) error) error {
	var last string
	var fnErr error
	err := r.backoff.Do(ctx, func() error {
		err := r.store.List(ctx, prefix, func(info Info) error {
			if info.Key <= last { // no key is empty
				return nil
			}
			last = info.Key
			fnErr = fn(info)
			return fnErr
		})
		if fnErr != nil {
			return nil
		}
		return err
	})
	if fnErr != nil {
		return fnErr
	}
	return err
}

func (r *retrying) Delete(ctx context.Context, key string) error {
	return r.backoff.Do(ctx, func() error { return r.store.Delete(ctx, key) })
}
