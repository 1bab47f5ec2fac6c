//go:build cgo

package decode

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/asticode/go-astiav"

	"aircheck/jobs/measurement"
	"aircheck/worker/measure"
)

// maxPixels bounds a picture: 8192 × 8192.
const maxPixels = "67108864"

// maxUndelivered bounds how many packets may be inside a decoder without having given a frame: the greatest DPB is 16, fields and lost frames double it.
const maxUndelivered = 256

// videoChain is a video decoder that lives across units for as long as nothing asks for a restart, and the kernel behind it.
type videoChain struct {
	w       *window
	track   *track
	cc      *astiav.CodecContext
	refused error // why there is no decoder
	infos   map[int64]*packet
	oldest  int64
	last    *packet
	kernel  *measure.Video
	shape   shape
	frames  [3]*astiav.Frame // the newest first; what the kernel's pictures point into
	planar  [3]*astiav.Frame // conversions, for formats that cannot be measured in place
	pics    [3]measure.Picture
	filled  int // how many of them belong to the current unit
	row     measurement.Frame
	said    [measurement.MaxCC]byte // the captions of row
	probe   *keyPicture             // takes the row of a key frame that is only looked at; nil else
	pending bool                    // row waits to learn whether it is the last of its unit
	inUnit  int
	unit    int
	lastPTS int64
	format  int
	memory  *pictureMemory // of the decoder; nil where FFmpeg's own serves
	canon
}

type shape struct{ w, h, cw, ch, depth int }

// videoChain finds or makes the chain of a track and keeps it pointed at the current demuxer's stream.
func (w *window) videoChain(t *track) *videoChain {
	c := w.video[t.ordinal]
	if c == nil {
		c = &videoChain{w: w, infos: map[int64]*packet{}, unit: -1, lastPTS: noTime}
		for i := range c.frames {
			c.frames[i], c.planar[i] = astiav.AllocFrame(), astiav.AllocFrame()
		}
		w.video[t.ordinal] = c
	}
	c.track = t
	return c
}

// restart drains the decoder and makes a new one, as if the stream began here. That there is no decoder for a track is the stream's matter: its packets say so.
func (c *videoChain) restart() error {
	if err := c.drain(); err != nil {
		return err
	}
	c.renew(false)
	return nil
}

// renew makes a new decoder, with new memory for its pictures unless it is to use what the one before has left.
func (c *videoChain) renew(used bool) {
	if !used {
		c.memory.free()
		c.memory = newPictureMemory(c.track)
	}
	c.cc, c.refused = newDecoder(c.track, c.memory)
	c.start, c.exact, c.used = 0, !used, used
}

// newDecoder opens a decoder; memory, for its pictures, may be nil.
func newDecoder(t *track, memory *pictureMemory) (*astiav.CodecContext, error) {
	codec := astiav.FindDecoder(t.params.CodecID())
	if codec == nil {
		return nil, fmt.Errorf("no decoder for %s", t.codec)
	}
	cc := astiav.AllocCodecContext(codec)
	if cc == nil {
		return nil, errors.New("allocate decoder")
	}
	memory.serve(cc)
	if err := openDecoder(cc, codec, t); err != nil {
		cc.Free()
		return nil, err
	}
	return cc, nil
}

// openDecoder opens a decoder that gives the same answer for the same packets: one thread, and errors concealed, not skipped.
func openDecoder(cc *astiav.CodecContext, codec *astiav.Codec, t *track) error {
	if err := cc.FromCodecParameters(t.params); err != nil {
		return fmt.Errorf("set decoder up: %w", err)
	}
	cc.SetThreadCount(1)
	if t.codec == "h264" {
		// Without bitstream restrictions in the SPS the decoder would guess the reordering depth from what it has seen so far, and a stream would
		// begin differently in every window. Strict makes it use what the level allows.
		cc.SetStrictStdCompliance(astiav.StrictStdComplianceStrict)
	}
	options := astiav.NewDictionary()
	defer options.Free()
	set := map[string]string{"max_pixels": maxPixels, "flags2": "+skip_manual"}
	if t.kind == measurement.Video {
		set["err_detect"] = "crccheck+bitstream+buffer"
	}
	if t.codec == "ac3" {
		set["cons_noisegen"] = "1"
	}
	for k, v := range set {
		if err := options.Set(k, v, 0); err != nil {
			return fmt.Errorf("set %s: %w", k, err)
		}
	}
	if err := cc.Open(codec, options); err != nil {
		return fmt.Errorf("open decoder for %s: %w", t.codec, err)
	}
	return nil
}

// send decodes one packet and measures what comes out. It takes the packet over.
func (c *videoChain) send(p *packet) error {
	defer p.free()
	if c.cc == nil {
		if err := c.restart(); err != nil {
			return err
		}
	}
	if c.cc == nil {
		if p.owned {
			c.complain(p.unit, c.track, 1, c.refused.Error())
		}
		return nil
	}
	if err := c.note(p); err != nil {
		return err
	}
	c.w.seq++
	p.seq = c.w.seq
	p.SetPos(p.seq)
	c.infos[p.seq] = p
	if len(c.infos) == 1 {
		c.oldest = p.seq
	}
	c.last = p
	takeComplaints()
	err := c.cc.SendPacket(p.Packet)
	said := takeComplaints()
	p.logErrors, p.concealed, p.message = said.errors, said.concealed, said.message
	if err != nil && !errors.Is(err, astiav.ErrEagain) {
		p.sendError = true
		if p.message == "" {
			p.message = err.Error()
		}
	}
	if p.corrupt || p.sendError || p.logErrors+p.concealed > 0 {
		if again, err := c.doubt(p, nil); again {
			return err
		}
	}
	if err := c.receive(); err != nil {
		return err
	}
	c.prune()
	return nil
}

// receive takes all frames that are ready.
func (c *videoChain) receive() error {
	for {
		f := c.frames[2] // the oldest picture makes room
		f.Unref()
		takeComplaints()
		err := c.cc.ReceiveFrame(f)
		if said := takeComplaints(); said.errors+said.concealed > 0 && c.last != nil {
			c.last.logErrors += said.errors
			c.last.concealed += said.concealed
			if c.last.message == "" {
				c.last.message = said.message
			}
			got := f
			if err != nil {
				got = nil
			}
			if again, err := c.doubt(c.last, got); again {
				return err
			}
		}
		if errors.Is(err, astiav.ErrEagain) || errors.Is(err, astiav.ErrEof) {
			return nil
		}
		if err != nil { // a frame that could not be finished: the packet's complaint says it
			if c.last != nil {
				c.last.sendError = true
			}
			continue
		}
		if err := c.frame(f); err != nil {
			return err
		}
	}
}

// prune forgets packets that will not give a frame any more, and files their complaints.
func (c *videoChain) prune() {
	for len(c.infos) > maxUndelivered {
		c.forget(c.oldest)
		c.oldest++
	}
}

func (c *videoChain) forget(seq int64) {
	p := c.infos[seq]
	if p == nil {
		return
	}
	delete(c.infos, seq)
	if !p.owned || p.frames > 0 {
		return
	}
	n := p.logErrors
	if p.sendError {
		n++
	}
	c.complain(p.unit, p.track, n, p.message)
}

// drain takes what is left in the decoder, ends the unit, and closes the decoder.
func (c *videoChain) drain() error {
	if c.cc != nil {
		if err := c.cc.SendPacket(nil); err == nil {
			if err := c.receive(); err != nil {
				return err
			}
		}
		c.cc.Free()
		c.cc = nil
	}
	for _, seq := range slices.Sorted(maps.Keys(c.infos)) {
		c.forget(seq)
	}
	return c.endUnit()
}

func (c *videoChain) close() {
	c.release()
	if c.cc != nil {
		c.cc.Free()
		c.cc = nil
	}
	c.memory.free()
	c.memory = nil
	if c.kernel != nil {
		c.kernel.Close()
		c.kernel = nil
	}
	for i := range c.frames {
		c.frames[i].Free()
		c.planar[i].Free()
	}
}
