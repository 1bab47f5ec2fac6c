//go:build cgo

package decode

//#include "glue.h"
import "C"

import (
	"errors"
	"io"
	"runtime/cgo"
	"unsafe"

	"github.com/asticode/go-astiav"
)

// input is what libavformat reads from: it fills FFmpeg's buffer in place, where go-astiav's would make a slice for each read.
type input struct {
	r        reader
	at, size int64
	err      error // what the reader said, when it was no end of file
	handle   cgo.Handle
	context  unsafe.Pointer // AVIOContext
}

func newInput(r reader, size int64) (*input, error) {
	in := &input{r: r, size: size}
	in.handle = cgo.NewHandle(in)
	in.context = C.ac_io_new(C.uintptr_t(in.handle), ioBuffer)
	if in.context == nil {
		in.handle.Delete()
		return nil, errors.New("allocate input")
	}
	return in, nil
}

// serve makes a format context that is not open yet read from here.
func (in *input) serve(fc *astiav.FormatContext) { C.ac_io_use(rawFormat(fc), in.context) }

// close comes after the format context was closed.
func (in *input) close() {
	C.ac_io_free(in.context)
	in.handle.Delete()
}

// acRead answers ac_io_read: a number of bytes, 0 at the end, or less for an error.
//
//export acRead
func acRead(handle C.uintptr_t, buf *C.uint8_t, size C.int) C.int {
	in := cgo.Handle(handle).Value().(*input)
	n, err := in.r.ReadAt(unsafe.Slice((*byte)(buf), int(size)), in.at)
	in.at += int64(n)
	if n == 0 && err != nil && !errors.Is(err, io.EOF) {
		in.err = err
		return -1
	}
	return C.int(n)
}

// acSeek answers ac_io_seek: the new place, or less than 0.
//
//export acSeek
func acSeek(handle C.uintptr_t, off C.int64_t, whence C.int) C.int64_t {
	in := cgo.Handle(handle).Value().(*input)
	to := int64(off)
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		to += in.at
	case io.SeekEnd:
		to += in.size
	default:
		return -1
	}
	if to < 0 {
		return -1
	}
	in.at = to
	return C.int64_t(to)
}

// acSize answers ac_io_seek, when it is asked for the size.
//
//export acSize
func acSize(handle C.uintptr_t) C.int64_t {
	return C.int64_t(cgo.Handle(handle).Value().(*input).size)
}
