package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"aircheck/jobs"
)

// versions is what `aircheck version --format json` prints.
type versions struct {
	Aircheck string `json:"aircheck"`
	Measure  int    `json:"measure"`
	Judge    int    `json:"judge"`
	// FFmpeg is absent in a build without a decoder.
	FFmpeg string `json:"ffmpeg,omitempty"`
}

func versionsHere() versions {
	return versions{Aircheck: version, Measure: jobs.MeasureVersion, Judge: jobs.JudgeVersion, FFmpeg: ffmpegVersion()}
}

func newVersionCommand(a *app) *cobra.Command {
	format := "text"
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the versions that a report depends on",
		Long: `Prints the version of aircheck, of its measurements and its judge, and of the FFmpeg libraries.
Two reports of one stream can differ only if one of these does, or the profile.`,
		Example: "  aircheck version\n  aircheck version --format json",
		Args:    args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			return a.printVersions(versionsHere(), format)
		},
	}
	cmd.Flags().StringVar(&format, "format", format, "text or json")
	return cmd
}

func (a *app) printVersions(v versions, format string) error {
	switch format {
	case "json":
		return json.NewEncoder(a.stdout).Encode(v)
	case "text":
		fmt.Fprintf(a.stdout, "aircheck %s\nmeasure  %d\njudge    %d\n", v.Aircheck, v.Measure, v.Judge)
		if v.FFmpeg == "" {
			fmt.Fprintln(a.stdout, "ffmpeg   none: this build has no decoder")
			return nil
		}
		fmt.Fprintf(a.stdout, "ffmpeg   %s\n", v.FFmpeg)
		return nil
	}
	return usageError("unknown format %q: text or json", format)
}
