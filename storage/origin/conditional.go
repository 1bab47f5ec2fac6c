package origin

import (
	"context"
	"errors"
	"io"
	"net/http"

	"aircheck/storage"
)

var _ storage.Conditional = (*Client)(nil)

// OpenIfChanged implements storage.Conditional.
func (c *Client) OpenIfChanged(ctx context.Context, uri string, before storage.Info) (io.ReadCloser, error) {
	o, err := c.opener(uri)
	var body io.ReadCloser
	switch web, ok := o.(*httpOrigin); {
	case err != nil:
	case ok:
		body, err = web.openIfChanged(ctx, uri, before)
	default:
		body, err = openChanged(ctx, o, uri, before)
	}
	if errors.Is(err, storage.ErrUnchanged) {
		return nil, err
	}
	if err != nil {
		return nil, explain("open", uri, err)
	}
	info, _ := storage.Describe(body)
	info.Key = storage.Redact(uri)
	named := &namedBody{ReadCloser: body, uri: uri}
	return storage.NewBody(named, info, named.Close), nil
}

// openIfChanged sends both validators, as RFC 9110 section 13.1.3 asks: servers that know ETags ignore the time.
func (o *httpOrigin) openIfChanged(ctx context.Context, uri string, before storage.Info) (io.ReadCloser, error) {
	request, err := o.request(ctx, uri)
	if err != nil {
		return nil, err
	}
	if before.ETag != "" {
		request.Header.Set("If-None-Match", before.ETag)
	}
	if !before.Modified.IsZero() {
		request.Header.Set("If-Modified-Since", before.Modified.UTC().Format(http.TimeFormat))
	}
	response, err := o.send(request)
	if err != nil {
		return nil, err
	}
	known := before.ETag != "" || !before.Modified.IsZero()
	if response.StatusCode == http.StatusNotModified && known {
		_ = response.Body.Close() // it has no body
		return nil, storage.ErrUnchanged
	}
	return o.body(response, 0)
}

// openChanged opens and looks at what came: files and buckets tell their ETag before the first byte is read.
func openChanged(ctx context.Context, o opener, uri string, before storage.Info) (io.ReadCloser, error) {
	body, err := o.open(ctx, uri, 0, -1)
	if err != nil {
		return nil, err
	}
	info, ok := storage.Describe(body)
	if ok && info.ETag != "" && info.ETag == before.ETag {
		return nil, errors.Join(storage.ErrUnchanged, body.Close())
	}
	return body, nil
}
