package follow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"aircheck/producer/live"
)

// deserted tells whether none of the rows of a period has had news for so long that a row that it does not know must have taken their place: a packager that was
// set up anew gives its playlists other names.
func (s *state) deserted(p *period, seg *live.Segment) bool {
	if p != s.periods[len(s.periods)-1] || !anew(seg).After(p.begin) {
		return false
	}
	for _, r := range s.rows {
		if p.places[r.id] != nil && r.newest != nil && seg.Seen.Sub(r.newest.Seen) < idleWindows*s.window() {
			return false
		}
	}
	return true
}

// anew is the beginning of a period that begins with a segment and not with the hour.
func anew(seg *live.Segment) time.Time { return seg.Seen.UTC().Truncate(time.Minute) }

// beginAnew begins a period of all rows that there are in the middle of an hour.
func (s *state) beginAnew(r *row, seg *live.Segment) *period {
	p := s.newPeriod(anew(seg))
	p.first = markOf(seg)
	s.periods = append(s.periods, p)
	r.period = p
	return p
}

// closed forgets the first period, whose last instalment is written. The next one does not begin before the next hour, unless it has begun already.
func (s *state) closed(p *period) {
	s.periods, s.floor = s.periods[1:], p.begin.Truncate(time.Hour).Add(time.Hour)
	if len(s.periods) > 0 && s.periods[0].begin.Before(s.floor) {
		s.floor = s.periods[0].begin
	}
}

// lateKey is the key of the fault about renditions that came late: there is one.
const lateKey = "late renditions"

// lateRows adds to faults the one about rows that came after the check had begun.
func (s *state) lateRows(faults []live.Fault, now time.Time) []live.Fault {
	var names []string
	since := now
	for _, r := range s.rows {
		if r.late.IsZero() {
			continue
		}
		if now.Sub(r.newest.Seen) >= idleWindows*s.window() { // it has gone again
			r.late = time.Time{}
		} else {
			names = append(names, r.describes.Name)
			since = earlier(r.late, since)
		}
	}
	if len(names) == 0 {
		return faults
	}
	const most = 3
	what := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		what += fmt.Sprintf(" and %d more", more)
	}
	return append(slices.Clip(faults), live.Fault{
		Code: "playlist.late_rendition", Key: lateKey, Number: -1, Since: since, Until: now,
		Message: fmt.Sprintf("%s came when the check had begun, and is not examined until the next one begins", what),
	})
}
