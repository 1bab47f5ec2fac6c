//go:build cgo

package decode

//#include "glue.h"
import "C"

import (
	"unsafe"

	"github.com/asticode/go-astiav"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/worker/measure"
)

// frame measures one decoded picture. It stands in frames[2] and becomes frames[0].
func (c *videoChain) frame(f *astiav.Frame) error {
	info := frameInfo(f)
	p := c.infos[int64(info.pkt_pos)]
	if p == nil {
		p = c.last
	}
	if p == nil || !p.owned {
		c.rotate() // it is held for as long as it would be if it counted: what memory the decoder takes next shows where a picture is damaged
		c.filled = 0
		return nil
	}
	if c.dropping && p.unit == c.dropped {
		return nil
	}
	if p.unit < c.unit { // damage that the decoder said nothing of
		c.complain(p.unit, c.track, 1, "a picture comes after the first of the next unit")
		return nil
	}
	if c.early(p) {
		return c.redo(p.unit, nil)
	}
	p.frames++
	if p.unit != c.unit {
		if err := c.endUnit(); err != nil {
			return err
		}
		c.unit = p.unit
	}
	if err := c.flushRow(0); err != nil {
		return err
	}
	c.rotate()
	in := c.frames[0]
	if info.planar == 0 {
		if err := toPlanar(f, c.planar[0]); err != nil {
			c.complain(p.unit, c.track, 1, err.Error())
			c.filled = 0
			return nil
		}
		full := info.pix_fmt
		info = frameInfo(c.planar[0])
		info.pix_fmt = full
		in = c.planar[0]
	}
	if c.w.show != nil {
		c.row = measurement.Frame{}
		c.describe(&info, p, 0) // also what comes again: the next one may stand behind it
		if c.again() {
			return nil
		}
		return c.w.show(shown{id: jobs.PictureID{Unit: p.unit, PTS: c.row.PTS}, frame: in, raw: c.frames[0]})
	}
	return c.measure(f, &info, p)
}

// rotate makes the picture in frames[2] the newest.
func (c *videoChain) rotate() {
	c.frames[0], c.frames[1], c.frames[2] = c.frames[2], c.frames[0], c.frames[1]
	c.planar[0], c.planar[1], c.planar[2] = c.planar[2], c.planar[0], c.planar[1]
	c.pics[1], c.pics[2] = c.pics[0], c.pics[1]
}

// measure runs the kernel on the newest picture and fills the row.
func (c *videoChain) measure(f *astiav.Frame, info *C.ac_frame, p *packet) error {
	c.pics[0] = picture(info)
	s := shape{int(info.width), int(info.height), int(info.chroma_width), int(info.chroma_height), int(info.depth)}
	flags := int32(0)
	if s != c.shape || c.kernel == nil {
		if err := c.reshape(s); err != nil {
			c.complain(p.unit, c.track, 1, err.Error())
			return nil
		}
		if c.inUnit > 0 {
			flags |= measurement.FlagFormat
		}
	}
	c.filled++
	var prev, prev2 *measure.Picture
	if c.filled > 1 {
		prev = &c.pics[1]
	}
	if c.filled > 2 {
		prev2 = &c.pics[2]
	}
	c.row = measurement.Frame{Fine: c.row.Fine[:0]}
	if err := c.kernel.Measure(prev2, prev, &c.pics[0], measure.Sampled(c.inUnit), &c.row); err != nil {
		c.complain(p.unit, c.track, 1, err.Error())
		return nil
	}
	c.describe(info, p, flags)
	c.row.CC = captions(f, &c.said)
	if c.probe != nil {
		c.probe.format = c.videoFormat(info)
		c.inUnit++
		c.pending = true
		return nil
	}
	t := c.w.unitTrack(p.unit, c.track)
	if t.Frames == 0 {
		c.format = c.w.format(c.videoFormat(info))
		t.Format = c.format
	}
	t.Frames++
	c.inUnit++
	c.pending = true
	return nil
}

func (c *videoChain) reshape(s shape) error {
	if c.kernel != nil {
		c.kernel.Close()
		c.kernel = nil
	}
	kernel, err := measure.NewVideo(s.w, s.h, s.cw, s.ch, s.depth)
	if err != nil {
		return err
	}
	c.kernel, c.shape, c.filled = kernel, s, 0
	return nil
}

func picture(info *C.ac_frame) measure.Picture {
	p := measure.Picture{
		W: int(info.width), H: int(info.height),
		ChromaW: int(info.chroma_width), ChromaH: int(info.chroma_height), Depth: int(info.depth),
	}
	if info.full_range == 0 {
		p.Matrix = measure.MatrixOf(int(info.color_space), p.H)
	}
	for i := range p.Data {
		p.Data[i], p.Stride[i] = unsafe.Pointer(info.data[i]), int(info.stride[i])
	}
	return p
}

// describe fills in what the bitstream says about the picture.
func (c *videoChain) describe(info *C.ac_frame, p *packet, flags int32) {
	r := &c.row
	r.Track, r.Unit = int32(c.track.ordinal), int32(p.unit)
	r.PTS, r.Duration = int64(info.pts), int64(info.duration)
	if r.Duration <= 0 {
		r.Duration = p.duration
	}
	if r.PTS == noTime || p.about != noTime { // MPEG-2 gives such a picture the decode time of the packet that brings it out
		flags |= measurement.FlagNoPTS
		r.PTS = c.undated(p, r.Duration)
	}
	c.lastPTS = r.PTS
	flags |= bit(info.key != 0, measurement.FlagKey) | bit(info.interlaced != 0, measurement.FlagInterlaced) | bit(info.top_first != 0, measurement.FlagTopFirst) |
		bit(info.flags&1 != 0 || p.corrupt, measurement.FlagCorrupt) | bit(c.inUnit == 0, measurement.FlagUnitFirst) | bit(p.sendError, measurement.FlagSendError)
	r.Flags, r.PictType, r.PktSize = flags, int8(info.pict_type), int32(p.size)
	r.DecodeErrors, r.LogErrors, r.ConcealedMB = int32(info.decode_errors), int32(p.logErrors), int32(p.concealed)
}

// undated is where a picture without a timestamp stands: pictures come in the order in which they are shown, and the unit's own tell where the first one is.
// What was decoded before the unit never does: another window begins here.
func (c *videoChain) undated(p *packet, duration int64) int64 {
	switch at := p.time(); {
	case at != noTime:
		return at
	case c.lastPTS != noTime:
		return c.lastPTS + max(1, duration)
	case p.about == noTime:
		return noTime + 1
	case c.probe != nil:
		return p.about // of a unit that may be another window's
	}
	return c.w.unitTrack(p.unit, c.track).FirstPTS
}

func bit(set bool, flag int32) int32 {
	if set {
		return flag
	}
	return 0
}

// flushRow writes the row that has been waiting.
func (c *videoChain) flushRow(flags int32) error {
	if !c.pending {
		return nil
	}
	c.pending = false
	c.row.Flags |= flags
	if c.again() {
		return nil
	}
	return c.emit(&c.row)
}

// endUnit marks the last frame of the unit, which always carries its thumbnail: the judge compares it with the next unit's first.
func (c *videoChain) endUnit() error {
	if c.pending {
		c.kernel.Fine(&c.row)
	}
	err := c.flushRow(measurement.FlagUnitLast)
	c.filled, c.inUnit, c.unit, c.rows, c.lastPTS = 0, 0, -1, 0, noTime
	return err
}

func (c *videoChain) videoFormat(info *C.ac_frame) measurement.Format {
	f := c.track.base
	f.Width, f.Height = int(info.width), int(info.height)
	f.ChromaWidth, f.ChromaHeight, f.Depth = int(info.chroma_width), int(info.chroma_height), int(info.depth)
	f.PixFmt = name(C.ac_pix_fmt_name(info.pix_fmt))
	f.FullRange = info.full_range != 0
	f.ColorSpace, f.Primaries, f.Transfer = name(C.ac_space_name(info.color_space)), name(C.ac_primaries_name(info.primaries)), name(C.ac_transfer_name(info.transfer))
	f.SARNum, f.SARDen = int64(info.sar_num), int64(info.sar_den)
	return f
}
