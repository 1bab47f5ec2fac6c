package jobs

import (
	"math"
	"strconv"
)

// Seconds is a time in seconds that is exact to the microsecond; it marshals with at most six decimals.
type Seconds float64

// At converts timeline microseconds.
func (m Micros) At() Seconds { return Seconds(m.Seconds()) }

// Micros rounds to the nearest microsecond.
func (s Seconds) Micros() Micros { return Micros(math.Round(float64(s) * 1e6)) }

// MarshalJSON writes the shortest decimal with at most six places.
func (s Seconds) MarshalJSON() ([]byte, error) { return appendFixed(float64(s), 6), nil }

// Number is a measured figure; it marshals with at most four decimals so that equal measurements give equal bytes.
type Number float64

// Figure returns a Number to point at, or nil when v is not finite: what could not be measured is absent, never 0.
func Figure(v float64) *Number {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	n := Number(v)
	return &n
}

// MarshalJSON writes the shortest decimal with at most four places.
func (n Number) MarshalJSON() ([]byte, error) { return appendFixed(float64(n), 4), nil }

func appendFixed(v float64, places int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null")
	}
	b := strconv.AppendFloat(nil, v, 'f', places, 64)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	if string(b) == "-0" {
		return []byte("0")
	}
	return b
}
