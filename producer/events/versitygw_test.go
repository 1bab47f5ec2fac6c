package events

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aircheck/internal/s3server"
	"aircheck/storage/open"
)

// TestVersitygw has a real server tell of an object with an odd name, and finds its check.
func TestVersitygw(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	server := httptest.NewServer(&Webhook{Desk: p.desk, Secret: "hunter2"})
	defer server.Close()
	s3 := s3server.StartNotifying(t, strings.Replace(server.URL, "http://", "http://aircheck:hunter2@", 1)+"/")
	media, err := open.Store(t.Context(), "s3://media", s3.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	const key = "in/my film #1.mp4"
	p.put(t, key, "x") // what the made-up origin shows
	if err := media.Put(t.Context(), key, []byte("x")); err != nil {
		t.Fatal(err)
	}
	tick, deadline := time.NewTicker(20*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for len(p.checks()) == 0 {
		p.work(t, 0)
		select {
		case <-deadline:
			t.Fatal("no notification came")
		case <-tick.C:
		}
	}
	if got := p.checks(); len(got) != 1 || got[0] != "s3://media/in/my%20film%20%231.mp4" {
		t.Errorf("checks %q", got)
	}
}
