package follow

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	fake "aircheck/bench/origin"
	"aircheck/storage/origin"
)

// pipes is a network of one server that lives in memory: unlike sockets, whoever waits for it lets the clock of testing/synctest go on.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// site is where the channels of an origin are to be had over HTTP, on the clock of the bubble.
const site = "http://origin.test"

// online puts an origin behind HTTP for the bubble that it is called in, and gives the client that reads it; end closes both.
func online(t *testing.T, o *fake.Origin) (client *origin.Client, end func()) {
	t.Helper()
	network := newPipes()
	server := &http.Server{Handler: o, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(network) }()
	transport := origin.NewTransport()
	transport.Proxy, transport.DialContext = nil, network.dial
	return origin.New(origin.Config{Transport: transport}), func() {
		transport.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Errorf("stop origin: %v", err)
		}
		<-served
	}
}
