package follow

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	fake "aircheck/bench/origin"
	"aircheck/internal/fakeorigin"
	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/producer/source/hls"
	"aircheck/producer/source/location"
	"aircheck/storage"
	"aircheck/storage/origin"
)

// TestRealReader follows a clean channel of an HTTP origin with the reader of HLS, from the middle to its end: all segments are there, and nothing is wrong with
// their delivery.
func TestRealReader(t *testing.T) {
	t.Parallel()
	o, base := fakeorigin.New(t, fake.NewReal(1))
	end := time.Now().UTC().Truncate(time.Second).Add(12 * time.Second)
	if err := o.Add(fake.Stream{Name: "news", Clip: fakeorigin.Synthetic(t, 30, time.Second, "v0", "v1", "a0"), Ended: end}); err != nil {
		t.Fatal(err)
	}
	client := origin.New(origin.Config{})
	loc, err := location.Parse(base + "/news/master.m3u8")
	if err != nil {
		t.Fatal(err)
	}
	followReal(t, client, hls.NewLive(live.Config{Origin: client, Location: loc}), jobs.SourceHLS)
}

func followReal(t *testing.T, client storage.Origin, source live.Source, kind jobs.SourceKind) {
	dir := t.TempDir()
	b := fileBed(t, newChannel(), dir)
	address, err := storage.Addresser(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(Config{
		Stream: Stream{Name: "news", Input: "news", Kind: kind, Profile: profile(), Window: 2e6}, Source: source, Archive: b.arch, Origin: client,
		Queue: b.queue, Address: address, Owner: "a", Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := f.Run(ctx); err != nil || ctx.Err() != nil {
		t.Fatal(err, ctx.Err())
	}
	delivery := map[string]bool{}
	for _, r := range jobs.Rules() {
		if strings.HasPrefix(r.Code, "segment.") {
			delivery[r.Code] = true
		}
	}
	for _, g := range b.checks() {
		check, err := b.arch.Check(t.Context(), g.Check.ID)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(check.Timeline.Sequences); n != 3 {
			t.Errorf("%d sequences", n)
		}
		for _, q := range check.Timeline.Sequences {
			t.Logf("%s %s: %d segments, %d µs", q.ID, q.Name, len(q.Segments), q.Duration)
			if len(q.Segments) < 8 {
				t.Errorf("%s: %d segments", q.ID, len(q.Segments))
			}
			for _, s := range q.Segments {
				if s.Missing != "" || s.Gap {
					t.Errorf("%s: segment %d: %q", q.ID, s.Index, s.Missing)
				}
			}
		}
		for _, f := range check.Timeline.Findings {
			if _, live := delivery[f.Code]; live {
				t.Errorf("finding %+v", f)
			}
		}
	}
}
