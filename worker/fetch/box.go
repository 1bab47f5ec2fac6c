package fetch

import "encoding/binary"

// box is one box of an ISO base media file (ISO/IEC 14496-12 section 4.2) inside a buffer, by offsets into it.
type box struct {
	kind  string
	start int // of the header
	body  int
	end   int // not beyond the end of the box around it, whatever the header says
}

// boxAt reads the header at an offset before end; false when there is none.
func boxAt(b []byte, at, end int) (box, bool) {
	if at < 0 || end > len(b) || end-at < 8 {
		return box{}, false
	}
	size, header := int64(binary.BigEndian.Uint32(b[at:])), 8
	switch size {
	case 0: // to the end
		size = int64(end - at)
	case 1:
		if end-at < 16 {
			return box{}, false
		}
		header, size = 16, int64(min(binary.BigEndian.Uint64(b[at+8:]), 1<<62))
	}
	if size < int64(header) {
		return box{}, false
	}
	return box{kind: string(b[at+4 : at+8]), start: at, body: at + header, end: at + int(min(size, int64(end-at)))}, true
}

// boxes lists the boxes in b[from:to].
func boxes(b []byte, from, to int) []box {
	var list []box
	for at := from; ; {
		x, ok := boxAt(b, at, to)
		if !ok {
			return list
		}
		list = append(list, x)
		at = x.end
	}
}

// child is the first box of a kind inside another; false when there is none.
func (x box) child(b []byte, kind string) (box, bool) {
	for at := x.body; ; {
		c, ok := boxAt(b, at, x.end)
		if !ok || c.kind == kind {
			return c, ok
		}
		at = c.end
	}
}

// descend follows a path of kinds.
func (x box) descend(b []byte, kinds ...string) (box, bool) {
	for _, kind := range kinds {
		var ok bool
		if x, ok = x.child(b, kind); !ok {
			return box{}, false
		}
	}
	return x, true
}

// fields reads big-endian numbers one after the other; short says that it ran out.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) bytes(n int) []byte {
	if n < 0 || n > len(f.b) {
		f.short, f.b = true, nil
		return nil
	}
	got := f.b[:n]
	f.b = f.b[n:]
	return got
}

func (f *fields) u8() int {
	if g := f.bytes(1); g != nil {
		return int(g[0])
	}
	return 0
}

func (f *fields) u16() int {
	if g := f.bytes(2); g != nil {
		return int(binary.BigEndian.Uint16(g))
	}
	return 0
}

func (f *fields) u32() uint32 {
	if g := f.bytes(4); g != nil {
		return binary.BigEndian.Uint32(g)
	}
	return 0
}

func (f *fields) u64() uint64 {
	if g := f.bytes(8); g != nil {
		return binary.BigEndian.Uint64(g)
	}
	return 0
}

// full reads the version and the flags of a full box.
func (f *fields) full() (version int, flags uint32) {
	n := f.u32()
	return int(n >> 24), n & 0xffffff
}
