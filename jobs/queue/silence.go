package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
)

const (
	// silentKey is a hash of the streams that were told to be silent, by name.
	silentKey = "aircheck:{silent}"
	// silentAfter is for how long nothing may be heard of a stream beyond its windows and its latency: a worker or producer that is replaced is back within that.
	silentAfter = 5 * time.Minute
	// silentWithin is how old the last news may be that silence is told of: what is older, nobody waits for.
	silentWithin = 24 * time.Hour
	// maxWhy bounds an error in an event, in bytes.
	maxWhy = 2 << 10
	// maxLeader bounds the name of a producer in an event, likewise.
	maxLeader = 200
)

func cut(s string, most int) string {
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// silence is a stream that was told to be silent.
type silence struct {
	Stream string    `json:"stream"`
	Check  string    `json:"check"`
	Since  time.Time `json:"since"` // when it was heard of last
}

// TellSilence tells which live streams have become silent, and which of them are heard again. It is for one process at a time; what it tells twice has one id.
func (c *Client) TellSilence(ctx context.Context, now time.Time) error {
	streams, err := c.expected(ctx)
	if err != nil {
		return err
	}
	texts, err := c.redis.HGetAll(ctx, silentKey).Result()
	if err != nil {
		return fmt.Errorf("read which streams are silent: %w", err)
	}
	told := make(map[string]silence, len(texts))
	for name, text := range texts {
		var s silence
		if len(text) > maxEventBytes || json.Unmarshal([]byte(text), &s) != nil {
			s = silence{}
		}
		told[name] = s
	}
	fresh := silences(streams, told, now)
	over, events := heard(streams, told, now)
	if len(fresh)+len(over) == 0 {
		return nil
	}
	names := make([]string, len(fresh))
	for i := range fresh {
		names[i] = fresh[i].Stream
	}
	leaders, err := c.Leaders(ctx, names)
	if err != nil {
		return err
	}
	for i := range fresh {
		status := streams[fresh[i].Stream]
		events = append(events, fresh[i].event(jobs.EventSilent, now, status.Advice(leaders[fresh[i].Stream], now)))
	}
	if err := c.Publish(ctx, events); err != nil {
		return err
	}
	return c.keepSilences(ctx, fresh, over)
}

// silences are the streams that have fallen silent and were not told, by name.
func silences(streams map[string]StreamStatus, told map[string]silence, now time.Time) []silence {
	var list []silence
	for _, name := range slices.Sorted(maps.Keys(streams)) {
		s := streams[name]
		if _, known := told[name]; known || s.Over() || !s.Quiet(now, silentAfter) || now.Sub(s.Time) > silentWithin {
			continue
		}
		list = append(list, silence{Stream: name, Check: s.Check, Since: s.Time.UTC()})
	}
	return list
}

// heard are the streams that were told to be silent and are not any more, and the events that say so: none for what nothing is known of.
func heard(streams map[string]StreamStatus, told map[string]silence, now time.Time) (over []string, events []jobs.Event) {
	for _, name := range slices.Sorted(maps.Keys(told)) {
		s, known := streams[name]
		if known && !s.Over() && s.Quiet(now, silentAfter) && told[name].Stream == name {
			continue
		}
		over = append(over, name)
		was := told[name]
		switch {
		case !known || was.Stream != name:
		case s.GivenUp:
			events = append(events, was.event(jobs.EventHeard, now, "its check was given up: nobody follows the stream any more"))
		case s.Verdict != "" && s.Check == was.Check:
			events = append(events, was.event(jobs.EventHeard, now, "its check is over and has its report; the stream is followed no more, or in another check soon"))
		default:
			events = append(events, was.event(jobs.EventHeard, now, "it is judged again; what was missed since "+was.Since.Format("15:04:05")+" UTC is in the reports, as findings or as not analysed"))
		}
	}
	return over, events
}

func (s *silence) event(kind jobs.EventKind, now time.Time, message string) jobs.Event {
	since := s.Since.UTC()
	return jobs.Event{
		ID: s.Check + "-" + string(kind) + "-" + strconv.FormatInt(since.UnixMilli(), 36), Kind: kind, Time: now.UTC(), Stream: s.Stream, Check: s.Check, From: &since, Message: message,
	}
}

// keepSilences remembers what was told.
func (c *Client) keepSilences(ctx context.Context, fresh []silence, over []string) error {
	pipe := c.redis.Pipeline()
	for i := range fresh {
		b, err := json.Marshal(&fresh[i])
		if err != nil {
			return fmt.Errorf("encode silence of stream %s: %w", fresh[i].Stream, err)
		}
		pipe.HSet(ctx, silentKey, fresh[i].Stream, b)
	}
	if len(over) > 0 {
		pipe.HDel(ctx, silentKey, over...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("remember which streams are silent: %w", err)
	}
	return nil
}

// TellGivenUp tells that a check will have no report, and why; stream is its live stream, or its input. It may be told again, with the same id.
func (c *Client) TellGivenUp(ctx context.Context, check, stream, why string, now time.Time) error {
	e := jobs.Event{
		ID: check + "-given-up", Kind: jobs.EventGivenUp, Time: now.UTC(), Stream: stream, Check: check,
		Message: "the check was given up and will have no report: " + cut(why, maxWhy) + "; the logs of the workers say more, and what was measured is kept",
	}
	if err := c.Publish(ctx, []jobs.Event{e}); err != nil {
		return err
	}
	if _, _, live := jobs.ParseLiveID(check); !live {
		return c.tellEnd(ctx, check, noVerdict)
	}
	all, err := c.Streams(ctx)
	if err != nil {
		return err
	}
	s, known := all[stream]
	if !known || s.Check != check {
		return nil // it goes on in another check
	}
	s.GivenUp = true
	return c.TellStream(ctx, s)
}
