package follow

import (
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

// maxApart is how many segments the rows of one stream are apart at most when their numbers say the same moment: playlists are read one after the other.
const maxApart = 3

// covers tells whether a segment begins after, or for the most part covers, the moment at which another one begins; ok is false where the two cannot be
// compared. Program times decide; without them numbers do while they are close, as packagers number their playlists alike.
func covers(one, begin *mark) (yes, ok bool) {
	if one.ProgramTime != nil && begin.ProgramTime != nil {
		apart := begin.ProgramTime.Sub(*one.ProgramTime)
		length := time.Duration(max(one.Duration, begin.Duration)) * time.Microsecond
		return apart < time.Duration(one.Duration/2)*time.Microsecond, apart.Abs() <= maxApart*length
	}
	if one.ProgramTime != nil || begin.ProgramTime != nil {
		return false, false
	}
	apart := begin.Number - one.Number
	return apart <= 0, max(apart, -apart) <= maxApart
}

// together drops what some rows show from before the others do, when none has been followed yet: a check begins at one moment in all of its rows, or
// sound that is a playlist of its own would seem to be early.
func (s *state) together(sequences []live.Sequence, chosen []bool) {
	var latest *mark
	for i := range sequences {
		r := s.byID[sequences[i].Describes.ID]
		if r == nil || !chosen[i] || len(sequences[i].Segments) == 0 {
			continue
		}
		if r.newest != nil {
			return
		}
		first := markOf(&sequences[i].Segments[0])
		if latest == nil {
			latest = first
		} else if before, ok := covers(latest, first); ok && !before {
			latest = first
		}
	}
	for i := range sequences {
		list := sequences[i].Segments
		for len(list) > 0 {
			if yes, ok := covers(markOf(&list[0]), latest); yes || !ok {
				break
			}
			list = list[1:]
		}
		sequences[i].Segments = list
	}
}

// shared tells whether another row has brought the moment of a segment into the newest period already: then all rows have it there.
func (s *state) shared(r *row, seg *live.Segment) bool {
	newest := s.periods[len(s.periods)-1]
	for _, other := range s.rows {
		if other == r || other.newest == nil || other.period != newest {
			continue
		}
		if yes, ok := covers(other.newest, markOf(seg)); yes && ok {
			return true
		}
	}
	return false
}

// begun tells whether a segment belongs to a period or to a later one: it does from the moment on at which the period began in the first row that came to it.
func (p *period) begun(seg *live.Segment, hour time.Time) bool {
	if p.first != nil {
		if yes, ok := covers(markOf(seg), p.first); ok {
			return yes
		}
	}
	return !p.begin.After(hour)
}

// hourOf is the hour to which a segment belongs: that of its program time, unless that is so far from the clock that it says when a programme was made.
func hourOf(s *live.Segment) time.Time {
	const maxSkew = time.Hour
	at := s.Seen
	if t := s.ProgramTime; t != nil && t.Sub(at) < maxSkew && at.Sub(*t) < maxSkew {
		at = *t
	}
	return at.UTC().Truncate(time.Hour)
}

// maxDuration bounds a segment; the format allows any number.
const maxDuration jobs.Micros = 3600e6
