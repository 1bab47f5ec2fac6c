package worker

import (
	"context"
	"time"
)

type meterKey struct{}

// WithMeter makes spent be told of the processor time that measuring under the context takes, also where it ends in an error. Spent must be safe for concurrent use.
func WithMeter(ctx context.Context, spent func(time.Duration)) context.Context {
	return context.WithValue(ctx, meterKey{}, spent)
}

// Spend tells the meter of a context; without one nobody is told.
func Spend(ctx context.Context, d time.Duration) {
	if spent, ok := ctx.Value(meterKey{}).(func(time.Duration)); ok && d > 0 {
		spent(d)
	}
}
