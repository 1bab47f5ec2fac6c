package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/follow"
	"aircheck/producer/submit"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/storage/file"
	"aircheck/storage/open"
	"aircheck/web"
	"aircheck/web/door"
	"aircheck/worker"
	"aircheck/worker/evidence"
)

type upFlags struct {
	planFlags
	outputFlags
	serviceFlags
	keyFlags
	evidenceFlag
	siteFlags
	apiFlags
	notifyFlags
	fetchFlags
	data        string
	listen      string
	slots       int
	once        bool
	streamsFile string
	liveWindow  time.Duration
}

// live are the flags of live streams: they share the profile with the inputs.
func (f *upFlags) live() *liveFlags {
	return &liveFlags{profileFlags: f.profileFlags, streamsFile: f.streamsFile, window: f.liveWindow}
}

func newUpCommand(a *app) *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use:   "up [INPUT...]",
		Short: "Run the whole fleet in this process",
		Long: `Runs producer, worker and web in one process, on an embedded queue and a directory, submits the INPUTs, and follows
the live streams of --streams. It prints the address of the site, where all of it is seen.
The queue is lost with the process and the directory is not: what was unfinished goes on at the next start.
Each 'aircheck up' needs a directory of its own: a second one on the same ends with an error.

With --once the command ends when the INPUTs are checked: it prints their reports and exits as
'aircheck check' would have.`,
		Example: "  aircheck up --data /srv/aircheck\n  aircheck up --streams streams.yaml --listen 127.0.0.1:8080\n  aircheck up --once film.mp4",
		Args: args(func(_ *cobra.Command, inputs []string) error {
			if f.once && len(inputs) == 0 {
				return errors.New("--once needs an INPUT")
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, inputs []string) error { return a.up(cmd.Context(), inputs, &f) },
	}
	flags := cmd.Flags()
	f.planFlags.add(flags)
	f.outputFlags.add(flags)
	f.serviceFlags.add(flags)
	f.keyFlags.add(flags)
	f.evidenceFlag.add(flags, "findings by default")
	flags.StringVar(&f.data, "data", "data", "`directory` of manifests, measurements and reports")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:0", "`address` of the web interface; port 0 takes a free one")
	flags.IntVar(&f.slots, "slots", 0, "windows measured at the same time; 0 means one a CPU")
	flags.BoolVar(&f.once, "once", false, "end when the INPUTs are checked")
	flags.StringVar(&f.streamsFile, "streams", "", "`file` of live streams to follow (YAML, see 'aircheck follow'); read again when it changes")
	flags.DurationVar(&f.liveWindow, "live-window", defaultLiveWindow, "length of the pieces of live streams that are measured at a time")
	f.siteFlags.add(flags)
	f.apiFlags.add(flags)
	f.notifyFlags.add(flags)
	f.fetchFlags.add(flags)
	a.addSegmentQC(flags)
	return cmd
}

// upPlan is upFlags found valid.
type upPlan struct {
	options submit.Options
	output  output
	log     *slog.Logger
	// pictures says of which findings pictures are made.
	pictures evidence.Level
	door     *door.Door
}

func (a *app) parseUp(f *upFlags) (upPlan, error) {
	if f.slots < 0 || f.slots > maxSlots {
		return upPlan{}, usageError("--slots %d: give a number between 0 and %d", f.slots, maxSlots)
	}
	if f.slots == 0 {
		f.slots = runtime.NumCPU()
	}
	if err := errors.Join(f.live().check(), f.fetchFlags.check()); err != nil {
		return upPlan{}, err
	}
	if f.once && f.streamsFile != "" {
		return upPlan{}, usageError("--once and --streams: live streams have no end to wait for")
	}
	out, err := f.outputFlags.parse()
	if err != nil {
		return upPlan{}, err
	}
	p, err := f.planFlags.parseForFleet()
	if err != nil {
		return upPlan{}, err
	}
	log, err := a.serviceLog(&f.serviceFlags)
	if err != nil {
		return upPlan{}, err
	}
	pictures, err := f.evidenceFlag.level(evidence.Findings)
	if err != nil {
		return upPlan{}, err
	}
	if f.once && f.serviceFlags.level == "info" && !a.verbose {
		log = a.logger() // the report is what is wanted
	}
	d, err := f.siteFlags.check(a, f.listen, log)
	if err != nil {
		return upPlan{}, err
	}
	return upPlan{door: d, options: submit.Options{Profile: p.profile, Breaks: p.breaks, Window: p.window, Queue: queue.Vod, Depth: p.depth}, output: out, log: log, pictures: pictures}, nil
}

func (a *app) up(ctx context.Context, inputs []string, f *upFlags) error {
	p, err := a.parseUp(f)
	if err != nil {
		return err
	}
	keys, err := f.keyFlags.load()
	if err != nil {
		return err
	}
	listener, err := takeAddress(ctx, f.listen) // before anything is made in --data
	if err != nil {
		return err
	}
	defer listener.Close()
	backend, err := file.Open(f.data, nil)
	if err != nil {
		return fmt.Errorf("open --data: %w", err)
	}
	defer backend.Close()
	release, err := claimData(backend, f)
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
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
	measurer, err := newMeasurer(f.slots, a.origin(), keys, p.log)
	if err != nil {
		return err
	}
	arch := archive.New(open.Wrap(backend))
	byQueue := p.pictures
	if f.once {
		byQueue = evidence.Off // the queue ends with the reports: see fleet.submit
	}
	consumer := a.consumer(conn, arch, measurer, byQueue, queue.ConsumerConfig{Slots: f.slots, Log: p.log})
	err = a.runUp(ctx, &fleet{app: a, flags: f, plan: p, inputs: inputs, conn: conn, archive: arch, consumer: consumer, measurer: measurer, listener: listener})
	if closing := measurer.Close(); closing != nil && err == nil {
		err = fmt.Errorf("end decoder children: %w", closing)
	}
	return err
}

// claimData keeps a second process from the directory: the queues of two do not know of each other, so both would follow its streams and tell all of it twice. With --once nothing is followed,
// and what is written twice is the same.
func claimData(backend *file.Store, f *upFlags) (release func() error, err error) {
	if f.once {
		return func() error { return nil }, nil
	}
	release, err = backend.Claim()
	if errors.Is(err, file.ErrClaimed) {
		return nil, fmt.Errorf("--data %s is in use by another 'aircheck up': end it, or give another directory", f.data)
	}
	if err != nil {
		return nil, fmt.Errorf("open --data: %w", err)
	}
	return release, nil
}

// fleet is everything that runs in the process of `up`.
type fleet struct {
	app      *app
	flags    *upFlags
	plan     upPlan
	inputs   []string
	conn     *queue.Conn
	archive  *archive.Archive
	consumer *queue.Consumer
	measurer worker.Measurer
	listener net.Listener
}

// runUp starts the parts, waits for a signal or for the inputs, and stops the parts.
func (a *app) runUp(ctx context.Context, f *fleet) (err error) {
	client := queue.NewClient(f.conn)
	reconciler, err := a.reconciler(f.archive, client, f.flags.data, time.Second, f.plan.log)
	if err != nil {
		return err
	}
	s, err := a.site(f.listener, siteParts{
		door: f.plan.door, conn: f.conn, archive: f.archive, store: f.flags.data, flags: &f.flags.siteFlags, apiFlags: &f.flags.apiFlags, live: f.flags.live(),
		collectors: []prometheus.Collector{web.NewConsumerCollector(f.consumer.Counts)}, log: f.plan.log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	parts := []func(context.Context) error{reconciler.Run, s.serve}
	if f.flags.streamsFile != "" {
		a.tellLeftOut(f.flags.live())
		manager, err := f.follower()
		if err != nil {
			return err
		}
		parts = append(parts, manager.Run)
	}
	notifier, err := a.notifier(&f.flags.notifyFlags, f.flags.live(), f.archive, client, f.plan.log)
	if err != nil {
		return err
	}
	if notifier != nil {
		notifier.Last = true
		parts = append(parts, notifier.Run)
	}
	if !f.flags.once {
		fmt.Fprintf(a.stderr, "aircheck: up at %s, data in %s\n", s.url(), f.flags.data)
	}
	work, stop := twoSignals(ctx)
	defer stop()
	return f.run(ctx, work, parts)
}

// follower follows the live streams. An hour that is cut short by the end of the process goes on at the next start.
func (f *fleet) follower() (*follow.Manager, error) {
	address, err := storage.Addresser(f.flags.data)
	if err != nil {
		return nil, usageError("--data: %w", err)
	}
	place := livePlace{archive: f.archive, queue: queue.NewClient(f.conn), address: address, conn: f.conn}
	return f.app.manager(place, f.flags.live(), f.flags.limit(follow.ManagerConfig{Log: f.plan.log}))
}

// run ends with the first part that fails, with a signal (ctx), or with the inputs when they are all that is wanted.
func (f *fleet) run(ctx, work context.Context, list []func(context.Context) error) error {
	parts, ending := context.WithCancel(ctx)
	defer ending()
	work, abort := context.WithCancel(work)
	defer abort()
	group, parts := errgroup.WithContext(parts)
	group.Go(func() error { return f.consumer.Run(work, parts.Done()) })
	for _, part := range list {
		group.Go(func() error { return part(parts) })
	}
	var result error
	group.Go(func() error {
		result = f.submit(parts)
		if f.flags.once {
			ending()
			abort() // what may still run belongs to checks of earlier days, which go on at the next start
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if !f.flags.once && errors.Is(result, context.Canceled) {
		return nil // being stopped is how it ends
	}
	return result
}

// submit submits the inputs and, with --once, waits for the reports and prints them.
func (f *fleet) submit(ctx context.Context) error {
	s := &submit.Submitter{Archive: f.archive, Queue: queue.NewClient(f.conn), Origin: f.app.origin(), Now: f.app.now}
	var ids []string
	code := report.ExitClean
	for _, input := range f.inputs {
		check, err := s.Submit(ctx, input, f.plan.options)
		if err != nil {
			code = worst(code, f.app.fail(ctx, err))
		}
		if check != nil {
			ids = append(ids, check.ID)
			f.plan.log.Info("submitted", "check", check.ID, "input", check.Input, "windows", len(check.Windows))
		}
	}
	err := awaitReports(ctx, f.archive, ids, func(id string, r *report.Report, failure error) error {
		if failure != nil {
			code = worst(code, f.app.fail(ctx, failure))
			return nil
		}
		f.plan.log.Info("finished", "check", id, "verdict", r.Verdict, "findings", len(r.Findings))
		if !f.flags.once {
			return nil
		}
		held := f.app.waive(ctx, f.archive, r)
		code = worst(code, r.ExitStatus(f.plan.output.failOn))
		if err := station(f.archive, f.measurer, f.flags.slots, f.plan.pictures, f.plan.log).Do(ctx, id, true); err != nil {
			f.plan.log.Warn("leave a check without pictures", "check", id, "error", err)
		}
		f.plan.output.page = storedPage(ctx, f.archive, profileOf(ctx, f.archive, id), held)
		return f.app.print(r, f.plan.output, reportPlace(f.flags.data, id))
	})
	if err != nil {
		return err
	}
	return status(code)
}

// broker is the embedded queue.
type broker struct {
	redis *miniredis.Miniredis
	url   string
	stop  context.CancelFunc
	ended chan struct{}
}

// brokerTick moves the embedded broker's clock, which does not move by itself. Leases live for seconds, so a tenth of one is fine enough.
const brokerTick = 100 * time.Millisecond

// startBroker begins a queue that lives until Close. It listens on a free loopback port with a password of its own: other users of the machine have no business there.
func startBroker(ctx context.Context) (*broker, error) {
	m := miniredis.NewMiniRedis()
	password := rand.Text()
	m.RequireAuth(password)
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start embedded queue: %w", err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	b := &broker{redis: m, url: "redis://:" + password + "@" + m.Addr() + "/0", stop: stop, ended: make(chan struct{})}
	go b.tick(ctx)
	return b, nil
}

func (b *broker) tick(ctx context.Context) {
	defer close(b.ended)
	t := time.NewTicker(brokerTick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			b.redis.FastForward(brokerTick)
		}
	}
}

// Close ends the broker and forgets all that was in it.
func (b *broker) Close() {
	b.stop()
	<-b.ended
	b.redis.Close()
}
