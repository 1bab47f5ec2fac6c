package file_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"aircheck/storage"
	"aircheck/storage/file"
	"aircheck/storage/storagetest"
)

func open(t *testing.T, dir string) *file.Store {
	t.Helper()
	s, err := file.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storage.Store {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "new", "store"))
	})
}

// TestTwoProcesses lets two stores on one directory see and respect each other's objects.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	if err := a.PutNew(t.Context(), "k", []byte("a")); err != nil {
		t.Fatal(err)
	}
	if err := b.PutNew(t.Context(), "k", []byte("b")); !errors.Is(err, storage.ErrExists) {
		t.Errorf("put new = %v, want ErrExists", err)
	}
	if got, err := storage.ReadAll(t.Context(), b, "k", 10); err != nil || string(got) != "a" {
		t.Errorf("read = %q, %v", got, err)
	}
}

// TestLinksLeadNowhere puts symbolic links into the store that lead out of it.
func TestLinksLeadNowhere(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := errors.Join(
		os.WriteFile(secret, []byte("secret"), 0o600),
		os.Symlink(secret, filepath.Join(dir, "link")),
		os.Symlink(outside, filepath.Join(dir, "out")),
	); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	for _, key := range []string{"link", "out/secret"} {
		if _, err := s.Get(t.Context(), key, 0, -1); !errors.Is(err, storage.ErrDenied) {
			t.Errorf("get %q = %v, want ErrDenied", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, storage.ErrDenied) {
			t.Errorf("stat %q = %v, want ErrDenied", key, err)
		}
	}
	if err := s.Put(t.Context(), "out/new", []byte("x")); !errors.Is(err, storage.ErrDenied) {
		t.Errorf("put through a link = %v, want ErrDenied", err)
	}
	if _, err := os.Stat(filepath.Join(outside, "new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link was followed: %v", err)
	}
	if err := s.List(t.Context(), "", func(i storage.Info) error { return errors.New("listed " + i.Key) }); err != nil {
		t.Error(err)
	}
}

// TestReserved keeps callers out of the directory of temporary files.
func TestReserved(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	if err := s.Put(t.Context(), ".aircheck-tmp/x", nil); !errors.Is(err, storage.ErrBadKey) {
		t.Errorf("put = %v, want ErrBadKey", err)
	}
}

// TestOneKeyInsideAnother gets a permanent error where a directory cannot hold both keys.
func TestOneKeyInsideAnother(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	if err := s.Put(t.Context(), "a/b", nil); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "a/b/c"} {
		if err := s.Put(t.Context(), key, nil); !errors.Is(err, storage.ErrBadKey) {
			t.Errorf("put %q = %v, want ErrBadKey", key, err)
		}
	}
}

// TestSweep removes what a writer that died has left, and only that.
func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	temp := filepath.Join(dir, ".aircheck-tmp")
	if err := os.Mkdir(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, age := range map[string]time.Duration{"old": 2 * time.Hour, "young": time.Minute} {
		path := filepath.Join(temp, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, now.Add(-age), now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	s, err := file.Open(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if got := names(t, temp); !slices.Equal(got, []string{"young"}) {
		t.Errorf("left %q, want young", got)
	}
}

// TestDirectoryComesAndGoes lets the last object of a directory go, and the directory with it, while another object comes.
func TestDirectoryComesAndGoes(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 8 {
		key := fmt.Sprintf("busy/dir/%d", i)
		wg.Go(func() {
			for range 30 {
				if err := errors.Join(s.Put(t.Context(), key, []byte("x")), s.Delete(t.Context(), key)); err != nil {
					t.Errorf("put and delete %q: %v", key, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestNothingLeftAside holds that no write, won, lost or refused, leaves a temporary file.
func TestNothingLeftAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for range 2 {
		_ = s.Put(t.Context(), "a/k", []byte("x"))
		_ = s.PutNew(t.Context(), "a/n", []byte("x"))
		_ = s.Put(t.Context(), "a", []byte("x"))
	}
	if got := names(t, filepath.Join(dir, ".aircheck-tmp")); len(got) > 0 {
		t.Errorf("left aside: %q", got)
	}
}

// TestOpenRefusesFile gets an error for a store that is a file.
func TestOpenRefusesFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Open(path, nil); err == nil {
		t.Error("opened a file as a store")
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	return got
}
