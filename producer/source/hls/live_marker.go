package hls

import (
	"fmt"
	"slices"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

// maxAnnounced bounds the markers that are remembered of one playlist: those of a window of hours.
const maxAnnounced = 500

// announced are the markers that were told, the oldest first.
type announced struct {
	list []live.Marker
	// open is the place of the last break whose end the playlist has not told; -1, as for the zero value of known, when there is none.
	open  int
	known bool
	// since is where it began, in the time of all segments that were told.
	since jobs.Micros
}

// tellMarkers tells the date ranges and cues that are new, or say more than before. Cues stand in the media playlists of all variants: those of the first
// are told.
func (v *version) tellMarkers() {
	v.tellDates()
	v.tellCues()
	a := &v.p.told
	if n := len(a.list) - maxAnnounced; n > 0 {
		a.list = slices.Delete(a.list, 0, n)
		a.open -= n
		a.known = a.known && a.open >= 0
	}
}

// tell tells a marker unless it was told as it is.
func (v *version) tell(m live.Marker) (place int) {
	a := &v.p.told
	place = slices.IndexFunc(a.list, func(o live.Marker) bool { return o.Source == m.Source && o.ID == m.ID })
	if place >= 0 && a.list[place] == m {
		return place
	}
	if place < 0 {
		place = len(a.list)
		a.list = append(a.list, m)
	}
	a.list[place] = m
	v.update.Markers = append(v.update.Markers, m)
	return place
}

// tellDates puts date ranges on the clock, where they are written.
func (v *version) tellDates() {
	for _, d := range merged(v.media.Dates) {
		if d.Start == nil || d.ID == "" {
			continue
		}
		m := live.Marker{Start: *d.Start, Sequence: v.p.id}
		m.Source, m.ID = sourceDateRange, clip(d.ID)
		m.Kind, m.Text = d.meaning()
		if length := d.length(); length > 0 {
			m.End = d.Start.Add(time.Duration(length) * time.Microsecond)
		}
		if old := v.p.told.find(&m); old != nil && m.Text == "" { // the tag that said so has slid out
			m.Kind, m.Text = old.Kind, old.Text
		}
		if !v.foreign(&m) {
			v.tell(m)
		}
	}
}

// find finds a marker that was told; nil when there is none.
func (a *announced) find(m *live.Marker) *live.Marker {
	i := slices.IndexFunc(a.list, func(o live.Marker) bool { return o.Source == m.Source && o.ID == m.ID })
	if i < 0 {
		return nil
	}
	return &a.list[i]
}

// foreign tells whether another playlist of the stream has told a marker already, in this refresh or before.
func (v *version) foreign(m *live.Marker) bool {
	for _, p := range v.others {
		if p != v.p && slices.ContainsFunc(p.told.list, func(o live.Marker) bool {
			return o.Source == m.Source && (o.ID == m.ID || m.Source == sourceCue)
		}) {
			return true
		}
	}
	return false
}

// tellCues tells the breaks that begin in a new segment, and the ends of those that were told. What a playlist only repeats while a break goes on
// (EXT-X-CUE-OUT-CONT) counts in the first version, because nothing before was seen.
func (v *version) tellCues() {
	for _, marker := range v.media.cueMarkers() {
		at := jobs.Micros(float64(marker.Start)*1e6 + 0.5)
		i := v.segmentAt(at)
		if i < 0 || i == 0 && v.continues(marker.Kind) {
			continue
		}
		s := &v.media.Segments[i]
		m := live.Marker{Marker: marker, Sequence: v.p.id, Number: v.number(s.Sequence), Offset: time.Duration(at-s.Start) * time.Microsecond}
		m.Marker.Start, m.Marker.End = 0, 0
		m.ID = fmt.Sprintf("%s@%d", marker.ID, m.Number) // encoders call all their breaks the same
		m.Length = max(0, time.Duration(float64(marker.End-marker.Start)*float64(time.Second)).Round(time.Microsecond))
		if s.ProgramTime != nil {
			m.Start = s.ProgramTime.Add(m.Offset)
			if m.Length > 0 {
				m.End = m.Start.Add(m.Length)
			}
		}
		if v.p.told.find(&m) == nil && v.known && s.Sequence < v.before || v.foreign(&m) {
			continue
		}
		place := v.tell(m)
		if marker.Kind == "break" {
			v.p.told.open, v.p.told.known, v.p.told.since = place, true, v.elapsed(i)+jobs.FromDuration(m.Offset)
		}
	}
	v.tellEnds()
}

// continues tells whether a break at the beginning of the version is the one that was told before, whose EXT-X-CUE-OUT has slid out.
func (v *version) continues(kind string) bool {
	return kind == "break" && v.p.told.known && slices.ContainsFunc(v.media.Cues, func(c Cue) bool { return c.Segment == 0 && c.Name == "EXT-X-CUE-OUT-CONT" })
}

// tellEnds ends the break whose beginning has slid out of the playlist.
func (v *version) tellEnds() {
	a := &v.p.told
	for i := range v.media.Cues {
		c := &v.media.Cues[i]
		if c.Name != "EXT-X-CUE-IN" || !a.known || c.Segment >= len(v.media.Segments) {
			continue
		}
		s := &v.media.Segments[c.Segment]
		m := a.list[a.open]
		lasted := v.elapsed(c.Segment) - a.since
		switch {
		case s.Sequence < v.before:
			continue
		case s.ProgramTime != nil && s.ProgramTime.After(m.Start) && !m.Start.IsZero():
			m.End = *s.ProgramTime
		case m.Start.IsZero() && lasted > 0:
			m.Length = time.Duration(lasted) * time.Microsecond
		default:
			continue
		}
		v.tell(m)
		a.known = false
	}
}

// elapsed is how long all segments are that were told before one of the version.
func (v *version) elapsed(segment int) jobs.Micros {
	sum := v.p.total
	for i := segment; i < len(v.media.Segments); i++ {
		sum -= v.media.Segments[i].Duration
	}
	return sum
}

// segmentAt is the position of the segment that is on at a time of the version; -1 when none is.
func (v *version) segmentAt(at jobs.Micros) int {
	return slices.IndexFunc(v.media.Segments, func(s Segment) bool { return at >= s.Start && at < s.Start+s.Duration })
}
