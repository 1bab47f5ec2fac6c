package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/follow"
	"aircheck/producer/reconcile"
	"aircheck/producer/slice"
	"aircheck/storage"
)

type producerFlags struct {
	storeFlags
	redisFlags
	serviceFlags
	liveFlags
	fetchFlags
	eventFlags
	notifyFlags
	interval time.Duration
}

func newProducerCommand(a *app) *cobra.Command {
	var f producerFlags
	cmd := &cobra.Command{
		Use:   "producer",
		Short: "Follow live streams, and see that nothing that was submitted is ever lost",
		Long: `Looks every few seconds at the checks that have no report and compares what the store holds with what
the queue is doing: windows that nobody works on are enqueued anew, and complete checks are judged.
A fleet needs one; several do no harm.

With --streams it also follows live streams: it archives their segments and has them checked while they run.
Producers of one fleet share the streams evenly; when one dies, the others take its streams over within seconds. The file's 'schedule' and 'events' are run too: checks and backfills
by the clock, and checks of objects when they are created (--events-listen, --events-redis, or polling).`,
		Example: `  AIRCHECK_STORE=s3://aircheck/prod aircheck producer --redis redis://10.0.0.5:6379/0
  aircheck producer --store s3://aircheck/prod --streams streams.yaml`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.producer(cmd.Context(), &f) },
	}
	f.storeFlags.add(cmd.Flags())
	f.redisFlags.add(cmd.Flags())
	f.serviceFlags.add(cmd.Flags())
	f.liveFlags.add(cmd.Flags())
	f.fetchFlags.add(cmd.Flags())
	f.eventFlags.add(cmd.Flags())
	f.notifyFlags.add(cmd.Flags())
	cmd.Flags().DurationVar(&f.interval, "interval", 2*time.Second, "time between two looks")
	return cmd
}

func (a *app) producer(ctx context.Context, f *producerFlags) error {
	log, err := a.serviceLog(&f.serviceFlags)
	if err != nil {
		return err
	}
	if f.interval < 100*time.Millisecond {
		return usageError("--interval %s: give 100ms or more", f.interval)
	}
	if err := errors.Join(f.liveFlags.check(), f.fetchFlags.check(), f.eventFlags.check(f.streamsFile)); err != nil {
		return err
	}
	arch, conn, err := a.fleetAt(ctx, &f.storeFlags, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	r, err := a.reconciler(arch, queue.NewClient(conn), f.store, f.interval, log)
	if err != nil {
		return err
	}
	notifier, err := a.notifier(&f.notifyFlags, &f.liveFlags, arch, queue.NewClient(conn), log)
	if err != nil {
		return err
	}
	var m *follow.Manager
	if f.streamsFile != "" {
		if m, err = a.leader(f, arch, conn, log); err != nil {
			return err
		}
	}
	log.Info("producer looks after unfinished checks", "interval", f.interval)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.Run(ctx) })
	if notifier != nil {
		group.Go(func() error { return notifier.Run(ctx) })
	}
	if m != nil {
		group.Go(func() error { return m.Run(ctx) })
		group.Go(func() error { return a.past(f, arch, conn, log).run(ctx, &f.eventFlags) })
	}
	return group.Wait()
}

// leader follows this producer's share of the streams of a file. What it leaves is taken over by another producer, so no hour is closed at its end.
func (a *app) leader(f *producerFlags, arch *archive.Archive, conn *queue.Conn, log *slog.Logger) (*follow.Manager, error) {
	address, err := storage.Addresser(f.store)
	if err != nil {
		return nil, usageError("--store: %w", err)
	}
	place := livePlace{archive: arch, queue: queue.NewClient(conn), address: address, leases: conn, conn: conn}
	return a.manager(place, &f.liveFlags, f.limit(follow.ManagerConfig{Log: log}))
}

// reconciler looks after the unfinished checks in a store, which is named as for open.Store.
func (a *app) reconciler(arch *archive.Archive, client *queue.Client, store string, every time.Duration, log *slog.Logger) (*reconcile.Reconciler, error) {
	return reconcile.New(reconcile.Config{
		Archive: arch, Queue: client, Task: slice.Task, Sweep: queue.NewReaper(client).Sweep, Abandon: abandoner(arch, client, store, a.now),
		Every: every, Now: a.now, Log: log,
	})
}
