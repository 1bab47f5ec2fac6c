package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/producer/slice"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/worker"
	"aircheck/worker/fold"
)

// maxSlots bounds --slots: each slot is a process.
const maxSlots = 1024

type checkFlags struct {
	planFlags
	outputFlags
	keyFlags
	out   string
	slots int
}

func newCheckCommand(a *app) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check INPUT",
		Short: "Check a stream here and now, without any services",
		Long: `Checks a stream on this machine: reads it, decodes it, measures it, judges it and prints the report.

INPUT is a path, an http(s):// or an s3:// URL: a media file or an HLS playlist.
The report does not depend on --window or --slots: they only say how the work is cut.`,
		Example: `  aircheck check film.mp4
  aircheck check master.m3u8 --profile ebu-r128 --fail-on warn
  aircheck check https://example.org/master.m3u8 --format json
  aircheck check film.mp4 --reference master.mov   # what was lost on the way
  aircheck check film.mp4 --out report/   # the report and the measurements as files`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error { return a.check(cmd.Context(), given[0], &f) },
	}
	f.planFlags.add(cmd.Flags())
	f.addReference(cmd.Flags())
	f.outputFlags.add(cmd.Flags())
	f.keyFlags.add(cmd.Flags())
	cmd.Flags().StringVar(&f.out, "out", "", "also write the report and the measurements into this `directory`")
	cmd.Flags().IntVar(&f.slots, "slots", 0, "windows measured at the same time; 0 means one a CPU")
	return cmd
}

func (f *checkFlags) validate() error {
	if f.slots < 0 || f.slots > maxSlots {
		return usageError("--slots %d: give a number between 0 and %d", f.slots, maxSlots)
	}
	if f.slots == 0 {
		f.slots = runtime.NumCPU()
	}
	return nil
}

func (a *app) check(ctx context.Context, input string, f *checkFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	out, err := f.outputFlags.parse()
	if err != nil {
		return err
	}
	p, err := f.planFlags.parse()
	if err != nil {
		return err
	}
	keys, err := f.keyFlags.load()
	if err != nil {
		return err
	}
	media := a.origin()
	measurer, err := newMeasurer(f.slots, media, keys, a.logger())
	if err != nil {
		return err
	}
	r, where, err := a.examine(ctx, input, p, measurer, media, f.out)
	if closing := measurer.Close(); err == nil && closing != nil {
		err = fmt.Errorf("end decoder children: %w", closing)
	}
	if err != nil {
		return err
	}
	return a.conclude(r, out, where)
}

// examine makes the report of one input, and says where it lies if directory is not empty.
func (a *app) examine(ctx context.Context, input string, p plan, m worker.Measurer, media storage.Origin, directory string) (*report.Report, string, error) {
	started := a.now()
	check, err := a.manifest(ctx, media, input, p)
	if err != nil {
		return nil, "", err
	}
	out, err := openOutDir(directory)
	if err != nil {
		return nil, "", err
	}
	folded, err := fold.New(check)
	if err != nil {
		return nil, "", err
	}
	bar := newProgress(a.stderr, a.now, len(check.Windows))
	local := &localRun{check: check, measurer: m, task: slice.Task, fold: folded, keep: out.measurement, done: bar.add}
	err = local.run(ctx)
	bar.clear()
	if err != nil {
		return nil, "", err
	}
	if err := folded.Compare(ctx, fold.Comparer{Run: m.Measure, Keep: out.comparison, Slots: m.Slots(), Log: a.logger()}); err != nil {
		return nil, "", err
	}
	r, err := folded.Report(version, runFigures(check, m.Slots(), started, a.now()))
	if err != nil {
		return nil, "", err
	}
	where, err := out.report(check, r)
	return r, where, err
}

// runFigures is what a local check tells about this run of it.
func runFigures(check *jobs.Check, slots int, started, ended time.Time) report.Run {
	return report.Run{
		Timing: map[string]any{
			"started":      started.UTC().Format(time.RFC3339),
			"wall_seconds": jobs.Number(ended.Sub(started).Seconds()),
		},
		Host: map[string]any{"os": runtime.GOOS, "arch": runtime.GOARCH, "slots": slots, "windows": len(check.Windows)},
	}
}
