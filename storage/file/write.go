package file

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"aircheck/storage"
)

// commitTries bounds how often a write makes its directory again after a concurrent Delete has removed it as empty.
const commitTries = 100

// Put implements storage.Store: write aside, sync, rename, sync the directory.
func (s *Store) Put(ctx context.Context, key string, body []byte) error {
	return s.write(ctx, key, body, s.replace)
}

func (s *Store) replace(temp, name string) error {
	err := s.root.Rename(temp, name)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%w: it is a directory of other keys", storage.ErrBadKey)
	}
	return err
}

// PutNew implements storage.Store. A hard link is the one operation that fails when the name is taken and still shows only whole files.
func (s *Store) PutNew(ctx context.Context, key string, body []byte) error {
	return s.write(ctx, key, body, s.root.Link)
}

func (s *Store) write(ctx context.Context, key string, body []byte, commit func(temp, name string) error) (err error) {
	if err := check(ctx, "put", key); err != nil {
		return err
	}
	temp := tempDir + "/" + rand.Text()
	defer func() {
		if removeErr := s.root.Remove(temp); removeErr != nil && !errors.Is(removeErr, os.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("remove temporary file: %w", removeErr))
		}
	}()
	if err := s.writeTemp(temp, body); err != nil {
		return fmt.Errorf("put %q: write aside: %w", key, mapWriteError(err))
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("put %q: %w", key, err)
	}
	if err := s.commit(temp, key, commit); err != nil {
		return fmt.Errorf("put %q: %w", key, mapWriteError(err))
	}
	return nil
}

func (s *Store) writeTemp(name string, body []byte) error {
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, os.ErrNotExist) {
		// Somebody has tidied the store by hand while it was open.
		if err := s.root.Mkdir(tempDir, dirMode); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		f, err = s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (s *Store) commit(temp, key string, commit func(temp, name string) error) error {
	dir := path.Dir(key)
	for try := 1; ; try++ {
		err := s.makeDirs(dir)
		if err == nil {
			err = commit(temp, key)
		}
		if err == nil {
			return s.syncDir(dir)
		}
		if !errors.Is(err, os.ErrNotExist) || try == commitTries {
			return err
		}
	}
}

// makeDirs makes dir and its parents, and makes those that are new durable.
func (s *Store) makeDirs(dir string) error {
	if dir == "." {
		return nil
	}
	for end := 0; end < len(dir); {
		next := strings.IndexByte(dir[end+1:], '/')
		if next < 0 {
			end = len(dir)
		} else {
			end += 1 + next
		}
		err := s.root.Mkdir(dir[:end], dirMode)
		if err == nil {
			err = s.syncDir(path.Dir(dir[:end]))
		}
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

func (s *Store) syncDir(dir string) error {
	f, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Delete implements storage.Store. Directories that become empty go too.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := check(ctx, "delete", key); err != nil {
		return err
	}
	info, err := s.root.Lstat(key)
	if err == nil && info.IsDir() {
		err = storage.ErrNotFound
	}
	if err == nil {
		err = s.root.Remove(key)
	}
	if err = mapReadError(err); errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %q: %w", key, err)
	}
	s.prune(path.Dir(key))
	return nil
}

// prune removes empty directories upwards until one is not empty; an empty one that stays does no harm.
func (s *Store) prune(dir string) {
	for dir != "." {
		if s.root.Remove(dir) != nil {
			return
		}
		dir = path.Dir(dir)
	}
}

func check(ctx context.Context, op, key string) error {
	err := ctx.Err()
	if err == nil {
		err = storage.ValidateKey(key)
	}
	if first, _, _ := strings.Cut(key, "/"); err == nil && first == tempDir {
		err = fmt.Errorf("%w: %s is the store's own", storage.ErrBadKey, tempDir)
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", op, key, err)
	}
	return nil
}
