package supervise

import (
	"os"
	"runtime"
	"testing"
	"time"
)

func TestParseCPUTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"1 (air) check 9 (x)) S 1 1 1 0 -1 4 1 0 0 0 250 50 7 7 20 0 1": 3 * time.Second,
		"1 (aircheck) S 1 1 1 0 -1 4 1 0 0 0 250":                       0,
		"1 (aircheck) S 1 1 1 0 -1 4 1 0 0 0 -5 50 0":                   0,
		"1 (aircheck) S 1 1 1 0 -1 4 1 0 0 0 9223372036854775807 1 0":   0,
		"": 0,
	} {
		if got := parseCPUTime([]byte(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestCPUTimeGrows(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	before := cpuTime(os.Getpid())
	for deadline := time.Now().Add(10 * time.Second); cpuTime(os.Getpid()) < before+2*clockTick; {
		if time.Now().After(deadline) {
			t.Fatal("no processor time was taken in ten seconds of work")
		}
	}
	if cpuTime(-1) != 0 {
		t.Error("a process that is not there took time")
	}
}
