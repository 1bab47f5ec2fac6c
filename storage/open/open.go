// Package open opens stores by URI. It is the one place that knows all backends and the order of the decorators.
package open

import (
	"context"
	"fmt"
	"strings"

	"aircheck/storage"
	"aircheck/storage/file"
	"aircheck/storage/mem"
	"aircheck/storage/s3"
)

// maxCalls is how many calls to a store run at a time in one process: enough to keep a few dozen slots busy, few enough that a restarted
// server is not met by hundreds of connections from each worker.
const maxCalls = 32

// Store opens the store that uri names:
//
//	mem:                                   in memory, gone with the process
//	/dir, dir, file:///dir                 a directory, made if it is missing
//	s3://bucket/prefix                     a bucket, made if it is missing and that is allowed
//
// The query of an s3 URI may say endpoint, region and path-style=true; these and the credentials come otherwise from the environment
// (s3.ConfigFromEnv). The store limits, retries and resumes.
func Store(ctx context.Context, uri string, getenv func(string) string) (storage.Store, error) {
	backend, err := openBackend(ctx, uri, getenv)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", storage.Redact(uri), err)
	}
	return Wrap(backend), nil
}

// Wrap puts a backend into the decorators in their order: limit, retry, resume.
func Wrap(backend storage.Store) storage.Store {
	limited := storage.Limit(backend, maxCalls)
	retried := storage.Retry(limited, storage.Backoff{})
	return storage.Resume(retried, storage.Resumption{})
}

func openBackend(ctx context.Context, uri string, getenv func(string) string) (storage.Store, error) {
	if uri == "" {
		return nil, fmt.Errorf("%w: it is empty: name a directory, s3://bucket/prefix or mem:", storage.ErrBadURI)
	}
	switch storage.Scheme(uri) {
	case "mem":
		return mem.New(nil), nil
	case "s3":
		return openS3(ctx, uri, getenv)
	}
	dir, local, err := storage.LocalPath(uri)
	if err != nil {
		return nil, err
	}
	if !local {
		return nil, fmt.Errorf("%w: scheme %s: name a directory, s3://bucket/prefix or mem:", storage.ErrBadURI, storage.Scheme(uri))
	}
	return file.Open(dir, nil)
}

func openS3(ctx context.Context, uri string, getenv func(string) string) (storage.Store, error) {
	bucket, prefix, query, err := storage.ParseS3(uri)
	if err != nil {
		return nil, err
	}
	cfg := s3.ConfigFromEnv(getenv)
	for name, values := range query {
		switch value := values[0]; name {
		case "endpoint":
			cfg.Endpoint = value
		case "region":
			cfg.Region = value
		case "path-style":
			cfg.PathStyle = value == "true"
		default:
			return nil, fmt.Errorf("%w: %q in the query: there are endpoint, region and path-style", storage.ErrBadURI, name)
		}
	}
	client, err := s3.NewClient(cfg)
	if err != nil {
		return nil, err
	}
	err = storage.Backoff{}.Do(ctx, func() error { return client.EnsureBucket(ctx, bucket) })
	if err != nil {
		return nil, err
	}
	return s3.NewStore(client, bucket, strings.Trim(prefix, "/"))
}
