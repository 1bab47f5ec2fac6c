package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/follow"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/storage/file"
	"aircheck/storage/open"
	"aircheck/worker/evidence"
)

// following is one run of the follow command.
type following struct {
	app     *app
	flags   *followFlags
	plan    followPlan
	log     *slog.Logger
	conn    *queue.Conn
	archive *archive.Archive
	address func(key string) string
	meter   *meter
	// parts run beside the follower until all is judged; nil where a fleet does that.
	parts []func(ctx, work context.Context) error
}

// followHere does everything in this process.
func (a *app) followHere(ctx context.Context, f *followFlags, p followPlan, log *slog.Logger) error {
	keys, err := f.keyFlags.load()
	if err != nil {
		return err
	}
	backend, err := file.Open(f.data, nil)
	if err != nil {
		return fmt.Errorf("open --data: %w", err)
	}
	address, err := storage.Addresser(f.data)
	if err != nil {
		return usageError("--data: %w", err)
	}
	broker, err := startBroker(ctx)
	if err != nil {
		return err
	}
	defer broker.Close()
	conn, err := queue.Open(broker.url)
	if err != nil {
		return err
	}
	defer conn.Close()
	measurer, err := newMeasurer(f.slots, a.origin(), keys, log)
	if err != nil {
		return err
	}
	arch := archive.New(open.Wrap(backend))
	consumer := a.consumer(conn, arch, measurer, evidence.Findings, queue.ConsumerConfig{Slots: f.slots, Log: log})
	client := queue.NewClient(conn)
	reconciler, err := a.reconciler(arch, client, f.data, time.Second, log)
	if err == nil {
		run := &following{app: a, flags: f, plan: p, log: log, conn: conn, archive: arch, address: address, meter: &meter{}}
		run.parts = []func(ctx, work context.Context) error{
			func(ctx, work context.Context) error { return consumer.Run(work, ctx.Done()) },
			func(ctx, _ context.Context) error { return reconciler.Run(ctx) },
		}
		err = run.run(ctx, nil)
	}
	if closing := measurer.Close(); closing != nil && err == nil {
		err = fmt.Errorf("end decoder children: %w", closing)
	}
	return err
}

// followInFleet archives for workers elsewhere.
func (a *app) followInFleet(ctx context.Context, f *followFlags, p followPlan, log *slog.Logger) error {
	address, err := storage.Addresser(f.store)
	if err != nil {
		return usageError("--store: %w", err)
	}
	arch, conn, err := a.fleetAt(ctx, &f.storeFlags, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	run := &following{app: a, flags: f, plan: p, log: log, conn: conn, archive: arch, address: address, meter: &meter{}}
	return run.run(ctx, conn)
}

// run follows until the streams end, the time is over, or somebody stops it; then it waits for the reports.
func (r *following) run(ctx context.Context, leases *queue.Conn) error {
	work, stopWork := twoSignals(ctx)
	defer stopWork()
	following, stop := r.until(ctx)
	defer stop()
	client := queue.NewClient(r.conn)
	notifier, err := r.app.notifier(&r.flags.notifyFlags, &r.flags.liveFlags, r.archive, client, r.log)
	if err != nil {
		return err
	}
	if notifier != nil {
		notifier.Last = leases == nil
		r.parts = append(r.parts, func(ctx, _ context.Context) error { return notifier.Run(ctx) })
	}
	closed := &closings{Client: client}
	end := newEnded(r.plan.list, stop, r.log)
	manager, err := r.app.manager(
		livePlace{archive: r.archive, queue: closed, address: r.address, leases: leases, conn: r.conn}, &r.flags.liveFlags,
		r.flags.limit(follow.ManagerConfig{FinishOnStop: true, Ended: end.tell, Log: r.log, Metrics: r.meter}),
	)
	if err != nil {
		return err
	}
	if len(r.plan.list) > 0 {
		manager.Set(r.plan.list)
	}
	screen, err := r.screen(ctx, client)
	if err != nil {
		return err
	}
	r.meter.say = func(stream, what string) { screen.warn(stream + ": " + what) }
	// The parts outlive the follower: what it has archived is still to be judged.
	parts, endParts := context.WithCancel(work)
	defer endParts()
	group, parts := errgroup.WithContext(parts)
	abort, stopAbort := context.WithCancel(work)
	defer stopAbort()
	for _, part := range r.parts {
		group.Go(func() error { return part(parts, abort) })
	}
	group.Go(func() error { return screen.run(parts) })
	var result error
	group.Go(func() error {
		defer endParts()
		defer stopAbort() // what may still run belongs to checks of earlier days
		if err := manager.Run(following); err != nil {
			return err
		}
		if handed := manager.HandedOver(); len(handed) > 0 {
			screen.say(fmt.Sprintf("handed over to other producers: %d stream(s)", len(handed)))
			if len(closed.list()) == 0 {
				return nil
			}
		}
		result = r.conclude(parts, screen, closed)
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return result
}

// until ends with ctx or after --for.
func (r *following) until(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.flags.length > 0 {
		return context.WithTimeout(ctx, r.flags.length)
	}
	return context.WithCancel(ctx)
}

// conclude waits for the reports of all checks of this run, prints them and makes the exit status of them.
func (r *following) conclude(ctx context.Context, screen *screen, closed *closings) error {
	ids := closed.list()
	if len(ids) == 0 {
		return nothingOf(screen.what(), r.meter.reason())
	}
	screen.say(fmt.Sprintf("closed; waiting for %d report(s)", len(ids)))
	code := report.ExitClean
	var reports []*report.Report
	err := awaitReports(ctx, r.archive, ids, func(_ string, one *report.Report, failure error) error {
		if failure != nil {
			code = worst(code, r.app.fail(ctx, failure))
			return nil
		}
		r.app.waive(ctx, r.archive, one)
		code = worst(code, one.ExitStatus(r.plan.failOn))
		reports = append(reports, one)
		return nil
	})
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("stopped before the reports were there: %w", err)
	}
	if err != nil {
		return err
	}
	screen.await(ctx, len(reports))
	for _, one := range reports {
		if r.flags.format == "json" {
			break // the events have said it
		}
		fmt.Fprintln(r.app.stdout)
		where := ""
		if !r.flags.fleet {
			where = reportPlace(r.flags.data, one.Check.ID)
		}
		if err := r.app.print(one, output{format: report.FormatText}, where); err != nil {
			return err
		}
	}
	return status(code)
}
