//go:build cgo

package decode

//#include "glue.h"
import "C"

import (
	"encoding/binary"
	"errors"
	"math"
	"unsafe"

	"github.com/asticode/go-astiav"

	"aircheck/jobs"
	"aircheck/worker/measure"
)

// maxHeard is how many channels are kept: eight are those of 7.1, and a picture of more shows nothing.
const maxHeard = 8

// ear keeps the samples of a stretch of sound.
type ear struct {
	from, to int64 // ticks of the track
	rate     int64
	first    int64 // sample
	channels [][]int16
	// next is the sample behind the newest one. It begins at 0: sound without timestamps counts from there in its measurement, too, which is where the times of its findings come from.
	next  int64
	begun bool
	heard bool // something of the stretch came
}

// listen decodes the window and answers with its sound.
func (w *window) listen(look *jobs.Look, out func(jobs.Looked) error) error {
	e := &ear{from: look.From, to: look.To}
	w.hear = e.hear
	if err := w.run(); err != nil && !errors.Is(err, errStopped) {
		return err
	}
	if !e.heard {
		return nil // zeros alone would be drawn as silence
	}
	s := &jobs.Sample{Rate: int(e.rate), First: e.first}
	for _, c := range e.channels {
		b := make([]byte, 0, 2*len(c))
		for _, v := range c {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
		s.Channels = append(s.Channels, b)
	}
	return out(jobs.Looked{Sound: s})
}

// hear takes a decoded frame of a track; own: it is the unit's and not of its pre-roll.
func (e *ear) hear(t *track, f *astiav.Frame, own bool) error {
	info := frameInfo(f)
	if !e.begun {
		e.open(t, &info)
	}
	if e.channels == nil || int64(info.sample_rate) != e.rate || !own {
		return nil
	}
	at := e.next
	if int64(info.pts) != noTime {
		at = rescale(int64(info.pts), t.num*e.rate, t.den)
	}
	if at >= e.first+int64(len(e.channels[0])) {
		return errStopped
	}
	e.next = at + int64(info.nb_samples)
	samples, err := samplesOf(f, &info)
	if err != nil {
		return nil // the report has said so
	}
	e.heard = e.heard || e.next > e.first
	for c := range e.channels {
		copySamples(e.channels[c], &samples, c, int(info.channels), at-e.first)
	}
	return nil
}

// open makes room once the rate is known.
func (e *ear) open(t *track, info *C.ac_frame) {
	e.begun = true
	e.rate = int64(info.sample_rate)
	const maxRate = 384_000
	if e.rate <= 0 || e.rate > maxRate || info.channels <= 0 {
		return
	}
	e.first = rescale(e.from, t.num*e.rate, t.den)
	n := rescale(e.to, t.num*e.rate, t.den) - e.first
	n = min(n, e.rate*int64(jobs.MaxListen)/1e6)
	if n <= 0 {
		return
	}
	e.channels = make([][]int16, min(int(info.channels), maxHeard))
	for c := range e.channels {
		e.channels[c] = make([]int16, n)
	}
}

// copySamples puts the part of one channel that fits into dst, of which sample 0 stands at the frame's -at.
func copySamples(dst []int16, s *measure.Samples, channel, channels int, at int64) {
	plane, step, first := 0, channels, channel
	if len(s.Planes) > 1 || channels == 1 {
		plane, step, first = channel, 1, 0
	}
	if plane >= len(s.Planes) {
		return
	}
	for i := max(0, -at); i < int64(s.N) && at+i < int64(len(dst)); i++ {
		dst[at+i] = sampleAt(s.Planes[plane], s.Format, int(i)*step+first)
	}
}

// sampleAt reads a sample as 16 bits.
func sampleAt(p unsafe.Pointer, format measure.SampleFormat, i int) int16 {
	switch format {
	case measure.U8:
		return (int16(*(*uint8)(unsafe.Add(p, i))) - 128) << 8
	case measure.S16:
		return *(*int16)(unsafe.Add(p, 2*i))
	case measure.S32:
		return int16(*(*int32)(unsafe.Add(p, 4*i)) >> 16)
	case measure.F32:
		return fromFloat(float64(*(*float32)(unsafe.Add(p, 4*i))))
	case measure.F64:
		return fromFloat(*(*float64)(unsafe.Add(p, 8*i)))
	}
	return 0
}

// fromFloat clamps; what is no number counts as silence.
func fromFloat(v float64) int16 {
	if math.IsNaN(v) {
		return 0
	}
	return int16(math.Round(min(max(v, -1), 1) * math.MaxInt16))
}
