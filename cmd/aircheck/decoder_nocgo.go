//go:build !cgo

package main

import (
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/storage"
	"aircheck/worker"
	"aircheck/worker/fetch"
)

// errNoDecoder is the answer of the commands that need one.
var errNoDecoder = &jobs.Error{
	Class: jobs.Permanent,
	Err:   errors.New("this build has no decoder"),
	Hint:  "use 'aircheck submit' to let a fleet do it, or a build with cgo and FFmpeg",
}

// ffmpegVersion is empty: this build has no decoder.
func ffmpegVersion() string { return "" }

func newMeasurer(int, storage.Origin, *fetch.Keys, *slog.Logger) (worker.Measurer, error) {
	return nil, errNoDecoder
}

// newChildCommand stands in for the decoder child, which this build cannot be.
func newChildCommand() *cobra.Command {
	return &cobra.Command{Use: "decode-child", Hidden: true, RunE: func(*cobra.Command, []string) error { return errNoDecoder }}
}
