//go:build cgo

package decode

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aircheck/jobs"
)

// TestDamageInUsedMemory: a decoder that goes on with the memory of the one before it gives the same pictures, and the same complaints, as one that begins with
// new memory, whatever is damaged.
func TestDamageInUsedMemory(t *testing.T) {
	const duration, unit = 4_000_000, 800_000
	for name, args := range map[string][]string{
		"frames": {"-x264-params", "slices=4:keyint=20:min-keyint=20:scenecut=0"},
		"fields": {"-flags", "+ilme+ildct", "-x264-params", "slices=4:keyint=20:min-keyint=20:scenecut=0:tff=1"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"-vf", "noise=alls=20:allf=t", "-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-pix_fmt", "yuv420p", "-movflags", "+faststart"}, args...)
			clip, err := os.ReadFile(makeClip(t, "a.mp4", append(args, "-an")...))
			if err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(12) {
				path := filepath.Join(t.TempDir(), "damaged.mp4")
				if err := os.WriteFile(path, hurt(clip, seed), 0o600); err != nil {
					t.Fatal(err)
				}
				var one, each lines
				one.add(t, path, 0, duration, duration)
				for from := jobs.Micros(0); from < duration; from += unit {
					each.add(t, path, from, from+unit, duration)
				}
				if got, want := one.String(), each.String(); got != want {
					t.Errorf("seed %d: decoded in one go and unit by unit:\n%s", seed, firstDifference(got, want))
				}
			}
		})
	}
}

// hurt overwrites a few runs of bytes behind the first unit, or says of slices that they are filler: those are missing without a broken bit.
func hurt(clip []byte, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	clip = bytes.Clone(clip)
	media := len(clip) / 3
	for range 1 + random.IntN(3) {
		at := media + random.IntN(len(clip)-media-64)
		if random.IntN(2) == 0 {
			for i := range 1 + random.IntN(8) {
				clip[at+i] = byte(random.Uint32())
			}
			continue
		}
		for i := at; i < len(clip)-5; i++ { // the next slice of a P picture: a length below 64 KB, and the header
			if clip[i] == 0 && clip[i+1] == 0 && (clip[i+4] == 0x41 || clip[i+4] == 0x01) {
				clip[i+4] = clip[i+4]&0xe0 | 12
				break
			}
		}
	}
	return clip
}

// lines are pictures, and behind them units, as JSON.
type lines struct{ pictures, units bytes.Buffer }

func (l *lines) String() string { return l.pictures.String() + l.units.String() }

func (l *lines) add(t *testing.T, path string, from, to, duration jobs.Micros) {
	t.Helper()
	h, r := measureObject(t, path, jobs.Window{Sequence: "s0", Head: from == 0, Foot: to == duration, Start: from, End: to})
	for i := range r.frames {
		if err := json.NewEncoder(&l.pictures).Encode(r.frames[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range h.Units {
		if err := json.NewEncoder(&l.units).Encode(h.Units[i]); err != nil {
			t.Fatal(err)
		}
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i][:min(len(x[i]), 600)] + "\n" + y[i][:min(len(y[i]), 600)]
		}
	}
	return "one is longer"
}
