package dash_test

import (
	"context"
	"testing"
	"time"

	"aircheck/bench/origin"
	"aircheck/internal/fakeorigin"
	"aircheck/producer/live"
	"aircheck/producer/source/dash"
	"aircheck/producer/source/location"
	webclient "aircheck/storage/origin"
)

// TestFakeOrigin follows a channel over HTTP on a virtual clock, with a SegmentTimeline and by number: every segment once, no fault, and no more requests than are needed.
func TestFakeOrigin(t *testing.T) {
	for _, timeline := range []bool{true, false} {
		clock := origin.NewVirtual(fakeorigin.Epoch)
		server, base := fakeorigin.New(t, clock)
		stream := origin.Stream{Name: "news", Clip: fakeorigin.Synthetic(t, 10, 2*time.Second, "v0", "v1", "a0"), Window: 24 * time.Second, First: 100, Timeline: timeline}
		if err := server.Add(stream); err != nil {
			t.Fatal(err)
		}
		loc, err := location.Parse(base + "/news/manifest.mpd")
		if err != nil {
			t.Fatal(err)
		}
		transport := webclient.NewTransport()
		t.Cleanup(transport.CloseIdleConnections)
		var source live.Source = dash.NewLive(live.Config{
			Origin: webclient.New(webclient.Config{Transport: transport}), Location: loc, Now: clock.Now, Rand: func() float64 { return 0.5 }, Patience: 5 * time.Second,
		})
		got, refreshes := map[string][]live.Segment{}, 0
		for end := clock.Now().Add(10 * time.Minute); clock.Now().Before(end); refreshes++ {
			u, err := source.Refresh(context.Background())
			if err != nil || len(u.Faults) > 0 {
				t.Fatalf("timeline %t: faults %+v, error %v", timeline, u.Faults, err)
			}
			for _, s := range u.Sequences {
				got[s.Describes.ID] = append(got[s.Describes.ID], s.Segments...)
			}
			clock.Advance(u.Wait)
		}
		checkComplete(t, got)
		if refreshes > 700 {
			t.Errorf("timeline %t: %d refreshes in ten minutes", timeline, refreshes)
		}
	}
}

func checkComplete(t *testing.T, got map[string][]live.Segment) {
	t.Helper()
	if len(got) != 3 {
		t.Errorf("%d sequences, want 3", len(got))
	}
	for id, list := range got {
		if len(list) < 295 {
			t.Errorf("%s: %d segments", id, len(list))
		}
		for i := 1; i < len(list); i++ {
			if list[i].Number != list[i-1].Number+1 {
				t.Fatalf("%s: segment %d after %d", id, list[i].Number, list[i-1].Number)
			}
		}
	}
}
