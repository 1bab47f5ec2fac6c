package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/worker/fold"
)

type verifyFlags struct {
	storeFlags
	format string
}

func newVerifyCommand(a *app) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify ID",
		Short: "Judge a check again and compare",
		Long: `Judges a finished check again from its stored measurements and compares the digest with the one in its
report. Nothing is decoded and nothing is changed.

Exit status: 0 the report follows from the measurements; 3 it does not; 1 that could not be found out.`,
		Example: "  aircheck verify 06ccd9v6m09h3ky1zj2q",
		Args:    args(cobra.ExactArgs(1)),
		RunE:    func(cmd *cobra.Command, given []string) error { return a.verify(cmd.Context(), given[0], &f) },
	}
	f.storeFlags.add(cmd.Flags())
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	return cmd
}

// verification is what `verify --format json` prints.
type verification struct {
	ID       string `json:"id"`
	Verified bool   `json:"verified"`
	Stored   string `json:"stored"`
	Judged   string `json:"judged"`
}

func (a *app) verify(ctx context.Context, id string, f *verifyFlags) error {
	arch, check, err := a.openCheck(ctx, id, f.format, &f.storeFlags)
	if err != nil {
		return err
	}
	stored, err := storedReport(ctx, arch, id)
	if err != nil {
		return noSuchCheck(id, err)
	}
	v, err := verified(ctx, arch, check, stored)
	if err != nil {
		return err
	}
	return a.printVerification(v, f.format)
}

// verified judges a check again and compares.
func verified(ctx context.Context, arch *archive.Archive, check *jobs.Check, stored *report.Report) (verification, error) {
	if v := stored.Check.Versions; v.Judge != jobs.JudgeVersion {
		return verification{}, jobs.Classify(jobs.Permanent, fmt.Errorf("check %s was judged by version %d of the judge, this is version %d: verify it with aircheck %s",
			check.ID, v.Judge, jobs.JudgeVersion, v.Aircheck))
	}
	folded, err := fold.Stored(ctx, arch, check)
	if err != nil {
		return verification{}, err
	}
	if err := folded.Compare(ctx, fold.Kept(arch, check.ID)); err != nil {
		return verification{}, err
	}
	// Releases that share a judge differ in their own version only, and that is no difference in the judgement.
	again, err := folded.Report(stored.Check.Versions.Aircheck, report.Run{})
	if err != nil {
		return verification{}, err
	}
	return verification{ID: check.ID, Verified: again.Digest == stored.Digest, Stored: stored.Digest, Judged: again.Digest}, nil
}

func (a *app) printVerification(v verification, format string) error {
	var err error
	switch {
	case format == "json":
		err = json.NewEncoder(a.stdout).Encode(v)
	case v.Verified:
		_, err = fmt.Fprintf(a.stdout, "verified %s\n", v.Stored)
	default:
		_, err = fmt.Fprintf(a.stdout, "differs\nreport   %s\nmeasured %s\n", v.Stored, v.Judged)
	}
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if !v.Verified {
		return status(report.ExitFindings)
	}
	return nil
}
