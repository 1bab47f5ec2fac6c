package judge

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// series is a long row of figures. In a checkpoint it is base64 of their bits, little-endian: a live check writes and reads its state every few seconds, and an
// hour of decimal figures was most of the time that this took.
type series []float64

// counts is a long row of whole figures, kept like a series.
type counts []int32

var errSeries = errors.New("a row of figures is cut off")

// MarshalJSON implements json.Marshaler.
func (s series) MarshalJSON() ([]byte, error) {
	raw := make([]byte, 0, 8*len(s))
	for _, v := range s {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return quoted(raw), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *series) UnmarshalJSON(b []byte) error {
	raw, err := unquoted(b, 8)
	if err != nil {
		return err
	}
	*s = nil
	for ; len(raw) > 0; raw = raw[8:] {
		*s = append(*s, math.Float64frombits(binary.LittleEndian.Uint64(raw)))
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (c counts) MarshalJSON() ([]byte, error) {
	raw := make([]byte, 0, 4*len(c))
	for _, v := range c {
		raw = binary.LittleEndian.AppendUint32(raw, uint32(v))
	}
	return quoted(raw), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *counts) UnmarshalJSON(b []byte) error {
	raw, err := unquoted(b, 4)
	if err != nil {
		return err
	}
	*c = nil
	for ; len(raw) > 0; raw = raw[4:] {
		*c = append(*c, int32(binary.LittleEndian.Uint32(raw)))
	}
	return nil
}

func quoted(raw []byte) []byte {
	b := make([]byte, 0, base64.StdEncoding.EncodedLen(len(raw))+2)
	b = base64.StdEncoding.AppendEncode(append(b, '"'), raw)
	return append(b, '"')
}

func unquoted(b []byte, width int) ([]byte, error) {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return nil, fmt.Errorf("decode a row of figures: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("decode a row of figures: %w", err)
	}
	if len(raw)%width != 0 {
		return nil, fmt.Errorf("decode a row of figures: %w", errSeries)
	}
	return raw, nil
}
