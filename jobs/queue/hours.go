package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

const (
	// hoursPrefix begins the keys of a hash for each hour, with a StreamHour for each check: a stream that was taken up again has two checks in one hour.
	hoursPrefix = "aircheck:{hours}:"
	hourLayout  = "2006010215"
	// HoursKept is for how long the hours of a stream are known: the day that the wall shows, and the hours that are told late.
	HoursKept = 26 * time.Hour
	// maxHours bounds what is read at once.
	maxHours = int(HoursKept / time.Hour)
	// minutesOfHour is the length of StreamHour.Minutes.
	minutesOfHour = 60
	maxHourBytes  = 4 << 10
)

var errHour = errors.New("no hour of a stream")

func hoursKey(hour time.Time) string { return hoursPrefix + hour.UTC().Format(hourLayout) }

// cpuKey is a hash of the milliseconds of processor time that the checks of an hour took.
func cpuKey(hour time.Time) string { return hoursKey(hour) + ":cpu" }

// TellHour puts how an hour of a live stream went in the place of what was told of the same check. It is kept in Redis alone: after a loss the strip of the wall is grey up to the
// running hour.
func (c *Client) TellHour(ctx context.Context, h jobs.StreamHour) error {
	h.Hour = h.Hour.UTC()
	if !h.Hour.Equal(h.Hour.Truncate(time.Hour)) || len(h.Minutes) != minutesOfHour || h.Stream == "" || h.Check == "" {
		return fmt.Errorf("tell hour %s of stream %q: %w", h.Hour.Format(time.RFC3339), h.Stream, errHour)
	}
	b, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode hour of stream %s: %w", h.Stream, err)
	}
	pipe := c.redis.Pipeline()
	pipe.HSet(ctx, hoursKey(h.Hour), h.Check, b)
	pipe.Expire(ctx, hoursKey(h.Hour), HoursKept)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("tell hour of stream %s: %w", h.Stream, err)
	}
	return nil
}

// CountCPU adds to the processor time of a live check; of others nobody asks. What is told twice counts twice: it was taken twice.
func (c *Client) CountCPU(ctx context.Context, check string, spent time.Duration) error {
	_, begin, live := jobs.ParseLiveID(check)
	if !live || spent <= 0 {
		return nil
	}
	key := cpuKey(begin.Truncate(time.Hour))
	pipe := c.redis.Pipeline()
	pipe.HIncrBy(ctx, key, check, spent.Milliseconds())
	pipe.Expire(ctx, key, HoursKept)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("count processor time of check %s: %w", check, err)
	}
	return nil
}

// Hours reads how the hours of all streams went that begin in [from, to), at most those that are kept, by stream and then by time. It is one round trip.
func (c *Client) Hours(ctx context.Context, from, to time.Time) ([]jobs.StreamHour, error) {
	first := from.UTC().Truncate(time.Hour)
	if first.Before(from) {
		first = first.Add(time.Hour)
	}
	if earliest := to.UTC().Truncate(time.Hour).Add(-time.Duration(maxHours-1) * time.Hour); first.Before(earliest) {
		first = earliest
	}
	pipe := c.redis.Pipeline()
	var answers, spent []*redis.MapStringStringCmd
	for h := first; h.Before(to); h = h.Add(time.Hour) {
		answers, spent = append(answers, pipe.HGetAll(ctx, hoursKey(h))), append(spent, pipe.HGetAll(ctx, cpuKey(h)))
	}
	if len(answers) == 0 {
		return nil, nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("read hours of streams: %w", err)
	}
	var list []jobs.StreamHour
	for i, a := range answers {
		list = append(list, readHours(first.Add(time.Duration(i)*time.Hour), a.Val(), spent[i].Val())...)
	}
	slices.SortFunc(list, func(a, b jobs.StreamHour) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), a.Hour.Compare(b.Hour), cmp.Compare(a.Check, b.Check))
	})
	return joinHours(list), nil
}

// readHours are those of one hash, with what they took; what cannot be read is left out.
func readHours(hour time.Time, texts, spent map[string]string) []jobs.StreamHour {
	list := make([]jobs.StreamHour, 0, len(texts))
	for check, text := range texts {
		var h jobs.StreamHour
		if len(text) > maxHourBytes || json.Unmarshal([]byte(text), &h) != nil {
			continue
		}
		if h.Check == check && h.Hour.Equal(hour) && len(h.Minutes) == minutesOfHour {
			h.Hour = hour
			if ms, err := strconv.ParseInt(spent[check], 10, 64); err == nil && ms > 0 {
				h.CPU += jobs.Number(float64(ms) / 1e3)
			}
			list = append(list, h)
		}
	}
	return list
}

// joinHours makes one of several checks of one stream within an hour; the last of them gives its name.
func joinHours(list []jobs.StreamHour) []jobs.StreamHour {
	joined := list[:0]
	for _, h := range list {
		if n := len(joined); n > 0 && joined[n-1].Stream == h.Stream && joined[n-1].Hour.Equal(h.Hour) {
			before := &joined[n-1]
			before.Check, before.CPU = h.Check, before.CPU+h.CPU
			before.Minutes = worseMinutes(before.Minutes, h.Minutes)
			continue
		}
		joined = append(joined, h)
	}
	return joined
}

// worseMinutes has the worse letter of each minute.
func worseMinutes(a, b string) string {
	worse := []byte(a)
	for i := range worse {
		if minuteRank(b[i]) > minuteRank(worse[i]) {
			worse[i] = b[i]
		}
	}
	return string(worse)
}

func minuteRank(letter byte) int {
	switch letter {
	case jobs.MinuteClean:
		return 1
	case jobs.MinuteWarn:
		return 2
	case jobs.MinuteFail:
		return 3
	}
	return 0
}
