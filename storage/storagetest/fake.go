package storagetest

import (
	"context"
	"io"

	"aircheck/storage"
)

// Fake is a store made of functions, for tests that inject faults. A function that is nil goes to Store, which may be nil when every
// call that the test makes has a function.
type Fake struct {
	storage.Store

	GetFunc    func(ctx context.Context, key string, off, n int64) (io.ReadCloser, error)
	PutFunc    func(ctx context.Context, key string, body []byte) error
	PutNewFunc func(ctx context.Context, key string, body []byte) error
	StatFunc   func(ctx context.Context, key string) (storage.Info, error)
	ListFunc   func(ctx context.Context, prefix string, fn func(storage.Info) error) error
	DeleteFunc func(ctx context.Context, key string) error
}

var _ storage.Store = (*Fake)(nil)

// Get calls GetFunc.
func (f *Fake) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if f.GetFunc == nil {
		return f.Store.Get(ctx, key, off, n)
	}
	return f.GetFunc(ctx, key, off, n)
}

// Put calls PutFunc.
func (f *Fake) Put(ctx context.Context, key string, body []byte) error {
	if f.PutFunc == nil {
		return f.Store.Put(ctx, key, body)
	}
	return f.PutFunc(ctx, key, body)
}

// PutNew calls PutNewFunc.
func (f *Fake) PutNew(ctx context.Context, key string, body []byte) error {
	if f.PutNewFunc == nil {
		return f.Store.PutNew(ctx, key, body)
	}
	return f.PutNewFunc(ctx, key, body)
}

// Stat calls StatFunc.
func (f *Fake) Stat(ctx context.Context, key string) (storage.Info, error) {
	if f.StatFunc == nil {
		return f.Store.Stat(ctx, key)
	}
	return f.StatFunc(ctx, key)
}

// List calls ListFunc.
func (f *Fake) List(ctx context.Context, prefix string, fn func(storage.Info) error) error {
	if f.ListFunc == nil {
		return f.Store.List(ctx, prefix, fn)
	}
	return f.ListFunc(ctx, prefix, fn)
}

// Delete calls DeleteFunc.
func (f *Fake) Delete(ctx context.Context, key string) error {
	if f.DeleteFunc == nil {
		return f.Store.Delete(ctx, key)
	}
	return f.DeleteFunc(ctx, key)
}
