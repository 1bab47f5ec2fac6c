package hls

import (
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/producer/source/internal/fake"
	"aircheck/producer/source/location"
)

// TestLivePlaylistThatIsAWebPage: a login page in place of a variant is said to be one, in full.
func TestLivePlaylistThatIsAWebPage(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"\n<html><body>#EXTM3U": "what the server sends is no playlist: it is " + jobs.WebPage,
		"html":                  "what the server sends is no playlist",
	} {
		loc, err := location.Parse("/x/v.m3u8")
		if err != nil {
			t.Fatal(err)
		}
		l := &Live{cfg: live.Config{Origin: &fake.Origin{Objects: map[string]string{loc.URI(): content}}, Now: time.Now, Patience: time.Minute}}
		if got := l.load(t.Context(), newPlaylist("s0", &child{loc: loc, label: "v"})); got.err == nil || reason(got.err) != want {
			t.Errorf("%q: %v, want %s", content, got.err, want)
		}
	}
}
