package origin_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"aircheck/internal/s3server"
	"aircheck/storage"
	"aircheck/storage/open"
	"aircheck/storage/origin"
	"aircheck/storage/s3"
)

func countNew(n *atomic.Int32) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
}

func readRange(t *testing.T, client *origin.Client, uri string, off, n int64) string {
	t.Helper()
	body, err := client.Open(t.Context(), uri, off, n)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func checkTenDigits(t *testing.T, client *origin.Client, uri string) {
	t.Helper()
	for _, test := range []struct {
		off, n int64
		want   string
	}{{0, -1, "0123456789"}, {3, 4, "3456"}, {8, 100, "89"}, {10, 5, ""}, {100, -1, ""}, {0, 0, ""}} {
		if got := readRange(t, client, uri, test.off, test.n); got != test.want {
			t.Errorf("%s [%d, +%d) = %q, want %q", uri, test.off, test.n, got, test.want)
		}
	}
	info, err := client.Stat(t.Context(), uri)
	if err != nil || info.Size != 10 || info.ETag == "" || info.Key != uri {
		t.Errorf("stat %s = %+v, %v", uri, info, err)
	}
	if _, err := client.Open(t.Context(), uri, -1, 5); err == nil || !storage.IsPermanent(err) {
		t.Errorf("from -1: %v", err)
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a file 100%.ts")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	client := quick(t, nil)
	checkTenDigits(t, client, path)
	checkTenDigits(t, client, (&url.URL{Scheme: "file", Path: path}).String())
	link := filepath.Join(dir, "link.ts")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	checkTenDigits(t, client, link)
}

func TestLocalRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("take:1.ts", []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	checkTenDigits(t, quick(t, nil), "take:1.ts")
	checkTenDigits(t, quick(t, nil), "./take:1.ts")
}

func TestLocalRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		uri  string
		want error
		says string
	}{
		{filepath.Join(dir, "absent"), storage.ErrNotFound, "check the path"},
		{filepath.Join(file, "below"), storage.ErrNotFound, "check the path"},
		{dir, storage.ErrBadURI, "directory"},
		{pipe, storage.ErrBadURI, "no regular file"},
		{"/dev/zero", storage.ErrBadURI, "no regular file"},
		{"", storage.ErrBadURI, "path"},
		{"nul\x00", storage.ErrBadURI, ""},
		{"file://host/x", storage.ErrBadURI, "file:///absolute/path"},
		{"ftp://host/x", storage.ErrBadURI, "s3://bucket/key"},
		{"s3://bucket", storage.ErrBadURI, "s3://bucket/key"},
		{"s3://bucket/key?endpoint=http://x", storage.ErrBadURI, "AIRCHECK_S3_ENDPOINT"},
		{"s3://u:hunter2@bucket/key", storage.ErrBadURI, "credentials"},
		{"http://", storage.ErrBadURI, "http://host/path"},
		{"http://user:hunter2%zz@host/", storage.ErrBadURI, "http://host/path"},
	}
	client := quick(t, nil)
	for _, test := range tests {
		_, openErr := client.Open(t.Context(), test.uri, 0, -1)
		_, statErr := client.Stat(t.Context(), test.uri)
		for op, err := range map[string]error{"open": openErr, "stat": statErr} {
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s %q: %v, want %v that says %q", op, test.uri, err, test.want, test.says)
			}
		}
	}
}

func TestLocalDenied(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(path); err == nil {
		_ = f.Close()
		t.Skip("this user may read everything")
	}
	if _, err := quick(t, nil).Open(t.Context(), path, 0, -1); !errors.Is(err, storage.ErrDenied) {
		t.Errorf("%v, want ErrDenied", err)
	}
}

func TestS3(t *testing.T) {
	t.Parallel()
	server := s3server.Start(t)
	store, err := open.Store(t.Context(), "s3://media", server.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"dir/a file.ts", "100%.ts"} {
		if err := store.Put(t.Context(), key, []byte("0123456789")); err != nil {
			t.Fatal(err)
		}
	}
	client := quick(t, func(cfg *origin.Config) { cfg.S3 = s3.ConfigFromEnv(server.Getenv) })
	for _, uri := range []string{"s3://media/dir/a file.ts", "s3://media/dir/a%20file.ts", "s3://media/100%.ts"} {
		checkTenDigits(t, client, uri)
	}
	for _, uri := range []string{"s3://media/absent", "s3://nowhere/absent"} {
		_, openErr := client.Open(t.Context(), uri, 0, -1)
		_, statErr := client.Stat(t.Context(), uri)
		checkError(t, openErr, storage.ErrNotFound, uri)
		checkError(t, statErr, storage.ErrNotFound, uri)
	}
	for name, cfg := range map[string]s3.Config{
		"wrong key": {Endpoint: server.Endpoint, AccessKey: "nobody", SecretKey: "hunter2", Region: "us-east-1"},
		"anonymous": {Endpoint: server.Endpoint, Region: "us-east-1"},
		"half":      {Endpoint: server.Endpoint, SecretKey: "hunter2"},
	} {
		client := quick(t, func(c *origin.Config) { c.S3 = cfg })
		_, openErr := client.Open(t.Context(), "s3://media/100%.ts", 0, -1)
		_, statErr := client.Stat(t.Context(), "s3://media/100%.ts")
		for _, err := range []error{openErr, statErr} {
			checkError(t, err, storage.ErrDenied, "s3://media/100%.ts")
			if err != nil && !strings.Contains(err.Error(), "AIRCHECK_S3_ACCESS_KEY") {
				t.Errorf("%s: %v: want what to do in it", name, err)
			}
		}
	}
}
