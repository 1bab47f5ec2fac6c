// Package api is the HTTP API of the fleet: what the commands do, for programs.
//
// One table (routes) says which requests there are, who may make them, what they take and what they answer. The handler and the OpenAPI document are both made of it, so
// that neither can know what the other does not. What the site may do itself it does here: reading the store and the queue, and waivers. The rest (Fleet) is done by the same
// functions as the commands; cmd/aircheck wires them.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"aircheck/jobs/archive"
	"aircheck/web/door"
)

// Prefix is where the API is mounted.
const Prefix = "/api/v1"

// Config sets up the API.
type Config struct {
	// Door says who may do what. Required.
	Door *door.Door
	// Archive is where checks and waivers lie. Required.
	Archive *archive.Archive
	// Queue is what is running. Required.
	Queue Queue
	// Fleet does what commands do. Required.
	Fleet Fleet
	// Version is that of the program, for the document.
	Version string
	// Now is the clock; nil: the system's.
	Now func() time.Time
	// Log hears of what the server, and not a request, is at fault for; nil: nobody.
	Log *slog.Logger
}

// API is the http.Handler. It is safe for concurrent use.
type API struct {
	cfg       Config
	handler   http.Handler
	document  []byte
	backfills *backfills
	// judges bounds the checks that are judged at the same time: judging takes a core and, for long checks, a GB.
	judges    chan struct{}
	listeners chan struct{}

	// work ends with Close; what goes on after its request (backfills) lives as long.
	work context.Context
	stop context.CancelFunc
	jobs sync.WaitGroup
}

const (
	maxJudges    = 2
	maxListeners = 200
)

// New makes the API. The caller closes it.
func New(cfg Config) (*API, error) {
	if cfg.Door == nil || cfg.Archive == nil || cfg.Queue == nil || cfg.Fleet == nil {
		return nil, errors.New("the API needs a door, an archive, a queue and a fleet")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{cfg: cfg, judges: make(chan struct{}, maxJudges), listeners: make(chan struct{}, maxListeners)}
	a.backfills = newBackfills(cfg.Now)
	a.work, a.stop = context.WithCancel(context.Background())
	table := routes()
	var err error
	if a.document, err = document(table, cfg.Version); err != nil {
		return nil, err
	}
	a.handler = a.mux(table)
	return a, nil
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Close ends what still runs, and waits for it. A backfill that was cut short goes on when it is asked for again.
func (a *API) Close() error {
	a.stop()
	a.jobs.Wait()
	return nil
}
