package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/submit"
	"aircheck/report"
	"aircheck/storage"
)

type submitFlags struct {
	storeFlags
	redisFlags
	remoteFlags
	planFlags
	queue  string
	id     string
	tick   string
	wait   bool
	format string
	failOn string
}

func newSubmitCommand(a *app) *cobra.Command {
	var f submitFlags
	cmd := &cobra.Command{
		Use:   "submit INPUT...",
		Short: "Hand streams to the fleet",
		Long: `Hands streams to the fleet and prints the id of a check for each, one a line.

The workers must be able to read INPUT under the same name: an http(s):// or s3:// URL, or a path
on a disk that they share. With --tick, one check is made of an input however often the command runs with the same text: a cron job
that is started twice, or on two machines, checks once and prints the same id.

With --wait the command ends when all reports are there, with their exit
status: 3 findings at or above --fail-on, 4 not analysed in full.`,
		Example: `  aircheck submit s3://media/master.m3u8
  aircheck submit --wait --fail-on warn s3://media/a.mp4 s3://media/b.mp4
  aircheck submit --tick "$(date -u +%F)" s3://media/news.mp4
  aircheck report "$(aircheck submit s3://media/master.m3u8)"
  aircheck submit --wait --server https://aircheck.example s3://media/master.m3u8`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, inputs []string) error {
			if f.id != "" && len(inputs) > 1 {
				return usageError("--id: one id is that of one INPUT; there are %d", len(inputs))
			}
			if f.server != "" {
				return a.remoteSubmit(cmd.Context(), inputs, &f)
			}
			return a.submit(cmd.Context(), inputs, &f)
		},
	}
	flags := cmd.Flags()
	f.storeFlags.add(flags)
	f.redisFlags.add(flags)
	f.remoteFlags.add(flags)
	f.planFlags.add(flags)
	f.addReference(flags)
	flags.StringVar(&f.queue, "queue", queue.Vod, "`queue`: live, vod or backfill")
	flags.StringVar(&f.id, "id", "", "`id` of the check; when there is such a check already, nothing is submitted")
	flags.StringVar(&f.tick, "tick", "", "`text` or time that stands for this run: the same one, input and profile is the same check")
	flags.BoolVar(&f.wait, "wait", false, "wait for the reports and exit with their status")
	flags.StringVar(&f.format, "format", "text", "text (ids) or json")
	flags.StringVar(&f.failOn, "fail-on", "fail", "with --wait: least `severity` of a finding that makes the exit status 3")
	return cmd
}

// submitted is a line of `submit --format json`.
type submitted struct {
	ID      string `json:"id"`
	Input   string `json:"input"`
	Windows int    `json:"windows"`
}

func (a *app) submit(ctx context.Context, inputs []string, f *submitFlags) error {
	options, failOn, err := f.parse()
	if err != nil {
		return err
	}
	arch, conn, err := a.fleetAt(ctx, &f.storeFlags, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	s := &submit.Submitter{Archive: arch, Queue: queue.NewClient(conn), Origin: a.origin(), Now: a.now}
	ids, code := a.submitAll(ctx, s, inputs, options, f)
	if f.wait {
		waited, err := a.wait(ctx, arch, ids, failOn)
		if err != nil {
			return err
		}
		code = worst(code, waited)
	}
	return status(code)
}

func (f *submitFlags) parse() (submit.Options, jobs.Severity, error) {
	if err := queue.ValidName(f.queue); err != nil {
		return submit.Options{}, "", usageError("--queue: %w", err)
	}
	if f.format != "text" && f.format != "json" {
		return submit.Options{}, "", usageError("unknown format %q: text or json", f.format)
	}
	failOn, err := report.ParseFailOn(f.failOn)
	if err != nil {
		return submit.Options{}, "", usageError("--fail-on: %w", err)
	}
	if err := f.validID(); err != nil {
		return submit.Options{}, "", err
	}
	p, err := f.planFlags.parseForFleet()
	if err != nil {
		return submit.Options{}, "", err
	}
	if p.reference != "" {
		if p.reference, err = absolute(p.reference); err != nil {
			return submit.Options{}, "", err
		}
	}
	return submit.Options{Profile: p.profile, Breaks: p.breaks, Window: p.window, Queue: f.queue, Reference: p.reference, Depth: p.depth, ID: f.id}, failOn, nil
}

// maxTick bounds what stands for a run: a time, a date, a name.
const maxTick = 200

func (f *submitFlags) validID() error {
	_, _, live := jobs.ParseLiveID(f.id)
	switch {
	case f.id != "" && f.tick != "":
		return usageError("--id and --tick: give one of them")
	case f.id != "" && (live || !jobs.ValidID(f.id)):
		return usageError("--id %q: want 20 small letters and digits without i, l, o and u; --tick takes any text", f.id)
	case len(f.tick) > maxTick:
		return usageError("--tick: %d bytes, at most %d", len(f.tick), maxTick)
	}
	return nil
}

// tickID is the id of the check of an input in one run of a cron job. A tick that is a time gives the id its place in the order of time; however the time is
// written, it is the same tick.
func tickID(tick, input string, o submit.Options) string {
	at, err := time.Parse(time.RFC3339, tick)
	if err == nil {
		tick = at.UTC().Format(time.RFC3339Nano)
	}
	return jobs.DeriveID(at, "tick", tick, input, o.Profile.Digest, o.Depth, o.Reference)
}

// submitAll submits what it can: one input that cannot be read does not keep the others waiting. It prints each id at once, so that a script that is
// interrupted knows what it has begun.
func (a *app) submitAll(ctx context.Context, s *submit.Submitter, inputs []string, o submit.Options, f *submitFlags) (ids []string, code int) {
	for _, input := range inputs {
		input, err := absolute(input)
		if err != nil {
			return ids, a.fail(ctx, err)
		}
		if f.tick != "" {
			o.ID = tickID(f.tick, input, o)
		}
		check, err := s.Submit(ctx, input, o)
		if err != nil {
			code = worst(code, a.fail(ctx, fmt.Errorf("submit: %w", err)))
		}
		if check == nil {
			if ctx.Err() != nil {
				return ids, code
			}
			continue
		}
		ids = append(ids, check.ID)
		if f.format == "json" {
			err = json.NewEncoder(a.stdout).Encode(submitted{ID: check.ID, Input: check.Input, Windows: len(check.Windows)})
		} else {
			_, err = fmt.Fprintln(a.stdout, check.ID)
		}
		if err != nil {
			return ids, a.fail(ctx, fmt.Errorf("print id: %w", err))
		}
	}
	return ids, code
}

// absolute makes a path mean the same to a worker in another directory.
func absolute(input string) (string, error) {
	if storage.Scheme(input) != "" {
		return input, nil
	}
	path, err := filepath.Abs(input)
	if err != nil {
		return "", fmt.Errorf("find the absolute path of %s: %w", input, err)
	}
	return path, nil
}

// findingsOf counts findings for a person.
func findingsOf(r *report.Report) string {
	if len(r.Waived) > 0 {
		return fmt.Sprintf("%d findings, %d of them waived", len(r.Findings), len(r.Waived))
	}
	return fmt.Sprintf("%d findings", len(r.Findings))
}

// wait returns the exit status of the worst report.
func (a *app) wait(ctx context.Context, arch *archive.Archive, ids []string, failOn jobs.Severity) (int, error) {
	code := report.ExitClean
	err := awaitReports(ctx, arch, ids, func(id string, r *report.Report, failure error) error {
		if failure != nil {
			code = worst(code, a.fail(ctx, failure))
			return nil
		}
		a.waive(ctx, arch, r)
		fmt.Fprintf(a.stderr, "aircheck: %s: %s, %s\n", id, r.Verdict, findingsOf(r))
		code = worst(code, r.ExitStatus(failOn))
		return nil
	})
	if errors.Is(err, context.Canceled) {
		return code, fmt.Errorf("stop waiting; the checks go on: %w", err)
	}
	return code, err
}
