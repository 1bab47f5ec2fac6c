package hls

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/scte35"
)

// The sources of markers in playlists.
const (
	sourceDateRange = "daterange"
	sourceCue       = "cue"
)

// Markers are what the playlist announces, on its own timeline: date ranges first, then cues, each in the order of their lines. A date range lies where
// program time says; without any it lies nowhere.
func (m *Media) Markers() []jobs.Marker {
	return append(m.dateMarkers(), m.cueMarkers()...)
}

// anchor is a point whose date is known.
type anchor struct {
	date time.Time
	at   jobs.Micros
}

// anchors are the points with a date, in the order of their dates.
func (m *Media) anchors() []anchor {
	var list []anchor
	for i := range m.Segments {
		if s := &m.Segments[i]; s.ProgramTime != nil {
			list = append(list, anchor{*s.ProgramTime, s.Start})
		}
	}
	slices.SortStableFunc(list, func(a, b anchor) int { return a.date.Compare(b.date) })
	return list
}

// place puts a date on the timeline: counted from the last date before it, or from the first one.
func place(anchors []anchor, date time.Time) (jobs.Micros, bool) {
	if len(anchors) == 0 {
		return 0, false
	}
	i, exact := slices.BinarySearchFunc(anchors, date, func(a anchor, d time.Time) int { return a.date.Compare(d) })
	if !exact && i > 0 {
		i--
	}
	a := anchors[min(i, len(anchors)-1)]
	return a.at + jobs.FromDuration(between(a.date, date)), true
}

// dateMarkers makes one marker of all tags with one ID: a later one adds what the first did not know.
func (m *Media) dateMarkers() []jobs.Marker {
	anchors := m.anchors()
	var list []jobs.Marker
	for _, d := range merged(m.Dates) {
		if d.Start == nil {
			continue
		}
		start, ok := place(anchors, *d.Start)
		end := start + d.length()
		if !ok || end < 0 || start > m.Duration {
			continue // before the window, or announced for what has not been published
		}
		kind, text := d.meaning()
		list = append(list, jobs.Marker{Kind: kind, Source: sourceDateRange, ID: clip(d.ID), Start: max(start, 0).At(), End: end.At(), Text: text})
	}
	return list
}

// merged puts the tags of one ID together, in the order of their first lines.
func merged(dates []DateRange) []*DateRange {
	var list []*DateRange
	known := map[string]*DateRange{}
	for i := range dates {
		d := dates[i]
		old := known[d.ID]
		if old == nil || d.ID == "" {
			known[d.ID] = &d
			list = append(list, &d)
			continue
		}
		old.Class = cmp.Or(old.Class, d.Class)
		old.Out, old.In, old.Command = cmp.Or(old.Out, d.Out), cmp.Or(old.In, d.In), cmp.Or(old.Command, d.Command)
		if old.Start == nil {
			old.Start = d.Start
		}
		if d.End != nil {
			old.End = d.End
		}
		if d.Duration >= 0 && (old.Duration < 0 || old.Planned) {
			old.Duration, old.Planned = d.Duration, d.Planned
		}
	}
	return list
}

// length is how long a date range lasts; 0 when nobody says. What was planned yields to what was.
func (d *DateRange) length() jobs.Micros {
	switch {
	case d.Duration >= 0 && !d.Planned:
		return d.Duration
	case d.End != nil && !d.End.Before(*d.Start):
		return jobs.FromDuration(between(*d.Start, *d.End))
	}
	return max(d.Duration, 0)
}

// interstitial is the CLASS of an advertisement that the player inserts (RFC 8216bis appendix D).
const interstitial = "com.apple.hls.interstitial"

// meaning is the kind of a date range, and words for it.
func (d *DateRange) meaning() (kind, text string) {
	kind = "other"
	var words []string
	for _, payload := range []string{d.Out, d.Command, d.In} {
		if payload == "" {
			continue
		}
		if s, err := scte35.ParseText(payload); err == nil {
			what := s.Meanings()[0]
			if kind == "other" {
				kind = what.Kind
			}
			words = append(words, what.Text)
		}
	}
	switch {
	case d.Out != "":
		kind = "break"
	case d.Class == interstitial:
		kind, words = "break", append(words, "interstitial")
	}
	if d.Class != "" && d.Class != interstitial {
		words = append(words, "class "+clip(d.Class))
	}
	return kind, strings.Join(words, "; ")
}

// cues folds the tags about advertisements into markers.
type cues struct {
	media *Media
	list  []jobs.Marker
	open  map[string]int // by kind: the marker that has not ended; its position
	begun map[string]int // by kind: the segment at which it was opened
	ids   map[string]int // how often each id was used
}

func (m *Media) cueMarkers() []jobs.Marker {
	c := cues{media: m, open: map[string]int{}, begun: map[string]int{}, ids: map[string]int{}}
	for i := range m.Cues {
		c.tag(&m.Cues[i])
	}
	return c.list
}

// at is where a segment begins.
func (c *cues) at(segment int) jobs.Micros {
	if segment < len(c.media.Segments) {
		return c.media.Segments[segment].Start
	}
	return c.media.Duration
}

// tag tells the section in a tag first, then what the tag itself says.
func (c *cues) tag(cue *Cue) {
	at := c.at(cue.Segment)
	if s, err := scte35.ParseText(cue.Payload); cue.Payload != "" && err == nil && cue.Name != "EXT-X-CUE-OUT-CONT" {
		for _, what := range s.Meanings() {
			c.section(cue, at, what)
		}
	}
	switch cue.Name {
	case "EXT-X-CUE-OUT":
		c.begin(cue.Segment, at, jobs.Marker{Kind: "break", ID: cue.ID, Text: "cue out" + lasting(cue.Duration)}, cue.Duration)
	case "EXT-X-CUE-OUT-CONT":
		if _, open := c.open["break"]; !open {
			c.begin(cue.Segment, max(0, at-max(cue.Elapsed, 0)), jobs.Marker{Kind: "break", ID: cue.ID, Text: "cue out" + lasting(cue.Duration)}, cue.Duration)
		}
	case "EXT-X-CUE-IN":
		c.end("break", at)
	}
}

func lasting(d jobs.Micros) string {
	if d < 0 {
		return ""
	}
	return ", " + shown(d)
}

func (c *cues) section(cue *Cue, at jobs.Micros, what scte35.Meaning) {
	length := jobs.Micros(-1)
	if what.Duration >= 0 {
		length = jobs.FromDuration(what.Duration)
	}
	if length < 0 {
		length = cue.Duration
	}
	marker := jobs.Marker{Kind: what.Kind, ID: cmp.Or(what.ID, cue.ID), Text: what.Text}
	switch {
	case what.Cancels: // takes back what was to come; what stands in a playlist has begun
	case what.Edge == scte35.Begin:
		c.begin(cue.Segment, at, marker, length)
	case what.Edge == scte35.End:
		c.end(what.Kind, at)
	case what.ID != "":
		c.begin(cue.Segment, at, marker, length)
		delete(c.open, what.Kind)
	}
}

// begin opens a marker, or completes the one that was opened at the same segment: a section and a tag often stand together.
func (c *cues) begin(segment int, at jobs.Micros, marker jobs.Marker, length jobs.Micros) {
	if i, open := c.open[marker.Kind]; open && c.begun[marker.Kind] == segment {
		old := &c.list[i]
		if length >= 0 && old.End == old.Start {
			old.End = (at + length).At()
		}
		if old.ID == "" && marker.ID != "" {
			old.ID, old.Text = c.unique(marker.ID), marker.Text
		}
		return
	}
	marker.Source, marker.Start, marker.End = sourceCue, at.At(), (at + max(length, 0)).At()
	marker.ID = c.unique(marker.ID)
	c.open[marker.Kind], c.begun[marker.Kind] = len(c.list), segment
	c.list = append(c.list, marker)
}

// end closes a marker where it is said to end, whatever was planned.
func (c *cues) end(kind string, at jobs.Micros) {
	if i, open := c.open[kind]; open {
		c.list[i].End = max(at.At(), c.list[i].Start)
		delete(c.open, kind)
	}
}

// unique tells apart the breaks of an encoder that calls all of them the same.
func (c *cues) unique(id string) string {
	if id == "" {
		return ""
	}
	c.ids[id]++
	if n := c.ids[id]; n > 1 {
		return fmt.Sprintf("%s#%d", id, n)
	}
	return id
}

// cueRule: a section that cannot be read announces nothing to anybody.
func (p *parser) cueRule(m *Media) {
	first, count, why := 0, 0, error(nil)
	look := func(line int, payload string) {
		if payload == "" {
			return
		}
		if _, err := scte35.ParseText(payload); err != nil {
			if count == 0 {
				first, why = line, err
			}
			count++
		}
	}
	for i := range m.Dates {
		for _, payload := range []string{m.Dates[i].Out, m.Dates[i].In, m.Dates[i].Command} {
			look(m.Dates[i].Line, payload)
		}
	}
	for i := range m.Cues {
		look(m.Cues[i].Line, m.Cues[i].Payload)
	}
	if count == 0 {
		return
	}
	f := about("playlist.scte35", first, "the SCTE-35 section cannot be read: %v", why)
	if count > 1 {
		f.Message += fmt.Sprintf("; so it is with %d sections", count)
	}
	p.broken(f)
}

// maxMarkers bounds those of one timeline.
const maxMarkers = 2 * maxDates

// announce adds the markers of one sequence to those of the others, which mostly say the same: date ranges by their IDs, cues from the first sequence that
// has any.
func (t *timeline) announce(m *Media, sequence string) {
	source := func(s string) func(jobs.Marker) bool { return func(k jobs.Marker) bool { return k.Source == s } }
	hadCues := slices.ContainsFunc(t.out.Markers, source(sourceCue))
	for _, k := range m.Markers() {
		if len(t.out.Markers) == maxMarkers || k.Source == sourceCue && hadCues || k.Source == sourceDateRange && t.announced[k.ID] {
			continue
		}
		if k.Source == sourceDateRange {
			t.announced[k.ID] = true
		}
		k.Rendition = sequence
		t.out.Markers = append(t.out.Markers, k)
	}
}
