package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/web/api"
)

// remoteFlags name a server whose API is asked instead of a store and a queue.
type remoteFlags struct{ server, token string }

func (f *remoteFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.server, "server", "", "`URL` of a site (https://aircheck.example) whose API is asked, instead of --store and --redis")
	flags.StringVar(&f.token, "token", "", "`token` for --server. Others on this machine can see it: better set AIRCHECK_TOKEN")
}

// remote asks the API of a server.
type remote struct {
	base   string // up to and with the prefix of the API
	token  string
	client *http.Client
	// patience is how long the server may say nothing, while it thinks and in the middle of an answer; to orders it may think for thought.
	patience, thought time.Duration
	// pause waits between two tries.
	pause   func(ctx context.Context, d time.Duration) error
	reached atomic.Bool // a connection was made: the address is right
}

const (
	// remotePatience is well above the longest wait for events.
	remotePatience = 2 * time.Minute
	// remoteThought is for submitting: the server reads playlists and indexes of the input first, however slow the input's origin is.
	remoteThought = 15 * time.Minute
	// remoteTries of one request, with pauses of 1, 2, 4 … seconds between them: half a minute, in which a server is restarted.
	remoteTries = 6
)

func (f *remoteFlags) open() (*remote, error) {
	u, err := url.Parse(f.server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil {
		return nil, usageError("--server %q: give an address such as https://aircheck.example", withoutSecrets(f.server))
	}
	base := strings.TrimSuffix(strings.TrimSuffix(u.String(), "/"), api.Prefix) + api.Prefix
	return &remote{base: base, token: f.token, client: &http.Client{}, patience: remotePatience, thought: remoteThought, pause: pause}, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refused is an answer that is no success.
type refused struct {
	problem api.Problem
	server  string
}

func (e *refused) Error() string { return e.server + ": " + e.problem.Detail }

// about tells whether an error is a refusal of a kind.
func about(err error, k api.Kind) bool {
	var r *refused
	return errors.As(err, &r) && strings.HasSuffix(r.problem.Type, ":"+string(k))
}

// get asks for something and decodes it.
func (r *remote) get(ctx context.Context, path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return r.decoded(ctx, http.MethodGet, path, nil, out)
}

func (r *remote) decoded(ctx context.Context, method, path string, in, out any) error {
	doc, err := r.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(doc, out); err != nil {
		return fmt.Errorf("read the answer of %s: %w", r.base+path, err)
	}
	return nil
}

// lost is an answer that did not come, or not to its end. Whether the request was carried out is not known.
type lost struct{ err error }

func (e *lost) Error() string { return e.err.Error() }
func (e *lost) Unwrap() error { return e.err }

var errQuiet = errors.New("the server said nothing for too long")

// do sends a request and gives the body of a success. A request whose answer is lost is sent again: what is sent must come to the same however often it arrives. A server that was never
// reached is not waited for, because its address may be wrong.
func (r *remote) do(ctx context.Context, method, path string, in any) ([]byte, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	for try := 0; ; try++ {
		doc, err := r.once(ctx, method, path, body)
		var gone *lost
		if !errors.As(err, &gone) || !r.reached.Load() || errors.Is(err, errQuiet) || try == remoteTries-1 {
			return doc, err
		}
		if err := r.pause(ctx, time.Second<<try); err != nil {
			return nil, err
		}
	}
}

// once sends a request once.
func (r *remote) once(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	patience := r.patience
	if body != nil {
		patience = r.thought
	}
	quiet, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clock := time.AfterFunc(patience, func() { cancel(errQuiet) })
	defer clock.Stop()
	response, err := r.send(quiet, method, path, body)
	var doc []byte
	if err == nil {
		defer response.Body.Close()
		doc, err = io.ReadAll(&heard{io.LimitReader(response.Body, report.MaxBytes+1), clock, r.patience})
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		if errors.Is(context.Cause(quiet), errQuiet) {
			err = fmt.Errorf("%s %s: %w (%s)", method, r.base+path, errQuiet, patience)
		}
		return nil, &lost{&jobs.Error{Class: jobs.Transient, Err: err, Hint: "does the site run where --server says (AIRCHECK_SERVER)?"}}
	case len(doc) > report.MaxBytes:
		return nil, fmt.Errorf("the answer of %s is longer than %d bytes", r.base+path, report.MaxBytes)
	case response.StatusCode < 300:
		return doc, nil
	}
	return nil, r.refusal(response, doc)
}

// heard moves a deadline on with every piece of an answer.
type heard struct {
	io.Reader
	clock    *time.Timer
	patience time.Duration
}

func (h *heard) Read(b []byte) (int, error) {
	n, err := h.Reader.Read(b)
	h.clock.Reset(h.patience)
	return n, err
}

func (r *remote) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { r.reached.Store(true) }})
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("User-Agent", "aircheck/"+version)
	request.Header.Set("Accept", "application/json, */*;q=0.1")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}
	return r.client.Do(request)
}

// refusal explains an answer that is no success; one that is no problem comes from something between us and the server.
func (r *remote) refusal(response *http.Response, doc []byte) error {
	refusal := &refused{server: r.base}
	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || media != "application/problem+json" || json.Unmarshal(doc, &refusal.problem) != nil {
		switch response.StatusCode {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout: // of a proxy whose server is away
			return &lost{jobs.Classify(jobs.Transient, fmt.Errorf("%s answers with %s: the server behind it is away", r.base, response.Status))}
		}
		return fmt.Errorf("%s answers with %s, as no API of aircheck does: is --server right?", r.base, response.Status)
	}
	if response.StatusCode == http.StatusUnauthorized {
		return &jobs.Error{Class: jobs.Permanent, Err: refusal, Hint: "set AIRCHECK_TOKEN to a token that 'aircheck tokens new' has made"}
	}
	return refusal
}

// report reads a report and makes sure that it is whole.
func (r *remote) report(ctx context.Context, id string) (*report.Report, error) {
	doc, err := r.do(ctx, http.MethodGet, "/checks/"+id+"/report?format=json", nil)
	if err != nil {
		return nil, err
	}
	return report.Parse(doc)
}

// await waits for a report, and tells the events of the check meanwhile to those who want them.
func (r *remote) await(ctx context.Context, id string, told func(jobs.Event)) (*report.Report, error) {
	var news api.EventList
	if err := r.get(ctx, "/events", nil, &news); err != nil { // where the events are now
		return nil, err
	}
	for {
		found, err := r.report(ctx, id)
		if err == nil || !about(err, api.KindNotReady) {
			return found, err
		}
		query := url.Values{"after": {news.Cursor}, "check": {id}, "wait": {"2"}}
		if err := r.get(ctx, "/events", query, &news); err != nil {
			return nil, err
		}
		for _, e := range news.Events {
			if told != nil {
				told(e)
			}
		}
	}
}
