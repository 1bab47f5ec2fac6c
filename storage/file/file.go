// Package file is a store in a directory: one file per object, at the path that its key spells. Several processes may share it.
//
// All access goes through os.Root, so neither a key nor a symbolic link can lead out of the directory.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"aircheck/storage"
)

// Store keeps objects in a directory.
type Store struct {
	root *os.Root
}

var _ storage.Store = (*Store)(nil)

// tempDir holds files while they are written. It lies in the store, because a rename must not cross file systems.
const tempDir = ".aircheck-tmp"

// staleAfter is the age at which a temporary file must belong to a process that died: writing one takes seconds.
const staleAfter = time.Hour

const (
	dirMode  = 0o755
	fileMode = 0o644
)

// Open opens the store in dir, which is made if it does not exist, and removes what writers that died left behind. now tells the age of
// these; nil means time.Now.
func Open(dir string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("make store directory: %w", mapError(err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open store directory: %w", mapError(err))
	}
	s := &Store{root: root}
	s.sweep(now().Add(-staleAfter))
	return s, nil
}

// sweep removes temporary files older than limit. What cannot be removed does no harm and is left to the next process.
func (s *Store) sweep(limit time.Time) {
	entries, err := s.readDir(tempDir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && entry.Name() != claimName && info.ModTime().Before(limit) {
			_ = s.root.Remove(tempDir + "/" + entry.Name())
		}
	}
}

// Close releases the directory. Calls after it fail; bodies that are open stay readable.
func (s *Store) Close() error { return s.root.Close() }

// Get implements storage.Store. The body shows the object as it was when Get was called, even if it is replaced meanwhile.
func (s *Store) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(off); err != nil {
		return nil, fmt.Errorf("get %q: %w", key, err)
	}
	if err := check(ctx, "get", key); err != nil {
		return nil, err
	}
	f, err := s.root.Open(key)
	if err != nil {
		return nil, fmt.Errorf("get %q: %w", key, mapReadError(err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = storage.ErrNotFound
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("get %q: %w", key, err), f.Close())
	}
	span := io.NewSectionReader(f, off, storage.SpanLength(info.Size(), off, n))
	return storage.NewBody(span, describe(key, info), f.Close), nil
}

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := check(ctx, "stat", key); err != nil {
		return storage.Info{}, err
	}
	info, err := s.root.Stat(key)
	if err == nil && !info.Mode().IsRegular() {
		err = storage.ErrNotFound
	}
	if err != nil {
		return storage.Info{}, fmt.Errorf("stat %q: %w", key, mapReadError(err))
	}
	return describe(key, info), nil
}

// describe makes an ETag of time and size: files are never changed in place, and two writes within one tick of the clock that
// agree in size are the only ones that it confuses.
func describe(key string, info os.FileInfo) storage.Info {
	return storage.Info{
		Key: key, Size: info.Size(), Modified: info.ModTime(),
		ETag: fmt.Sprintf("%x-%x", info.ModTime().UnixNano(), info.Size()),
	}
}

// mapReadError is mapError for calls that look for an object: a key that goes through a file, or is too long for one, names nothing.
func mapReadError(err error) error {
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) {
		return storage.ErrNotFound
	}
	return mapError(err)
}

// mapWriteError is mapError for writes: a directory that vanishes while it is written to is bad luck, not an absent object.
func mapWriteError(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return err
	}
	return mapError(err)
}

// mapError gives system errors the meaning that callers of a store know. What stays unmapped (a full disk, I/O errors) may pass.
func mapError(err error) error {
	var errno syscall.Errno
	switch {
	case err == nil || storage.IsPermanent(err):
		return err
	case errors.Is(err, os.ErrNotExist):
		return storage.ErrNotFound
	case errors.Is(err, os.ErrExist):
		return storage.ErrExists
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", storage.ErrDenied, err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return fmt.Errorf("%w: %w", storage.ErrBadKey, err)
	case errors.Is(err, os.ErrClosed):
		return err
	case !errors.As(err, &errno):
		// os.Root has its own, unexported error for a path that leaves it by a symbolic link.
		return fmt.Errorf("%w: %w", storage.ErrDenied, err)
	}
	return err
}
