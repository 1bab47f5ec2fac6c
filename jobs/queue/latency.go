package queue

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Latency is about the time between the publication of media and the moment in which its findings are told.
type Latency string

// The two ways to count.
const (
	// LatencySegment counts every segment from when it stood in the playlist: the time for its window to fill is part of it.
	LatencySegment Latency = "segment"
	// LatencyWindow counts every window from when its last segment stood in the playlist: what aircheck itself took.
	LatencyWindow Latency = "window"
)

const (
	// LatencyOver is the time that Latencies covers.
	LatencyOver = 5 * time.Minute
	// latencyGrain is by what a bucket is wider than the one before: figures are right to 5 %.
	latencyGrain = 1.05
	// maxLatency bounds the buckets; beyond it everything is equally late.
	maxLatency = 24 * time.Hour
)

func latencyKey(kind Latency, minute int64) string {
	return "aircheck:{latency}:" + string(kind) + ":" + strconv.FormatInt(minute, 10)
}

// bucketOf is the number of the bucket of a latency, from 0: up to 1 ms.
func bucketOf(d time.Duration) int {
	ms := float64(min(max(d, 0), maxLatency)) / float64(time.Millisecond)
	if ms <= 1 {
		return 0
	}
	return int(math.Ceil(math.Log(ms) / math.Log(latencyGrain)))
}

// valueOf is the middle of a bucket.
func valueOf(bucket int) time.Duration {
	if bucket <= 0 {
		return time.Millisecond
	}
	return time.Duration(math.Pow(latencyGrain, float64(bucket)-0.5) * float64(time.Millisecond))
}

// CountLatency adds figures to those of the minute.
func (c *Client) CountLatency(ctx context.Context, kind Latency, now time.Time, figures []time.Duration) error {
	if len(figures) == 0 {
		return nil
	}
	counts := map[int]int64{}
	for _, d := range figures {
		counts[bucketOf(d)]++
	}
	key := latencyKey(kind, now.Unix()/60)
	pipe := c.redis.Pipeline()
	for bucket, n := range counts {
		pipe.HIncrBy(ctx, key, strconv.Itoa(bucket), n)
	}
	pipe.Expire(ctx, key, 2*LatencyOver)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("count latency: %w", err)
	}
	return nil
}

// Latencies are quantiles over the last minutes; all 0 without figures.
type Latencies struct {
	Count         int64
	P50, P95, P99 time.Duration
}

// Latencies reads the quantiles of the last LatencyOver, the running minute included.
func (c *Client) Latencies(ctx context.Context, kind Latency, now time.Time) (Latencies, error) {
	pipe := c.redis.Pipeline()
	minute := now.Unix() / 60
	var replies []*redis.MapStringStringCmd
	for m := minute - int64(LatencyOver/time.Minute); m <= minute; m++ {
		replies = append(replies, pipe.HGetAll(ctx, latencyKey(kind, m)))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return Latencies{}, fmt.Errorf("read latencies: %w", err)
	}
	counts := map[int]int64{}
	for _, r := range replies {
		for field, value := range r.Val() {
			bucket, err1 := strconv.Atoi(field)
			n, err2 := strconv.ParseInt(value, 10, 64)
			if err1 == nil && err2 == nil && n > 0 && bucket >= 0 && bucket <= bucketOf(maxLatency) {
				counts[bucket] += n
			}
		}
	}
	return quantiles(counts), nil
}

func quantiles(counts map[int]int64) Latencies {
	var l Latencies
	buckets := make([]int, 0, len(counts))
	for b, n := range counts {
		buckets = append(buckets, b)
		l.Count += n
	}
	slices.Sort(buckets)
	at := func(q float64) time.Duration {
		rank, seen := int64(math.Ceil(q*float64(l.Count))), int64(0)
		for _, b := range buckets {
			if seen += counts[b]; seen >= rank {
				return valueOf(b)
			}
		}
		return 0
	}
	l.P50, l.P95, l.P99 = at(0.50), at(0.95), at(0.99)
	return l
}
