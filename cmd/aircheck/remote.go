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
	"net/url"
	"strings"
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

// remoteTimeout bounds a request: the longest waits for events.
const remoteTimeout = 2 * time.Minute

// remote asks the API of a server.
type remote struct {
	base   string // up to and with the prefix of the API
	token  string
	client *http.Client
}

func (f *remoteFlags) open() (*remote, error) {
	u, err := url.Parse(f.server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil {
		return nil, usageError("--server %q: give an address such as https://aircheck.example", withoutSecrets(f.server))
	}
	base := strings.TrimSuffix(strings.TrimSuffix(u.String(), "/"), api.Prefix) + api.Prefix
	return &remote{base: base, token: f.token, client: &http.Client{Timeout: remoteTimeout}}, nil
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

// do sends a request and gives the body of a success.
func (r *remote) do(ctx context.Context, method, path string, in any) ([]byte, error) {
	var body io.Reader
	if in != nil {
		doc, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(doc)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("User-Agent", "aircheck/"+version)
	request.Header.Set("Accept", "application/json, */*;q=0.1")
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}
	response, err := r.client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &jobs.Error{Class: jobs.Transient, Err: err, Hint: "does the site run where --server says (AIRCHECK_SERVER)?"}
	}
	defer response.Body.Close()
	doc, err := io.ReadAll(io.LimitReader(response.Body, report.MaxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer of %s: %w", r.base+path, err)
	case len(doc) > report.MaxBytes:
		return nil, fmt.Errorf("the answer of %s is longer than %d bytes", r.base+path, report.MaxBytes)
	case response.StatusCode < 300:
		return doc, nil
	}
	return nil, r.refusal(response, doc)
}

// refusal explains an answer that is no success; one that is no problem comes from something between us and the server.
func (r *remote) refusal(response *http.Response, doc []byte) error {
	refusal := &refused{server: r.base}
	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || media != "application/problem+json" || json.Unmarshal(doc, &refusal.problem) != nil {
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
