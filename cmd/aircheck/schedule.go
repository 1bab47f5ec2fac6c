package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"aircheck/jobs/archive"
	"aircheck/producer/schedule"
	"aircheck/producer/streams"
	"aircheck/report"
	"aircheck/storage"
)

type scheduleFlags struct {
	storeFlags
	liveFlags
	runs   int
	format string
}

// maxRuns bounds the runs that are shown of an entry.
const maxRuns = 1000

func newScheduleCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Show what is done by the clock",
		Long: `The 'schedule' entries of streams.yaml are run by 'aircheck producer --streams': checks and backfills
at the times of a cron expression, in a time zone.`,
		Example: "  aircheck schedule list --streams streams.yaml",
		Args:    args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newScheduleListCommand(a))
	return cmd
}

func newScheduleListCommand(a *app) *cobra.Command {
	var f scheduleFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the entries and their next runs",
		Long: `Shows the schedule entries of a file and when they run next; with --store also when they ran last, and
what went wrong then.`,
		Example: "  aircheck schedule list --streams streams.yaml --runs 5",
		Args:    args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.listSchedule(cmd.Context(), &f) },
	}
	f.storeFlags.add(cmd.Flags())
	f.liveFlags.add(cmd.Flags())
	cmd.Flags().IntVar(&f.runs, "runs", 1, "next runs to show of each entry")
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	return cmd
}

// scheduled is an entry as `schedule list --format json` prints it, one a line.
type scheduled struct {
	Name     string           `json:"name"`
	Cron     string           `json:"cron"`
	What     string           `json:"what"`
	CatchUp  schedule.CatchUp `json:"catch_up"`
	Next     []time.Time      `json:"next"`
	LastTick *time.Time       `json:"last_tick,omitempty"`
	Error    string           `json:"error,omitempty"`
}

func (a *app) listSchedule(ctx context.Context, f *scheduleFlags) error {
	if f.format != "text" && f.format != "json" {
		return usageError("unknown format %q: text or json", f.format)
	}
	if f.runs < 1 || f.runs > maxRuns {
		return usageError("--runs %d: give a number between 1 and %d", f.runs, maxRuns)
	}
	if f.streamsFile == "" {
		return usageError("--streams is missing: name the file whose schedule is to be shown")
	}
	file, _, err := f.watch().Poll()
	if err != nil {
		return usageError("--streams: %w", err)
	}
	list := scheduleOf(file, a.now(), f.runs)
	if f.store != "" {
		arch, err := a.stored(ctx, &f.storeFlags)
		if err != nil {
			return err
		}
		if err := addLastRuns(ctx, arch, list); err != nil {
			return err
		}
	}
	return a.printSchedule(list, f.format)
}

// scheduleOf lists the entries of a file with their next runs.
func scheduleOf(file *streams.File, now time.Time, runs int) []scheduled {
	list := make([]scheduled, 0, len(file.Schedule))
	for _, e := range file.Schedule {
		list = append(list, scheduled{Name: e.Name, Cron: e.Cron.String(), What: what(e), CatchUp: e.CatchUp, Next: nextRuns(e, now, runs)})
	}
	return list
}

func nextRuns(e schedule.Entry, now time.Time, n int) []time.Time {
	runs := make([]time.Time, 0, n)
	for at := e.Cron.Next(now); len(runs) < n && !at.IsZero(); at = e.Cron.Next(at) {
		runs = append(runs, at)
	}
	return runs
}

func addLastRuns(ctx context.Context, arch *archive.Archive, list []scheduled) error {
	for i := range list {
		state, err := schedule.Load(ctx, arch.Store(), list[i].Name)
		switch {
		case errors.Is(err, storage.ErrNotFound) || err == nil && state.Ran.IsZero():
		case err != nil:
			return err
		default:
			list[i].LastTick, list[i].Error = &state.Last, state.Error
		}
	}
	return nil
}

func (a *app) printSchedule(list []scheduled, format string) error {
	if format == "json" {
		for _, one := range list {
			if err := json.NewEncoder(a.stdout).Encode(one); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tCRON\tNEXT\tLAST\tWHAT")
	for _, one := range list {
		last := "-"
		if one.LastTick != nil {
			last = one.LastTick.Format(time.RFC3339)
			if one.Error != "" {
				last += " failed"
			}
		}
		for i, next := range one.Next {
			if i == 0 {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", one.Name, one.Cron, next.Format(time.RFC3339), last, report.Printable(one.What))
			} else {
				fmt.Fprintf(w, "\t\t%s\t\t\n", next.Format(time.RFC3339))
			}
		}
		if one.Error != "" {
			fmt.Fprintf(w, "\t\t\t\tlast error: %s\n", report.Printable(one.Error))
		}
	}
	return w.Flush()
}
