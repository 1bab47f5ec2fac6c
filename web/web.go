// Package web is the fleet's face: asynq's monitor of the queues, metrics for Prometheus, and a health check.
//
// Everything but the health check stands behind a password. It may import jobs/queue; it changes nothing about checks.
package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/hibiken/asynqmon"
	"github.com/prometheus/client_golang/prometheus"

	"aircheck/jobs/queue"
)

// queuesPath is where asynq's monitor is mounted.
const queuesPath = "/queues"

// Config sets up the site.
type Config struct {
	// Conn is the queue that is shown. Required.
	Conn *queue.Conn
	// Password opens everything, with any user name. Without one only requests to a loopback address are answered.
	Password string
	// Ready is asked for the health check; nil: always.
	Ready func(ctx context.Context) error
	// Collectors are served as metrics beside those of the queue.
	Collectors []prometheus.Collector
}

// Site is the http.Handler.
type Site struct {
	mux     http.Handler
	monitor *asynqmon.HTTPHandler
}

// New makes the site. The caller closes it.
func New(cfg Config) (*Site, error) {
	if cfg.Conn == nil {
		return nil, errors.New("web site needs a queue")
	}
	client := queue.NewClient(cfg.Conn)
	metrics, err := metricsHandler(append(cfg.Collectors, NewQueueCollector(client), NewLiveCollector(client, time.Now))...)
	if err != nil {
		return nil, err
	}
	monitor := asynqmon.New(asynqmon.Options{RootPath: queuesPath, RedisConnOpt: cfg.Conn})
	door := newDoor(cfg.Password)
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", health(cfg.Ready))
	mux.Handle("GET /metrics", door.guard(metrics))
	mux.Handle(queuesPath+"/", door.guard(monitor))
	mux.Handle("GET /{$}", door.guard(http.RedirectHandler(queuesPath+"/", http.StatusFound)))
	return &Site{mux: hardened(mux), monitor: monitor}, nil
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close closes the monitor's own connections.
func (s *Site) Close() error { return s.monitor.Close() }

// CheckListen refuses an address that other machines can reach when there is no password. Addresses are host:port as net.Listen takes them.
func CheckListen(address, password string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q: want host:port: %w", address, err)
	}
	if password == "" && !loopback(host) {
		return fmt.Errorf("address %s can be reached from other machines: set AIRCHECK_WEB_PASSWORD, or listen on 127.0.0.1", address)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// door asks for a password.
type door struct {
	// digest is of the password: comparing digests takes the same time whatever the guess and however long the password is.
	digest [sha256.Size]byte
	open   bool
}

func newDoor(password string) *door {
	return &door{digest: sha256.Sum256([]byte(password)), open: password == ""}
}

func (d *door) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case d.open && !toLoopback(r):
			// Without a password the name in the request is all that tells us from a page elsewhere that has its own name resolve to 127.0.0.1.
			http.Error(w, "this address answers as 127.0.0.1 or localhost only", http.StatusForbidden)
		case !d.open && !d.fits(r):
			w.Header().Set("WWW-Authenticate", `Basic realm="aircheck", charset="UTF-8"`)
			http.Error(w, "a password is needed", http.StatusUnauthorized)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

func (d *door) fits(r *http.Request) bool {
	_, password, _ := r.BasicAuth()
	guess := sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(guess[:], d.digest[:]) == 1
}

func toLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return loopback(host)
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
