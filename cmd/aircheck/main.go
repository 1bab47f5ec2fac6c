// Command aircheck finds audio and video defects in streams: on one machine, or as the producer, the workers and the web face of a fleet.
//
// Each subcommand lives in a file of its own and has a constructor newXxxCommand(a *app) *cobra.Command that root.go lists.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker from the release tag (-X main.version=…).
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
