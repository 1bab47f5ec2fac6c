//go:build cgo

package decode

//#cgo pkg-config: libavcodec libavformat libavutil libswscale
//#cgo CFLAGS: -O2 -Wall
//#include <stdlib.h>
//#include "glue.h"
//#include <libavutil/version.h>
//#include <libavutil/avutil.h>
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/asticode/go-astiav"
)

// go-astiav keeps FFmpeg's structure in the first field of its own and does not hand it out; v0.16.0 is pinned, and a test checks that this still holds.
func rawStream(s *astiav.Stream) unsafe.Pointer        { return *(*unsafe.Pointer)(unsafe.Pointer(s)) }
func rawPacket(p *astiav.Packet) unsafe.Pointer        { return *(*unsafe.Pointer)(unsafe.Pointer(p)) }
func rawFormat(f *astiav.FormatContext) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(f)) }

// Install takes over FFmpeg's log, so that complaints are counted and attributed instead of printed. Call it once in a process.
func Install() { C.ac_log_install() }

// FFmpegVersion is the version of the FFmpeg that this process is linked with.
func FFmpegVersion() string { return C.GoString(C.av_version_info()) }

// complaints is what decoders and demuxers said during one call.
type complaints struct {
	errors, concealed int
	message           string
}

func takeComplaints() complaints {
	var c C.ac_complaints
	C.ac_log_take(&c)
	if c.errors == 0 && c.concealed == 0 {
		return complaints{}
	}
	return complaints{int(c.errors), int(c.concealed), C.GoString(&c.message[0])}
}

func frameInfo(f *astiav.Frame) C.ac_frame {
	var info C.ac_frame
	C.ac_read_frame(f.UnsafePointer(), &info)
	return info
}

// toPlanar converts a picture that cannot be measured in place.
func toPlanar(f, out *astiav.Frame) error {
	if r := C.ac_to_planar(f.UnsafePointer(), out.UnsafePointer()); r < 0 {
		return fmt.Errorf("convert picture: %w", astiav.Error(r))
	}
	return nil
}

func layoutName(f *astiav.Frame) string {
	var b [128]C.char
	C.ac_layout_name(f.UnsafePointer(), &b[0], C.int(len(b)))
	return C.GoString(&b[0])
}

func name(s *C.char) string {
	if s == nil {
		return ""
	}
	return C.GoString(s)
}

// indexEntry is one sample that the container's index knows.
type indexEntry struct {
	pos, timestamp int64
	size           int
	key            bool
}

func indexOf(s *astiav.Stream) []indexEntry {
	raw := rawStream(s)
	n := int(C.ac_index_count(raw))
	entries := make([]indexEntry, 0, n)
	var e C.ac_index_entry
	for i := range n {
		if C.ac_index_at(raw, C.int(i), &e) != 0 {
			entries = append(entries, indexEntry{int64(e.pos), int64(e.timestamp), int(e.size), e.flags&1 != 0})
		}
	}
	return entries
}

// maxDuration bounds what a container may declare, in microseconds: a century.
const maxDuration = 100 * 365 * 24 * 3600 * 1_000_000

// containerDuration is in microseconds; 0 when the container does not say.
func containerDuration(f *astiav.FormatContext) int64 {
	return min(max(0, int64(C.ac_container_duration(rawFormat(f)))), maxDuration)
}

// BS.1770-5 table 4: surrounds weigh 1.41, the LFE nothing. Where a layout has side and back channels, only the side ones stand between 60° and 120°.
func channelWeights(f *astiav.Frame, channels int) []float64 {
	const lfe, lfe2, backLeft, backRight, sideLeft, sideRight = 3, 35, 4, 5, 9, 10
	ids := make([]int, channels)
	side := false
	for i := range ids {
		ids[i] = int(C.ac_channel_at(f.UnsafePointer(), C.int(i)))
		side = side || ids[i] == sideLeft || ids[i] == sideRight
	}
	weights := make([]float64, channels)
	for i, id := range ids {
		weights[i] = 1
		switch {
		case id == lfe || id == lfe2:
			weights[i] = 0
		case id == sideLeft || id == sideRight, !side && (id == backLeft || id == backRight):
			weights[i] = 1.41
		}
	}
	return weights
}

// floats holds planar samples in C memory, grown as needed.
type floats struct {
	planes   [maxChannels]*C.float
	capacity int
	channels int
}

func (b *floats) free() {
	for i := range b.planes {
		C.free(unsafe.Pointer(b.planes[i]))
		b.planes[i] = nil
	}
	b.capacity = 0
}

// fill converts a frame; the planes are valid until the next call.
func (b *floats) fill(f *astiav.Frame, info *C.ac_frame) error {
	n, ch := int(info.nb_samples), int(info.channels)
	if ch <= 0 || ch > maxChannels || n < 0 || n > maxFrameSamples {
		return fmt.Errorf("audio frame of %d samples in %d channels", n, ch)
	}
	if n > b.capacity || ch > b.channels {
		b.free()
		b.capacity, b.channels = max(n, 4096), ch
		for i := range ch {
			b.planes[i] = (*C.float)(C.calloc(C.size_t(b.capacity), 4))
			if b.planes[i] == nil {
				return fmt.Errorf("allocate %d samples", b.capacity)
			}
		}
	}
	if r := C.ac_to_float(f.UnsafePointer(), &b.planes[0], C.int(b.capacity)); r < 0 {
		return fmt.Errorf("convert samples: %w", astiav.Error(r))
	}
	return nil
}

// pointers lists the planes.
func (b *floats) slices(n int) [][]float32 {
	out := make([][]float32, b.channels)
	for i := range out {
		out[i] = unsafe.Slice((*float32)(unsafe.Pointer(b.planes[i])), n)
	}
	return out
}
