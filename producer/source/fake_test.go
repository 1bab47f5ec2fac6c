package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"aircheck/storage"
)

// fakeOrigin serves bytes by URI and, for absolute paths below dir, files. It keeps a record of what was asked for.
type fakeOrigin struct {
	objects map[string]string
	dir     string
	errs    map[string]error
	asked   *[]string
}

func (o fakeOrigin) Stat(_ context.Context, uri string) (storage.Info, error) {
	b, err := o.bytes(uri)
	return storage.Info{Key: uri, Size: int64(len(b)), ETag: "etag"}, err
}

func (o fakeOrigin) Open(_ context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	b, err := o.bytes(uri)
	if err != nil {
		return nil, err
	}
	off = min(off, int64(len(b)))
	end := int64(len(b))
	if n >= 0 {
		end = min(end, off+n)
	}
	return io.NopCloser(bytes.NewReader(b[off:end])), nil
}

func (o fakeOrigin) bytes(uri string) ([]byte, error) {
	if o.asked != nil {
		*o.asked = append(*o.asked, uri)
	}
	if err := o.errs[uri]; err != nil {
		return nil, fmt.Errorf("%s: %w", uri, err)
	}
	if b, ok := o.objects[uri]; ok {
		return []byte(b), nil
	}
	if o.dir != "" && strings.HasPrefix(uri, o.dir) {
		b, err := os.ReadFile(uri)
		if os.IsNotExist(err) {
			err = storage.ErrNotFound
		}
		return b, err
	}
	return nil, fmt.Errorf("%s: %w", uri, storage.ErrNotFound)
}
