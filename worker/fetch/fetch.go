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
	// Truncated: the object ends before the segment's byte range does. What there is of it is in Data.
	Truncated bool
	// Decrypted: Data is what came out of a decryption whose key nothing has proved right.
	Decrypted bool
}

// Fetcher reads the segments of one task in order; it remembers the initialisation section and key that it read last.
type Fetcher struct {
	Origin storage.Origin
	// LastTry turns an origin that cannot be asked from an error into an unavailable segment (jobs.Task.LastTry).
	LastTry bool
	// Keys are those that an operator gave; nil for none.
	Keys *Keys
	init memo
	key  memo
	// guard is what the initialisation section read last says of encryption, and open the section as it reads once the media are decrypted.
	guard *protection
	open  []byte
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
	if s.Missing != "" {
		return Segment{State: measurement.UnitMissing, Detail: s.Missing}, nil
	}
	if s.URI == "" {
		return Segment{State: measurement.UnitMissing, Detail: "the playlist names no usable URI"}, nil
	}
	if s.Key != nil && !decryptable(s.Key) && !common(s) {
		return Segment{State: measurement.UnitEncrypted, Detail: locked(s.Key, nil)}, nil
	}
	head, err := f.initSection(ctx, s)
	if err != nil {
		return f.unavailable(err, "initialisation section")
	}
	if lacking, closed := f.closed(s); closed {
		return Segment{State: measurement.UnitEncrypted, Detail: locked(s.Key, lacking)}, nil
	}
	seg := Segment{State: measurement.UnitOK, Init: len(head), Decrypted: s.Key != nil}
	if seg.Data, seg.Truncated, err = f.body(ctx, s, head); err != nil {
		return f.unavailable(err, "segment")
	}
	if err := f.undo(ctx, &seg, s.Offset); err != nil {
		return Segment{}, err
	}
	if seg.Truncated && len(seg.Data) == len(head) {
		return Segment{State: measurement.UnitMissing, Detail: "its byte range lies beyond the end of the object"}, nil
	}
	return seg, nil
}

// lockedError is media that cannot be decrypted.
type lockedError struct{ err error }

func (e *lockedError) Error() string { return e.err.Error() }

// unavailable tells what is wrong with the stream, which is a finding, and what could not be had, which is a hole in coverage, from an origin that cannot be
// asked now, which is an error that another try may cure. What it says is free of URIs: it becomes part of the digest.
func (f *Fetcher) unavailable(err error, what string) (Segment, error) {
	var locked *lockedError
	switch {
	case errors.As(err, &locked):
		return Segment{State: measurement.UnitEncrypted, Detail: err.Error()}, nil
	case errors.Is(err, storage.ErrNotFound):
		return Segment{State: measurement.UnitMissing, Detail: what + " not found"}, nil
	case errors.Is(err, storage.ErrDenied):
		return Segment{State: measurement.UnitUnavailable, Detail: what + ": access denied"}, nil
	case errors.Is(err, storage.ErrTooLarge):
		return Segment{State: measurement.UnitUnavailable, Detail: what + " larger than aircheck reads"}, nil
	case storage.IsPermanent(err):
		return Segment{State: measurement.UnitUnavailable, Detail: what + " refused by its origin"}, nil
	case f.LastTry && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		return Segment{State: measurement.UnitUnavailable, Detail: what + ": the origin keeps failing"}, nil
	}
	return Segment{}, err
}

// classify turns the store's opinion into the job's.
func classify(err error) error {
	if storage.IsPermanent(err) {
		return jobs.Classify(jobs.Permanent, err)
	}
	return err
}

// body appends a segment and its tail to a copy of head: everything in one buffer, for it may be large.
func (f *Fetcher) body(ctx context.Context, s jobs.Segment, head []byte) (data []byte, truncated bool, err error) {
	n := s.Length
	if n >= 0 {
		n += s.Tail
	}
	data, err = f.read(ctx, head, s.URI, s.Offset, n, wire.MaxSegment-int64(len(head)))
	if err != nil {
		return nil, false, err
	}
	got := data[len(head):]
	truncated = s.Length >= 0 && int64(len(got)) < s.Length
	if s.Key != nil && !decryptable(s.Key) {
		return data, truncated, nil // its samples are encrypted one by one: see undo
	}
	plain, err := f.unlock(ctx, got, s.Key)
	return data[:len(head)+len(plain)], truncated, err
}

func (f *Fetcher) initSection(ctx context.Context, s jobs.Segment) ([]byte, error) {
	r := s.Init
	if r == nil {
		f.guard = nil
		f.init = memo{}
		return nil, nil
	}
	name := fmt.Sprintf("%s@%d+%d %v", r.URI, r.Offset, r.Length, s.InitKey)
	if f.init.name == name {
		return f.init.data, nil
	}
	b, err := f.read(ctx, nil, r.URI, r.Offset, r.Length, maxInit)
	if err != nil {
		return nil, err
	}
	if s.InitKey == nil || decryptable(s.InitKey) || !common(s) { // common encryption leaves initialisation sections alone
		if b, err = f.unlock(ctx, b, s.InitKey); err != nil {
			return nil, err
		}
	}
	f.init = memo{name, b}
	f.look()
	return b, nil
}

// unlock decrypts b when it is encrypted.
func (f *Fetcher) unlock(ctx context.Context, b []byte, k *jobs.Key) ([]byte, error) {
	if k == nil {
		return b, nil
	}
	if !decryptable(k) {
		return nil, &lockedError{errors.New(locked(k, nil))}
	}
	key, err := f.keyBytes(ctx, k)
	if storage.IsPermanent(err) {
		return nil, &lockedError{errors.New("the key cannot be had")}
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
	if key := f.Keys.at(k.URI); key != nil {
		return key, nil
	}
	if f.key.name != k.URI {
		b, err := f.read(ctx, nil, k.URI, 0, -1, maxKey)
		if err != nil {
			return nil, err
		}
		f.key = memo{k.URI, b}
	}
	return f.key.data, nil
}

// maxReserve bounds what is set aside for a segment before any of it has come: a playlist may promise what it likes.
const maxReserve = 64 << 20

// read appends bytes [off, off+n) to a copy of head, n < 0 to the end, and refuses more than limit.
func (f *Fetcher) read(ctx context.Context, head []byte, uri string, off, n, limit int64) ([]byte, error) {
	if n > limit {
		return nil, fmt.Errorf("read %s: %d bytes: %w", uri, n, storage.ErrTooLarge)
	}
	body, err := f.Origin.Open(ctx, uri, off, n)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if n < 0 {
		if info, ok := storage.Describe(body); ok {
			n = info.Size - off
		}
	}
	b := append(make([]byte, 0, int64(len(head))+min(max(n, 0), limit, maxReserve)+1), head...)
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		k, err := body.Read(b[len(b):cap(b)])
		b = b[:len(b)+k]
		if int64(len(b)-len(head)) > limit {
			return nil, fmt.Errorf("read %s: %w", uri, storage.ErrTooLarge)
		}
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", uri, err)
		}
	}
}
