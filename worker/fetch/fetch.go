// Package fetch gets the media of a task: whole segments with their initialisation sections, decrypted, and ranges of objects with read-ahead.
//
// It is the last place that holds credentials and keys: what it hands on are media bytes.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/storage"
	"aircheck/worker/wire"
)

// Limits of what a task may make a worker read.
const (
	maxInit = 16 << 20 // an initialisation section is a moov without samples: kilobytes
	maxKey  = 1 << 10  // an AES-128 key is 16 bytes
)

// Segment is one segment as the decoder wants it.
type Segment struct {
	State  measurement.UnitState
	Detail string
	Init   int    // Data[:Init] is the initialisation section
	Data   []byte // initialisation section, segment, tail
}

// Fetcher reads the segments of one task in order; it remembers the initialisation section and key that it read last.
type Fetcher struct {
	Origin storage.Origin
	init   memo
	key    memo
}

type memo struct {
	name string
	data []byte
}

// Segment reads one segment. A segment that is not there or cannot be decrypted is a Segment with a state that says so; an error means that
// the origin could not be asked.
func (f *Fetcher) Segment(ctx context.Context, s jobs.Segment) (Segment, error) {
	if s.Gap {
		return Segment{State: measurement.UnitGap, Detail: "EXT-X-GAP"}, nil
	}
	if s.URI == "" {
		return Segment{State: measurement.UnitMissing, Detail: "the playlist names no usable URI"}, nil
	}
	if s.Key != nil && !decryptable(s.Key) {
		return Segment{State: measurement.UnitEncrypted, Detail: "encrypted with " + s.Key.Method + ", which needs a key that aircheck does not have"}, nil
	}
	head, err := f.initSection(ctx, s)
	if err != nil {
		return unavailable(err, "initialisation section")
	}
	body, err := f.body(ctx, s)
	if err != nil {
		return unavailable(err, "segment")
	}
	return Segment{State: measurement.UnitOK, Init: len(head), Data: append(append(make([]byte, 0, len(head)+len(body)), head...), body...)}, nil
}

// lockedError is media that cannot be decrypted.
type lockedError struct{ err error }

func (e *lockedError) Error() string { return e.err.Error() }

// unavailable tells what is wrong with the stream, which is a finding, from an origin that cannot be asked, which is an error.
func unavailable(err error, what string) (Segment, error) {
	var locked *lockedError
	switch {
	case errors.As(err, &locked):
		return Segment{State: measurement.UnitEncrypted, Detail: what + ": " + err.Error()}, nil
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrTooLarge):
		return Segment{State: measurement.UnitMissing, Detail: what + ": " + err.Error()}, nil
	}
	return Segment{}, classify(err)
}

// classify turns the store's opinion into the job's.
func classify(err error) error {
	if storage.IsPermanent(err) {
		return jobs.Classify(jobs.Permanent, err)
	}
	return err
}

func (f *Fetcher) body(ctx context.Context, s jobs.Segment) ([]byte, error) {
	n := s.Length
	if n >= 0 {
		n += s.Tail
	}
	b, err := f.read(ctx, s.URI, s.Offset, n, wire.MaxSegment)
	if err != nil {
		return nil, err
	}
	return f.unlock(ctx, b, s.Key)
}

func (f *Fetcher) initSection(ctx context.Context, s jobs.Segment) ([]byte, error) {
	r := s.Init
	if r == nil {
		return nil, nil
	}
	name := fmt.Sprintf("%s@%d+%d %v", r.URI, r.Offset, r.Length, s.InitKey)
	if f.init.name == name {
		return f.init.data, nil
	}
	b, err := f.read(ctx, r.URI, r.Offset, r.Length, maxInit)
	if err != nil {
		return nil, err
	}
	if b, err = f.unlock(ctx, b, s.InitKey); err != nil {
		return nil, err
	}
	f.init = memo{name, b}
	return b, nil
}

// unlock decrypts b when it is encrypted.
func (f *Fetcher) unlock(ctx context.Context, b []byte, k *jobs.Key) ([]byte, error) {
	if k == nil {
		return b, nil
	}
	if !decryptable(k) {
		return nil, &lockedError{fmt.Errorf("encrypted with %s, for which aircheck has no key", k.Method)}
	}
	key, err := f.keyBytes(ctx, k)
	if storage.IsPermanent(err) {
		return nil, &lockedError{fmt.Errorf("the key cannot be had: %w", err)}
	}
	if err != nil {
		return nil, err
	}
	if b, err = decrypt(b, key, k.IV); err != nil {
		return nil, &lockedError{err}
	}
	return b, nil
}

func (f *Fetcher) keyBytes(ctx context.Context, k *jobs.Key) ([]byte, error) {
	if f.key.name != k.URI {
		b, err := f.read(ctx, k.URI, 0, -1, maxKey)
		if err != nil {
			return nil, err
		}
		f.key = memo{k.URI, b}
	}
	return f.key.data, nil
}

// read gets bytes [off, off+n), n < 0 to the end, and refuses more than limit.
func (f *Fetcher) read(ctx context.Context, uri string, off, n, limit int64) ([]byte, error) {
	if n > limit {
		return nil, fmt.Errorf("read %s: %d bytes: %w", uri, n, storage.ErrTooLarge)
	}
	body, err := f.Origin.Open(ctx, uri, off, n)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", uri, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("read %s: %w", uri, storage.ErrTooLarge)
	}
	return b, nil
}
