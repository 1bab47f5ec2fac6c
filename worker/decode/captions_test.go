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

// TestCaptions puts A/53 captions into the pictures of an H.264 stream, those of the n-th picture in order of coding telling n, and looks for them in the rows.
func TestCaptions(t *testing.T) {
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
	path := withCaptions(t, inject)
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
	path := withCaptions(t, func(int) []byte { return bytes.Repeat([]byte{0xff, 1, 2}, 31) })
	_, r := measureObject(t, path, wholeObject())
	for i, f := range r.frames {
		if len(f.CC) != measurement.MaxCC {
			t.Fatalf("frame %d: %d bytes of captions", i, len(f.CC))
		}
	}
}

func wholeObject() jobs.Window { return jobs.Window{Head: true, Foot: true, End: 4_000_000} }

// withCaptions makes a transport stream without B pictures, in which the n-th picture has cc(n).
func withCaptions(t *testing.T, cc func(n int) []byte) string {
	t.Helper()
	plain, err := os.ReadFile(makeClip(t, "plain.h264", "-map", "0:v", "-c:v", "libx264", "-bf", "0", "-g", "25", "-x264-params", "slices=1"))
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
		if kind := rest[at+3] & 0x1f; kind == 1 || kind == 5 {
			if data := cc(n); data != nil {
				out = append(out, captionsSEI(data)...)
			}
			n++
		}
		out = append(out, rest[at:at+3]...)
		rest = rest[at+3:]
	}
	raw, path := filepath.Join(t.TempDir(), "cc.h264"), filepath.Join(t.TempDir(), "cc.ts")
	if err := os.WriteFile(raw, out, 0o600); err != nil {
		t.Fatal(err)
	}
	need.Tool(t, "ffmpeg")
	if said, err := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-framerate", "25", "-i", raw, "-c", "copy", path).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, said)
	}
	return path
}

// captionsSEI is an SEI NAL unit with cc_data (ATSC A/53 Part 4 section 6.2.3). data must hold no two zeros in a row.
func captionsSEI(data []byte) []byte {
	user := slices.Concat([]byte{0xb5, 0x00, 0x31}, []byte("GA94"), []byte{0x03, 0xc0 | byte(len(data)/3), 0xff}, data, []byte{0xff})
	return slices.Concat([]byte{0, 0, 1, 6, 4, byte(len(user))}, user, []byte{0x80})
}
