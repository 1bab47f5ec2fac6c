package origin_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aircheck/storage"
	"aircheck/storage/origin"
)

// quick is a client that does not pause between its tries.
func quick(t *testing.T, change func(cfg *origin.Config)) *origin.Client {
	t.Helper()
	transport := origin.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	cfg := origin.Config{
		UserAgent: "aircheck/test", Transport: transport,
		Backoff: storage.Backoff{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }},
	}
	if change != nil {
		change(&cfg)
	}
	return origin.New(cfg)
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func someBytes(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{3}).Read(data)
	return data
}

// content serves data as a good server does: ranges, ETag, lengths.
func content(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(data))
	}
}

// rangeless serves data whole whatever was asked for.
func rangeless(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }
}

// chunked is rangeless, and does not say how long it is.
func chunked(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		_, _ = w.Write(data)
	}
}

// capped gives no more than 10 bytes with any answer, as servers may (RFC 9110, 14.2).
func capped(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var from, to int
		if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); n < 2 {
			to = len(data) - 1
		}
		if from >= len(data) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(data)))
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		to = min(to, from+9, len(data)-1)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(data[from : to+1])
	}
}

// breaking ends every connection after 30 bytes.
func breaking(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		content(data)(&breakingWriter{ResponseWriter: w, left: 30}, r)
	}
}

type breakingWriter struct {
	http.ResponseWriter
	left int
}

func (b *breakingWriter) Write(p []byte) (int, error) {
	if len(p) <= b.left {
		b.left -= len(p)
		return b.ResponseWriter.Write(p)
	}
	_, _ = b.ResponseWriter.Write(p[:b.left])
	_ = http.NewResponseController(b.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

func TestHTTPRanges(t *testing.T) {
	t.Parallel()
	data := someBytes(100)
	servers := map[string]func([]byte) http.HandlerFunc{
		"content": content, "rangeless": rangeless, "chunked": chunked, "capped": capped, "breaking": breaking,
	}
	spans := [][2]int64{{0, -1}, {0, 100}, {0, 1000}, {0, 1}, {0, 0}, {7, 0}, {40, 20}, {40, -1}, {99, 1}, {100, -1}, {100, 5}, {1000, 5}, {1000, -1}}
	for name, server := range servers {
		uri := serve(t, server(data))
		client := quick(t, func(cfg *origin.Config) { cfg.Resumption.Tries = 20 })
		for _, span := range spans {
			body, err := client.Open(t.Context(), uri, span[0], span[1])
			if err != nil {
				t.Errorf("%s %v: %v", name, span, err)
				continue
			}
			got, err := io.ReadAll(body)
			from := min(span[0], 100)
			if want := data[from : from+storage.SpanLength(100, span[0], span[1])]; err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s %v: read %d bytes, %v, want %d", name, span, len(got), err, len(want))
			}
			_ = body.Close()
		}
	}
}

func TestHTTPStat(t *testing.T) {
	t.Parallel()
	data := someBytes(100)
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		size    int64
		etag    string
	}{
		"content":   {content(data), 100, `"v1"`},
		"rangeless": {rangeless(data), 100, ""},
		"chunked":   {chunked(data), -1, ""},
		"capped":    {capped(data), 100, ""},
		"empty":     {content(nil), 0, `"v1"`},
		"gzip":      {gzipped(data), -1, ""},
	} {
		info, err := quick(t, nil).Stat(t.Context(), serve(t, test.handler)+"/x?token=hunter2")
		if err != nil || info.Size != test.size || info.ETag != test.etag || strings.Contains(info.Key, "hunter2") {
			t.Errorf("%s: %+v, %v, want size %d, ETag %s", name, info, err, test.size, test.etag)
		}
	}
}

func gzipped(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(data)
		_ = z.Close()
	}
}

// TestHTTPGzip reads what comes compressed although it was not to be, and notices when it is cut or no gzip.
func TestHTTPGzip(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("#EXTINF:6,\nsegment.ts\n"), 1000)
	client := quick(t, func(cfg *origin.Config) { cfg.Resumption.Tries = 1 })
	body, err := client.Open(t.Context(), serve(t, gzipped(data)), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d bytes, %v, want %d", len(got), err, len(data))
	}
	_ = body.Close()
	for name, raw := range map[string]string{"none": "#EXTM3U", "empty": ""} {
		body, err := client.Open(t.Context(), serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, raw)
		}), 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(body); err == nil {
			t.Errorf("%s: read %q", name, got)
		}
		_ = body.Close()
	}
}

func TestHTTPStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status int
		want   error
		tries  int32
	}{
		{404, storage.ErrNotFound, 1},
		{410, storage.ErrNotFound, 1},
		{401, storage.ErrDenied, 1},
		{403, storage.ErrDenied, 1},
		{400, nil, 1},
		{405, nil, 1},
		{304, nil, 1},
		{451, nil, 1},
		{408, nil, 3},
		{429, nil, 3},
		{500, nil, 3},
		{502, nil, 3},
		{503, nil, 3},
		{504, nil, 3},
	}
	for _, test := range tests {
		t.Run(http.StatusText(test.status), func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.WriteHeader(test.status)
			})
			uri := strings.Replace(base, "http://", "http://user:hunter2@", 1) + "/a/b.ts?signature=hunter2"
			_, err := quick(t, nil).Open(t.Context(), uri, 0, -1)
			checkError(t, err, test.want, base+"/a/b.ts?…")
			if hint := "try again later"; strings.Contains(fmt.Sprint(err), hint) != (test.status >= 500) {
				t.Errorf("%v: want %q for troubles of the server only", err, hint)
			}
			if got := asked.Load(); got != test.tries {
				t.Errorf("asked %d times, want %d", got, test.tries)
			}
			if permanent := test.tries == 1; storage.IsPermanent(err) != permanent {
				t.Errorf("%v: permanent is %v", err, !permanent)
			}
			_, err = quick(t, nil).Stat(t.Context(), uri)
			checkError(t, err, test.want, base+"/a/b.ts?…")
		})
	}
}

func checkError(t *testing.T, err, want error, named string) {
	t.Helper()
	if err == nil || want != nil && !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
		return
	}
	if !strings.Contains(err.Error(), named) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v: want %s in it and no password", err, named)
	}
}

// TestHTTPRetry gets through after two failures of different kinds.
func TestHTTPRetry(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	uri := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch asked.Add(1) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			panic(http.ErrAbortHandler)
		default:
			content([]byte("data"))(w, r)
		}
	})
	body, err := quick(t, nil).Open(t.Context(), uri, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if got, err := io.ReadAll(body); string(got) != "data" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

// TestHTTPHeaders holds who we say we are, whose password we send, and that bytes are asked for as they are.
func TestHTTPHeaders(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_, _ = fmt.Fprint(w, r.UserAgent(), " ", r.Header.Get("Accept-Encoding"), " ", user, ":", password)
	})
	body, err := quick(t, nil).Open(t.Context(), strings.Replace(base, "http://", "http://user:hunter2@", 1), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if got, _ := io.ReadAll(body); string(got) != "aircheck/test identity user:hunter2" {
		t.Errorf("sent %q", got)
	}
}

func TestHTTPRedirects(t *testing.T) {
	t.Parallel()
	data := someBytes(100)
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var left int
		switch n, _ := fmt.Sscanf(r.URL.Path, "/%d", &left); {
		case r.URL.Path == "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case n == 1 && left > 0:
			http.Redirect(w, r, fmt.Sprintf("/%d", left-1), http.StatusFound)
		default:
			content(data)(w, r)
		}
	})
	client := quick(t, nil)
	body, err := client.Open(t.Context(), base+"/5", 10, 5)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, data[10:15]) {
		t.Errorf("a range behind redirects: %x, %v, want %x", got, err, data[10:15])
	}
	if info, _ := storage.Describe(body); info.Location != base+"/0" {
		t.Errorf("redirected to %q, want %s", info.Location, base+"/0")
	}
	_ = body.Close()
	withUser := strings.Replace(base, "://", "://me:secret@", 1)
	for address, want := range map[string]string{base + "/0": "", withUser + "/1": withUser + "/0"} {
		body, err := client.OpenIfChanged(t.Context(), address, storage.Info{})
		if err != nil {
			t.Fatal(err)
		}
		if info, _ := storage.Describe(body); info.Location != want {
			t.Errorf("%s leads to %q, want %q", address, info.Location, want)
		}
		_ = body.Close()
	}
	for _, path := range []string{"/6", "/1000", "/file"} {
		if _, err := client.Open(t.Context(), base+path, 0, -1); err == nil || !storage.IsPermanent(err) {
			t.Errorf("%s: %v, want a permanent error", path, err)
		}
	}
}
