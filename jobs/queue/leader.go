package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Leases on live streams. Each stream is led by one producer at a time, which holds a key in Redis with a time to live; the streams are shared evenly among
// the producers that are alive. A lease is about cost and latency: what keeps two leaders from doing harm is the store, where each instalment is
// written once.
const (
	// leaderTTL is after how long the streams of a dead producer are free.
	leaderTTL = 5 * time.Second
	// leaderBeat is how often leases are renewed and free streams looked for; a call to Redis takes no longer.
	leaderBeat = leaderTTL / 5
	// leaderStop: a lease that was not renewed for so long is given up. The next look may be two beats late, and then the key is still there.
	leaderStop = leaderTTL / 2
	// maxClaims bounds the streams that are asked for in one beat.
	maxClaims = 1000
)

// producersKey is a sorted set of the producers that are alive, by the time in ms until which they are.
const producersKey = "aircheck:{producers}:alive"

func leaderKey(stream string) string { return "aircheck:{stream:" + stream + "}:leader" }

// claimScript takes or renews a lease.
//
// KEYS: leader. ARGV: owner, ms to live.
var claimScript = redis.NewScript(`
local now = redis.call("GET", KEYS[1])
if now == false or now == ARGV[1] then
	redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
	return 1
end
return 0
`)

// releaseScript gives a lease back.
//
// KEYS: leader. ARGV: owner.
var releaseScript = redis.NewScript(`
if redis.call("GET", KEYS[1]) == ARGV[1] then
	return redis.call("DEL", KEYS[1])
end
return 0
`)

// aliveScript says that a producer is alive, by the clock of Redis, and counts those that are.
//
// KEYS: producers. ARGV: owner, ms to live.
var aliveScript = redis.NewScript(`
local t = redis.call("TIME")
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now)
redis.call("ZADD", KEYS[1], now + ARGV[2], ARGV[1])
redis.call("PEXPIRE", KEYS[1], ARGV[2] * 10)
return redis.call("ZCARD", KEYS[1])
`)

// LeadFunc leads a stream until ctx ends, because the lease is lost or given back, and returns soon after that: only then may another lead it. One that
// returns by itself keeps the lease, so that nobody else begins what is over.
type LeadFunc func(ctx context.Context, stream string)

// Leader shares the wanted streams with the other producers. Run and Want may be called from different goroutines.
type Leader struct {
	redis redis.UniversalClient
	owner string
	lead  LeadFunc
	log   *slog.Logger

	mu     sync.Mutex
	wanted map[string]bool

	// held belongs to Run.
	held  map[string]*held
	ended chan string
}

// held is a stream that this producer leads.
type held struct {
	renewed time.Time // when the last renewal that succeeded was asked for
	stop    context.CancelFunc
	leaving bool // stop was called
	lost    bool // the key is another's by now, or nobody's
	over    bool // lead has returned
}

// NewLeader makes a leader for the producer that owner names, uniquely.
func NewLeader(conn *Conn, owner string, lead LeadFunc, log *slog.Logger) *Leader {
	if log == nil {
		log = slog.Default()
	}
	return &Leader{
		redis: conn.client, owner: owner, lead: lead, log: log, wanted: map[string]bool{}, held: map[string]*held{}, ended: make(chan string),
	}
}

// Want says which streams are to be led, by any producer. All producers should want the same.
func (l *Leader) Want(streams []string) {
	wanted := make(map[string]bool, len(streams))
	for _, s := range streams {
		wanted[s] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted = wanted
}

func (l *Leader) wants() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wanted
}

// Run takes, renews and gives back leases until ctx ends; then it gives all back, so that others take over at once, and returns when everything that it led has
// stopped.
func (l *Leader) Run(ctx context.Context) error {
	tick := time.NewTicker(leaderBeat)
	defer tick.Stop()
	for {
		l.beat(ctx)
		select {
		case <-ctx.Done():
			l.leave()
			return nil
		case stream := <-l.ended:
			l.returned(stream)
		case <-tick.C:
		}
	}
}

// beat does everything that is done once in a while. Trouble with Redis is logged; leases that cannot be renewed run out by themselves.
func (l *Leader) beat(ctx context.Context) {
	wanted := l.wants()
	limited, cancel := context.WithTimeout(ctx, leaderBeat)
	defer cancel()
	producers, err := l.alive(limited)
	if err == nil {
		err = l.renew(limited)
	}
	l.stopStale(wanted)
	if err == nil {
		share := (len(wanted)+producers-1)/producers + 1
		l.giveBack(share)
		err = l.claim(limited, ctx, wanted, share)
	}
	if err != nil && ctx.Err() == nil {
		l.log.Warn("lead streams", "error", err)
	}
}

func (l *Leader) alive(ctx context.Context) (int, error) {
	n, err := aliveScript.Run(ctx, l.redis, []string{producersKey}, l.owner, leaderTTL.Milliseconds()).Int()
	if err != nil {
		return 0, fmt.Errorf("count producers: %w", err)
	}
	return max(n, 1), nil
}

// renew renews all leases in one round trip.
func (l *Leader) renew(ctx context.Context) error {
	names := make([]string, 0, len(l.held))
	for name, h := range l.held {
		if !h.lost {
			names = append(names, name)
		}
	}
	begun := time.Now()
	got, err := l.claims(ctx, names)
	for i, name := range names {
		switch h := l.held[name]; {
		case i < len(got) && got[i] == claimed:
			h.renewed = begun
		case i < len(got) && got[i] == refused:
			l.log.Warn("lost the lease of a stream", "stream", name)
			h.lost = true
		}
	}
	return err
}

type claimState int

const (
	unknown claimState = iota
	claimed
	refused
)

// claims takes or renews leases by one script a stream, in one pipeline: in a cluster the keys lie on different nodes.
func (l *Leader) claims(ctx context.Context, names []string) ([]claimState, error) {
	if len(names) == 0 {
		return nil, nil
	}
	pipe := l.redis.Pipeline()
	replies := make([]*redis.Cmd, len(names))
	for i, name := range names {
		replies[i] = claimScript.Eval(ctx, pipe, []string{leaderKey(name)}, l.owner, leaderTTL.Milliseconds())
	}
	_, err := pipe.Exec(ctx)
	states := make([]claimState, len(names))
	for i, r := range replies {
		if n, e := r.Int(); e == nil {
			states[i] = refused
			if n == 1 {
				states[i] = claimed
			}
		}
	}
	if err != nil {
		return states, fmt.Errorf("renew %d leases: %w", len(names), err)
	}
	return states, nil
}

// stopStale stops what this producer may not lead any more.
func (l *Leader) stopStale(wanted map[string]bool) {
	now := time.Now()
	for name, h := range l.held {
		if now.Sub(h.renewed) > leaderStop {
			h.lost = true
		}
		if h.lost || !wanted[name] {
			l.stop(name, h)
		}
	}
}

// stop ends the leading of a stream; one that is over already is let go at once.
func (l *Leader) stop(name string, h *held) {
	h.leaving = true
	h.stop()
	if h.over {
		l.let(name, h)
	}
}

// giveBack stops some of the streams above this producer's share, half of them with each beat: others take them one beat later.
func (l *Leader) giveBack(share int) {
	active := 0
	for _, h := range l.held {
		if !h.leaving {
			active++
		}
	}
	n := (active - share + 1) / 2
	for name, h := range l.held {
		if h.leaving {
			continue
		}
		if n--; n < 0 {
			return
		}
		l.stop(name, h)
	}
}

// claim takes free streams up to the share, in random order, so that producers do not all ask for the same.
func (l *Leader) claim(ctx, life context.Context, wanted map[string]bool, share int) error {
	free := share - len(l.held)
	if free <= 0 {
		return nil
	}
	var names []string
	for name := range wanted {
		if l.held[name] == nil {
			names = append(names, name)
		}
	}
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names, err := l.unled(ctx, names[:min(len(names), maxClaims)])
	names = names[:min(free, len(names))]
	if err != nil || len(names) == 0 {
		return err
	}
	begun := time.Now()
	got, err := l.claims(ctx, names)
	for i, name := range names {
		if got[i] == claimed {
			l.begin(life, name, begun)
		}
	}
	return err
}

// unled picks the streams that nobody leads; it asks with one command a stream, in one pipeline.
func (l *Leader) unled(ctx context.Context, names []string) ([]string, error) {
	leaders, err := leadersOf(ctx, l.redis, names)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(name string) bool { return leaders[name] != "" && leaders[name] != l.owner }), nil
}

func (l *Leader) begin(life context.Context, name string, renewed time.Time) {
	ctx, cancel := context.WithCancel(life)
	l.held[name] = &held{renewed: renewed, stop: cancel}
	l.log.Info("lead stream", "stream", name)
	go func() {
		l.lead(ctx, name)
		l.ended <- name
	}()
}

// returned notes that lead has returned. What is left gives its lease back.
func (l *Leader) returned(name string) {
	h := l.held[name]
	if h.over = true; h.leaving {
		l.let(name, h)
	}
}

// let forgets a stream, and gives its lease back unless it is lost.
func (l *Leader) let(name string, h *held) {
	h.stop()
	delete(l.held, name)
	if h.lost {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaderBeat)
	defer cancel()
	if err := releaseScript.Run(ctx, l.redis, []string{leaderKey(name)}, l.owner).Err(); err != nil {
		l.log.Warn("give back the lease of a stream", "stream", name, "error", err)
	}
}

// leave stops everything, keeps the leases of what is still stopping, and gives back each as soon as it has stopped.
func (l *Leader) leave() {
	for name, h := range l.held {
		l.stop(name, h)
	}
	tick := time.NewTicker(leaderBeat)
	defer tick.Stop()
	for len(l.held) > 0 {
		select {
		case name := <-l.ended:
			l.returned(name)
		case <-tick.C:
			ctx, cancel := context.WithTimeout(context.Background(), leaderBeat)
			if err := l.renew(ctx); err != nil {
				l.log.Warn("lead streams", "error", err)
			}
			cancel()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaderBeat)
	defer cancel()
	if err := l.redis.ZRem(ctx, producersKey, l.owner).Err(); err != nil {
		l.log.Warn("leave the producers", "error", err)
	}
}

// Leaders tells who leads which stream, for people; streams without a leader are left out.
func (c *Client) Leaders(ctx context.Context, streams []string) (map[string]string, error) {
	leaders, err := leadersOf(ctx, c.redis, streams)
	if err != nil || len(leaders) == len(streams) {
		return leaders, err
	}
	alone, err := c.redis.HGetAll(ctx, aloneKey).Result()
	if err != nil {
		return nil, fmt.Errorf("ask who follows %d streams alone: %w", len(streams), err)
	}
	for _, s := range streams {
		if who := alone[s]; who != "" && leaders[s] == "" {
			leaders[s] = who
		}
	}
	return leaders, nil
}

func leadersOf(ctx context.Context, client redis.UniversalClient, streams []string) (map[string]string, error) {
	leaders := map[string]string{}
	if len(streams) == 0 {
		return leaders, nil
	}
	pipe := client.Pipeline()
	replies := make([]*redis.StringCmd, len(streams))
	for i, s := range streams {
		replies[i] = pipe.Get(ctx, leaderKey(s))
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("ask who leads %d streams: %w", len(streams), err)
	}
	for i, r := range replies {
		if owner, err := r.Result(); err == nil {
			leaders[streams[i]] = owner
		}
	}
	return leaders, nil
}
