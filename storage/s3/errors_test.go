package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aircheck/internal/s3server"
	"aircheck/storage"
	"aircheck/storage/s3"
)

// answering is a client of a server that gives every request the same answer.
func answering(t *testing.T, handler http.HandlerFunc) *s3.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return newClient(t, s3.Config{Endpoint: server.URL, Region: "us-east-1", AccessKey: "key", SecretKey: "hunter2"})
}

func xmlError(code string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>text of %s</Message></Error>", code, code)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code      string
		status    int
		want      error // nil: none of the sentinels
		permanent bool
	}{
		{"NoSuchKey", 404, storage.ErrNotFound, true},
		{"NoSuchBucket", 404, storage.ErrNotFound, true},
		{"AccessDenied", 403, storage.ErrDenied, true},
		{"InvalidAccessKeyId", 403, storage.ErrDenied, true},
		{"SignatureDoesNotMatch", 403, storage.ErrDenied, true},
		{"RequestTimeTooSkewed", 403, storage.ErrDenied, true},
		{"PreconditionFailed", 412, storage.ErrExists, true},
		{"ConditionalRequestConflict", 409, nil, false},
		{"SlowDown", 503, nil, false},
		{"InternalError", 500, nil, false},
		{"TooManyRequests", 429, nil, false},
		{"RequestTimeout", 400, nil, false},
		{"InvalidArgument", 400, nil, true},
		{"NotImplemented", 501, nil, true},
		{"EntityTooLarge", 400, storage.ErrTooLarge, true},
	}
	for _, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			t.Parallel()
			client := answering(t, xmlError(test.code, test.status))
			s, err := s3.NewStore(client, "bucket", "")
			if err != nil {
				t.Fatal(err)
			}
			_, getErr := s.Get(t.Context(), "k", 0, -1)
			for op, err := range map[string]error{"get": getErr, "put": s.Put(t.Context(), "k", []byte("x")), "put new": s.PutNew(t.Context(), "k", []byte("x"))} {
				checkError(t, op, err, test.want, test.permanent)
				if !strings.Contains(err.Error(), test.code) || !strings.Contains(err.Error(), "s3://bucket/k") {
					t.Errorf("%s: %v, want the code and the URI in it", op, err)
				}
			}
		})
	}
}

func checkError(t *testing.T, op string, err, want error, permanent bool) {
	t.Helper()
	if err == nil || want != nil && !errors.Is(err, want) || storage.IsPermanent(err) != permanent {
		t.Errorf("%s: %v (permanent %v), want %v (permanent %v)", op, err, storage.IsPermanent(err), want, permanent)
	}
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%s: the secret is in %v", op, err)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	address := server.Listener.Addr().String()
	server.Close()
	client := newClient(t, s3.Config{Endpoint: "http://" + address, Region: "us-east-1"})
	_, err := client.Stat(t.Context(), "bucket", "k")
	checkError(t, "stat", err, nil, false)
	if err == nil || !strings.Contains(err.Error(), "AIRCHECK_S3_ENDPOINT") {
		t.Errorf("%v: want what to do in it", err)
	}
}

func TestSchemeMismatch(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	defer server.Close()
	client := newClient(t, s3.Config{Endpoint: server.Listener.Addr().String(), Region: "us-east-1"})
	_, err := client.Stat(t.Context(), "bucket", "k")
	checkError(t, "https to http", err, nil, true)
	tlsServer := httptest.NewTLSServer(nil)
	defer tlsServer.Close()
	client = newClient(t, s3.Config{Endpoint: tlsServer.URL, Region: "us-east-1"})
	_, err = client.Stat(t.Context(), "bucket", "k")
	checkError(t, "unknown CA", err, nil, true)
}

func TestCancelledInFlight(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := client.Stat(ctx, "bucket", "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("stat = %v, want Canceled", err)
	}
}

// TestBadRanges refuses answers that are not the bytes that were asked for.
func TestBadRanges(t *testing.T) {
	t.Parallel()
	for name, contentRange := range map[string]string{"ignored": "", "other start": "bytes 3-8/10", "nonsense": "pages 1-2"} {
		client := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
			w.Header().Set("ETag", `"tag"`)
			if contentRange != "" {
				w.Header().Set("Content-Range", contentRange)
				w.WriteHeader(http.StatusPartialContent)
			}
			_, _ = io.WriteString(w, "012345")
		})
		if body, err := client.Get(t.Context(), "bucket", "k", 5, 5); err == nil {
			data, _ := io.ReadAll(body)
			t.Errorf("%s: got %q", name, data)
		}
	}
}

// TestDescribedBody reads the whole object's size from a range's answer, and no more bytes than asked for.
func TestDescribedBody(t *testing.T) {
	t.Parallel()
	client := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Range"); got != "bytes=5-6" {
			t.Errorf("asked for %q", got)
		}
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		w.Header().Set("ETag", `"tag"`)
		w.Header().Set("Content-Range", "bytes 5-9/10")
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, "56789")
	})
	body, err := client.Get(t.Context(), "bucket", "k", 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if info, ok := storage.Describe(body); !ok || info.Size != 10 || info.ETag != "tag" {
		t.Errorf("described as %+v, %v", info, ok)
	}
	if data, err := io.ReadAll(body); string(data) != "56" || err != nil {
		t.Errorf("read %q, %v", data, err)
	}
}

// TestWrongCredentials asks a real server with wrong keys and with none.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	server := s3server.Start(t)
	newStore(t, newClient(t, s3.ConfigFromEnv(server.Getenv)), "bucket", "")
	for name, cfg := range map[string]s3.Config{
		"wrong secret": {Endpoint: server.Endpoint, AccessKey: server.AccessKey, SecretKey: "hunter2", Region: "us-east-1"},
		"wrong key":    {Endpoint: server.Endpoint, AccessKey: "nobody", SecretKey: "hunter2", Region: "us-east-1"},
		"none":         {Endpoint: server.Endpoint, Region: "us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, cfg)
			backend, err := s3.NewStore(client, "bucket", "")
			if err != nil {
				t.Fatal(err)
			}
			// A server may refuse so early that sending the body fails before the refusal is read.
			s := storage.Retry(backend, storage.Backoff{Tries: 20, Base: time.Millisecond})
			_, getErr := s.Get(t.Context(), "k", 0, -1)
			for op, err := range map[string]error{
				"get": getErr, "put": s.Put(t.Context(), "k", nil), "ensure bucket": client.EnsureBucket(t.Context(), "bucket"),
				"list": s.List(t.Context(), "", func(storage.Info) error { return nil }),
			} {
				checkError(t, op, err, storage.ErrDenied, true)
				if err == nil || !strings.Contains(err.Error(), "AIRCHECK_S3_ACCESS_KEY") {
					t.Errorf("%s: %v: want what to do in it", op, err)
				}
			}
		})
	}
}

// TestPutNewAsksFirst sends no large body to a key that is taken.
func TestPutNewAsksFirst(t *testing.T) {
	t.Parallel()
	client := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			t.Errorf("%s %s: the body was sent in vain", r.Method, r.URL)
		}
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		w.Header().Set("ETag", `"tag"`)
	})
	s, err := s3.NewStore(client, "bucket", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutNew(t.Context(), "k", make([]byte, 1<<20)); !errors.Is(err, storage.ErrExists) {
		t.Errorf("put new = %v, want ErrExists", err)
	}
}
