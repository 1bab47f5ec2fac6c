//go:build cgo

package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"aircheck/storage"
	"aircheck/worker"
	"aircheck/worker/child"
	"aircheck/worker/decode"
	"aircheck/worker/fetch"
	"aircheck/worker/supervise"
)

// ffmpegVersion names the FFmpeg libraries that this program decodes with.
func ffmpegVersion() string { return decode.FFmpegVersion() }

// newMeasurer runs decoder children; the caller closes it.
func newMeasurer(slots int, media storage.Origin, keys *fetch.Keys, log *slog.Logger) (worker.Measurer, error) {
	return supervise.New(supervise.Config{Slots: slots, Origin: media, Keys: keys, Logger: log})
}

// newChildCommand is the decoder child's side of worker/supervise. It is no command for people.
func newChildCommand() *cobra.Command {
	return &cobra.Command{
		Use:    supervise.ChildCommand,
		Hidden: true,
		Args:   args(cobra.NoArgs),
		RunE:   func(*cobra.Command, []string) error { return child.Run(os.Stdin, os.Stdout) },
	}
}
