package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Reaper removes ghosts: tasks that count as active while neither a worker nor asynq's recoverer has a lease on them. asynq leaves one behind when a
// lease vanishes under a finished task: its script removes the task from one list, fails on the next, and Redis does not undo the first half.
// Such a task never moves again, holds its id, and counts as work to do for whoever scales the fleet.
type Reaper struct {
	client *Client
	// suspects are the ghosts of the last sweep: a task that has just been taken looks like one for a moment.
	suspects map[heldTask]bool
}

// NewReaper makes a reaper. It is not for concurrent use; several may work on one Redis.
func NewReaper(c *Client) *Reaper { return &Reaper{client: c, suspects: map[heldTask]bool{}} }

// Sweep removes the tasks that looked like ghosts at the sweep before and still do, and returns how many. Call it at intervals longer than
// a lease, of 30 s and more: it walks over all keys.
func (r *Reaper) Sweep(ctx context.Context) (int, error) {
	found := map[heldTask]bool{}
	for _, queue := range Names() {
		ids, err := r.client.activeIDs(ctx, queue)
		if err != nil {
			return 0, err
		}
		for _, id := range ids {
			ghost, err := r.client.isGhost(ctx, queue, id)
			if err != nil {
				return 0, err
			}
			if ghost {
				found[heldTask{queue, id}] = true
			}
		}
	}
	reaped := 0
	for t := range found {
		if !r.suspects[t] {
			continue
		}
		ok, err := r.client.reclaim(ctx, t.queue, t.id)
		if err != nil {
			return reaped, err
		}
		if ok {
			reaped++
		}
		delete(found, t)
	}
	r.suspects = found
	return reaped, nil
}

// activeIDs finds the tasks whose hash says active, wherever they stand in asynq's lists.
func (c *Client) activeIDs(ctx context.Context, queue string) ([]string, error) {
	prefix := taskKey(queue, "")
	var (
		mu  sync.Mutex
		ids []string
	)
	err := c.eachNode(ctx, func(ctx context.Context, node redis.Cmdable) error {
		scan := node.ScanType(ctx, 0, prefix+"*", stateBatch, "hash").Iterator()
		for scan.Next(ctx) {
			key := scan.Val()
			state, err := node.HGet(ctx, key, "state").Result()
			if err != nil && !errors.Is(err, redis.Nil) {
				return err
			}
			if state == "active" {
				mu.Lock()
				ids = append(ids, strings.TrimPrefix(key, prefix))
				mu.Unlock()
			}
		}
		return scan.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("look for active tasks of %s: %w", queue, err)
	}
	return ids, nil
}

func (c *Client) eachNode(ctx context.Context, fn func(context.Context, redis.Cmdable) error) error {
	if cluster, ok := c.redis.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return fn(ctx, node) })
	}
	return fn(ctx, c.redis)
}

// isGhost tells whether nobody has a lease on a task.
func (c *Client) isGhost(ctx context.Context, queue, id string) (bool, error) {
	n, err := c.redis.Exists(ctx, leaseKey(queue, id)).Result()
	if err != nil {
		return false, fmt.Errorf("read lease of %s: %w", id, err)
	}
	if n == 1 {
		return false, nil
	}
	err = c.redis.ZScore(ctx, asynqLeaseKey(queue), id).Err()
	if errors.Is(err, redis.Nil) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read asynq's lease of %s: %w", id, err)
	}
	return false, nil
}
