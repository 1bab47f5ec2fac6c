package measurement

import "encoding/binary"

// thrift reads Thrift's compact protocol (thrift-compact-protocol.md) out of memory. It allocates nothing and believes nothing: a length that is not there is an
// error. The library's own decoder allocates lists by the length that they claim, which is how forty bytes ask for a terabyte.
//
// The first error sticks; every later read gives zero.
type thrift struct {
	b   []byte
	bad bool
}

// Types of the compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxThriftDepth bounds nesting; Parquet's structures nest seven deep.
const maxThriftDepth = 16

func (t *thrift) fail() {
	t.bad, t.b = true, nil
}

func (t *thrift) octet() byte {
	if len(t.b) == 0 {
		t.fail()
		return 0
	}
	v := t.b[0]
	t.b = t.b[1:]
	return v
}

func (t *thrift) uvarint() uint64 {
	v, n := binary.Uvarint(t.b)
	if n <= 0 {
		t.fail()
		return 0
	}
	t.b = t.b[n:]
	return v
}

// integer reads an i16, i32 or i64.
func (t *thrift) integer() int64 {
	u := t.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// bytes reads a binary or string; the result lies in the input.
func (t *thrift) bytes() []byte {
	n := t.uvarint()
	if n > uint64(len(t.b)) {
		t.fail()
		return nil
	}
	v := t.b[:n:n]
	t.b = t.b[n:]
	return v
}

// list reads a list's head: how many elements of which type follow. Every element takes a byte at least.
func (t *thrift) list() (n int, kind byte) {
	head := t.octet()
	size := uint64(head >> 4)
	if size == 15 {
		size = t.uvarint()
	}
	if size > uint64(len(t.b)) {
		t.fail()
		return 0, 0
	}
	return int(size), head & 15
}

// structure reads a struct: each is called with every field that has the wanted type and must read its value; others are skipped by returning
// false.
func (t *thrift) structure(each func(id int, kind byte) bool) {
	id := 0
	for !t.bad {
		head := t.octet()
		kind := head & 15
		if kind == thriftStop {
			return
		}
		if delta := int(head >> 4); delta != 0 {
			id += delta
		} else {
			id = int(t.integer())
		}
		if !each(id, kind) {
			t.skip(kind, 0)
		}
	}
}

// skip reads a value that nobody wants.
func (t *thrift) skip(kind byte, depth int) {
	if t.bad || depth > maxThriftDepth {
		t.fail()
		return
	}
	switch kind {
	case thriftTrue, thriftFalse: // the type is the value
	case thriftByte:
		t.octet()
	case thriftI16, thriftI32, thriftI64:
		t.uvarint()
	case thriftDouble:
		if len(t.b) < 8 {
			t.fail()
			return
		}
		t.b = t.b[8:]
	case thriftBinary:
		t.bytes()
	case thriftList, thriftSet:
		n, of := t.list()
		for ; n > 0 && !t.bad; n-- {
			t.skipElement(of, depth+1)
		}
	case thriftStruct:
		t.structure(func(_ int, kind byte) bool {
			t.skip(kind, depth+1)
			return true
		})
	default: // Parquet has no maps
		t.fail()
	}
}

// skipElement is skip within a list, where a boolean takes a byte.
func (t *thrift) skipElement(kind byte, depth int) {
	if kind == thriftTrue || kind == thriftFalse {
		t.octet()
		return
	}
	t.skip(kind, depth)
}
