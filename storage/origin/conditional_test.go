package origin_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aircheck/storage"
)

// TestOpenIfChanged reads a thing once, and again when it changed, by ETag or by time.
func TestOpenIfChanged(t *testing.T) {
	t.Parallel()
	for name, tagged := range map[string]bool{"ETag": true, "Last-Modified": false} {
		data, changed := []byte("one"), time.Unix(1e9, 0)
		uri := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if tagged {
				w.Header().Set("ETag", `"`+string(data)+`"`)
			}
			http.ServeContent(w, r, "", changed, bytes.NewReader(data))
		})
		client := quick(t, nil)
		before := checkChanged(t, client, uri, storage.Info{}, "one")
		if _, err := client.OpenIfChanged(t.Context(), uri, before); !errors.Is(err, storage.ErrUnchanged) {
			t.Errorf("%s: %v, want that it is unchanged", name, err)
		}
		data, changed = []byte("two"), time.Unix(1e9+1, 0)
		checkChanged(t, client, uri, before, "two")
	}
}

func checkChanged(t *testing.T, client storage.Conditional, uri string, before storage.Info, want string) storage.Info {
	t.Helper()
	body, err := client.OpenIfChanged(t.Context(), uri, before)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	got, err := io.ReadAll(body)
	info, ok := storage.Describe(body)
	if string(got) != want || err != nil || !ok {
		t.Errorf("read %q, %v, described %v; want %q", got, err, ok, want)
	}
	return info
}

// TestOpenIfChangedLocal does the same with a file.
func TestOpenIfChangedLocal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "live.m3u8")
	if err := os.WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	client := quick(t, nil)
	before := checkChanged(t, client, path, storage.Info{}, "one")
	if _, err := client.OpenIfChanged(t.Context(), path, before); !errors.Is(err, storage.ErrUnchanged) {
		t.Errorf("%v, want that it is unchanged", err)
	}
	if err := os.WriteFile(path, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	checkChanged(t, client, path, before, "another")
}

// TestOpenIfChangedFails asks once only, and takes no answer for unchanged that nobody asked for.
func TestOpenIfChangedFails(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{http.StatusNotFound: storage.ErrNotFound, http.StatusServiceUnavailable: nil, http.StatusNotModified: nil} {
		asked := 0
		uri := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(status)
		})
		_, err := quick(t, nil).OpenIfChanged(t.Context(), uri, storage.Info{})
		if err == nil || want != nil && !errors.Is(err, want) || errors.Is(err, storage.ErrUnchanged) || asked != 1 {
			t.Errorf("%d: %v after %d requests, want %v after one", status, err, asked, want)
		}
	}
}
