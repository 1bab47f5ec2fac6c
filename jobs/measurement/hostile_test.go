package measurement

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"aircheck/jobs"
)

// readThrough reads everything; rows do not matter.
func readThrough(object []byte) error {
	r, err := Open(bytes.NewReader(object), int64(len(object)))
	if err != nil {
		return err
	}
	return errors.Join(r.Frames(func(*Frame) error { return nil }), r.Slots(func(*Slot) error { return nil }))
}

func smallObject(t testing.TB) []byte {
	frames, slots := randomRows(11, 5, 9)
	return write(t, fullHeader(), frames, slots)
}

func TestTruncatedObject(t *testing.T) {
	object := smallObject(t)
	for n := 0; n < len(object); n += 13 {
		if readThrough(object[:n]) == nil {
			t.Errorf("%d of %d bytes are read without complaint", n, len(object))
		}
	}
}

// TestDamagedPages flips bits where the rows are: the checksums of the pages must notice. The first page begins after the magic, the page index after the last.
func TestDamagedPages(t *testing.T) {
	object := smallObject(t)
	f, err := readFooter(bytes.NewReader(object), int64(len(object)))
	if err != nil {
		t.Fatal(err)
	}
	hash := f.groups[0].chunks[leadingColumns+31]
	if hash.name != "hash" {
		t.Fatalf("column is %q", hash.name)
	}
	damaged := bytes.Clone(object)
	damaged[hash.offset+hash.size-1] ^= 1
	if err := readThrough(damaged); err == nil || !strings.Contains(err.Error(), "hash") {
		t.Errorf("a flipped bit in column hash: %v", err)
	}
	for at := 0; at < len(object); at += 101 {
		damaged := bytes.Clone(object)
		damaged[at] ^= 1 << (at % 8)
		_ = readThrough(damaged) // may be harmless, must not panic
	}
}

func TestForeignFiles(t *testing.T) {
	object := smallObject(t)
	tests := map[string][]byte{
		"empty":             nil,
		"text":              []byte(strings.Repeat("no parquet ", 10)),
		"magic alone":       []byte("PAR1PAR1"),
		"footer too long":   append([]byte("PAR1"), 0xff, 0xff, 0xff, 0x7f, 'P', 'A', 'R', '1'),
		"empty footer":      append([]byte("PAR1"), 0, 0, 0, 0, 'P', 'A', 'R', '1'),
		"footer stops":      append([]byte("PAR1"), 0, 1, 0, 0, 0, 'P', 'A', 'R', '1'),
		"other version":     bytes.Replace(object, []byte(keyVersion+"\x18\x011"), []byte(keyVersion+"\x18\x012"), 1),
		"no header":         bytes.Replace(object, []byte(keyHeader+"\x18"), []byte("aircheck.HEADER\x18"), 1),
		"unknown in header": bytes.Replace(object, []byte(`"measure"`), []byte(`"mEasurX"`), 1),
		"other column":      bytes.ReplaceAll(object, []byte("y_sum"), []byte("x_sum")),
	}
	for name, b := range tests {
		if err := readThrough(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := readThrough(tests["other version"]); !errors.Is(err, jobs.ErrVersion) {
		t.Errorf("other version: %v", err)
	}
}

// compact writes Thrift's compact protocol: just what hostile footers need.
type compact struct{ bytes.Buffer }

func (c *compact) varint(v int64) { c.Write(binary.AppendVarint(nil, v)) }

// field writes the head of a field less than 16 after the one before.
func (c *compact) field(delta, kind byte) { c.WriteByte(delta<<4 | kind) }

func (c *compact) list(n uint64, kind byte) {
	c.WriteByte(0xf0 | kind)
	c.Write(binary.AppendUvarint(nil, n))
}

// TestHugeClaims feeds footers that promise more than they hold; each would cost gigabytes if it were believed.
func TestHugeClaims(t *testing.T) {
	tests := map[string]func(c *compact){
		"row groups": func(c *compact) {
			c.field(4, thriftList)
			c.list(1<<31-1, thriftStruct)
		},
		"row groups that are there": func(c *compact) {
			c.field(4, thriftList)
			c.list(1<<20, thriftStruct)
			c.Write(make([]byte, 1<<20))
		},
		"columns": func(c *compact) {
			c.field(4, thriftList)
			c.list(1, thriftStruct)
			c.field(1, thriftList)
			c.list(1<<20, thriftStruct)
			c.Write(make([]byte, 1<<20))
		},
		"schema": func(c *compact) {
			c.field(2, thriftList)
			c.list(1<<40, thriftStruct)
		},
		"string": func(c *compact) {
			c.field(6, thriftBinary)
			c.Write(binary.AppendUvarint(nil, 1<<60))
		},
		"nesting": func(c *compact) {
			c.field(2, thriftList)
			for range 1 << 20 {
				c.list(1, thriftList)
			}
		},
	}
	for name, build := range tests {
		var c compact
		build(&c)
		c.Write([]byte{thriftStop, thriftStop, thriftStop})
		var err error
		allocated := testing.AllocsPerRun(1, func() { _, err = parseFooter(c.Bytes()) })
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if allocated > 1000 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
	}
}

// page builds a data page whose body unpacks to so many bytes, or is said to.
func page(values, nulls, rows int64, rep, def, body []byte, unpacked int) []byte {
	var c compact
	c.field(1, thriftI32)
	c.varint(pageDataV2)
	c.field(1, thriftI32)
	c.varint(int64(len(rep) + len(def) + unpacked))
	c.field(1, thriftI32)
	c.varint(int64(len(rep) + len(def) + len(body)))
	c.field(5, thriftStruct)
	for _, v := range []int64{values, nulls, rows, encodingPlain, int64(len(def)), int64(len(rep))} {
		c.field(1, thriftI32)
		c.varint(v)
	}
	c.Write([]byte{thriftStop, thriftStop})
	for _, b := range [][]byte{rep, def, body} {
		c.Write(b)
	}
	return c.Bytes()
}

func zstdOf(t testing.TB, b []byte) []byte {
	z, err := zstd.NewWriter(nil, zstd.WithZeroFrames(true))
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(b, nil)
}

func newDecoder(t testing.TB) *zstd.Decoder {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestHostilePages(t *testing.T) {
	z := newDecoder(t)
	bomb := zstdOf(t, make([]byte, 64<<20))
	four := zstdOf(t, make([]byte, 4*8))
	tests := []struct {
		name string
		list bool
		page []byte
		ok   bool
	}{
		{"four rows", false, page(4, 0, 4, nil, nil, four, 32), true},
		{"four rows of which two are NULL", false, page(6, 2, 6, nil, []byte{3, 0b011011}, four, 32), true},
		{"two lists of two", true, page(4, 0, 2, []byte{3, 0b1010}, nil, four, 32), true},
		{"bomb", false, page(4, 0, 4, nil, nil, bomb, 32), false},
		{"bomb that owns up to it", false, page(8<<20, 0, 8<<20, nil, nil, bomb, 64<<20), false},
		{"fewer values", false, page(5, 0, 5, nil, nil, four, 40), false},
		{"more values", false, page(3, 0, 3, nil, nil, four, 24), false},
		{"size of other values", false, page(4, 0, 4, nil, nil, four, 33), false},
		{"no rows", false, page(0, 0, 0, nil, nil, zstdOf(t, nil), 0), false},
		{"negative rows", false, page(4, 0, -4, nil, nil, four, 32), false},
		{"more NULLs than values", false, page(4, 5, 4, nil, nil, four, 32), false},
		{"NULLs without levels", false, page(5, 1, 5, nil, nil, four, 32), false},
		{"NULLs miscounted", false, page(6, 2, 6, nil, []byte{3, 0b111011}, four, 32), false},
		{"run of a million levels", false, page(6, 2, 6, nil, []byte{0x80, 0x89, 0x7a, 1}, four, 32), false},
		{"empty runs", false, page(6, 2, 6, nil, []byte{0, 1, 0, 1}, four, 32), false},
		{"level that does not fit", false, page(6, 2, 6, nil, []byte{12, 7}, four, 32), false},
		{"bits cut short", false, page(600, 2, 600, nil, []byte{0xff, 0xff, 0x0f, 1}, four, 32), false},
		{"list that continues nothing", true, page(4, 0, 2, []byte{3, 0b0101}, nil, four, 32), false},
		{"lists miscounted", true, page(4, 0, 3, []byte{3, 0b1010}, nil, four, 32), false},
		{"list without levels", true, page(4, 0, 4, nil, nil, four, 32), false},
		{"body is no zstd", false, page(4, 0, 4, nil, nil, []byte("hello"), 32), false},
		{"no page", false, nil, false},
	}
	for _, test := range tests {
		var c cursor
		c.reset(test.page, 8)
		if err := c.next(z, test.list); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
		if cap(c.page) > maxPage || cap(c.levels) > 3*maxPageValues {
			t.Errorf("%s: %d bytes for values and %d for levels", test.name, cap(c.page), cap(c.levels))
		}
	}
}

// FuzzOpen feeds whole objects.
func FuzzOpen(f *testing.F) {
	f.Add(smallObject(f))
	f.Add(write(f, Header{}, nil, nil))
	f.Fuzz(func(_ *testing.T, object []byte) { _ = readThrough(object) })
}

// FuzzColumn feeds pages past the checksums: the seeds have none.
func FuzzColumn(f *testing.F) {
	four := zstdOf(f, make([]byte, 32))
	f.Add(uint8(0), page(4, 0, 4, nil, nil, four, 32))
	f.Add(uint8(8), page(6, 2, 6, nil, []byte{3, 0b011011}, four, 32))
	f.Add(uint8(80), page(4, 0, 2, []byte{3, 0b1010}, nil, four, 32))
	f.Add(uint8(80), page(6, 2, 4, []byte{3, 0b101000}, []byte{5, 0b10_10_01_10, 0b10_00}, four, 32))
	z := newDecoder(f)
	frames, slots := newTable[frameRow, Frame](frameColumns(), 0), newTable[slotRow, Slot](slotColumns(), 0)
	f.Fuzz(func(_ *testing.T, which uint8, pages []byte) {
		n := int(which) % (len(frames.columns) + len(slots.columns))
		if n < len(frames.columns) {
			fuzzColumn[frameRow, Frame](frames, n, z, pages)
		} else {
			fuzzColumn[slotRow, Slot](slots, n-len(frames.columns), z, pages)
		}
	})
}

func fuzzColumn[R, S any, P row[R, S]](t *table[R], n int, z *zstd.Decoder, pages []byte) {
	t.cursors[n].reset(pages, t.columns[n].width)
	for range 100 {
		if t.columns[n].read(&t.cursors[n], z, t.rows[:17]) != nil {
			return
		}
		_ = visit[R, S, P](t.rows[:17], func(*S) error { return nil })
	}
}
