package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/judge"
	"aircheck/report"
	"aircheck/web/api"
)

// remoteStatus is status by a server's API.
func (a *app) remoteStatus(ctx context.Context, id string, f *statusFlags) error {
	if f.format != "text" && f.format != "json" {
		return usageError("unknown format %q: text or json", f.format)
	}
	r, err := f.remoteFlags.open()
	if err != nil {
		return err
	}
	if id == "" {
		var s api.FleetStatus
		if err := r.get(ctx, "/fleet", nil, &s); err != nil {
			return err
		}
		if f.format == "json" {
			return json.NewEncoder(a.stdout).Encode(s)
		}
		return fleetFrom(s).write(a.stdout, a.now())
	}
	if err := validID(id); err != nil {
		return err
	}
	var s api.CheckStatus
	if err := r.get(ctx, "/checks/"+id, nil, &s); err != nil {
		return err
	}
	if f.format == "json" {
		err = json.NewEncoder(a.stdout).Encode(s)
	} else {
		err = statusFrom(s).write(a.stdout)
	}
	if err == nil && s.Error != "" {
		err = fmt.Errorf("%s", s.Error)
	}
	return err
}

func statusFrom(s api.CheckStatus) *checkStatus {
	out := &checkStatus{ID: s.ID, Input: s.Input, Queue: s.Queue, Created: s.Created, State: s.State, Verdict: s.Verdict, Digest: s.Digest}
	for _, q := range s.Sequences {
		out.Sequences = append(out.Sequences, sequenceStatus(q))
	}
	return out
}

func fleetFrom(s api.FleetStatus) *fleetStatus {
	out := &fleetStatus{Workers: s.Workers, Slots: s.Slots, Busy: s.Busy, Latency: map[string]latencyStatus{}}
	for _, q := range s.Queues {
		out.Queues = append(out.Queues, queueStatus(q))
	}
	for kind, l := range s.Latency {
		out.Latency[kind] = latencyStatus(l)
	}
	for _, one := range s.Streams {
		out.Streams = append(out.Streams, streamStatus(one))
	}
	return out
}

// remoteReport is report by a server's API. The report is checked and rendered here; a page is made where its pictures are.
func (a *app) remoteReport(ctx context.Context, id string, watch *watchFlags, remote *remoteFlags, out output) error {
	server, err := remote.open()
	if err != nil {
		return err
	}
	read := server.report
	if watch.watch {
		w := &watcher{app: a, id: id}
		read = func(ctx context.Context, id string) (*report.Report, error) {
			return server.await(ctx, id, func(e jobs.Event) {
				if e.Finding != nil {
					w.print(string(e.Kind), e.Finding, &e)
				}
			})
		}
	}
	r, err := read(ctx, id)
	if err != nil {
		return err
	}
	if out.format != report.FormatHTML {
		return a.conclude(r, out, "")
	}
	page, err := server.do(ctx, http.MethodGet, "/checks/"+id+"/report?format=html", nil)
	if err != nil {
		return err
	}
	if _, err := a.stdout.Write(page); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	return status(r.ExitStatus(out.failOn))
}

// remoteSubmit is submit by a server's API.
func (a *app) remoteSubmit(ctx context.Context, inputs []string, f *submitFlags) error {
	_, failOn, err := f.parse()
	if err != nil {
		return err
	}
	server, err := f.remoteFlags.open()
	if err != nil {
		return err
	}
	request, err := f.request()
	if err != nil {
		return err
	}
	var ids []string
	code := report.ExitClean
	for _, input := range inputs {
		if request.Input, err = absolute(input); err != nil {
			return err
		}
		made, err := a.remoteOrder(ctx, server, request)
		if err != nil {
			code = worst(code, a.fail(ctx, fmt.Errorf("submit: %w", err)))
			continue
		}
		ids = append(ids, made.ID)
		if err := a.printID(made, f.format); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if !f.wait {
			break
		}
		r, err := server.await(ctx, id, nil)
		if err != nil {
			code = worst(code, a.fail(ctx, err))
			continue
		}
		fmt.Fprintf(a.stderr, "aircheck: %s: %s, %s\n", id, r.Verdict, findingsOf(r))
		code = worst(code, r.ExitStatus(failOn))
	}
	return status(code)
}

// remoteOrder submits once, however often it has to be sent: the check has its id from here, unless the tick gives it one.
func (a *app) remoteOrder(ctx context.Context, server *remote, request api.CheckRequest) (made api.Submitted, err error) {
	hint := "run the same command again: with --tick there will be one check"
	if request.Tick == "" {
		if request.ID == "" {
			request.ID = jobs.NewID(a.now(), nil)
		}
		hint = fmt.Sprintf("'aircheck status %s' says whether the check was made; with --id %s it can be submitted again and is made once", request.ID, request.ID)
	}
	err = server.decoded(ctx, http.MethodPost, "/checks", request, &made)
	var gone *lost
	if errors.As(err, &gone) && server.reached.Load() {
		err = &jobs.Error{Class: jobs.Transient, Err: err, Hint: hint}
	}
	return made, err
}

func (a *app) printID(made api.Submitted, format string) (err error) {
	if made.Warning != "" {
		a.complain(fmt.Errorf("%s", made.Warning))
	}
	if format == "json" {
		err = json.NewEncoder(a.stdout).Encode(submitted{ID: made.ID, Input: made.Input, Windows: made.Windows})
	} else {
		_, err = fmt.Fprintln(a.stdout, made.ID)
	}
	if err != nil {
		return fmt.Errorf("print id: %w", err)
	}
	return nil
}

// request says by name what ships with aircheck, and sends what does not.
func (f *submitFlags) request() (api.CheckRequest, error) {
	r := api.CheckRequest{Queue: f.queue, ID: f.id, Tick: f.tick, Judging: api.Judging{Set: f.set, BreakProfile: f.breaks}}
	r.Planning = api.Planning{Window: f.window.String(), Depth: f.depth}
	var err error
	if f.reference != "" {
		if r.Reference, err = absolute(f.reference); err != nil {
			return r, err
		}
	}
	for _, name := range strings.Split(f.profile, ",") {
		name = strings.TrimSpace(name)
		switch {
		case r.ProfileYAML != "":
			return r, usageError("--profile %q: a server takes one file, which stands last", f.profile)
		case slices.Contains(judge.ProfileNames(), name):
			r.Profile = strings.TrimPrefix(r.Profile+","+name, ",")
		default:
			body, err := readProfile(name)
			if err != nil {
				return r, usageError("--profile: %w", err)
			}
			r.ProfileYAML = string(body)
		}
	}
	for _, name := range strings.Split(f.breaks, ",") {
		if f.breaks != "" && !slices.Contains(judge.ProfileNames(), strings.TrimSpace(name)) {
			return r, usageError("--break-profile %q: a server takes names of profiles only", f.breaks)
		}
	}
	return r, nil
}
