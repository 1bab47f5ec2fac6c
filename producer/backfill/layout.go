package backfill

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Layout is an address with places for parts of a time: s3://bucket/vod/{yyyy}/{mm}/{dd}/{hh}/master.m3u8. A star stands for any text without a slash.
type Layout struct {
	text string
	zone *time.Location
	unit time.Duration // of the finest place
}

// The places of a layout, the finest last.
const (
	placeYear   = "{yyyy}"
	placeMonth  = "{mm}"
	placeDay    = "{dd}"
	placeHour   = "{hh}"
	placeMinute = "{MM}"
)

const day = 24 * time.Hour

// maxStars bounds the work of comparing, which grows with the length of a name to this power.
const maxStars = 3

// ParseLayout reads a layout. zone is what its times are in.
func ParseLayout(text string, zone *time.Location) (Layout, error) {
	l := Layout{text: text, zone: zone, unit: day}
	rest := text
	for _, place := range []string{placeYear, placeMonth, placeDay, placeHour, placeMinute} {
		rest = strings.ReplaceAll(rest, place, "")
	}
	if strings.ContainsAny(rest, "{}") {
		return Layout{}, fmt.Errorf("layout %q: the places are %s %s %s %s and %s (minute)", text, placeYear, placeMonth, placeDay, placeHour, placeMinute)
	}
	for _, place := range []string{placeYear, placeMonth, placeDay} {
		if !strings.Contains(text, place) {
			return Layout{}, fmt.Errorf("layout %q: %s is missing: a layout says the year %s, the month %s and the day %s; minutes are %s", text, place, placeYear, placeMonth, placeDay, placeMinute)
		}
	}
	switch hour, minute := strings.Contains(text, placeHour), strings.Contains(text, placeMinute); {
	case minute && !hour:
		return Layout{}, fmt.Errorf("layout %q has minutes and no hours", text)
	case minute:
		l.unit = time.Minute
	case hour:
		l.unit = time.Hour
	}
	if i := strings.IndexByte(text, '*'); i >= 0 && !strings.Contains(text[:i], "/") {
		return Layout{}, fmt.Errorf("layout %q: a star is a part of a name, not of the bucket", text)
	}
	if strings.Count(text, "*") > maxStars {
		return Layout{}, fmt.Errorf("layout %q: at most %d stars are allowed", text, maxStars)
	}
	return l, nil
}

// At is the address at a time.
func (l Layout) At(t time.Time) string {
	t = t.In(l.zone)
	return strings.NewReplacer(
		placeYear, fmt.Sprintf("%04d", t.Year()), placeMonth, two(int(t.Month())), placeDay, two(t.Day()), placeHour, two(t.Hour()), placeMinute, two(t.Minute()),
	).Replace(l.text)
}

// Expand puts the parts of a time, in its own zone, into a text with places; a text without any stays as it is.
func Expand(text string, t time.Time) string { return Layout{text: text, zone: t.Location()}.At(t) }

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// times are the beginnings of the layout's units that touch [from, to), where a wall clock shows them: a day of 23 or 25 hours is one day. An hour that the clock shows twice is
// one place, and one time.
func (l Layout) times(from, to time.Time, limit int) ([]time.Time, error) {
	var list []time.Time
	seen := ""
	for t := l.begin(from); t.Before(to); t = l.next(t) {
		if at := l.At(t); at != seen {
			list, seen = append(list, t), at
		}
		if len(list) > limit {
			return nil, fmt.Errorf("more than %d places between %s and %s: take a shorter time, or --every", limit, from.Format(time.RFC3339), to.Format(time.RFC3339))
		}
	}
	return list, nil
}

// begin is the beginning of the unit in which t lies.
func (l Layout) begin(t time.Time) time.Time {
	t = t.In(l.zone)
	if l.unit == day {
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, l.zone)
	}
	// Zones that differ from UTC by half an hour are the reason for not using Truncate alone.
	_, offset := t.Zone()
	shift := time.Duration(offset) * time.Second
	return t.Add(shift).Truncate(l.unit).Add(-shift)
}

func (l Layout) next(t time.Time) time.Time {
	if l.unit == day {
		t = t.In(l.zone)
		return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, l.zone)
	}
	return t.Add(l.unit)
}

// stars tells whether a layout stands for many objects at one time; prefix is what their addresses begin with.
func stars(address string) (prefix string, ok bool) {
	i := strings.IndexByte(address, '*')
	if i < 0 {
		return address, false
	}
	return address[:i], true
}

// sample keeps the first item of each step of time, counted from from; a step of 0 keeps all. Items come in the order of time.
func sample(items []Item, from time.Time, every time.Duration) []Item {
	if every <= 0 {
		return items
	}
	last := int64(-1)
	return slices.DeleteFunc(items, func(i Item) bool {
		step := int64(i.Begin.Sub(from) / every)
		if step == last {
			return true
		}
		last = step
		return false
	})
}

// matches tells whether an address is one that a pattern stands for. A star stands for any text without a slash, and nothing else has a meaning.
func matches(pattern, address string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	address, ok := strings.CutPrefix(address, head)
	if !star || !ok {
		return ok && address == ""
	}
	for i := 0; i <= len(address); i++ {
		if matches(rest, address[i:]) {
			return true
		}
		if i < len(address) && address[i] == '/' {
			return false
		}
	}
	return false
}
