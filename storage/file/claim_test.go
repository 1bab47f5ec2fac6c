package file_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aircheck/storage/file"
)

// TestClaim: one at a time has the directory, though others read and write in it, and tidying up an old lock does not let a second one in.
func TestClaim(t *testing.T) {
	dir := t.TempDir()
	open := func(now time.Time) *file.Store {
		s, err := file.Open(dir, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	release, err := open(time.Now()).Claim()
	if err != nil {
		t.Fatal(err)
	}
	second := open(time.Now().Add(48 * time.Hour)) // for which the lock is as old as what writers leave that died
	if _, err := second.Claim(); !errors.Is(err, file.ErrClaimed) {
		t.Fatalf("second claim: %v, want ErrClaimed", err)
	}
	if err := second.Put(t.Context(), "a/b", []byte("x")); err != nil {
		t.Errorf("write to a claimed directory: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := second.Claim()
	if err != nil {
		t.Fatalf("claim after the release: %v", err)
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".aircheck-tmp")); err != nil {
		t.Fatal(err)
	}
	if release, err = second.Claim(); err != nil {
		t.Fatalf("claim in a tidied directory: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}
