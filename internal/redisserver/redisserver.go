// Package redisserver starts a real redis-server for one test.
package redisserver

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/internal/need"
)

// Server is a running redis-server. It ends with its test.
type Server struct {
	Addr string // host:port on loopback
	cmd  *exec.Cmd
	log  string
}

// URL is the address as aircheck takes it.
func (s *Server) URL() string { return "redis://" + s.Addr + "/0" }

const (
	startTimeout = 20 * time.Second
	stopTimeout  = 5 * time.Second
	// portTries covers the moment between finding a free port and taking it, in which another process can be faster.
	portTries = 5
)

// Start runs redis-server on a free port with an append-only file and without eviction, as the documentation demands it for a fleet, and waits until it
// answers. Without the program the test is skipped, or fails when AIRCHECK_REQUIRE=1.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t)
}

func start(t testing.TB, extra ...string) *Server {
	t.Helper()
	path := need.Tool(t, "redis-server")
	for range portTries {
		s, err := launch(t, path, extra)
		if err == nil {
			t.Cleanup(s.stop)
			return s
		}
		t.Logf("start redis-server: %v", err)
	}
	t.Fatalf("redis-server did not start in %d tries", portTries)
	return nil
}

func launch(t testing.TB, path string, extra []string) (*Server, error) {
	t.Helper()
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "redis.log")
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", fmt.Sprint(port)), log: log}
	args := []string{
		"--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--dir", dir, "--logfile", log,
		"--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no",
	}
	s.cmd = exec.Command(path, append(slices.Clone(extra), args...)...) // a configuration file comes first
	// A test that is killed takes its server with it.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.await(); err != nil {
		s.stop()
		said, _ := os.ReadFile(log)
		return nil, fmt.Errorf("%w: %s", err, said)
	}
	return s, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// await polls until our own process answers on the port: another server there has another process id.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	client := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1})
	defer client.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if info, err := client.InfoMap(ctx, "server").Result(); err == nil {
			if info["Server"]["process_id"] == fmt.Sprint(s.cmd.Process.Pid) {
				return nil
			}
			return fmt.Errorf("somebody else answers on %s", s.Addr)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", s.Addr, ctx.Err())
		case <-tick.C:
		}
	}
}

// Kill ends the server at once and for good, as a power cut does.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *Server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(stopTimeout, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	_ = s.cmd.Wait()
}
