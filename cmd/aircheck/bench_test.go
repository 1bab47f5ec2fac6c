package main

import (
	"strings"
	"testing"

	"aircheck/report"
)

func TestBenchUsage(t *testing.T) {
	for _, args := range [][]string{
		{"bench", "inject", "--defect", "video.black", "--out", "x"},
		{"bench", "inject", "film.mp4", "--out", "x"},
		{"bench", "inject", "film.mp4", "--defect", "video.black"},
		{"bench", "inject", "film.mp4", "--defect", "video.blak", "--out", "x"},
		{"bench", "inject", "film.mp4", "--defect", "video.black", "--variant", "grey", "--out", "x"},
		{"bench", "inject", "film.mp4", "--defect", "video.black", "--strength", "1.5", "--out", "x"},
		{"bench", "inject", "film.mp4", "--defect", "video.black", "--start", "NaN", "--out", "x"},
		{"bench", "accuracy", "--only", "video.blak"},
		{"bench", "accuracy", "--format", "yaml"},
		{"bench", "accuracy", "--jobs", "-1"},
		{"bench", "accuracy", "--update"},
		{"bench", "accuracy", "--update", "--baseline", "b.json", "--only", "video.black"},
	} {
		if code, out, errs := exec(t, nil, args...); code != report.ExitUsage || out != "" || errs == "" {
			t.Errorf("%v: exit status %d, stdout %q, stderr %q", args, code, out, errs)
		}
	}
}

// TestBenchList: every code of the catalogue is told, and decoys are marked as such.
func TestBenchList(t *testing.T) {
	code, out, errs := exec(t, nil, "bench", "inject", "--list")
	if code != 0 || errs != "" {
		t.Fatalf("exit status %d, %s", code, errs)
	}
	for _, want := range []string{"video.black:", "audio.click:", "reference.psnr:", "decoy", "synthetic:pan"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in the list", want)
		}
	}
}

// TestBenchNeedsFFmpeg: without the program the answer says what to install.
func TestBenchNeedsFFmpeg(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	code, _, errs := exec(t, nil, "bench", "inject", "synthetic:zoom", "--defect", "video.black", "--out", t.TempDir())
	if code != report.ExitError || !strings.Contains(errs, "install") {
		t.Errorf("exit status %d, %s", code, errs)
	}
}
