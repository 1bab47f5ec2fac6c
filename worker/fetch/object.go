package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"

	"aircheck/jobs"
	"aircheck/storage"
)

// Ranged reads: a container without interleaving is read at two or three places in turn, so each place has a stream of its own. A request asks for little at first
// and for more as long as reading goes on, so that a window of a large object neither fetches what it does not need nor asks too often.
const (
	objectStreams = 4       // open bodies kept at the same time
	skipAhead     = 1 << 20 // reading this much on is cheaper than a new request
	firstRequest  = 1 << 20
	maxRequest    = 16 << 20
)

// Object reads ranges of one object over a few long-lived bodies. It is for one goroutine; Close ends the bodies.
type Object struct {
	ctx     context.Context
	origin  storage.Origin
	object  jobs.Object
	streams []*stream // most recently used last
}

// stream is one place of reading: a body that stands at and ends at end.
type stream struct {
	at, end int64
	ask     int64 // length of the request after this one
	body    io.ReadCloser
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
	if o.object.Size >= 0 {
		p = p[:min(int64(len(p)), o.object.Size-off)]
	}
	n := 0
	for n < len(p) {
		k, err := o.readOnce(p[n:], off+int64(n))
		n += k
		if err != nil {
			return n, classify(err)
		}
		if k == 0 {
			break
		}
	}
	return n, nil
}

// readOnce reads from one body; 0 bytes without an error mean the end of the object.
func (o *Object) readOnce(p []byte, off int64) (int, error) {
	s, err := o.streamAt(off)
	if err != nil {
		return 0, err
	}
	p = p[:min(int64(len(p)), s.end-s.at)]
	n, err := io.ReadFull(s.body, p)
	s.at += int64(n)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n, fmt.Errorf("read %s at %d: %w", o.object.URI, off, err)
	}
	return n, nil
}

// streamAt finds a stream that stands at off or a little before it, or opens one.
func (o *Object) streamAt(off int64) (*stream, error) {
	for i := len(o.streams) - 1; i >= 0; i-- {
		s := o.streams[i]
		if s.at > off || off-s.at > skipAhead {
			continue
		}
		o.streams = append(append(o.streams[:i], o.streams[i+1:]...), s)
		if off >= s.end {
			return s, o.request(s, off)
		}
		n, err := io.CopyN(io.Discard, s.body, off-s.at)
		s.at += n
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s at %d: %w", o.object.URI, off, err)
		}
		return s, nil
	}
	if len(o.streams) == objectStreams {
		o.streams[0].close()
		o.streams = o.streams[1:]
	}
	s := &stream{ask: firstRequest}
	if err := o.request(s, off); err != nil {
		return nil, err
	}
	o.streams = append(o.streams, s)
	return s, nil
}

// errChanged is an object that is not the one the timeline was made from: its windows do not belong together.
var errChanged = errors.New("the object was replaced while it was being checked: check it again")

// request opens the next body of a stream.
func (o *Object) request(s *stream, off int64) error {
	s.close()
	body, err := o.origin.Open(o.ctx, o.object.URI, off, s.ask)
	if err != nil {
		s.at, s.end = off, off
		return err
	}
	s.body, s.at, s.end = body, off, off+s.ask
	s.ask = min(2*s.ask, maxRequest)
	info, ok := storage.Describe(body)
	if ok && info.ETag != "" && o.object.ETag != "" && info.ETag != o.object.ETag {
		return jobs.Classify(jobs.Permanent, fmt.Errorf("read %s: %w", o.object.URI, errChanged))
	}
	return nil
}

func (s *stream) close() {
	if s.body != nil {
		_ = s.body.Close() // nothing is lost: it is only read
		s.body = nil
	}
}

// Close ends all bodies.
func (o *Object) Close() {
	for _, s := range o.streams {
		s.close()
	}
	o.streams = nil
}
