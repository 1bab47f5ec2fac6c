package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/waive"
)

func newReportCommand(a *app) *cobra.Command {
	var place storeFlags
	var out outputFlags
	var watch watchFlags
	var remote remoteFlags
	cmd := &cobra.Command{
		Use:   "report ID",
		Short: "Print the report of a check",
		Long: `Prints the report of a check that the fleet has finished, and exits as 'aircheck check' would have, but for findings that somebody
waived on the site or over the API: they are marked, stay in the verdict, and do not count for --fail-on, nor as failures in junit.

The report's content is compared with its digest first. With --watch the command follows a check that goes on, also one of a live
stream, until it has its report; what is found meanwhile goes to stderr. Ctrl-C ends the watching, not the check.`,
		Example: `  aircheck report 01hf8z3k2mq4x7c9tbva
  aircheck report 01hf8z3k2mq4x7c9tbva --format junit > aircheck.xml
  aircheck report news-20261122T18 --watch
  aircheck report 01hf8z3k2mq4x7c9tbva --watch --server https://aircheck.example`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.report(cmd.Context(), given[0], &place, &watch, &remote, &out)
		},
	}
	place.add(cmd.Flags())
	out.add(cmd.Flags())
	watch.add(cmd.Flags())
	remote.add(cmd.Flags())
	return cmd
}

func (a *app) report(ctx context.Context, id string, place *storeFlags, watch *watchFlags, remote *remoteFlags, flags *outputFlags) error {
	out, err := flags.parse()
	if err != nil {
		return err
	}
	if err := validID(id); err != nil {
		return err
	}
	if remote.server != "" {
		return a.remoteReport(ctx, id, watch, remote, out)
	}
	checks, err := a.stored(ctx, place)
	if err != nil {
		return err
	}
	read := storedReport
	if watch.watch {
		read = func(ctx context.Context, checks *archive.Archive, id string) (*report.Report, error) {
			return a.watched(ctx, checks, id, watch)
		}
	}
	r, err := read(ctx, checks, id)
	if err != nil {
		return err
	}
	out.page = storedPage(ctx, checks, profileOf(ctx, checks, id), a.waive(ctx, checks, r))
	if out.format == report.FormatDateRange {
		check, err := checks.Check(ctx, id)
		if err != nil {
			return noSuchCheck(id, err)
		}
		out.from = check.Begin()
	}
	return a.conclude(r, out, reportPlace(place.store, id))
}

// storedReport reads a report and makes sure that it is whole.
func storedReport(ctx context.Context, checks *archive.Archive, id string) (*report.Report, error) {
	doc, err := checks.Report(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		if failed := storedFailure(ctx, checks, id); failed != nil {
			return nil, failed
		}
	}
	if err != nil {
		return nil, noSuchCheck(id, err)
	}
	return report.Parse(doc)
}

// waive marks the findings of a stored report that people waived, and gives their waivers. Waivers that cannot be read are told and left out: more counts then, never less.
func (a *app) waive(ctx context.Context, checks *archive.Archive, r *report.Report) map[string]jobs.Waiver {
	held, err := heldWaivers(ctx, checks, r, a.now())
	if err != nil {
		a.complain(fmt.Errorf("waivers are left out: %w", err))
	}
	r.Waive(held)
	return held
}

// heldWaivers finds the waivers that hold for the findings of a stored report, by jobs.FindingKey.
func heldWaivers(ctx context.Context, checks *archive.Archive, r *report.Report, now time.Time) (map[string]jobs.Waiver, error) {
	waivers, err := checks.WaiversFor(ctx, r.Findings)
	if err != nil || len(waivers) == 0 {
		return nil, err
	}
	signed, err := checks.Signatures(ctx, r.Check.ID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) && jobs.ClassOf(err) != jobs.Permanent { // those that are damaged say as little as those that are not there
		return nil, err
	}
	return waive.Held(waivers, r.Check.ID, r.Check.Input, signed, r.Findings, now), nil
}

// reportPlace says where the report of a check lies in a store, for a person.
func reportPlace(store, id string) string {
	key, err := storage.Report(id)
	if err != nil {
		return ""
	}
	base, _, _ := strings.Cut(store, "?") // endpoint and region of an s3 URI
	if scheme, rest, ok := strings.Cut(base, "://"); ok {
		return scheme + "://" + path.Join(rest, key)
	}
	return path.Join(base, key)
}
