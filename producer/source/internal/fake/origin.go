// Package fake is an origin for tests: bytes by URI, faults by URI, and a record of what was asked for.
package fake

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"aircheck/storage"
)

// Origin serves Objects, and files below Dir. It is safe for concurrent use.
type Origin struct {
	Objects map[string]string
	Dir     string
	Errors  map[string]error // by URI
	NoSize  bool             // Stat does not know sizes

	mu    sync.Mutex
	asked []string
	read  int64
}

var _ storage.Origin = (*Origin)(nil)

// Asked lists the URIs in the order in which they were asked for.
func (o *Origin) Asked() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.asked...)
}

// Read is how many bytes were handed out.
func (o *Origin) Read() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.read
}

// Stat implements storage.Origin.
func (o *Origin) Stat(ctx context.Context, uri string) (storage.Info, error) {
	b, err := o.bytes(ctx, uri)
	info := storage.Info{Key: uri, Size: int64(len(b)), ETag: "etag"}
	if err != nil || o.NoSize {
		info.Size = -1
	}
	return info, err
}

// Open implements storage.Origin.
func (o *Origin) Open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	b, err := o.bytes(ctx, uri)
	if err != nil {
		return nil, err
	}
	b = b[min(off, int64(len(b))):]
	if n >= 0 {
		b = b[:min(n, int64(len(b)))]
	}
	return io.NopCloser(&counter{o, bytes.NewReader(b)}), nil
}

type counter struct {
	o *Origin
	r io.Reader
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	c.o.read += int64(n)
	return n, err
}

func (o *Origin) bytes(ctx context.Context, uri string) ([]byte, error) {
	o.mu.Lock()
	o.asked = append(o.asked, uri)
	o.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := o.Errors[uri]; err != nil {
		return nil, fmt.Errorf("open %s: %w", uri, err)
	}
	if b, ok := o.Objects[uri]; ok {
		return []byte(b), nil
	}
	if o.Dir != "" && strings.HasPrefix(uri, o.Dir) {
		b, err := os.ReadFile(uri)
		if err == nil || !os.IsNotExist(err) {
			return b, err
		}
	}
	return nil, fmt.Errorf("open %s: %w", uri, storage.ErrNotFound)
}
