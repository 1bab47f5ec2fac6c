package queue

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

// fanInTTL is how long the counters of a check outlive its last window. They are a short cut: the reconciler finds out the same from the store.
const fanInTTL = 48 * time.Hour

// Expect says how many windows a check has, so that the last one to be done can tell that it is the last.
func (c *Client) Expect(ctx context.Context, check string, windows int) error {
	if err := c.redis.Set(ctx, totalKey(check), windows, fanInTTL).Err(); err != nil {
		return fmt.Errorf("announce check %s: %w", check, err)
	}
	return nil
}

// markScript adds a window to the set of those that are done and tells whether all are. While nobody knows how many there are to be, they are not.
//
// KEYS: done, total. ARGV: member, seconds to live.
var markScript = redis.NewScript(`
redis.call("SADD", KEYS[1], ARGV[1])
redis.call("EXPIRE", KEYS[1], ARGV[2])
local total = tonumber(redis.call("GET", KEYS[2]) or "")
if total and redis.call("SCARD", KEYS[1]) >= total then
	return 1
end
return 0
`)

// MarkDone notes that a window's measurement or outcome is in the store. It tells whether with it the check is complete; of several callers
// more than one may hear so, and a window may be marked again and again.
func (c *Client) MarkDone(ctx context.Context, check, sequence string, window int) (complete bool, err error) {
	keys := []string{doneKey(check), totalKey(check)}
	n, err := markScript.Run(ctx, c.redis, keys, windowMember(sequence, window), int(fanInTTL.Seconds())).Int()
	if err != nil {
		return false, fmt.Errorf("mark window %d of %s in check %s: %w", window, sequence, check, err)
	}
	return n == 1, nil
}

// Unmark takes back MarkDone for windows whose results are not in the store after all.
func (c *Client) Unmark(ctx context.Context, check string, windows []jobs.Window) error {
	if len(windows) == 0 {
		return nil
	}
	members := make([]any, len(windows))
	for i, w := range windows {
		members[i] = windowMember(w.Sequence, w.Index)
	}
	if err := c.redis.SRem(ctx, doneKey(check), members...).Err(); err != nil {
		return fmt.Errorf("unmark windows of check %s: %w", check, err)
	}
	return nil
}

// Fanin is what Redis knows about a check. All of it may be missing.
type Fanin struct {
	Done   map[jobs.WindowID]bool
	Epochs map[jobs.WindowID]int
	// JudgeEpoch counts how often the judge was enqueued anew.
	JudgeEpoch int
}

// Fanin reads the counters of a check.
func (c *Client) Fanin(ctx context.Context, check string) (Fanin, error) {
	pipe := c.redis.Pipeline()
	done := pipe.SMembers(ctx, doneKey(check))
	epochs := pipe.HGetAll(ctx, epochKey(check))
	if _, err := pipe.Exec(ctx); err != nil {
		return Fanin{}, fmt.Errorf("read progress of check %s: %w", check, err)
	}
	f := Fanin{Done: make(map[jobs.WindowID]bool, len(done.Val())), Epochs: make(map[jobs.WindowID]int, len(epochs.Val()))}
	for _, m := range done.Val() {
		if id, ok := parseMember(m); ok {
			f.Done[id] = true
		}
	}
	for m, v := range epochs.Val() {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			continue
		}
		if m == Judge {
			f.JudgeEpoch = n
		} else if id, ok := parseMember(m); ok {
			f.Epochs[id] = n
		}
	}
	return f, nil
}

func parseMember(m string) (jobs.WindowID, bool) {
	sequence, index, ok := strings.Cut(m, "/")
	n, err := strconv.Atoi(index)
	return jobs.WindowID{Sequence: sequence, Index: n}, ok && err == nil && n >= 0
}

// raiseScript keeps the greatest epoch, whoever came to it first.
//
// KEYS: epochs. ARGV: member, epoch, seconds to live.
var raiseScript = redis.NewScript(`
local now = tonumber(redis.call("HGET", KEYS[1], ARGV[1]) or "0")
if tonumber(ARGV[2]) > now then
	redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
end
redis.call("EXPIRE", KEYS[1], ARGV[3])
return 0
`)

func (c *Client) raiseEpoch(ctx context.Context, ref Ref) error {
	err := raiseScript.Run(ctx, c.redis, []string{epochKey(ref.Check)}, ref.member(), ref.Epoch, int(fanInTTL.Seconds())).Err()
	if err != nil {
		return fmt.Errorf("note epoch %d of %s: %w", ref.Epoch, ref.id(), err)
	}
	return nil
}

// RequeueWindow enqueues a window in a new epoch, task.Epoch, and remembers the epoch.
func (c *Client) RequeueWindow(ctx context.Context, task jobs.Task, queue string) error {
	if err := c.raiseEpoch(ctx, WindowRef(queue, task.Check, task.Window, task.Epoch)); err != nil {
		return err
	}
	return c.EnqueueWindow(ctx, task, queue)
}

// RequeueJudge enqueues the judge of a check in a new epoch and remembers the epoch.
func (c *Client) RequeueJudge(ctx context.Context, check string, epoch int) error {
	if err := c.raiseEpoch(ctx, JudgeRef(check, epoch)); err != nil {
		return err
	}
	return c.EnqueueJudge(ctx, check, epoch)
}

// Forget drops the counters of a check that has its report.
func (c *Client) Forget(ctx context.Context, check string) error {
	if err := c.redis.Del(ctx, doneKey(check), totalKey(check), epochKey(check), deathsKey(check)).Err(); err != nil {
		return fmt.Errorf("forget check %s: %w", check, err)
	}
	return nil
}
