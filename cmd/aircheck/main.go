// Command aircheck finds audio and video defects in streams: on one machine, or as the producer, the workers and the web face of a fleet.
//
// Each subcommand lives in a file of its own and has a constructor newXxxCommand(a *app) *cobra.Command that root.go lists.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// version is set by the linker from the release tag (-X main.version=…).
var version = "dev"

// startGC is the garbage collector's target until it is known what is to be done, and for a check on this machine: at the usual 100 % it would run twice before
// anything is begun, which is half a percent of a short check.
const startGC = 400

func main() {
	setGC(startGC)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// setGC sets the garbage collector's target in percent, unless the environment has one: GOGC.
func setGC(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
