//go:build !cgo

package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// hasDecoder tells whether this build can decode.
const hasDecoder = false

// ffmpegVersion is empty: this build has no decoder.
func ffmpegVersion() string { return "" }

func newDecodeChildCommand(*app) *cobra.Command {
	return &cobra.Command{
		Use:    "decode-child",
		Hidden: true,
		RunE:   func(*cobra.Command, []string) error { return errors.New("this build has no decoder") },
	}
}
