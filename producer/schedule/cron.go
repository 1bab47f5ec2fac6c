package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Cron is a five-field cron expression in a time zone.
//
// Times are those of the wall clock: one that does not exist, because clocks go forward, stands for the moment at which they do; one that comes twice, because they go back, is
// the first of the two. An expression whose hour is * means every hour that passes instead, also those (as in Vixie's cron): it would else leave one out each autumn.
type Cron struct {
	text    string
	zone    *time.Location
	fields  *cron.SpecSchedule // read as a wall clock without changes: in UTC
	elapsed bool
}

// maxCron bounds an expression: a list of all minutes has 169 characters.
const maxCron = 500

// starBit marks a field that is * (robfig/cron v3, spec.go).
const starBit = 1 << 63

// ParseCron reads an expression: minute, hour, day of the month, month, day of the week, each with lists, ranges, steps, and names where there are some; Sunday is 0 or 7. As
// everywhere, when both days are restricted either is enough.
func ParseCron(text string, zone *time.Location) (Cron, error) {
	fail := func(err error) (Cron, error) { return Cron{}, fmt.Errorf("cron %q: %w", text, err) }
	if len(text) > maxCron {
		return Cron{}, fmt.Errorf("cron: %d characters, at most %d", len(text), maxCron)
	}
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return fail(fmt.Errorf("%d fields; want five: minute hour day month weekday", len(fields)))
	}
	for _, f := range fields {
		// "?" and "TZ=" mean something to the library and nothing to cron.
		if strings.ContainsAny(f, "?=@") {
			return fail(fmt.Errorf("%q is no field", f))
		}
	}
	var err error
	if fields[4], err = sundays(fields[4]); err != nil {
		return fail(err)
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	parsed, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return fail(err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return fail(errors.New("it is no expression of five fields"))
	}
	spec.Location = time.UTC
	c := Cron{text: text, zone: zone, fields: spec, elapsed: spec.Hour&starBit != 0}
	if c.fields.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return fail(errors.New("there is no such day"))
	}
	return c, nil
}

// sundays writes 7 as 0, which is what the library knows: "5-7" becomes "5-6,0".
func sundays(field string) (string, error) {
	var parts []string
	for part := range strings.SplitSeq(field, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		from, to, ranged := strings.Cut(span, "-")
		switch {
		case from == "7" && (!ranged || to == "7"):
			part = "0"
		case ranged && to == "7":
			first, err := strconv.Atoi(from)
			step := 1
			if err == nil && stepped {
				step, err = strconv.Atoi(stepText)
			}
			if err != nil || first < 0 || first > 6 || step < 1 {
				return "", fmt.Errorf("%q: write days as 0 to 7", part)
			}
			part = from + "-6"
			if stepped {
				part += "/" + stepText
			}
			if (7-first)%step == 0 {
				part += ",0"
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ","), nil
}

// String is the expression as it was written.
func (c Cron) String() string { return c.text }

// Next is the first time after t; the zero time when there is none within five years.
func (c Cron) Next(t time.Time) time.Time {
	if c.elapsed {
		return c.nextElapsed(t)
	}
	wall := wallOf(t, c.zone)
	// Behind the change to winter the wall clock shows times that have been already.
	for {
		if wall = c.fields.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		if at := timeOf(wall, c.zone); at.After(t) {
			return at
		}
	}
}

// nextElapsed goes from one change of the clocks to the next: between them the wall clock is as regular as UTC.
func (c Cron) nextElapsed(t time.Time) time.Time {
	const maxChanges = 20 // of which a zone has two a year: more than the five years in which the library looks
	for range maxChanges {
		_, change := t.In(c.zone).ZoneBounds()
		wall := c.fields.Next(wallOf(t, c.zone))
		if wall.IsZero() {
			return time.Time{}
		}
		at := wall.Add(-offset(t, c.zone))
		if change.IsZero() || at.Before(change) {
			return at.In(c.zone)
		}
		// A tick at the very moment of the change is one that the new time shows.
		if next := c.fields.Next(wallOf(change, c.zone).Add(-time.Nanosecond)); next.Equal(wallOf(change, c.zone)) {
			return change.In(c.zone)
		}
		t = change
	}
	return time.Time{}
}

func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// wallOf is what the clocks of a zone show, as if it were UTC.
func wallOf(t time.Time, zone *time.Location) time.Time { return t.Add(offset(t, zone)).UTC() }

// timeOf is when the clocks of a zone show something: for the first time, or, when they never do, when they go past it.
func timeOf(wall time.Time, zone *time.Location) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	start, end := at.ZoneBounds()
	switch shown := wallOf(at, zone); {
	case shown.After(wall): // a gap lies behind the time, which was read by the clock before it
		return start
	case shown.Before(wall):
		return end
	}
	if !start.IsZero() {
		if before := wall.Add(-offset(start.Add(-time.Second), zone)).In(zone); before.Before(start) && wallOf(before, zone).Equal(wall) {
			return before
		}
	}
	return at
}
