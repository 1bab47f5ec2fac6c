// Package mem is a store in memory, for one process and for tests. It forgets everything when the process ends.
package mem

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"aircheck/storage"
)

// Store keeps objects in memory.
type Store struct {
	now func() time.Time

	mu         sync.RWMutex
	objects    map[string]object
	generation int64 // counts writes; it is the ETag of what was written
}

type object struct {
	data []byte // never changed after it was stored
	info storage.Info
}

var _ storage.Store = (*Store)(nil)

// New makes an empty store. now dates the objects; nil means time.Now.
func New(now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{now: now, objects: map[string]object{}}
}

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(off); err != nil {
		return nil, fmt.Errorf("get %q: %w", key, err)
	}
	o, err := s.find(ctx, "get", key)
	if err != nil {
		return nil, err
	}
	length := storage.SpanLength(o.info.Size, off, n)
	from := min(off, o.info.Size)
	return storage.NewBody(bytes.NewReader(o.data[from:from+length]), o.info, nil), nil
}

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	o, err := s.find(ctx, "stat", key)
	return o.info, err
}

func (s *Store) find(ctx context.Context, op, key string) (object, error) {
	if err := check(ctx, op, key); err != nil {
		return object{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.objects[key]
	if !ok {
		return object{}, fmt.Errorf("%s %q: %w", op, key, storage.ErrNotFound)
	}
	return o, nil
}

// Put implements storage.Store.
func (s *Store) Put(ctx context.Context, key string, body []byte) error {
	return s.put(ctx, key, body, true)
}

// PutNew implements storage.Store.
func (s *Store) PutNew(ctx context.Context, key string, body []byte) error {
	return s.put(ctx, key, body, false)
}

func (s *Store) put(ctx context.Context, key string, body []byte, replace bool) error {
	if err := check(ctx, "put", key); err != nil {
		return err
	}
	data := bytes.Clone(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.objects[key]; taken && !replace {
		return fmt.Errorf("put %q: %w", key, storage.ErrExists)
	}
	s.generation++
	s.objects[key] = object{data: data, info: storage.Info{
		Key: key, Size: int64(len(data)), ETag: strconv.FormatInt(s.generation, 10), Modified: s.now(),
	}}
	return nil
}

// List implements storage.Store. fn sees the keys that existed when List was called and were not deleted since.
func (s *Store) List(ctx context.Context, prefix string, fn func(storage.Info) error) error {
	if err := storage.ValidatePrefix(prefix); err != nil {
		return fmt.Errorf("list %q: %w", prefix, err)
	}
	for _, key := range s.keys(prefix) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("list %q: %w", prefix, err)
		}
		s.mu.RLock()
		o, ok := s.objects[key]
		s.mu.RUnlock()
		if !ok {
			continue
		}
		if err := fn(o.info); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *Store) keys(prefix string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var keys []string
	for key := range s.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Delete implements storage.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := check(ctx, "delete", key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, key)
	return nil
}

func check(ctx context.Context, op, key string) error {
	err := ctx.Err()
	if err == nil {
		err = storage.ValidateKey(key)
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", op, key, err)
	}
	return nil
}
