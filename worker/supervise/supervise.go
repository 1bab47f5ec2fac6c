// Package supervise keeps decoder children: one long-lived process a slot, fed by us, killed at its deadline, replaced when it dies.
//
// A crash, a hang or a memory bomb in FFmpeg costs the window that was in that child and nothing else.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
	"aircheck/worker"
	"aircheck/worker/fetch"
)

const (
	// baseDeadline and deadlineFactor give a window two minutes and ten times its length, as the queue does: 1080p takes a quarter of real time, so this is
	// for a stuck decoder or a very slow origin. maxDeadline is for containers that claim to last for years.
	baseDeadline   = 2 * time.Minute
	deadlineFactor = 10
	maxDeadline    = 24 * time.Hour
	// ChildCommand is the hidden subcommand of the same binary.
	ChildCommand = "decode-child"
)

// Config says how children are run.
type Config struct {
	Slots  int // windows measured at the same time; 0 means one a CPU
	Origin storage.Origin
	// Keys open media under encryption; nil for none. They stay in this process, but for the one key of an object, which its child gets over the pipe.
	Keys   *fetch.Keys
	Logger *slog.Logger // nil: slog.Default()
	// Deadline is how long one window may take before its child is killed; 0 derives it from the window's length.
	Deadline time.Duration
	// Command starts a child; nil means this executable with ChildCommand.
	Command []string
	// Env is the child's whole environment; nil means empty but for what the dynamic linker needs.
	Env []string
}

// deadline is how long a task may take.
func (c *Config) deadline(task *jobs.Task) time.Duration {
	if c.Deadline > 0 {
		return c.Deadline
	}
	if task.Look != nil {
		return baseDeadline // it has a bound of its own, and may pick a few moments of hours
	}
	w := &task.Window
	length := min(max(0, (w.End-w.Start).Seconds()), maxDeadline.Seconds())
	return min(baseDeadline+deadlineFactor*time.Duration(length*float64(time.Second)), maxDeadline)
}

// ErrClosed is what Measure returns after Close.
var ErrClosed = errors.New("the decoder slots are closed")

// Slots measures windows in decoder children.
type Slots struct {
	cfg  Config
	free chan *child // holds Config.Slots entries: the free slots
	once sync.Once
	done chan struct{}
}

var _ worker.Measurer = (*Slots)(nil)

// New starts no process yet: a slot starts its child when it gets its first window.
func New(cfg Config) (*Slots, error) {
	if cfg.Origin == nil {
		return nil, errors.New("no origin to read media from")
	}
	if cfg.Slots <= 0 {
		cfg.Slots = runtime.NumCPU()
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Command == nil {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find the own executable: %w", err)
		}
		cfg.Command = []string{self, ChildCommand}
	}
	s := &Slots{cfg: cfg, free: make(chan *child, cfg.Slots), done: make(chan struct{})}
	for range cfg.Slots {
		s.free <- &child{cfg: &s.cfg}
	}
	return s, nil
}

// Slots is how many windows are measured at the same time.
func (s *Slots) Slots() int { return s.cfg.Slots }

// Measure waits for a free slot and measures one window in it.
func (s *Slots) Measure(ctx context.Context, task jobs.Task) ([]byte, error) {
	var c *child
	select {
	case <-s.done:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case c = <-s.free:
	}
	defer func() { s.free <- c }()
	select {
	case <-s.done:
		return nil, ErrClosed
	default:
	}
	return c.measure(ctx, task)
}

// Close waits for running windows and ends all children.
func (s *Slots) Close() error {
	var errs []error
	s.once.Do(func() {
		close(s.done)
		for range s.cfg.Slots {
			c := <-s.free
			errs = append(errs, c.stop())
		}
		for range s.cfg.Slots {
			s.free <- &child{cfg: &s.cfg}
		}
	})
	return errors.Join(errs...)
}
