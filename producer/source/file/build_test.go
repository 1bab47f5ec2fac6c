package file

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Builders of small files: the tests of structure need no encoder.

// bx makes an ISO box of its parts: strings and byte slices as they are, int as 32 bits, int64 as 64 bits.
func bx(kind string, parts ...any) []byte {
	body := cat(parts...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), append([]byte(kind), body...)...)
}

func cat(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		case int:
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		case int64:
			b = binary.BigEndian.AppendUint64(b, uint64(v))
		}
	}
	return b
}

var ftyp = bx("ftyp", "isom", 0)

// trackBox makes a trak with an empty or a full sample table.
func trackBox(id int, kind string, timescale, duration, samples int) []byte {
	stts := bx("stts", 0, 0)
	if samples > 0 {
		stts = bx("stts", 0, 1, samples, duration/samples)
	}
	return bx("trak", bx("tkhd", 0, 0, 0, id, 0, duration),
		bx("mdia", bx("mdhd", 0, 0, 0, timescale, duration, 0), bx("hdlr", 0, 0, kind, make([]byte, 13)), bx("minf", bx("vmhd", 0), bx("stbl", bx("stsd", 0, 0), stts))))
}

func movieBox(timescale, duration int, parts ...any) []byte {
	return bx("moov", append([]any{bx("mvhd", 0, 0, 0, timescale, duration, make([]byte, 80))}, parts...)...)
}

// fragmentBox makes moof and mdat of one track: count samples of a duration, the first a sync sample or not.
func fragmentBox(track int, start int64, count, duration int, key bool) []byte {
	flags := nonSync
	if key {
		flags = 0
	}
	traf := bx("traf", bx("tfhd", 0x020008, track, duration), bx("tfdt", 0x01000000, start), bx("trun", trunFirstFlags, count, flags))
	return cat(bx("moof", bx("mfhd", 0, 1), traf), bx("mdat", make([]byte, 100*count)))
}

var extends = bx("mvex", bx("trex", 0, 1, 1, 0, 0, nonSync))

// fragmentedFile has n fragments of a second at 25 frames, the even ones with a key frame.
func fragmentedFile(n int) []byte {
	b := cat(ftyp, movieBox(1000, 0, trackBox(1, "vide", 25000, 0, 0), extends))
	for i := range n {
		b = append(b, fragmentBox(1, int64(i)*25000, 25, 1000, i%2 == 0)...)
	}
	return b
}

// el makes an EBML element with a size of eight bytes.
func el(id uint32, parts ...any) []byte {
	body := cat(parts...)
	head := bytes.TrimLeft(binary.BigEndian.AppendUint32(nil, id), "\x00")
	return append(binary.BigEndian.AppendUint64(head, 1<<56|uint64(len(body))), body...)
}

func matroska(parts ...any) []byte {
	return cat(el(idEBML, "\x42\x86\x81\x01"), el(idSegment, parts...))
}

func info(ms float64) []byte {
	return el(idInfo, el(idTimestampScale, "\x0f\x42\x40"), el(idDuration, int64(math.Float64bits(ms))))
}

// infoBehind has its Info element where only the seek head says.
func infoBehind() []byte {
	seek := func(position int64) []byte {
		return el(idSeekHead, el(idSeek, el(idSeekID, int(idInfo)), el(idSeekPosition, position)))
	}
	cluster := el(idCluster, make([]byte, 4000))
	return matroska(seek(int64(len(seek(0))+len(cluster))), cluster, info(10_000))
}

// chunk makes a RIFF chunk.
func chunk(id string, size uint32, body []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(id), size), body...)
}

// wavFile has 16-bit stereo at 48 kHz: 192,000 bytes a second.
func wavFile(riff string, dataSize uint32, bytes int, extra ...[]byte) []byte {
	le := binary.LittleEndian
	format := le.AppendUint16(nil, 1)
	format = le.AppendUint16(format, 2)
	format = le.AppendUint32(format, 48000)
	format = le.AppendUint32(format, 1) // wrong on purpose
	format = le.AppendUint16(format, 4)
	format = le.AppendUint16(format, 16)
	b := append(chunk(riff, 0, nil), "WAVE"...)
	for _, x := range extra {
		b = append(b, x...)
	}
	b = append(b, chunk("fmt ", 16, format)...)
	return append(b, chunk("data", dataSize, make([]byte, bytes))...)
}

// tsBuilder writes a transport stream of 188-byte packets.
type tsBuilder struct {
	out    []byte
	stream byte
}

const videoPID, pmtPID = 0x100, 0x1000

// packet writes one packet; random sets random_access_indicator. The payload is padded by the adaptation field.
func (b *tsBuilder) packet(pid int, start, random bool, payload []byte) {
	p := []byte{syncByte, byte(pid >> 8), byte(pid), 0x30}
	if start {
		p[1] |= 0x40
	}
	stuffing := plainPacket - 4 - 2 - len(payload)
	flags := byte(0)
	if random {
		flags = 0x40
	}
	p = append(p, byte(1+stuffing), flags)
	p = append(p, bytes.Repeat([]byte{0xff}, stuffing)...)
	b.out = append(b.out, append(p, payload...)...)
}

func sectionBytes(table byte, body ...byte) []byte {
	n := 5 + len(body) + 4
	s := []byte{0, table, 0xb0 | byte(n>>8), byte(n), 0, 1, 0xc1, 0, 0}
	return append(append(s, body...), 0, 0, 0, 0)
}

func (b *tsBuilder) tables() {
	b.packet(pidPAT, true, false, sectionBytes(tablePAT, 0, 1, 0xe0|pmtPID>>8, pmtPID&0xff))
	b.packet(pmtPID, true, false, sectionBytes(tablePMT, 0xe1, 0, 0xf0, 0, b.stream, 0xe1, 0, 0xf0, 0, 0x0f, 0xe1, 1, 0xf0, 0))
}

// picture writes a picture of about size bytes.
func (b *tsBuilder) picture(pts int64, key bool, size int) {
	pes := []byte{0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, byte(pts>>29)&0x0e | 0x21, byte(pts >> 22), byte(pts>>14) | 1, byte(pts >> 7), byte(pts<<1) | 1}
	nal := []byte{0, 0, 1, 9, 0xf0, 0, 0, 1, 1, 0x80}
	if b.stream == streamHEVC {
		nal = []byte{0, 0, 1, 70, 1, 0x10, 0, 0, 1, 2, 1}
	}
	if key && b.stream == streamHEVC {
		nal[9] = 19 << 1
	} else if key {
		nal[8] = 0x65
	}
	b.packet(videoPID, true, key, append(pes, nal...))
	for size > 0 {
		b.packet(videoPID, false, false, bytes.Repeat([]byte{0xaa}, 182))
		size -= plainPacket
	}
}

// transportFile has seconds of 10 pictures a second, about a megabyte each second, with a key frame in each, from a PTS on.
func transportFile(stream byte, seconds int, from int64) []byte {
	b := tsBuilder{stream: stream}
	b.tables()
	for i := range seconds * 10 {
		b.picture((from+int64(i)*9000)&ptsMask, i%10 == 0, 100_000)
		if i%10 == 5 {
			b.tables()
		}
	}
	return b.out
}
