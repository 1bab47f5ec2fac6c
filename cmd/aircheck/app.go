package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/term"

	"aircheck/jobs"
	"aircheck/report"
)

// app is all that a subcommand may touch of the world around it; tests hand in their own.
type app struct {
	env            map[string]string
	stdin          io.Reader // asked only when it is a terminal
	stdout, stderr io.Writer
	now            func() time.Time
	verbose        bool // --verbose: log at debug level
	segmentQC      bool // --segment-qc: grade live segments
}

func newApp(env []string, stdout, stderr io.Writer) *app {
	a := &app{env: make(map[string]string, len(env)), stdin: os.Stdin, stdout: stdout, stderr: stderr, now: time.Now}
	for _, kv := range env {
		if k, v, ok := strings.Cut(kv, "="); ok {
			a.env[k] = v
		}
	}
	return a
}

// getenv reads the environment that run was given, never the process's own.
func (a *app) getenv(key string) string { return a.env[key] }

// logger writes text to stderr: warnings only, everything with --verbose.
func (a *app) logger() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	return a.loggerAt(level)
}

func (a *app) loggerAt(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}

// exitError ends the program with a status of its own. A nil err says that everything was said on stdout already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError marks a mistake in the command line or in an AIRCHECK_ variable (exit status 2).
func usageError(format string, args ...any) error {
	return &exitError{code: report.ExitUsage, err: fmt.Errorf(format, args...)}
}

// fail prints err to stderr and returns the exit status that goes with it.
func (a *app) fail(ctx context.Context, err error) int {
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.err != nil {
			a.complain(exit.err)
		}
		return exit.code
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(a.stderr, "aircheck: interrupted")
		return report.ExitError
	}
	a.complain(err)
	return report.ExitError
}

// complain writes "aircheck: what: where: what to do".
func (a *app) complain(err error) {
	line := err.Error()
	var classified *jobs.Error
	if errors.As(err, &classified) && classified.Hint != "" {
		line += ": " + classified.Hint
	}
	fmt.Fprintln(a.stderr, "aircheck: "+report.Printable(withoutSecrets(line)))
}

// userinfo matches the user and password of a URL.
var userinfo = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@"']+@`)

// withoutSecrets hides what stands before the @ of a URL: errors and logs travel further than the command line they came from.
func withoutSecrets(s string) string { return userinfo.ReplaceAllString(s, "${1}…@") }

// terminalWidth returns the columns of w, or 0 when w is no terminal.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// colours tells whether w wants them: a terminal that is not dumb, and no NO_COLOR (https://no-color.org).
func (a *app) colours(w io.Writer) bool {
	return terminalWidth(w) > 0 && a.env["NO_COLOR"] == "" && a.env["TERM"] != "dumb"
}
