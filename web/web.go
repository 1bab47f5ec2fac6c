// Package web is the fleet's face: the wall of live streams, the pages of checks with their evidence, the waivers, news as they happen, asynq's monitor of the queues, the
// HTTP API, metrics for Prometheus, and a health check.
//
// Everything but the health check and the form to log in stands behind the door (package door). What a page shows comes from the store and from Redis, and only waivers
// are written here. The pages of a check and of a comparison are made by report/page.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hibiken/asynqmon"
	"github.com/prometheus/client_golang/prometheus"

	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/web/door"
)

// queuesPath is where asynq's monitor is mounted.
const queuesPath = "/queues"

// Config sets up the site.
type Config struct {
	// Conn is the queue that is shown. Required.
	Conn *queue.Conn
	// Archive is where checks and waivers lie. Required.
	Archive *archive.Archive
	// Door says who may see and do what. Required.
	Door *door.Door
	// API is mounted under /api/; nil: there is none. It has the door within.
	API http.Handler
	// Price is what a core-hour costs, in any currency; 0 shows no costs.
	Price float64
	// Now is the clock; nil: the system's.
	Now func() time.Time
	// Ready is asked for the health check; nil: always.
	Ready func(ctx context.Context) error
	// Collectors are served as metrics beside those of the queue.
	Collectors []prometheus.Collector

	// source is what the pages read from Redis; nil: Conn. Tests hand in thousands of streams.
	source source
}

// Site is the http.Handler.
type Site struct {
	handler http.Handler
	monitor *asynqmon.HTTPHandler
}

// New makes the site. The caller closes it.
func New(cfg Config) (*Site, error) {
	if cfg.Conn == nil || cfg.Archive == nil || cfg.Door == nil {
		return nil, errors.New("web site needs a queue, an archive and a door")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	client := queue.NewClient(cfg.Conn)
	if cfg.source == nil {
		cfg.source = client
	}
	metrics, err := metricsHandler(append(cfg.Collectors, NewQueueCollector(client), NewLiveCollector(client, cfg.Now))...)
	if err != nil {
		return nil, err
	}
	p, err := newPages(cfg)
	if err != nil {
		return nil, err
	}
	monitor := asynqmon.New(asynqmon.Options{RootPath: queuesPath, RedisConnOpt: cfg.Conn, PayloadFormatter: asynqmon.PayloadFormatterFunc(whose)})
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", health(cfg.Ready))
	mux.Handle("GET /metrics", cfg.Door.Require(door.Viewer, metrics))
	// The monitor pauses queues and deletes tasks with requests that are not GET.
	mux.Handle(queuesPath+"/", cfg.Door.Require(door.Admin, monitor)) // it acts on tasks, and shows them
	mux.Handle(door.LoginPath, withPolicy(cfg.Door.Login()))
	mux.Handle(door.LogoutPath, cfg.Door.Logout())
	if cfg.API != nil {
		mux.Handle("/api/", cfg.API)
	}
	p.routes(mux)
	return &Site{handler: hardened(mux), monitor: monitor}, nil
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close closes the monitor's own connections.
func (s *Site) Close() error { return s.monitor.Close() }

// whose is what the monitor shows of a task: of which check and window it is. The addresses in it may carry passwords and signatures.
func whose(_ string, payload []byte) string {
	var task struct {
		Check  string `json:"check"`
		Window *struct {
			Sequence string `json:"sequence"`
			Index    int    `json:"index"`
		} `json:"window,omitempty"`
	}
	if json.Unmarshal(payload, &task) != nil {
		return ""
	}
	text, err := json.Marshal(task)
	if err != nil {
		return ""
	}
	return string(text)
}

// hardened keeps other sites from framing ours and from sending its forms: a browser adds the password to any request by itself.
func hardened(h http.Handler) http.Handler {
	h = http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r)
	})
}

// healthTimeout is below what orchestrators wait for an answer.
const healthTimeout = 3 * time.Second

// health answers 200 "ok" or 503 with the reason in a word; details are for the log, because anybody may ask.
func health(ready func(context.Context) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
		defer cancel()
		if ready != nil && ready(ctx) != nil {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "ok")
	})
}
