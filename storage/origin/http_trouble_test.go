package origin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aircheck/storage"
	"aircheck/storage/origin"
)

// TestHTTPSkipIsBounded does not read 64 MiB and more only to throw it away, nor past the end that the server tells.
func TestHTTPSkipIsBounded(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		piece := make([]byte, 1<<20)
		if r.URL.Path == "/sized" {
			w.Header().Set("Content-Length", fmt.Sprint(1<<30))
		}
		for range 1 << 10 {
			n, err := w.Write(piece)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	for _, path := range []string{"/sized", "/unsized"} {
		_, err := quick(t, nil).Open(t.Context(), base+path, 65<<20, 10)
		if err == nil || !storage.IsPermanent(err) || !strings.Contains(err.Error(), "ignores ranges") {
			t.Errorf("%s: %v, want a permanent error", path, err)
		}
	}
	body, err := quick(t, nil).Open(t.Context(), base+"/sized", 2<<30, 10)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); len(got) != 0 || err != nil {
		t.Errorf("beyond the end: %d bytes, %v", len(got), err)
	}
	_ = body.Close()
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("the server sent %d bytes in vain", n)
	}
}

// TestHTTPBadRange refuses a range that is not the one that was asked for.
func TestHTTPBadRange(t *testing.T) {
	t.Parallel()
	for _, contentRange := range []string{"", "bytes 0-9/100", "bytes 5-9/3", "bytes x-9/100", "bytes 5-9/x", "lines 5-9/100"} {
		uri := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", contentRange)
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, "56789")
		})
		body, err := quick(t, nil).Open(t.Context(), uri, 5, 5)
		if err == nil {
			got, _ := io.ReadAll(body)
			t.Errorf("range %q: read %q", contentRange, got)
			_ = body.Close()
		}
	}
}

// TestHTTPTruncated gives all bytes that came, and then an error that names the URI: half a segment is still worth a look.
func TestHTTPTruncated(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write(make([]byte, 600))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	body, err := quick(t, func(cfg *origin.Config) { cfg.Resumption.Tries = 2 }).Open(t.Context(), base+"/s.ts?sig=hunter2", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	got, err := io.ReadAll(body)
	checkError(t, err, nil, base+"/s.ts?…")
	if len(got) != 600 {
		t.Errorf("read %d bytes, want 600", len(got))
	}
}

// TestHTTPStall notices a server that stops sending, and one that stops while bytes are skipped.
func TestHTTPStall(t *testing.T) {
	t.Parallel()
	for _, off := range []int64{0, 50} {
		uri := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write(make([]byte, 20))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		client := quick(t, func(cfg *origin.Config) { cfg.Resumption = storage.Resumption{Tries: 1, Stall: 20 * time.Millisecond} })
		body, err := client.Open(t.Context(), uri, off, -1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(body); !errors.Is(err, storage.ErrStalled) || errors.Is(err, context.Canceled) || storage.IsPermanent(err) {
			t.Errorf("from %d: %v, want ErrStalled", off, err)
		}
		_ = body.Close()
	}
}

// TestHTTPChanged does not glue two versions of an object together.
func TestHTTPChanged(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	uri := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", fmt.Sprintf(`"v%d"`, asked.Add(1)))
		http.ServeContent(&breakingWriter{ResponseWriter: w, left: 30}, r, "", time.Time{}, bytes.NewReader(someBytes(100)))
	})
	body, err := quick(t, nil).Open(t.Context(), uri, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if _, err := io.ReadAll(body); !errors.Is(err, storage.ErrChanged) {
		t.Errorf("%v, want ErrChanged", err)
	}
}

func TestHTTPCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int32
	uri := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		cancel()
		<-r.Context().Done()
	})
	if _, err := quick(t, nil).Open(ctx, uri, 0, -1); !errors.Is(err, context.Canceled) || asked.Load() != 1 {
		t.Errorf("%v after %d requests, want Canceled after 1", err, asked.Load())
	}
}

func TestHTTPUnreachable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	uri := strings.Replace(server.URL, "http://", "http://user:hunter2@", 1) + "/x?sig=hunter2"
	server.Close()
	_, err := quick(t, nil).Open(t.Context(), uri, 0, -1)
	checkError(t, err, nil, server.URL+"/x?…")
	if storage.IsPermanent(err) || !strings.Contains(err.Error(), "server is up") {
		t.Errorf("%v: want what to do, and that it may pass", err)
	}
}

func TestHTTPTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(content([]byte("x")))
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	_, err := quick(t, nil).Open(t.Context(), server.URL, 0, -1)
	if !storage.IsPermanent(err) || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("unknown CA: %v, want a permanent error that says what to do", err)
	}
	plain := serve(t, content([]byte("x")))
	_, err = quick(t, nil).Open(t.Context(), strings.Replace(plain, "http:", "https:", 1), 0, -1)
	if !storage.IsPermanent(err) {
		t.Errorf("https to http: %v, want a permanent error", err)
	}
}

// TestHTTPReusesConnections asks a hundred ranges over a connection or two.
func TestHTTPReusesConnections(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(content(someBytes(100)))
	server.Config.ConnState = countNew(&connections)
	server.Start()
	defer server.Close()
	client := quick(t, nil)
	for i := range int64(50) {
		body, err := client.Open(t.Context(), server.URL, i, 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(body); err != nil {
			t.Fatal(err)
		}
		_ = body.Close()
		if _, err := client.Stat(t.Context(), server.URL); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n > 10 {
		t.Errorf("%d connections for 100 requests", n)
	}
}
