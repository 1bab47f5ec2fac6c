package scte35

import "bytes"

// segmentationTag is that of a segmentation_descriptor (SCTE 35 table 16).
const segmentationTag = 0x02

// descriptors reads the descriptor loop; those that are of another kind are skipped.
func (s *Section) descriptors(r *reader) error {
	length := int(r.bits(16))
	end := r.at + 8*length
	if r.short || end > 8*len(r.b) {
		return errShort
	}
	for r.at+16 <= end {
		tag := r.bits(8)
		size := int(r.bits(8))
		next := r.at + 8*size
		if next > end {
			return errShort
		}
		if tag == segmentationTag && len(s.Segmentations) < maxDescriptors {
			inner := reader{b: r.b[:next/8], at: r.at}
			if d, ok := inner.segmentation(); ok {
				s.Segmentations = append(s.Segmentations, d)
			}
			if inner.short {
				return errShort
			}
		}
		r.at = next
	}
	return nil
}

// segmentation: SCTE 35 section 10.3.3; false for one whose identifier is not CUEI.
func (r *reader) segmentation() (Segmentation, bool) {
	const cuei = 0x43554549
	if r.bits(32) != cuei {
		return Segmentation{}, false
	}
	d := Segmentation{EventID: uint32(r.bits(32))}
	d.Cancel = r.flag()
	r.skip(7)
	if d.Cancel {
		return d, !r.short
	}
	program := r.flag()
	d.Timed = r.flag()
	r.skip(6)
	if !program {
		r.skip(48 * int(r.bits(8))) // component_tag, reserved, pts_offset
	}
	if d.Timed {
		d.Duration = Ticks(r.bits(40))
	}
	d.UPIDType = uint8(r.bits(8))
	d.UPID = r.bytes(int(r.bits(8)))
	d.Type = uint8(r.bits(8))
	d.Number, d.Expected = uint8(r.bits(8)), uint8(r.bits(8))
	return d, !r.short
}

// reader reads bits; after the end everything is 0 and short is set.
type reader struct {
	b     []byte
	at    int // bits
	short bool
}

func (r *reader) bits(n int) uint64 {
	if r.at+n > 8*len(r.b) {
		r.at, r.short = 8*len(r.b), true
		return 0
	}
	var v uint64
	for range n {
		v = v<<1 | uint64(r.b[r.at/8]>>(7-r.at%8)&1)
		r.at++
	}
	return v
}

func (r *reader) flag() bool { return r.bits(1) == 1 }

func (r *reader) skip(n int) {
	if r.at += n; r.at > 8*len(r.b) {
		r.at, r.short = 8*len(r.b), true
	}
}

// bytes copies n bytes; it is used where the position is that of a byte.
func (r *reader) bytes(n int) []byte {
	from := r.at / 8
	r.skip(8 * n)
	if r.short {
		return nil
	}
	return bytes.Clone(r.b[from : from+n])
}

// spliceTime: SCTE 35 section 9.8.1.
func (r *reader) spliceTime() (Ticks, bool) {
	if !r.flag() {
		r.skip(7)
		return 0, false
	}
	r.skip(6)
	return Ticks(r.bits(33)), !r.short
}

// crc is CRC-32/MPEG-2 (ISO/IEC 13818-1 annex A); 0 over a section with its CRC_32.
func crc(b []byte) uint32 {
	const polynomial = 0x04c11db7
	c := ^uint32(0)
	for _, x := range b {
		c ^= uint32(x) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ polynomial
			} else {
				c <<= 1
			}
		}
	}
	return c
}
