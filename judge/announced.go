package judge

import (
	"fmt"
	"slices"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/jobs/scte35"
)

// maxAnnounced bounds the markers of one sequence: a day with an event every ten seconds.
const maxAnnounced = 8640

// sameMoment is how far two messages about one event may lie apart: an encoder that repeats an announcement names the same moment each time.
const sameMoment jobs.Micros = 1e6

// announcements folds the SCTE-35 sections that travel with the media into markers.
type announcements struct {
	List []announcement `json:",omitempty"`
}

// announcement is a marker with what is needed to end it.
type announcement struct {
	Source, Kind, Event, Text string
	Start, End                jobs.Micros
	// Ended: a message said where it ends; until then End is what was planned.
	Ended bool `json:",omitempty"`
}

// note takes the sections of a unit; they lie where the first picture of the unit says.
func (a *announcements) note(u *placedUnit, list []measurement.Splice) {
	lead := u.primary()
	if lead == nil {
		return
	}
	for i := range list[:min(len(list), measurement.MaxSplices)] {
		s := &list[i]
		section, err := scte35.Parse(s.Section)
		if err != nil {
			continue
		}
		at := max(0, clampTime(lead.First+clampTime(jobs.Micros(s.At))))
		for _, what := range section.Meanings() {
			a.event(source(s.Source), at, max(0, clampTime(jobs.Micros(s.Length))), what)
		}
	}
}

// source believes a measurement only what it may say.
func source(s string) string {
	if s == "scte35.emsg" {
		return s
	}
	return "scte35.ts"
}

func (a *announcements) event(source string, at, length jobs.Micros, what scte35.Meaning) {
	switch {
	case what.Edge == scte35.End:
		a.end(what, at)
		return
	case what.Cancels:
		a.cancel(what.ID, at)
		return
	case what.Edge == "" && what.ID == "":
		return
	}
	if what.Duration >= 0 {
		length = jobs.FromDuration(min(what.Duration, maxAnnouncedLength))
	}
	for i := len(a.List) - 1; i >= 0; i-- {
		if old := &a.List[i]; old.Kind == what.Kind && old.Event == what.ID && abs(old.Start-at) < sameMoment {
			if !old.Ended {
				old.End = max(old.End, old.Start+length)
			}
			return
		}
	}
	if len(a.List) < maxAnnounced {
		a.List = append(a.List, announcement{Source: source, Kind: what.Kind, Event: what.ID, Text: what.Text, Start: at, End: at + length})
	}
}

// cancel drops an event that was announced and has not begun (SCTE 35 section 9.7.3: splice_event_cancel_indicator).
func (a *announcements) cancel(event string, at jobs.Micros) {
	a.List = slices.DeleteFunc(a.List, func(o announcement) bool { return o.Event == event && o.Start > at })
}

// maxAnnouncedLength bounds what a message may promise: segmentation_duration has 40 bits of 90 kHz.
const maxAnnouncedLength = 365 * 24 * time.Hour

// end closes the event that a message names, else the last one of its kind, unless that was closed before.
func (a *announcements) end(what scte35.Meaning, at jobs.Micros) {
	var last *announcement
	for i := len(a.List) - 1; i >= 0; i-- {
		old := &a.List[i]
		if old.Kind != what.Kind || old.Start > at {
			continue
		}
		if old.Event == what.ID {
			last = old
			break
		}
		if last == nil {
			last = old
		}
	}
	if last != nil && !last.Ended {
		last.End, last.Ended = at, true
	}
}

// spliced are the markers of all sequences: each source as the first sequence has it, because renditions of one stream carry the same.
func (j *Judge) spliced() []jobs.Marker {
	var list []jobs.Marker
	from := map[string]*sequence{}
	for _, q := range j.sequences {
		times := map[string]int{}
		for i := range q.Announced.List {
			a := &q.Announced.List[i]
			if first := from[a.Source]; first != nil && first != q {
				continue
			}
			from[a.Source] = q
			times[a.Source+a.Event]++
			id := a.Event
			if n := times[a.Source+a.Event]; n > 1 && id != "" {
				id = fmt.Sprintf("%s#%d", id, n)
			}
			list = append(list, jobs.Marker{Kind: a.Kind, Source: a.Source, ID: id, Start: a.Start.At(), End: a.End.At(), Text: a.Text, Rendition: q.rendition})
		}
	}
	return list
}
