package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// notifierKey holds who tells people what happens. One process at a time does.
	notifierKey = "aircheck:{notify}:leader"
	// notifyStateKey holds what that process has to remember.
	notifyStateKey = "aircheck:{notify}:state"
	// notifyStateTTL: older news is of no use to anybody.
	notifyStateTTL = 48 * time.Hour
	// NotifierTTL is after how long without a sign of life another process takes over; it is to be renewed a few times within.
	NotifierTTL = 10 * time.Second
	// maxNotifyState bounds the state: a thousand waiting messages for each of some targets.
	maxNotifyState = 64 << 20
)

// putNotifyScript stores the state, if the caller still leads.
//
// KEYS: leader, state. ARGV: owner, state, ms to live.
var putNotifyScript = redis.NewScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
	return 0
end
redis.call("SET", KEYS[2], ARGV[2], "PX", ARGV[3])
return 1
`)

// LeadNotify takes or renews the right to notify; owner is unique among processes.
func (c *Client) LeadNotify(ctx context.Context, owner string) (bool, error) {
	n, err := claimScript.Run(ctx, c.redis, []string{notifierKey}, owner, NotifierTTL.Milliseconds()).Int()
	if err != nil {
		return false, fmt.Errorf("lead the notifier: %w", err)
	}
	return n == 1, nil
}

// ResignNotify gives the right back.
func (c *Client) ResignNotify(ctx context.Context, owner string) error {
	if err := releaseScript.Run(ctx, c.redis, []string{notifierKey}, owner).Err(); err != nil {
		return fmt.Errorf("resign the notifier: %w", err)
	}
	return nil
}

// NotifyState is what was stored last; nil when nothing was.
func (c *Client) NotifyState(ctx context.Context) ([]byte, error) {
	b, err := c.redis.Get(ctx, notifyStateKey).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the notifier's state: %w", err)
	}
	return b, nil
}

// PutNotifyState stores the state; it tells whether owner still leads, without which nothing is stored.
func (c *Client) PutNotifyState(ctx context.Context, owner string, state []byte) (bool, error) {
	if len(state) > maxNotifyState {
		return true, fmt.Errorf("store the notifier's state: %d bytes, at most %d are allowed", len(state), maxNotifyState)
	}
	n, err := putNotifyScript.Run(ctx, c.redis, []string{notifierKey, notifyStateKey}, owner, state, notifyStateTTL.Milliseconds()).Int()
	if err != nil {
		return false, fmt.Errorf("store the notifier's state: %w", err)
	}
	return n == 1, nil
}
