package jobs

import "time"

// Begin is the time of day, UTC, at the zero of a check's timeline by the program time of its segments; the zero time when the stream has none. Of several sequences the first that has any
// speaks for all.
func (c *Check) Begin() time.Time {
	for i := range c.Timeline.Sequences {
		q := &c.Timeline.Sequences[i]
		if q.Role == RoleReference {
			continue
		}
		for k := range q.Segments {
			if s := &q.Segments[k]; s.ProgramTime != nil {
				return s.ProgramTime.Add(-time.Duration(s.Start) * time.Microsecond).UTC()
			}
		}
	}
	return time.Time{}
}
