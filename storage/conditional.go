package storage

import (
	"context"
	"errors"
	"io"
)

// ErrUnchanged is no failure: what was asked for is still the version that the caller has.
var ErrUnchanged = errors.New("unchanged")

// Conditional is implemented by origins that can be asked for something only if it changed. Whoever reads a playlist every few seconds asks so, because
// most answers are then a few bytes.
type Conditional interface {
	// OpenIfChanged opens the whole of what lies at uri; when it is still the version with before's ETag or time of change, the error is ErrUnchanged. The
	// zero Info knows no version. There is one try and no resumption: whoever polls comes again anyway, and wants to know of every failure.
	// The caller closes the body, which is Described.
	OpenIfChanged(ctx context.Context, uri string, before Info) (io.ReadCloser, error)
}
