package export

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// groupRows is where a row group of frames or slots ends: a few MB in memory.
	groupRows = 1 << 14
	// partGroups is how many row groups a file has at most: an hour of slots fits into three.
	partGroups = 8
	// batch is how many rows go to the encoder at a time.
	batch = 256
)

// Place is where the files of an export go, under names with slashes.
type Place interface {
	// Put keeps a file whole or not at all, instead of one that had its name. It may keep the body.
	Put(ctx context.Context, name string, body []byte) error
	// List calls fn with the names that begin with prefix; it stops at fn's first error and returns it.
	List(ctx context.Context, prefix string, fn func(name string) error) error
	// Delete removes a file.
	Delete(ctx context.Context, name string) error
}

// Parquet writes a check as tables, partitioned as Hive does: frames and slots by stream, date and rendition, and what the report says (checks, renditions, findings, coverage,
// markers) by stream and date. Files are called after the check: those of an earlier export of it are replaced, and what is left of them is deleted at the end, so that no row is there twice and none lacks for longer than a
// moment. docs/QUERIES.md tells the columns.
func Parquet(ctx context.Context, src Source, to Place) error {
	p := &parquetTable{ctx: ctx, src: src, to: to, written: map[string]bool{}, place: partition("stream", streamName(src.Check)) + "/" + partition("date", day(src.Check))}
	for _, write := range []func() error{
		func() error { return small(p, "checks", checkRows(src)) },
		func() error { return small(p, "renditions", renditionRows(src)) },
		func() error { return small(p, "findings", findingRows(src)) },
		func() error { return small(p, "coverage", coverageRows(src)) },
		func() error { return small(p, "markers", markerRows(src)) },
		func() error { return walk(ctx, src, "", p) },
		p.sweep,
	} {
		if err := write(); err != nil {
			return fmt.Errorf("export check %s: %w", src.Check.ID, err)
		}
	}
	return nil
}

// parquetTable writes the rows of a walk. One file a rendition is open at a time, and only those of one sequence.
type parquetTable struct {
	ctx    context.Context //nolint:containedctx // a walk is one call
	src    Source
	to     Place
	place  string
	frames map[string]*parts[frameRow]
	slots  map[string]*parts[slotRow]
	// written are the files of this export.
	written map[string]bool
}

// tables are the directories of an export.
func tables() []string {
	return []string{"checks", "renditions", "findings", "coverage", "markers", "frames", "slots"}
}

// sweep deletes what an earlier export of the check left: it may have had more parts, or other renditions.
func (p *parquetTable) sweep() error {
	places := []string{p.place}
	if name := streamName(p.src.Check); isNull(name) { // earlier releases wrote it as it is
		places = append(places, "stream="+name+"/"+partition("date", day(p.src.Check)))
	}
	var old []string
	for _, table := range tables() {
		for _, place := range places {
			err := p.to.List(p.ctx, table+"/"+place+"/", func(name string) error {
				if !p.written[name] && isPart(path.Base(name), p.src.Check.ID) {
					old = append(old, name)
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("list table %s: %w", table, err)
			}
		}
	}
	for _, name := range old {
		if err := p.to.Delete(p.ctx, name); err != nil {
			return fmt.Errorf("delete %s: %w", name, err)
		}
	}
	return nil
}

// partName is the name of a part of a table; isPart knows the parts of a check by it.
func partName(table string, n int) string { return fmt.Sprintf("%s-%03d.parquet", table, n) }

func isPart(file, check string) bool {
	number, ok := strings.CutPrefix(file, check+"-")
	if !ok {
		return false
	}
	number, _ = strings.CutSuffix(number, ".parquet")
	n, err := strconv.Atoi(number)
	return err == nil && n >= 0 && file == partName(check, n)
}

// small writes a table whole, also when it has no rows: a query over nothing is answered with nothing.
func small[R any](p *parquetTable, table string, rows []R) error {
	w := newParts[R](p, fmt.Sprintf("%s/%s/%s", table, p.place, p.src.Check.ID))
	for i := range rows {
		if err := w.add(rows[i]); err != nil {
			return err
		}
	}
	return w.end(true)
}

func (p *parquetTable) frame(t *track, at, length jobs.Micros, f *measurement.Frame) error {
	if p.frames == nil {
		p.frames = map[string]*parts[frameRow]{}
	}
	w := p.frames[t.ID]
	if w == nil {
		w = newParts[frameRow](p, p.name("frames", t))
		p.frames[t.ID] = w
	}
	return w.add(frameRowOf(p.src.Check.ID, t, at, length, f))
}

func (p *parquetTable) slot(t *track, at, length jobs.Micros, s *measurement.Slot) error {
	if p.slots == nil {
		p.slots = map[string]*parts[slotRow]{}
	}
	w := p.slots[t.ID]
	if w == nil {
		w = newParts[slotRow](p, p.name("slots", t))
		p.slots[t.ID] = w
	}
	return w.add(slotRowOf(p.src.Check.ID, t, at, length, s))
}

func (p *parquetTable) name(table string, t *track) string {
	return fmt.Sprintf("%s/%s/%s/%s", table, p.place, partition("rendition", t.ID), p.src.Check.ID)
}

// left closes the files of a sequence.
func (p *parquetTable) left(string) error {
	for _, w := range p.frames {
		if err := w.end(false); err != nil {
			return err
		}
	}
	for _, w := range p.slots {
		if err := w.end(false); err != nil {
			return err
		}
	}
	p.frames, p.slots = nil, nil
	return nil
}

// parts writes rows into files of bounded size.
type parts[R any] struct {
	table  *parquetTable
	name   string
	body   bytes.Buffer
	writer *parquet.GenericWriter[R]
	held   []R
	rows   int // in the file and held
	files  int
}

func newParts[R any](p *parquetTable, name string) *parts[R] {
	w := &parts[R]{table: p, name: name}
	w.writer = parquet.NewGenericWriter[R](&w.body, parquet.Compression(&zstd.Codec{}), parquet.CreatedBy("aircheck", "", ""))
	return w
}

func (w *parts[R]) add(row R) error {
	w.held = append(w.held, row)
	w.rows++
	switch {
	case w.rows == groupRows*partGroups:
		return w.end(false)
	case w.rows%groupRows == 0:
		if err := w.flush(); err != nil {
			return err
		}
		if err := w.writer.Flush(); err != nil {
			return fmt.Errorf("write %s: %w", w.name, err)
		}
	case len(w.held) == batch:
		return w.flush()
	}
	return nil
}

// flush encodes what is held.
func (w *parts[R]) flush() error {
	if _, err := w.writer.Write(w.held); err != nil {
		return fmt.Errorf("write %s: %w", w.name, err)
	}
	w.held = w.held[:0]
	return nil
}

// end closes the file that is open, and makes one where there is none if always.
func (w *parts[R]) end(always bool) error {
	if w.rows == 0 && !always {
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.writer.Close(); err != nil {
		return fmt.Errorf("write %s: %w", w.name, err)
	}
	name := partName(w.name, w.files)
	if err := w.table.to.Put(w.table.ctx, name, w.body.Bytes()); err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	w.table.written[name] = true
	w.files++
	w.rows = 0
	w.body = bytes.Buffer{} // whoever put it may keep it
	w.writer.Reset(&w.body)
	return nil
}
