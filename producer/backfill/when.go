package backfill

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseTime reads what people write for a time: RFC 3339, a date with or without a time of day, "now", or a distance before now: -24h, -7d. What names no zone of
// its own is in zone.
func ParseTime(s string, now time.Time, zone *time.Location) (time.Time, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "now":
		return now, nil
	case strings.HasPrefix(s, "-"):
		d, err := ParseSpan(s[1:])
		if err != nil {
			return time.Time{}, err
		}
		return now.Add(-d), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 2026-11-22, 2026-11-22T03:00, 2026-11-22T03:00:00Z, -24h, -7d or now", s)
}

// maxSpan bounds a distance: older archives are given by date.
const maxSpan = 100 * 366 * day

// ParseSpan reads a length of time: 90m, 24h, 7d. It is not negative.
func ParseSpan(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int64
		if n, err = strconv.ParseInt(days, 10, 32); err == nil {
			d = time.Duration(min(max(n, -1), int64(maxSpan/day)+1)) * day
		}
	}
	if err != nil || d < 0 || d > maxSpan {
		return 0, fmt.Errorf("%q is no length of time such as 90m, 24h or 7d", s)
	}
	return d, nil
}
