//go:build cgo

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"aircheck/worker/child"
	"aircheck/worker/decode"
)

// hasDecoder tells whether this build can decode.
const hasDecoder = true

// ffmpegVersion names the FFmpeg libraries that this program decodes with.
func ffmpegVersion() string { return decode.FFmpegVersion() }

// newDecodeChildCommand is what a worker starts for each of its slots; people have no use for it.
func newDecodeChildCommand(*app) *cobra.Command {
	return &cobra.Command{
		Use:    "decode-child",
		Short:  "Measure windows that come over standard input",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			decode.Install()
			if err := child.Run(os.Stdin, os.Stdout); err != nil {
				return fmt.Errorf("decoder child: %w", err)
			}
			return nil
		},
	}
}
