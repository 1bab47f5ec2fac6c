package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

const (
	// eventsKey is a Redis stream: any number of readers, each at its own place.
	eventsKey = "aircheck:{events}"
	// maxEvents bounds the stream: a busy hour of a thousand channels. The truth is in the reports.
	maxEvents = 50_000
	// maxEventsRead bounds what is read at once.
	maxEventsRead = 500
	// streamsKey is a hash of what was last seen of each live stream, by name.
	streamsKey = "aircheck:{streams}"
	// streamsTTL is after how long without any news all of it is forgotten.
	streamsTTL = 48 * time.Hour
	// maxEventBytes bounds an event that is read back.
	maxEventBytes = 1 << 20
)

// Publish tells events, in order.
func (c *Client) Publish(ctx context.Context, events []jobs.Event) error {
	if len(events) == 0 {
		return nil
	}
	pipe := c.redis.Pipeline()
	for i := range events {
		b, err := json.Marshal(&events[i])
		if err != nil {
			return fmt.Errorf("encode event %s: %w", events[i].ID, err)
		}
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: eventsKey, MaxLen: maxEvents, Approx: true, Values: []any{"event", b}})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("tell %d events: %w", len(events), err)
	}
	return nil
}

// LastEvent is the place of the newest event, to read on from; "0" when there is none.
func (c *Client) LastEvent(ctx context.Context) (string, error) {
	list, err := c.redis.XRevRangeN(ctx, eventsKey, "+", "-", 1).Result()
	if err != nil {
		return "", fmt.Errorf("look for the newest event: %w", err)
	}
	if len(list) == 0 {
		return "0", nil
	}
	return list[0].ID, nil
}

// Events reads the events behind a place, at most some hundred, and gives the place of the last one. It does not wait for any. What cannot be read is left out.
func (c *Client) Events(ctx context.Context, after string) (events []jobs.Event, last string, err error) {
	list, err := c.redis.XRangeN(ctx, eventsKey, "("+after, "+", maxEventsRead).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, after, fmt.Errorf("read events: %w", err)
	}
	for _, m := range list {
		after = m.ID
		if e, ok := parseEvent(m); ok {
			events = append(events, e)
		}
	}
	return events, after, nil
}

// LatestEvents reads the newest events, at most some hundred, the oldest of them first, and gives the place of the last one, to read on from.
func (c *Client) LatestEvents(ctx context.Context) (events []jobs.Event, last string, err error) {
	list, err := c.redis.XRevRangeN(ctx, eventsKey, "+", "-", maxEventsRead).Result()
	if err != nil {
		return nil, "", fmt.Errorf("read the newest events: %w", err)
	}
	last = "0"
	if len(list) > 0 {
		last = list[0].ID
	}
	slices.Reverse(list)
	for _, m := range list {
		if e, ok := parseEvent(m); ok {
			events = append(events, e)
		}
	}
	return events, last, nil
}

// parseEvent reads an entry of the stream; ok is false for what cannot be read.
func parseEvent(m redis.XMessage) (e jobs.Event, ok bool) {
	text, ok := m.Values["event"].(string)
	ok = ok && len(text) <= maxEventBytes && json.Unmarshal([]byte(text), &e) == nil
	return e, ok
}

// StreamStatus is what the observer of a live check saw last.
type StreamStatus struct {
	Stream string `json:"stream"`
	Check  string `json:"check"`
	// Time is when.
	Time time.Time `json:"time"`
	// Wanted is since when the stream is wanted without anything having been judged of it; Time is the same then, and there is no Check yet. Zero for all others.
	Wanted time.Time `json:"wanted,omitzero"`
	// Judged is how far the check is judged, and Known how far it goes, in seconds.
	Judged jobs.Seconds `json:"judged"`
	Known  jobs.Seconds `json:"known"`
	// Open counts the findings that are open, by severity; Found all of the check.
	Open  map[jobs.Severity]int `json:"open,omitempty"`
	Found map[jobs.Severity]int `json:"found,omitempty"`
	// Latency is how long before Time the newest media that was judged had been published, in seconds.
	Latency jobs.Number `json:"latency"`
	// Verdict is set once the check has its report.
	Verdict jobs.Verdict `json:"verdict,omitempty"`
	// Window is how long its windows are, in seconds: there is no news before one is full.
	Window jobs.Seconds `json:"window,omitempty"`
	// GivenUp: the check will have no report.
	GivenUp bool `json:"given_up,omitempty"`
}

// Over tells whether nothing more is to come of the check.
func (s *StreamStatus) Over() bool { return s.Verdict != "" || s.GivenUp }

// QuietFor is for how long nothing need be heard of a stream beyond its windows and its latency: windows take seconds to minutes to be judged.
const QuietFor = 2 * time.Minute

const (
	// mostPatience bounds what a stream may make out of its figures, in seconds.
	mostPatience = 3600
	// An hour whose stream is away is not ended: from longHour on its follower says more and more seldom that it is, up to mostSeldom apart, and a longShare of that time.
	longHour   = 2 * time.Hour
	longShare  = 20
	mostSeldom = 30 * time.Minute
)

// Quiet tells whether nothing was heard for longer than patience and what windows and latency explain.
func (s *StreamStatus) Quiet(now time.Time, patience time.Duration) bool {
	usual := min(max(2*float64(s.Latency), 0), 2*mostPatience) + min(max(float64(s.Window), 0), mostPatience)
	if _, begin, live := jobs.ParseLiveID(s.Check); live {
		patience += min(max(s.Time.Sub(begin.Truncate(time.Hour).Add(longHour)), 0)/longShare*2, mostSeldom)
	}
	return now.Sub(s.Time) > patience+time.Duration(usual*float64(time.Second))
}

// Silent tells whether nothing is heard any more of a stream whose check is not over, or was not yet although it should have been.
func (s *StreamStatus) Silent(now time.Time) bool { return !s.Over() && s.Quiet(now, QuietFor) }

// Advice says what is the matter with a stream that is silent and what to do; leader is the producer that follows it, empty when none does. It is empty for streams
// that are judged, and of one that was wanted just now it says that there is nothing yet.
func (s *StreamStatus) Advice(leader string, now time.Time) string {
	never := !s.Wanted.IsZero()
	since := "nothing was judged of it since " + s.Time.UTC().Format("15:04:05") + " UTC, "
	switch {
	case !s.Silent(now) && never:
		return "nothing was judged of it yet: its first window has to fill"
	case !s.Silent(now):
		return ""
	case leader == "":
		return since + "and no producer follows it: see that 'aircheck producer' runs with this stream, and reaches its origin, the store and Redis"
	case never:
		return since + "although " + cut(leader, maxLeader) + " follows it: see what that producer logs, whether the origin answers, and that workers run"
	}
	return since + "although " + cut(leader, maxLeader) + " follows it: see that workers run, keep up ('aircheck status') and reach the store and Redis, and what that producer logs"
}

// TellStream puts a stream's status in the place of the one before.
func (c *Client) TellStream(ctx context.Context, s StreamStatus) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode status of stream %s: %w", s.Stream, err)
	}
	pipe := c.redis.Pipeline()
	pipe.HSet(ctx, streamsKey, s.Stream, b)
	pipe.Expire(ctx, streamsKey, streamsTTL)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("tell status of stream %s: %w", s.Stream, err)
	}
	return nil
}

// Streams reads the status of all live streams, by name.
func (c *Client) Streams(ctx context.Context) (map[string]StreamStatus, error) {
	streams, err := c.statuses(ctx, streamsKey)
	if err != nil {
		return nil, fmt.Errorf("read status of streams: %w", err)
	}
	return streams, nil
}

func (c *Client) statuses(ctx context.Context, key string) (map[string]StreamStatus, error) {
	all, err := c.redis.HGetAll(ctx, key).Result()
	if err != nil {
		return nil, err
	}
	streams := make(map[string]StreamStatus, len(all))
	for name, text := range all {
		var s StreamStatus
		if len(text) <= maxEventBytes && json.Unmarshal([]byte(text), &s) == nil && s.Stream == name {
			streams[name] = s
		}
	}
	return streams, nil
}
