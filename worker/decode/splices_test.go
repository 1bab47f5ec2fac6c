//go:build cgo

package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"aircheck/jobs/scte35"
)

// spliceOut is the splice_insert of the examples in SCTE 35: out of the network at 0x07369c02e for 60.3 s.
func spliceOut(t *testing.T) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// spliceTS is a transport packet of a PID with a payload, stuffed with 0xff; begins sets payload_unit_start_indicator.
func spliceTS(pid int, begins bool, payload []byte) []byte {
	p := bytes.Repeat([]byte{0xff}, tsPacket)
	p[0], p[1], p[2], p[3] = tsSync, byte(pid>>8), byte(pid), 0x10
	if begins {
		p[1] |= 0x40
	}
	copy(p[4:], payload)
	return p
}

func withTables(packets ...[]byte) []byte {
	pat := []byte{0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe1, 0x00, 0, 0, 0, 0}
	pmt := []byte{0, 2, 0xb0, 23, 0, 1, 0xc1, 0, 0, 0xe1, 0x01, 0xf0, 0, 0x1b, 0xe1, 0x01, 0xf0, 0, streamTypeSplice, 0xe1, 0x02, 0xf0, 0, 0, 0, 0, 0}
	out := append(spliceTS(0, true, pat), spliceTS(0x100, true, pmt)...)
	for _, p := range packets {
		out = append(out, p...)
	}
	return out
}

func TestTransportSplices(t *testing.T) {
	out := spliceOut(t)
	long := append(append([]byte{0}, bytes.Repeat(out, 3)...), out...) // four sections: 201 bytes, more than a packet holds
	null := []byte{0, 0xfc, 0x30, 0x11, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0x4f, 0x25, 0x33, 0x96}
	tests := map[string]struct {
		data []byte
		want int
	}{
		"one":               {withTables(spliceTS(0x102, true, append([]byte{0}, out...))), 1},
		"other PID":         {withTables(spliceTS(0x103, true, append([]byte{0}, out...))), 0},
		"before the tables": {append(spliceTS(0x102, true, append([]byte{0}, out...)), withTables()...), 0},
		"over two packets":  {withTables(spliceTS(0x102, true, long[:184]), spliceTS(0x102, false, long[184:])), 4},
		"behind a pointer":  {withTables(spliceTS(0x102, true, long[:184]), spliceTS(0x102, true, append([]byte{byte(len(long) - 184)}, append(long[184:len(long):len(long)], out...)...))), 5},
		"end lost":          {withTables(spliceTS(0x102, true, long[:184]), spliceTS(0x102, true, append([]byte{0}, out...))), 4},
		"damaged":           {withTables(spliceTS(0x102, true, append([]byte{0}, append(out[:20:20], out[21:]...)...))), 0},
		"heartbeat":         {withTables(spliceTS(0x102, true, null)), 0},
		"nothing":           {withTables(), 0},
		"shifted":           {append([]byte("junk"), withTables(spliceTS(0x102, true, append([]byte{0}, out...)))...), 1},
	}
	for name, tt := range tests {
		got := splicesOf(tt.data, true)
		if len(got) != tt.want {
			t.Errorf("%s: %d sections, want %d", name, len(got), tt.want)
		}
		for _, s := range got {
			if !bytes.Equal(s.section, out) || s.ticks != 0x07369c02e || s.scale != 90_000 || s.relative || s.source != "scte35.ts" {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

func messageBox(version byte, fields []byte, scheme string, section []byte) []byte {
	text := append([]byte(scheme), 0, 0)
	body := []byte{version, 0, 0, 0}
	if version == 0 {
		body = append(append(body, text...), fields...)
	} else {
		body = append(append(body, fields...), text...)
	}
	body = append(body, section...)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), "emsg"...), body...)
}

func TestMessageSplices(t *testing.T) {
	out := spliceOut(t)
	relative := []byte{0, 0, 3, 0xe8, 0, 0, 5, 0xdc, 0, 0, 7, 0xd0, 0, 0, 0, 1}                   // 1000, 1500, 2000, id 1
	absolute := []byte{0, 0, 3, 0xe8, 0, 0, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1} // 1000, 65536, unknown, id 1
	other := append(binary.BigEndian.AppendUint32(nil, 12), "styp0000"...)
	tests := map[string]struct {
		data []byte
		want *splice
	}{
		"version 0":      {append(other, messageBox(0, relative, spliceScheme, out)...), &splice{ticks: 1500, scale: 1000, relative: true, length: 2e6}},
		"version 1":      {messageBox(1, absolute, spliceScheme, out), &splice{ticks: 65536, scale: 1000}},
		"version 2":      {messageBox(2, absolute, spliceScheme, out), nil},
		"other scheme":   {messageBox(0, relative, "urn:other", out), nil},
		"no section":     {messageBox(0, relative, spliceScheme, out[:10]), nil},
		"no clock":       {messageBox(0, make([]byte, 16), spliceScheme, out), nil},
		"cut":            {messageBox(0, relative, spliceScheme, out)[:40], nil},
		"scheme, no end": {messageBox(1, absolute, spliceScheme, nil)[:8+4+20+5], nil},
	}
	for name, tt := range tests {
		got := splicesOf(tt.data, false)
		if tt.want == nil {
			if len(got) > 0 {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		if len(got) != 1 || got[0].ticks != tt.want.ticks || got[0].scale != tt.want.scale || got[0].relative != tt.want.relative || got[0].length != tt.want.length || !bytes.Equal(got[0].section, out) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// Clocks that wrap, and numbers that nobody could mean.
func TestSpliceClocks(t *testing.T) {
	const wrap = 1 << 33
	for d, want := range map[int64]int64{0: 0, 90: 90, -90: -90, wrap: 0, wrap - 90: -90, 90 - wrap: 90, math.MinInt64: 0} {
		if got := around(d); got != want {
			t.Errorf("around(%d) is %d, want %d", d, got, want)
		}
	}
	for _, tt := range []struct{ ticks, num, den, want int64 }{
		{90_000, 1, 90_000, 1e6}, {-45_000, 1, 90_000, -500_000}, {3, 1001, 30_000, 100_100}, {5, 1, 0, 0}, {5, 0, 1, 0},
		{math.MaxInt64, 1, 1, 100 * 366 * 24 * 3600 * 1e6}, {math.MinInt64, 1, 1, -100 * 366 * 24 * 3600 * 1e6},
	} {
		if got := micros(tt.ticks, tt.num, tt.den); got != tt.want {
			t.Errorf("micros(%d, %d, %d) is %d, want %d", tt.ticks, tt.num, tt.den, got, tt.want)
		}
	}
}

// A real one, from the samples of a player: out, once more, and in.
func TestSplicesOfAnotherProject(t *testing.T) {
	dir := os.Getenv("AIRCHECK_MEDIA")
	if dir == "" {
		t.Skip("AIRCHECK_MEDIA does not name the directory of the clips")
	}
	data, err := os.ReadFile(filepath.Join(dir, "androidx-media/ts/sample_scte35.ts"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range splicesOf(data, true) {
		section, err := scte35.Parse(s.section)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(section.Meanings()[0].Text, " ", s.ticks))
	}
	if want := []string{"splice_insert out 200000", "splice_insert out 200000", "splice_insert in 300000"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever lies in a segment, the walks end within it.
func FuzzSplices(f *testing.F) {
	b, _ := base64.StdEncoding.DecodeString("/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=")
	f.Add(withTables(spliceTS(0x102, true, append([]byte{0}, b...))), true)
	f.Add(messageBox(0, []byte{0, 0, 3, 0xe8, 0, 0, 5, 0xdc, 0, 0, 7, 0xd0, 0, 0, 0, 1}, spliceScheme, b), false)
	f.Fuzz(func(t *testing.T, data []byte, transport bool) {
		for _, s := range splicesOf(data, transport) {
			if s.scale == 0 || len(s.section) == 0 || s.length < 0 {
				t.Fatalf("%+v", s)
			}
		}
	})
}
