package measurement

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
)

// pageHeader is what a reader wants of parquet.thrift's PageHeader with its DataPageHeaderV2.
type pageHeader struct {
	kind, encoding          int64
	unpacked, packed        int64 // bytes, levels included
	crc                     int64
	values, nulls, rows     int64
	defBytes, repBytes      int64
	isPacked, hasCRC, hasV2 bool
}

const (
	pageDataV2    = 3
	encodingPlain = 0
	// maxPageValues bounds the levels of a page; NULLs and empty lists take no other space.
	maxPageValues = 1 << 20
)

// parsePageHeader returns the header and its length.
func parsePageHeader(b []byte) (pageHeader, int, error) {
	h := pageHeader{isPacked: true}
	t := &thrift{b: b}
	t.structure(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == thriftI32:
			h.kind = t.integer()
		case id == 2 && kind == thriftI32:
			h.unpacked = t.integer()
		case id == 3 && kind == thriftI32:
			h.packed = t.integer()
		case id == 4 && kind == thriftI32:
			h.crc, h.hasCRC = t.integer(), true
		case id == 8 && kind == thriftStruct:
			h.parseV2(t)
		default:
			return false
		}
		return true
	})
	if t.bad {
		return h, 0, errors.New("page header is not valid")
	}
	return h, len(b) - len(t.b), h.check(len(t.b))
}

func (h *pageHeader) parseV2(t *thrift) {
	h.hasV2 = true
	t.structure(func(id int, kind byte) bool {
		if id == 7 && (kind == thriftTrue || kind == thriftFalse) {
			h.isPacked = kind == thriftTrue
			return true
		}
		field := h.field(id)
		if field == nil || kind != thriftI32 {
			return false
		}
		*field = t.integer()
		return true
	})
}

// field is where DataPageHeaderV2's numbers go.
func (h *pageHeader) field(id int) *int64 {
	switch id {
	case 1:
		return &h.values
	case 2:
		return &h.nulls
	case 3:
		return &h.rows
	case 4:
		return &h.encoding
	case 5:
		return &h.defBytes
	case 6:
		return &h.repBytes
	}
	return nil
}

// check bounds everything by what is there: rest is how many bytes follow the header.
func (h *pageHeader) check(rest int) error {
	levels := h.defBytes + h.repBytes
	switch {
	case h.kind != pageDataV2 || !h.hasV2 || h.encoding != encodingPlain:
		return fmt.Errorf("page of type %d, encoding %d: only plain data pages of version 2 are read", h.kind, h.encoding)
	case h.packed < 0 || h.packed > int64(rest) || h.unpacked < 0 || h.unpacked > maxPage:
		return fmt.Errorf("page of %d bytes, %d packed, in a column of %d", h.unpacked, h.packed, rest)
	case h.defBytes < 0 || h.repBytes < 0 || levels > h.packed || levels > h.unpacked:
		return fmt.Errorf("levels of %d and %d bytes in a page of %d", h.repBytes, h.defBytes, h.packed)
	case h.values < 0 || h.values > maxPageValues || h.nulls < 0 || h.nulls > h.values || h.rows <= 0 || h.rows > h.values:
		return fmt.Errorf("page of %d rows, %d values, %d NULLs", h.rows, h.values, h.nulls)
	}
	return nil
}

// cursor reads one column of a row group page by page.
type cursor struct {
	width int    // bytes of a value
	rest  []byte // pages to come

	rows     int    // left in the page
	rep, def []byte // levels left in the page; rep is for lists only, def is nil when there is no NULL
	values   []byte // values left in the page

	levels []byte // memory of rep and def
	page   []byte // memory of values
}

// reset starts on the pages of another column chunk with values of width bytes; it keeps the memory.
func (c *cursor) reset(pages []byte, width int) {
	*c = cursor{width: width, rest: pages, levels: c.levels, page: c.page}
}

// next loads the next page.
func (c *cursor) next(z *zstd.Decoder, isList bool) error {
	if len(c.rest) == 0 {
		return errors.New("column has too few rows")
	}
	h, n, err := parsePageHeader(c.rest)
	if err != nil {
		return err
	}
	body := c.rest[n : n+int(h.packed)]
	c.rest = c.rest[n+int(h.packed):]
	if h.hasCRC && uint32(h.crc) != crc32.ChecksumIEEE(body) {
		return errors.New("page is damaged: its checksum does not fit")
	}
	levels, packed := body[:h.defBytes+h.repBytes], body[h.defBytes+h.repBytes:]
	if err := c.readLevels(&h, levels, isList); err != nil {
		return err
	}
	c.rows = int(h.rows)
	return c.unpack(z, &h, packed)
}

// readLevels decodes what says which rows have a value, and which values make a list.
func (c *cursor) readLevels(h *pageHeader, b []byte, isList bool) error {
	c.rep, c.def = nil, nil
	n := int(h.values)
	if cap(c.levels) < 2*n+levelSlack {
		c.levels = make([]byte, 2*n+levelSlack)
	}
	width := uint(1)
	if isList {
		width = 2
		c.rep = decodeLevels(c.levels[:0:n+levelSlack/2], b[:h.repBytes], 1, n)
		if c.rep == nil || c.rep[0] != 0 || count(c.rep, 0) != int(h.rows) {
			return errors.New("repetition levels are not valid")
		}
	} else if h.rows != h.values || h.repBytes != 0 {
		return errors.New("page has more values than rows")
	}
	if h.nulls == 0 {
		return nil
	}
	c.def = decodeLevels(c.levels[n+levelSlack/2:n+levelSlack/2], b[h.repBytes:], width, n)
	if c.def == nil || n-count(c.def, byte(width)) != int(h.nulls) {
		return errors.New("definition levels are not valid")
	}
	return nil
}

func count(levels []byte, level byte) int {
	n := 0
	for _, v := range levels {
		if v == level {
			n++
		}
	}
	return n
}

// unpack decompresses the values and checks that they are as many as the header says.
func (c *cursor) unpack(z *zstd.Decoder, h *pageHeader, packed []byte) error {
	size := int(h.unpacked - h.defBytes - h.repBytes)
	if size != int(h.values-h.nulls)*c.width {
		return fmt.Errorf("%d bytes for %d values of %d", size, h.values-h.nulls, c.width)
	}
	if !h.isPacked {
		c.values = packed
	} else {
		if cap(c.page) < size {
			c.page = make([]byte, size)
		}
		var err error
		if c.values, err = z.DecodeAll(packed, c.page[:0:size]); err != nil {
			return fmt.Errorf("decompress: %w", err)
		}
	}
	if len(c.values) != size {
		return fmt.Errorf("page unpacks to %d bytes, want %d", len(c.values), size)
	}
	return nil
}

// levelSlack is how far decodeLevels may write beyond the levels that are wanted: bits come by the byte.
const levelSlack = 16

// decodeLevels appends n levels of 1 or 2 bits in Parquet's hybrid of runs and packed bits (Encodings.md, RLE) to dst, which has room for them and for slack.
// It returns nil when they are not there.
func decodeLevels(dst, b []byte, width uint, n int) []byte {
	mask := byte(1)<<width - 1
	for len(dst) < n {
		head, k := binary.Uvarint(b)
		if k <= 0 {
			return nil
		}
		b = b[k:]
		if head&1 == 0 {
			run := head >> 1
			if run == 0 || run > uint64(n-len(dst)) || len(b) == 0 || b[0] > mask {
				return nil
			}
			for range run {
				dst = append(dst, b[0])
			}
			b = b[1:]
			continue
		}
		packed := (head >> 1) * uint64(width) // eight values a group
		if packed == 0 || head>>1 > maxPageValues || packed > uint64(len(b)) {
			return nil
		}
		dst = unpackBits(dst, b[:packed], width, n)
		b = b[packed:]
	}
	return dst[:n]
}

// unpackBits appends values of 1 or 2 bits, least significant first, and stops after n.
func unpackBits(dst, b []byte, width uint, n int) []byte {
	mask := byte(1)<<width - 1
	for _, v := range b {
		if len(dst) >= n {
			return dst
		}
		for range 8 / width {
			dst = append(dst, v&mask)
			v >>= width
		}
	}
	return dst
}
