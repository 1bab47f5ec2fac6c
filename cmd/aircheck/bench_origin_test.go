package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"aircheck/internal/need"
	"aircheck/report"
)

// TestBenchOriginUsage refuses what it cannot serve.
func TestBenchOriginUsage(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{"--fault", "flood"}, {"--container", "avi"}, {"--channels", "0"}, {"--parts", "-1"}, {"--speed", "0"}, {"--speed", "NaN"}} {
		var out, complaint bytes.Buffer
		if status := run(t.Context(), append([]string{"bench", "origin"}, flags...), nil, &out, &complaint); status != report.ExitUsage {
			t.Errorf("%v: exit status %d: %s", flags, status, &complaint)
		}
	}
}

// TestBenchOrigin serves a channel until it is told to stop, and lets a fault begin and end on request.
func TestBenchOrigin(t *testing.T) {
	t.Parallel()
	need.Tool(t, "ffmpeg")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		status := run(ctx, []string{"bench", "origin", "--length", "8", "--heights", "90", "--fault", "notfound", "--fault-for", "0", "--fault-playlists"}, nil, writer, io.Discard)
		_ = writer.Close()
		ended <- status
	}()
	address := make([]byte, 256)
	n, err := reader.Read(address)
	if err != nil {
		t.Fatal(err)
	}
	master := strings.TrimSpace(string(address[:n]))
	media := strings.Replace(master, "master.m3u8", "v0/index.m3u8", 1)
	control := master[:strings.Index(master, "/ch0")] + "/fault"
	for _, step := range []struct {
		method, address string
		status          int
	}{
		{http.MethodGet, master, 200}, {http.MethodGet, media, 200}, {http.MethodPost, control, 204}, {http.MethodGet, media, 404}, {http.MethodDelete, control, 204}, {http.MethodGet, media, 200},
	} {
		request, err := http.NewRequestWithContext(ctx, step.method, step.address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != step.status {
			t.Errorf("%s %s: status %d, want %d", step.method, step.address, response.StatusCode, step.status)
		}
	}
	cancel()
	if status := <-ended; status != 0 {
		t.Errorf("exit status %d", status)
	}
}
