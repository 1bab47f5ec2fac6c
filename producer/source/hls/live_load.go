package hls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"aircheck/storage"
)

// fetched is what came of a request for a playlist; err is storage.ErrUnchanged when it is the version that is known.
type fetched struct {
	data    []byte
	version storage.Info
	err     error
}

// loaded is a media playlist that was asked for.
type loaded struct {
	fetched
	began    time.Time // when the request was made, by the reader's clock
	blocking int64     // the media sequence number that a blocking reload waited for; -1 for none
	delta    bool
}

// fetch asks once, for a changed version only where the origin can.
func (l *Live) fetch(ctx context.Context, uri string, before storage.Info, patience time.Duration) fetched {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var body io.ReadCloser
	var err error
	if c, ok := l.cfg.Origin.(storage.Conditional); ok {
		body, err = c.OpenIfChanged(ctx, uri, before)
	} else {
		body, err = l.cfg.Origin.Open(ctx, uri, 0, -1)
	}
	if err != nil {
		return fetched{err: err}
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxPlaylist+1))
	version, _ := storage.Describe(body)
	return fetched{data: data, version: version, err: err}
}

// load asks for a media playlist: for its next segment where the server lets one wait for it, and for what changed where it can tell. Parts are not waited
// for: what is archived are segments, and a request for each of their parts would be five times the load for nothing.
func (l *Live) load(ctx context.Context, p *playlist) loaded {
	out := loaded{began: l.cfg.Now(), blocking: -1}
	query, patience := url.Values{}, l.cfg.Patience
	if p.blocks() {
		out.blocking = p.end
		query.Set("_HLS_msn", strconv.FormatInt(p.end, 10))
		patience += 3 * p.target
	}
	if p.skips(out.began) {
		out.delta = true
		query.Set("_HLS_skip", "YES")
	}
	before := p.version
	if len(query) > 0 {
		before = storage.Info{} // another address has versions of its own
	}
	out.fetched = l.fetch(ctx, withQuery(p.child.loc.URI(), query), before, patience)
	if out.err == nil && !IsPlaylist(out.data) {
		out.err = noPlaylist(out.data)
	}
	if out.err == nil && p.lines && !endsLine(out.data) {
		out.err = errCut
	}
	return out
}

// errCut is about an answer that looks complete to HTTP, as from a cache that kept the beginning of one.
var errCut = errors.New("what the server sends is cut off in the middle of a line")

// endsLine tells whether the last line of a playlist is complete.
func endsLine(data []byte) bool {
	return bytes.HasSuffix(data, []byte("\n")) || bytes.HasSuffix(data, []byte("#EXT-X-ENDLIST"))
}

// withQuery adds delivery directives, after what the address has already (draft-pantos-hls-rfc8216bis section 6.2.5).
func withQuery(uri string, query url.Values) string {
	u, err := url.Parse(uri)
	if len(query) == 0 || err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return uri
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += query.Encode()
	return u.String()
}

// backOff is the wait after so many failures in a row: half a target duration, as after a version without news, and twice as long each time, to no more than
// a quarter of the window: an origin that is back must not have lost what nobody read.
func backOff(failed int, target, window time.Duration) time.Duration {
	return min(target/2<<min(failed-1, 10), max(window/4, target), longestWait)
}

// reason says why something could not be had, without its address.
func reason(err error) string {
	var permanent interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &permanent) && permanent.Timeout():
		return "no answer in time"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer was cut off"
	case errors.Is(err, io.EOF):
		return "the connection was closed without an answer"
	case errors.Is(err, errWebPage):
		return err.Error() // ours
	}
	if inner := errors.Unwrap(err); inner != nil {
		return clip(inner.Error())
	}
	return clip(err.Error())
}

// label names a playlist in messages.
func (p *playlist) label(format string, args ...any) string {
	return p.child.label + ": " + fmt.Sprintf(format, args...)
}
