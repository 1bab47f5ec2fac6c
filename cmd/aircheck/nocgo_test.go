//go:build !cgo

package main

import (
	"strings"
	"testing"
)

func TestWithoutDecoder(t *testing.T) {
	for _, args := range [][]string{{"check", "film.mp4"}, {"worker", "--store", t.TempDir()}} {
		code, _, stderr := exec(t, nil, args...)
		if code != 1 || !strings.Contains(stderr, "this build has no decoder") || !strings.Contains(stderr, "aircheck submit") {
			t.Errorf("%s: exit status %d, stderr %q; want 1, that there is no decoder, and what to do", args[0], code, stderr)
		}
	}
	if _, stdout, _ := exec(t, nil, "version"); !strings.Contains(stdout, "no decoder") {
		t.Errorf("version says %q", stdout)
	}
}
