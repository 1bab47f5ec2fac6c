package open_test

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"aircheck/internal/s3server"
	"aircheck/storage"
	"aircheck/storage/open"
	"aircheck/storage/storagetest"
)

func noEnv(string) string { return "" }

func mustOpen(t *testing.T, uri string, getenv func(string) string) storage.Store {
	t.Helper()
	s, err := open.Store(t.Context(), uri, getenv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMem(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storage.Store {
		t.Helper()
		return mustOpen(t, "mem:", noEnv)
	})
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	count := 0
	storagetest.Run(t, func(t *testing.T) storage.Store {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "a store")
		if count++; count%2 == 0 {
			return mustOpen(t, (&url.URL{Scheme: "file", Path: dir}).String(), noEnv)
		}
		return mustOpen(t, dir, noEnv)
	})
}

func TestVersitygw(t *testing.T) {
	t.Parallel()
	testS3(t, s3server.Start(t))
}

func TestMinIO(t *testing.T) {
	t.Parallel()
	testS3(t, s3server.StartMinIO(t))
}

func testS3(t *testing.T, server s3server.Server) {
	t.Helper()
	var count atomic.Int64
	storagetest.Run(t, func(t *testing.T) storage.Store {
		t.Helper()
		uri := fmt.Sprintf("s3://store-%d/deep/prefix/", count.Add(1))
		first := mustOpen(t, uri, server.Getenv)
		if err := first.Put(t.Context(), "k", nil); err != nil {
			t.Fatal(err)
		}
		if err := first.Delete(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		// The second time the bucket is there, and the endpoint comes from the URI.
		return mustOpen(t, uri+"?region=us-east-1&path-style=true&endpoint="+url.QueryEscape(server.Endpoint), func(name string) string {
			if name == "AIRCHECK_S3_ENDPOINT" {
				return "http://nowhere.invalid"
			}
			return server.Getenv(name)
		})
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"", "http://host/dir", "redis://host", "s3://", "s3://key:hunter2@bucket/prefix", "file://host/dir", "s3://bucket/p?unknown=1", "s3://bucket/../x",
		"s3://bucket/p?endpoint=ftp://host",
	} {
		s, err := open.Store(t.Context(), uri, noEnv)
		if err == nil || s != nil {
			t.Errorf("opened %q", uri)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || !strings.HasPrefix(err.Error(), "open store ") {
			t.Errorf("open %q: %v", uri, err)
		}
	}
	if _, err := open.Store(t.Context(), "http://x", noEnv); !errors.Is(err, storage.ErrBadURI) {
		t.Errorf("open http: %v, want ErrBadURI", err)
	}
}
