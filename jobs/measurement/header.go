package measurement

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"aircheck/jobs"
)

// maxObjects bounds the JSON objects in a header: what they unfold to in memory is many times their length.
const maxObjects = 1 << 18

// parseHeader reads the header strictly; in one of another release it overlooks what it does not know.
func parseHeader(doc []byte, foreign bool) (Header, error) {
	var h Header
	if len(doc) > maxHeader || bytes.Count(doc, []byte("{")) > maxObjects {
		return h, fmt.Errorf("header of %d bytes", len(doc))
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	if !foreign {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(&h); err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return h, errors.New("header: data after the value")
	}
	if err := h.validate(); err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	return h, nil
}

// validate checks what readers of a measurement rely on without looking.
func (h *Header) validate() error {
	if h.V != jobs.Version {
		return fmt.Errorf("%w %d", jobs.ErrVersion, h.V)
	}
	if h.Window < 0 || h.Duration < 0 {
		return fmt.Errorf("window %d, duration %d µs", h.Window, h.Duration)
	}
	for i := range h.Formats {
		if err := h.Formats[i].validate(); err != nil {
			return fmt.Errorf("format %d: %w", i, err)
		}
	}
	for i := range h.Units {
		for _, t := range h.Units[i].Tracks {
			if t.Format < 0 || t.Format >= len(h.Formats) {
				return fmt.Errorf("unit %d: format %d of %d", h.Units[i].Index, t.Format, len(h.Formats))
			}
			if t.Track < 0 || t.Packets < 0 || t.Frames < 0 || t.Bytes < 0 || t.Errors < 0 {
				return fmt.Errorf("unit %d: track %d has a negative count", h.Units[i].Index, t.Track)
			}
		}
	}
	return nil
}

// maxSide bounds the width and the height of a picture, and maxRate the samples a second: FFmpeg has no larger ones, and products of them stay below 2^63.
const (
	maxSide = 1 << 16
	maxRate = 1 << 24
)

// validate refuses sizes by which nobody could divide or multiply. 0 is the size of a track of which nothing was decoded.
func (f *Format) validate() error {
	for _, side := range []int{f.Width, f.Height, f.ChromaWidth, f.ChromaHeight} {
		if side < 0 || side > maxSide {
			return fmt.Errorf("a picture of %dx%d, chroma %dx%d", f.Width, f.Height, f.ChromaWidth, f.ChromaHeight)
		}
	}
	if f.Depth < 0 || f.Depth > 32 || f.SampleRate < 0 || f.SampleRate > maxRate || f.Channels < 0 {
		return fmt.Errorf("depth %d, %d samples/s, %d channels", f.Depth, f.SampleRate, f.Channels)
	}
	return nil
}
