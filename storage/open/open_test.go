package open_test

import (
	"bytes"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
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

// TestS3 goes once through the whole stack; the backend's own tests run the suite.
func TestS3(t *testing.T) {
	t.Parallel()
	server := s3server.Start(t)
	for round, s := range []storage.Store{
		mustOpen(t, "s3://new-bucket/deep/prefix/", server.Getenv),
		// The second time the bucket is there, and the endpoint comes from the URI.
		mustOpen(t, "s3://new-bucket/deep/prefix?region=us-east-1&path-style=true&endpoint="+url.QueryEscape(server.Endpoint),
			func(name string) string {
				if name == "AIRCHECK_S3_ENDPOINT" {
					return "http://nowhere.invalid"
				}
				return server.Getenv(name)
			}),
	} {
		testObject(t, s, round)
	}
}

// testObject puts a new object, larger than what a server reads before it refuses, in the first round and meets it in the second.
func testObject(t *testing.T, s storage.Store, round int) {
	t.Helper()
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	if err := s.PutNew(t.Context(), "dir/k", body); (err == nil) != (round == 0) || err != nil && !errors.Is(err, storage.ErrExists) {
		t.Errorf("round %d: put new = %v", round, err)
	}
	got, err := storage.ReadAll(t.Context(), s, "dir/k", int64(len(body)))
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("round %d: read %d bytes, %v", round, len(got), err)
	}
	var keys []string
	err = s.List(t.Context(), "", func(i storage.Info) error { keys = append(keys, i.Key); return nil })
	if err != nil || !slices.Equal(keys, []string{"dir/k"}) {
		t.Errorf("round %d: list %q, %v", round, keys, err)
	}
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
