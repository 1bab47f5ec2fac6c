//go:build cgo

package slicing

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/producer/slice"
	"aircheck/storage/origin"
	"aircheck/worker/child"
	"aircheck/worker/supervise"
)

var costClip = flag.String("clip", "", "measure this file in BenchmarkDecoderChild; else ten seconds of 1080p are made")

// BenchmarkDecoderChild gives the CPU time of one window measured in this process and in a decoder child (docs/decisions/003). Turn about, so that a
// drifting machine hurts both alike; CPU time is that of all processes. Read the ratio, never the seconds.
func BenchmarkDecoderChild(b *testing.B) {
	path := *costClip
	if path == "" {
		path = filepath.Join(b.TempDir(), "clip.mp4")
		cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25:duration=10,noise=alls=5:allf=t", "-f", "lavfi", "-i",
			"anoisesrc=d=10", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "fast", "-b:v", "6M", "-g", "50", "-c:a", "aac", path)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Skipf("ffmpeg: %v\n%s", err, out)
		}
	}
	org := origin.New(origin.Config{})
	check := newCheck(b, org, path)
	check.Windows = slice.Timeline(check.Timeline, 1e12)
	task, err := slice.Task(check, check.Windows[0])
	if err != nil {
		b.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	var inside, there time.Duration
	for b.Loop() {
		start := cpuTime(b)
		if _, err := here(org)(b.Context(), task); err != nil {
			b.Fatal(err)
		}
		middle := cpuTime(b)
		inChild(b, self, task)
		inside, there = inside+middle-start, there+cpuTime(b)-middle
	}
	b.ReportMetric(float64(there)/float64(inside), "child/parent")
	b.ReportMetric(inside.Seconds()/float64(b.N), "parent-cpu-s/op")
}

// inChild measures a task in a fresh child, whose start is part of the cost, and waits for it, so that its CPU time is counted.
func inChild(b *testing.B, self string, task jobs.Task) {
	b.Helper()
	slots, err := supervise.New(supervise.Config{
		Slots: 1, Origin: origin.New(origin.Config{}), Logger: slog.New(slog.DiscardHandler), Command: []string{self, supervise.ChildCommand},
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := slots.Measure(context.Background(), task); err != nil {
		b.Fatal(err)
	}
	if err := slots.Close(); err != nil {
		b.Fatal(err)
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

// runChild plays the decoder child when the benchmark starts this test binary as one.
func runChild() bool {
	if len(os.Args) != 2 || os.Args[1] != supervise.ChildCommand {
		return false
	}
	if err := child.Run(os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
	return true
}
