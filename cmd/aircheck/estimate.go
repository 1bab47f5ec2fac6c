package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/producer/estimate"
	"aircheck/report"
)

// costFlags turn media into money.
type costFlags struct {
	speed float64
	price float64
}

// defaultPrice is what a core-hour costs at the large clouds in 2026, on demand, in US dollars.
const defaultPrice = 0.04

func (f *costFlags) add(flags *pflag.FlagSet) {
	flags.Float64Var(&f.speed, "core-speed", estimate.DefaultSpeed, "`seconds` of 1080p25 that one core of yours measures in a second ('aircheck check' shows it)")
	flags.Float64Var(&f.price, "core-price", defaultPrice, "what a core-hour costs, in any currency")
}

func (f *costFlags) parse() error {
	// Written so that NaN is refused too.
	if !(f.speed >= 0.01 && f.speed <= 10_000) {
		return usageError("--core-speed %g: give a number between 0.01 and 10000", f.speed)
	}
	if !(f.price >= 0 && f.price <= 1e6) {
		return usageError("--core-price %g: give a number between 0 and 1000000", f.price)
	}
	return nil
}

func (f *costFlags) rates(depth string) estimate.Rates {
	return estimate.Rates{Speed: f.speed, Fast: depth == jobs.DepthFast}
}

// cost is what the time of a core costs.
func (f *costFlags) cost(cpu jobs.Seconds) float64 { return float64(cpu) / 3600 * f.price }

// priced is what `estimate --format json` prints.
type priced struct {
	estimate.Estimate
	Cost float64 `json:"cost"`
}

func newEstimateCommand(a *app) *cobra.Command {
	var p planFlags
	var c costFlags
	format := "text"
	cmd := &cobra.Command{
		Use:   "estimate INPUT",
		Short: "Say what a check would take: windows, media, bytes, cores",
		Long: `Reads the playlists or the index of a stream, and none of its media, and says how many windows a check
would have and how many bytes it would fetch. A size with ~ is bandwidth times duration, as the playlist declares it.
The time of cores is a rule of thumb: pixels and seconds over --core-speed; codecs, encodings and machines differ by a factor of two or three.`,
		Example: `  aircheck estimate master.m3u8
  aircheck estimate s3://media/master.m3u8 --window 30s --format json`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.estimate(cmd.Context(), given[0], &p, &c, format)
		},
	}
	p.add(cmd.Flags())
	c.add(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", format, "text or json")
	return cmd
}

func (a *app) estimate(ctx context.Context, input string, flags *planFlags, costs *costFlags, format string) error {
	if format != "text" && format != "json" {
		return usageError("unknown format %q: text or json", format)
	}
	if err := costs.parse(); err != nil {
		return err
	}
	p, err := flags.parse()
	if err != nil {
		return err
	}
	check, err := a.manifest(ctx, a.origin(), input, p)
	if err != nil {
		return err
	}
	e := priced{Estimate: estimate.Of(check, costs.rates(p.depth))}
	e.Cost = costs.cost(e.CPU)
	if format == "json" {
		return json.NewEncoder(a.stdout).Encode(e)
	}
	return a.printEstimate(e, costs)
}

func (a *app) printEstimate(e priced, costs *costFlags) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SEQUENCE\tNAME\tDURATION\tSEGMENTS\tWINDOWS\tSIZE\tCORES")
	for _, s := range e.Sequences {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n",
			s.ID, report.Printable(s.Name), report.Clock(s.Duration), s.Segments, s.Windows, sizeText(s.Bytes, s.Exact), coreText(s.CPU))
	}
	fmt.Fprintf(w, "all\t\t%s\t\t%d\t%s\t%s\n", report.Clock(e.Media), e.Windows, sizeText(e.Bytes, e.Exact), coreText(e.CPU))
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.stdout, costText(e.CPU, costs))
	return err
}

// coreText writes the time of a core; it is a rule of thumb, and has no more than two digits that mean anything.
func coreText(cpu jobs.Seconds) string {
	if cpu < 600 {
		return fmt.Sprintf("~%.2g core-minutes", float64(cpu)/60)
	}
	return fmt.Sprintf("~%.1f core-hours", float64(cpu)/3600)
}

func costText(cpu jobs.Seconds, f *costFlags) string {
	return fmt.Sprintf("%s, about %.2f at %g a core-hour", coreText(cpu), f.cost(cpu), f.price)
}

// sizeText writes decimal megabytes, as storage and traffic are sold.
func sizeText(bytes int64, exact bool) string {
	switch {
	case exact:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	case bytes == 0:
		return "unknown"
	}
	return fmt.Sprintf("~%.1f MB", float64(bytes)/1e6)
}
