package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

// Handler does the work of a worker. All methods are called concurrently and must return soon after their context ends.
type Handler interface {
	// Measure measures a window and stores the result. It may be called again for a window that it has stored already.
	Measure(ctx context.Context, task jobs.Task) error
	// GiveUp stores the outcome of a window whose attempts are spent. Its error makes the queue try the window again.
	GiveUp(ctx context.Context, outcome jobs.Outcome) error
	// Judge writes the report of a check whose windows all have a measurement or an outcome.
	Judge(ctx context.Context, check string) error
	// Observe judges a check that still grows, as far as it goes, and tells what is new.
	Observe(ctx context.Context, check string) error
}

// ConsumerConfig sets up a Consumer. Every field has a default.
type ConsumerConfig struct {
	// Slots is how many tasks run at the same time. Defaults to 1.
	Slots int
	// Drain is how long Run waits for running windows once it was told to stop. What is not done by then goes back into the queue. Defaults to 15
	// minutes, longer than a 60 s window's timeout: a window that is thrown away is paid for twice.
	Drain  time.Duration
	Policy Policy
	// Log defaults to nothing.
	Log *slog.Logger
}

// Consumer pulls tasks out of the queues and hands them to a Handler.
type Consumer struct {
	handler Handler
	cfg     ConsumerConfig
	redis   redis.UniversalClient
	leases  *leases
	stopped chan struct{} // closed when no new task is taken any more

	mu     sync.Mutex
	health error
	counts Counts
	closed bool
	idle   *sync.Cond // on mu: counts.Running changed
}

// Counts says what a consumer has done since it started.
type Counts struct {
	Measured, Judged, Observed, GivenUp, Retried, Cancelled uint64
	Running                                                 int
}

// NewConsumer makes a consumer on conn, which it does not close.
func NewConsumer(conn *Conn, handler Handler, cfg ConsumerConfig) *Consumer {
	cfg.Slots = max(cfg.Slots, 1)
	if cfg.Drain <= 0 {
		cfg.Drain = 15 * time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Policy = cfg.Policy.withDefaults()
	c := &Consumer{handler: handler, cfg: cfg, redis: conn.client, leases: newLeases(conn.client, owner(), cfg.Log), stopped: make(chan struct{})}
	c.idle = sync.NewCond(&c.mu)
	return c
}

func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// Run works, once, until quit is closed, then takes no new tasks and waits for the running ones. When ctx ends it stops at once: running windows
// go back into the queue. All handlers have returned when Run returns.
func (c *Consumer) Run(ctx context.Context, quit <-chan struct{}) error {
	work, cancelWork := context.WithCancel(ctx)
	defer cancelWork()
	server := asynq.NewServerFromRedisClient(c.redis, c.config(work))
	beats, stopBeats := context.WithCancel(context.WithoutCancel(ctx))
	var keeper sync.WaitGroup
	keeper.Go(func() { c.leases.run(beats) })
	defer keeper.Wait()
	defer stopBeats()
	if err := server.Start(asynq.HandlerFunc(c.process)); err != nil {
		return fmt.Errorf("start consumer: %w", err)
	}
	select {
	case <-quit:
	case <-ctx.Done():
	}
	server.Stop()
	close(c.stopped)
	server.Shutdown()
	// Past its time asynq has put the tasks back; their handlers are still here.
	cancelWork()
	c.wait()
	return nil
}

// enter counts a handler in. asynq stops waiting for a handler when its context ends; we wait for all, and let none begin after that.
func (c *Consumer) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.counts.Running++
	return true
}

func (c *Consumer) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Running--
	c.idle.Broadcast()
}

func (c *Consumer) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for c.counts.Running > 0 {
		c.idle.Wait()
	}
}

// config sets everything that asynq would otherwise decide by itself.
func (c *Consumer) config(work context.Context) asynq.Config {
	return asynq.Config{
		Concurrency: c.cfg.Slots,
		BaseContext: func() context.Context { return work },
		Queues:      weights(),
		// asynq polls. At 50 ms an idle slot finds work after 27 ms (median), with the default of 1 s after 890 ms; it costs Redis 80 commands a second
		// and idle worker.
		TaskCheckInterval: 50 * time.Millisecond,
		// Forwarding tasks whose retry is due; the default of 5 s would add to every retry.
		DelayedTaskCheckInterval: time.Second,
		RetryDelayFunc:           c.cfg.Policy.delay,
		IsFailure:                isFailure,
		ShutdownTimeout:          c.cfg.Drain,
		HealthCheckInterval:      5 * time.Second,
		HealthCheckFunc:          c.setHealth,
		JanitorInterval:          8 * time.Second, // asynq's default; it deletes 100 finished tasks at a time, well above our rate
		JanitorBatchSize:         100,
		Logger:                   asynqLog{c.cfg.Log},
		LogLevel:                 asynq.DebugLevel, // slog decides what is written
	}
}

func (c *Consumer) setHealth(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.health = err
}

// Healthy returns the error of the last look at Redis, at most five seconds ago.
func (c *Consumer) Healthy() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.health != nil {
		return fmt.Errorf("ask redis: %w", c.health)
	}
	return nil
}

// Counts returns what was done so far.
func (c *Consumer) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

func (c *Consumer) count(change func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.counts)
}

// process is asynq's handler.
func (c *Consumer) process(ctx context.Context, t *asynq.Task) error {
	if !c.enter() {
		return jobs.Classify(jobs.Cancelled, context.Canceled)
	}
	defer c.leave()
	id, _ := asynq.GetTaskID(ctx)
	queue, _ := asynq.GetQueueName(ctx)
	defer c.leases.hold(ctx, queue, id)()
	switch t.Type() {
	case typeMeasure:
		return c.measure(ctx, id, t.Payload())
	case typeJudge:
		return c.judge(ctx, id, t.Payload())
	case typeObserve:
		return c.observe(ctx, id, t.Payload())
	case typeEvidence:
		return c.evidence(ctx, id, t.Payload())
	}
	return skip(fmt.Errorf("task %s: unknown type %q", id, t.Type()))
}

func (c *Consumer) measure(ctx context.Context, id string, payload []byte) error {
	task, err := jobs.DecodeTask(payload)
	if err != nil {
		// Nobody can tell which window this was to be; the reconciler misses it and asks for it in its own words.
		c.cfg.Log.Error("refuse task", "task", id, "error", err)
		return skip(err)
	}
	failures, _ := asynq.GetRetryCount(ctx)
	task.LastTry = task.LastTry || c.cfg.Policy.last(failures)
	attempt, cancel := context.WithTimeoutCause(ctx, WindowTimeout(task.Window), errDeadline)
	defer cancel()
	err = c.guard(func() error { return c.handler.Measure(attempt, task) })
	if err == nil {
		c.count(func(n *Counts) { n.Measured++ })
		return nil
	}
	return c.settle(ctx, id, task, classified(attempt, err))
}

// settle decides what a failed attempt leads to: another one, or an outcome.
func (c *Consumer) settle(ctx context.Context, id string, task jobs.Task, err error) error {
	class := jobs.ClassOf(err)
	failures, _ := asynq.GetRetryCount(ctx)
	log := c.cfg.Log.With("task", id, "class", class, "attempt", failures+1, "error", err)
	switch {
	case class == jobs.Cancelled:
		log.Info("window was interrupted")
		c.count(func(n *Counts) { n.Cancelled++ })
		return err
	case !c.cfg.Policy.spent(class, failures) || class == jobs.Transient && !task.LastTry:
		log.Warn("window failed and will be tried again")
		c.count(func(n *Counts) { n.Retried++ })
		return err
	}
	log.Error("window failed for good")
	outcome := jobs.Outcome{
		V: jobs.Version, Check: task.Check, Sequence: task.Window.Sequence, Window: task.Window.Index,
		Class: class, Message: err.Error(), Attempts: failures + 1,
	}
	// A worker that is asked to stop still says what it knows.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), backstop/2)
	defer cancel()
	if giveUp := c.guard(func() error { return c.handler.GiveUp(last, outcome) }); giveUp != nil {
		return fmt.Errorf("store outcome: %w", giveUp)
	}
	c.count(func(n *Counts) { n.GivenUp++ })
	return skip(err)
}

func (c *Consumer) judge(ctx context.Context, id string, payload []byte) error {
	var p judgePayload
	if err := json.Unmarshal(payload, &p); err != nil || p.V != jobs.Version || p.Check == "" {
		return skip(fmt.Errorf("decode judge task %s: version %d: %w", id, p.V, err))
	}
	attempt, cancel := context.WithTimeoutCause(ctx, JudgeTimeout, errDeadline)
	defer cancel()
	err := c.guard(func() error { return c.handler.Judge(attempt, p.Check) })
	if err == nil {
		c.count(func(n *Counts) { n.Judged++ })
		return nil
	}
	err = classified(attempt, err)
	failures, _ := asynq.GetRetryCount(ctx)
	c.cfg.Log.Warn("judge failed", "task", id, "class", jobs.ClassOf(err), "attempt", failures+1, "error", err)
	if c.cfg.Policy.spent(jobs.ClassOf(err), failures) {
		return skip(err)
	}
	return err
}

// observe judges a growing check. A task that fails for good is no loss: the next window brings another.
func (c *Consumer) observe(ctx context.Context, id string, payload []byte) error {
	var p judgePayload
	if err := json.Unmarshal(payload, &p); err != nil || p.V != jobs.Version || p.Check == "" {
		return skip(fmt.Errorf("decode observe task %s: version %d: %w", id, p.V, err))
	}
	attempt, cancel := context.WithTimeoutCause(ctx, ObserveTimeout, errDeadline)
	defer cancel()
	err := c.guard(func() error { return c.handler.Observe(attempt, p.Check) })
	if err == nil {
		c.count(func(n *Counts) { n.Observed++ })
		return nil
	}
	err = classified(attempt, err)
	if jobs.ClassOf(err) == jobs.Cancelled {
		return err
	}
	c.cfg.Log.Warn("observe failed", "task", id, "class", jobs.ClassOf(err), "error", err)
	failures, _ := asynq.GetRetryCount(ctx)
	if c.cfg.Policy.spent(jobs.ClassOf(err), failures) {
		return errors.Join(err, asynq.RevokeTask) // it would block nothing in the archive, and says nothing to anybody there
	}
	return err
}

// guard turns a panic into a crash: it counts like that of a decoder, and a window that provokes it ends in an outcome.
func (c *Consumer) guard(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.cfg.Log.Error("panic", "value", p, "stack", string(debug.Stack()))
			err = jobs.Classify(jobs.Crash, fmt.Errorf("panic: %v", p))
		}
	}()
	return work()
}

// skip sends the task to the archive, where an operator sees it with its error.
func skip(err error) error { return errors.Join(err, asynq.SkipRetry) }
