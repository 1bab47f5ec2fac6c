package export

import (
	"slices"
	"time"

	"aircheck/jobs"
)

// calendar knows which time of day it is on the timeline, by the program time of a sequence's segments.
type calendar struct {
	starts []jobs.Micros
	times  []time.Time
}

// calendarOf reads the program times of a sequence, or of the first that has any where it has none: in a ladder one playlist often speaks for all.
func calendarOf(check *jobs.Check, sequence string) *calendar {
	var first *calendar
	for i := range check.Timeline.Sequences {
		q := &check.Timeline.Sequences[i]
		if q.Role == jobs.RoleReference || first != nil && q.ID != sequence {
			continue
		}
		c := new(calendar)
		for k := range q.Segments {
			if s := &q.Segments[k]; s.ProgramTime != nil {
				c.starts, c.times = append(c.starts, s.Start), append(c.times, s.ProgramTime.UTC())
			}
		}
		if len(c.starts) == 0 {
			continue
		}
		if q.ID == sequence {
			return c
		}
		first = c
	}
	if first == nil {
		return new(calendar)
	}
	return first
}

// at is the time of day at a place of the timeline; nil when nobody knows.
func (c *calendar) at(m jobs.Micros) *time.Time {
	if len(c.starts) == 0 {
		return nil
	}
	i, found := slices.BinarySearch(c.starts, m)
	if !found {
		i = max(i-1, 0)
	}
	t := c.times[i].Add(time.Duration(m-c.starts[i]) * time.Microsecond)
	return &t
}

// day is the date, UTC, under which a check is filed: that of its hour when it is live, of its program time, or of when it was made.
func day(check *jobs.Check) string {
	begin := check.Begin()
	if _, hour, live := jobs.ParseLiveID(check.ID); live {
		begin = hour
	}
	if begin.IsZero() {
		begin = check.Created
	}
	return begin.UTC().Format(time.DateOnly)
}
