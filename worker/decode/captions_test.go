//go:build cgo

package decode

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// TestCaptions puts A/53 captions into the pictures of a stream, those of the n-th picture in order of coding telling n, and looks for them in the rows.
func TestCaptions(t *testing.T) {
	for _, c := range captioned {
		t.Run(c.name, c.captions)
	}
}

func (c *captionedCodec) captions(t *testing.T) {
	const every = 3 // a picture in three has captions
	inject := func(n int) []byte {
		if n%every != 0 {
			return nil
		}
		var cc []byte
		cc = append(cc, 0xfc, 0x94, byte(0x20+n)) // field 1
		cc = append(cc, 0xfc, 0x80, 0x80)         // padding
		cc = append(cc, 0xfd, 0x00, 0x80)         // padding with a parity that is wrong
		cc = append(cc, 0xf9, 0x11, 0x12)         // not valid
		cc = append(cc, 0xff, 0x03, byte(0x40+n)) // CEA-708
		return append(cc, 0xfe, 0x80, 0x80)       // CEA-708, where this is no padding
	}
	path := c.with(t, inject)
	h, r := measureObject(t, path, wholeObject())
	if len(h.Units) < 2 || len(r.frames) != 100 {
		t.Fatalf("%d units, %d frames", len(h.Units), len(r.frames))
	}
	for i, f := range r.frames {
		var want []byte
		if i%every == 0 {
			want = []byte{0xfc, 0x94, byte(0x20 + i), 0xff, 0x03, byte(0x40 + i), 0xfe, 0x80, 0x80}
		}
		if !bytes.Equal(f.CC, want) || want == nil && f.CC != nil {
			t.Errorf("frame %d: captions % x, want % x", i, f.CC, want)
		}
	}
}

// TestFullCaptions: as many as a message holds fit.
func TestFullCaptions(t *testing.T) {
	path := captioned[0].with(t, func(int) []byte { return bytes.Repeat([]byte{0xff, 1, 2}, 31) })
	_, r := measureObject(t, path, wholeObject())
	for i, f := range r.frames {
		if len(f.CC) != measurement.MaxCC {
			t.Fatalf("frame %d: %d bytes of captions", i, len(f.CC))
		}
	}
}

func wholeObject() jobs.Window { return jobs.Window{Head: true, Foot: true, End: 4_000_000} }

// captionedCodec is a codec that carries captions beside its pictures, without start codes of its own for them.
type captionedCodec struct {
	name, raw string
	args      []string
	// picture tells of the byte behind a start code whether a picture begins there.
	picture func(kind byte) bool
	wrap    func(cc []byte) []byte
}

var captioned = []captionedCodec{
	{"h264", "h264", []string{"-c:v", "libx264", "-bf", "0", "-g", "25", "-x264-params", "slices=1"}, func(kind byte) bool { return kind&0x1f == 1 || kind&0x1f == 5 }, func(cc []byte) []byte {
		return captionsSEI([]byte{6}, cc)
	}},
	// prefix_sei_nut is 39 (ITU-T H.265 table 7-1); pictures are 0 to 31.
	{"hevc", "hevc", []string{"-c:v", "libx265", "-x265-params", "bframes=0:keyint=25:slices=1:log-level=error"}, func(kind byte) bool { return kind>>1&0x3f <= 31 }, func(cc []byte) []byte {
		return captionsSEI([]byte{39 << 1, 1}, cc)
	}},
	// User data stands between the headers of a picture and its first slice, which is 01 (ITU-T H.262 section 6.2.2).
	{"mpeg2video", "m2v", []string{"-c:v", "mpeg2video", "-bf", "0", "-g", "25", "-b:v", "4M"}, func(kind byte) bool { return kind == 1 }, func(cc []byte) []byte {
		return slices.Concat([]byte{0, 0, 1, 0xb2}, []byte("GA94"), ccData(cc))
	}},
}

// with makes a transport stream without B pictures, in which the n-th picture has cc(n).
func (c *captionedCodec) with(t *testing.T, cc func(n int) []byte) string {
	t.Helper()
	plain, err := os.ReadFile(makeClip(t, "plain."+c.raw, append([]string{"-map", "0:v"}, c.args...)...))
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for n, rest := 0, plain; ; {
		at := startCode(rest)
		if at < 0 {
			out = append(out, rest...)
			break
		}
		out = append(out, rest[:at]...)
		if c.picture(rest[at+3]) {
			if data := cc(n); data != nil {
				out = append(out, c.wrap(data)...)
			}
			n++
		}
		out = append(out, rest[at:at+3]...)
		rest = rest[at+3:]
	}
	raw, path := filepath.Join(t.TempDir(), "cc."+c.raw), filepath.Join(t.TempDir(), "cc.ts")
	if err := os.WriteFile(raw, out, 0o600); err != nil {
		t.Fatal(err)
	}
	need.Tool(t, "ffmpeg")
	if said, err := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-fflags", "+genpts", "-framerate", "25", "-i", raw, "-c", "copy", path).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, said)
	}
	return path
}

// ccData is a cc_data structure (ATSC A/53 Part 4 section 6.2.3).
func ccData(data []byte) []byte {
	return slices.Concat([]byte{0x03, 0xc0 | byte(len(data)/3), 0xff}, data, []byte{0xff})
}

// captionsSEI is an SEI NAL unit with cc_data behind the header of its codec. data must hold no two zeros in a row.
func captionsSEI(header, data []byte) []byte {
	user := slices.Concat([]byte{0xb5, 0x00, 0x31}, []byte("GA94"), ccData(data))
	return slices.Concat([]byte{0, 0, 1}, header, []byte{4, byte(len(user))}, user, []byte{0x80})
}
