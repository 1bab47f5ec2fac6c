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
	head, err := f.initSection(ctx, s.Init)
	if err != nil {
		return absent(err, "initialisation section")
	}
	body, err := f.body(ctx, s)
	if err != nil {
		return absent(err, "segment")
	}
	if s.Key != nil {
		key, err := f.keyBytes(ctx, s.Key)
		if err != nil {
			return Segment{State: measurement.UnitEncrypted, Detail: "the key cannot be had: " + err.Error()}, keyError(err)
		}
		if body, err = decrypt(body, key, s.Key.IV); err != nil {
			return Segment{State: measurement.UnitEncrypted, Detail: err.Error()}, nil
		}
	}
	return Segment{State: measurement.UnitOK, Init: len(head), Data: append(append(make([]byte, 0, len(head)+len(body)), head...), body...)}, nil
}

// absent tells a missing segment, which is a finding, from an origin that cannot be asked, which is an error.
func absent(err error, what string) (Segment, error) {
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrTooLarge) {
		return Segment{State: measurement.UnitMissing, Detail: what + ": " + err.Error()}, nil
	}
	return Segment{}, classify(err)
}

func keyError(err error) error {
	if storage.IsPermanent(err) {
		return nil
	}
	return classify(err)
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
	return f.read(ctx, s.URI, s.Offset, n, wire.MaxSegment)
}

func (f *Fetcher) initSection(ctx context.Context, r *jobs.ByteRange) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	name := fmt.Sprintf("%s@%d+%d", r.URI, r.Offset, r.Length)
	if f.init.name != name {
		b, err := f.read(ctx, r.URI, r.Offset, r.Length, maxInit)
		if err != nil {
			return nil, err
		}
		f.init = memo{name, b}
	}
	return f.init.data, nil
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
