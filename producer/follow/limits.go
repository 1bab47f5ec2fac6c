package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"aircheck/storage"
)

const (
	// DefaultFetches is how many segments are on their way from origins at the same time, beside one of each stream: more than a core can encrypt.
	DefaultFetches = 64
	// DefaultFetchBytes is what all of them may hold in memory until they are stored: 64 of 2 MB four times over, or two of the largest.
	DefaultFetchBytes = 512 << 20
	// maxFinishes: at the full hour all streams want their manifests written, each of some MB.
	maxFinishes = 2
	// One host may hold no more than hostPlaces quarters of the places and half of the bytes: one that hangs or sends without end leaves the rest to others.
	hostPlaces = 3
	// firstPiece is what a fetch asks for before it knows how much comes; bigPiece is up to what it takes at once what was announced. Beyond it room is taken as
	// bytes come, so that a host must send what it wants to occupy.
	firstPiece = 512 << 10
	bigPiece   = 8 << 20
)

// Limits bound what all Followers of one process do together. They are safe for concurrent use.
type Limits struct {
	fetches  chan struct{}
	finishes chan struct{}
	bytes    *semaphore.Weighted
	// perHost is what one host may hold of bytes.
	perHost int64

	mu    sync.Mutex
	hosts map[string]*host
}

// host is the share of an origin, while somebody fetches from it.
type host struct {
	name   string
	users  int
	places chan struct{}
	bytes  *semaphore.Weighted
}

// NewLimits allows so many fetches at the same time, beside one of each stream, and so many bytes of segments in memory; 0 or less means 64 fetches and 512 MiB.
func NewLimits(fetches int, bytes int64) *Limits {
	if fetches <= 0 {
		fetches = DefaultFetches
	}
	if bytes <= 0 {
		bytes = DefaultFetchBytes
	}
	return &Limits{
		fetches: make(chan struct{}, fetches), finishes: make(chan struct{}, maxFinishes), bytes: semaphore.NewWeighted(bytes), perHost: max(bytes/2, 1),
		hosts: map[string]*host{},
	}
}

// enter takes a place; it gives false when ctx ends first.
func enter(ctx context.Context, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func leave(places chan struct{}) { <-places }

// share begins a fetch from the host of an address. own holds the one place that the stream has for itself: origins that hang for as long as patience lasts can
// hold all others.
func (l *Limits) share(uri string, own chan struct{}, now func() time.Time) *share {
	name := ""
	if u, err := url.Parse(uri); err == nil {
		name = u.Host
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.hosts[name]
	if h == nil {
		h = &host{name: name, places: make(chan struct{}, max(cap(l.fetches)*hostPlaces/4, 1)), bytes: semaphore.NewWeighted(l.perHost)}
		l.hosts[name] = h
	}
	h.users++
	return &share{limits: l, host: h, own: own, now: now}
}

// share is what one fetch holds of the Limits. It is for one goroutine.
type share struct {
	limits *Limits
	host   *host
	own    chan struct{}
	now    func() time.Time
	held   int64
	// waited is how long the fetch waited for a place or for room, which is not the origin's fault.
	waited time.Duration
}

// done gives everything back.
func (s *share) done() {
	s.release(s.held)
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	if s.host.users--; s.host.users == 0 {
		delete(s.limits.hosts, s.host.name)
	}
}

// enter takes a place for one request, and gives what gives it back; ok is false when ctx ends first.
func (s *share) enter(ctx context.Context) (leave func(), ok bool) {
	defer s.waiting(s.now())
	ownPlace := func() { <-s.own }
	select {
	case s.host.places <- struct{}{}:
	case s.own <- struct{}{}:
		return ownPlace, true
	case <-ctx.Done():
		return nil, false
	}
	select {
	case s.limits.fetches <- struct{}{}:
		return func() { <-s.limits.fetches; <-s.host.places }, true
	case s.own <- struct{}{}:
		<-s.host.places
		return ownPlace, true
	case <-ctx.Done():
		<-s.host.places
		return nil, false
	}
}

func (s *share) waiting(since time.Time) { s.waited += max(s.now().Sub(since), 0) }

// grow takes room for n more bytes if there is any now. Who holds some never waits for more: two that did would wait for each other.
func (s *share) grow(n int64) bool {
	if !s.host.bytes.TryAcquire(n) {
		return false
	}
	if !s.limits.bytes.TryAcquire(n) {
		s.host.bytes.Release(n)
		return false
	}
	s.held += n
	return true
}

// await gives back all room and waits until there is some for n bytes at once; it gives false when ctx ends first.
func (s *share) await(ctx context.Context, n int64) bool {
	defer s.waiting(s.now())
	s.release(s.held)
	if s.host.bytes.Acquire(ctx, n) != nil {
		return false
	}
	if s.limits.bytes.Acquire(ctx, n) != nil {
		s.host.bytes.Release(n)
		return false
	}
	s.held = n
	return true
}

func (s *share) release(n int64) {
	s.host.bytes.Release(n)
	s.limits.bytes.Release(n)
	s.held -= n
}

// errFull says that a body needs so much room, and that there is none.
type errFull struct{ need int64 }

func (e *errFull) Error() string { return fmt.Sprintf("no room for %d bytes", e.need) }

// read reads a body into the room that is free of what is held, and takes more as it comes; size is what was announced, -1 when nothing was. The error is an
// errFull when there is no more room.
func (s *share) read(body io.Reader, size, free, limit int64) ([]byte, error) {
	limit = min(limit, s.limits.perHost-1)
	whole := func(least int64) int64 { return min(max(least, size+1), limit+1) } // one more than there is, to see the end
	want := free
	if size >= 0 {
		want = min(max(free, bigPiece), whole(0))
	}
	if want > free && !s.grow(want-free) {
		return nil, &errFull{need: whole(want)}
	}
	s.release(max(free-want, 0))
	buf := make([]byte, 0, want)
	for {
		if int64(len(buf)) > limit {
			return nil, storage.ErrTooLarge
		}
		if len(buf) == cap(buf) {
			next := min(2*int64(cap(buf)), limit+1)
			if !s.grow(next) {
				return nil, &errFull{need: whole(min(2*next, limit+1))} // each time anew costs the origin a request
			}
			grown := make([]byte, len(buf), next)
			copy(grown, buf)
			s.release(int64(cap(buf)))
			buf = grown
		}
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case errors.Is(err, io.EOF) && int64(len(buf)) <= limit:
			return buf, nil
		case err != nil && !errors.Is(err, io.EOF):
			return buf, err
		}
	}
}
