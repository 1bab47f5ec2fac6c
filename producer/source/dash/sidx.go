package dash

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"aircheck/storage"
)

// maxIndex bounds a segment index in bytes: 12 a reference, 65,535 references.
const maxIndex = 1 << 20

var (
	errIndex  = errors.New("the bytes at @indexRange are no segment index (sidx)")
	errNested = errors.New("the segment index leads to further indexes, which aircheck does not read")
)

// indexed is one subsegment that an index names.
type indexed struct {
	slot
	off, size int64
}

// index is what a segment index says (ISO/IEC 14496-12 section 8.16.3).
type index struct {
	timescale int64
	list      []indexed
}

func readIndex(ctx context.Context, origin storage.Origin, uri string, r byteRange) (index, error) {
	n := r.Length
	if n < 0 || n > maxIndex {
		n = maxIndex
	}
	body, err := origin.Open(ctx, uri, r.Offset, n)
	if err != nil {
		return index{}, err
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, n))
	if err != nil {
		return index{}, err
	}
	return parseIndex(b, r.Offset)
}

// parseIndex reads the first sidx of b, which begins at offset at of its file.
func parseIndex(b []byte, at int64) (index, error) {
	if len(b) < 32 || string(b[4:8]) != "sidx" || at < 0 || at > 1<<60 {
		return index{}, errIndex
	}
	size := int64(binary.BigEndian.Uint32(b))
	if size < 32 || size > int64(len(b)) {
		return index{}, errIndex
	}
	f := fields{b: b[8:size]}
	version := f.number(4) >> 24
	f.number(4) // reference_ID
	width := 4
	if version > 0 {
		width = 8
	}
	x := index{timescale: int64(f.number(4))}
	now, off := f.number(width), f.number(width)
	count := int(f.number(4) & 0xffff)
	if f.short || count == 0 || x.timescale == 0 || now > maxTicks || off > 1<<60 {
		return index{}, errIndex
	}
	pos, time := at+size+int64(off), int64(now)
	for range count {
		kind, d := f.number(4), int64(f.number(4))
		f.number(4) // stream access points
		if f.short {
			return index{}, errIndex
		}
		if kind>>31 == 1 {
			return index{}, errNested
		}
		n := int64(kind & 0x7fffffff)
		x.list = append(x.list, indexed{slot: slot{number: int64(len(x.list)), at: time, d: d}, off: pos, size: n})
		pos, time = pos+n, time+d
	}
	return x, nil
}

// fields reads big-endian numbers; short is set when there are none left.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) number(bytes int) uint64 {
	if len(f.b) < bytes {
		f.short, f.b = true, nil
		return 0
	}
	var v uint64
	for _, c := range f.b[:bytes] {
		v = v<<8 | uint64(c)
	}
	f.b = f.b[bytes:]
	return v
}
