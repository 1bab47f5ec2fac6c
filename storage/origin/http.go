package origin

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aircheck/storage"
)

const (
	// maxRedirects: a CDN takes one or two; ten, Go's default, is a loop.
	maxRedirects = 5
	// maxSkip is how many bytes are thrown away to get to an offset when a server ignores ranges.
	maxSkip = 64 << 20
	// maxHeader bounds the headers of an answer.
	maxHeader = 256 << 10
	// maxIdlePerHost keeps a connection for each fetch that a busy worker runs against one CDN host.
	maxIdlePerHost = 32

	dialTimeout   = 10 * time.Second
	headerTimeout = 30 * time.Second
	idleTimeout   = 90 * time.Second
)

// NewTransport makes the transport that a Client uses by default: pooled, with a time limit for every phase but the body's, which
// storage.Resumption watches.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: headerTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		MaxResponseHeaderBytes: maxHeader,
		ForceAttemptHTTP2:      true,
		// Ranges and lengths must count the object's own bytes.
		DisableCompression: true,
	}
}

type httpOrigin struct {
	client    http.Client
	userAgent string
}

func newHTTPOrigin(transport http.RoundTripper, userAgent string) httpOrigin {
	return httpOrigin{userAgent: userAgent, client: http.Client{Transport: transport, CheckRedirect: checkRedirect}}
}

func checkRedirect(request *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return permanent{fmt.Errorf("more than %d redirects", maxRedirects)}
	}
	if s := request.URL.Scheme; s != "http" && s != "https" {
		return permanent{fmt.Errorf("redirect to scheme %q", s)}
	}
	return nil
}

// permanent marks errors that trying again cannot help.
type permanent struct{ error }

func (permanent) Permanent() bool { return true }

func (p permanent) Unwrap() error { return p.error }

// stat asks for one byte instead of using HEAD, which signed URLs forbid and many servers answer wrongly.
func (o *httpOrigin) stat(ctx context.Context, uri string) (storage.Info, error) {
	response, err := o.do(ctx, uri, 0, 1)
	if err != nil {
		return storage.Info{}, err
	}
	info, _, err := o.examine(response, 0)
	if response.StatusCode == http.StatusPartialContent {
		_, _ = io.CopyN(io.Discard, response.Body, 1) // so that the connection can be used again
	}
	_ = response.Body.Close() // it was not wanted
	return info, err
}

func (o *httpOrigin) open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	response, err := o.do(ctx, uri, off, n)
	if err != nil {
		return nil, err
	}
	return o.body(response, off)
}

// body makes of an answer the body that begins at off.
func (o *httpOrigin) body(response *http.Response, off int64) (io.ReadCloser, error) {
	info, skip, err := o.examine(response, off)
	if err != nil {
		_ = response.Body.Close() // the answer was of no use
		return nil, err
	}
	var r io.Reader = response.Body
	switch {
	case response.StatusCode == http.StatusRequestedRangeNotSatisfiable, info.Size >= 0 && off >= info.Size:
		r = bytes.NewReader(nil)
	case isGzip(response):
		r = &gunzip{compressed: response.Body}
	}
	return storage.NewBody(&skipper{r: r, left: skip}, info, response.Body.Close), nil
}

func (o *httpOrigin) do(ctx context.Context, uri string, off, n int64) (*http.Response, error) {
	request, err := o.request(ctx, uri)
	if err != nil {
		return nil, err
	}
	if r := storage.RangeHeader(off, n); r != "" {
		request.Header.Set("Range", r)
	}
	return o.send(request)
}

func (o *httpOrigin) request(ctx context.Context, uri string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil || request.URL.Host == "" {
		return nil, hinted(storage.ErrBadURI, "write http://host/path") // err repeats the URI, password and all
	}
	request.Header.Set("User-Agent", o.userAgent)
	request.Header.Set("Accept-Encoding", "identity")
	return request, nil
}

func (o *httpOrigin) send(request *http.Request) (*http.Response, error) {
	response, err := o.client.Do(request)
	if err != nil {
		return nil, transportError(err)
	}
	return response, nil
}

// transportError drops the URL, which net/http puts in front with its query.
func transportError(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		err = withURL.Err
	}
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		return hinted(permanent{err}, "put the CA of the server into SSL_CERT_FILE")
	case errors.Is(err, http.ErrSchemeMismatch):
		return hinted(permanent{err}, "write http:// instead of https://")
	case errors.Is(err, context.Canceled), storage.IsPermanent(err):
		return err
	}
	return hinted(err, "check the address, the network, and that the server is up")
}

// examine reads what an answer says about the object, and how many bytes of the body lie before off.
func (o *httpOrigin) examine(response *http.Response, off int64) (info storage.Info, skip int64, err error) {
	info = storage.Info{Size: response.ContentLength, ETag: response.Header.Get("ETag")}
	info.Modified, _ = http.ParseTime(response.Header.Get("Last-Modified"))
	info.Location = redirected(response)
	contentRange := response.Header.Get("Content-Range")
	switch code := response.StatusCode; {
	case code == http.StatusRequestedRangeNotSatisfiable:
		info.Size = unsatisfiedSize(contentRange)
		return info, 0, nil
	case code == http.StatusPartialContent:
		info.Size, err = checkRange(contentRange, off)
		if err == nil && isGzip(response) {
			err = errors.New("server answers with a range of compressed bytes")
		}
		return info, 0, err
	case code == http.StatusOK, code == http.StatusNonAuthoritativeInfo:
		if isGzip(response) {
			info.Size = -1
		}
		if off > maxSkip && (info.Size < 0 || info.Size > off) {
			return info, 0, hinted(permanent{fmt.Errorf("server ignores ranges: cannot get to byte %d", off)},
				"use a server that knows range requests, or copy the media into a file")
		}
		return info, off, nil
	default:
		return info, 0, statusError(response)
	}
}

// redirected is where an answer came from after redirects; empty when nobody redirected. A user and password go along on one host, as net/http sends them.
func redirected(response *http.Response) string {
	last := response.Request
	if last == nil || last.Response == nil {
		return ""
	}
	first := last
	for hops := 0; first.Response != nil && first.Response.Request != nil && hops <= maxRedirects; hops++ {
		first = first.Response.Request
	}
	final := *last.URL
	if final.User == nil && final.Scheme == first.URL.Scheme && final.Host == first.URL.Host {
		final.User = first.URL.User
	}
	return final.String()
}

// checkRange tells the object's size, -1 if the server does not, and refuses a range that does not start where it was asked for.
func checkRange(contentRange string, off int64) (size int64, err error) {
	start, size, err := storage.ParseContentRange(contentRange)
	if err != nil || start != off {
		return -1, permanent{fmt.Errorf("server was asked for byte %d and answers with the range %q", off, contentRange)}
	}
	return size, nil
}

// unsatisfiedSize is the size that an answer of status 416 tells; -1 when it does not.
func unsatisfiedSize(contentRange string) int64 {
	_, size, err := storage.ParseContentRange(contentRange)
	if err != nil {
		return -1
	}
	return size
}

func statusError(response *http.Response) error {
	code := response.StatusCode
	err := fmt.Errorf("server answers %d %s", code, http.StatusText(code))
	switch code {
	case http.StatusNotFound, http.StatusGone:
		return hinted(fmt.Errorf("%w: %w", storage.ErrNotFound, err), "check the address")
	case http.StatusUnauthorized, http.StatusForbidden:
		return hinted(fmt.Errorf("%w: %w", storage.ErrDenied, err), "use a signed address, or http://user:password@host/path")
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return err
	}
	if code >= http.StatusInternalServerError {
		return hinted(err, "the server is in trouble: try again later, and ask who runs it")
	}
	return permanent{err}
}

// isGzip tells whether the server compresses although it was asked not to, as buckets of ready-made gzip playlists do.
func isGzip(response *http.Response) bool {
	e := strings.ToLower(response.Header.Get("Content-Encoding"))
	return e == "gzip" || e == "x-gzip"
}

// gunzip decompresses; it reads the header with the first bytes, because opening must not wait for the body.
type gunzip struct {
	compressed io.Reader
	r          *gzip.Reader
}

func (g *gunzip) Read(p []byte) (n int, err error) {
	if g.r == nil {
		if g.r, err = gzip.NewReader(g.compressed); err != nil {
			g.r = nil
			return 0, fmt.Errorf("decompress: %w", noEOF(err))
		}
	}
	return g.r.Read(p)
}

// noEOF keeps a body that ends before its header from looking complete.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// skipper throws the first bytes away, a piece with each call, so that a stall is noticed in the middle of it too.
type skipper struct {
	r    io.Reader
	left int64
}

func (s *skipper) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	gone := min(s.left, int64(n))
	s.left -= gone
	copy(p, p[gone:n])
	return n - int(gone), err
}
