package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"aircheck/jobs"
	"aircheck/worker"
	"aircheck/worker/fetch"
	"aircheck/worker/wire"
)

// stopGrace is how long an idle child may take to leave after its input was closed.
const stopGrace = 5 * time.Second

// usualMeasurement is room for the answer to a window of half a minute; memory that is not written costs nothing.
const usualMeasurement = 2 << 20

// maxMeasurement bounds what a child may answer: a frame is about 1 KB, and no window holds a million frames.
const maxMeasurement = 1 << 30

// child is one slot. Its process starts with the first window and lives until it misbehaves or the slot is stopped.
type child struct {
	cfg  *Config
	proc *process
}

// process is a running decoder child.
type process struct {
	cmd    *exec.Cmd
	conn   wire.Conn
	stdin  io.WriteCloser
	stderr *lastWords
	exited chan struct{} // closed when Wait returned
	err    error         // of Wait; read after exited
}

func (c *child) measure(ctx context.Context, task jobs.Task) ([]byte, error) {
	if err := c.ensure(); err != nil {
		return nil, err
	}
	deadline := c.cfg.deadline(&task)
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, errDeadline)
	defer cancel()
	p := c.proc
	stopKiller := context.AfterFunc(ctx, p.kill)
	before := cpuTime(p.cmd.Process.Pid)
	object, err := p.window(ctx, c.cfg, task)
	worker.Spend(ctx, cpuTime(p.cmd.Process.Pid)-before)
	healthy := stopKiller()
	if err == nil && healthy {
		return object, nil
	}
	var refused *childError
	if errors.As(err, &refused) && healthy {
		return nil, refused.err
	}
	return nil, c.bury(ctx, err, deadline)
}

var errDeadline = errors.New("the window's deadline has passed")

// bury kills the process, says why the window ended, and starts the slot's next child at once.
func (c *child) bury(ctx context.Context, err error, deadline time.Duration) error {
	p := c.proc
	c.proc = nil
	p.kill()
	<-p.exited
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errDeadline):
		err = jobs.Classify(jobs.Timeout, fmt.Errorf("decoder killed after %s", deadline))
	case cause != nil:
		return jobs.Classify(jobs.Cancelled, cause)
	default:
		err = jobs.Classify(jobs.Crash, fmt.Errorf("decoder child died (%s): %w%s", p.ending(), err, p.stderr.suffix()))
	}
	c.cfg.Logger.Warn("decoder child ended in the middle of a window", "error", err)
	if startErr := c.ensure(); startErr != nil {
		c.cfg.Logger.Error("start the next decoder child", "error", startErr)
	}
	return err
}

func (c *child) ensure() error {
	if c.proc != nil {
		select {
		case <-c.proc.exited:
			c.proc = nil
		default:
			return nil
		}
	}
	p, err := start(c.cfg)
	if err != nil {
		return fmt.Errorf("start decoder child: %w", err)
	}
	c.proc = p
	return nil
}

func (c *child) stop() error {
	if c.proc == nil {
		return nil
	}
	p := c.proc
	c.proc = nil
	_ = p.stdin.Close() // the child may be gone already
	select {
	case <-p.exited:
	case <-time.After(stopGrace):
		p.kill()
		<-p.exited
	}
	return nil
}

// mallocTunables puts the child's pictures on huge pages where the kernel allows it: a third of the page faults of a check and 2 % of its CPU time. glibc asks
// for them in its main arena only, and the decoding thread is not the first one: hence one arena for all. Another C library does not know the variable.
const mallocTunables = "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"

func start(cfg *Config) (*process, error) {
	cmd := exec.Command(cfg.Command[0], cfg.Command[1:]...)
	cmd.Env = cfg.Env
	if cmd.Env == nil {
		cmd.Env = []string{"LC_ALL=C", "GOMAXPROCS=2", "GOGC=400", "GLIBC_TUNABLES=" + mallocTunables, "LD_LIBRARY_PATH=" + os.Getenv("LD_LIBRARY_PATH")}
	}
	// An own process group: a Ctrl-C at the terminal reaches the parent, which ends the children in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	widen(stdin)
	widen(stdout)
	p := &process{cmd: cmd, stdin: stdin, stderr: &lastWords{}, exited: make(chan struct{})}
	cmd.Stderr = p.stderr
	p.conn = wire.Conn{R: stdout, W: stdin}
	if err := startPatient(cmd); err != nil {
		return nil, err
	}
	go func() { // ends with the process; bury and stop wait for it
		defer close(p.exited)
		p.err = cmd.Wait()
	}()
	return p, nil
}

// pipeBytes lets a message pass at once. Of the 64 KB that a pipe has else, parent and child wake each other many times a read: 1 % of a check's CPU time.
const pipeBytes = 1 << 20

// widen asks for a larger pipe; the kernel may refuse a user who has many.
func widen(pipe any) {
	conn, ok := pipe.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	const setPipeSize = 1031 // F_SETPIPE_SZ of fcntl(2)
	_ = raw.Control(func(fd uintptr) { _, _, _ = syscall.Syscall(syscall.SYS_FCNTL, fd, setPipeSize, pipeBytes) })
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }

func (p *process) ending() string {
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}

// childError is the child's own word that a window cannot be measured; the child is well.
type childError struct{ err error }

func (e *childError) Error() string { return e.err.Error() }

// window serves one window until the child says that it is done.
func (p *process) window(ctx context.Context, cfg *Config, task jobs.Task) ([]byte, error) {
	if err := p.conn.SendTask(task); err != nil {
		if jobs.ClassOf(err) == jobs.Permanent {
			return nil, &childError{err} // nothing was sent
		}
		return nil, err
	}
	s := &server{conn: &p.conn, task: task, fetcher: fetch.Fetcher{Origin: cfg.Origin, LastTry: task.LastTry, Keys: cfg.Keys}}
	if task.Compare != nil {
		s.reference = &server{conn: &p.conn, task: task.Compare.Task(task.Check), fetcher: fetch.Fetcher{Origin: cfg.Origin, LastTry: task.LastTry, Keys: cfg.Keys}}
	}
	defer s.close()
	object := make([]byte, 0, usualMeasurement)
	limit := maxMeasurement
	if task.Look != nil {
		limit = jobs.MaxLookBytes
	}
	for {
		t, body, err := p.conn.Receive()
		if err != nil {
			return nil, err
		}
		switch t {
		case wire.TypeSegment:
			err = s.segment(ctx, body)
		case wire.TypeRead:
			err = s.read(ctx, cfg, body)
		case wire.TypeKey:
			err = s.key(ctx, cfg, body)
		case wire.TypeBytes:
			if len(object)+len(body) > limit {
				return nil, wire.ErrTooLong
			}
			object = append(object, body...)
		case wire.TypeDone:
			return object, s.done(body)
		default:
			return nil, fmt.Errorf("message %q from a decoder child", t)
		}
		if err != nil {
			return nil, err
		}
	}
}

// lastWords keeps the beginning of what a child writes to stderr: it is silent until it crashes, and the cause comes first.
type lastWords struct {
	mu sync.Mutex
	b  []byte
}

const maxLastWords = 4 << 10

func (t *lastWords) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b[:min(len(b), maxLastWords-len(t.b))]...)
	return len(b), nil
}

// suffix is ": " and the first line, or nothing.
func (t *lastWords) suffix() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line, _, _ := strings.Cut(strings.TrimSpace(string(t.b)), "\n")
	if line == "" {
		return ""
	}
	return ": " + line
}

func (s *server) done(body []byte) error {
	var d wire.Done
	if err := json.Unmarshal(body, &d); err != nil {
		return err
	}
	if s.failed != nil {
		return &childError{s.failed}
	}
	if d.Error != "" {
		return &childError{&jobs.Error{Class: d.Class, Err: errors.New(d.Error)}}
	}
	return nil
}
