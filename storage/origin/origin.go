// Package origin reads media by URI, read-only: local files, http and https, s3. It tries again what may pass and resumes bodies
// that break; what it cannot read it explains to the person who wrote the URI. Credentials never appear in its errors.
package origin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"aircheck/storage"
	"aircheck/storage/s3"
)

// Config of a Client. The zero value of a field means its default.
type Config struct {
	// S3 is the server behind s3:// URIs; s3.ConfigFromEnv reads it.
	S3 s3.Config
	// UserAgent is what HTTP servers are told. Defaults to "aircheck/dev".
	UserAgent string
	// Backoff defaults to 3 tries, each within the time limits of Transport.
	Backoff storage.Backoff
	// Resumption of bodies; see there for the defaults.
	Resumption storage.Resumption
	// Transport carries HTTP requests. Defaults to NewTransport().
	Transport http.RoundTripper
}

// defaultTries of opening. Media are fetched in front of a waiting decoder, and the queue tries again later.
const defaultTries = 3

// statTimeout bounds Stat, which unlike a body is not watched for stalls.
const statTimeout = time.Minute

// Client is the storage.Origin of all kinds of URI.
type Client struct {
	backoff    storage.Backoff
	resumption storage.Resumption
	http       httpOrigin
	s3         s3Origin
}

var _ storage.Origin = (*Client)(nil)

// New makes a client. It keeps connections open between calls: make one per process.
func New(cfg Config) *Client {
	if cfg.UserAgent == "" {
		cfg.UserAgent = "aircheck/dev"
	}
	if cfg.S3.UserAgent == "" {
		cfg.S3.UserAgent = cfg.UserAgent
	}
	if cfg.Backoff.Tries == 0 {
		cfg.Backoff.Tries = defaultTries
	}
	if cfg.Transport == nil {
		cfg.Transport = NewTransport()
	}
	return &Client{
		backoff: cfg.Backoff, resumption: cfg.Resumption,
		http: newHTTPOrigin(cfg.Transport, cfg.UserAgent),
		s3:   s3Origin{cfg: cfg.S3},
	}
}

// opener is one kind of origin. Its Open may return more than n bytes, and its errors need not name the URI.
type opener interface {
	stat(ctx context.Context, uri string) (storage.Info, error)
	open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error)
}

func (c *Client) opener(uri string) (opener, error) {
	switch scheme := storage.Scheme(uri); scheme {
	case "", "file":
		return localOrigin{}, nil
	case "http", "https":
		return &c.http, nil
	case "s3":
		return &c.s3, nil
	default:
		return nil, hinted(fmt.Errorf("%w: scheme %s", storage.ErrBadURI, scheme), "name a path, http(s)://… or s3://bucket/key")
	}
}

// Stat implements storage.Origin.
func (c *Client) Stat(ctx context.Context, uri string) (info storage.Info, err error) {
	o, err := c.opener(uri)
	if err == nil {
		err = c.backoff.Do(ctx, func() (err error) {
			ctx, cancel := context.WithTimeout(ctx, statTimeout)
			defer cancel()
			info, err = o.stat(ctx, uri)
			return err
		})
	}
	if err != nil {
		return storage.Info{Size: -1}, explain("stat", uri, err)
	}
	info.Key = storage.Redact(uri)
	return info, nil
}

// Open implements storage.Origin. The body gives no more than n bytes, and ends with io.EOF only where the object or the range ends.
func (c *Client) Open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	if err := storage.CheckRange(off); err != nil {
		return nil, explain("open", uri, err)
	}
	o, err := c.opener(uri)
	if err != nil {
		return nil, explain("open", uri, err)
	}
	source := storage.Source{Open: func(ctx context.Context, off, n int64) (body io.ReadCloser, err error) {
		err = c.backoff.Do(ctx, func() (err error) {
			body, err = o.open(ctx, uri, off, n)
			return err
		})
		return body, err
	}}
	body, err := c.resumption.Open(ctx, source, off, n)
	if err != nil {
		return nil, explain("open", uri, err)
	}
	named := &namedBody{ReadCloser: body, uri: uri}
	if info, ok := storage.Describe(body); ok {
		info.Key = storage.Redact(uri)
		return storage.NewBody(named, info, named.Close), nil
	}
	return named, nil
}

// namedBody names the URI in the errors of reading.
type namedBody struct {
	io.ReadCloser
	uri string
}

func (b *namedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = explain("read", b.uri, err)
	}
	return n, err
}

// Error says which URI could not be read, why, and what to do about it.
type Error struct {
	Op   string // "open", "stat" or "read"
	URI  string // without credentials
	Err  error
	Hint string // what the person who wrote the URI can do; "" when nothing is known
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s %s: %v", e.Op, e.URI, e.Err)
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// hint carries what to do from where an error is understood to where it is named.
type hint struct {
	error
	text string
}

func (h *hint) Unwrap() error { return h.error }

func hinted(err error, text string) error { return &hint{error: err, text: text} }

func explain(op, uri string, err error) error {
	var s3Err *s3.Error
	if errors.As(err, &s3Err) {
		return fmt.Errorf("%s: %w", op, err) // it names the URI and what to do
	}
	e := &Error{Op: op, URI: storage.Redact(uri), Err: err}
	var h *hint
	if errors.As(err, &h) {
		e.Hint = h.text
	}
	return e
}
