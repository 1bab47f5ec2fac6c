package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/report"
)

// estimate is what checking a stream would take, as far as its playlists and indexes tell.
type estimate struct {
	Input     string             `json:"input"`
	Sequences []sequenceEstimate `json:"sequences"`
	Windows   int                `json:"windows"`
	Media     jobs.Seconds       `json:"media_seconds"` // over all sequences
	Bytes     int64              `json:"bytes"`
	// Exact is false when some of Bytes is bandwidth times duration, or unknown.
	Exact bool `json:"bytes_exact"`
}

type sequenceEstimate struct {
	ID       string       `json:"id"`
	Name     string       `json:"name,omitempty"`
	Duration jobs.Seconds `json:"duration"`
	Segments int          `json:"segments,omitempty"`
	Windows  int          `json:"windows"`
	Bytes    int64        `json:"bytes"`
	Exact    bool         `json:"bytes_exact"`
}

func newEstimateCommand(a *app) *cobra.Command {
	var p planFlags
	format := "text"
	cmd := &cobra.Command{
		Use:   "estimate INPUT",
		Short: "Say what a check would take: windows, media, bytes",
		Long: `Reads the playlists or the index of a stream, and none of its media, and says how many windows a check
would have and how many bytes it would fetch. A size with ~ is bandwidth times duration, as the playlist declares it.`,
		Example: `  aircheck estimate master.m3u8
  aircheck estimate s3://media/master.m3u8 --window 30s --format json`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error { return a.estimate(cmd.Context(), given[0], &p, format) },
	}
	p.add(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", format, "text or json")
	return cmd
}

func (a *app) estimate(ctx context.Context, input string, flags *planFlags, format string) error {
	if format != "text" && format != "json" {
		return usageError("unknown format %q: text or json", format)
	}
	p, err := flags.parse()
	if err != nil {
		return err
	}
	check, err := a.manifest(ctx, a.origin(), input, p)
	if err != nil {
		return err
	}
	e := estimateOf(check)
	if format == "json" {
		return json.NewEncoder(a.stdout).Encode(e)
	}
	return a.printEstimate(e)
}

func estimateOf(check *jobs.Check) estimate {
	e := estimate{Input: check.Input, Sequences: []sequenceEstimate{}, Windows: len(check.Windows), Exact: true}
	windows := map[string]int{}
	for _, w := range check.Windows {
		windows[w.Sequence]++
	}
	for i := range check.Timeline.Sequences {
		s := &check.Timeline.Sequences[i]
		one := sequenceEstimate{ID: s.ID, Name: s.Name, Duration: s.Duration.At(), Segments: len(s.Segments), Windows: windows[s.ID]}
		one.Bytes, one.Exact = sizeOf(s)
		e.Sequences = append(e.Sequences, one)
		e.Media += one.Duration
		e.Bytes += one.Bytes
		e.Exact = e.Exact && one.Exact
	}
	return e
}

// sizeOf sums up what the timeline knows. Where a segment's size is unknown, the whole is estimated from the declared bandwidth.
func sizeOf(s *jobs.Sequence) (bytes int64, exact bool) {
	if s.Object != nil {
		return max(s.Object.Size, 0), s.Object.Size >= 0
	}
	for i := range s.Segments {
		if s.Segments[i].Gap {
			continue
		}
		if s.Segments[i].Length < 0 {
			return declaredSize(s), false
		}
		bytes += s.Segments[i].Length
	}
	return bytes, true
}

func declaredSize(s *jobs.Sequence) int64 {
	if s.Variant == nil {
		return 0
	}
	rate := s.Variant.AverageBandwidth
	if rate <= 0 {
		rate = s.Variant.Bandwidth
	}
	return int64(float64(rate) / 8 * s.Duration.Seconds())
}

func (a *app) printEstimate(e estimate) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SEQUENCE\tNAME\tDURATION\tSEGMENTS\tWINDOWS\tSIZE")
	for _, s := range e.Sequences {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n",
			s.ID, report.Printable(s.Name), report.Clock(s.Duration), s.Segments, s.Windows, sizeText(s.Bytes, s.Exact))
	}
	fmt.Fprintf(w, "all\t\t%s\t\t%d\t%s\n", report.Clock(e.Media), e.Windows, sizeText(e.Bytes, e.Exact))
	return w.Flush()
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
