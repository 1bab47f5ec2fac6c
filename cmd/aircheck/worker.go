package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/web"
	"aircheck/worker"
	"aircheck/worker/evidence"
	"aircheck/worker/fold"
	"aircheck/worker/serve"
)

type workerFlags struct {
	storeFlags
	redisFlags
	serviceFlags
	keyFlags
	evidenceFlag
	slots   int
	drain   time.Duration
	metrics string
}

func newWorkerCommand(a *app) *cobra.Command {
	var f workerFlags
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Measure windows and judge checks",
		Long: `Takes windows from the queue, measures them in decoder children, stores the measurements, and judges the
checks that are complete.

The first SIGTERM or SIGINT drains: running windows are finished, no new ones are taken. The second one
stops at once and puts the windows back into the queue.`,
		Example: `  AIRCHECK_STORE=s3://aircheck/prod aircheck worker --redis redis://10.0.0.5:6379/0
  aircheck worker --store /srv/aircheck --slots 8 --metrics-listen :9100`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.worker(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	f.storeFlags.add(flags)
	f.redisFlags.add(flags)
	f.serviceFlags.add(flags)
	f.keyFlags.add(flags)
	f.evidenceFlag.add(flags, "findings by default")
	a.addSegmentQC(flags)
	flags.IntVar(&f.slots, "slots", 0, "windows measured at the same time; 0 means one a CPU")
	flags.DurationVar(&f.drain, "drain", 15*time.Minute, "how long running windows may take after the first signal")
	flags.StringVar(&f.metrics, "metrics-listen", "", "`address` for /metrics and /healthz; empty for none")
	return cmd
}

// addSegmentQC is for the commands that judge live checks.
func (a *app) addSegmentQC(flags *pflag.FlagSet) {
	flags.BoolVar(&a.segmentQC, "segment-qc", false, "write a grade beside each archived live segment (NUMBER.qc.json), for an origin that can fail over")
}

func (f *workerFlags) validate() error {
	if f.slots < 0 || f.slots > maxSlots {
		return usageError("--slots %d: give a number between 0 and %d", f.slots, maxSlots)
	}
	if f.slots == 0 {
		f.slots = runtime.NumCPU()
	}
	if f.drain <= 0 {
		return usageError("--drain %s: give a time above 0", f.drain)
	}
	return nil
}

func (a *app) worker(ctx context.Context, f *workerFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	log, err := a.serviceLog(&f.serviceFlags)
	if err != nil {
		return err
	}
	keys, err := f.keyFlags.load()
	if err != nil {
		return err
	}
	measurer, err := newMeasurer(f.slots, a.origin(), keys, log)
	if err != nil {
		return err
	}
	err = a.workWith(ctx, f, measurer, log)
	if closing := measurer.Close(); closing != nil {
		err = errors.Join(err, fmt.Errorf("end decoder children: %w", closing))
	}
	return err
}

func (a *app) workWith(ctx context.Context, f *workerFlags, m worker.Measurer, log *slog.Logger) error {
	arch, conn, err := a.fleetAt(ctx, &f.storeFlags, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	level, err := f.evidenceFlag.level(evidence.Findings)
	if err != nil {
		return err
	}
	consumer := a.consumer(conn, arch, m, level, queue.ConsumerConfig{Slots: f.slots, Drain: f.drain, Log: log})
	log.Info("worker takes windows", "slots", f.slots)
	err = a.runWorker(ctx, f, consumer, log)
	n := consumer.Counts()
	log.Info("worker ends", "measured", n.Measured, "judged", n.Judged, "given_up", n.GivenUp, "interrupted", n.Cancelled)
	return err
}

func (a *app) runWorker(ctx context.Context, f *workerFlags, c *queue.Consumer, log *slog.Logger) error {
	work, stop := twoSignals(ctx)
	defer stop()
	// The page goes on while the worker drains.
	group, page := errgroup.WithContext(work)
	page, closePage := context.WithCancel(page)
	defer closePage()
	if f.metrics != "" {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.metrics)
		if err != nil {
			return fmt.Errorf("listen for metrics: %w", err)
		}
		ready := func(context.Context) error { return c.Healthy() }
		handler, err := web.Worker(ready, web.NewConsumerCollector(c.Counts))
		if err != nil {
			return err
		}
		log.Info("metrics", "url", fmt.Sprintf("http://%s/metrics", listener.Addr()))
		group.Go(func() error { return web.Serve(page, listener, handler) })
	}
	group.Go(func() error {
		defer closePage()
		return c.Run(work, ctx.Done())
	})
	return group.Wait()
}

// consumer makes the worker's half of the queue.
func (a *app) consumer(conn *queue.Conn, arch *archive.Archive, m worker.Measurer, level evidence.Level, cfg queue.ConsumerConfig) *queue.Consumer {
	client := queue.NewClient(conn)
	pictures := station(arch, m, 1, level, cfg.Log) // one slot: windows come first
	pictures.Budget = queue.EvidenceTimeout * 3 / 4
	return queue.NewConsumer(conn, &serve.Handler{
		Archive: arch, Queue: client, Measurer: m, JudgeBy: a.judge(arch, m), Log: cfg.Log,
		Illustrator: &serve.Illustrator{Queue: client, Station: pictures},
		Observer:    &serve.Observer{Archive: arch, Queue: client, Version: version, Now: a.now, Log: cfg.Log, Grade: a.segmentQC, Pictures: level != evidence.Off},
	}, cfg)
}

// judge makes reports from what the store holds.
func (a *app) judge(arch *archive.Archive, m worker.Measurer) serve.Judge {
	return func(ctx context.Context, check *jobs.Check) ([]byte, error) {
		folded, err := fold.Stored(ctx, arch, check)
		if err != nil {
			return nil, err
		}
		if err := a.compare(ctx, folded, arch, check, m); err != nil {
			return nil, err
		}
		now := a.now()
		r, err := folded.Report(version, report.Run{
			Timing: map[string]any{
				"started":      check.Created.Format(time.RFC3339),
				"wall_seconds": jobs.Number(now.Sub(check.Created).Seconds()),
			},
			Host: map[string]any{"os": runtime.GOOS, "arch": runtime.GOARCH, "windows": len(check.Windows)},
		})
		if err != nil {
			return nil, err
		}
		if err := folded.PutAnnex(ctx, arch); err != nil && ctx.Err() == nil {
			a.logger().Warn("go on without curves or signatures", "check", check.ID, "error", err) // a report is worth more than a drawing of it
		}
		return r.JSON()
	}
}

// compareFor is how long one attempt at a verdict goes on comparing pictures with a reference before it makes room for others: well within queue.JudgeTimeout.
const compareFor = 8 * time.Minute

// compare compares pictures with those of the check's reference, in the worker's own slots. What does not fit into one attempt is taken up by the next, which finds what is done in
// the store and costs none of the attempts that a failing judge has.
func (a *app) compare(ctx context.Context, folded *fold.Fold, arch *archive.Archive, check *jobs.Check, m worker.Measurer) error {
	began := a.now()
	c := fold.Kept(arch, check.ID)
	c.Run, c.Slots = m.Measure, m.Slots()
	c.Keep = func(ctx context.Context, key string, object []byte) error {
		return arch.PutCompared(ctx, check.ID, key, object)
	}
	c.Go = func() bool { return a.now().Sub(began) < compareFor }
	err := folded.Compare(ctx, c)
	if errors.Is(err, fold.ErrMore) {
		return jobs.Classify(jobs.Cancelled, err)
	}
	return err
}
