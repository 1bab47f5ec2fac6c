package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"aircheck/jobs"
)

// wantedKey is a hash of the live streams that producers are to follow, by name: a StreamStatus of when a producer said so first. It is what is known of a stream
// of which nothing was judged yet.
const wantedKey = "aircheck:{wanted}"

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
	}
	pipe.Expire(ctx, wantedKey, streamsTTL)
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
	if err := c.redis.HDel(ctx, wantedKey, names...).Err(); err != nil {
		return fmt.Errorf("tell which streams are wanted no more: %w", err)
	}
	return nil
}

// expected are the streams that something was heard of, and those that are wanted since they were.
func (c *Client) expected(ctx context.Context) (map[string]StreamStatus, error) {
	streams, err := c.Streams(ctx)
	if err != nil {
		return nil, err
	}
	wanted, err := c.statuses(ctx, wantedKey)
	if err != nil {
		return nil, fmt.Errorf("read which streams are wanted: %w", err)
	}
	for name, s := range wanted {
		if _, known := streams[name]; !known {
			streams[name] = s
		}
	}
	return streams, nil
}
