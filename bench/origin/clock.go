package origin

import (
	"context"
	"sync"
	"time"
)

// Clock is the time that an origin lives by.
type Clock interface {
	Now() time.Time
	// Wait returns at the given time, or with the error of ctx when that ends before.
	Wait(ctx context.Context, until time.Time) error
}

// Real is a clock that runs with the machine's, Speed times as fast since it was made.
type Real struct {
	began time.Time
	speed float64
}

// NewReal starts a clock. A speed that is not above 0 counts as 1.
func NewReal(speed float64) *Real {
	if !(speed > 0) {
		speed = 1
	}
	return &Real{began: time.Now(), speed: speed}
}

// Now implements Clock.
func (c *Real) Now() time.Time {
	return c.began.Add(time.Duration(float64(time.Since(c.began)) * c.speed)).UTC()
}

// Wait implements Clock.
func (c *Real) Wait(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(time.Duration(float64(until.Sub(c.Now())) / c.speed))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Virtual is a clock that only moves when somebody waits: the waiter moves it to the end of his wait and goes on at once. An hour passes in as long as its
// requests take. It suits one client with few requests at a time; those that wait together end together, at the latest of their times.
type Virtual struct {
	mu  sync.Mutex
	now time.Time
}

// NewVirtual is a clock that stands at the given time.
func NewVirtual(now time.Time) *Virtual { return &Virtual{now: now} }

// Now implements Clock.
func (c *Virtual) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Wait implements Clock.
func (c *Virtual) Wait(ctx context.Context, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if until.After(c.now) {
		c.now = until
	}
	return nil
}

// Advance moves the clock.
func (c *Virtual) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
