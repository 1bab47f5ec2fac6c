package measurement

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// footer is what a reader wants of parquet.thrift's FileMetaData.
type footer struct {
	metadata map[string][]byte
	groups   []rowGroup
}

// rowGroup is a piece of the file with rows of one kind.
type rowGroup struct {
	rows   int
	kind   Kind
	chunks []chunk
}

// chunk is one column of a row group.
type chunk struct {
	name         string
	offset, size int64 // in the file, page headers included
}

const (
	magic       = "PAR1"
	footerTail  = 8 // length of the footer, magic
	codecZstd   = 6
	metadataMax = 16 // entries kept; the writer has three
	// maxColumns bounds those of a file: releases before and after this one have some more or fewer.
	maxColumns = 256
)

var errFooter = errors.New("footer is not valid Parquet")

// readFooter reads the end of the object.
func readFooter(r io.ReaderAt, size int64) (*footer, error) {
	if size < int64(len(magic)+footerTail) {
		return nil, fmt.Errorf("%d bytes are no Parquet file", size)
	}
	var tail [footerTail]byte
	if err := readFull(r, tail[:], size-footerTail); err != nil {
		return nil, fmt.Errorf("read end: %w", err)
	}
	if string(tail[4:]) != magic {
		return nil, errors.New("no Parquet file: the magic at its end is missing")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > maxFooter || n > size-int64(len(magic)+footerTail) {
		return nil, fmt.Errorf("footer of %d bytes in a file of %d", n, size)
	}
	b := make([]byte, n)
	if err := readFull(r, b, size-footerTail-n); err != nil {
		return nil, fmt.Errorf("read footer: %w", err)
	}
	f, err := parseFooter(b)
	if err != nil {
		return nil, err
	}
	return f, f.check(size - footerTail - n)
}

// readFull reads len(b) bytes. A ReaderAt may say io.EOF with the last of them.
func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func parseFooter(b []byte) (*footer, error) {
	f := &footer{metadata: map[string][]byte{}}
	t := &thrift{b: b}
	t.structure(func(id int, kind byte) bool {
		switch {
		case id == 4 && kind == thriftList:
			f.parseGroups(t)
		case id == 5 && kind == thriftList:
			f.parseMetadata(t)
		default:
			return false
		}
		return true
	})
	if t.bad {
		return nil, errFooter
	}
	return f, nil
}

func (f *footer) parseMetadata(t *thrift) {
	n, _ := t.list()
	for ; n > 0 && !t.bad; n-- {
		var key, value []byte
		t.structure(func(id int, kind byte) bool {
			switch {
			case id == 1 && kind == thriftBinary:
				key = t.bytes()
			case id == 2 && kind == thriftBinary:
				value = t.bytes()
			default:
				return false
			}
			return true
		})
		if len(f.metadata) < metadataMax {
			f.metadata[string(key)] = value
		}
	}
}

func (f *footer) parseGroups(t *thrift) {
	n, _ := t.list()
	if n > maxGroups {
		t.fail()
		return
	}
	f.groups = make([]rowGroup, n)
	for i := range f.groups {
		f.groups[i].parse(t)
	}
}

func (g *rowGroup) parse(t *thrift) {
	t.structure(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == thriftList:
			n, _ := t.list()
			if n > maxColumns {
				t.fail()
				return true
			}
			g.chunks = make([]chunk, n)
			for i := range g.chunks {
				g.parseChunk(t, &g.chunks[i])
			}
		case id == 3 && kind == thriftI64:
			g.rows = int(min(max(t.integer(), -1), maxGroupRows+1))
		default:
			return false
		}
		return true
	})
}

func (g *rowGroup) parseChunk(t *thrift, c *chunk) {
	t.structure(func(id int, kind byte) bool {
		if id != 3 || kind != thriftStruct {
			return false
		}
		g.parseChunkMetadata(t, c)
		return true
	})
}

// parseChunkMetadata reads parquet.thrift's ColumnMetaData. A dictionary is what the writer never makes; its place is left out, so that its page is an error
// where it is met.
func (g *rowGroup) parseChunkMetadata(t *thrift, c *chunk) {
	codec := int64(-1)
	t.structure(func(id int, kind byte) bool {
		switch {
		case id == 3 && kind == thriftList:
			c.parsePath(t)
		case id == 4 && kind == thriftI32:
			codec = t.integer()
		case id == 7 && kind == thriftI64:
			c.size = t.integer()
		case id == 9 && kind == thriftI64:
			c.offset = t.integer()
		case id == 12 && kind == thriftStruct && c.name == kindColumn:
			g.kind = parseKind(t)
		default:
			return false
		}
		return true
	})
	if codec != codecZstd {
		t.fail()
	}
}

// parsePath takes a column's name, the first part of its path: below it there is only what makes a list of it.
func (c *chunk) parsePath(t *thrift) {
	n, kind := t.list()
	for i := range n {
		if t.bad || kind != thriftBinary {
			t.fail()
			return
		}
		if part := t.bytes(); i == 0 {
			c.name = string(part)
		}
	}
}

// parseKind takes the kind of a row group's rows from the statistics of the column kind: its least and its greatest value are the same.
func parseKind(t *thrift) Kind {
	var least, greatest []byte
	t.structure(func(id int, kind byte) bool {
		switch {
		case id == 5 && kind == thriftBinary:
			greatest = t.bytes()
		case id == 6 && kind == thriftBinary:
			least = t.bytes()
		default:
			return false
		}
		return true
	})
	if string(least) != string(greatest) {
		t.fail()
	}
	return Kind(least)
}

// check makes sure that every chunk lies before end, and that the chunks of a row group together are no larger than that: a group is read whole.
func (f *footer) check(end int64) error {
	for i := range f.groups {
		g := &f.groups[i]
		if g.rows < 0 || g.rows > maxGroupRows || g.chunks == nil {
			return fmt.Errorf("row group %d has %d rows", i, g.rows)
		}
		if g.kind != Video && g.kind != Audio {
			return fmt.Errorf("row group %d holds neither frames nor slots", i)
		}
		var sum int64
		for _, c := range g.chunks {
			if c.offset < 0 || c.size < 0 || c.offset > end || c.size > end-c.offset || c.size > math.MaxInt32 {
				return fmt.Errorf("row group %d: column %q lies outside the file", i, c.name)
			}
			sum += c.size
		}
		if sum > end {
			return fmt.Errorf("row group %d: columns of %d bytes in a file of %d", i, sum, end)
		}
	}
	return nil
}
