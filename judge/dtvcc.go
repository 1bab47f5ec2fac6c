package judge

import "aircheck/jobs"

// maxPacket is the greatest caption channel packet, in bytes (CTA-708-E, 5).
const maxPacket = 128

// dtvcc puts caption channel packets of CEA-708 together from the pairs of bytes in which they travel.
type dtvcc struct {
	Data []byte `json:",omitempty"`
	Size int    // of the packet with its header; 0 when none is begun
}

// begin starts a packet: the first byte says how long it is.
func (d *dtvcc) begin(b []byte) {
	code := int(b[0] & 0x3f)
	d.Size = 2 * code
	if code == 0 {
		d.Size = maxPacket
	}
	d.Data = append(d.Data[:0], b...)
}

func (d *dtvcc) add(b []byte) {
	if d.Size > 0 && len(d.Data) < maxPacket {
		d.Data = append(d.Data, b...)
	}
}

// block is a piece of one service.
type block struct {
	service int
	data    []byte
}

// blocks yields the service blocks of the packet if it is whole, and forgets it (CTA-708-E, 6.2).
func (d *dtvcc) blocks(yield func(block) bool) {
	if d.Size == 0 || len(d.Data) < d.Size {
		return
	}
	rest := d.Data[1:d.Size]
	d.Size = 0
	for len(rest) > 0 {
		service, size := int(rest[0]>>5), int(rest[0]&0x1f)
		rest = rest[1:]
		if service == 7 && size > 0 && len(rest) > 0 {
			service = int(rest[0] & 0x3f)
			rest = rest[1:]
		}
		if service == 0 || size == 0 || size > len(rest) {
			return // the rest is padding, or damage
		}
		if !yield(block{service, rest[:size]}) {
			return
		}
		rest = rest[size:]
	}
}

// service708 follows one service as far as it takes to know when it shows something. Windows are not told apart: whatever hides one ends the caption.
type service708 struct {
	Number int
	Cues   cues
	// Skip is how many bytes of a code's parameters are to come in the next block.
	Skip int
	// Extended is what of an extended code is to come.
	Extended extension `json:",omitempty"`
}

// extension is how far an extended code has come.
type extension int

const (
	notExtended   extension = iota
	extendedCode            // its code is next
	extendedCount           // and how many parameters it has
)

// The codes that take something off the screen, or begin a line: one is a caption, as in CEA-608.
const (
	clearWindows  = 0x88
	hideWindows   = 0x8a
	deleteWindows = 0x8c
	reset708      = 0x8f
	formFeed      = 0x0c
	newLine       = 0x0d
	lineAnew      = 0x0e // to the beginning of the line, which is erased
	extended708   = 0x10
	// space708 and fixedSpace708 are the characters of G2 that show nothing.
	space708, fixedSpace708 = 0x20, 0x21
)

func (s *service708) feed(data []byte, at jobs.Micros) {
	for i := 0; i < len(data); i++ {
		if s.Skip > 0 {
			s.Skip--
			continue
		}
		if s.Extended != notExtended {
			s.extended(data[i], at)
			continue
		}
		switch c := data[i]; {
		case c == formFeed, c == newLine, c == lineAnew, c == clearWindows, c == hideWindows, c == deleteWindows, c == reset708:
			s.Cues.clear(at)
			s.Skip = extra708(c)
		case c == extended708:
			s.Extended = extendedCode
		case c < 0x20 || c >= 0x80 && c < 0xa0:
			s.Skip = extra708(c)
		case c != 0x20 && c != 0xa0:
			s.Cues.show(at, 1)
		}
	}
}

// extended takes what follows EXT1: a code of C2 or C3, which has parameters and shows nothing yet, or a character of G2 or G3 (CTA-708-E, 7.1.2 to 7.1.9).
func (s *service708) extended(c byte, at jobs.Micros) {
	if s.Extended == extendedCount {
		s.Extended, s.Skip = notExtended, int(c&0x1f)
		return
	}
	s.Extended = notExtended
	switch {
	case c < 0x20:
		s.Skip = int(c / 8) // 0 to 3
	case c >= 0x90 && c < 0xa0:
		s.Extended = extendedCount
	case c >= 0x80 && c < 0x90:
		s.Skip = int(c/8) - 12 // 4 or 5
	case c != space708 && c != fixedSpace708:
		s.Cues.show(at, 1)
	}
}

// extra708 is how many bytes follow a code of C0 or C1 (CTA-708-E, 7.1 and 8.10.5).
func extra708(c byte) int {
	switch {
	case c >= 0x98: // a window's definition
		return 6
	case c == 0x97: // its attributes
		return 4
	case c == 0x91: // colours of the pen
		return 3
	case c == 0x90 || c == 0x92 || c >= 0x18 && c < 0x20:
		return 2
	case c >= 0x88 && c <= 0x8d || c > extended708 && c < 0x18:
		return 1
	}
	return 0
}
