package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/judge"
	"aircheck/producer/submit"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/web/api"
	"aircheck/web/door"
)

// apiFlags say what the API may do.
type apiFlags struct{ localInputs bool }

func (f *apiFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.localInputs, "allow-local-inputs", false, "let requests to the API name paths on the disks of this machine and of the workers")
}

// apiFleet does for requests what the commands do, with the functions of the commands.
type apiFleet struct {
	app     *app
	flags   *apiFlags
	archive *archive.Archive
	client  *queue.Client
	store   string // as --store has it
	// live are the flags with the file of streams; nil where the process knows of none.
	live      *liveFlags
	submitter *submit.Submitter
	log       *slog.Logger
}

var _ api.Fleet = (*apiFleet)(nil)

// api makes the API. The caller closes it, after the server.
func (a *app) api(d *door.Door, arch *archive.Archive, conn *queue.Conn, store string, flags *apiFlags, live *liveFlags, log *slog.Logger) (*api.API, error) {
	client := queue.NewClient(conn)
	return api.New(api.Config{
		Door: d, Archive: arch, Queue: client, Version: version, Now: a.now, Log: log,
		Fleet: &apiFleet{
			app: a, flags: flags, archive: arch, client: client, store: store, live: live, log: log,
			submitter: &submit.Submitter{Archive: arch, Queue: client, Origin: a.origin(), Now: a.now},
		},
	})
}

// asked tells a request what is wrong with it: a mistake in what would have been a flag is one in the body.
func asked(err error) error {
	var exit *exitError
	if errors.As(err, &exit) && exit.code == report.ExitUsage {
		return api.NewProblem(api.KindInvalid, withoutSecrets(exit.Error()))
	}
	return err
}

// unread tells that an input cannot be read, as far as that is the input's fault.
func unread(err error) error {
	var classified *jobs.Error
	known := errors.As(err, &classified)
	if known && classified.Class != jobs.Permanent || errors.Is(err, context.Canceled) {
		return err // of the store, or of nobody
	}
	detail := withoutSecrets(err.Error())
	if !known {
		return api.NewProblem(api.KindUnreachable, detail)
	}
	if classified.Hint != "" {
		detail += ": " + classified.Hint
	}
	return api.NewProblem(api.KindInput, detail)
}

// input refuses what a request may not have read.
func (f *apiFleet) input(what, input string) error {
	if scheme := storage.Scheme(input); scheme != "" && scheme != "file" {
		return nil
	}
	if !f.flags.localInputs {
		return api.NewProblem(api.KindInvalid, fmt.Sprintf("%s: %q is a path: give an http(s):// or s3:// URL, or start the server with --allow-local-inputs", what, input))
	}
	if !strings.HasPrefix(input, "/") && storage.Scheme(input) == "" {
		return api.NewProblem(api.KindInvalid, fmt.Sprintf("%s: %q is not absolute", what, input))
	}
	return nil
}

// profiles resolves the profiles of a request. Names are those that ship with aircheck, never files of the server.
func (f *apiFleet) profiles(j api.Judging) (judge.Resolved, *jobs.Profile, error) {
	fail := func(format string, args ...any) (judge.Resolved, *jobs.Profile, error) {
		return judge.Resolved{}, nil, api.NewProblem(api.KindInvalid, fmt.Errorf(format, args...).Error())
	}
	names := j.Profile
	if names == "" {
		names = judge.DefaultProfile
	}
	layers, err := shippedLayers(names)
	if err != nil {
		return fail("profile: %w", err)
	}
	if j.ProfileYAML != "" {
		layers = append(layers, judge.Layer{Name: "request", Source: []byte(j.ProfileYAML)})
	}
	if len(j.Set) > 0 {
		layers = append(layers, judge.Layer{Set: j.Set})
	}
	r, err := judge.Resolve(layers)
	if err != nil {
		return fail("profile: %w", err)
	}
	if j.BreakProfile == "" {
		return r, nil, nil
	}
	if layers, err = shippedLayers(j.BreakProfile); err != nil {
		return fail("break_profile: %w", err)
	}
	breaks, err := judge.Resolve(layers)
	if err != nil {
		return fail("break_profile: %w", err)
	}
	return r, &breaks.Profile, nil
}

// shippedLayers finds profiles by name only.
func shippedLayers(list string) ([]judge.Layer, error) {
	var layers []judge.Layer
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if _, err := judge.ProfileSource(name); err != nil {
			return nil, fmt.Errorf("profile %q is none of %s", name, strings.Join(judge.ProfileNames(), ", "))
		}
		layers = append(layers, judge.Layer{Name: name})
	}
	return layers, nil
}

// plan is what the flags of a command would have said.
func (f *apiFleet) plan(j api.Judging, p api.Planning, reference string) (plan, error) {
	flags := planFlags{profileFlags: profileFlags{profile: judge.DefaultProfile}, window: defaultWindow, depth: p.Depth, reference: reference}
	if p.Window != "" {
		window, err := parseLength(p.Window)
		if err != nil {
			return plan{}, api.NewProblem(api.KindInvalid, "window: "+err.Error())
		}
		flags.window = window
	}
	made, err := flags.parseForFleet()
	if err != nil {
		return plan{}, asked(err)
	}
	resolved, breaks, err := f.profiles(j)
	if err != nil {
		return plan{}, err
	}
	made.profile, made.breaks = resolved.Profile, breaks
	return made, nil
}

// Submit implements api.Fleet.
func (f *apiFleet) Submit(ctx context.Context, r api.CheckRequest, person, key string) (api.Submitted, bool, error) {
	flags := submitFlags{queue: r.Queue, id: r.ID, tick: r.Tick}
	if flags.queue == "" {
		flags.queue = queue.Vod
	}
	if err := errors.Join(queue.ValidName(flags.queue), flags.validID()); err != nil {
		return api.Submitted{}, false, api.NewProblem(api.KindInvalid, err.Error())
	}
	if err := f.input("input", r.Input); err != nil {
		return api.Submitted{}, false, err
	}
	if r.Reference != "" {
		if err := f.input("reference", r.Reference); err != nil {
			return api.Submitted{}, false, err
		}
	}
	p, err := f.plan(r.Judging, r.Planning, r.Reference)
	if err != nil {
		return api.Submitted{}, false, err
	}
	o := submit.Options{Profile: p.profile, Breaks: p.breaks, Window: p.window, Queue: flags.queue, Reference: p.reference, Depth: p.depth, ID: r.ID}
	switch {
	case r.Tick != "":
		o.ID = tickID(r.Tick, r.Input, o)
	case key != "":
		o.ID = keyID(person, key)
	}
	return f.submit(ctx, r.Input, o, key != "")
}

func (f *apiFleet) submit(ctx context.Context, input string, o submit.Options, same bool) (api.Submitted, bool, error) {
	check, created, err := f.submitter.SubmitOnce(ctx, input, o)
	if check == nil {
		if errors.Is(err, submit.ErrOtherInput) {
			return api.Submitted{}, false, api.NewProblem(api.KindConflict, withoutSecrets(err.Error()))
		}
		return api.Submitted{}, false, unread(err)
	}
	if same && !created && !asksTheSame(check, o) {
		return api.Submitted{}, false, api.NewProblem(api.KindConflict, fmt.Sprintf("the Idempotency-Key stands for another request already, which made check %s", check.ID))
	}
	s := api.Submitted{ID: check.ID, Input: check.Input, Windows: len(check.Windows)}
	if err != nil { // it exists, and the reconciler enqueues the rest
		s.Warning = withoutSecrets(err.Error())
	}
	return s, created, nil
}

// keyID is the id of the check of an Idempotency-Key. Keys of two people are two keys.
func keyID(person, key string) string {
	return jobs.DeriveID(zeroTime(), "api", person, key)
}

// asksTheSame tells whether a check is what is asked for; that its input is the same is known.
func asksTheSame(check *jobs.Check, o submit.Options) bool {
	breaks := ""
	if o.Breaks != nil {
		breaks = o.Breaks.Digest
	}
	had := ""
	if check.BreakProfile != nil {
		had = check.BreakProfile.Digest
	}
	return check.Profile.Digest == o.Profile.Digest && had == breaks && check.WindowLength == o.Window && check.Queue == o.Queue && check.Depth == o.Depth &&
		check.Reference == displayed(o.Reference)
}

// Report implements api.Fleet.
func (f *apiFleet) Report(ctx context.Context, id string, interim bool) (*report.Report, bool, error) {
	r, err := storedReport(ctx, f.archive, id)
	if err == nil {
		return r, true, nil
	}
	switch {
	case errors.Is(err, errNotJudged):
		return nil, false, api.NewProblem(api.KindNotJudged, withoutSecrets(err.Error()))
	case !errors.Is(err, storage.ErrNotFound):
		return nil, false, err
	}
	if interim {
		doc, err := f.archive.Interim(ctx, id)
		if err == nil {
			r, err = report.Parse(doc)
			return r, false, err
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return nil, false, err
		}
	}
	return nil, false, f.unfinished(ctx, id)
}

// unfinished tells a check that goes on from one that nobody knows.
func (f *apiFleet) unfinished(ctx context.Context, id string) error {
	s, err := f.Status(ctx, id)
	if err != nil {
		return err
	}
	return api.NewProblem(api.KindNotReady, fmt.Sprintf("check %s has no report yet: it is %s", id, s.State))
}

// Render implements api.Fleet.
func (f *apiFleet) Render(ctx context.Context, w io.Writer, r *report.Report, format report.Format) error {
	held, err := heldWaivers(ctx, f.archive, r, f.app.now())
	if err != nil {
		return err
	}
	r.Waive(held)
	page := storedPage(ctx, f.archive, profileOf(ctx, f.archive, r.Check.ID), held)
	options := report.Options{Page: page}
	if format == report.FormatDateRange {
		check, err := f.archive.Check(ctx, r.Check.ID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) { // a live check has no manifest yet
			return err
		}
		if err == nil {
			options.From = check.Begin()
		}
	}
	return r.WriteWith(w, format, options)
}

// known finds the manifest of a check that has been measured.
func (f *apiFleet) known(ctx context.Context, id string) (*jobs.Check, error) {
	check, err := f.archive.Check(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		if _, _, live := jobs.ParseLiveID(id); live {
			return nil, f.unfinished(ctx, id)
		}
		return nil, api.NewProblem(api.KindNotFound, fmt.Sprintf("there is no check %s", id))
	}
	return check, err
}

// Rejudge implements api.Fleet.
func (f *apiFleet) Rejudge(ctx context.Context, id string, under api.Judging) (*report.Report, error) {
	if under.Profile == "" && under.ProfileYAML == "" && len(under.Set) == 0 {
		return nil, api.NewProblem(api.KindInvalid, "profile, profile_yaml and set are missing: say under what to judge")
	}
	resolved, breaks, err := f.profiles(under)
	if err != nil {
		return nil, err
	}
	check, err := f.known(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := f.measured(ctx, check); err != nil {
		return nil, err
	}
	check.Profile, check.BreakProfile = resolved.Profile, breaks
	return rejudged(ctx, f.archive, check)
}

// measured tells whether a check can be judged: all of its windows are done.
func (f *apiFleet) measured(ctx context.Context, check *jobs.Check) error {
	results, err := f.archive.Results(ctx, check.ID)
	if err != nil {
		return err
	}
	for _, w := range check.Windows {
		if results[w.ID()] == archive.None {
			return f.unfinished(ctx, check.ID)
		}
	}
	return nil
}

// Verify implements api.Fleet.
func (f *apiFleet) Verify(ctx context.Context, id string) (api.Verification, error) {
	check, err := f.known(ctx, id)
	if err != nil {
		return api.Verification{}, err
	}
	stored, _, err := f.Report(ctx, id, false)
	if err != nil {
		return api.Verification{}, err
	}
	v, err := verified(ctx, f.archive, check, stored)
	return api.Verification(v), err
}
