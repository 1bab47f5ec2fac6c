package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/judge"
	"aircheck/web"
	"aircheck/web/api"
	"aircheck/web/door"
)

// passwordVariable has no flag: other users can read a command line.
const passwordVariable = "AIRCHECK_WEB_PASSWORD"

type webFlags struct {
	storeFlags
	redisFlags
	serviceFlags
	siteFlags
	apiFlags
	listen  string
	streams string
}

// siteFlags say how the site shows things, and to whom.
type siteFlags struct {
	doorFlags
	price float64
}

func (f *siteFlags) add(flags *pflag.FlagSet) {
	f.doorFlags.add(flags)
	flags.Float64Var(&f.price, "core-price", defaultPrice, "what a core-hour costs, in any currency, for the costs on the wall; 0 shows none")
}

// check refuses an address that anybody could reach.
func (f *siteFlags) check(a *app, listen string, log *slog.Logger) (*door.Door, error) {
	if f.price < 0 {
		return nil, usageError("--core-price %g: give what a core-hour costs, or 0", f.price)
	}
	d, err := a.door(&f.doorFlags, log)
	if err != nil {
		return nil, err
	}
	if err := d.CheckListen(listen); err != nil {
		return nil, usageError("--listen: %w", err)
	}
	return d, nil
}

func newWebCommand(a *app) *cobra.Command {
	var f webFlags
	cmd := &cobra.Command{
		Use:   "web",
		Short: "Serve the site and the API: streams, checks, waivers, queues, metrics",
		Long: `Serves the wall of live streams under /, the pages of checks with their curves, pictures and players under /checks, comparisons,
waivers and their log, the monitor of the queues under /queues/, the API under /api/v1 (its description is /api/v1/openapi.json),
metrics for Prometheus under /metrics, and /healthz.

Everything but /healthz asks for the password in AIRCHECK_WEB_PASSWORD, with any user name, or for a token of the file --tokens
(see 'aircheck tokens'). Without either the address must be a loopback address. Put TLS in front of it.`,
		Example: `  aircheck web --store s3://aircheck/prod
  AIRCHECK_WEB_PASSWORD=… aircheck web --store s3://aircheck/prod --listen :8080
  aircheck web --store s3://aircheck/prod --listen :8080 --tokens tokens.yaml`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.web(cmd.Context(), &f) },
	}
	f.storeFlags.add(cmd.Flags())
	f.redisFlags.add(cmd.Flags())
	f.serviceFlags.add(cmd.Flags())
	f.siteFlags.add(cmd.Flags())
	f.apiFlags.add(cmd.Flags())
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "`address` to listen on")
	cmd.Flags().StringVar(&f.streams, "streams", "", "`file` of the producers' streams, whose schedule the API shows")
	return cmd
}

func (a *app) web(ctx context.Context, f *webFlags) error {
	log, err := a.serviceLog(&f.serviceFlags)
	if err != nil {
		return err
	}
	d, err := f.siteFlags.check(a, f.listen, log)
	if err != nil {
		return err
	}
	arch, conn, err := a.fleetAt(ctx, &f.storeFlags, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	listener, err := takeAddress(ctx, f.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	s, err := a.site(listener, siteParts{
		door: d, conn: conn, archive: arch, store: f.store, flags: &f.siteFlags, apiFlags: &f.apiFlags, log: log,
		live: &liveFlags{profileFlags: profileFlags{profile: judge.DefaultProfile}, streamsFile: f.streams},
	})
	if err != nil {
		return err
	}
	log.Info("web", "url", s.url())
	return errors.Join(s.serve(ctx), s.close())
}

// siteParts are what a site is made of.
type siteParts struct {
	door     *door.Door
	conn     *queue.Conn
	archive  *archive.Archive
	store    string // as --store has it
	flags    *siteFlags
	apiFlags *apiFlags
	// live are the flags with the file of streams; nil where the process knows of none.
	live       *liveFlags
	collectors []prometheus.Collector
	log        *slog.Logger
}

// site is the site with its address.
type site struct {
	web      *web.Site
	api      *api.API
	listener net.Listener
}

// takeAddress takes the address of a site.
func takeAddress(ctx context.Context, listen string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("%w: give another address with --listen (AIRCHECK_LISTEN)", err) // net's error begins with listen, too
	}
	return listener, nil
}

// site makes the site that answers at listener. Whoever gets it serves it and closes it; listener stays with the caller.
func (a *app) site(listener net.Listener, p siteParts) (*site, error) {
	s := &site{listener: listener}
	var err error
	s.api, err = a.api(p.door, p.archive, p.conn, p.store, p.apiFlags, p.live, p.log)
	if err == nil {
		s.web, err = web.New(web.Config{
			Conn: p.conn, Archive: p.archive, Door: p.door, API: s.api, Price: p.flags.price, Now: a.now, Collectors: p.collectors,
			Ready: func(ctx context.Context) error { return errors.Join(p.conn.Ping(ctx), p.archive.Reachable(ctx)) },
		})
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// url is where a browser finds the site.
func (s *site) url() string { return "http://" + s.listener.Addr().String() + "/" }

// serve answers until ctx ends.
func (s *site) serve(ctx context.Context) error { return web.Serve(ctx, s.listener, s.web) }

// close ends what may still run behind the site; it comes after serve.
func (s *site) close() error {
	var err error
	if s.api != nil {
		err = s.api.Close()
	}
	if s.web != nil {
		err = errors.Join(err, s.web.Close())
	}
	return err
}
