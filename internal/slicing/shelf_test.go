//go:build cgo

package slicing

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// shelf holds the clips that several tests read, each made once, by the test that needs it first. Whoever wants to change one takes a copy.
type shelf struct {
	dir  string
	mu   sync.Mutex
	made map[string]*shelved
}

type shelved struct {
	mu    sync.Mutex
	input string
}

// shared is filled in by TestMain, which removes it, too.
var shared *shelf

func (s *shelf) input(t *testing.T, c *clip) string {
	t.Helper()
	s.mu.Lock()
	one := s.made[c.name]
	if one == nil {
		one = &shelved{}
		s.made[c.name] = one
	}
	s.mu.Unlock()
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.input == "" {
		one.input = c.make(t, s.dir)
	}
	return one.input
}

// copied makes a clip a copy of one on the shelf, whose playlist lies in a directory of its own.
func copied(name string, c clip) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		from, to := shared.input(t, &c), filepath.Join(dir, name)
		if err := os.CopyFS(to, os.DirFS(filepath.Dir(from))); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(to, filepath.Base(from))
	}
}
