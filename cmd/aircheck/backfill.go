package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/producer/backfill"
	"aircheck/producer/submit"
	"aircheck/report"
)

type backfillFlags struct {
	storeFlags
	redisFlags
	planFlags
	costFlags
	spec     backfill.Spec
	timezone string
	queue    string
	rate     float64
	maxOpen  int
	dryRun   bool
	yes      bool
	format   string
}

// Defaults that leave a fleet free: ten windows a second are more than most fleets measure, and 500 that wait are work for minutes and little for Redis.
const (
	defaultRate    = 10
	defaultMaxOpen = 500
)

func newBackfillCommand(a *app) *cobra.Command {
	var f backfillFlags
	cmd := &cobra.Command{
		Use:   "backfill [STREAM|PREFIX]",
		Short: "Check what lies in the past",
		Long: `Checks the archive of a live stream, or whatever is laid out by date, over a stretch of time.

STREAM is the name of a stream that is followed: its archived hours are checked. PREFIX is a directory (./vod/) or
s3://bucket/prefix whose keys hold a date; --layout says instead how they are built, and works for http(s) too.
{yyyy} {mm} {dd} {hh} {MM} (minute) stand for parts of the time, * for any text without a slash.

Times are RFC 3339, dates (2026-11-22, 2026-11-22T03:00), distances before now (-24h, -7d), or now.

What would be done is always shown first: checks, windows, bytes, media, cores and cost. With --dry-run that is all.
Checks go to the queue 'backfill', slowly and with a bound on what waits, so that live streams are never delayed. The same
backfill twice submits only what is missing: interrupt it at any time, and go on with the same command.`,
		Example: `  aircheck backfill news --from -7d --to now --dry-run
  aircheck backfill news --from 2026-11-01 --to 2026-11-08 --timezone Europe/Berlin --profile ebu-r128 --only-missing
  aircheck backfill s3://media/vod/ --from 2026-11-01 --to now --every 6h --depth fast
  aircheck backfill --layout 's3://media/vod/{yyyy}/{mm}/{dd}/{hh}/master.m3u8' --from -24h --to now`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) > 0 {
				f.spec.Target = given[0]
			}
			return a.backfill(cmd.Context(), &f)
		},
	}
	f.add(cmd)
	return cmd
}

func (f *backfillFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.storeFlags.add(flags)
	f.redisFlags.add(flags)
	f.planFlags.add(flags)
	f.costFlags.add(flags)
	flags.StringVar(&f.spec.From, "from", "", "`time` where it begins")
	flags.StringVar(&f.spec.To, "to", "now", "`time` where it ends")
	flags.StringVar(&f.timezone, "timezone", "UTC", "`zone` of times and dates that name none: Europe/Berlin")
	flags.StringVar(&f.spec.Layout, "layout", "", "`address` with {yyyy} {mm} {dd} {hh} {MM} and * in it")
	flags.DurationVar(&f.spec.Every, "every", 0, "take one of each so long a time; 0 takes all")
	flags.BoolVar(&f.spec.OnlyMissing, "only-missing", false, "leave out hours whose live check has a report under this profile")
	flags.StringVar(&f.queue, "queue", queue.Backfill, "`queue`: live, vod or backfill")
	flags.Float64Var(&f.rate, "rate", defaultRate, "windows submitted in a second; 0 is as many as can be")
	flags.IntVar(&f.maxOpen, "max-open", defaultMaxOpen, "windows that may wait in the queue; 0 is any number")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show what would be done, and end")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	flags.StringVar(&f.format, "format", "text", "text or json (the plan, then one line a check)")
}

func (f *backfillFlags) parse(now time.Time) (submit.Options, backfill.Where, error) {
	fail := func(err error) (submit.Options, backfill.Where, error) {
		return submit.Options{}, backfill.Where{}, err
	}
	if err := queue.ValidName(f.queue); err != nil {
		return fail(usageError("--queue: %w", err))
	}
	if f.format != "text" && f.format != "json" {
		return fail(usageError("unknown format %q: text or json", f.format))
	}
	if !(f.rate >= 0 && f.rate <= 1e6) || f.maxOpen < 0 || f.spec.Every < 0 {
		return fail(usageError("--rate, --max-open and --every: give 0 or more"))
	}
	if err := f.costFlags.parse(); err != nil {
		return fail(err)
	}
	if f.spec.From == "" {
		return fail(usageError("--from is missing: give a time such as 2026-11-22, -24h or -7d"))
	}
	zone, err := time.LoadLocation(f.timezone)
	if err != nil {
		return fail(usageError("--timezone %q: give a name such as Europe/Berlin or UTC", f.timezone))
	}
	f.spec.Zone = zone
	if err := f.absolute(); err != nil {
		return fail(err)
	}
	where, err := f.spec.Where(now)
	if err != nil {
		return fail(usageError("%w", err))
	}
	p, err := f.planFlags.parseForFleet()
	return submit.Options{Profile: p.profile, Breaks: p.breaks, Window: p.window, Queue: f.queue, Depth: p.depth}, where, err
}

// absolute makes paths mean the same to a worker in another directory.
func (f *backfillFlags) absolute() (err error) {
	if f.spec.Layout != "" {
		f.spec.Layout, err = absolute(f.spec.Layout)
	}
	if f.spec.Target != "" && !jobs.ValidStreamName(f.spec.Target) {
		slash := strings.HasSuffix(f.spec.Target, "/")
		if f.spec.Target, err = absolute(f.spec.Target); slash && !strings.HasSuffix(f.spec.Target, "/") {
			f.spec.Target += "/"
		}
	}
	return err
}

func (a *app) backfill(ctx context.Context, f *backfillFlags) error {
	options, where, err := f.parse(a.now())
	if err != nil {
		return err
	}
	arch, err := a.archive(ctx, &f.storeFlags)
	if err != nil {
		return err
	}
	s := &submit.Submitter{Archive: arch, Origin: a.origin(), Now: a.now}
	plan, err := a.planBackfill(ctx, f, where, &backfill.Planner{
		Archive: arch, Submitter: s, Options: options, Rates: f.rates(options.Depth), OnlyMissing: f.spec.OnlyMissing,
	})
	if err != nil {
		return err
	}
	if err := a.printPlan(plan, where, f); err != nil {
		return err
	}
	code := report.ExitClean
	if plan.Total.Unreadable > 0 {
		code = report.ExitError
	}
	if f.dryRun || plan.Total.Checks == 0 {
		return status(code)
	}
	if ok, err := a.agreed(ctx, f, plan.Total.Checks); err != nil || !ok {
		return err
	}
	if err := a.runBackfill(ctx, f, s, options, plan); err != nil {
		return err
	}
	return status(code)
}

func (a *app) planBackfill(ctx context.Context, f *backfillFlags, where backfill.Where, p *backfill.Planner) (*backfill.Plan, error) {
	finder, err := a.finder(p.Archive, f.store)
	if err != nil {
		return nil, err
	}
	finder.Undated = func(n int, first string) {
		a.complain(fmt.Errorf("left out %d without a date in the address, such as %s: 'aircheck submit' checks them", n, first))
	}
	items, err := finder.Find(ctx, where)
	if err != nil {
		return nil, fmt.Errorf("look for what lies in the past: %w", err)
	}
	if terminalWidth(a.stderr) > 0 {
		p.Progress = func(done, all int) { fmt.Fprintf(a.stderr, "\r\x1b[K%d of %d looked at", done, all) }
		defer fmt.Fprint(a.stderr, "\r\x1b[K")
	}
	return p.Plan(ctx, items)
}

// agreed asks where there is somebody to ask.
func (a *app) agreed(ctx context.Context, f *backfillFlags, checks int) (bool, error) {
	in, ok := a.stdin.(*os.File)
	if f.yes || !ok || !term.IsTerminal(int(in.Fd())) || terminalWidth(a.stderr) == 0 {
		return true, nil
	}
	fmt.Fprintf(a.stderr, "Submit %d checks to the queue %s? [y/N] ", checks, f.queue)
	answers := make(chan string, 1)
	go func() { // it ends with the process at the latest: reading a terminal cannot be interrupted
		line, err := bufio.NewReader(io.LimitReader(in, 100)).ReadString('\n')
		if err != nil {
			line = ""
		}
		answers <- line
	}()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case answer := <-answers:
		answer = strings.ToLower(strings.TrimSpace(answer))
		return answer == "y" || answer == "yes", nil
	}
}

// runBackfill submits, and says at its end what is left.
func (a *app) runBackfill(ctx context.Context, f *backfillFlags, s *submit.Submitter, o submit.Options, plan *backfill.Plan) error {
	conn, err := a.queue(ctx, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	client := queue.NewClient(conn)
	s.Queue = client
	terminal, done := terminalWidth(a.stderr) > 0, 0
	r := &backfill.Runner{
		Submitter: s, Stats: client, Options: o, Rate: f.rate, MaxOpen: f.maxOpen, Log: a.logger(),
		Done: func(one backfill.Planned, check *jobs.Check, _ bool) {
			if done++; terminal {
				fmt.Fprintf(a.stderr, "\r\x1b[K%d of %d checks submitted, up to %s", done, plan.Total.Checks, one.Begin.Format(time.RFC3339))
			}
			a.printSubmitted(check, one.Input, f.format)
		},
	}
	result, err := r.Run(ctx, plan)
	if terminal {
		fmt.Fprint(a.stderr, "\r\x1b[K")
	}
	fmt.Fprintf(a.stderr, "aircheck: %d checks submitted with %d windows, %d were there, %d failed, %d left\n",
		result.Submitted, result.Windows, result.Present, result.Failed, result.Left)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("backfill: stopped with %d checks left: the same command goes on from here: %w", result.Left, errStopped)
	case err != nil:
		return fmt.Errorf("backfill: %w", err)
	case result.Failed > 0:
		return fmt.Errorf("backfill: %d checks could not be submitted: the same command tries them again", result.Failed)
	}
	return nil
}

// errStopped is why a backfill that was interrupted did not do all.
var errStopped = errors.New("interrupted")

func (a *app) printSubmitted(check *jobs.Check, input, format string) {
	if format == "json" {
		_ = json.NewEncoder(a.stdout).Encode(submitted{ID: check.ID, Input: input, Windows: len(check.Windows)})
	}
}
