package measurement

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// encoder compresses pages for the library. The library's own codec keeps a window of 4 MiB for each of its encoders; a page has 256 KiB.
type encoder struct{ z *zstd.Encoder }

func newEncoder() (encoder, error) {
	z, err := zstd.NewWriter(nil,
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(256<<10),
		zstd.WithZeroFrames(true), // an empty page must be a frame for other readers
		zstd.WithEncoderCRC(false),
	)
	return encoder{z}, err
}

// String names the codec.
func (encoder) String() string { return "ZSTD" }

// CompressionCodec is how the file names it.
func (encoder) CompressionCodec() format.CompressionCodec { return format.Zstd }

// Encode compresses src into dst.
func (e encoder) Encode(dst, src []byte) ([]byte, error) { return e.z.EncodeAll(src, dst[:0]), nil }

// Decode is part of the library's interface; a writer has no use for it.
func (encoder) Decode(dst, _ []byte) ([]byte, error) {
	return dst, fmt.Errorf("decompress: not by a writer")
}
