package follow

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage"
)

func newDice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

var errDead = errors.New("the process is dead")

// dying kills its process with one of its writes: before it, or after it, when the answer is lost.
type dying struct {
	storage.Store
	die   func()
	after bool

	mu   sync.Mutex
	left int
	dead bool
}

func (s *dying) write(op func() error) error {
	s.mu.Lock()
	s.left--
	dead, last := s.dead, s.left == 0
	s.dead = s.dead || last
	s.mu.Unlock()
	switch {
	case dead:
		return errDead
	case last:
		if s.after {
			_ = op() // it is done, and nobody hears of it
		}
		s.die()
		return errDead
	}
	return op()
}

func (s *dying) Put(ctx context.Context, key string, body []byte) error {
	return s.write(func() error { return s.Store.Put(ctx, key, body) })
}

func (s *dying) PutNew(ctx context.Context, key string, body []byte) error {
	return s.write(func() error { return s.Store.PutNew(ctx, key, body) })
}

func (s *dying) Delete(ctx context.Context, key string) error {
	return s.write(func() error { return s.Store.Delete(ctx, key) })
}

// pass lets the time of a synctest bubble pass.
func pass(d time.Duration) { <-time.After(d) }

func archiveOf(s storage.Store) *archive.Archive { return archive.New(s) }

// sink forgets what is archived of streams, and what checks consist of.
type sink struct{ storage.Store }

func (sink) Put(context.Context, string, []byte) error { return nil }

func (sink) PutNew(context.Context, string, []byte) error { return nil }

// forgetful is a Queue that remembers nothing.
type forgetful struct{}

func (forgetful) Expect(context.Context, string, int) error { return nil }

func (forgetful) EnqueueObserve(context.Context, string) error { return nil }

func (forgetful) EnqueueWindow(context.Context, jobs.Task, string) error { return nil }
