// Package s3server runs real S3 servers for tests.
package s3server

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"aircheck/internal/need"
)

// Server is a running S3 server.
type Server struct {
	Endpoint  string // "http://127.0.0.1:port"
	AccessKey string
	SecretKey string
}

// Getenv gives the environment that points aircheck at the server.
func (s Server) Getenv(name string) string {
	return map[string]string{
		"AIRCHECK_S3_ENDPOINT": s.Endpoint, "AIRCHECK_S3_ACCESS_KEY": s.AccessKey,
		"AIRCHECK_S3_SECRET_KEY": s.SecretKey, "AIRCHECK_S3_REGION": "us-east-1",
	}[name]
}

// readyWithin is how long a server may take to answer; both need about a second on an idle machine.
const readyWithin = 30 * time.Second

// startTries is how often a start is repeated when another process took the port between its choice and its use.
const startTries = 5

// Start runs versitygw over a directory of its own until the test ends. It looks for the binary in AIRCHECK_VERSITYGW, in bin/tools of
// this module, and in PATH; when there is none the test is skipped, or fails when AIRCHECK_REQUIRE=1.
func Start(t testing.TB) Server {
	t.Helper()
	return StartNotifying(t, "")
}

// StartNotifying is Start with notifications of all that happens sent to a webhook; none for an empty address.
func StartNotifying(t testing.TB, webhook string) Server {
	t.Helper()
	binary := find("versitygw", os.Getenv("AIRCHECK_VERSITYGW"))
	if binary == "" {
		need.Missing(t, "versitygw is not installed (make tools)")
	}
	// The sidecar holds what would otherwise be user attributes of files: not every temporary file system has them.
	dir := t.TempDir()
	data, sidecar := filepath.Join(dir, "data"), filepath.Join(dir, "sidecar")
	if err := errors.Join(os.Mkdir(data, 0o700), os.Mkdir(sidecar, 0o700)); err != nil {
		t.Fatal(err)
	}
	return start(t, func(address string, s Server) *exec.Cmd {
		args := []string{"--port", address, "--quiet"}
		if webhook != "" {
			args = append(args, "--event-webhook-url", webhook)
		}
		cmd := exec.Command(binary, append(args, "posix", "--sidecar", sidecar, data)...)
		cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
		return cmd
	})
}

// StartMinIO runs MinIO's server in the same way; it looks for the binary in AIRCHECK_MINIO, bin/tools and PATH. As that server is
// archived upstream, a machine without it is no fault: the test is skipped always.
func StartMinIO(t testing.TB) Server {
	t.Helper()
	binary := find("minio", os.Getenv("AIRCHECK_MINIO"))
	if binary == "" {
		t.Skip("minio is not installed")
	}
	dir := t.TempDir()
	return start(t, func(address string, s Server) *exec.Cmd {
		cmd := exec.Command(binary, "server", "--quiet", "--address", address, "--console-address", "127.0.0.1:0", dir)
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.AccessKey, "MINIO_ROOT_PASSWORD="+s.SecretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off")
		return cmd
	})
}

func find(name, configured string) string {
	if configured != "" {
		return configured
	}
	if root, err := moduleRoot(); err == nil {
		path := filepath.Join(root, "bin", "tools", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

// moduleRoot climbs from the package under test, which is where go test runs it, to go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}

func start(t testing.TB, command func(address string, s Server) *exec.Cmd) Server {
	t.Helper()
	var lastErr error
	for range startTries {
		address, err := freeAddress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := Server{Endpoint: "http://" + address, AccessKey: "test" + rand.Text()[:12], SecretKey: rand.Text()}
		if lastErr = run(t, command(address, s), s.Endpoint); lastErr == nil {
			return s
		}
	}
	t.Fatalf("start S3 server: %v", lastErr)
	return Server{}
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("choose a port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// run starts the server and waits until it answers. It ends the process when the test ends, and logs what it said if the test failed.
func run(t testing.TB, cmd *exec.Cmd, endpoint string) error {
	t.Helper()
	log := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	if err := awaitReady(t.Context(), endpoint, exited); err != nil {
		_ = cmd.Process.Kill()
		<-exited
		return fmt.Errorf("%w: %s", err, log)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if t.Failed() {
			t.Logf("%s: %s", filepath.Base(cmd.Path), log)
		}
	})
	return nil
}

// awaitReady polls until any HTTP answer comes; "access denied" is one.
func awaitReady(ctx context.Context, endpoint string, exited <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if answers(ctx, endpoint) {
			return nil
		}
		select {
		case <-exited:
			return errors.New("server exited")
		case <-ctx.Done():
			return errors.New("server does not answer")
		case <-tick.C:
		}
	}
}

func answers(ctx context.Context, endpoint string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode < http.StatusInternalServerError
}

// lockedBuffer takes the output of a process that is read while it runs.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
