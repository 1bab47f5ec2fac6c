//go:build cgo

package decode

//#include "glue.h"
import "C"

import (
	"unsafe"

	"github.com/asticode/go-astiav"
)

// pictureMemory is where a decoder of H.264 puts its pictures. The decoder of the next unit may go on with it: what it decodes does not depend on what the memory held,
// as long as it writes every sample or complains. H.264 does: it counts the macroblocks of each frame and says how many it had to conceal, but for field pictures,
// which it does not count (h264dec.c, the end of decode_nal_units). Other decoders in FFmpeg leave what did not come as it was and keep silent.
type pictureMemory struct{ pool unsafe.Pointer }

// newPictureMemory is nil where FFmpeg's own has to serve.
func newPictureMemory(t *track) *pictureMemory {
	if t.codec != "h264" {
		return nil
	}
	pool := C.ac_pool_new()
	if pool == nil {
		return nil
	}
	return &pictureMemory{pool}
}

// serve makes a decoder that is not open yet use the memory, which has to outlive it.
func (m *pictureMemory) serve(cc *astiav.CodecContext) {
	if m != nil {
		C.ac_pool_use(rawCodec(cc), m.pool)
	}
}

func (m *pictureMemory) free() {
	if m != nil {
		C.ac_pool_free(m.pool)
		m.pool = nil
	}
}
