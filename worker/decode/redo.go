//go:build cgo

package decode

import (
	"maps"
	"slices"

	"github.com/asticode/go-astiav"
)

// canon makes a unit that begins in the middle of a row of pictures (with an open keyframe, or none) independent of what was decoded long before it.
//
// A window that begins with such a unit gives a new decoder the unit's run-up first, and a decoder that has been running for longer gives the same pictures of a
// healthy stream. Of a damaged one it may not: what a picture shows where nothing was decoded is what its memory held before. So as soon as the decoder complains
// in the run-up or in the unit, the unit is decoded again in the way that a window would that began with it. This costs healthy streams nothing.
//
// The same goes for a unit that begins with a closed keyframe and whose new decoder uses the memory of the one before: see pictureMemory.
type canon struct {
	keeping bool      // the present unit may have to be decoded again
	runUp   []*packet // of the present unit, while keeping; references of our own
	sent    []*packet // what the decoder has got of the unit since; likewise
	exact   bool      // the decoder has got the run-up, and nothing before it, and its memory was new
	used    bool      // its memory is that of the decoder before
	ids     int64     // given to packets so far, in the order of the stream
	start   int64     // the first packet that the decoder has got; 0: none yet
	hurt    int64     // the latest packet that was damaged, or that the decoder complained about

	rows     int  // of the present unit, so far
	mute     int  // so many rows were written before, and come again
	dropping bool // pictures of the unit that is to be decoded again
	dropped  int
}

// maxSent bounds how much of a unit is kept; what is longer is not decoded again.
const maxSent = 4 * maxRemembered

// begin prepares the decoder for a unit, whose first packet is p. runUp is what a window that begins with the unit decodes before it; begin takes those packets over.
func (c *videoChain) begin(p *packet, runUp []*packet) error {
	c.release()
	c.mute = 0
	if p.closed {
		freeAll(runUp)
		used := c.cc != nil && c.memory != nil && p.framesOnly && c.hurt < c.start
		if err := c.drain(); err != nil {
			return err
		}
		c.renew(used)
		c.keeping = used
		return nil
	}
	switch {
	case c.cc == nil, len(runUp) == 0, runUp[0].id <= c.hurt && runUp[0].id != c.start:
		if err := c.restart(); err != nil {
			freeAll(runUp)
			return err
		}
		return c.play(runUp, false)
	}
	c.runUp, c.keeping, c.exact = runUp, true, runUp[0].id == c.start && !c.used
	return nil
}

// play sends packets, which it takes over.
func (c *videoChain) play(list []*packet, owned bool) error {
	for i, p := range list {
		p.owned = owned
		if err := c.send(p); err != nil {
			freeAll(list[i+1:])
			return err
		}
	}
	return nil
}

// number gives a packet its place in the stream; copies keep it.
func (c *videoChain) number(p *packet) {
	if p.id == 0 {
		c.ids++
		p.id = c.ids
	}
}

// note keeps a packet that is about to be sent, in case its unit has to be decoded again. What cannot be decoded again later, or would not tell, is at once.
func (c *videoChain) note(p *packet) error {
	c.number(p)
	if c.keeping && c.used && (len(c.sent) >= maxSent || p.closed && !p.framesOnly) {
		if err := c.redo(p.unit, nil); err != nil {
			return err
		}
	}
	if c.start == 0 {
		c.start = p.id
	}
	switch {
	case !c.keeping:
	case len(c.sent) >= maxSent:
		c.release()
	default:
		c.sent = append(c.sent, p.clone())
	}
	return nil
}

func (c *videoChain) release() {
	freeAll(c.runUp)
	freeAll(c.sent)
	c.runUp, c.sent, c.keeping = nil, nil, false
}

// doubt notes that a packet is damaged, and says whether its unit has been decoded again for that. got is a picture that came at the same time, or nil.
func (c *videoChain) doubt(p *packet, got *astiav.Frame) (bool, error) {
	c.hurt = max(c.hurt, p.id)
	if c.exact || !c.keeping {
		return false, nil
	}
	return true, c.redo(p.unit, got)
}

// redo decodes a unit from its run-up on. Its rows from before the damage are not written again.
func (c *videoChain) redo(unit int, got *astiav.Frame) error {
	if err := c.abandon(unit, got); err != nil {
		return err
	}
	if c.unit == unit {
		c.w.unitTrack(unit, c.track).Frames -= c.inUnit
		c.mute, c.pending, c.unit = c.rows, false, -1
	}
	if err := c.endUnit(); err != nil {
		return err
	}
	runUp, sent := c.runUp, c.sent
	c.runUp, c.sent, c.keeping = nil, nil, false
	c.renew(false)
	if err := c.play(runUp, false); err != nil {
		freeAll(sent)
		return err
	}
	return c.play(sent, true)
}

// abandon takes out of the decoder what it still holds of units before this one, and closes it.
func (c *videoChain) abandon(unit int, got *astiav.Frame) error {
	c.keeping, c.dropping, c.dropped = false, true, unit
	defer func() { c.dropping = false }()
	if got != nil {
		if err := c.frame(got); err != nil {
			return err
		}
	}
	if err := c.cc.SendPacket(nil); err == nil {
		if err := c.receive(); err != nil {
			return err
		}
	}
	c.cc.Free()
	c.cc = nil
	for _, seq := range slices.Sorted(maps.Keys(c.infos)) {
		if p := c.infos[seq]; p.owned && p.unit == unit {
			delete(c.infos, seq) // comes again
			continue
		}
		c.forget(seq)
	}
	return nil
}

// early tells whether a picture comes before the last ones of the unit before, which happens only after damage. They would come too late; what begins with this
// unit never sees them.
func (c *videoChain) early(p *packet) bool {
	if !c.keeping || len(c.runUp) == 0 || p.unit == c.unit || c.hurt < c.runUp[0].id {
		return false
	}
	for _, q := range c.infos {
		if q.owned && q.frames == 0 && q.unit < p.unit {
			return true
		}
	}
	return false
}

// again tells whether a row was written before.
func (c *videoChain) again() bool {
	c.rows++
	if c.mute == 0 {
		return false
	}
	c.mute--
	return true
}
