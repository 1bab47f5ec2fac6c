package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/minio/minio-go/v7"

	"aircheck/storage"
)

// Store keeps objects in one bucket, under a prefix that callers do not see.
type Store struct {
	client *Client
	bucket string
	prefix string // "" or ends with a slash
}

var _ storage.Store = (*Store)(nil)

// NewStore makes a store of a bucket that exists. prefix is where in the bucket it lies, without slashes at its ends; "" is the whole of it.
func NewStore(client *Client, bucket, prefix string) (*Store, error) {
	if bucket == "" {
		return nil, errors.New("no bucket: write s3://bucket/prefix")
	}
	if prefix != "" {
		if err := storage.ValidateKey(prefix); err != nil {
			return nil, fmt.Errorf("prefix in bucket %s: %w", bucket, err)
		}
		prefix += "/"
	}
	return &Store{client: client, bucket: bucket, prefix: prefix}, nil
}

func (s *Store) check(ctx context.Context, op, key string) error {
	err := ctx.Err()
	if err == nil {
		err = storage.ValidateKey(key)
	}
	if err == nil && s.prefix != "" {
		err = storage.ValidateKey(s.prefix + key) // the two together may be too long
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", op, key, err)
	}
	return nil
}

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := s.check(ctx, "get", key); err != nil {
		return nil, err
	}
	return s.client.Get(ctx, s.bucket, s.prefix+key, off, n)
}

// Put implements storage.Store. More than 16 MiB go in parts, which become an object all at once.
func (s *Store) Put(ctx context.Context, key string, body []byte) error {
	if err := s.check(ctx, "put", key); err != nil {
		return err
	}
	return s.client.put(ctx, s.bucket, s.prefix+key, body, minio.PutObjectOptions{PartSize: partSize})
}

// askFirst is the size from which PutNew looks before it sends. A server that refuses a conditional put closes the connection without
// reading the rest of the body, and what does not fit the sockets' buffers (from 512 KiB on loopback, measured) then breaks the connection
// before the refusal is read.
const askFirst = 128 << 10

// PutNew implements storage.Store. It goes in one request of up to 5 GiB, because not every server that knows If-None-Match on a put
// knows it on the completion of a multipart upload.
func (s *Store) PutNew(ctx context.Context, key string, body []byte) error {
	if err := s.check(ctx, "put", key); err != nil {
		return err
	}
	if len(body) >= askFirst {
		_, err := s.Stat(ctx, key)
		if err == nil {
			return fmt.Errorf("put %q: %w", key, storage.ErrExists)
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
	}
	options := minio.PutObjectOptions{DisableMultipart: true}
	options.SetMatchETagExcept("*")
	return s.client.put(ctx, s.bucket, s.prefix+key, body, options)
}

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := s.check(ctx, "stat", key); err != nil {
		return storage.Info{}, err
	}
	info, err := s.client.Stat(ctx, s.bucket, s.prefix+key)
	info.Key = key
	return info, err
}

// List implements storage.Store, a thousand keys a request.
func (s *Store) List(ctx context.Context, prefix string, fn func(storage.Info) error) error {
	if err := storage.ValidatePrefix(prefix); err != nil {
		return fmt.Errorf("list %q: %w", prefix, err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("list %q: %w", prefix, err)
	}
	options := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}
	for object := range s.client.core.ListObjectsIter(ctx, s.bucket, options) {
		if object.Err != nil {
			return s.client.wrap("list", s.bucket, s.prefix+prefix, object.Err)
		}
		key := strings.TrimPrefix(object.Key, s.prefix)
		if strings.HasSuffix(key, "/") {
			continue // a directory that some other program has drawn; it is no object of ours
		}
		info := storage.Info{Key: key, Size: object.Size, ETag: object.ETag, Modified: object.LastModified}
		if err := fn(info); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Delete implements storage.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := s.check(ctx, "delete", key); err != nil {
		return err
	}
	err := s.client.core.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
	if isCode(err, "NoSuchKey", 0) {
		return nil
	}
	return s.client.wrap("delete", s.bucket, s.prefix+key, err)
}
