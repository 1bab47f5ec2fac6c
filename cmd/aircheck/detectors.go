package main

import (
	"encoding/json"
	"fmt"
	"math"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"aircheck/judge"
)

func newDetectorsCommand(a *app) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "detectors [CODE]",
		Short: "List what can be found, or explain one code",
		Long: `Lists the codes of findings, or prints the method page of one: what is measured, how it is judged and by which source, its
thresholds, what it is known to miss, and what it is known to mistake.`,
		Example: `  aircheck detectors
  aircheck detectors video.freeze
  aircheck detectors --format json`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, given []string) error {
			if format != "text" && format != "json" {
				return usageError("--format %q: want text or json", format)
			}
			codes := judge.Codes()
			if len(given) > 0 {
				codes = given
			}
			list, err := explained(codes)
			if err != nil {
				return usageError("%w: run 'aircheck detectors' for the list", err)
			}
			return a.showDetectors(list, format == "json", len(given) > 0)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// detectorPage is what is known about a code.
type detectorPage struct {
	Code       string          `json:"code"`
	Summary    string          `json:"summary"`
	Method     string          `json:"method"` // Markdown
	Thresholds []detectorLimit `json:"thresholds"`
}

type detectorLimit struct {
	Name    string   `json:"name"`
	Default *float64 `json:"default"` // null: not in force
	Unit    string   `json:"unit,omitempty"`
	Doc     string   `json:"doc"`
}

func explained(codes []string) ([]detectorPage, error) {
	list := []detectorPage{}
	for _, code := range codes {
		page, err := judge.Method(code)
		if err != nil {
			return nil, err
		}
		d := detectorPage{Code: code, Summary: judge.Summary(page), Method: page, Thresholds: []detectorLimit{}}
		for _, t := range judge.Limits(code) {
			l := detectorLimit{Name: t.Name, Unit: t.Unit, Doc: t.Doc}
			if !math.IsNaN(t.Default) {
				l.Default = &t.Default
			}
			d.Thresholds = append(d.Thresholds, l)
		}
		list = append(list, d)
	}
	return list, nil
}

func (a *app) showDetectors(list []detectorPage, asJSON, whole bool) error {
	if asJSON {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(list)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, d := range list {
		if !whole {
			fmt.Fprintf(w, "%s\t%s\n", d.Code, d.Summary)
			continue
		}
		fmt.Fprintf(w, "%s\n\n%s\n\n", d.Code, d.Method)
		for _, l := range d.Thresholds {
			value := "never"
			if l.Default != nil {
				value = fmt.Sprint(*l.Default)
			}
			fmt.Fprintf(w, "%s\t%s %s\t%s\n", l.Name, value, l.Unit, l.Doc)
		}
	}
	return w.Flush()
}
