package measurement

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"aircheck/jobs"
)

// Writer writes a measurement object. Frames and slots may come in any mixture; each kind keeps its order. Equal calls write equal bytes. The first
// error sticks. A Writer is not safe for concurrent use.
type Writer struct {
	file   *parquet.GenericWriter[any]
	frames *group[frameRow]
	slots  *group[slotRow]
	err    error
}

// NewWriter returns a Writer to w, which receives nothing that is worth keeping before Close.
func NewWriter(w io.Writer) *Writer {
	frames, slots := frameColumns(), slotColumns()
	codec, err := newEncoder()
	if err != nil {
		return &Writer{err: fmt.Errorf("set up compression: %w", err)}
	}
	options := []parquet.WriterOption{
		newSchema(frames, slots),
		parquet.CreatedBy("aircheck", strconv.Itoa(jobs.MeasureVersion), ""),
		parquet.Compression(codec),
		parquet.DataPageStatistics(false), // the column chunks have them
	}
	for _, c := range frames {
		options = appendSkipBounds(options, &c)
	}
	for _, c := range slots {
		options = appendSkipBounds(options, &c)
	}
	file := parquet.NewGenericWriter[any](w, options...)
	return &Writer{
		file:   file,
		frames: newGroup(file, Video, frames, leadingColumns, groupFrames),
		slots:  newGroup(file, Audio, slots, leadingColumns+len(frames), groupSlots),
	}
}

// appendSkipBounds leaves out the least and the greatest grid: nobody looks for them, and they are long.
func appendSkipBounds[R any](options []parquet.WriterOption, c *column[R]) []parquet.WriterOption {
	if c.node.Type().Kind() != parquet.FixedLenByteArray {
		return options
	}
	return append(options, parquet.SkipPageBounds(c.name))
}

// Frame writes one frame. It keeps neither f nor anything that f points to.
func (w *Writer) Frame(f *Frame) error {
	if w.err == nil {
		w.err = add(w.frames, f)
	}
	return w.err
}

// Slot writes one slot. It keeps neither s nor anything that s points to.
func (w *Writer) Slot(s *Slot) error {
	if w.err == nil {
		w.err = add(w.slots, s)
	}
	return w.err
}

// Close writes the header and the end of the object. It sets h.V. It does not close the underlying writer.
func (w *Writer) Close(h Header) error {
	if w.err != nil {
		return w.err
	}
	w.err = errors.Join(w.frames.commit(), w.slots.commit())
	if w.err != nil {
		return w.err
	}
	h.V = jobs.Version
	w.err = w.close(&h)
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("measurement is closed")
	return nil
}

func (w *Writer) close(h *Header) error {
	if err := h.validate(); err != nil {
		return fmt.Errorf("write header: %w", err)
	}
	doc, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("write header: %w", err)
	}
	if len(doc) > maxHeader {
		return fmt.Errorf("write header: %d bytes, at most %d are allowed", len(doc), maxHeader)
	}
	w.file.SetKeyValueMetadata(keyHeader, string(doc))
	w.file.SetKeyValueMetadata(keyMeasure, strconv.Itoa(h.Measure))
	w.file.SetKeyValueMetadata(keyVersion, strconv.Itoa(h.V))
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("write measurement: %w", err)
	}
	return nil
}

// A row is a frameRow or a slotRow.
type row[R, S any] interface {
	*R
	set(s *S) error
	get() (*S, error)
	head() (track, unit *int32)
}

// A group collects rows of one kind: first a batch as rows, then columns in the library's buffers, then a row group in the file.
type group[R any] struct {
	kind    parquet.Value
	columns []column[R]
	first   int // position of columns[0] in the file
	writers []*parquet.ColumnWriter
	file    *parquet.ConcurrentRowGroupWriter

	batch  []R
	heads  [2][]int32 // track and unit of the batch
	rows   int        // in the row group so far, without the batch
	limit  int
	values []parquet.Value
	nulls  []parquet.Value
}

func newGroup[R any](w *parquet.GenericWriter[any], kind Kind, columns []column[R], first, limit int) *group[R] {
	file := w.BeginRowGroup()
	return &group[R]{
		kind: parquet.ByteArrayValue([]byte(kind)), columns: columns, first: first, limit: limit,
		file: file, writers: file.ColumnWriters(),
		batch: make([]R, 0, batchRows),
		nulls: make([]parquet.Value, batchRows),
	}
}

// add copies s into the batch.
func add[R, S any, P row[R, S]](g *group[R], s *S) error {
	g.batch = g.batch[:len(g.batch)+1]
	r := P(&g.batch[len(g.batch)-1])
	if err := r.set(s); err != nil {
		return fmt.Errorf("write row %d: %w", g.rows+len(g.batch)-1, err)
	}
	track, unit := r.head()
	g.heads[0] = append(g.heads[0], *track)
	g.heads[1] = append(g.heads[1], *unit)
	if len(g.batch) < cap(g.batch) {
		return nil
	}
	if err := g.flush(); err != nil || g.rows < g.limit {
		return err
	}
	return g.commit()
}

// flush moves the batch into columns.
func (g *group[R]) flush() error {
	n := len(g.batch)
	for i, w := range g.writers {
		if _, err := w.WriteRowValues(g.column(i, n)); err != nil {
			return fmt.Errorf("write column %d: %w", i, err)
		}
	}
	g.rows += n
	g.batch = g.batch[:0]
	g.heads[0], g.heads[1] = g.heads[0][:0], g.heads[1][:0]
	return nil
}

// column returns what the batch has in the file's i-th column: the three that all rows have, its own, or NULL.
func (g *group[R]) column(i, n int) []parquet.Value {
	g.values = g.values[:0]
	switch own := i - g.first; {
	case i == 0:
		for range n {
			g.values = append(g.values, g.kind.Level(0, 0, i))
		}
	case i <= len(g.heads):
		for _, v := range g.heads[i-1] {
			g.values = append(g.values, parquet.Int32Value(v).Level(0, 0, i))
		}
	case own >= 0 && own < len(g.columns):
		g.values = g.columns[own].appendTo(g.values, g.batch, i)
	default:
		return g.nulls[:n]
	}
	return g.values
}

// appendTo appends the rows' values with their levels: definition 0 is NULL, 1 a value or an empty list, 2 an element; repetition 1 continues a list.
func (c *column[R]) appendTo(values []parquet.Value, rows []R, at int) []parquet.Value {
	for i := range rows {
		r := &rows[i]
		switch {
		case c.has != nil && !*c.has(r):
			values = append(values, parquet.NullValue().Level(0, 0, at))
		case !c.isList():
			values = append(values, c.value(r).Level(0, 1, at))
		case c.count(r) == 0:
			values = append(values, parquet.NullValue().Level(0, 1, at))
		default:
			for k := range c.count(r) {
				values = append(values, c.element(r, k).Level(min(k, 1), 2, at))
			}
		}
	}
	return values
}

// commit ends the row group.
func (g *group[R]) commit() error {
	if len(g.batch) > 0 {
		if err := g.flush(); err != nil {
			return err
		}
	}
	if g.rows == 0 {
		return nil
	}
	g.rows = 0
	if _, err := g.file.Commit(); err != nil {
		return fmt.Errorf("write row group: %w", err)
	}
	return nil
}

// newSchema describes the file to the library and to every other reader.
func newSchema(frames []column[frameRow], slots []column[slotRow]) *parquet.Schema {
	g := orderedGroup{Group: parquet.Group{
		kindColumn: parquet.Encoded(parquet.String(), &parquet.Plain),
		"track":    parquet.Encoded(parquet.Leaf(parquet.Int32Type), &parquet.Plain),
		"unit":     parquet.Encoded(parquet.Leaf(parquet.Int32Type), &parquet.Plain),
	}}
	g.order = []string{kindColumn, "track", "unit"}
	for _, c := range frames {
		g.add(c.name, c.node, c.isList())
	}
	for _, c := range slots {
		g.add(c.name, c.node, c.isList())
	}
	return parquet.NewSchema("measurement", g)
}

// orderedGroup is a group whose fields stand in the order in which they were added; the library's own sorts them by name.
type orderedGroup struct {
	parquet.Group
	order []string
}

func (g *orderedGroup) add(name string, node parquet.Node, list bool) {
	node = parquet.Encoded(node, &parquet.Plain)
	if list {
		node = parquet.List(node)
	}
	g.Group[name] = parquet.Optional(node)
	g.order = append(g.order, name)
}

// Fields implements parquet.Node.
func (g orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(g.order, a.Name()) - slices.Index(g.order, b.Name())
	})
	return fields
}
