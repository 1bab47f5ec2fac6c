package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// ErrChanged is wrapped by the error of a body whose object was replaced while it was read: the two halves do not belong together.
// It is not permanent: reading from the start gives the new object.
var ErrChanged = errors.New("changed while it was read")

// ErrStalled is wrapped by the error of a body that gave no byte for too long.
var ErrStalled = errors.New("no data for too long")

// Resumption says how bodies are kept alive. The zero value of a field means its default.
type Resumption struct {
	// Tries is how often a body is opened again without minProgress bytes in between. Defaults to 5.
	Tries int
	// Stall is how long a read may wait for a byte. Defaults to 30 s; negative means for ever.
	Stall time.Duration
}

const (
	defaultResumes = 5
	defaultStall   = 30 * time.Second
	// minProgress is how many bytes earn a body its tries back. It keeps a file of gigabytes readable over a poor line, and bounds what a
	// server can make us ask for that breaks every connection after a byte.
	minProgress = 1 << 20
)

func (r Resumption) withDefaults() Resumption {
	if r.Tries <= 0 {
		r.Tries = defaultResumes
	}
	if r.Stall == 0 {
		r.Stall = defaultStall
	}
	return r
}

// Resume makes bodies whole: one that breaks, stalls or ends before its time is opened again where it stopped. The end is
// believed when the size that the body or, failing that, Stat tells has been reached.
func Resume(s Store, r Resumption) Store {
	return &resuming{Store: s, resumption: r}
}

type resuming struct {
	Store
	resumption Resumption
}

func (r *resuming) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	return r.resumption.Open(ctx, Source{
		Open: func(ctx context.Context, off, n int64) (io.ReadCloser, error) { return r.Store.Get(ctx, key, off, n) },
		Stat: func(ctx context.Context) (Info, error) { return r.Store.Stat(ctx, key) },
	}, off, n)
}

// Source is one object for Resumption.Open.
type Source struct {
	// Open opens bytes [off, off+n) as Store.Get does. Its context lives as long as the body.
	Open func(ctx context.Context, off, n int64) (io.ReadCloser, error)
	// Stat tells the object's size; it is asked only when a body does not know it. May be nil: then the end is believed.
	Stat func(ctx context.Context) (Info, error)
}

// Open opens bytes [off, off+n) of a source, n < 0 to its end, as a body that resumes. Its size is bounded by n whatever the source gives.
func (r Resumption) Open(ctx context.Context, src Source, off, n int64) (io.ReadCloser, error) {
	b := &resumingBody{ctx: ctx, src: src, rules: r.withDefaults(), off: off, n: n, end: -1}
	if err := b.open(); err != nil {
		return nil, err
	}
	if b.described {
		return NewBody(b, b.info, b.Close), nil
	}
	return b, nil
}

// resumingBody reads one object through as many bodies as it takes. It keeps a context because io.Reader's method takes none.
type resumingBody struct {
	ctx   context.Context
	src   Source
	rules Resumption
	off   int64 // of the next byte
	n     int64 // bytes still wanted, < 0: to the end

	body      io.ReadCloser
	cancel    context.CancelCauseFunc // ends body
	described bool
	info      Info  // of the first body that knew
	end       int64 // the object's size, -1 while it is unknown

	resumed  int   // times opened again since the last progress
	progress int64 // bytes read since then
	err      error // final
}

// open is not watched for stalls: making connections has time limits of its own, and Retry's pauses may be part of it.
func (b *resumingBody) open() error {
	ctx, cancel := context.WithCancelCause(b.ctx)
	body, err := b.src.Open(ctx, b.off, b.n)
	if err != nil {
		cancel(nil)
		return err
	}
	b.body, b.cancel = body, cancel
	if err := b.recognise(body); err != nil {
		return errors.Join(err, b.closeBody())
	}
	return nil
}

// recognise holds a new body against the first.
func (b *resumingBody) recognise(body io.Reader) error {
	info, ok := Describe(body)
	if !ok {
		return nil
	}
	if !b.described {
		b.described, b.info = true, info
		if info.Size >= 0 {
			b.end = info.Size
		}
		return nil
	}
	if info.ETag != b.info.ETag || info.Size >= 0 && b.end >= 0 && info.Size != b.end {
		return fmt.Errorf("%q at byte %d: %w", info.Key, b.off, ErrChanged)
	}
	return nil
}

func (b *resumingBody) Read(p []byte) (int, error) {
	for len(p) > 0 && b.err == nil {
		if b.n == 0 {
			b.err = io.EOF
			break
		}
		if b.n > 0 && int64(len(p)) > b.n {
			p = p[:b.n]
		}
		n, err := b.readBody(p)
		b.advance(int64(n))
		if err != nil {
			b.err = b.afterError(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, b.err
}

// readBody reads with an eye on the clock. A stall ends the body's context; it is named here, because the body would call it a caller's wish.
func (b *resumingBody) readBody(p []byte) (int, error) {
	if b.body == nil {
		return 0, io.ErrClosedPipe
	}
	if b.rules.Stall < 0 {
		return b.body.Read(p)
	}
	var stalled atomic.Bool
	cancel := b.cancel
	timer := time.AfterFunc(b.rules.Stall, func() {
		stalled.Store(true)
		cancel(ErrStalled)
	})
	n, err := b.body.Read(p)
	timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) && stalled.Load() && b.ctx.Err() == nil {
		err = fmt.Errorf("%w (%s)", ErrStalled, b.rules.Stall)
	}
	return n, err
}

func (b *resumingBody) advance(n int64) {
	b.off += n
	if b.n > 0 {
		b.n -= n
	}
	if b.progress += n; b.progress >= minProgress {
		b.progress, b.resumed = 0, 0
	}
}

// afterError decides what an error of the body means: the end (io.EOF), a failure, or nil when reading can go on.
func (b *resumingBody) afterError(err error) error {
	if b.n == 0 {
		return io.EOF // all that was asked for is there; how the connection ended does not matter
	}
	if errors.Is(err, io.EOF) {
		switch ended, statErr := b.atEnd(); {
		case statErr != nil:
			return statErr
		case ended:
			return io.EOF
		}
		err = io.ErrUnexpectedEOF
	}
	return b.resume(err)
}

// atEnd tells whether the object ends here.
func (b *resumingBody) atEnd() (bool, error) {
	if b.end < 0 && !b.described && b.src.Stat != nil {
		info, err := b.src.Stat(b.ctx)
		if err != nil {
			return false, fmt.Errorf("find the end at byte %d: %w", b.off, err)
		}
		b.end = info.Size
	}
	return b.end < 0 || b.off >= b.end, nil
}

// resume opens the body again where it broke; nil means that reading can go on.
func (b *resumingBody) resume(cause error) error {
	switch {
	case b.ctx.Err() != nil:
		return stopped(b.ctx, cause)
	case IsPermanent(cause), errors.Is(cause, io.ErrClosedPipe):
		return cause
	case b.resumed >= b.rules.Tries:
		return fmt.Errorf("broken off at byte %d, %d times: %w", b.off, b.resumed+1, cause)
	}
	b.resumed, b.progress = b.resumed+1, 0
	_ = b.closeBody() // it is broken: what closing it says is no news
	if err := b.open(); err != nil {
		return fmt.Errorf("resume at byte %d after %w: %w", b.off, cause, err)
	}
	return nil
}

func (b *resumingBody) closeBody() error {
	if b.body == nil {
		return nil
	}
	err := b.body.Close()
	b.cancel(nil)
	b.body = nil
	return err
}

func (b *resumingBody) Close() error {
	b.err = io.ErrClosedPipe
	return b.closeBody()
}
