//go:build cgo

package decode

//#include "compare.h"
//#include "glue.h"
//#include "look.h"
import "C"

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"unsafe"

	"github.com/asticode/go-astiav"

	"aircheck/jobs"
)

// photoQuality is that of full-size pictures: at 85 the blocks of JPEG stay well below what a viewer takes for those of the codec.
const photoQuality = 85

// maxAspect bounds by how much the pixels of a stream may be wider than high, or higher than wide: 720x576 at 16:9 has 64:45, and nobody means 1:100.
const maxAspect = 4

// painter makes pictures for people out of decoded ones, whatever their format.
type painter struct {
	look   *jobs.Look
	rgb    *astiav.Frame
	scaler unsafe.Pointer
}

func newPainter(l *jobs.Look) *painter { return &painter{look: l, rgb: astiav.AllocFrame()} }

func (p *painter) close() {
	p.rgb.Free()
	C.ac_scaler_free(p.scaler)
}

// photo makes a JPEG within the bounds of the look; nil of a picture that cannot be shown.
func (p *painter) photo(f *astiav.Frame) (*jobs.Shot, error) {
	img := p.paint(f, false)
	if img == nil {
		return nil, nil
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: photoQuality}); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return &jobs.Shot{Width: img.Rect.Dx(), Height: img.Rect.Dy(), Data: b.Bytes()}, nil
}

// cell makes rows of RGB of exactly the look's size, with bars where the picture has another shape; nil of a picture that cannot be shown.
func (p *painter) cell(f *astiav.Frame) *jobs.Shot {
	img := p.paint(f, true)
	if img == nil {
		return nil
	}
	w, h := p.look.Width, p.look.Height
	s := &jobs.Shot{Width: w, Height: h, Data: make([]byte, 3*w*h)}
	left, top := (w-img.Rect.Dx())/2, (h-img.Rect.Dy())/2
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			from, to := img.PixOffset(x, y), 3*((y+top)*w+x+left)
			copy(s.Data[to:to+3], img.Pix[from:from+3])
		}
	}
	return s
}

// paint scales a picture as it is meant to be seen; enlarge says whether a small one is made to fill the bounds.
func (p *painter) paint(f *astiav.Frame, enlarge bool) *image.RGBA {
	info := frameInfo(f)
	w, h := displaySize(int(info.width), int(info.height), int64(info.sar_num), int64(info.sar_den))
	w, h = fit(w, h, p.look.Width, p.look.Height, enlarge)
	if w <= 0 || h <= 0 {
		return nil
	}
	if C.ac_look_rgb(f.UnsafePointer(), C.int(w), C.int(h), p.rgb.UnsafePointer(), &p.scaler) < 0 {
		return nil
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	if C.ac_look_copy(p.rgb.UnsafePointer(), (*C.uint8_t)(&img.Pix[0]), C.int64_t(len(img.Pix))) != 0 {
		return nil
	}
	return img
}

// displaySize is the size of a picture in square pixels.
func displaySize(w, h int, num, den int64) (int, int) {
	if num <= 0 || den <= 0 || num > maxAspect*den || den > maxAspect*num {
		return w, h
	}
	return int((int64(w)*num + den/2) / den), h
}

// fit scales a size into bounds and keeps its shape.
func fit(w, h, maxW, maxH int, enlarge bool) (int, int) {
	if w <= 0 || h <= 0 {
		return 0, 0
	}
	if w <= maxW && h <= maxH && !enlarge {
		return w, h
	}
	if w*maxH >= h*maxW {
		return maxW, max(1, (h*maxW+w/2)/w)
	}
	return max(1, (w*maxH+h/2)/h), maxH
}
