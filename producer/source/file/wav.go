package file

import (
	"context"
	"encoding/binary"
	"math"
)

// maxChunks bounds how many RIFF chunks are looked at: production files have about ten before the samples.
const maxChunks = 1000

// unknownSize stands in 32-bit size fields whose value is elsewhere (RF64) or was never written (streams).
const unknownSize = math.MaxUint32

const (
	// headerSlack is how much longer than it is a data chunk may claim to be: some writers count the header in, and 64 bytes are a millisecond of sound.
	headerSlack = 64
	// placeholderSlack is how far below 2 GiB and 4 GiB the lengths lie that programs write when they do not know better and cannot come back: SoX 0x7ffff000,
	// arecord 0x7fffff00 and 0x80000000, FFmpeg 0xffffffff, others the same without their header.
	placeholderSlack = 64 << 10
)

func isWAV(head []byte) bool {
	if len(head) < 12 || string(head[8:12]) != "WAVE" {
		return false
	}
	id := string(head[:4])
	return id == "RIFF" || id == "RF64" || id == "BW64"
}

// wave is what the chunks of a WAV file say (Multimedia Programming Interface 1.0; RF64: EBU Tech 3306).
type wave struct {
	byteRate int64
	data64   int64 // from ds64
}

// probeWAV finds the length of the samples.
func probeWAV(ctx context.Context, r *reader) (container, error) {
	le := binary.LittleEndian
	var w wave
	off := int64(12)
	for range maxChunks {
		b, err := r.at(ctx, off, 8+28)
		if err != nil {
			return container{}, err
		}
		if len(b) < 8 {
			break
		}
		size := int64(le.Uint32(b[4:]))
		if string(b[:4]) == "data" {
			return w.container(size, off+8, r.object.Size), nil
		}
		w.chunk(string(b[:4]), b[8:])
		off += 8 + size + size&1
	}
	return container{media: "audio"}, nil
}

// chunk reads the fields of fmt and ds64 that matter.
func (w *wave) chunk(id string, b []byte) {
	le := binary.LittleEndian
	switch {
	case id == "fmt " && len(b) >= 16:
		w.byteRate = int64(le.Uint32(b[8:]))
		if rate, align := int64(le.Uint32(b[4:])), int64(le.Uint16(b[12:])); le.Uint16(b) == 1 && rate > 0 && align > 0 {
			w.byteRate = rate * align // PCM: some writers get the byte rate wrong
		}
	case id == "ds64" && len(b) >= 16:
		w.data64 = int64(le.Uint64(b[8:]) & math.MaxInt64)
	}
}

// container is what a data chunk of the given size means whose samples begin at off. A size that was never written is that of what is there.
func (w *wave) container(size, off, object int64) container {
	c := container{media: "audio"}
	if size == unknownSize && w.data64 > 0 {
		size = w.data64
	}
	switch rest := object - off; {
	case size == 0 || size > rest && isPlaceholder(size):
		size = rest
	case size > rest+headerSlack:
		c.end = off + size
	}
	c.duration, _ = ticks(size, w.byteRate)
	return c
}

// isPlaceholder tells the lengths that stand for "to the end". In 64 bits it is whatever no disk holds.
func isPlaceholder(size int64) bool {
	const half, full = 1 << 31, 1 << 32
	return size >= half-placeholderSlack && size <= half || size >= full-placeholderSlack && size < full || size > maxOffset
}
