package measurement

import (
	"errors"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
)

// A column moves one field between rows of type R and its place in the file. It is described once, for both directions.
type column[R any] struct {
	name  string
	node  parquet.Node // of one value
	width int          // bytes of one value
	// has tells whether the row has the field; nil for a field that every row has. When leading, reading the column decides it, and the other
	// columns with the same has must agree.
	has     func(*R) *bool
	leading bool
	isGrid  bool

	// value and load write and read a plain field; load takes the values of consecutive rows that all have the field.
	value func(*R) parquet.Value
	load  func(rows []R, b []byte)

	// A list has these instead. fit makes room for n elements or refuses the number.
	count    func(*R) int
	element  func(r *R, i int) parquet.Value
	fit      func(r *R, n int) error
	loadList func(r *R, b []byte)
}

func (c *column[R]) isList() bool { return c.count != nil }

// when makes a column NULL where has is false.
func (c column[R]) when(has func(*R) *bool) column[R] {
	c.has = has
	return c
}

// leads is when for the first column of a group.
func (c column[R]) leads(has func(*R) *bool) column[R] {
	c.leading = true
	return c.when(has)
}

// grid marks what Options.SkipGrids leaves out.
func (c column[R]) grid() column[R] {
	c.isGrid = true
	return c
}

// Definition levels of a list column: NULL is 0, as it is for a plain column, where 1 is a value.
const (
	levelEmpty   = 1
	levelElement = 2
)

var (
	errNull   = errors.New("NULL where there must be a value")
	errGroup  = errors.New("NULL where its group is not, or the other way round")
	errLevels = errors.New("levels do not make lists")
)

// read fills the field in rows, which are the next in the file.
func (c *column[R]) read(cur *cursor, z *zstd.Decoder, rows []R) error {
	for len(rows) > 0 {
		if cur.rows == 0 {
			if err := cur.next(z, c.isList()); err != nil {
				return err
			}
		}
		n := min(len(rows), cur.rows)
		read := c.readAll
		switch {
		case c.isList():
			read = c.readLists
		case cur.def != nil:
			read = c.readSome
		}
		if err := read(cur, rows[:n]); err != nil {
			return err
		}
		cur.rows -= n
		rows = rows[n:]
	}
	return nil
}

// readAll is for a page without NULLs.
func (c *column[R]) readAll(cur *cursor, rows []R) error {
	c.load(rows, cur.values)
	cur.values = cur.values[len(rows)*c.width:]
	return c.mark(rows, true)
}

// readSome is for a page with NULLs: it loads the runs between them.
func (c *column[R]) readSome(cur *cursor, rows []R) error {
	for i := 0; i < len(rows); {
		j := i + 1
		for j < len(rows) && cur.def[j] == cur.def[i] {
			j++
		}
		present := cur.def[i] != 0
		if present {
			c.load(rows[i:j], cur.values)
			cur.values = cur.values[(j-i)*c.width:]
		}
		if err := c.mark(rows[i:j], present); err != nil {
			return err
		}
		i = j
	}
	cur.def = cur.def[len(rows):]
	return nil
}

// mark notes that rows have or lack the field.
func (c *column[R]) mark(rows []R, present bool) error {
	switch {
	case c.has == nil && !present:
		return errNull
	case c.has == nil:
		return nil
	}
	for i := range rows {
		if has := c.has(&rows[i]); c.leading {
			*has = present
		} else if *has != present {
			return errGroup
		}
	}
	return nil
}

func (c *column[R]) readLists(cur *cursor, rows []R) error {
	for i := range rows {
		n, present, err := cur.list()
		if err != nil {
			return err
		}
		if err := c.mark(rows[i:i+1], present); err != nil {
			return err
		}
		if !present {
			continue
		}
		if err := c.fit(&rows[i], n); err != nil {
			return err
		}
		c.loadList(&rows[i], cur.values)
		cur.values = cur.values[n*c.width:]
	}
	return nil
}

// list reads the levels of one row: the length of its list, or that it is NULL.
func (c *cursor) list() (n int, present bool, err error) {
	end := 1
	for end < len(c.rep) && c.rep[end] != 0 {
		end++
	}
	n, present = end, true
	if c.def != nil {
		switch {
		case c.def[0] == levelElement:
			if count(c.def[:end], levelElement) != end {
				return 0, false, errLevels
			}
		case c.def[0] > levelElement || end > 1:
			return 0, false, errLevels
		default:
			n, present = 0, c.def[0] == levelEmpty
		}
		c.def = c.def[end:]
	}
	c.rep = c.rep[end:]
	return n, present, nil
}
