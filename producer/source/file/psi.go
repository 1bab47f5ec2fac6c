package file

import (
	"context"
	"encoding/binary"
)

// Program specific information (ISO/IEC 13818-1 section 2.4.4).
const (
	pidPAT      = 0x0000
	pidNull     = 0x1fff
	pidReserved = 0x0020 // PIDs below carry tables only (ETSI EN 300 468 section 5.1.3)

	tablePAT = 0x00
	tablePMT = 0x02

	// maxSection bounds a section of these two tables (section 2.4.4.5).
	maxSection = 1024
)

// Stream types of video (ISO/IEC 13818-1 table 2-34).
const (
	streamMPEG1 = 0x01
	streamMPEG2 = 0x02
	streamH264  = 0x1b
	streamHEVC  = 0x24
)

// programme is the one programme of a transport stream, and the bytes that say so.
type programme struct {
	pid        int // of the video
	stream     int // its stream type
	start, end int64
}

// tables collects a PAT and the PMT behind it.
type tables struct {
	start   int64 // of the PAT; -1 while there is none
	pmt     int
	section []byte
	found   programme
	many    bool // several programmes, or several videos
}

const (
	// tableScan is how far the tables are looked for: they come twice a second, and 1 MiB is half a second at 16 Mbit/s.
	tableScan = 4 << 20
	// maxTables bounds PAT to PMT: they are put in front of every segment.
	maxTables = 64 << 10
)

// findProgramme looks for a PAT and a PMT with nothing but tables between them: these bytes go in front of each segment, and must not bring any media along.
func findProgramme(ctx context.Context, r *reader, g grid) (programme, bool, error) {
	t := tables{start: -1}
	err := r.packets(ctx, g, 0, min(tableScan, r.object.Size), func(p packet) bool {
		return t.packet(p, int64(g.size))
	})
	return t.found, t.found.pid > 0 && !t.many, err
}

func (t *tables) packet(p packet, size int64) (done bool) {
	switch {
	case p.pid == pidPAT && p.start:
		t.start, t.section = -1, nil
		if pmt, ok := readPAT(section(nil, p)); ok {
			t.start, t.pmt = p.off, pmt
		}
	case t.start < 0:
	case p.pid == t.pmt:
		t.section = section(t.section, p)
		if t.readPMT() {
			t.found.start, t.found.end = t.start, p.off+size
			return true
		}
	case p.pid >= pidReserved && p.pid != pidNull, p.off-t.start > maxTables-2*size:
		t.start, t.section = -1, nil
	}
	return t.many
}

// section adds a packet to the section that began before; a section that begins replaces it.
func section(so []byte, p packet) []byte {
	if !p.start {
		if so == nil || len(so) > maxSection {
			return nil
		}
		return append(so, p.payload...)
	}
	if len(p.payload) == 0 || int(p.payload[0]) >= len(p.payload) {
		return nil
	}
	return append([]byte(nil), p.payload[1+int(p.payload[0]):]...)
}

// content cuts a section to what stands between its header of 8 bytes and its checksum; ok is false until all of it is there.
func content(b []byte, table byte) ([]byte, bool) {
	if len(b) < 12 || b[0] != table {
		return nil, false
	}
	end := 3 + int(binary.BigEndian.Uint16(b[1:])&0xfff)
	if end > len(b) || end < 12 {
		return nil, false
	}
	return b[8 : end-4], true
}

// readPAT returns the PID of the PMT of the only programme.
func readPAT(b []byte) (pmt int, ok bool) {
	body, ok := content(b, tablePAT)
	if !ok {
		return 0, false
	}
	programmes := 0
	for ; len(body) >= 4; body = body[4:] {
		if binary.BigEndian.Uint16(body) != 0 { // 0 is the network PID
			programmes++
			pmt = int(binary.BigEndian.Uint16(body[2:]) & 0x1fff)
		}
	}
	return pmt, programmes == 1 && pmt >= 0x10
}

// readPMT looks for the only video of the programme; it tells whether the table is complete.
func (t *tables) readPMT() bool {
	body, ok := content(t.section, tablePMT)
	if !ok || len(body) < 4 {
		return false
	}
	info := 4 + int(binary.BigEndian.Uint16(body[2:])&0xfff)
	for body = body[min(info, len(body)):]; len(body) >= 5; {
		kind, pid := int(body[0]), int(binary.BigEndian.Uint16(body[1:])&0x1fff)
		switch kind {
		case streamMPEG1, streamMPEG2, streamH264, streamHEVC:
			t.many = t.many || t.found.pid > 0
			t.found.pid, t.found.stream = pid, kind
		}
		body = body[min(5+int(binary.BigEndian.Uint16(body[3:])&0xfff), len(body)):]
	}
	return true
}
