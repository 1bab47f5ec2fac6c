package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// Described is implemented by bodies that know what they are a part of. A reader can then tell the real end from a broken connection
// without asking the backend again.
type Described interface {
	// Info gives the whole object's size (-1 when it is unknown) and its ETag ("" when there is none).
	Info() Info
}

// Describe asks a body what it is a part of; false when it does not know.
func Describe(body io.Reader) (Info, bool) {
	d, ok := body.(Described)
	if !ok {
		return Info{Size: -1}, false
	}
	return d.Info(), true
}

// NewBody makes a described body of a reader and what closes it; close may be nil.
func NewBody(r io.Reader, info Info, close func() error) io.ReadCloser {
	return &body{Reader: r, info: info, close: close}
}

type body struct {
	io.Reader
	info  Info
	close func() error
}

func (b *body) Info() Info { return b.info }

func (b *body) Close() error {
	if b.close == nil {
		return nil
	}
	return b.close()
}

// CheckRange refuses ranges that mean nothing; backends call it before they look for the object.
func CheckRange(off int64) error {
	if off < 0 {
		return fmt.Errorf("%w: range starts at %d", ErrBadKey, off)
	}
	return nil
}

// SpanLength is how many bytes [off, off+n) has in an object of the given size; n < 0 reads to the end.
func SpanLength(size, off, n int64) int64 {
	rest := max(size-off, 0)
	if n < 0 || n > rest {
		return rest
	}
	return n
}

// ReadAll reads an object whole. An object of more than limit bytes gives ErrTooLarge, and no more than limit bytes are read of it.
func ReadAll(ctx context.Context, s Store, key string, limit int64) (data []byte, err error) {
	body, err := s.Get(ctx, key, 0, limit+1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	return readLimited(body, key, limit)
}

func readLimited(body io.Reader, name string, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	if info, ok := Describe(body); ok && info.Size > limit {
		return nil, fmt.Errorf("read %q of %d bytes: %w: at most %d", name, info.Size, ErrTooLarge, limit)
	} else if ok && info.Size > 0 {
		buf.Grow(int(info.Size) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	if n > limit {
		return nil, fmt.Errorf("read %q: %w: at most %d bytes", name, ErrTooLarge, limit)
	}
	return buf.Bytes(), nil
}
