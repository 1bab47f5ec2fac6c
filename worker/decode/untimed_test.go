//go:build cgo

package decode

import (
	"os"
	"path/filepath"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Sound whose first PES packet has lost its timestamp stands where the packets behind it leave it, not at 0.
func TestSoundBeforeTheFirstTimestampIsDatedBack(t *testing.T) {
	whole := clockClip(t, "a.ts", "-vn", "-c:a", "mp2", "-output_ts_offset", "5")
	b, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	track := func(name string, data []byte) measurement.UnitTrack {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := Measure(jobs.Task{Segments: []jobs.Segment{{Index: 0}}}, disk{segments: []string{path}}, &rows{})
		if err != nil || len(h.Units) != 1 || len(h.Units[0].Tracks) != 1 {
			t.Fatalf("%+v, %v", h.Units, err)
		}
		return h.Units[0].Tracks[0]
	}
	want := track("whole.ts", b)
	begins := 0
	first := len(b)
	for at := 0; at+tsPacket <= len(b); at += tsPacket { // up to the second PES packet of the sound
		if b[at+1]&0x40 != 0 && int(b[at+1]&0x1f)<<8|int(b[at+2]) == audioPID-1 {
			if begins++; begins == 2 {
				first = at
				break
			}
		}
	}
	if want.FirstPTS < 5*90000 || begins != 2 {
		t.Fatalf("first PTS %d, %d PES packets", want.FirstPTS, begins)
	}
	damaged := append(withoutPTS(append([]byte(nil), b[:first]...)), b[first:]...)
	if got := track("damaged.ts", damaged); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	none := track("none.ts", withoutPTS(append([]byte(nil), b...)))
	if !none.Untimed || none.FirstPTS != 0 || none.EndPTS != want.EndPTS-want.FirstPTS {
		t.Errorf("without any: %+v, want %d ticks from 0", none, want.EndPTS-want.FirstPTS)
	}
}
