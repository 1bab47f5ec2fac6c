package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aircheck/internal/schema"
	"aircheck/report"
)

// process is a running part of the fleet. It ends with its test at the latest.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *buffer
	done chan struct{}
	err  error // of Wait; read after done
}

// buffer takes what a process says while others read it.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs a subcommand in its own process group, so that killing it with its decoder children spares everybody else.
func (f *fleet) start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{name: name, log: &buffer{}, done: make(chan struct{})}
	p.cmd = exec.Command(f.bin, args...)
	p.cmd.Env = f.env
	p.cmd.Stderr = p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		<-p.done
		if t.Failed() {
			t.Logf("%s (process %d) said:\n%s", p.name, p.cmd.Process.Pid, p.log)
		}
	})
	return p
}

// signal sends a signal to the process alone.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill is the end of a machine: the process and its children are gone at once.
func (p *process) kill() {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// exits waits for the end of the process.
func (p *process) exits(t *testing.T, within time.Duration) error {
	t.Helper()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.err
	case <-timer.C:
		t.Fatalf("%s has not ended after %s", p.name, within)
		return nil
	}
}

// commandTimeout bounds a command that is expected to answer at once; the machine may be busy.
const commandTimeout = 2 * time.Minute

// run runs a subcommand to its end and returns its stdout. The exit status must be one of want.
func (f *fleet) run(t *testing.T, want []int, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, f.bin, args...)
	cmd.Env = f.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	code := cmd.ProcessState.ExitCode()
	for _, w := range want {
		if code == w {
			return stdout.String()
		}
	}
	t.Fatalf("aircheck %s: exit status %d (%v), want one of %v\n%s", strings.Join(args, " "), code, err, want, stderr.String())
	return ""
}

// judged is what the tests read of a report.
type judged struct {
	Verdict string `json:"verdict"`
	Digest  string `json:"digest"`
}

func parseReport(t *testing.T, doc string) judged {
	t.Helper()
	var r judged
	if err := json.Unmarshal([]byte(doc), &r); err != nil || r.Digest == "" || r.Verdict == "" {
		t.Fatalf("report: %v\n%s", err, doc)
	}
	if err := schema.Strict(report.JSONSchema(), []byte(doc)); err != nil {
		t.Errorf("the report is not as its schema says: %v", err)
	}
	return r
}

// eventually polls until cond holds.
func eventually(t *testing.T, within time.Duration, what string, cond func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline.C:
			t.Fatalf("after %s still not: %s", within, what)
		case <-tick.C:
		}
	}
}
