package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"aircheck/storage"
)

// List implements storage.Store. It holds the names of one directory per level in memory, not those of the whole store.
func (s *Store) List(ctx context.Context, prefix string, fn func(storage.Info) error) error {
	if err := storage.ValidatePrefix(prefix); err != nil {
		return fmt.Errorf("list %q: %w", prefix, err)
	}
	l := lister{store: s, prefix: prefix, fn: fn}
	return l.dir(ctx, prefix[:strings.LastIndexByte(prefix, '/')+1])
}

type lister struct {
	store  *Store
	prefix string
	fn     func(storage.Info) error
}

// dir visits a directory; its name ends with a slash, and "" is the store itself.
func (l *lister) dir(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("list %q: %w", l.prefix, err)
	}
	entries, err := l.store.readDir(strings.TrimSuffix(dir, "/"))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil // it never was, or was deleted meanwhile
	}
	if err != nil {
		return fmt.Errorf("list %q: %w", l.prefix, mapError(err))
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(sortName(a), sortName(b)) })
	for _, entry := range entries {
		if err := l.entry(ctx, dir, entry); err != nil {
			return err
		}
	}
	return nil
}

// sortName is what an entry contributes to keys. A directory's slash counts: "a/b" sorts after "a-b" although "a" sorts before it.
func sortName(entry os.DirEntry) string {
	if entry.IsDir() {
		return entry.Name() + "/"
	}
	return entry.Name()
}

func (l *lister) entry(ctx context.Context, dir string, entry os.DirEntry) error {
	name := dir + sortName(entry)
	if !strings.HasPrefix(name, l.prefix) || name == tempDir+"/" {
		return nil
	}
	if entry.IsDir() {
		return l.dir(ctx, name)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("list %q: %w", l.prefix, err)
	}
	info, err := entry.Info()
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list %q: %w", l.prefix, mapError(err))
	}
	return l.fn(describe(name, info))
}

func (s *Store) readDir(dir string) (entries []os.DirEntry, err error) {
	if dir == "" {
		dir = "."
	}
	f, err := s.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return f.ReadDir(-1)
}
