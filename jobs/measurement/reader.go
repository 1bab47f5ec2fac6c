package measurement

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/klauspost/compress/zstd"

	"aircheck/jobs"
)

// Options choose what a Reader reads.
type Options struct {
	// SkipGrids leaves Frame.Grid, GridCb, GridCr zero and Fine nil: half of the work of reading frames.
	SkipGrids bool
}

// Reader reads measurement objects. It decodes Parquet itself, and only as the Writer writes it: columns go straight into the fields of reused rows, and nothing
// is allocated because a damaged or hostile object says so. The library cannot be told where to stop: it makes room for lists as long as a footer claims, and
// unpacks whatever a page unpacks to. A Reader is not safe for concurrent use.
type Reader struct {
	r       io.ReaderAt
	columns int // in the file
	header  Header
	groups  []rowGroup

	frames *table[frameRow]
	slots  *table[slotRow]
	buf    []byte // the columns of one row group as they stand in the file
	z      *zstd.Decoder
}

// Open reads the header of a measurement object of size bytes.
func Open(r io.ReaderAt, size int64) (*Reader, error) { return OpenWith(r, size, Options{}) }

// OpenWith is Open with options.
func OpenWith(r io.ReaderAt, size int64, o Options) (*Reader, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, fmt.Errorf("set up decompression: %w", err)
	}
	frames, slots := frameColumns(), slotColumns()
	mr := &Reader{
		z: z, columns: leadingColumns + len(frames) + len(slots),
		frames: newTable[frameRow, Frame](frames, leadingColumns),
		slots:  newTable[slotRow, Slot](slots, leadingColumns+len(frames)),
	}
	if o.SkipGrids {
		mr.frames.withoutGrids()
	}
	if err := mr.Reset(r, size); err != nil {
		return nil, err
	}
	return mr, nil
}

// Reset opens another object with the same options and keeps the memory: a judge reads window after window. An object of another jobs.MeasureVersion opens, so
// that its header can say so; Frames and Slots refuse it with jobs.ErrVersion when its columns are others.
func (r *Reader) Reset(object io.ReaderAt, size int64) error {
	r.r, r.groups, r.header = object, nil, Header{}
	f, err := readFooter(object, size)
	if err != nil {
		return fmt.Errorf("open measurement: %w", err)
	}
	if v := string(f.metadata[keyVersion]); v != strconv.Itoa(jobs.Version) {
		return fmt.Errorf("open measurement: %w %.20q", jobs.ErrVersion, v)
	}
	foreign := string(f.metadata[keyMeasure]) != strconv.Itoa(jobs.MeasureVersion)
	if r.header, err = parseHeader(f.metadata[keyHeader], foreign); err != nil {
		return fmt.Errorf("open measurement: %w", err)
	}
	r.groups = f.groups
	return nil
}

// Header returns the header.
func (r *Reader) Header() Header { return r.header }

// Frames calls fn for every frame in the order in which they were written; it stops at fn's first error and returns it. The frame and all that it points to
// are valid until fn returns.
func (r *Reader) Frames(fn func(*Frame) error) error {
	return each[frameRow, Frame](r, r.frames, Video, fn)
}

// Slots calls fn for every slot in the order in which they were written; it stops at fn's first error and returns it. The slot and its channels are valid
// until fn returns.
func (r *Reader) Slots(fn func(*Slot) error) error {
	return each[slotRow, Slot](r, r.slots, Audio, fn)
}

// A table is the memory in which rows of one kind are put together.
type table[R any] struct {
	columns []column[R] // track and unit, then those of the kind
	at      []int       // their positions in the file
	cursors []cursor
	rows    []R
}

// newTable makes room for the kind whose columns begin at first in the file.
func newTable[R, S any, P row[R, S]](columns []column[R], first int) *table[R] {
	t := &table[R]{
		columns: []column[R]{
			i32("track", func(r *R) *int32 { track, _ := P(r).head(); return track }),
			i32("unit", func(r *R) *int32 { _, unit := P(r).head(); return unit }),
		},
		at:   []int{1, 2},
		rows: make([]R, batchRows),
	}
	for i := range columns {
		t.columns = append(t.columns, columns[i])
		t.at = append(t.at, first+i)
	}
	t.cursors = make([]cursor, len(t.columns))
	return t
}

// withoutGrids drops the columns of grids.
func (t *table[R]) withoutGrids() {
	kept := 0
	for i := range t.columns {
		if !t.columns[i].isGrid {
			t.columns[kept], t.at[kept] = t.columns[i], t.at[i]
			kept++
		}
	}
	t.columns, t.at = t.columns[:kept], t.at[:kept]
}

// each reads the row groups of one kind.
func each[R, S any, P row[R, S]](r *Reader, t *table[R], kind Kind, fn func(*S) error) error {
	for i := range r.groups {
		g := &r.groups[i]
		if g.kind != kind {
			continue
		}
		if len(g.chunks) != r.columns {
			return fmt.Errorf("read row group %d of %d columns: %w %d of measurements", i, len(g.chunks), jobs.ErrVersion, r.header.Measure)
		}
		if err := r.fetch(g, t.at); err != nil {
			return fmt.Errorf("read row group %d: %w", i, err)
		}
		if err := t.start(g, r.buf); err != nil {
			return fmt.Errorf("read row group %d: %w", i, err)
		}
		for done := 0; done < g.rows; done += batchRows {
			rows := t.rows[:min(batchRows, g.rows-done)]
			if err := t.read(r.z, rows); err != nil {
				return fmt.Errorf("read row group %d: %w", i, err)
			}
			if err := visit[R, S, P](rows, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

func visit[R, S any, P row[R, S]](rows []R, fn func(*S) error) error {
	for i := range rows {
		s, err := P(&rows[i]).get()
		if err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		if err := fn(s); err != nil {
			return err
		}
	}
	return nil
}

// fetch reads the wanted columns of a row group into r.buf, one after the other.
func (r *Reader) fetch(g *rowGroup, wanted []int) error {
	var size int64
	for _, i := range wanted {
		size += g.chunks[i].size
	}
	r.buf = slices.Grow(r.buf[:0], int(size))[:size]
	b := r.buf
	for _, i := range wanted {
		c := &g.chunks[i]
		if err := readFull(r.r, b[:c.size], c.offset); err != nil {
			return fmt.Errorf("column %q: %w", c.name, err)
		}
		b = b[c.size:]
	}
	return nil
}

// start points the cursors at what fetch has read.
func (t *table[R]) start(g *rowGroup, b []byte) error {
	for i := range t.columns {
		c := &g.chunks[t.at[i]]
		if c.name != t.columns[i].name {
			return fmt.Errorf("column %d is %.40q, want %q", t.at[i], c.name, t.columns[i].name)
		}
		t.cursors[i].reset(b[:c.size], t.columns[i].width)
		b = b[c.size:]
	}
	return nil
}

// read fills rows column by column.
func (t *table[R]) read(z *zstd.Decoder, rows []R) error {
	for i := range t.columns {
		if err := t.columns[i].read(&t.cursors[i], z, rows); err != nil {
			return fmt.Errorf("column %q: %w", t.columns[i].name, err)
		}
	}
	return nil
}
