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
	// aloneKey is a hash of those that a process follows without leases, since it is the only one, and of who that is.
	aloneKey = "aircheck:{wanted}:alone"
	// saidWithin is how long before the latest word of any producer that of a stream may be: one that no producer names any more, since it went while none ran or
	// with the only producer that had it, is wanted no more. When no producer says anything, all stay wanted.
	saidWithin = 2 * time.Minute
)

// TellWanted notes from when on news of streams are waited for; window is how long the windows of each are. What is noted already stays as it is, so that it
// may be told as often as one likes: whatever Redis loses is noted anew. alone is who follows them without leases, empty where leases say it.
func (c *Client) TellWanted(ctx context.Context, alone string, windows map[string]time.Duration, now time.Time) error {
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
		if alone != "" {
			pipe.HSet(ctx, aloneKey, name, alone)
		}
	}
	pipe.Expire(ctx, aloneKey, streamsTTL)
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
	pipe.HDel(ctx, aloneKey, names...)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("tell which streams are wanted no more: %w", err)
	}
	return nil
}

// wanted are the streams that producers want, each with since when, and the names of those that no producer names any more.
func (c *Client) wanted(ctx context.Context) (wanted map[string]StreamStatus, gone []string, err error) {
	noted, err := c.statuses(ctx, wantedKey)
	if err != nil {
		return nil, nil, fmt.Errorf("read which streams are wanted: %w", err)
	}
	said, err := c.redis.ZRangeWithScores(ctx, saidKey, 0, -1).Result() // the latest stands last
	if err != nil {
		return nil, nil, fmt.Errorf("read when streams were wanted: %w", err)
	}
	wanted = make(map[string]StreamStatus, len(noted))
	for _, z := range said {
		name, _ := z.Member.(string)
		if said[len(said)-1].Score-z.Score > saidWithin.Seconds() {
			gone = append(gone, name)
		} else if s, ok := noted[name]; ok {
			s.Wanted = s.Time
			wanted[name] = s
		}
	}
	return wanted, gone, nil
}

// expected are the streams that something was heard of, and those that are wanted: since then, where that is later. What is wanted no more is forgotten.
func (c *Client) expected(ctx context.Context) (map[string]StreamStatus, error) {
	streams, err := c.Streams(ctx)
	if err != nil {
		return nil, err
	}
	wanted, gone, err := c.wanted(ctx)
	if err != nil {
		return nil, err
	}
	for name, s := range wanted {
		if news, known := streams[name]; !known || s.Time.After(news.Time) {
			streams[name] = s
		}
	}
	return streams, c.TellUnwanted(ctx, gone)
}

// Followed are all live streams for those who look at them, by name: what Streams knows, and beside it what is wanted and was never judged, or was over before it
// was wanted again. Those have Wanted and no check, which nobody has begun as far as one knows.
func (c *Client) Followed(ctx context.Context) (map[string]StreamStatus, error) {
	streams, err := c.Streams(ctx)
	if err != nil {
		return nil, err
	}
	wanted, _, err := c.wanted(ctx)
	if err != nil {
		return nil, err
	}
	for name, s := range wanted {
		if news, known := streams[name]; !known || news.Over() && s.Time.After(news.Time) {
			s.Check = ""
			streams[name] = s
		}
	}
	return streams, nil
}
