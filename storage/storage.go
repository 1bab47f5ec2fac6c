// Package storage keeps objects by key. It is a leaf: it knows keys, bytes and errors, and nothing of checks or media.
//
// The order of the decorators is the design: backend, then Limit (concurrency), then Retry, then Resume (broken bodies). With Retry outside
// Limit, waiting for a back-off holds no place.
package storage

import (
	"context"
	"errors"
	"io"
	"time"
)

// Sentinel errors. A backend wraps them with the key; callers ask with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already") // conditional put lost
	ErrDenied   = errors.New("access denied")  // permanent until somebody changes a policy
	ErrTooLarge = errors.New("larger than allowed")
)

// Info describes an object.
type Info struct {
	Key      string
	Size     int64
	ETag     string
	Modified time.Time
	// Location is the URL that answered after redirects, where that is not the one that was asked; empty otherwise. What stands in the object is relative
	// to it (RFC 3986 section 5.1.3). It may hold credentials and tokens, like any address.
	Location string
}

// Store keeps objects. Implementations are safe for concurrent use.
type Store interface {
	// Get opens bytes [off, off+n) of an object; n < 0 reads to the end. The caller closes the body. A range that starts at or beyond the
	// end gives an empty body.
	Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error)
	// Put writes an object whole or not at all, replacing what was there.
	Put(ctx context.Context, key string, body []byte) error
	// PutNew writes an object only if the key is free; else it returns ErrExists. Of several concurrent calls exactly one wins.
	PutNew(ctx context.Context, key string, body []byte) error
	// Stat returns ErrNotFound when there is no such object.
	Stat(ctx context.Context, key string) (Info, error)
	// List calls fn for every key with the prefix in lexical order; it stops at fn's first error and returns it.
	List(ctx context.Context, prefix string, fn func(Info) error) error
	// Delete removes an object; a key that does not exist is no error.
	Delete(ctx context.Context, key string) error
}

// Permanent is implemented by the errors of backends that know that trying again cannot help.
type Permanent interface{ Permanent() bool }

// IsPermanent tells whether retrying err is pointless. The backend decides: sentinels above and errors that implement Permanent.
func IsPermanent(err error) bool {
	for _, sentinel := range []error{ErrNotFound, ErrExists, ErrDenied, ErrTooLarge, ErrBadKey, ErrBadURI} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	var p Permanent
	return errors.As(err, &p) && p.Permanent()
}

// Origin reads media by URI: a path, http(s):// or s3://bucket/key. It is how producer and worker reach streams; results go through a Store.
type Origin interface {
	// Stat returns the size (-1 when the origin does not say) and an ETag where there is one.
	Stat(ctx context.Context, uri string) (Info, error)
	// Open reads bytes [off, off+n); n < 0 reads to the end. The caller closes the body.
	Open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error)
}
