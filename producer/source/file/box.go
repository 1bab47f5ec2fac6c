package file

import (
	"context"
	"encoding/binary"
)

// Bounds of an ISO base media file.
const (
	maxMoov     = 256 << 20 // a 24 h file with a sample table of 16 bytes a sample has 100 MB
	maxMoof     = maxRead   // run tables of one fragment: 16 bytes a sample, so a million samples
	maxTopBoxes = 1 << 20   // half a million fragments
	maxBoxes    = 4096      // children of one box
	maxTracks   = 256
)

// box is one box of an ISO base media file (ISO/IEC 14496-12 section 4.2). Offsets are those of the file.
type box struct {
	kind string
	off  int64 // of the header
	body int64 // of what follows the header
	end  int64
}

// parseBox reads a header. A box of size 0 lasts to limit, which is the end of what surrounds it (negative: unknown). ok is false for sizes that cannot be.
func parseBox(b []byte, off, limit int64) (box, bool) {
	if len(b) < 8 {
		return box{}, false
	}
	x := box{kind: string(b[4:8]), off: off, body: off + 8}
	size := int64(binary.BigEndian.Uint32(b))
	switch {
	case size == 1 && len(b) >= 16:
		x.body = off + 16
		size = int64(binary.BigEndian.Uint64(b[8:]))
	case size == 0 && limit >= 0:
		size = limit - off
	}
	if size < x.body-off || size > 1<<60 {
		return box{}, false
	}
	x.end = off + size
	return x, true
}

// box reads the header at off.
func (r *reader) box(ctx context.Context, off, limit int64) (box, bool, error) {
	b, err := r.at(ctx, off, 16)
	if err != nil {
		return box{}, false, err
	}
	x, ok := parseBox(b, off, limit)
	return x, ok, nil
}

// boxes calls fn for the boxes in [off, limit) until it says stop, one does not fit, or there are too many. It tells whether all of them fitted.
func (r *reader) boxes(ctx context.Context, off, limit int64, fn func(box) (stop bool, err error)) (bool, error) {
	for range maxBoxes {
		if off >= limit {
			return true, nil
		}
		x, ok, err := r.box(ctx, off, limit)
		if err != nil || !ok || x.end > limit {
			return false, err
		}
		if stop, err := fn(x); stop || err != nil {
			return true, err
		}
		off = x.end
	}
	return false, nil
}

// find returns the first child of that kind; an empty box when there is none.
func (r *reader) find(ctx context.Context, parent box, kind string) (box, error) {
	var found box
	_, err := r.boxes(ctx, parent.body, parent.end, func(x box) (bool, error) {
		if x.kind == kind {
			found = x
		}
		return x.kind == kind, nil
	})
	return found, err
}

// children walks boxes that are in memory, with offsets counted from the start of b.
func children(b []byte, fn func(kind string, body []byte)) {
	for n, off := 0, int64(0); n < maxBoxes && off < int64(len(b)); n++ {
		x, ok := parseBox(b[off:], off, int64(len(b)))
		if !ok || x.end > int64(len(b)) {
			return
		}
		fn(x.kind, b[x.body:x.end])
		off = x.end
	}
}

// fields reads big-endian numbers one after another; a read beyond the end gives 0 and sets short.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) skip(n int) {
	if n > len(f.b) {
		n, f.short = len(f.b), true
	}
	f.b = f.b[n:]
}

func (f *fields) u8() int64 {
	if len(f.b) < 1 {
		f.skip(1)
		return 0
	}
	v := f.b[0]
	f.skip(1)
	return int64(v)
}

func (f *fields) u32() int64 {
	if len(f.b) < 4 {
		f.skip(4)
		return 0
	}
	v := binary.BigEndian.Uint32(f.b)
	f.skip(4)
	return int64(v)
}

// u64 cuts numbers off at 63 bits: nothing that it is used for is half as large.
func (f *fields) u64() int64 {
	if len(f.b) < 8 {
		f.skip(8)
		return 0
	}
	v := binary.BigEndian.Uint64(f.b)
	f.skip(8)
	return int64(min(v, 1<<63-1))
}

// sized reads 64 bits in version 1 of a box and 32 in version 0.
func (f *fields) sized(version int64) int64 {
	if version == 1 {
		return f.u64()
	}
	return f.u32()
}
