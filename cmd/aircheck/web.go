package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/web"
)

// passwordVariable has no flag: other users can read a command line.
const passwordVariable = "AIRCHECK_WEB_PASSWORD"

type webFlags struct {
	storeFlags
	redisFlags
	serviceFlags
	listen string
}

func newWebCommand(a *app) *cobra.Command {
	var f webFlags
	cmd := &cobra.Command{
		Use:   "web",
		Short: "Show the queues, metrics and the health of the fleet",
		Long: `Serves the monitor of the queues under /queues/, metrics for Prometheus under /metrics, and /healthz.

Everything but /healthz asks for the password in AIRCHECK_WEB_PASSWORD, with any user name. Without a
password the address must be a loopback address. Put TLS in front of it.`,
		Example: `  aircheck web --store s3://aircheck/prod
  AIRCHECK_WEB_PASSWORD=… aircheck web --store s3://aircheck/prod --listen :8080`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.web(cmd.Context(), &f) },
	}
	f.storeFlags.add(cmd.Flags())
	f.redisFlags.add(cmd.Flags())
	f.serviceFlags.add(cmd.Flags())
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "`address` to listen on")
	return cmd
}

func (a *app) web(ctx context.Context, f *webFlags) error {
	log, err := a.serviceLog(&f.serviceFlags)
	if err != nil {
		return err
	}
	if err := web.CheckListen(f.listen, a.getenv(passwordVariable)); err != nil {
		return usageError("--listen: %w", err)
	}
	arch, err := a.archive(ctx, &f.storeFlags)
	if err != nil {
		return err
	}
	conn, err := a.queue(ctx, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	site, listener, err := a.site(ctx, f.listen, conn, arch)
	if err != nil {
		return err
	}
	log.Info("web", "url", "http://"+listener.Addr().String()+"/")
	return errors.Join(web.Serve(ctx, listener, site), site.Close())
}

// site makes the site and takes its address. Whoever gets them serves the one on the other and closes the site.
func (a *app) site(ctx context.Context, listen string, conn *queue.Conn, arch *archive.Archive, extra ...prometheus.Collector) (*web.Site, net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, nil, fmt.Errorf("listen: %w", err)
	}
	site, err := web.New(web.Config{
		Conn: conn, Password: a.getenv(passwordVariable), Collectors: extra,
		Ready: func(ctx context.Context) error { return errors.Join(conn.Ping(ctx), arch.Reachable(ctx)) },
	})
	if err != nil {
		_ = listener.Close()
		return nil, nil, err
	}
	return site, listener, nil
}
