//go:build cgo

package decode

//#cgo pkg-config: libavcodec libavformat libavutil libswscale
//#cgo CFLAGS: -O2 -Wall
//#cgo LDFLAGS: -Wl,--as-needed -ldl
//#include <stdlib.h>
//#include "glue.h"
//#include <libavutil/version.h>
//#include <libavutil/avutil.h>
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/asticode/go-astiav"

	"aircheck/jobs/measurement"
	"aircheck/worker/measure"
)

// go-astiav keeps FFmpeg's structure in the first field of its own and does not hand it out; v0.16.0 is pinned, and a test checks that this still holds.
func rawStream(s *astiav.Stream) unsafe.Pointer        { return *(*unsafe.Pointer)(unsafe.Pointer(s)) }
func rawPacket(p *astiav.Packet) unsafe.Pointer        { return *(*unsafe.Pointer)(unsafe.Pointer(p)) }
func rawCodec(c *astiav.CodecContext) unsafe.Pointer   { return *(*unsafe.Pointer)(unsafe.Pointer(c)) }
func rawFormat(f *astiav.FormatContext) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(f)) }

// load finds FFmpeg once in a process. Whatever calls a function of FFmpeg comes after it.
var load = sync.OnceValue(func() error {
	var why [512]C.char
	if C.ac_load(&why[0], C.int(len(why))) != 0 {
		return fmt.Errorf("load FFmpeg: %s", C.GoString(&why[0]))
	}
	return nil
})

// Install loads FFmpeg and takes over its log, so that complaints are counted and attributed instead of printed, and tells the allocator what decoders do. Call it
// once in a process.
func Install() error {
	if err := load(); err != nil {
		return err
	}
	C.ac_install()
	return nil
}

// FFmpegVersion is the version of the FFmpeg that this process decodes with; empty when there is none.
func FFmpegVersion() string {
	if load() != nil {
		return ""
	}
	return C.GoString(C.av_version_info())
}

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

// captions fills into with the closed captions of a picture, and gives nil when there are none.
func captions(f *astiav.Frame, into *[measurement.MaxCC]byte) []byte {
	n := C.ac_captions(f.UnsafePointer(), (*C.uint8_t)(&into[0]), C.int(len(into)))
	if n == 0 {
		return nil
	}
	return into[:n]
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

// samplesOf points at the samples of an audio frame; they are valid as long as the frame is.
func samplesOf(f *astiav.Frame, info *C.ac_frame) (measure.Samples, error) {
	formats := map[C.int]measure.SampleFormat{
		C.AC_SAMPLES_U8: measure.U8, C.AC_SAMPLES_S16: measure.S16, C.AC_SAMPLES_S32: measure.S32, C.AC_SAMPLES_F32: measure.F32, C.AC_SAMPLES_F64: measure.F64,
	}
	format, ok := formats[C.ac_sample_format(info.sample_fmt)]
	if !ok {
		return measure.Samples{}, errors.New("samples of a format that cannot be measured")
	}
	var planes [maxChannels]unsafe.Pointer
	n := C.ac_sample_planes(f.UnsafePointer(), &planes[0], maxChannels)
	if n == 0 {
		return measure.Samples{}, fmt.Errorf("audio frame of %d channels without samples", int(info.channels))
	}
	return measure.Samples{Planes: slices.Clone(planes[:n]), N: int(info.nb_samples), Format: format}, nil
}
