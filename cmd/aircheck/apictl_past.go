package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/judge"
	"aircheck/producer/backfill"
	"aircheck/producer/estimate"
	"aircheck/producer/source/location"
	"aircheck/producer/submit"
	"aircheck/storage"
	"aircheck/web/api"
)

// zeroTime stands for none in an id.
func zeroTime() time.Time { return time.Time{} }

// displayed is a reference as a manifest has it.
func displayed(reference string) string {
	if reference == "" {
		return ""
	}
	return location.Display(reference)
}

// parseLength reads a length such as 60s.
func parseLength(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no length such as 60s", text)
	}
	return d, nil
}

// costs are what a request says about cores.
func costs(speed, price float64) (*costFlags, error) {
	f := &costFlags{speed: speed, price: price}
	if speed == 0 {
		f.speed = estimate.DefaultSpeed
	}
	if price == 0 {
		f.price = defaultPrice
	}
	if err := f.parse(); err != nil {
		return nil, asked(err)
	}
	return f, nil
}

// Estimate implements api.Fleet.
func (f *apiFleet) Estimate(ctx context.Context, r api.EstimateRequest) (api.Estimate, error) {
	if err := f.input("input", r.Input); err != nil {
		return api.Estimate{}, err
	}
	cores, err := costs(r.CoreSpeed, r.CorePrice)
	if err != nil {
		return api.Estimate{}, err
	}
	p, err := f.plan(r.Judging, r.Planning, "")
	if err != nil {
		return api.Estimate{}, err
	}
	check, err := f.app.manifest(ctx, f.submitter.Origin, r.Input, p)
	if err != nil {
		return api.Estimate{}, unread(err)
	}
	e := estimate.Of(check, cores.rates(p.depth))
	out := api.Estimate{
		Windows: e.Windows, Bytes: e.Bytes, Exact: e.Exact, Media: e.Media, CPU: e.CPU, Cost: cores.cost(e.CPU), Sequences: []api.SequenceEstimate{},
	}
	for _, s := range e.Sequences {
		out.Sequences = append(out.Sequences, api.SequenceEstimate(s))
	}
	return out, nil
}

// backfillOf reads a request as the command reads its flags.
func (f *apiFleet) backfillOf(r api.BackfillRequest) (*backfillFlags, submit.Options, backfill.Where, error) {
	fail := func(err error) (*backfillFlags, submit.Options, backfill.Where, error) {
		return nil, submit.Options{}, backfill.Where{}, asked(err)
	}
	for what, place := range map[string]string{"target": r.Target, "layout": r.Layout} {
		if place == "" || what == "target" && jobs.ValidStreamName(place) {
			continue
		}
		if err := f.input(what, place); err != nil {
			return fail(err)
		}
	}
	cores, err := costs(r.CoreSpeed, r.CorePrice)
	if err != nil {
		return fail(err)
	}
	flags := &backfillFlags{
		costFlags: *cores, timezone: orDefault(r.Timezone, "UTC"), queue: orDefault(r.Queue, queue.Backfill), rate: defaultRate, maxOpen: defaultMaxOpen, dryRun: r.DryRun,
		format: "json", spec: backfill.Spec{Target: r.Target, Layout: r.Layout, From: r.From, To: orDefault(r.To, "now"), OnlyMissing: r.OnlyMissing},
		planFlags: planFlags{profileFlags: profileFlags{profile: judge.DefaultProfile}, window: defaultWindow},
	}
	flags.store = f.store
	if r.Every != "" {
		if flags.spec.Every, err = parseLength(r.Every); err != nil {
			return fail(api.NewProblem(api.KindInvalid, "every: "+err.Error()))
		}
	}
	if r.Rate != nil {
		flags.rate = *r.Rate
	}
	if r.MaxOpen != nil {
		flags.maxOpen = *r.MaxOpen
	}
	options, where, err := flags.parse(f.app.now())
	if err != nil {
		return fail(err)
	}
	p, err := f.plan(r.Judging, r.Planning, "")
	if err != nil {
		return fail(err)
	}
	options.Profile, options.Breaks, options.Window, options.Depth = p.profile, p.breaks, p.window, p.depth
	return flags, options, where, nil
}

func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// PlanBackfill implements api.Fleet.
func (f *apiFleet) PlanBackfill(ctx context.Context, r api.BackfillRequest) (api.BackfillPlan, func(context.Context, func(api.BackfillProgress)) error, error) {
	flags, options, where, err := f.backfillOf(r)
	if err != nil {
		return api.BackfillPlan{}, nil, err
	}
	finder, err := f.app.finder(f.archive, f.store)
	if err != nil {
		return api.BackfillPlan{}, nil, asked(err)
	}
	items, err := finder.Find(ctx, where)
	if err != nil {
		return api.BackfillPlan{}, nil, unread(fmt.Errorf("look for what lies in the past: %w", err))
	}
	planner := &backfill.Planner{
		Archive: f.archive, Submitter: f.submitter, Options: options, Rates: flags.rates(options.Depth), OnlyMissing: flags.spec.OnlyMissing,
	}
	plan, err := planner.Plan(ctx, items)
	if err != nil {
		return api.BackfillPlan{}, nil, unread(err)
	}
	shown := api.BackfillPlan{
		Target: flags.spec.Name(), From: where.From.UTC(), To: where.To.UTC(), Queue: flags.queue, Cost: flags.cost(plan.Total.CPU), Total: api.BackfillTotal(plan.Total),
	}
	for _, one := range plan.Items {
		shown.Items = append(shown.Items, backfillItem(one))
	}
	return shown, func(ctx context.Context, told func(api.BackfillProgress)) error {
		return f.backfill(ctx, flags, options, plan, told)
	}, nil
}

func backfillItem(one backfill.Planned) api.BackfillItem {
	return api.BackfillItem{
		ID: one.ID, Input: storage.Redact(one.Input), Begin: one.Begin, State: string(one.State), Windows: one.Windows, Bytes: one.Bytes, Exact: one.Exact, Media: one.Media,
		CPU: one.CPU, Error: withoutSecrets(one.Error),
	}
}

// backfill runs a plan and tells how far it is.
func (f *apiFleet) backfill(ctx context.Context, flags *backfillFlags, o submit.Options, plan *backfill.Plan, told func(api.BackfillProgress)) error {
	so := api.BackfillProgress{Left: plan.Total.Checks}
	r := &backfill.Runner{
		Submitter: f.submitter, Stats: f.client, Options: o, Rate: flags.rate, MaxOpen: flags.maxOpen, Log: f.log,
		Done: func(_ backfill.Planned, check *jobs.Check, created bool) {
			so.Left--
			if created {
				so.Submitted, so.Windows = so.Submitted+1, so.Windows+len(check.Windows)
			} else {
				so.Present++
			}
			told(so)
		},
	}
	result, err := r.Run(ctx, plan)
	told(api.BackfillProgress(result))
	if err == nil && result.Failed > 0 {
		err = fmt.Errorf("%d checks could not be submitted: the same request tries them again", result.Failed)
	}
	return err
}

// Schedules implements api.Fleet.
func (f *apiFleet) Schedules(ctx context.Context, runs int) ([]api.Schedule, error) {
	if f.live == nil || f.live.streamsFile == "" {
		return nil, api.NewProblem(api.KindNotFound, "this server knows of no schedule: start it with --streams")
	}
	file, _, err := f.live.watch().Poll()
	if err != nil {
		return nil, api.NewProblem(api.KindUnavailable, "the file of streams cannot be read: "+err.Error())
	}
	list := scheduleOf(file, f.app.now(), runs)
	if err := addLastRuns(ctx, f.archive, list); err != nil {
		return nil, err
	}
	out := make([]api.Schedule, 0, len(list))
	for _, one := range list {
		out = append(out, api.Schedule{
			Name: one.Name, Cron: one.Cron, What: withoutSecrets(one.What), CatchUp: string(one.CatchUp), Next: one.Next, LastTick: one.LastTick, Error: withoutSecrets(one.Error),
		})
	}
	return out, nil
}

// Recent implements api.Fleet.
func (f *apiFleet) Recent(ctx context.Context, offset, limit int) ([]api.RecentCheck, int, error) {
	list, total, err := f.client.Recent(ctx, offset, limit)
	if err != nil {
		return nil, 0, jobs.Classify(jobs.Transient, err)
	}
	out := make([]api.RecentCheck, 0, len(list))
	for _, one := range list {
		out = append(out, api.RecentCheck(one))
	}
	return out, total, nil
}

// Hours implements api.Fleet.
func (f *apiFleet) Hours(ctx context.Context, from, to time.Time) ([]jobs.StreamHour, error) {
	return f.client.Hours(ctx, from.Truncate(time.Hour), to)
}

// Status implements api.Fleet.
func (f *apiFleet) Status(ctx context.Context, id string) (api.CheckStatus, error) {
	check, err := f.archive.Check(ctx, id)
	_, _, live := jobs.ParseLiveID(id)
	growing := live && errors.Is(err, storage.ErrNotFound)
	if growing {
		check, err = f.archive.Grown(ctx, id)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return api.CheckStatus{}, api.NewProblem(api.KindNotFound, fmt.Sprintf("there is no check %s", id))
	}
	if err != nil {
		return api.CheckStatus{}, err
	}
	s, todo, err := statusFromStore(ctx, f.archive, check)
	if err != nil {
		return api.CheckStatus{}, err
	}
	if growing {
		s.State = "growing"
	}
	if len(todo) > 0 {
		if err := statusFromQueue(ctx, f.client, check, todo, s); err != nil {
			f.log.Warn("the queue is left out of a status", "check", id, "error", err)
		}
	}
	return s.forAPI(), nil
}

func (s *checkStatus) forAPI() api.CheckStatus {
	out := api.CheckStatus{
		ID: s.ID, Input: s.Input, Queue: s.Queue, Created: s.Created, State: s.State, Verdict: s.Verdict, Digest: s.Digest, Sequences: []api.SequenceStatus{},
	}
	if s.failure != nil {
		out.Error = withoutSecrets(s.failure.Error())
	}
	for _, q := range s.Sequences {
		out.Sequences = append(out.Sequences, api.SequenceStatus(q))
	}
	return out
}

// FleetStatus implements api.Fleet.
func (f *apiFleet) FleetStatus(ctx context.Context) (api.FleetStatus, error) {
	s, err := readFleet(ctx, f.client, f.app.now())
	if err != nil {
		return api.FleetStatus{}, err
	}
	out := api.FleetStatus{Workers: s.Workers, Slots: s.Slots, Busy: s.Busy, Latency: map[string]api.LatencyStatus{}}
	for _, q := range s.Queues {
		out.Queues = append(out.Queues, api.QueueStatus(q))
	}
	for kind, l := range s.Latency {
		out.Latency[kind] = api.LatencyStatus(l)
	}
	for _, one := range s.Streams {
		out.Streams = append(out.Streams, api.StreamStatus(one))
	}
	return out, nil
}

// Profiles implements api.Fleet.
func (f *apiFleet) Profiles() ([]api.Profile, error) {
	var list []api.Profile
	for _, name := range judge.ProfileNames() {
		about, err := judge.ProfileDescription(name)
		if err != nil {
			return nil, err
		}
		list = append(list, api.Profile{Name: name, Description: about})
	}
	return list, nil
}

// ProfileYAML implements api.Fleet.
func (f *apiFleet) ProfileYAML(under api.Judging) ([]byte, error) {
	if _, err := shippedLayers(under.Profile); err != nil {
		return nil, api.NewProblem(api.KindNotFound, err.Error())
	}
	r, _, err := f.profiles(under)
	if err != nil {
		return nil, err
	}
	return r.YAML(false), nil
}

// Detectors implements api.Fleet.
func (f *apiFleet) Detectors(codes ...string) ([]api.Detector, error) {
	if len(codes) == 0 {
		codes = judge.Codes()
	}
	pages, err := explained(codes)
	if err != nil {
		return nil, err
	}
	list := make([]api.Detector, 0, len(pages))
	for _, p := range pages {
		d := api.Detector{Code: p.Code, Summary: p.Summary, Method: p.Method, Thresholds: []api.Threshold{}}
		for _, l := range p.Thresholds {
			d.Thresholds = append(d.Thresholds, api.Threshold(l))
		}
		list = append(list, d)
	}
	return list, nil
}

// Version implements api.Fleet.
func (f *apiFleet) Version() api.Version { return api.Version(versionsHere()) }
