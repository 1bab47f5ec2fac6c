package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/storage"
)

// headersAtOnce is how many headers are read at the same time.
const headersAtOnce = 8

// Headers are those of the measurements of a check; windows that have none are not in it.
type Headers map[jobs.WindowID]*measurement.Header

// Note reads the header of a measurement. What cannot be read is left out.
func (h Headers) Note(w jobs.Window, object []byte) {
	if r, err := measurement.Open(bytes.NewReader(object), int64(len(object))); err == nil {
		header := r.Header()
		h[w.ID()] = &header
	}
}

// Places places the media of a check.
func (h Headers) Places(check *jobs.Check) (*judge.Places, error) {
	p, err := judge.NewPlaces(check)
	if err != nil {
		return nil, jobs.Classify(jobs.Permanent, err)
	}
	for _, w := range check.Windows {
		if err := p.Window(w, h[w.ID()]); err != nil {
			return nil, jobs.Classify(jobs.Permanent, err)
		}
	}
	return p, nil
}

// Stored reads the headers of a check from its archive: the ends of its objects, and no rows.
func Stored(ctx context.Context, a *archive.Archive, check *jobs.Check) (Headers, error) {
	results, err := a.Results(ctx, check.ID)
	if err != nil {
		return nil, err
	}
	list := make([]*measurement.Header, len(check.Windows))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(headersAtOnce)
	for i, w := range check.Windows {
		if results[w.ID()] != archive.Measured {
			continue
		}
		group.Go(func() (err error) {
			list[i], err = readHeader(ctx, a.Store(), check.ID, w)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("read headers of check %s: %w", check.ID, err)
	}
	headers := Headers{}
	for i, w := range check.Windows {
		if list[i] != nil {
			headers[w.ID()] = list[i]
		}
	}
	return headers, nil
}

// readHeader reads one; nil when it cannot be read, of which the judge has told.
func readHeader(ctx context.Context, store storage.Store, check string, w jobs.Window) (*measurement.Header, error) {
	key, err := storage.Measurement(check, w.Sequence, w.Index)
	if err != nil {
		return nil, jobs.Classify(jobs.Permanent, err)
	}
	info, err := store.Stat(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	end := &tail{ctx: ctx, store: store, key: key, size: info.Size}
	r, err := measurement.Open(end, info.Size)
	if err != nil {
		return nil, end.failed
	}
	h := r.Header()
	return &h, nil
}

// tailBytes is how much of the end of an object is read at once: the footer of a minute has some 40 KB.
const tailBytes = 64 << 10

// tail reads an object from its end.
type tail struct {
	ctx    context.Context
	store  storage.Store
	key    string
	size   int64
	at     int64
	b      []byte
	failed error // of the store
}

// ReadAt reads what is held, and holds more when it has to.
func (t *tail) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > t.size || int64(len(p)) > archive.MaxMeasurementBytes {
		return 0, io.EOF
	}
	if t.b == nil || off < t.at {
		if err := t.hold(max(0, min(off, t.size-tailBytes))); err != nil {
			t.failed = err
			return 0, err
		}
	}
	n := copy(p, t.b[off-t.at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (t *tail) hold(from int64) (err error) {
	body, err := t.store.Get(t.ctx, t.key, from, t.size-from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	t.b, err = io.ReadAll(io.LimitReader(body, t.size-from))
	t.at = from
	if err == nil && int64(len(t.b)) < t.size-from {
		err = io.ErrUnexpectedEOF
	}
	return err
}
