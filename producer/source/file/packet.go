package file

import (
	"context"
	"encoding/binary"
)

// Lengths of a transport packet (ISO/IEC 13818-1 section 2.4.3): plain, with a 4-byte time code before (Blu-ray, AVCHD), with a 16-byte checksum behind.
const (
	plainPacket = 188
	timedPacket = 192
	fecPacket   = 204
	syncByte    = 0x47
)

// gridProof is how many sync bytes in a row make a grid. Five by chance: one in 10^12 at a given place.
const gridProof = 5

// grid says how transport packets lie in a file.
type grid struct {
	size int // of a packet; 0: no grid
	lead int // bytes of a packet before its sync byte
}

// packetGrid finds the length of the packets anywhere in b.
func packetGrid(b []byte) grid {
	for _, g := range []grid{{size: plainPacket}, {size: timedPacket, lead: 4}, {size: fecPacket}} {
		if g.sync(b, 0) >= 0 {
			return g
		}
	}
	return grid{}
}

// sync returns the first place from i on where a grid begins, -1 when there is none. At the end of b fewer sync bytes must do, but never fewer than two.
func (g grid) sync(b []byte, i int) int {
	for i += g.lead; i+g.size < len(b); i++ {
		n := 0
		for n < gridProof && i+n*g.size < len(b) && b[i+n*g.size] == syncByte {
			n++
		}
		if n == gridProof || i+n*g.size >= len(b) {
			return i - g.lead
		}
	}
	return -1
}

// packet is one transport packet.
type packet struct {
	off     int64 // in the file, of the lead
	pid     int
	start   bool // payload_unit_start_indicator
	random  bool // random_access_indicator
	payload []byte
}

// parsePacket reads the 188 bytes from the sync byte on; ok is false for packets that say that they are damaged or scrambled.
func parsePacket(off int64, b []byte) (packet, bool) {
	p := packet{off: off, pid: int(binary.BigEndian.Uint16(b[1:]) & 0x1fff), start: b[1]&0x40 != 0}
	if b[1]&0x80 != 0 || b[3]&0xc0 != 0 {
		return p, false
	}
	at := 4
	if b[3]&0x20 != 0 {
		n := int(b[4])
		p.random = n > 0 && b[5]&0x40 != 0
		at += 1 + n
	}
	if b[3]&0x10 != 0 && at < plainPacket {
		p.payload = b[at:plainPacket]
	}
	return p, true
}

// scanChunk is how much a scan reads at a time.
const scanChunk = 256 << 10

// packets calls fn for the packets in [off, end), reading a chunk at a time, until it says stop. Between packets that are off the grid it looks for
// the grid anew. The payload is valid during the call.
func (r *reader) packets(ctx context.Context, g grid, off, end int64, fn func(packet) (stop bool)) error {
	for off < end {
		b, err := r.at(ctx, off, int(min(scanChunk, end-off)))
		if err != nil {
			return err
		}
		n, stop := g.each(b, off, fn)
		if stop || n == 0 {
			return nil
		}
		off += int64(n)
	}
	return nil
}

// each walks the packets of one chunk and returns how many bytes are done with.
func (g grid) each(b []byte, base int64, fn func(packet) bool) (done int, stop bool) {
	i := g.sync(b, 0)
	if i < 0 && len(b) >= g.size && b[g.lead] == syncByte {
		i = 0 // one packet alone, the last
	}
	for i >= 0 && i+g.size <= len(b) {
		if b[i+g.lead] != syncByte {
			done = i
			if i = g.sync(b, i); i < 0 {
				break
			}
			continue
		}
		p, ok := parsePacket(base+int64(i), b[i+g.lead:])
		if ok && fn(p) {
			return i, true
		}
		i += g.size
		done = i
	}
	if i < 0 {
		done = max(done, len(b)-g.size)
	}
	return done, false
}
