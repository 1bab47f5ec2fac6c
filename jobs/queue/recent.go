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
	// recentKey is a sorted set of ids by time, and recentDocs a hash of what is known of each.
	recentKey  = "aircheck:{recent}"
	recentDocs = "aircheck:{recent}:docs"
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
}

// tellRecentScript puts a check into the list and drops the oldest. News that comes late does not take a verdict back.
//
// KEYS: set, hash. ARGV: id, time, document, 1 when it has a verdict, bound.
var tellRecentScript = redis.NewScript(`
if ARGV[4] ~= "1" and redis.call("HEXISTS", KEYS[2], ARGV[1]) == 1 then
	return 0
end
redis.call("HSET", KEYS[2], ARGV[1], ARGV[3])
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[1])
for _, old in ipairs(redis.call("ZRANGE", KEYS[1], 0, -(tonumber(ARGV[5]) + 1))) do
	redis.call("ZREM", KEYS[1], old)
	redis.call("HDEL", KEYS[2], old)
end
return 1
`)

// TellRecent notes that a check was submitted or, with a verdict, that it is finished.
func (c *Client) TellRecent(ctx context.Context, r RecentCheck) error {
	if len(r.Input) > maxRecentInput {
		r.Input = r.Input[:maxRecentInput]
	}
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode check %s: %w", r.ID, err)
	}
	finished := 0
	if r.Verdict != "" {
		finished = 1
	}
	err = tellRecentScript.Run(ctx, c.redis, []string{recentKey, recentDocs}, r.ID, r.Created.UnixMilli(), b, finished, maxRecent).Err()
	if err != nil {
		return fmt.Errorf("tell of check %s: %w", r.ID, err)
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
	docs, err := c.redis.HMGet(ctx, recentDocs, ids...).Result()
	if err != nil {
		return nil, 0, fmt.Errorf("read recent checks: %w", err)
	}
	for i, d := range docs {
		text, ok := d.(string)
		var r RecentCheck
		if ok && len(text) <= maxRecentBytes && json.Unmarshal([]byte(text), &r) == nil && r.ID == ids[i] {
			list = append(list, r)
		}
	}
	return list, int(count.Val()), nil
}
