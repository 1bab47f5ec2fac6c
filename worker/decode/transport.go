package decode

import (
	"slices"

	"aircheck/jobs/measurement"
)

const (
	tsPacket = 188
	tsSync   = 0x47
	tsNull   = 0x1fff
	tsPIDs   = 1 << 13
	// sureSync is how many sync bytes in their places make a transport stream: one in 2^24 of other bytes looks like three of them.
	sureSync = 3
	// maxPrograms and maxEarly bound what is remembered of a PAT, and of PIDs that come before it.
	maxPrograms = 32
	maxEarly    = 64
)

// multiplex walks over the packets of a transport stream.
type multiplex struct {
	found measurement.Transport
	// counter is the continuity counter of each PID plus one, 0 before the first packet; twice says that a duplicate was let pass already.
	counter [tsPIDs]uint8
	twice   [tsPIDs]bool
	pmts    []uint16
	done    bool
	early   []pidCount
}

type pidCount struct {
	pid   uint16
	count int
}

// transportOf looks at a segment that is an MPEG transport stream; nil for any other. It is one look at four bytes of every 188.
func transportOf(data []byte) *measurement.Transport {
	at := syncAt(data, 0)
	if at < 0 || at >= tsPacket {
		return nil
	}
	m := multiplex{}
	m.found.Stray = int64(at)
	for at+tsPacket <= len(data) {
		if data[at] != tsSync {
			next := syncAt(data, at+1)
			if next < 0 {
				break
			}
			m.found.Stray += int64(next - at)
			at = next
			continue
		}
		m.packet(data[at : at+tsPacket])
		at += tsPacket
	}
	m.found.Stray += int64(len(data) - at)
	return m.finish()
}

// syncAt finds the first place from at on where packets begin; at the end of the data fewer than sureSync of them will do. -1 when there is none.
func syncAt(data []byte, at int) int {
	for ; at+tsPacket <= len(data); at++ {
		sure := true
		for i := range sureSync {
			if p := at + i*tsPacket; p < len(data) && data[p] != tsSync {
				sure = false
				break
			}
		}
		if sure {
			return at
		}
	}
	return -1
}

func (m *multiplex) packet(p []byte) {
	pid := uint16(p[1]&0x1f)<<8 | uint16(p[2])
	m.found.Packets++
	if p[1]&0x80 != 0 {
		m.found.Flagged++
		m.counter[pid] = 0 // nothing in it can be believed; that the next one does not follow it has the same cause
		return
	}
	if pid == tsNull {
		return
	}
	payload, resets := payloadOf(p)
	m.count(pid, p[3]&0x0f, payload != nil, resets)
	if m.done || len(payload) == 0 {
		return
	}
	switch {
	case pid == 0:
		m.pat(section(p, payload))
	case slices.Contains(m.pmts, pid):
		m.pmt(section(p, payload))
	default:
		m.before(pid)
	}
}

// payloadOf is what a packet carries, nil when it says that it carries nothing; resets: its counter begins anew (discontinuity_indicator).
func payloadOf(p []byte) (payload []byte, resets bool) {
	control := p[3] >> 4 & 3
	body := p[4:]
	if control&2 != 0 {
		n := int(body[0])
		resets = n > 0 && body[1]&0x80 != 0
		body = body[min(1+n, len(body)):]
	}
	if control&1 == 0 {
		return nil, resets
	}
	return body, resets
}

// count follows a continuity counter: it grows with every packet that has a payload, and a packet may be sent twice (ISO/IEC 13818-1 section 2.4.3.3).
func (m *multiplex) count(pid uint16, cc uint8, payload, resets bool) {
	last := m.counter[pid]
	m.counter[pid] = cc + 1
	want := last & 0x0f // last is the counter plus one already
	switch {
	case last == 0 || resets:
	case !payload && cc == last-1:
		return
	case payload && cc == want:
	case payload && cc == last-1 && !m.twice[pid]:
		m.twice[pid] = true
		return
	default:
		m.lost(pid)
	}
	m.twice[pid] = false
}

func (m *multiplex) lost(pid uint16) {
	list := m.found.Continuity
	for i := range list {
		if list[i].PID == int(pid) {
			list[i].Errors++
			return
		}
	}
	if len(list) < measurement.MaxDamagedPIDs {
		m.found.Continuity = append(list, measurement.PIDErrors{PID: int(pid), Errors: 1})
	}
}

// before remembers a packet that comes before the PMT.
func (m *multiplex) before(pid uint16) {
	for i := range m.early {
		if m.early[i].pid == pid {
			m.early[i].count++
			return
		}
	}
	if len(m.early) < maxEarly {
		m.early = append(m.early, pidCount{pid, 1})
	}
}

// section is the section that begins in a packet, as far as the packet goes; nil when none begins there. PATs and the PMTs of delivery fit into one packet.
func section(p, payload []byte) []byte {
	if p[1]&0x40 == 0 || len(payload) < 1 {
		return nil
	}
	payload = payload[min(1+int(payload[0]), len(payload)):]
	if len(payload) < 8 {
		return nil
	}
	n := 3 + (int(payload[1]&0x0f)<<8 | int(payload[2]))
	return payload[:min(n, len(payload))]
}

// pat takes the PIDs of the PMTs (ISO/IEC 13818-1 section 2.4.4.3).
func (m *multiplex) pat(s []byte) {
	const head, crc = 8, 4
	if len(s) < head || s[0] != 0 {
		return
	}
	m.pmts = m.pmts[:0]
	for s = s[head:]; len(s) >= 4+crc && len(m.pmts) < maxPrograms; s = s[4:] {
		if s[0] != 0 || s[1] != 0 { // program 0 is the network information
			m.pmts = append(m.pmts, uint16(s[2]&0x1f)<<8|uint16(s[3]))
		}
	}
}

// pmt takes the elementary streams (ISO/IEC 13818-1 section 2.4.4.8): with it the multiplex is known.
func (m *multiplex) pmt(s []byte) {
	const head, table = 12, 2
	if len(s) < head || s[0] != table {
		return
	}
	m.done = true
	s = s[min(head+(int(s[10]&0x0f)<<8|int(s[11])), len(s)):]
	for len(s) >= 5 {
		pid := uint16(s[1]&0x1f)<<8 | uint16(s[2])
		if hasPES(s[0]) && len(m.found.Streams) < measurement.MaxStreams {
			m.found.Streams = append(m.found.Streams, measurement.Stream{PID: int(pid), Type: int(s[0])})
		}
		s = s[min(5+(int(s[3]&0x0f)<<8|int(s[4])), len(s)):]
	}
}

// hasPES leaves out the streams of sections, which nobody plays: private sections, DSM-CC, SCTE-35.
func hasPES(streamType byte) bool {
	return streamType != 0x05 && (streamType < 0x0a || streamType > 0x0d) && streamType != 0x86
}

func (m *multiplex) finish() *measurement.Transport {
	m.found.NoPSI = !m.done
	for _, e := range m.early {
		if slices.ContainsFunc(m.found.Streams, func(s measurement.Stream) bool { return s.PID == int(e.pid) }) {
			m.found.Early += e.count
		}
	}
	return &m.found
}
