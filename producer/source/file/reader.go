package file

import (
	"context"
	"fmt"
	"io"

	"aircheck/jobs"
	"aircheck/storage"
)

// readAhead is how much one request reads at least: a header, and in most files all that one wants to know about what follows it.
const readAhead = 64 << 10

// maxRead bounds one read: the largest thing that is looked at as a whole is a moof.
const maxRead = 16 << 20

// reader reads pieces of one object and keeps the last one. It is for one goroutine.
type reader struct {
	origin storage.Origin
	object jobs.Object
	buf    []byte
	off    int64
}

// at returns up to n bytes from off, fewer only at the end of the object. They are valid until the next call.
func (r *reader) at(ctx context.Context, off int64, n int) ([]byte, error) {
	if off < 0 || n < 0 || n > maxRead {
		return nil, fmt.Errorf("read %d bytes at %d: outside the limits", n, off)
	}
	if r.object.Size >= 0 && off >= r.object.Size {
		return nil, nil
	}
	if b, ok := r.kept(off, n); ok {
		return b, nil
	}
	body, err := r.origin.Open(ctx, r.object.URI, off, int64(max(n, readAhead)))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	buf, err := io.ReadAll(io.LimitReader(body, int64(max(n, readAhead))))
	if err != nil {
		return nil, fmt.Errorf("read at %d: %w", off, err)
	}
	r.buf, r.off = buf, off
	return buf[:min(n, len(buf))], nil
}

// kept finds a range in the last piece. What that piece lacks at the end is asked for again only when the object may go on.
func (r *reader) kept(off int64, n int) ([]byte, bool) {
	from := off - r.off
	if from < 0 || from >= int64(len(r.buf)) {
		return nil, false
	}
	b := r.buf[from:]
	if len(b) >= n {
		return b[:n], true
	}
	return b, r.object.Size >= 0 && off+int64(len(b)) >= r.object.Size
}
