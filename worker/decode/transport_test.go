package decode

import (
	"slices"
	"testing"

	"aircheck/jobs/measurement"
)

// tsOf makes a packet with a payload.
func tsOf(pid int, cc byte, start bool, payload ...byte) []byte {
	p := make([]byte, tsPacket)
	p[0], p[1], p[2], p[3] = tsSync, byte(pid>>8), byte(pid), 0x10|cc&15
	if start {
		p[1] |= 0x40
	}
	n := copy(p[4:], payload)
	for i := 4 + n; i < len(p); i++ {
		p[i] = 0xff
	}
	return p
}

const pmtPID, videoPID, audioPID, cuePID = 0x1000, 0x100, 0x101, 0x1f0

func patPacket() []byte {
	return tsOf(0, 0, true, 0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0|pmtPID>>8, pmtPID&0xff, 1, 2, 3, 4)
}

func pmtPacket() []byte {
	return tsOf(pmtPID, 0, true, 0, 2, 0xb0, 28, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0,
		0x1b, 0xe0|videoPID>>8, videoPID&0xff, 0xf0, 0, 0x0f, 0xe0|audioPID>>8, audioPID&0xff, 0xf0, 0, 0x86, 0xe0|cuePID>>8, cuePID&0xff, 0xf0, 0, 1, 2, 3, 4)
}

func pes(pid int, cc byte) []byte { return tsOf(pid, cc, false, 1, 2, 3) }

func TestTransport(t *testing.T) {
	empty := func(pid int, cc byte) []byte {
		p := pes(pid, cc)
		p[3], p[4] = 0x20|cc, 183
		p[5] = 0
		return p
	}
	reset := func(pid int, cc byte) []byte {
		p := pes(pid, cc)
		p[3], p[4], p[5] = 0x30|cc, 1, 0x80
		return p
	}
	damaged := func(pid int, cc byte) []byte {
		p := pes(pid, cc)
		p[1] |= 0x80
		return p
	}
	lost := func(pid, n int) []measurement.PIDErrors { return []measurement.PIDErrors{{PID: pid, Errors: n}} }
	pat, pmt := patPacket(), pmtPacket()
	for _, c := range []struct {
		name  string
		parts [][]byte
		want  measurement.Transport
	}{
		{"clean", [][]byte{pat, pmt, pes(videoPID, 5), pes(audioPID, 9), pes(videoPID, 6), pes(videoPID, 7)}, measurement.Transport{Packets: 6}},
		{"service information first", [][]byte{pes(0x11, 0), pat, pmt, pes(videoPID, 0)}, measurement.Transport{Packets: 4}},
		{"the counter wraps", [][]byte{pat, pmt, pes(videoPID, 15), pes(videoPID, 0)}, measurement.Transport{Packets: 4}},
		{"a packet is lost", [][]byte{pat, pmt, pes(videoPID, 5), pes(videoPID, 7), pes(videoPID, 8)}, measurement.Transport{Packets: 5, Continuity: lost(videoPID, 1)}},
		{"a packet comes twice", [][]byte{pat, pmt, pes(videoPID, 5), pes(videoPID, 5), pes(videoPID, 6)}, measurement.Transport{Packets: 5}},
		{"a packet comes three times", [][]byte{pat, pmt, pes(videoPID, 5), pes(videoPID, 5), pes(videoPID, 5)}, measurement.Transport{Packets: 5, Continuity: lost(videoPID, 1)}},
		{"without a payload the counter stands", [][]byte{pat, pmt, pes(videoPID, 5), empty(videoPID, 5), pes(videoPID, 6)}, measurement.Transport{Packets: 5}},
		{"the counter begins anew", [][]byte{pat, pmt, pes(videoPID, 5), reset(videoPID, 1), pes(videoPID, 2)}, measurement.Transport{Packets: 5}},
		{"null packets count for nothing", [][]byte{pat, pmt, pes(tsNull, 5), pes(tsNull, 1), pes(videoPID, 6)}, measurement.Transport{Packets: 5}},
		{"media before the tables", [][]byte{pes(videoPID, 4), pes(cuePID, 1), pat, pes(audioPID, 1), pmt, pes(videoPID, 5)}, measurement.Transport{Packets: 6, Early: 2}},
		{"no tables", [][]byte{pes(videoPID, 4), pes(videoPID, 5), pes(videoPID, 6)}, measurement.Transport{Packets: 3, NoPSI: true}},
		{"no PMT", [][]byte{pat, pes(videoPID, 5), pes(videoPID, 6)}, measurement.Transport{Packets: 3, NoPSI: true}},
		{"damaged on the way", [][]byte{pat, pmt, pes(videoPID, 5), damaged(videoPID, 6), pes(videoPID, 7)}, measurement.Transport{Packets: 5, Flagged: 1}},
		{"bytes too many", [][]byte{pat, pmt, pes(videoPID, 4), {1, 2, 3}, pes(videoPID, 5), pes(videoPID, 6), pes(videoPID, 7), {9}}, measurement.Transport{Packets: 6, Stray: 4}},
	} {
		got := transportOf(slices.Concat(c.parts...))
		if got == nil {
			t.Errorf("%s: no transport stream", c.name)
			continue
		}
		if got.Packets != c.want.Packets || got.Early != c.want.Early || got.NoPSI != c.want.NoPSI || got.Flagged != c.want.Flagged || got.Stray != c.want.Stray ||
			!slices.Equal(got.Continuity, c.want.Continuity) {
			t.Errorf("%s: %+v, want %+v", c.name, *got, c.want)
		}
	}
}

func TestOtherBytesAreNoTransportStream(t *testing.T) {
	for _, data := range [][]byte{nil, {tsSync}, make([]byte, 5000), []byte("....ftypisom")} {
		if got := transportOf(data); got != nil {
			t.Errorf("%d bytes: %+v", len(data), *got)
		}
	}
}

// FuzzTransport: whatever the bytes are, the counts are within what they can hold.
func FuzzTransport(f *testing.F) {
	f.Add(slices.Concat(patPacket(), pmtPacket(), pes(videoPID, 1), pes(videoPID, 3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := transportOf(data)
		if m == nil {
			return
		}
		sum := int64(m.Packets)*tsPacket + m.Stray
		if sum != int64(len(data)) || m.Early > m.Packets || m.Flagged > m.Packets || len(m.Continuity) > measurement.MaxDamagedPIDs {
			t.Errorf("%d bytes: %+v", len(data), *m)
		}
	})
}

func TestCodecs(t *testing.T) {
	annexB := func(nals ...[]byte) []byte {
		var b []byte
		for _, n := range nals {
			b = append(append(b, 0, 0, 0, 1), n...)
		}
		return b
	}
	aud := []byte{9, 0xf0}
	hvc := []byte{0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93}
	for _, c := range []struct {
		codec       string
		extra, data []byte
		want        string
	}{
		{"h264", []byte{1, 0x64, 0, 0x1e, 0xff, 0xe1, 0}, nil, "avc1.64001e"},
		{"h264", nil, annexB(aud, []byte{0x67, 0x4d, 0x40, 0x1f, 1, 2}), "avc1.4d401f"},
		{"h264", nil, annexB(aud, []byte{0x65, 1, 2, 3, 4, 5}), ""},
		{"h264", nil, annexB([]byte{0x67, 0x4d}), ""},
		{"hevc", append([]byte{1}, append(slices.Clone(hvc), make([]byte, 12)...)...), nil, "hvc1.1.6.L93.90"},
		{"hevc", nil, annexB([]byte{0x42, 1, 1, 0x22, 0x20, 0, 0, 3, 0, 0xb0, 0, 0, 3, 0, 0, 3, 0, 123, 0xa0}), "hvc1.2.4.H123.B0"},
		{"hevc", nil, annexB([]byte{0x42, 1, 1, 0x22}), ""},
		{"vp9", nil, annexB(aud), ""},
	} {
		if got := codecsOf(c.codec, c.extra, c.data); got != c.want {
			t.Errorf("%s %x %x: %q, want %q", c.codec, c.extra, c.data, got, c.want)
		}
	}
}

func TestIntra(t *testing.T) {
	for _, c := range []struct {
		codec string
		data  []byte
		want  bool
	}{
		{"h264", []byte{0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41, 0x88, 0x80}, true},  // first_mb 0, slice_type 7
		{"h264", []byte{0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41, 0xb0, 0x80}, true},  // slice_type 2
		{"h264", []byte{0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41, 0x9a, 0x80}, false}, // slice_type 5
		{"h264", []byte{0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41, 0xe0, 0x80}, false}, // slice_type 0
		{"h264", []byte{0, 0, 1, 0x41, 0}, false},
		{"h264", []byte{0, 0, 1, 0x65, 0x88}, true},
		{"hevc", []byte{0, 0, 1, 0x2a, 1, 0x80}, true},
		{"hevc", []byte{0, 0, 1, 0x02, 1, 0x80}, false},
		{"mpeg2video", []byte{0, 0, 1, 0}, false},
		{"h264", nil, false},
	} {
		if got := intra(c.codec, nil, c.data); got != c.want {
			t.Errorf("%s %x: %v", c.codec, c.data, got)
		}
	}
}
