package origin

import (
	"fmt"
	"time"
)

// MPEG-2 transport streams (ISO/IEC 13818-1): packets of 188 bytes, clocks of 33 bits at 90 kHz.
const (
	packetSize = 188
	syncByte   = 0x47
	clockMask  = 1<<33 - 1
)

// packet is one packet of a transport stream, in place.
type packet []byte

func (p packet) pid() uint16   { return uint16(p[1]&0x1f)<<8 | uint16(p[2]) }
func (p packet) begins() bool  { return p[1]&0x40 != 0 }
func (p packet) payload() bool { return p[3]&0x10 != 0 }

// adaptation is the length of the adaptation field with its length byte; 0 when there is none, and the whole packet when it lies.
func (p packet) adaptation() int {
	if p[3]&0x20 == 0 {
		return 0
	}
	return min(1+int(p[4]), packetSize-4)
}

// countPackets counts the packets with payload by PID: so far a continuity counter goes in one repetition.
func countPackets(pieces []Piece) (map[uint16]int, error) {
	count := map[uint16]int{}
	for i := range pieces {
		data := pieces[i].Data
		if len(data) == 0 || len(data)%packetSize != 0 {
			return nil, fmt.Errorf("segment %d: %d bytes are no whole packets", i, len(data))
		}
		for at := 0; at < len(data); at += packetSize {
			p := packet(data[at : at+packetSize])
			if p[0] != syncByte {
				return nil, fmt.Errorf("segment %d: no packet at byte %d", i, at)
			}
			if p.payload() {
				count[p.pid()]++
			}
		}
	}
	return count, nil
}

// movePackets makes all clocks later and continues the continuity counters of the repetitions before.
func movePackets(data []byte, by time.Duration, loop int64, count map[uint16]int) {
	ticks := uint64(ticksOf(by, 90000))
	for at := 0; at+packetSize <= len(data); at += packetSize {
		p := packet(data[at : at+packetSize])
		pid := p.pid()
		if pid == 0x1fff { // null packets count nothing
			continue
		}
		p[3] = p[3]&0xf0 | byte(int64(p[3]&0x0f)+loop*int64(count[pid]))&0x0f
		p.movePCR(ticks)
		if p.begins() && p.payload() {
			movePES(p[4+p.adaptation():], ticks)
		}
	}
}

// ticksOf converts without overflow for centuries.
func ticksOf(d time.Duration, scale uint64) int64 {
	whole, rest := int64(d/time.Second), int64(d%time.Second)
	return whole*int64(scale) + rest*int64(scale)/int64(time.Second)
}

func (p packet) movePCR(ticks uint64) {
	if p.adaptation() < 8 || p[5]&0x10 == 0 {
		return
	}
	base := uint64(p[6])<<25 | uint64(p[7])<<17 | uint64(p[8])<<9 | uint64(p[9])<<1 | uint64(p[10])>>7
	base = (base + ticks) & clockMask
	p[6], p[7], p[8], p[9] = byte(base>>25), byte(base>>17), byte(base>>9), byte(base>>1)
	p[10] = byte(base<<7) | p[10]&0x7f
}

// movePES moves PTS and DTS in the header of a PES packet, which all muxers write into one transport packet.
func movePES(pes []byte, ticks uint64) {
	if len(pes) < 14 || pes[0] != 0 || pes[1] != 0 || pes[2] != 1 || pes[6]&0xc0 != 0x80 {
		return
	}
	if pes[7]&0x80 != 0 {
		moveStamp(pes[9:], ticks)
	}
	if pes[7]&0xc0 == 0xc0 && len(pes) >= 19 {
		moveStamp(pes[14:], ticks)
	}
}

// moveStamp moves a timestamp of 33 bits in 5 bytes with marker bits between.
func moveStamp(b []byte, ticks uint64) {
	v := uint64(b[0]>>1&7)<<30 | uint64(b[1])<<22 | uint64(b[2]>>1)<<15 | uint64(b[3])<<7 | uint64(b[4]>>1)
	v = (v + ticks) & clockMask
	b[0] = b[0]&0xf1 | byte(v>>30&7)<<1
	b[1] = byte(v >> 22)
	b[2] = byte(v>>15)<<1 | 1
	b[3] = byte(v >> 7)
	b[4] = byte(v)<<1 | 1
}
