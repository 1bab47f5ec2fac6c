package fakeorigin_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"aircheck/bench/origin"
	"aircheck/internal/fakeorigin"
	"aircheck/internal/need"
)

// get reads an address, and fails the test if the status is another.
func get(t *testing.T, address string, status int) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status {
		t.Fatalf("%s: status %d, %v, want %d", address, response.StatusCode, err, status)
	}
	return data
}

// TestLoop holds that a repeated clip is one continuous stream for FFmpeg, over a joint and far away from the beginning: no packet's time is further from the
// one before than a frame, give or take the frame of audio that a clip is not a multiple of.
func TestLoop(t *testing.T) {
	t.Parallel()
	for _, recipe := range []origin.Recipe{{Container: origin.TS, Seconds: 8}, {Container: origin.FMP4, Seconds: 8}, {Container: origin.FMP4, Seconds: 8, Apart: true}} {
		clip := fakeorigin.Make(t, recipe)
		for _, skip := range []time.Duration{0, 30 * time.Hour} {
			clock := origin.NewVirtual(fakeorigin.Epoch.Add(skip))
			o, base := fakeorigin.New(t, clock)
			// 24 s of a clip of 8 s: two joints lie in the window.
			if err := o.Add(origin.Stream{Name: "news", Clip: clip, Window: 24 * time.Second, Start: fakeorigin.Epoch.Add(-25 * time.Second)}); err != nil {
				t.Fatal(err)
			}
			for _, track := range clip.Tracks {
				checkContinuous(t, fmt.Sprintf("%s/%s after %v", recipe.Container, track.Name, skip), join(t, base+"/news/"+track.Name, track))
			}
		}
	}
}

// join fetches a whole window into one file.
func join(t *testing.T, base string, track origin.Track) string {
	t.Helper()
	var all bytes.Buffer
	if track.Container == origin.FMP4 {
		all.Write(get(t, base+"/init.mp4", http.StatusOK))
	}
	for line := range strings.Lines(string(get(t, base+"/index.m3u8", http.StatusOK))) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all.Write(get(t, base+"/"+line, http.StatusOK))
		}
	}
	path := filepath.Join(t.TempDir(), "joined."+string(track.Container))
	if err := os.WriteFile(path, all.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func checkContinuous(t *testing.T, name, path string) {
	t.Helper()
	probe := need.Tool(t, "ffprobe")
	cmd := exec.Command(probe, "-v", "warning", "-show_entries", "packet=stream_index,dts_time", "-of", "csv=p=0", path)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Errorf("%s: ffprobe: %v: %s", name, err, complaints.Bytes())
	}
	last, steps := map[string]float64{}, map[string]int{}
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimRight(line, ",\n"); line == "" { // side data
			continue
		}
		stream, stamp, _ := strings.Cut(line, ",")
		dts, err := strconv.ParseFloat(stamp, 64)
		if err != nil {
			t.Fatalf("%s: %q", name, line)
		}
		if before, ok := last[stream]; ok && (dts <= before || dts-before > 0.065) {
			t.Errorf("%s: stream %s steps from %f to %f", name, stream, before, dts)
		}
		last[stream] = dts
		steps[stream]++
	}
	for stream, n := range steps {
		if math.Abs(float64(n)-24*25) > 2 && math.Abs(float64(n)-24*48000/1024) > 8 {
			t.Errorf("%s: stream %s has %d packets in 24 s", name, stream, n)
		}
	}
	if len(steps) == 0 {
		t.Errorf("%s: no packets", name)
	}
}
