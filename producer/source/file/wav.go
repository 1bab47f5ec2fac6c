package file

import (
	"context"
	"encoding/binary"
	"math"

	"aircheck/jobs"
)

// maxChunks bounds how many RIFF chunks are looked at: production files have about ten before the samples.
const maxChunks = 1000

// unknownSize stands in 32-bit size fields whose value is elsewhere (RF64) or was never written (streams).
const unknownSize = math.MaxUint32

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
			return container{media: "audio", duration: w.duration(size, r.object.Size-off-8)}, nil
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

// duration is that of size bytes, or of what is there when the size was never written.
func (w *wave) duration(size, rest int64) jobs.Micros {
	if size == unknownSize && w.data64 > 0 {
		size = w.data64
	}
	if size == 0 || size == unknownSize {
		size = rest
	}
	d, _ := ticks(size, w.byteRate)
	return d
}
