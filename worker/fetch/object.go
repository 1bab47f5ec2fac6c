package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"

	"aircheck/jobs"
	"aircheck/storage"
)

// Ranged reads: a container without interleaving is read at two or three places in turn, so each place has a stream of its own.
const (
	objectStreams = 4       // open bodies kept at the same time
	skipAhead     = 1 << 20 // reading this much on is cheaper than a new request
)

// Object reads ranges of one object over a few long-lived bodies. It is for one goroutine; Close ends the bodies.
type Object struct {
	ctx     context.Context
	origin  storage.Origin
	object  jobs.Object
	streams []*stream // most recently used last
}

type stream struct {
	at   int64
	body io.ReadCloser
}

// NewObject reads the object of a task.
func NewObject(ctx context.Context, origin storage.Origin, o jobs.Object) *Object {
	return &Object{ctx: ctx, origin: origin, object: o}
}

// ReadAt fills p from off. It returns fewer bytes only at the end of the object, then without an error.
func (o *Object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, jobs.Classify(jobs.Permanent, fmt.Errorf("read %s at %d: negative offset", o.object.URI, off))
	}
	if o.object.Size >= 0 && off >= o.object.Size {
		return 0, nil
	}
	s, err := o.streamAt(off)
	if err != nil {
		return 0, classify(err)
	}
	n, err := io.ReadFull(s.body, p)
	s.at += int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, nil
	}
	if err != nil {
		return n, fmt.Errorf("read %s at %d: %w", o.object.URI, off, err)
	}
	return n, nil
}

// streamAt finds a body that stands at off or a little before it, or opens one.
func (o *Object) streamAt(off int64) (*stream, error) {
	for i := len(o.streams) - 1; i >= 0; i-- {
		s := o.streams[i]
		if s.at > off || off-s.at > skipAhead {
			continue
		}
		n, err := io.CopyN(io.Discard, s.body, off-s.at)
		s.at += n
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s at %d: %w", o.object.URI, off, err)
		}
		o.streams = append(append(o.streams[:i], o.streams[i+1:]...), s)
		return s, nil
	}
	body, err := o.origin.Open(o.ctx, o.object.URI, off, -1)
	if err != nil {
		return nil, err
	}
	if len(o.streams) == objectStreams {
		_ = o.streams[0].body.Close() // nothing is lost: it is only read
		o.streams = o.streams[1:]
	}
	s := &stream{at: off, body: body}
	o.streams = append(o.streams, s)
	return s, nil
}

// Close ends all bodies.
func (o *Object) Close() error {
	var errs []error
	for _, s := range o.streams {
		errs = append(errs, s.body.Close())
	}
	o.streams = nil
	return errors.Join(errs...)
}
