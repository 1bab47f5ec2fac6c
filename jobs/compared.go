package jobs

import (
	"fmt"
	"math"
)

// MaxComparedBytes bounds an encoded Compared: MaxPairs rows of at most 100 bytes.
const MaxComparedBytes = 1 << 20

// Compared is what came of a Compare: a pure function of the pictures.
type Compared struct {
	V       int    `json:"v"`
	Measure int    `json:"measure"` // MeasureVersion
	FFmpeg  string `json:"ffmpeg"`
	// Key is that of the Compare.
	Key string `json:"key"`
	// Formats of the pictures met, most often one; Row refers to them by position.
	Formats []ComparedFormat `json:"formats"`
	// Rows are in the order of the pairs.
	Rows []ComparedRow `json:"rows"`
}

// ComparedFormat says what was compared: the reference's size and depth, to which the other picture was brought.
type ComparedFormat struct {
	Width        int `json:"width"`
	Height       int `json:"height"`
	ChromaWidth  int `json:"chroma_width"`
	ChromaHeight int `json:"chroma_height"`
	Depth        int `json:"depth"`
	// Scaled says how the rendition's picture was made comparable: "yuv420p 480x270 to 640x360"; empty when it was not touched.
	Scaled string `json:"scaled,omitempty"`
}

// ComparedRow holds the figures of one pair.
type ComparedRow struct {
	// Pair is the position in Compare.Pairs; a pair of which a picture could not be had has no row.
	Pair   int `json:"i"`
	Format int `json:"f,omitempty"`
	// SSE are the sums of squared errors of Y, Cb and Cr.
	SSE [3]int64 `json:"e"`
	// SSIM are the similarities of the planes in units of 1e-9.
	SSIM [3]int64 `json:"s"`
}

// SSIMUnit is one in the units of ComparedRow.SSIM.
const SSIMUnit = 1_000_000_000

// EncodeCompared returns the canonical JSON of a valid result. It sets the versions.
func EncodeCompared(c *Compared) ([]byte, error) {
	v := *c
	v.V, v.Measure = Version, MeasureVersion
	return encode("comparison", &v, v.validate, MaxComparedBytes)
}

// DecodeCompared reads what EncodeCompared wrote. Errors are of class Permanent.
func DecodeCompared(b []byte) (*Compared, error) {
	c := new(Compared)
	if err := decode("comparison", b, c, c.validate, MaxComparedBytes); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Compared) validate() error {
	switch {
	case c.V != Version:
		return knownVersion(c.V)
	case c.Measure != MeasureVersion:
		return fmt.Errorf("%w %d of measurements", ErrVersion, c.Measure)
	case len(c.Rows) > MaxPairs || len(c.Formats) > MaxPairs:
		return fmt.Errorf("%d rows", len(c.Rows))
	}
	for i := range c.Formats {
		if err := c.Formats[i].validate(); err != nil {
			return err
		}
	}
	last := -1
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.Pair <= last || r.Pair >= MaxPairs || r.Format < 0 || r.Format >= len(c.Formats) {
			return fmt.Errorf("row %d is of pair %d, format %d", i, r.Pair, r.Format)
		}
		last = r.Pair
		for k := range r.SSE {
			if r.SSE[k] < 0 || r.SSIM[k] < -SSIMUnit || r.SSIM[k] > SSIMUnit {
				return fmt.Errorf("row %d has figures that cannot be", i)
			}
		}
	}
	return nil
}

func (f *ComparedFormat) validate() error {
	const side = math.MaxInt16
	if f.Width < 1 || f.Width > side || f.Height < 1 || f.Height > side || f.ChromaWidth < 0 || f.ChromaWidth > side || f.ChromaHeight < 0 ||
		f.ChromaHeight > side || f.Depth < 8 || f.Depth > 16 || len(f.Scaled) > maxText {
		return fmt.Errorf("pictures of %dx%d, %d bits", f.Width, f.Height, f.Depth)
	}
	return nil
}
