package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
	_ "time/tzdata" // schedules name time zones, and not every container has a list of them

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/backfill"
	"aircheck/producer/events"
	"aircheck/producer/schedule"
	"aircheck/producer/streams"
	"aircheck/producer/submit"
)

// eventFlags say where a producer hears of new objects.
type eventFlags struct {
	listen   string
	secret   string
	redisURL string
	redisKey string
}

func (f *eventFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.listen, "events-listen", "", "`address` for notifications of new objects (POST, S3 records): 0.0.0.0:8090")
	flags.StringVar(&f.secret, "events-secret", "", "`secret` that notifications carry as a bearer token; better set AIRCHECK_EVENTS_SECRET")
	flags.StringVar(&f.redisURL, "events-redis", "", "`URL` of the Redis into which MinIO writes its events")
	flags.StringVar(&f.redisKey, "events-redis-key", events.DefaultRedisKey, "`key` of MinIO's events, a list or a hash")
}

// minSecret keeps people from secrets that can be tried out.
const minSecret = 8

func (f *eventFlags) check(streamsFile string) error {
	switch {
	case f.listen == "" && f.redisURL == "":
		return nil
	case streamsFile == "":
		return usageError("--events-listen and --events-redis: --streams is missing: its 'events' say which objects are checked")
	case f.listen != "" && len(f.secret) < minSecret:
		return usageError("--events-listen: AIRCHECK_EVENTS_SECRET is missing or shorter than %d characters", minSecret)
	}
	return nil
}

// past is the part of a producer that checks what is there already: by the clock, and when it is created.
type past struct {
	app       *app
	live      *liveFlags
	store     string
	archive   *archive.Archive
	client    *queue.Client
	submitter *submit.Submitter
	watch     *streams.Watch
	runner    *schedule.Runner
	desk      *events.Desk
	log       *slog.Logger
}

func (a *app) past(f *producerFlags, arch *archive.Archive, conn *queue.Conn, log *slog.Logger) *past {
	p := &past{app: a, live: &f.liveFlags, store: f.store, archive: arch, client: queue.NewClient(conn), watch: f.watch(), log: log}
	p.submitter = &submit.Submitter{Archive: arch, Queue: p.client, Origin: a.origin(), Now: a.now}
	p.runner = schedule.New(schedule.Config{Store: arch.Store(), Do: p.tick, Now: a.now, Log: log})
	p.desk = events.NewDesk(events.Config{Store: arch.Store(), Origin: a.origin(), Submit: p.object, Now: a.now, Log: log})
	return p
}

// run does all that the file of streams says about the past, and listens where the flags say.
func (p *past) run(ctx context.Context, f *eventFlags) error {
	group, ctx := errgroup.WithContext(ctx)
	if f.redisURL != "" {
		source, err := events.NewRedisSource(f.redisURL, f.redisKey, p.desk)
		if err != nil {
			return usageError("--events-redis: %w", err)
		}
		group.Go(func() error { return source.Run(ctx) })
	}
	if f.listen != "" {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.listen)
		if err != nil {
			return fmt.Errorf("listen for events: %w", err)
		}
		p.log.Info("producer listens for events", "address", l.Addr().String())
		group.Go(func() error { return serveEvents(ctx, l, &events.Webhook{Desk: p.desk, Secret: f.secret}) })
	}
	poller := &events.Poller{Desk: p.desk, List: p.app.listObjects, Now: p.app.now}
	group.Go(func() error { return p.reload(ctx) })
	group.Go(func() error { return p.runner.Run(ctx) })
	group.Go(func() error { return p.desk.Run(ctx) })
	group.Go(func() error { return poller.Run(ctx) })
	return group.Wait()
}

// reloadEvery is how often the file of streams is looked at.
const reloadEvery = 2 * time.Second

// reload hands out what the file says. What is wrong with it is told by the one who follows its streams.
func (p *past) reload(ctx context.Context) error {
	tick := time.NewTicker(reloadEvery)
	defer tick.Stop()
	for {
		if file, changed, err := p.watch.Poll(); err == nil && changed {
			p.runner.Set(file.Schedule)
			p.desk.Set(file.Events)
			p.log.Info("schedule and events were read", "schedule", len(file.Schedule), "events", len(file.Events))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// options are those of a check that a file asks for.
func (p *past) options(profile, queueName, fallback string) (submit.Options, error) {
	loaded, err := p.live.profileOf(profile)
	if err != nil {
		return submit.Options{}, jobs.Classify(jobs.Permanent, err)
	}
	if queueName == "" {
		queueName = fallback
	}
	return submit.Options{Profile: loaded, Window: jobs.FromDuration(defaultWindow), Queue: queueName}, nil
}

// object starts the check of a new object.
func (p *past) object(ctx context.Context, r events.Rule, address, id string) error {
	o, err := p.options(r.Profile, r.Queue, queue.Vod)
	if err != nil {
		return err
	}
	o.ID = id
	return p.submit(ctx, address, o, "object")
}

func (p *past) submit(ctx context.Context, address string, o submit.Options, why string) error {
	check, created, err := p.submitter.SubmitOnce(ctx, address, o)
	if check == nil {
		return err
	}
	if err != nil { // it exists, and the reconciler enqueues the rest
		p.log.Warn("submitted in part", "check", check.ID, "error", err)
	}
	if created {
		p.log.Info("submitted", "for", why, "check", check.ID, "input", check.Input, "windows", len(check.Windows))
	}
	return nil
}

// tick does what an entry of the schedule wants.
func (p *past) tick(ctx context.Context, e schedule.Entry, tick time.Time) error {
	o, err := p.options(e.Profile, e.Queue, queue.Vod)
	if err != nil {
		return err
	}
	if e.Backfill == nil {
		o.ID = jobs.DeriveID(tick, "schedule", e.Name, tick.UTC().Format(time.RFC3339), e.Check)
		return p.submit(ctx, e.Input(tick), o, "schedule "+e.Name)
	}
	if e.Queue == "" {
		o.Queue = queue.Backfill
	}
	where, err := e.Backfill.Where(tick)
	if err != nil {
		return jobs.Classify(jobs.Permanent, err)
	}
	result, err := p.backfill(ctx, where, e.Backfill.OnlyMissing, o)
	if err == nil && result.Failed > 0 {
		err = errors.New("some checks could not be submitted")
	}
	p.log.Info("scheduled backfill", "schedule", e.Name, "tick", tick, "submitted", result.Submitted, "windows", result.Windows, "present", result.Present,
		"failed", result.Failed)
	return err
}

// backfill does without a word what the command does with many. What cannot be read is told in the log.
func (p *past) backfill(ctx context.Context, where backfill.Where, onlyMissing bool, o submit.Options) (backfill.Result, error) {
	finder, err := p.app.finder(p.archive, p.store)
	if err != nil {
		return backfill.Result{}, jobs.Classify(jobs.Permanent, err)
	}
	items, err := finder.Find(ctx, where)
	if err != nil {
		return backfill.Result{}, err
	}
	planner := &backfill.Planner{Archive: p.archive, Submitter: p.submitter, Options: o, OnlyMissing: onlyMissing}
	plan, err := planner.Plan(ctx, items)
	if err != nil {
		return backfill.Result{}, err
	}
	for i := range plan.Items {
		if one := &plan.Items[i]; one.State == backfill.Unreadable {
			p.log.Error("part of a scheduled backfill cannot be read", "input", one.Input, "error", one.Error)
		}
	}
	r := &backfill.Runner{Submitter: p.submitter, Stats: p.client, Options: o, Rate: defaultRate, MaxOpen: defaultMaxOpen, Log: p.log}
	return r.Run(ctx, plan)
}

// Times of the HTTP server: senders are programs nearby, with short bodies.
const (
	eventHeaderTimeout = 10 * time.Second
	eventTimeout       = 30 * time.Second
)

// serveEvents serves until ctx ends.
func serveEvents(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: eventHeaderTimeout, ReadTimeout: eventTimeout, WriteTimeout: eventTimeout, MaxHeaderBytes: 16 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve events: %w", err)
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), eventTimeout)
	defer cancel()
	err := server.Shutdown(closing)
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// what says in a few words what an entry of a schedule does.
func what(e schedule.Entry) string {
	if e.Backfill == nil {
		return "check " + e.Check
	}
	return strings.TrimSpace("backfill " + e.Backfill.Name() + " from " + e.Backfill.From + " to " + e.Backfill.To)
}
