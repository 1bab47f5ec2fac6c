// Package fakeorigin gives tests live channels to follow: bench/origin on a port of its own, closed when the test ends.
package fakeorigin

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"aircheck/bench/origin"
	"aircheck/internal/need"
)

// Epoch is when the virtual time of tests begins.
var Epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// New starts an origin and gives the address before its paths.
func New(t testing.TB, clock origin.Clock) (o *origin.Origin, base string) {
	t.Helper()
	o = origin.New(clock)
	return o, Listen(t, o)
}

// Listen gives an origin one more address.
func Listen(t testing.TB, o *origin.Origin) (base string) {
	t.Helper()
	base, stop, err := o.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop origin: %v", err)
		}
	})
	return base
}

// Synthetic is a clip of tiny segments that nobody can decode, each a line that says what it is: count segments of the given duration in each track.
// Tracks whose names begin with "a" are audio.
func Synthetic(t testing.TB, count int, duration time.Duration, names ...string) *origin.Clip {
	t.Helper()
	var tracks []origin.Track
	for i, name := range names {
		track := origin.Track{
			Name: name, Media: "video", Container: origin.Raw, Bandwidth: 1_000_000 * (i + 1),
			Width: 320 * (i + 1), Height: 180 * (i + 1), Codecs: "avc1.64001f", FrameRate: 25,
		}
		if name[0] == 'a' {
			track = origin.Track{Name: name, Media: "audio", Container: origin.Raw, Bandwidth: 64_000, Codecs: "mp4a.40.2", Language: "en"}
		}
		for n := range count {
			line := fmt.Sprintf("%s %d\n", name, n)
			track.Pieces = append(track.Pieces, origin.Piece{Data: bytes.Repeat([]byte(line), 200), Duration: duration})
		}
		tracks = append(tracks, track)
	}
	clip, err := origin.NewClip(tracks...)
	if err != nil {
		t.Fatal(err)
	}
	return clip
}

// Make makes a clip with the ffmpeg command line, or skips the test.
func Make(t testing.TB, recipe origin.Recipe) *origin.Clip {
	t.Helper()
	clip, err := origin.Make(t.Context(), need.Tool(t, "ffmpeg"), t.TempDir(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	return clip
}
