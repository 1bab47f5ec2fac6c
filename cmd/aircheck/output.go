package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/report"
)

// outputFlags are shared by the commands that print a report and exit with its status.
type outputFlags struct {
	format   string
	failOn   string
	timecode string
}

func (f *outputFlags) add(flags *pflag.FlagSet) {
	f.addFormat(flags)
	flags.StringVar(&f.failOn, "fail-on", string(jobs.Fail), "least `severity` of a finding that makes the exit status 3: info, warn, fail or never")
}

func (f *outputFlags) addFormat(flags *pflag.FlagSet) {
	names := make([]string, 0, len(report.Formats()))
	for _, n := range report.Formats() {
		names = append(names, string(n))
	}
	flags.StringVar(&f.format, "format", string(report.FormatText), "`format` of the report: "+strings.Join(names, ", "))
	flags.StringVar(&f.timecode, "start-timecode", "", "`timecode` of the first frame, for edl, csv-premiere and txt-avid (default: what the editor begins with, 01:00:00:00, in Premiere 00:00:00:00)")
}

// output is outputFlags found valid.
type output struct {
	format   report.Format
	failOn   jobs.Severity
	timecode string
	// from is the program time at the timeline's zero; zero when it is not known.
	from time.Time
	// page writes the report as a page of HTML; nil where there is none.
	page func(w io.Writer, r *report.Report) error
}

func (f *outputFlags) parse() (output, error) {
	format, err := report.ParseFormat(f.format)
	if err != nil {
		return output{}, usageError("--format: %w", err)
	}
	if f.timecode != "" {
		if _, err := report.ParseTimecode(f.timecode); err != nil {
			return output{}, usageError("--start-timecode: %w", err)
		}
	}
	if f.failOn == "" { // the command has no --fail-on
		return output{format: format, failOn: report.Never, timecode: f.timecode}, nil
	}
	failOn, err := report.ParseFailOn(f.failOn)
	if err != nil {
		return output{}, usageError("--fail-on: %w", err)
	}
	return output{format: format, failOn: failOn, timecode: f.timecode}, nil
}

// print writes the report to stdout. where names the place where it lies; empty when it lies nowhere.
func (a *app) print(r *report.Report, o output, where string) error {
	text := report.TextOptions{Width: terminalWidth(a.stdout), Colour: a.colours(a.stdout), Where: where}
	if err := r.WriteWith(a.stdout, o.format, report.Options{Text: text, From: o.from, Timecode: o.timecode, Page: o.page}); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	return nil
}

// conclude prints the report and turns what is in it into the exit status.
func (a *app) conclude(r *report.Report, o output, where string) error {
	if err := a.print(r, o, where); err != nil {
		return err
	}
	if code := r.ExitStatus(o.failOn); code != report.ExitClean {
		return &exitError{code: code}
	}
	return nil
}
