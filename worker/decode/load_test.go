//go:build cgo && (amd64 || arm64)

package decode

import (
	"debug/elf"
	"os"
	"strings"
	"testing"
)

// TestNotLinked: a process that does not decode must not pay for loading FFmpeg. A function that is missing from ffmpeg_functions.h would link its library again.
func TestNotLinked(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(self)
	if err != nil {
		t.Skipf("no ELF: %v", err)
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil || len(libraries) == 0 {
		t.Fatal(libraries, err)
	}
	for _, l := range libraries {
		if strings.HasPrefix(l, "libav") || strings.HasPrefix(l, "libsw") {
			t.Errorf("%s is linked: add what is called of it to ffmpeg_functions.h", l)
		}
	}
	if load() != nil || FFmpegVersion() == "" {
		t.Error("FFmpeg is here and does not load:", load())
	}
}
