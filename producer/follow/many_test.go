package follow

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/producer/streams"
)

// maxStreamBytes is what a stream of three renditions in segments of 2 s may hold in memory between two refreshes; some 55 KB were measured.
const maxStreamBytes = 150 << 10

// TestManyStreams: a producer leads hundreds of streams with few goroutines and little memory each, however long the hour.
func TestManyStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 300
		c := newChannel("s0", "s1", "s2")
		b := newBed(t, c)
		b.store = sink{b.store}
		m := b.manager("a", func(cfg *ManagerConfig) { cfg.Archive = archiveOf(b.store); cfg.Queue = forgetful{} })
		var list []streams.Stream
		for i := range n {
			list = append(list, streams.Stream{Name: fmt.Sprintf("stream-%d", i), URL: "http://origin/index.m3u8"})
		}
		m.Set(list)
		heap := func() int64 {
			runtime.GC()
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			return int64(s.HeapAlloc)
		}
		before, goroutines := heap(), runtime.NumGoroutine()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- m.Run(ctx) }()
		pass(5 * time.Minute)
		synctest.Wait()
		each, threads := (heap()-before)/n, (runtime.NumGoroutine()-goroutines)/n
		t.Logf("a stream takes %d KB and %d goroutines", each>>10, threads)
		if each > maxStreamBytes || threads > 8 {
			t.Errorf("a stream takes %d bytes and %d goroutines", each, threads)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}
