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
