package queue

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

// ObserveTimeout is how long one task may judge a growing check: the windows of some hours, should all be due at once.
const ObserveTimeout = 2 * time.Minute

const (
	// observerTTL is after how long the check of a worker that died while it judged is free for another.
	observerTTL  = 10 * time.Second
	observerBeat = observerTTL / 4
	// askedTTL is after how long a task is asked for anew that nobody has begun: queues are rarely that far behind, and then one more does no harm.
	askedTTL = time.Minute
	// observedTTL outlives any check of an hour.
	observedTTL = 48 * time.Hour
	// observeRetries is small: the next window asks again anyway.
	observeRetries = 3
)

// Keys of the observers of a check: who is at it, whether something happened since, whether a task is on its way, who stored the newest state.
func observeKeys(check string) []string {
	tag := "aircheck:{" + check + "}:"
	return []string{tag + "observer", tag + "news", tag + "asked", tag + "observed"}
}

// askScript notes that there is news and tells whether a task has to be enqueued: nobody is at the check, and no task is on its way.
//
// KEYS: observer, news, asked. ARGV: s that news live, s until a task is asked for anew.
var askScript = redis.NewScript(`
redis.call("SET", KEYS[2], 1, "EX", ARGV[1])
if redis.call("EXISTS", KEYS[1]) == 1 then
	return 0
end
if redis.call("SET", KEYS[3], 1, "NX", "EX", ARGV[2]) then
	return 1
end
return 0
`)

// EnqueueObserve asks for a growing check to be judged as far as it goes. However often it is called meanwhile, one task runs at a time, and none of the
// calls is in vain: whoever is at the check looks again.
func (c *Client) EnqueueObserve(ctx context.Context, check string) error {
	due, err := askScript.Run(ctx, c.redis, observeKeys(check)[:3], int(observedTTL.Seconds()), int(askedTTL.Seconds())).Int()
	if err != nil {
		return fmt.Errorf("ask to judge check %s: %w", check, err)
	}
	if due == 0 {
		return nil
	}
	payload, err := json.Marshal(judgePayload{V: jobs.Version, Check: check})
	if err != nil {
		return fmt.Errorf("encode observe task: %w", err)
	}
	// It waits with the judges, whose weight is that of live windows: an alarm must not wait behind an archive.
	_, err = c.asynq.EnqueueContext(ctx, asynq.NewTask(typeObserve, payload),
		asynq.Queue(Judge), asynq.TaskID(check+"-observe-"+rand.Text()), asynq.Timeout(ObserveTimeout+backstop), asynq.MaxRetry(observeRetries))
	if err != nil {
		return fmt.Errorf("ask to judge check %s: %w", check, err)
	}
	return nil
}

// beginScript makes a worker the only one that is at a check. When another is, that one will see the news.
//
// KEYS: observer, news, asked, observed. ARGV: token, ms to live.
var beginScript = redis.NewScript(`
redis.call("DEL", KEYS[3])
if not redis.call("SET", KEYS[1], ARGV[1], "NX", "PX", ARGV[2]) then
	return {0, ""}
end
redis.call("DEL", KEYS[2])
return {1, redis.call("GET", KEYS[4]) or ""}
`)

// doneScript ends a worker's turn, unless there is news: then the turn goes on.
//
// KEYS: observer, news, observed. ARGV: token, ms to live, s that observed lives.
var doneScript = redis.NewScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
	return -1
end
redis.call("SET", KEYS[3], ARGV[1], "EX", ARGV[3])
if redis.call("DEL", KEYS[2]) == 1 then
	redis.call("PEXPIRE", KEYS[1], ARGV[2])
	return 1
end
redis.call("DEL", KEYS[1])
return 0
`)

// Turn is the right to judge a growing check, of one worker at a time.
type Turn struct {
	client *Client
	check  string
	// Token names this turn.
	Token string
	// Before is the token of the turn that stored the newest state; empty when nobody knows.
	Before string

	stop    context.CancelFunc
	keeping sync.WaitGroup
}

// ErrTurnLost is returned by a Turn that has been taken for dead.
var ErrTurnLost = errors.New("another worker judges the check")

// Observe begins a turn; nil when another worker is at the check, which will see what there is to see. The caller ends it with Done or Drop.
func (c *Client) Observe(ctx context.Context, check string) (*Turn, error) {
	t := &Turn{client: c, check: check, Token: rand.Text()}
	reply, err := beginScript.Run(ctx, c.redis, observeKeys(check), t.Token, observerTTL.Milliseconds()).Slice()
	if err != nil {
		return nil, fmt.Errorf("begin to judge check %s: %w", check, err)
	}
	if len(reply) != 2 || reply[0] != int64(1) {
		return nil, nil
	}
	t.Before, _ = reply[1].(string)
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.stop = stop
	t.keeping.Go(func() { t.keep(life) })
	return t, nil
}

// keepScript keeps a turn alive.
//
// KEYS: observer. ARGV: token, ms to live.
var keepScript = redis.NewScript(`
if redis.call("GET", KEYS[1]) == ARGV[1] then
	return redis.call("PEXPIRE", KEYS[1], ARGV[2])
end
return 0
`)

func (t *Turn) keep(ctx context.Context) {
	tick := time.NewTicker(observerBeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// Without an answer the turn may be lost, which Done finds out.
			_ = keepScript.Run(ctx, t.client.redis, observeKeys(t.check)[:1], t.Token, observerTTL.Milliseconds()).Err()
		}
	}
}

// Done says that the state is stored, and ends the turn unless there is news since: again asks the caller to look once more.
func (t *Turn) Done(ctx context.Context) (again bool, err error) {
	keys := observeKeys(t.check)
	n, err := doneScript.Run(ctx, t.client.redis, []string{keys[0], keys[1], keys[3]}, t.Token, observerTTL.Milliseconds(), int(observedTTL.Seconds())).Int()
	switch {
	case err != nil:
		t.end()
		return false, fmt.Errorf("end the turn at check %s: %w", t.check, err)
	case n < 0:
		t.end()
		return false, fmt.Errorf("end the turn at check %s: %w", t.check, ErrTurnLost)
	case n == 0:
		t.end()
	}
	return n > 0, nil
}

// Drop ends a turn that came to nothing: whoever is next begins with the state that is stored.
func (t *Turn) Drop(ctx context.Context) error {
	t.end()
	if err := releaseScript.Run(ctx, t.client.redis, observeKeys(t.check)[:1], t.Token).Err(); err != nil {
		return fmt.Errorf("give up the turn at check %s: %w", t.check, err)
	}
	return nil
}

func (t *Turn) end() {
	t.stop()
	t.keeping.Wait()
}
