package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

// wantedKey is a hash of the live streams that producers are to follow, by name: a StreamStatus of when a producer said so first. It is what is known of a stream
// of which nothing was judged yet.
const wantedKey = "aircheck:{wanted}"

const (
	// saidKey is a sorted set of the same streams by when a producer said so last, in seconds of Unix time.
	saidKey = "aircheck:{wanted}:said"
	// saidWithin is how long before the latest word of any producer that of a stream may be: one that no producer names any more, since it went while none ran or
	// with the only producer that had it, is wanted no more. When no producer says anything, all stay wanted.
	saidWithin = 2 * time.Minute
)

// TellWanted notes from when on news of streams are waited for; window is how long the windows of each are. What is noted already stays as it is, so that it
// may be told as often as one likes: whatever Redis loses is noted anew.
func (c *Client) TellWanted(ctx context.Context, windows map[string]time.Duration, now time.Time) error {
	if len(windows) == 0 {
		return nil
	}
	pipe := c.redis.Pipeline()
	for name, window := range windows {
		b, err := json.Marshal(StreamStatus{Stream: name, Check: jobs.LiveID(name, now.Truncate(time.Hour)), Time: now.UTC(), Window: jobs.Seconds(window.Seconds())})
		if err != nil {
			return fmt.Errorf("encode wanted stream %s: %w", name, err)
		}
		pipe.HSetNX(ctx, wantedKey, name, b)
		pipe.ZAdd(ctx, saidKey, redis.Z{Score: float64(now.Unix()), Member: name})
	}
	pipe.Expire(ctx, wantedKey, streamsTTL)
	pipe.Expire(ctx, saidKey, streamsTTL)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("tell which streams are wanted: %w", err)
	}
	return nil
}

// TellUnwanted notes that streams are followed no more.
func (c *Client) TellUnwanted(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	members := make([]any, len(names))
	for i, name := range names {
		members[i] = name
	}
	pipe := c.redis.Pipeline()
	pipe.HDel(ctx, wantedKey, names...)
	pipe.ZRem(ctx, saidKey, members...)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("tell which streams are wanted no more: %w", err)
	}
	return nil
}

// expected are the streams that something was heard of, and those that are wanted: since then, where that is later. What is wanted no more is forgotten.
func (c *Client) expected(ctx context.Context) (map[string]StreamStatus, error) {
	streams, err := c.Streams(ctx)
	if err != nil {
		return nil, err
	}
	wanted, err := c.statuses(ctx, wantedKey)
	if err != nil {
		return nil, fmt.Errorf("read which streams are wanted: %w", err)
	}
	said, err := c.redis.ZRangeWithScores(ctx, saidKey, 0, -1).Result() // the latest stands last
	if err != nil {
		return nil, fmt.Errorf("read when streams were wanted: %w", err)
	}
	var gone []string
	for _, z := range said {
		name, _ := z.Member.(string)
		if said[len(said)-1].Score-z.Score > saidWithin.Seconds() {
			gone = append(gone, name)
			continue
		}
		s, ok := wanted[name]
		if news, known := streams[name]; ok && (!known || s.Time.After(news.Time)) {
			streams[name] = s
		}
	}
	return streams, c.TellUnwanted(ctx, gone)
}
