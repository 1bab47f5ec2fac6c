package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/producer/backfill"
	"aircheck/storage"
	"aircheck/storage/file"
	"aircheck/storage/s3"
)

// finder finds what lies in the past: below the archived streams of a store, or anywhere else.
func (a *app) finder(arch *archive.Archive, store string) (*backfill.Finder, error) {
	address, err := storage.Addresser(store)
	if err != nil {
		return nil, usageError("--store: %w", err)
	}
	return &backfill.Finder{Archive: arch.Store(), Address: address, Origin: a.origin(), List: a.listAddresses}, nil
}

// listAddresses lists objects below an address, in the order of their keys. What is only read is never made: neither a directory nor a bucket.
func (a *app) listAddresses(ctx context.Context, prefix string, fn func(address string) error) error {
	return a.listObjects(ctx, prefix, func(address string, _ storage.Info) error { return fn(address) })
}

func (a *app) listObjects(ctx context.Context, prefix string, fn func(address string, info storage.Info) error) error {
	if storage.Scheme(prefix) == "s3" {
		return a.listBucket(ctx, prefix, fn)
	}
	dir, local, err := storage.LocalPath(prefix)
	if err != nil || !local {
		return jobs.Classify(jobs.Permanent, errors.Join(fmt.Errorf("%s cannot be listed", storage.Redact(prefix)), err))
	}
	return listDirectory(ctx, dir, fn)
}

func (a *app) listBucket(ctx context.Context, prefix string, fn func(string, storage.Info) error) error {
	bucket, key, _, err := storage.ParseS3(prefix)
	if err != nil {
		return jobs.Classify(jobs.Permanent, err)
	}
	client, err := s3.NewClient(s3.ConfigFromEnv(a.getenv))
	if err != nil {
		return err
	}
	backend, err := s3.NewStore(client, bucket, "")
	if err != nil {
		return err
	}
	return storage.Retry(backend, storage.Backoff{}).List(ctx, key, func(info storage.Info) error {
		return fn("s3://"+bucket+(&url.URL{Path: "/" + info.Key}).EscapedPath(), info)
	})
}

// listDirectory lists what lies in the directory of a path, under names that begin with the rest of it.
func listDirectory(ctx context.Context, prefix string, fn func(string, storage.Info) error) error {
	if info, err := os.Stat(prefix); err == nil && info.IsDir() && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	dir, rest := filepath.Split(prefix)
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find the absolute path of %s: %w", prefix, err)
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return jobs.Classify(jobs.Permanent, fmt.Errorf("list %s: %w", dir, storage.ErrNotFound))
	}
	store, err := file.Open(dir, nil)
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	defer store.Close()
	return store.List(ctx, rest, func(info storage.Info) error { return fn(filepath.Join(dir, filepath.FromSlash(info.Key)), info) })
}
