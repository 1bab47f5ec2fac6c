package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

// Client puts tasks into the queue and asks what became of them. It is safe for concurrent use.
type Client struct {
	redis     redis.UniversalClient
	asynq     *asynq.Client
	inspector *asynq.Inspector
}

// NewClient works on conn, which it does not close.
func NewClient(conn *Conn) *Client {
	return &Client{
		redis:     conn.client,
		asynq:     asynq.NewClientFromRedisClient(conn.client),
		inspector: asynq.NewInspectorFromRedisClient(conn.client),
	}
}

// EnqueueWindow puts the task of a window into a queue. A task that is there already is no error.
func (c *Client) EnqueueWindow(ctx context.Context, task jobs.Task, queue string) error {
	if err := ValidName(queue); err != nil {
		return jobs.Classify(jobs.Permanent, err)
	}
	payload, err := jobs.EncodeTask(task)
	if err != nil {
		return jobs.Classify(jobs.Permanent, fmt.Errorf("encode task: %w", err))
	}
	ref := WindowRef(queue, task.Check, task.Window, task.Epoch)
	return c.enqueue(ctx, asynq.NewTask(typeMeasure, payload), ref, WindowTimeout(task.Window))
}

// EnqueueJudge asks for the verdict on a check whose windows are all done. A task that is there already is no error.
func (c *Client) EnqueueJudge(ctx context.Context, check string, epoch int) error {
	payload, err := json.Marshal(judgePayload{V: jobs.Version, Check: check})
	if err != nil {
		return fmt.Errorf("encode judge task: %w", err)
	}
	return c.enqueue(ctx, asynq.NewTask(typeJudge, payload), JudgeRef(check, epoch), JudgeTimeout)
}

// judgePayload asks to judge a check.
type judgePayload struct {
	V     int    `json:"v"`
	Check string `json:"check"`
}

func (c *Client) enqueue(ctx context.Context, task *asynq.Task, ref Ref, timeout time.Duration) error {
	_, err := c.asynq.EnqueueContext(ctx, task, options(ref, timeout)...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("enqueue %s: %w", ref.id(), err)
	}
	return nil
}

// options sets everything that asynq would otherwise decide by itself.
func options(ref Ref, timeout time.Duration) []asynq.Option {
	return []asynq.Option{
		asynq.Queue(ref.Queue),
		// The id holds the epoch, so a task that got lost half-way never blocks its successor. Unique is not used: together with TaskID it
		// leaks its lock on a conflict.
		asynq.TaskID(ref.id()),
		// Our own deadline ends the work and leaves asynq's as a backstop for a handler that does not listen. There is no Deadline: a
		// window that waited long in a backlog is still worth measuring.
		asynq.Timeout(timeout + backstop),
		// The consumer gives up by itself, by class, and records an outcome. This limit only ends a task whose outcome cannot be written for
		// hours; the reconciler then starts it anew. It must never be 0: a crash of the worker would archive the task at once.
		asynq.MaxRetry(maxRetry),
		asynq.Retention(retention),
	}
}

const (
	// backstop is what asynq adds to our own deadline: time to kill a child and to write an outcome.
	backstop = 30 * time.Second
	maxRetry = 100
	// retention keeps finished tasks visible in the web interface, and makes a late duplicate of one conflict. At 700 bytes a task and one task a
	// minute of stream it costs Redis nothing.
	retention = 10 * time.Minute
)

// AnnounceQueues makes the queues known to asynq's tools. asynq does so once in the life of a client, so they would stay unknown after Redis
// lost its data.
func (c *Client) AnnounceQueues(ctx context.Context) error {
	if err := c.redis.SAdd(ctx, asynqQueues, Names()).Err(); err != nil {
		return fmt.Errorf("announce queues: %w", err)
	}
	return nil
}
