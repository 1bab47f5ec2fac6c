package main

import (
	"context"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/worker/fold"
)

func newRejudgeCommand(a *app) *cobra.Command {
	var place storeFlags
	var out outputFlags
	var profile profileFlags
	cmd := &cobra.Command{
		Use:   "rejudge ID --profile PROFILE",
		Short: "Judge a finished check anew, under another profile",
		Long: `Judges the stored measurements of a check under another profile and prints the report. Nothing is fetched from
the stream's origin and nothing is decoded, and what is stored stays as it is.`,
		Example: `  aircheck rejudge 01hf8z3k2mq4x7c9tbva --profile ebu-r128
  aircheck rejudge 01hf8z3k2mq4x7c9tbva --profile house.yaml --format json`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			if profile.profile == "" {
				return usageError("--profile is missing: name a profile or a YAML file (see 'aircheck profiles')")
			}
			return a.rejudge(cmd.Context(), given[0], &profile, &place, &out)
		},
	}
	place.add(cmd.Flags())
	out.add(cmd.Flags())
	profile.add(cmd.Flags(), "")
	return cmd
}

func (a *app) rejudge(ctx context.Context, id string, under *profileFlags, place *storeFlags, flags *outputFlags) error {
	out, err := flags.parse()
	if err != nil {
		return err
	}
	if err := validID(id); err != nil {
		return err
	}
	profile, err := under.load()
	if err != nil {
		return err
	}
	breaks, err := under.loadBreaks()
	if err != nil {
		return err
	}
	checks, err := a.stored(ctx, place)
	if err != nil {
		return err
	}
	check, err := checks.Check(ctx, id)
	if err != nil {
		return noSuchCheck(id, err)
	}
	check.Profile, check.BreakProfile = profile, breaks
	r, err := rejudged(ctx, checks, check)
	if err != nil {
		return err
	}
	out.page, out.from = storedPage(ctx, checks, &check.Profile, a.waive(ctx, checks, r)), check.Begin()
	return a.conclude(r, out, "")
}

// rejudged folds what is stored of a check under the profile that stands in it.
func rejudged(ctx context.Context, arch *archive.Archive, check *jobs.Check) (*report.Report, error) {
	folded, err := fold.Stored(ctx, arch, check)
	if err != nil {
		return nil, err
	}
	if err := folded.Compare(ctx, fold.Kept(arch, check.ID)); err != nil {
		return nil, err
	}
	return folded.Report(version, report.Run{})
}
