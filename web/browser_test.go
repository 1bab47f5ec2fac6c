package web

import (
	"context"
	"net"
	"testing"
)

// serveSite serves a site until the test ends, and gives its address.
func serveSite(t *testing.T, cfg Config) string {
	t.Helper()
	site, _, _ := newSiteOf(t, cfg)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, site) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return "http://" + l.Addr().String() + "/"
}
