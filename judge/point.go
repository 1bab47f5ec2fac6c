package judge

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"aircheck/jobs"
)

// point is what is known of a figure within a step of time: whole numbers, so that it is the same in whatever order points are put together.
type point struct {
	N, Low, High int32
	Sum          int64
}

func (p *point) add(o point) {
	switch {
	case o.N == 0:
	case p.N == 0:
		*p = o
	default:
		p.N += o.N
		p.Low, p.High, p.Sum = min(p.Low, o.Low), max(p.High, o.High), p.Sum+o.Sum
	}
}

// pointOf is a point of one value, in a part of the unit. It is the empty point where there is no such number.
func pointOf(v, scale float64) point {
	v = math.Round(v * scale)
	if math.IsNaN(v) {
		return point{}
	}
	n := int32(max(-maxFigure, min(v, maxFigure)))
	return point{N: 1, Low: n, High: n, Sum: int64(n)}
}

// maxFigure bounds a value: 10 Gbit/s in hundredths of kbit/s.
const maxFigure = 1 << 30

// points are those of one figure, by step. In a checkpoint they are base64 of varints: a live check writes its state every few seconds.
type points []point

// halve makes one of each two.
func (p *points) halve() {
	list := *p
	n := (len(list) + 1) / 2
	for i := range n {
		both := list[2*i]
		if 2*i+1 < len(list) {
			both.add(list[2*i+1])
		}
		list[i] = both
	}
	*p = list[:n]
}

// leastPoints is for how many points there is room from the first on.
const leastPoints = 256

// put adds to the point at a step below jobs.MaxCurvePoints.
func (p *points) put(at int, o point) {
	if o.N == 0 {
		return
	}
	if at < len(*p) {
		(*p)[at].add(o)
		return
	}
	if cap(*p) <= at {
		*p = slices.Grow(*p, max(at+1, leastPoints, min(2*cap(*p), jobs.MaxCurvePoints))-len(*p))
	}
	for len(*p) <= at {
		*p = append(*p, point{})
	}
	(*p)[at].add(o)
}

// MarshalJSON implements json.Marshaler.
func (p points) MarshalJSON() ([]byte, error) {
	raw := binary.AppendUvarint(nil, uint64(len(p)))
	var before int64
	for _, o := range p {
		raw = binary.AppendUvarint(raw, uint64(o.N))
		if o.N == 0 {
			continue
		}
		low := int64(o.Low)
		raw = binary.AppendVarint(raw, low-before)
		raw = binary.AppendUvarint(raw, uint64(int64(o.High)-low))
		raw = binary.AppendVarint(raw, o.Sum-int64(o.N)*low)
		before = low
	}
	return quoted(raw), nil
}

var errPoints = errors.New("a curve is cut off")

// UnmarshalJSON implements json.Unmarshaler.
func (p *points) UnmarshalJSON(b []byte) error {
	raw, err := unquoted(b, 1)
	if err != nil {
		return err
	}
	r := varints{raw: raw}
	n := r.unsigned()
	if n > jobs.MaxCurvePoints {
		return fmt.Errorf("decode a curve of %d points: %w", n, errPoints)
	}
	*p = nil
	var before int64
	for range n {
		o := point{N: int32(r.unsigned())}
		if o.N != 0 {
			low := before + r.signed()
			o.Low, o.High = int32(low), int32(low+int64(r.unsigned()))
			o.Sum = int64(o.N)*low + r.signed()
			before = low
		}
		*p = append(*p, o)
	}
	if r.bad || len(r.raw) > 0 {
		return fmt.Errorf("decode a curve of %d points: %w", n, errPoints)
	}
	return nil
}

// varints reads numbers until there are none; then it is bad.
type varints struct {
	raw []byte
	bad bool
}

func (v *varints) unsigned() uint64 {
	u, n := binary.Uvarint(v.raw)
	v.skip(n)
	return u
}

func (v *varints) signed() int64 {
	i, n := binary.Varint(v.raw)
	v.skip(n)
	return i
}

func (v *varints) skip(n int) {
	if n <= 0 {
		v.bad, v.raw = true, nil
		return
	}
	v.raw = v.raw[n:]
}

var (
	_ json.Marshaler   = points(nil)
	_ json.Unmarshaler = (*points)(nil)
)
