package origin

import (
	"context"
	"fmt"
	"io"
	"sync"

	"aircheck/storage"
	"aircheck/storage/s3"
)

// s3Origin reads objects of one server. Which server that is, is said by whoever runs the process and never by the URI: URIs come from
// playlists too, and a signed request goes only where its credentials belong.
type s3Origin struct {
	cfg s3.Config

	mu     sync.Mutex
	client *s3.Client // made by the first s3 URI, so that a wrong configuration hurts only who needs it
}

func (o *s3Origin) locate(uri string) (client *s3.Client, bucket, key string, err error) {
	bucket, key, query, err := storage.ParseS3(uri)
	if err != nil {
		return nil, "", "", err
	}
	if len(query) > 0 {
		return nil, "", "", hinted(fmt.Errorf("%w: an s3 input takes no query", storage.ErrBadURI),
			"set AIRCHECK_S3_ENDPOINT to name a server; write a ? that belongs to the key as %3F")
	}
	if key == "" {
		return nil, "", "", hinted(fmt.Errorf("%w: no key", storage.ErrBadURI), "write s3://bucket/key")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.client == nil {
		if o.client, err = s3.NewClient(o.cfg); err != nil {
			return nil, "", "", fmt.Errorf("%w: %w", storage.ErrDenied, err)
		}
	}
	return o.client, bucket, key, nil
}

func (o *s3Origin) stat(ctx context.Context, uri string) (storage.Info, error) {
	client, bucket, key, err := o.locate(uri)
	if err != nil {
		return storage.Info{}, err
	}
	info, err := client.Stat(ctx, bucket, key)
	if err == nil || !storage.IsPermanent(err) {
		return info, err
	}
	// The answer to HEAD has no body that says why. GET's has, and tells wrong credentials from a wrong key.
	body, getErr := client.Get(ctx, bucket, key, 0, 1)
	if getErr != nil {
		return info, getErr
	}
	info, _ = storage.Describe(body)
	return info, body.Close()
}

func (o *s3Origin) open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	client, bucket, key, err := o.locate(uri)
	if err != nil {
		return nil, err
	}
	return client.Get(ctx, bucket, key, off, n)
}
