package storage

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// Limit lets at most n calls run at the same time; others wait until a place is free or their context ends. A body holds its place
// until it is closed or read to its end, as it holds a connection until then: who keeps n bodies open and asks for one more waits for
// himself. List holds no place, because its callback may use the store.
func Limit(s Store, n int) Store {
	return &limited{Store: s, places: make(chan struct{}, max(n, 1))}
}

type limited struct {
	Store
	places chan struct{}
}

func (l *limited) enter(ctx context.Context, op, key string) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s %q: %w", op, key, err)
	}
	select {
	case l.places <- struct{}{}:
		return sync.OnceFunc(func() { <-l.places }), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%s %q: wait for a place: %w", op, key, ctx.Err())
	}
}

func (l *limited) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	leave, err := l.enter(ctx, "get", key)
	if err != nil {
		return nil, err
	}
	body, err := l.Store.Get(ctx, key, off, n)
	if err != nil {
		leave()
		return nil, err
	}
	return limitedBody(body, leave), nil
}

// limitedBody is described only if body is: a reader must not take "unknown" for a fact.
func limitedBody(body io.ReadCloser, leave func()) io.ReadCloser {
	b := &leavingBody{ReadCloser: body, leave: leave}
	if info, ok := Describe(body); ok {
		return NewBody(b, info, b.Close)
	}
	return b
}

type leavingBody struct {
	io.ReadCloser
	leave func()
}

func (b *leavingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.leave()
	}
	return n, err
}

func (b *leavingBody) Close() error {
	defer b.leave()
	return b.ReadCloser.Close()
}

func (l *limited) Put(ctx context.Context, key string, body []byte) error {
	leave, err := l.enter(ctx, "put", key)
	if err != nil {
		return err
	}
	defer leave()
	return l.Store.Put(ctx, key, body)
}

func (l *limited) PutNew(ctx context.Context, key string, body []byte) error {
	leave, err := l.enter(ctx, "put", key)
	if err != nil {
		return err
	}
	defer leave()
	return l.Store.PutNew(ctx, key, body)
}

func (l *limited) Stat(ctx context.Context, key string) (Info, error) {
	leave, err := l.enter(ctx, "stat", key)
	if err != nil {
		return Info{}, err
	}
	defer leave()
	return l.Store.Stat(ctx, key)
}

func (l *limited) Delete(ctx context.Context, key string) error {
	leave, err := l.enter(ctx, "delete", key)
	if err != nil {
		return err
	}
	defer leave()
	return l.Store.Delete(ctx, key)
}
