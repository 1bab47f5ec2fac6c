package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Our own leases. asynq notices a dead worker after one to two minutes, by constants that cannot be set (lease 30 s, cutoff 30 s, check every 60 s).
// So a worker keeps one more key alive for every task it runs, under Redis's own clock: when the key is gone and the task still counts as
// active, nobody is working on it.
const (
	// leaseTTL tolerates five lost beats: on a machine whose cores are all decoding, a goroutine can wait for seconds.
	leaseTTL  = 6 * time.Second
	leaseBeat = time.Second
)

type heldTask struct{ queue, id string }

// leases holds the leases of one process.
type leases struct {
	redis redis.UniversalClient
	owner string // host and process id, for people who look into Redis
	log   *slog.Logger

	mu   sync.Mutex
	held map[heldTask]struct{}
}

func newLeases(client redis.UniversalClient, owner string, log *slog.Logger) *leases {
	return &leases{redis: client, owner: owner, log: log, held: map[heldTask]struct{}{}}
}

// hold takes the lease of a task; the caller releases it when the task has ended. Errors are not fatal: without a lease the task may run twice, which
// is allowed.
func (l *leases) hold(ctx context.Context, queue, id string) (release func()) {
	task := heldTask{queue: queue, id: id}
	l.mu.Lock()
	l.held[task] = struct{}{}
	l.mu.Unlock()
	if err := l.renew(ctx, []heldTask{task}); err != nil {
		l.log.Warn("take lease", "task", id, "error", err)
	}
	return func() { l.release(task) }
}

// release leaves the key to its TTL: asynq takes the task out of the active ones only after the handler has returned.
func (l *leases) release(task heldTask) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, task)
}

func (l *leases) renew(ctx context.Context, tasks []heldTask) error {
	if len(tasks) == 0 {
		return nil
	}
	pipe := l.redis.Pipeline()
	for _, t := range tasks {
		pipe.Set(ctx, leaseKey(t.queue, t.id), l.owner, leaseTTL)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("renew %d leases: %w", len(tasks), err)
	}
	return nil
}

// run renews all leases until ctx ends.
func (l *leases) run(ctx context.Context) {
	t := time.NewTicker(leaseBeat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := l.renew(ctx, l.list()); err != nil && ctx.Err() == nil {
			l.log.Warn("renew leases", "error", err)
		}
	}
}

func (l *leases) list() []heldTask {
	l.mu.Lock()
	defer l.mu.Unlock()
	tasks := make([]heldTask, 0, len(l.held))
	for t := range l.held {
		tasks = append(tasks, t)
	}
	return tasks
}
