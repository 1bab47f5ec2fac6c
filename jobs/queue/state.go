package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

// State says where a task is.
type State string

// The states of a task.
const (
	Absent   State = "absent"   // Redis knows nothing of it
	Waiting  State = "waiting"  // pending, scheduled or waiting for its next attempt
	Running  State = "running"  // a worker is at it
	Orphaned State = "orphaned" // it counts as running and no worker holds its lease
	Finished State = "finished" // done, and kept for a while
	Archived State = "archived" // given up
)

// Alive tells whether something will still happen to the task by itself.
func (s State) Alive() bool { return s == Waiting || s == Running }

// stateBatch bounds a pipeline, so that a check of a hundred thousand windows does not hold Redis up.
const stateBatch = 1000

// States asks for the states of tasks, in the order of refs.
func (c *Client) States(ctx context.Context, refs []Ref) ([]State, error) {
	states := make([]State, 0, len(refs))
	for len(refs) > 0 {
		n := min(len(refs), stateBatch)
		batch, err := c.states(ctx, refs[:n])
		if err != nil {
			return nil, err
		}
		states, refs = append(states, batch...), refs[n:]
	}
	return states, nil
}

func (c *Client) states(ctx context.Context, refs []Ref) ([]State, error) {
	pipe := c.redis.Pipeline()
	hashes := make([]*redis.StringCmd, len(refs))
	held := make([]*redis.IntCmd, len(refs))
	for i, r := range refs {
		hashes[i] = pipe.HGet(ctx, taskKey(r.Queue, r.id()), "state")
		held[i] = pipe.Exists(ctx, leaseKey(r.Queue, r.id()))
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read states of %d tasks: %w", len(refs), err)
	}
	states := make([]State, len(refs))
	for i := range refs {
		if err := hashes[i].Err(); err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("read state of %s: %w", refs[i].id(), err)
		}
		if err := held[i].Err(); err != nil {
			return nil, fmt.Errorf("read lease of %s: %w", refs[i].id(), err)
		}
		states[i] = stateOf(hashes[i].Val(), held[i].Val() == 1)
	}
	return states, nil
}

func stateOf(asynqState string, leased bool) State {
	switch asynqState {
	case "pending", "scheduled", "retry", "aggregating":
		return Waiting
	case "active":
		if leased {
			return Running
		}
		return Orphaned
	case "completed":
		return Finished
	case "archived":
		return Archived
	}
	if leased {
		return Running // Redis lost the task, and the worker that has it does not know and goes on
	}
	return Absent
}

// reclaimScript removes a task that counts as active and whose worker is gone, in whatever lists it still stands. It looks again before it acts, so
// a worker that took the task meanwhile keeps it.
//
// KEYS: task, active, asynq's lease, our lease. ARGV: id.
var reclaimScript = redis.NewScript(`
if redis.call("HGET", KEYS[1], "state") ~= "active" or redis.call("EXISTS", KEYS[4]) == 1 then
	return 0
end
redis.call("LREM", KEYS[2], 0, ARGV[1])
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("DEL", KEYS[1])
return 1
`)

// Reclaim takes an orphaned task out of the queue, so that asynq does not start it a second time when it notices, a minute later, and tells how
// many workers have died over this window so far. Of several concurrent calls one returns true.
func (c *Client) Reclaim(ctx context.Context, r Ref) (reclaimed bool, deaths int, err error) {
	reclaimed, err = c.reclaim(ctx, r.Queue, r.id())
	if err != nil || !reclaimed {
		return false, 0, err
	}
	deaths, err = c.CountDeath(ctx, r)
	return true, deaths, err
}

func (c *Client) reclaim(ctx context.Context, queue, id string) (bool, error) {
	keys := []string{taskKey(queue, id), activeKey(queue), asynqLeaseKey(queue), leaseKey(queue, id)}
	n, err := reclaimScript.Run(ctx, c.redis, keys, id).Int()
	if err != nil {
		return false, fmt.Errorf("reclaim %s: %w", id, err)
	}
	return n == 1, nil
}

// LastError is what the last attempt at a task ended in, as its worker put it; empty when Redis does not know.
func (c *Client) LastError(ctx context.Context, r Ref) (string, error) {
	info, err := c.inspector.GetTaskInfo(r.Queue, r.id())
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("look for the last error of %s: %w", r.id(), err)
	}
	return strings.TrimSuffix(info.LastErr, "\n"+asynq.SkipRetry.Error()), ctx.Err()
}

// CountUnreadable notes that the stored result of a window could not be read, and returns how often that happened. Something can be done about it, so the
// judge's failures so far do not count.
func (c *Client) CountUnreadable(ctx context.Context, check string, w jobs.Window) (int, error) {
	pipe := c.redis.Pipeline()
	n := pipe.HIncrBy(ctx, deathsKey(check), "unreadable/"+windowMember(w.Sequence, w.Index), 1)
	pipe.HDel(ctx, deathsKey(check), Judge)
	pipe.Expire(ctx, deathsKey(check), fanInTTL)
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, fmt.Errorf("count an unreadable result of window %d of %s in check %s: %w", w.Index, w.Sequence, check, err)
	}
	return int(n.Val()), nil
}

// CountDeath notes that an epoch of a window ended without a measurement, an outcome or a word, or one of a judge without a report, and returns how many
// did. It bounds what a window can cost that takes whole workers down, and what a check can that cannot be judged.
func (c *Client) CountDeath(ctx context.Context, r Ref) (int, error) {
	pipe := c.redis.Pipeline()
	n := pipe.HIncrBy(ctx, deathsKey(r.Check), r.member(), 1)
	pipe.Expire(ctx, deathsKey(r.Check), fanInTTL)
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, fmt.Errorf("count a death of %s: %w", r.id(), err)
	}
	return int(n.Val()), nil
}
