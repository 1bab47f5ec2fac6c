package decode

import "testing"

func TestClosedKeyframe(t *testing.T) {
	avcC := []byte{1, 100, 0, 31, 0xff, 0xe1, 0, 0}
	hvcC := append([]byte{1}, make([]byte, 22)...)
	hvcC[21] = 0x0f
	cases := []struct {
		name        string
		codec       string
		extra, data []byte
		want        bool
	}{
		{"h264 IDR after SPS and PPS", "h264", nil, []byte{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 0x88}, true},
		{"h264 recovery point", "h264", nil, []byte{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x06, 1, 0, 0, 1, 0x41, 0x88}, false},
		{"h264 in MP4, IDR", "h264", avcC, []byte{0, 0, 0, 2, 0x06, 1, 0, 0, 0, 2, 0x65, 0x88}, true},
		{"h264 in MP4, not IDR", "h264", avcC, []byte{0, 0, 0, 2, 0x61, 0x88}, false},
		{"h264 in MP4, length beyond the end", "h264", avcC, []byte{0xff, 0xff, 0xff, 0xff, 0x65, 0x88}, true},
		{"hevc IDR", "hevc", nil, []byte{0, 0, 1, 19 << 1, 1, 0, 0}, true},
		{"hevc CRA", "hevc", nil, []byte{0, 0, 1, 21 << 1, 1, 0, 0}, false},
		{"hevc CRA in MP4", "hevc", hvcC, []byte{0, 0, 0, 3, 21 << 1, 1, 0}, false},
		{"mpeg2 closed GOP", "mpeg2video", nil, []byte{0, 0, 1, 0xb3, 1, 2, 3, 4, 0, 0, 1, 0xb8, 0, 8, 0, 0x40, 0, 0, 1, 0, 0}, true},
		{"mpeg2 open GOP", "mpeg2video", nil, []byte{0, 0, 1, 0xb8, 0, 8, 0, 0x00, 0, 0, 1, 0, 0}, false},
		{"mpeg2 picture without GOP", "mpeg2video", nil, []byte{0, 0, 1, 0, 0, 8, 0, 0x40, 9}, false},
		{"vp9", "vp9", nil, nil, true},
		{"nothing", "h264", nil, nil, false},
		{"start code at the end", "h264", nil, []byte{0, 0, 1}, false},
	}
	for _, c := range cases {
		if got := closedKeyframe(c.codec, c.extra, c.data); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzClosedKeyframe(f *testing.F) {
	f.Add("h264", []byte{1, 100, 0, 31, 0xff, 0xe1, 0, 0}, []byte{0, 0, 0, 2, 0x65, 0x88})
	f.Add("hevc", []byte(nil), []byte{0, 0, 1, 19 << 1, 1, 0, 0})
	f.Add("mpeg2video", []byte(nil), []byte{0, 0, 1, 0xb8, 0, 8, 0, 0x40, 0, 0, 1, 0, 0})
	f.Fuzz(func(_ *testing.T, codec string, extra, data []byte) { closedKeyframe(codec, extra, data) })
}

// sps and spsFields are the sequence parameter sets that x264 writes for 320x180, progressive and interlaced.
var (
	sps       = []byte{0x67, 0x64, 0x00, 0x0c, 0xac, 0xd9, 0x41, 0x41, 0x9f, 0x9f, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0x20, 0xf1, 0x42, 0x99, 0x60}
	spsFields = []byte{0x67, 0x64, 0x00, 0x15, 0xac, 0xd9, 0x41, 0x43, 0x3f, 0x26, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x06, 0x43, 0xe2, 0x85, 0x32, 0xc0}
)

func TestFramesOnly(t *testing.T) {
	avcC := func(list ...[]byte) []byte {
		b := []byte{1, 100, 0, 31, 0xff, 0xe0 | byte(len(list))}
		for _, s := range list {
			b = append(append(b, 0, byte(len(s))), s...)
		}
		return append(b, 0)
	}
	annexB := func(list ...[]byte) []byte {
		var b []byte
		for _, s := range list {
			b = append(append(b, 0, 0, 1), s...)
		}
		return append(b, 0, 0, 1, 0x65, 0x88, 0x84)
	}
	idr := []byte{0, 0, 0, 2, 0x65, 0x88}
	for _, c := range []struct {
		name        string
		extra, data []byte
		want        bool
	}{
		{"of MP4, frames", avcC(sps), idr, true},
		{"of MP4, fields", avcC(spsFields), idr, false},
		{"of MP4, one of two", avcC(sps, spsFields), idr, false},
		{"of MP4, none", avcC(), idr, false},
		{"of MP4, cut off", avcC(sps)[:12], idr, false},
		{"of MP4, another in the stream", avcC(sps), append(append([]byte{0, 0, 0, byte(len(spsFields))}, spsFields...), idr...), false},
		{"in the stream, frames", nil, annexB(sps), true},
		{"in the stream, fields", nil, annexB(spsFields), false},
		{"in the stream, one of two", nil, annexB(sps, spsFields), false},
		{"in the stream, none", nil, annexB(), false},
		{"in the stream, broken", nil, annexB([]byte{0x67, 100}), false},
		{"beside the stream", annexB(sps), annexB(), true},
		{"beside the stream, fields", annexB(spsFields), annexB(sps), false},
	} {
		if got := framesOnly(c.extra, c.data); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzFramesOnly(f *testing.F) {
	f.Add([]byte(nil), append([]byte{0, 0, 1}, sps...))
	f.Add(append([]byte{1, 100, 0, 31, 0xff, 0xe1, 0, byte(len(spsFields))}, spsFields...), []byte{0, 0, 0, 2, 0x65, 0x88})
	f.Fuzz(func(_ *testing.T, extra, data []byte) { framesOnly(extra, data) })
}
