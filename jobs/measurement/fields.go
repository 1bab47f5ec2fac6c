package measurement

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
)

func le32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
func le64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }

func i64[R any](name string, at func(*R) *int64) column[R] {
	return column[R]{
		name: name, node: parquet.Leaf(parquet.Int64Type), width: 8,
		value: func(r *R) parquet.Value { return parquet.Int64Value(*at(r)) },
		load: func(rows []R, b []byte) {
			for i := range rows {
				*at(&rows[i]) = int64(le64(b, i))
			}
		},
	}
}

func u64[R any](name string, at func(*R) *uint64) column[R] {
	return column[R]{
		name: name, node: parquet.Uint(64), width: 8,
		value: func(r *R) parquet.Value { return parquet.Int64Value(int64(*at(r))) },
		load: func(rows []R, b []byte) {
			for i := range rows {
				*at(&rows[i]) = le64(b, i)
			}
		},
	}
}

func f64[R any](name string, at func(*R) *float64) column[R] {
	return column[R]{
		name: name, node: parquet.Leaf(parquet.DoubleType), width: 8,
		value: func(r *R) parquet.Value { return parquet.DoubleValue(*at(r)) },
		load: func(rows []R, b []byte) {
			for i := range rows {
				*at(&rows[i]) = math.Float64frombits(le64(b, i))
			}
		},
	}
}

func i32[R any](name string, at func(*R) *int32) column[R] {
	return column[R]{
		name: name, node: parquet.Leaf(parquet.Int32Type), width: 4,
		value: func(r *R) parquet.Value { return parquet.Int32Value(*at(r)) },
		load: func(rows []R, b []byte) {
			for i := range rows {
				*at(&rows[i]) = int32(le32(b, i))
			}
		},
	}
}

func f32[R any](name string, at func(*R) *float32) column[R] {
	return column[R]{
		name: name, node: parquet.Leaf(parquet.FloatType), width: 4,
		value: func(r *R) parquet.Value { return parquet.FloatValue(*at(r)) },
		load: func(rows []R, b []byte) {
			for i := range rows {
				*at(&rows[i]) = math.Float32frombits(le32(b, i))
			}
		},
	}
}

// pictureType is an int8, for which Parquet has no type of its own: it is stored in 32 bits.
func pictureType() column[frameRow] {
	return column[frameRow]{
		name: "picture_type", node: parquet.Leaf(parquet.Int32Type), width: 4,
		value: func(r *frameRow) parquet.Value { return parquet.Int32Value(int32(r.PictType)) },
		load: func(rows []frameRow, b []byte) {
			for i := range rows {
				rows[i].PictType = int8(le32(b, i))
			}
		},
	}
}

// octets is a field of n bytes.
func octets[R any](name string, n int, at func(*R) []uint8) column[R] {
	return column[R]{
		name: name, node: parquet.Leaf(parquet.FixedLenByteArrayType(n)), width: n,
		value: func(r *R) parquet.Value { return parquet.FixedLenByteArrayValue(at(r)) },
		load: func(rows []R, b []byte) {
			for i := range rows {
				copy(at(&rows[i]), b[n*i:])
			}
		},
	}
}

func edges[R any](name string, at func(*R) *[EdgePhases]int64) column[R] {
	return column[R]{
		name: name, node: parquet.Leaf(parquet.Int64Type), width: 8,
		count:   func(*R) int { return len(Texture{}.ColEdge) },
		element: func(r *R, i int) parquet.Value { return parquet.Int64Value(at(r)[i]) },
		fit: func(_ *R, n int) error {
			if n != len(Texture{}.ColEdge) {
				return fmt.Errorf("list of %d, want %d", n, len(Texture{}.ColEdge))
			}
			return nil
		},
		loadList: func(r *R, b []byte) {
			for i := range at(r) {
				at(r)[i] = int64(le64(b, i))
			}
		},
	}
}

func channels(name string, node parquet.Node, width int) column[slotRow] {
	return column[slotRow]{
		name: name, node: node, width: width,
		count: func(r *slotRow) int { return len(r.Ch) },
		fit: func(r *slotRow, n int) error {
			if n != len(r.Ch) {
				return fmt.Errorf("list of %d for %d channels", n, len(r.Ch))
			}
			return nil
		},
	}
}

// counting makes a list of channels the one that decides how many there are.
func (c column[R]) counting(fit func(r *R, n int) error) column[R] {
	c.fit = fit
	return c
}

func fitChannels(r *slotRow, n int) error {
	if n > MaxChannels {
		return fmt.Errorf("%d channels, at most %d are possible", n, MaxChannels)
	}
	if cap(r.Ch) < n {
		r.Ch = make([]Channel, n)
	}
	r.Ch = r.Ch[:n]
	return nil
}

func channelsF64(name string, at func(*Channel) *float64) column[slotRow] {
	c := channels(name, parquet.Leaf(parquet.DoubleType), 8)
	c.element = func(r *slotRow, i int) parquet.Value { return parquet.DoubleValue(*at(&r.Ch[i])) }
	c.loadList = func(r *slotRow, b []byte) {
		for i := range r.Ch {
			*at(&r.Ch[i]) = math.Float64frombits(le64(b, i))
		}
	}
	return c
}

func channelsF32(name string, at func(*Channel) *float32) column[slotRow] {
	c := channels(name, parquet.Leaf(parquet.FloatType), 4)
	c.element = func(r *slotRow, i int) parquet.Value { return parquet.FloatValue(*at(&r.Ch[i])) }
	c.loadList = func(r *slotRow, b []byte) {
		for i := range r.Ch {
			*at(&r.Ch[i]) = math.Float32frombits(le32(b, i))
		}
	}
	return c
}

func channelsI32(name string, at func(*Channel) *int32) column[slotRow] {
	c := channels(name, parquet.Leaf(parquet.Int32Type), 4)
	c.element = func(r *slotRow, i int) parquet.Value { return parquet.Int32Value(*at(&r.Ch[i])) }
	c.loadList = func(r *slotRow, b []byte) {
		for i := range r.Ch {
			*at(&r.Ch[i]) = int32(le32(b, i))
		}
	}
	return c
}
