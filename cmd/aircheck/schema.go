package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"aircheck/report"
)

func newSchemaCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of reports",
		Long:    `Prints the JSON Schema (draft 2020-12) of the JSON report. docs/REPORT.md says what its members mean.`,
		Example: `  aircheck schema > aircheck-report.schema.json`,
		Args:    args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if _, err := a.stdout.Write(report.JSONSchema()); err != nil {
				return fmt.Errorf("print: %w", err)
			}
			return nil
		},
	}
}
