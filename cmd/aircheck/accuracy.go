package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"aircheck/bench/accuracy"
	"aircheck/bench/inject"
	"aircheck/report"
)

type accuracyFlags struct {
	media, work, format    string
	table, baseline, notes string
	only                   []string
	short, update          bool
	jobs, clips            int
}

func newAccuracyCommand(a *app) *cobra.Command {
	var f accuracyFlags
	cmd := &cobra.Command{
		Use:   "accuracy",
		Short: "Measure precision, recall and false alarms of the detectors",
		Long: `Makes clips with injected defects and decoys, checks them, and counts what was found, missed and made up, by code; then clean clips, for false
alarms an hour; and ffmpeg's own filters on the same clips. Clips are kept in the work directory: a second run makes none anew.

The exit status is 3 when a budget is missed (F1 0.95, 0.2 false failures and 1 false warning an hour, never behind the filter) or a figure is below the
baseline.`,
		Example: `  aircheck bench accuracy --short
  aircheck bench accuracy --media ../media --only video.flash --notes /dev/stderr`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.accuracy(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.media, "media", "", "`directory` of real clips that the bench knows; without it all clips are drawn")
	flags.StringVar(&f.work, "work", "", "`directory` that keeps clips from run to run; a place in the user's cache when empty")
	flags.StringVar(&f.format, "format", "text", "text or json")
	flags.StringSliceVar(&f.only, "only", nil, "only these `codes`, and no clean clips")
	flags.BoolVar(&f.short, "short", false, "one drawn clip a code: a minute or two, held to its baseline only")
	flags.IntVar(&f.jobs, "jobs", 0, "clips worked at at the same time; 0 means one a CPU")
	flags.IntVar(&f.clips, "clips", 0, "labelled clips a code, for a quick look; 0 is as many as the figures need")
	flags.StringVar(&f.baseline, "baseline", "", "`file` with the figures to reach again")
	flags.BoolVar(&f.update, "update", false, "write the figures into --baseline instead of holding them against it")
	flags.StringVar(&f.table, "table", "", "also write the table into this Markdown `file`")
	flags.StringVar(&f.notes, "notes", "", "also write what went wrong, with the clips, into this `file`")
	return cmd
}

func (f *accuracyFlags) validate() error {
	switch {
	case f.format != "text" && f.format != "json":
		return usageError("--format %q: give text or json", f.format)
	case f.jobs < 0 || f.jobs > maxSlots:
		return usageError("--jobs %d: give a number between 0 and %d", f.jobs, maxSlots)
	case f.clips < 0:
		return usageError("--clips %d: give a number", f.clips)
	case f.update && (f.baseline == "" || len(f.only) > 0 || f.clips > 0):
		return usageError("--update needs --baseline, and all codes and clips")
	}
	for _, code := range f.only {
		if _, _, err := inject.Find(code, ""); err != nil {
			return usageError("--only: %w", err)
		}
	}
	if f.jobs == 0 {
		f.jobs = runtime.NumCPU()
	}
	if f.work == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return usageError("--work: there is no cache directory of the user (%w): name one", err)
		}
		f.work = filepath.Join(cache, "aircheck", "accuracy")
	}
	return nil
}

func (a *app) accuracy(ctx context.Context, f *accuracyFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	if ffmpegVersion() == "" {
		_, err := newMeasurer(1, nil, nil, nil)
		return err
	}
	var base accuracy.Baseline
	if f.baseline != "" {
		var err error
		if base, err = accuracy.ReadBaseline(f.baseline); err != nil {
			return err
		}
	}
	check, err := a.checker()
	if err != nil {
		return err
	}
	r, err := accuracy.Run(ctx, accuracy.Options{
		Work: f.work, Media: f.media, Short: f.short, Only: f.only, Jobs: f.jobs, Clips: f.clips, Progress: a.accuracyProgress(),
	}, check)
	if err != nil {
		return err
	}
	if f.update {
		base.Take(r)
		if err := base.Write(f.baseline); err != nil {
			return err
		}
	}
	return a.showAccuracy(r, f, r.Missed(base))
}

func (a *app) showAccuracy(r *accuracy.Result, f *accuracyFlags, missed []string) error {
	if f.table != "" {
		if err := writeFile(f.table, func(b *bytes.Buffer) error { return r.Markdown(b, missed) }); err != nil {
			return err
		}
	}
	if f.notes != "" {
		if err := writeFile(f.notes, func(b *bytes.Buffer) error { return r.Notes(b) }); err != nil {
			return err
		}
	}
	var err error
	if f.format == "json" {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(struct {
			*accuracy.Result
			Missed []string `json:"missed"`
		}{r, missed})
	} else {
		err = r.Text(a.stdout, missed)
	}
	if err != nil {
		return err
	}
	if len(missed) > 0 {
		return &exitError{code: report.ExitFindings}
	}
	return nil
}

func writeFile(name string, fill func(*bytes.Buffer) error) error {
	var b bytes.Buffer
	if err := fill(&b); err != nil {
		return err
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil { //nolint:gosec // it is made to be read
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// accuracyProgress draws a line that overwrites itself on a terminal, and elsewhere writes one every twentieth part.
func (a *app) accuracyProgress() func(done, total int, what string) {
	terminal, last := terminalWidth(a.stderr) > 0, 0
	return func(done, total int, what string) {
		switch {
		case terminal && done < total:
			fmt.Fprintf(a.stderr, "\r\x1b[K%d/%d %.50s", done, total, what)
		case terminal:
			fmt.Fprint(a.stderr, "\r\x1b[K")
		case done*20/total > last:
			last = done * 20 / total
			fmt.Fprintf(a.stderr, "accuracy: %d of %d clips\n", done, total)
		}
	}
}

// checker runs this very program as a user would: what is measured is what is shipped, flags and all.
func (a *app) checker() (accuracy.Checker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return func(ctx context.Context, e accuracy.Examination) (*report.Report, error) {
		given := []string{"check", "--format", "json", "--fail-on", "never", "--slots", "1", "--profile", e.Profile}
		if e.Reference != "" {
			given = append(given, "--reference", e.Reference)
		}
		cmd := osexec.CommandContext(ctx, self, append(given, e.Input)...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		var exit *osexec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != report.ExitIncomplete) {
			return nil, fmt.Errorf("check %s: %w: %s", e.Input, err, bytes.TrimSpace(errs.Bytes()))
		}
		return report.Parse(out.Bytes())
	}, nil
}
