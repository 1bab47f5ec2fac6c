package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/storage/open"
)

// storeFlags name the place where checks lie.
type storeFlags struct{ store string }

func (f *storeFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.store, "store", "", "`place` of manifests, measurements and reports: a directory or s3://bucket/prefix")
}

// archive opens the store.
func (a *app) archive(ctx context.Context, f *storeFlags) (*archive.Archive, error) {
	if f.store == "" {
		return nil, usageError("--store is missing: name a directory or s3://bucket/prefix, or set AIRCHECK_STORE")
	}
	store, err := open.Store(ctx, f.store, a.getenv)
	if errors.Is(err, storage.ErrBadURI) {
		return nil, usageError("--store: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return archive.New(store), nil
}

// stored is archive for commands that are about what lies in a store: a directory that is not there has nothing of it, and its name is misspelt, so it is not made.
func (a *app) stored(ctx context.Context, f *storeFlags) (*archive.Archive, error) {
	if dir, local, err := storage.LocalPath(f.store); err == nil && local && f.store != "" {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("--store: %s is not there", dir)
		}
	}
	return a.archive(ctx, f)
}

// openCheck finds the manifest of a check whose state a command is to print as text or JSON.
func (a *app) openCheck(ctx context.Context, id, format string, f *storeFlags) (*archive.Archive, *jobs.Check, error) {
	if err := validID(id); err != nil {
		return nil, nil, err
	}
	if format != "text" && format != "json" {
		return nil, nil, usageError("unknown format %q: text or json", format)
	}
	arch, err := a.stored(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	check, err := arch.Check(ctx, id)
	if err != nil {
		return nil, nil, noSuchCheck(id, err)
	}
	return arch, check, nil
}

// defaultRedis is where a Redis on the same machine listens.
const defaultRedis = "redis://127.0.0.1:6379/0"

// redisFlags name the queue.
type redisFlags struct{ redis string }

func (f *redisFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.redis, "redis", defaultRedis, "`URL` of the queue: redis://, rediss:// (TLS), redis-sentinel:// or redis-cluster://")
}

// pingTimeout is how long a command waits for the first answer of Redis before it says that there is none.
const pingTimeout = 10 * time.Second

// queue connects to Redis and makes sure that it is there: a worker that waits in silence for a mistyped host helps nobody.
func (a *app) queue(ctx context.Context, f *redisFlags) (*queue.Conn, error) {
	conn, err := queue.Open(f.redis)
	if err != nil {
		return nil, usageError("--redis: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := conn.Ping(ctx); err != nil {
		_ = conn.Close()
		return nil, &jobs.Error{Class: jobs.Transient, Err: err, Hint: "is redis-server running where --redis says (AIRCHECK_REDIS)?"}
	}
	return conn, nil
}

// fleetAt opens the store and the queue of a fleet. Whoever calls it closes the queue.
func (a *app) fleetAt(ctx context.Context, store *storeFlags, redis *redisFlags) (*archive.Archive, *queue.Conn, error) {
	arch, err := a.archive(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	conn, err := a.queue(ctx, redis)
	if err != nil {
		return nil, nil, err
	}
	return arch, conn, nil
}

// serviceFlags are shared by the commands that run until they are stopped.
type serviceFlags struct{ level string }

func (f *serviceFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.level, "log-level", "info", "least `level` that is logged: debug, info, warn or error")
}

func (a *app) serviceLog(f *serviceFlags) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil {
		return nil, usageError("--log-level %q: debug, info, warn or error", f.level)
	}
	if a.verbose {
		level = slog.LevelDebug
	}
	return a.loggerAt(level), nil
}

// twoSignals gives the two ways in which a service is stopped. The first signal ends ctx, which main has made so: finish what runs. The
// second one ends work: stop at once. The caller calls stop.
func twoSignals(ctx context.Context) (work context.Context, stop func()) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 2 {
			select {
			case <-signals:
			case <-work.Done():
				return
			}
		}
		cancel()
	}()
	return work, func() { signal.Stop(signals); cancel(); <-ended }
}

// validID refuses what cannot be the id of a check before it becomes part of a path.
func validID(id string) error {
	if !jobs.ValidID(id) {
		return usageError("%q is not the id of a check: 'aircheck submit' prints it", id)
	}
	return nil
}

// noSuchCheck explains a manifest or a report that is not there.
func noSuchCheck(id string, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("check %s is not in this store, or not finished (see 'aircheck status'): %w", id, err)
	}
	return err
}

// errNotJudged is wrapped by the error about a check that has a failure instead of a report.
var errNotJudged = errors.New("it could not be judged")

// storedFailure is the error about a check that will have no report; nil while it may have one.
func storedFailure(ctx context.Context, a *archive.Archive, id string) error {
	f, err := a.Failure(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return &jobs.Error{
		Class: jobs.Permanent, Err: fmt.Errorf("check %s has no report: %w in %d attempts: %s", id, errNotJudged, f.Attempts, f.Message),
		Hint: "its measurements are kept: once the cause is mended, 'aircheck rejudge' judges them, or submit the input again",
	}
}

// waitEvery is the time between two looks for a report that is not there yet.
const waitEvery = 500 * time.Millisecond

// awaitReports calls fn with the report of each check as soon as it is there, or with the error that it has instead, and returns when all were.
func awaitReports(ctx context.Context, a *archive.Archive, ids []string, fn func(id string, r *report.Report, failure error) error) error {
	waiting := slices.Clone(ids)
	tick := time.NewTicker(waitEvery)
	defer tick.Stop()
	for {
		var still []string
		for _, id := range waiting {
			r, err := storedReport(ctx, a, id)
			switch {
			case errors.Is(err, storage.ErrNotFound):
				still = append(still, id)
				continue
			case err == nil:
				err = fn(id, r, nil)
			case errors.Is(err, errNotJudged):
				err = fn(id, nil, err)
			}
			if err != nil {
				return err
			}
		}
		if waiting = still; len(waiting) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// worst keeps the exit status of several reports: 1, then 3, then 4, then 0.
func worst(one, other int) int {
	for _, code := range []int{report.ExitError, report.ExitFindings, report.ExitIncomplete} {
		if one == code || other == code {
			return code
		}
	}
	return report.ExitClean
}

// status makes an exit status an error for cobra; nil for 0. Everything has been said.
func status(code int) error {
	if code == report.ExitClean {
		return nil
	}
	return &exitError{code: code}
}
