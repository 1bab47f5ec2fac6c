package judge

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// cellStore keeps one value of a few bytes for each cell of time, for as many cells as it may. Cells of which nothing is known are left out. In a checkpoint a value is
// its difference from the one before: pictures change little, and the checkpoint is compressed.
type cellStore struct {
	runs []cellRun
	data []byte
	// width is the length of a value in bytes.
	width int
}

// cellRun is a row of known cells.
type cellRun struct {
	From  int64 `json:"f"`
	Count int64 `json:"n"`
	// before is how many cells the runs before this one hold.
	before int64
}

// next is the first cell that may still be added.
func (c *cellStore) next() int64 {
	if n := len(c.runs); n > 0 {
		return c.runs[n-1].From + c.runs[n-1].Count
	}
	return 0
}

// add keeps the value of a cell, unless it has one or there are limit cells already.
func (c *cellStore) add(cell int64, limit int, value []byte) {
	if cell < c.next() || len(c.data) >= limit*c.width || len(value) != c.width {
		return
	}
	if n := len(c.runs); n > 0 && c.next() == cell {
		c.runs[n-1].Count++
	} else {
		c.runs = append(c.runs, cellRun{From: cell, Count: 1, before: int64(len(c.data) / c.width)})
	}
	if len(c.data)+c.width > cap(c.data) { // twice as much: append grows bytes by a quarter, and copies them five times
		c.data = slices.Grow(c.data, max(len(c.data), leastCells*c.width))
	}
	c.data = append(c.data, value...)
}

// leastCells is for how many cells there is room from the first on.
const leastCells = 64

// at is the value of a cell; nil where nothing is known.
func (c *cellStore) at(cell int64) []byte {
	n, _ := slices.BinarySearchFunc(c.runs, cell, func(r cellRun, cell int64) int { return cmp.Compare(r.From+r.Count-1, cell) })
	if n == len(c.runs) || cell < c.runs[n].From { // a stream that loses its sound again and again has very many runs
		return nil
	}
	i := int(c.runs[n].before+cell-c.runs[n].From) * c.width
	return c.data[i : i+c.width]
}

// storedCells is a cellStore in a checkpoint.
type storedCells struct {
	Width int       `json:"w"`
	Runs  []cellRun `json:"runs,omitempty"`
	Data  string    `json:"data,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (c *cellStore) MarshalJSON() ([]byte, error) {
	raw := make([]byte, len(c.data))
	copy(raw, c.data[:min(c.width, len(c.data))])
	for i := c.width; i < len(raw); i++ {
		raw[i] = c.data[i] - c.data[i-c.width]
	}
	return json.Marshal(storedCells{Width: c.width, Runs: c.runs, Data: base64.StdEncoding.EncodeToString(raw)})
}

var errCells = errors.New("cells do not fit their values")

// UnmarshalJSON implements json.Unmarshaler.
func (c *cellStore) UnmarshalJSON(b []byte) error {
	var s storedCells
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("decode cells: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(s.Data)
	if err != nil {
		return fmt.Errorf("decode cells: %w", err)
	}
	var count, end int64
	for i, r := range s.Runs {
		if r.From < end || r.Count <= 0 || r.Count > int64(len(raw)) {
			return fmt.Errorf("decode cells: %w", errCells)
		}
		s.Runs[i].before = count
		count, end = count+r.Count, r.From+r.Count
	}
	if s.Width <= 0 || count*int64(s.Width) != int64(len(raw)) {
		return fmt.Errorf("decode cells: %w", errCells)
	}
	for i := s.Width; i < len(raw); i++ {
		raw[i] += raw[i-s.Width]
	}
	*c = cellStore{runs: s.Runs, data: raw, width: s.Width}
	return nil
}
