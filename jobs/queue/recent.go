package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

const (
	// recentKey is a sorted set of ids by time, recentDocs a hash of what was submitted, and recentVerdicts one of what came of it.
	recentKey      = "aircheck:{recent}"
	recentDocs     = "aircheck:{recent}:docs"
	recentVerdicts = "aircheck:{recent}:verdicts"
	// maxRecent bounds the list: what is older is found by its id.
	maxRecent = 5000
	// maxRecentRead bounds a page of it.
	maxRecentRead  = 500
	maxRecentBytes = 64 << 10
	// maxRecentInput bounds an input in the list, in bytes.
	maxRecentInput = 4 << 10
)

// RecentCheck is a check of something that is not live, as the list of recent checks has it. Checks of live streams are found by jobs.LiveID.
type RecentCheck struct {
	ID      string    `json:"id"`
	Input   string    `json:"input"`
	Created time.Time `json:"created"`
	// Verdict is empty while there is no report.
	Verdict jobs.Verdict `json:"verdict,omitempty"`
	// GivenUp: the check will have no report.
	GivenUp bool `json:"given_up,omitempty"`
}

// noVerdict stands in the place of the verdict of a check that was given up.
const noVerdict = "given_up"

// tellRecentScript puts a check into the list and drops the oldest.
//
// KEYS: set, hash, verdicts. ARGV: id, time, document, bound.
var tellRecentScript = redis.NewScript(`
redis.call("HSET", KEYS[2], ARGV[1], ARGV[3])
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[1])
for _, old in ipairs(redis.call("ZRANGE", KEYS[1], 0, -(tonumber(ARGV[4]) + 1))) do
	redis.call("ZREM", KEYS[1], old)
	redis.call("HDEL", KEYS[2], old)
	redis.call("HDEL", KEYS[3], old)
end
return 1
`)

// TellRecent notes that a check was submitted.
func (c *Client) TellRecent(ctx context.Context, check *jobs.Check) error {
	r := RecentCheck{ID: check.ID, Input: check.Input, Created: check.Created}
	if len(r.Input) > maxRecentInput {
		r.Input = r.Input[:maxRecentInput]
	}
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode check %s: %w", r.ID, err)
	}
	keys := []string{recentKey, recentDocs, recentVerdicts}
	if err := tellRecentScript.Run(ctx, c.redis, keys, r.ID, r.Created.UnixMilli(), b, maxRecent).Err(); err != nil {
		return fmt.Errorf("tell of check %s: %w", r.ID, err)
	}
	return nil
}

// tellVerdictScript notes a verdict, of a check that is in the list only: the hash would grow without end.
//
// KEYS: set, verdicts. ARGV: id, verdict.
var tellVerdictScript = redis.NewScript(`
if redis.call("ZSCORE", KEYS[1], ARGV[1]) then
	redis.call("HSET", KEYS[2], ARGV[1], ARGV[2])
end
return 1
`)

// TellVerdict notes that a check is finished.
func (c *Client) TellVerdict(ctx context.Context, id string, v jobs.Verdict) error {
	return c.tellEnd(ctx, id, string(v))
}

func (c *Client) tellEnd(ctx context.Context, id, how string) error {
	if err := tellVerdictScript.Run(ctx, c.redis, []string{recentKey, recentVerdicts}, id, how).Err(); err != nil {
		return fmt.Errorf("tell the verdict of check %s: %w", id, err)
	}
	return nil
}

// Recent reads a page of the recent checks, the newest first, and says how many there are.
func (c *Client) Recent(ctx context.Context, offset, limit int) (list []RecentCheck, total int, err error) {
	offset, limit = max(0, offset), min(max(0, limit), maxRecentRead)
	if limit == 0 {
		n, err := c.redis.ZCard(ctx, recentKey).Result()
		if err != nil {
			return nil, 0, fmt.Errorf("count recent checks: %w", err)
		}
		return nil, int(n), nil
	}
	pipe := c.redis.Pipeline()
	count := pipe.ZCard(ctx, recentKey)
	page := pipe.ZRevRange(ctx, recentKey, int64(offset), int64(offset+limit-1))
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, 0, fmt.Errorf("list recent checks: %w", err)
	}
	ids := page.Val()
	if len(ids) == 0 {
		return nil, int(count.Val()), nil
	}
	list, err = c.recent(ctx, ids)
	return list, int(count.Val()), err
}

// recent reads what is known of some checks; what cannot be read is left out.
func (c *Client) recent(ctx context.Context, ids []string) ([]RecentCheck, error) {
	pipe := c.redis.Pipeline()
	docs, verdicts := pipe.HMGet(ctx, recentDocs, ids...), pipe.HMGet(ctx, recentVerdicts, ids...)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("read recent checks: %w", err)
	}
	list := make([]RecentCheck, 0, len(ids))
	for i, id := range ids {
		text, ok := docs.Val()[i].(string)
		var r RecentCheck
		if !ok || len(text) > maxRecentBytes || json.Unmarshal([]byte(text), &r) != nil || r.ID != id {
			continue
		}
		if v, ok := verdicts.Val()[i].(string); ok && v == noVerdict {
			r.GivenUp = true
		} else if ok {
			r.Verdict = jobs.Verdict(v)
		}
		list = append(list, r)
	}
	return list, nil
}
