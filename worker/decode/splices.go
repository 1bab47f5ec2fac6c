//go:build cgo

package decode

import (
	"bytes"
	"encoding/binary"
	"math"

	"aircheck/jobs/measurement"
	"aircheck/jobs/scte35"
)

// splice is an SCTE-35 section with its moment as its envelope has it.
type splice struct {
	source  string
	section []byte
	// ticks of scale a second on the clock of the media; relative: since the beginning of the segment.
	ticks    uint64
	scale    uint32
	relative bool
	length   int64 // microseconds; 0 unknown
}

// splicesOf finds the sections in a segment: those on PIDs of their own, or those in event message boxes. Heartbeats announce nothing.
func splicesOf(data []byte, transport bool) []splice {
	if transport {
		return transportSplices(data)
	}
	return messageSplices(data)
}

// announces tells whether a section can be read and says something.
func announces(b []byte) (scte35.Section, bool) {
	s, err := scte35.Parse(b)
	return s, err == nil && s.Command != scte35.SpliceNull && s.Command != scte35.BandwidthReservation
}

// streamTypeSplice is the stream_type of splice information (SCTE 35 section 8.1).
const streamTypeSplice = 0x86

// spliceWalk collects sections from the PIDs of splice information; it finds them by PAT and PMT, as far as these fit into one packet.
type spliceWalk struct {
	multiplex multiplex
	pids      map[uint16][]byte // what there is of the section that is being collected
	found     []splice
}

func transportSplices(data []byte) []splice {
	at := syncAt(data, 0)
	if at < 0 {
		return nil
	}
	w := spliceWalk{pids: map[uint16][]byte{}}
	for ; at+tsPacket <= len(data) && len(w.found) < measurement.MaxSplices; at += tsPacket {
		if data[at] != tsSync {
			if at = syncAt(data, at+1); at < 0 {
				break
			}
		}
		w.packet(data[at : at+tsPacket])
	}
	return w.found
}

func (w *spliceWalk) packet(p []byte) {
	pid := uint16(p[1]&0x1f)<<8 | uint16(p[2])
	known := pid == 0 || w.isPMT(pid)
	if _, splice := w.pids[pid]; !known && !splice || p[1]&0x80 != 0 {
		return
	}
	payload, _ := payloadOf(p)
	switch {
	case pid == 0:
		w.multiplex.pat(section(p, payload))
	case known:
		w.pmt(section(p, payload))
	default:
		w.collect(pid, payload, p[1]&0x40 != 0)
	}
}

func (w *spliceWalk) isPMT(pid uint16) bool {
	for _, p := range w.multiplex.pmts {
		if p == pid {
			return true
		}
	}
	return false
}

// pmt takes the PIDs of splice information.
func (w *spliceWalk) pmt(s []byte) {
	const head, table = 12, 2
	if len(s) < head || s[0] != table {
		return
	}
	s = s[min(head+(int(s[10]&0x0f)<<8|int(s[11])), len(s)):]
	for len(s) >= 5 {
		pid := uint16(s[1]&0x1f)<<8 | uint16(s[2])
		if _, known := w.pids[pid]; s[0] == streamTypeSplice && !known && len(w.pids) < maxPrograms {
			w.pids[pid] = nil
		}
		s = s[min(5+(int(s[3]&0x0f)<<8|int(s[4])), len(s)):]
	}
}

// collect puts sections together that lie in several packets; begins: one begins behind the pointer (ISO/IEC 13818-1 section 2.4.4.2).
func (w *spliceWalk) collect(pid uint16, payload []byte, begins bool) {
	rest := payload
	if begins && len(payload) > 0 {
		pointer := min(1+int(payload[0]), len(payload))
		w.grow(pid, payload[1:pointer])
		w.pids[pid], rest = nil, payload[pointer:]
	} else if w.pids[pid] == nil {
		return
	}
	w.grow(pid, rest)
}

// grow adds bytes and takes out the sections that are complete.
func (w *spliceWalk) grow(pid uint16, b []byte) {
	part := append(w.pids[pid], b[:min(len(b), scte35.MaxSection)]...)
	for len(part) >= 3 && part[0] != 0xff { // 0xff is stuffing
		n := 3 + (int(part[1]&0x0f)<<8 | int(part[2]))
		if n > len(part) {
			break
		}
		w.take(part[:n])
		part = part[n:]
	}
	if len(part) > 0 && part[0] == 0xff || len(part) > scte35.MaxSection {
		part = nil
	}
	w.pids[pid] = part
}

func (w *spliceWalk) take(b []byte) {
	s, ok := announces(b)
	if !ok || len(w.found) >= measurement.MaxSplices {
		return
	}
	one := splice{source: "scte35.ts", section: bytes.Clone(b), scale: 90_000, relative: !s.Timed}
	if s.Timed {
		one.ticks = uint64(s.Time+s.Adjustment) & (1<<33 - 1)
	}
	w.found = append(w.found, one)
}

// spliceScheme is the scheme of event messages that hold a section (SCTE 214-3 section 7.3.2).
const spliceScheme = "urn:scte:scte35:2013:bin"

// messageSplices walks over the boxes of a segment of fragmented MP4.
func messageSplices(data []byte) []splice {
	var found []splice
	for len(data) >= 8 && len(found) < measurement.MaxSplices {
		size, head := uint64(binary.BigEndian.Uint32(data)), uint64(8)
		if size == 1 && len(data) >= 16 {
			size, head = binary.BigEndian.Uint64(data[8:]), 16
		}
		if size < head || size > uint64(len(data)) {
			break
		}
		if string(data[4:8]) == "emsg" {
			if s, ok := messageOf(data[head:size]); ok {
				found = append(found, s)
			}
		}
		data = data[size:]
	}
	return found
}

// messageOf reads an event message box (ISO/IEC 23009-1 section 5.10.3.3).
func messageOf(b []byte) (splice, bool) {
	if len(b) < 4 {
		return splice{}, false
	}
	s := splice{source: "scte35.emsg", relative: b[0] == 0}
	version, b := b[0], b[4:]
	var scheme string
	var ok bool
	if version == 0 {
		if scheme, b, ok = twoStrings(b); !ok || len(b) < 16 {
			return splice{}, false
		}
		s.scale, s.ticks = binary.BigEndian.Uint32(b), uint64(binary.BigEndian.Uint32(b[4:]))
		s.lasts(binary.BigEndian.Uint32(b[8:]))
		b = b[16:]
	} else {
		if version != 1 || len(b) < 20 {
			return splice{}, false
		}
		s.scale, s.ticks = binary.BigEndian.Uint32(b), binary.BigEndian.Uint64(b[4:])
		s.lasts(binary.BigEndian.Uint32(b[12:]))
		if scheme, b, ok = twoStrings(b[20:]); !ok {
			return splice{}, false
		}
	}
	if _, says := announces(b); scheme != spliceScheme || s.scale == 0 || !says {
		return splice{}, false
	}
	s.section = bytes.Clone(b)
	return s, true
}

// twoStrings reads scheme_id_uri and value.
func twoStrings(b []byte) (scheme string, rest []byte, ok bool) {
	first, rest, ok := bytes.Cut(b, []byte{0})
	if ok {
		_, rest, ok = bytes.Cut(rest, []byte{0})
	}
	return string(first), rest, ok
}

// lasts sets the length of an event; all ones is one that nobody knows.
func (s *splice) lasts(duration uint32) {
	if duration != math.MaxUint32 && s.scale > 0 {
		s.length = micros(int64(duration), 1, int64(s.scale))
	}
}

// micros converts ticks of num/den seconds, not further than a hundred years.
func micros(ticks, num, den int64) int64 {
	const far = 100 * 366 * 24 * 3600
	if den <= 0 || num <= 0 || num > math.MaxInt32 || den > math.MaxUint32 {
		return 0
	}
	whole, part := ticks/den, ticks%den
	if whole > far/num || whole < -far/num {
		whole, part = max(-far/num, min(far/num, whole)), 0
	}
	return whole*num*1e6 + int64(float64(part)*float64(num)*1e6/float64(den))
}

// announced puts the splices of a segment on the clock of its media: microseconds after its first picture, or sound.
func (s *demuxed) announced() []measurement.Splice {
	first, ok := s.firstTime()
	if !ok {
		return nil
	}
	var list []measurement.Splice
	for i := range s.splices {
		x := &s.splices[i]
		out := measurement.Splice{Source: x.source, Length: x.length, Section: x.section}
		switch {
		case x.relative:
			out.At = micros(int64(min(x.ticks, math.MaxInt64)), 1, int64(x.scale))
		case x.source == "scte35.ts":
			out.At = micros(around(int64(x.ticks)-micros90(first)), 1, int64(x.scale))
		default:
			out.At = micros(int64(min(x.ticks, math.MaxInt64)), 1, int64(x.scale)) - first
		}
		list = append(list, out)
	}
	return list
}

// micros90 is a time in microseconds on the clock of 90 kHz.
func micros90(t int64) int64 { return t/1e6*90_000 + t%1e6*90_000/1e6 }

// around takes a difference of two 33-bit times as the shortest way round.
func around(d int64) int64 {
	d &= 1<<33 - 1
	if d >= 1<<32 {
		d -= 1 << 33
	}
	return d
}

// firstTime is the earliest timestamp of the first video track, else of the first track, in microseconds.
func (s *demuxed) firstTime() (int64, bool) {
	var lead *track
	for _, t := range s.tracks() {
		if lead == nil || lead.kind != measurement.Video && t.kind == measurement.Video {
			lead = t
		}
	}
	first, ok := int64(0), false
	for _, p := range s.packets {
		if lead == nil || p.track.id() != lead.id() || !p.placed() {
			continue
		}
		if t := micros(p.time(), lead.num, lead.den); !ok || t < first {
			first, ok = t, true
		}
	}
	return first, ok
}
