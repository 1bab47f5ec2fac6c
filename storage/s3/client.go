package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"aircheck/storage"
)

// Client speaks to one S3 server about any bucket. It is safe for concurrent use and keeps connections open between calls.
type Client struct {
	core minio.Core
	cfg  Config
}

// maxIdleConns is how many connections to the server stay open unused: a little more than a store lets run at a time.
const maxIdleConns = 64

// partSize is the size from which an unconditional put goes in parts, and of each of them: minio-go's default, stated because the
// memory of an upload follows from it.
const partSize = 16 << 20

// NewClient makes a client; it does not speak to the server yet.
func NewClient(cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	host, secure, err := cfg.server()
	if err != nil {
		return nil, err
	}
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, fmt.Errorf("make S3 transport: %w", err)
	}
	transport.MaxIdleConnsPerHost = maxIdleConns
	options := &minio.Options{
		Creds:     credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey.Reveal(), cfg.SessionToken.Reveal()),
		Secure:    secure,
		Transport: transport,
		Region:    cfg.Region,
		// The Retry decorator is the one place that tries again.
		MaxRetries: 1,
	}
	if cfg.PathStyle {
		options.BucketLookup = minio.BucketLookupPath
	}
	core, err := minio.NewCore(host, options)
	if err != nil {
		return nil, fmt.Errorf("make S3 client: %w", err)
	}
	name, version, _ := strings.Cut(cfg.UserAgent, "/")
	core.SetAppInfo(name, version)
	return &Client{core: *core, cfg: cfg}, nil
}

// Get opens bytes [off, off+n) of an object, as storage.Store does.
func (c *Client) Get(ctx context.Context, bucket, key string, off, n int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(off); err != nil {
		return nil, c.wrap("get", bucket, key, err)
	}
	if n == 0 {
		return c.getNothing(ctx, bucket, key)
	}
	options := minio.GetObjectOptions{}
	if r := storage.RangeHeader(off, n); r != "" {
		options.Set("Range", r)
	}
	body, info, header, err := c.core.GetObject(ctx, bucket, key, options)
	if isCode(err, "InvalidRange", http.StatusRequestedRangeNotSatisfiable) {
		return c.getNothing(ctx, bucket, key)
	}
	if err != nil {
		return nil, c.wrap("get", bucket, key, err)
	}
	whole := storage.Info{Key: key, Size: info.Size, ETag: info.ETag, Modified: info.LastModified}
	if r := header.Get("Content-Range"); r != "" {
		start, size, err := storage.ParseContentRange(r)
		if err != nil || start != off {
			return nil, c.wrap("get", bucket, key, errors.Join(fmt.Errorf("server answers with range %q", r), body.Close()))
		}
		whole.Size = size
	} else if off > 0 {
		return nil, c.wrap("get", bucket, key, errors.Join(errors.New("server ignores the range"), body.Close()))
	}
	var r io.Reader = body
	if n > 0 {
		r = io.LimitReader(body, n)
	}
	return storage.NewBody(r, whole, body.Close), nil
}

// getNothing is what remains of a range that holds no bytes: to see that the object exists.
func (c *Client) getNothing(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	info, err := c.Stat(ctx, bucket, key)
	if err != nil {
		return nil, err
	}
	return storage.NewBody(bytes.NewReader(nil), info, nil), nil
}

// Stat describes an object.
func (c *Client) Stat(ctx context.Context, bucket, key string) (storage.Info, error) {
	info, err := c.core.StatObject(ctx, bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return storage.Info{}, c.wrap("stat", bucket, key, err)
	}
	return storage.Info{Key: key, Size: info.Size, ETag: info.ETag, Modified: info.LastModified}, nil
}

func (c *Client) put(ctx context.Context, bucket, key string, body []byte, options minio.PutObjectOptions) error {
	options.ContentType = "application/octet-stream"
	_, err := c.core.Client.PutObject(ctx, bucket, key, bytes.NewReader(body), int64(len(body)), options)
	return c.wrap("put", bucket, key, err)
}

// EnsureBucket makes the bucket if it is missing. A server that does not let us look is not asked further: the first real call will tell.
func (c *Client) EnsureBucket(ctx context.Context, bucket string) error {
	exists, err := c.core.BucketExists(ctx, bucket)
	if err = c.wrap("look for bucket", bucket, "", err); errors.Is(err, storage.ErrDenied) {
		return c.explainDenied(ctx, bucket)
	}
	if err != nil || exists {
		return err
	}
	err = c.core.MakeBucket(ctx, bucket, minio.MakeBucketOptions{Region: c.cfg.Region})
	if isCode(err, "BucketAlreadyOwnedByYou", 0) {
		return nil // another process was faster
	}
	return c.wrap("make bucket", bucket, "", err)
}

// explainDenied tells wrong credentials, which nothing can work with, from a policy that merely hides the bucket's existence. The
// answer to HEAD has no body that could say which, so this asks for a listing.
func (c *Client) explainDenied(ctx context.Context, bucket string) error {
	for object := range c.core.ListObjectsIter(ctx, bucket, minio.ListObjectsOptions{MaxKeys: 1}) {
		if object.Err != nil && !(c.cfg.AccessKey != "" && isCode(object.Err, "AccessDenied", 0)) {
			return c.wrap("look into bucket", bucket, "", object.Err)
		}
		break
	}
	return nil
}
