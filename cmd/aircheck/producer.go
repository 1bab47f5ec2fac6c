package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/reconcile"
	"aircheck/producer/slice"
)

type producerFlags struct {
	storeFlags
	redisFlags
	serviceFlags
	interval time.Duration
}

func newProducerCommand(a *app) *cobra.Command {
	var f producerFlags
	cmd := &cobra.Command{
		Use:   "producer",
		Short: "Run the reconciler: nothing that was submitted is ever lost",
		Long: `Looks every few seconds at the checks that have no report and compares what the store holds with what
the queue is doing: windows that nobody works on are enqueued anew, and complete checks are judged.
A fleet needs one; several do no harm.`,
		Example: "  AIRCHECK_STORE=s3://aircheck/prod aircheck producer --redis redis://10.0.0.5:6379/0",
		Args:    args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.producer(cmd.Context(), &f) },
	}
	f.storeFlags.add(cmd.Flags())
	f.redisFlags.add(cmd.Flags())
	f.serviceFlags.add(cmd.Flags())
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
	arch, err := a.archive(ctx, &f.storeFlags)
	if err != nil {
		return err
	}
	conn, err := a.queue(ctx, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	r, err := a.reconciler(arch, queue.NewClient(conn), f.store, f.interval, log)
	if err != nil {
		return err
	}
	log.Info("producer looks after unfinished checks", "interval", f.interval)
	return r.Run(ctx)
}

// reconciler looks after the unfinished checks in a store, which is named as for open.Store.
func (a *app) reconciler(arch *archive.Archive, client *queue.Client, store string, every time.Duration, log *slog.Logger) (*reconcile.Reconciler, error) {
	return reconcile.New(reconcile.Config{
		Archive: arch, Queue: client, Task: slice.Task, Sweep: queue.NewReaper(client).Sweep, Abandon: abandoner(arch, client, store, a.now),
		Every: every, Now: a.now, Log: log,
	})
}
