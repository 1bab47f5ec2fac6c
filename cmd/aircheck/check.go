package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/producer/slice"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/worker"
	"aircheck/worker/evidence"
	"aircheck/worker/fold"
)

// maxSlots bounds --slots: each slot is a process.
const maxSlots = 1024

type checkFlags struct {
	planFlags
	outputFlags
	keyFlags
	evidenceFlag
	out   string
	slots int
}

func newCheckCommand(a *app) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check INPUT",
		Short: "Check a stream here and now, without any services",
		Long: `Checks a stream on this machine: reads it, decodes it, measures it, judges it and prints the report.

INPUT is a path, an http(s):// or an s3:// URL: a media file, an HLS playlist or a DASH manifest.
The report does not depend on --window or --slots: they only say how the work is cut.`,
		Example: `  aircheck check film.mp4
  aircheck check master.m3u8 --profile ebu-r128 --fail-on warn
  aircheck check https://example.org/master.m3u8 --format json
  aircheck check film.mp4 --reference master.mov   # what was lost on the way
  aircheck check film.mp4 --format html > report.html   # one file with pictures and curves, for any browser
  aircheck check film.mp4 --out report/   # the report and the measurements as files`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error { return a.check(cmd.Context(), given[0], &f) },
	}
	f.planFlags.add(cmd.Flags())
	f.addReference(cmd.Flags())
	f.outputFlags.add(cmd.Flags())
	f.keyFlags.add(cmd.Flags())
	f.evidenceFlag.add(cmd.Flags(), "findings with --out and for a page, else off")
	cmd.Flags().StringVar(&f.out, "out", "", "also write the report, the measurements and pictures of the findings into this `directory`")
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
	usual := evidence.Off
	if f.out != "" || out.format == report.FormatHTML {
		usual = evidence.Findings
	}
	level, err := f.level(usual)
	if err != nil {
		return err
	}
	media := a.origin()
	measurer, err := newMeasurer(f.slots, media, keys, a.logger())
	if err != nil {
		return err
	}
	e, err := a.examine(ctx, input, p, measurer, media, &album{level: level, keep: out.format == report.FormatHTML, dir: &outDir{dir: f.out}})
	if closing := measurer.Close(); err == nil && closing != nil {
		err = fmt.Errorf("end decoder children: %w", closing)
	}
	if err != nil {
		return err
	}
	out.page, out.from = e.page, e.check.Begin()
	if e.lost != nil {
		return errors.Join(a.print(e.report, out, ""), e.lost)
	}
	return a.conclude(e.report, out, e.where)
}

// examined is what came of a local check.
type examined struct {
	check  *jobs.Check
	report *report.Report
	where  string // the report lies here; empty: nowhere
	lost   error  // why --out has not everything; nil when it has
	// pictures is its evidence, with the files where they were to be kept.
	pictures pictures
	// curves and signatures stand beside the report.
	curves     jobs.Curves
	signatures []jobs.Signed
}

// examine makes the report of one input, and its evidence.
func (a *app) examine(ctx context.Context, input string, p plan, m worker.Measurer, media storage.Origin, b *album) (*examined, error) {
	started := a.now()
	check, err := a.manifest(ctx, media, input, p)
	if err != nil {
		return nil, err
	}
	out, err := openOutDir(b.dir.dir)
	if err != nil {
		return nil, err
	}
	b.dir = out
	folded, err := fold.New(check)
	if err != nil {
		return nil, err
	}
	headers := evidence.Headers{}
	keep := func(w jobs.Window, object []byte) error {
		if b.level != evidence.Off {
			headers.Note(w, object)
		}
		out.measurement(w, object)
		return nil
	}
	bar := newProgress(a.stderr, a.now, len(check.Windows))
	local := &localRun{check: check, measurer: m, task: slice.Task, fold: folded, keep: keep, done: bar.add}
	err = local.run(ctx)
	bar.clear()
	if err != nil {
		return nil, err
	}
	if err := folded.Compare(ctx, fold.Comparer{Run: m.Measure, Keep: out.comparison, Slots: m.Slots(), Log: a.logger()}); err != nil {
		return nil, err
	}
	r, err := folded.Report(version, runFigures(check, m.Slots(), started, a.now()))
	if err != nil {
		return nil, err
	}
	e := &examined{check: check, report: r, curves: folded.Curves(), signatures: folded.Signatures()}
	if err := out.annex(e); err != nil {
		return nil, err
	}
	if e.where, err = out.report(check, r); err != nil {
		return nil, err
	}
	if err := a.illustrate(ctx, check, r, headers, m, b); err != nil {
		return nil, err
	}
	e.pictures = b.got
	err = out.page(e)
	e.lost = out.lack()
	return e, err
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
