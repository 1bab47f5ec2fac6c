// Package export writes what a check measured and found in forms that other tools open: Parquet tables for queries, and the per-frame XML of QCTools.
//
// It reads the objects that a check left and decodes nothing. Times are those of the report: seconds on the timeline of the check.
package export

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/report"
)

// Source is a check that is over.
type Source struct {
	Check  *jobs.Check
	Report *report.Report
	// Object fetches the measurement of a window; nil when there is none.
	Object func(ctx context.Context, w jobs.Window) ([]byte, error)
}

// table takes the rows of a check. The rows belong to the reader and are valid during the call.
type table interface {
	frame(t *track, at jobs.Micros, length jobs.Micros, f *measurement.Frame) error
	slot(t *track, at jobs.Micros, length jobs.Micros, s *measurement.Slot) error
	// left says that no rows of a sequence follow.
	left(sequence string) error
}

// track is a rendition with the place of its media.
type track struct {
	jobs.Rendition
	kind  measurement.Kind
	place *judge.Place
	utc   *calendar
	// format is that of the unit that rows come from; measure is the version of their measurement.
	format  measurement.Format
	measure int
}

// walk gives all rows of a check, or of one of its sequences, to a table, sequence by sequence, in the order of their windows. It reads every object twice: only when all headers were seen is it known where media
// stand.
func walk(ctx context.Context, src Source, sequence string, to table) error {
	windows := inOrder(src.Check)
	places, err := headers(ctx, src, windows)
	if err != nil {
		return err
	}
	tracks := tracksOf(src, places)
	r := &reader{source: src, tracks: tracks, to: to}
	if sequence != "" {
		windows = slices.DeleteFunc(windows, func(w jobs.Window) bool { return w.Sequence != sequence })
	}
	for i, w := range windows {
		if err := r.window(ctx, w); err != nil {
			return fmt.Errorf("window %d of %s: %w", w.Index, w.Sequence, err)
		}
		if i+1 == len(windows) || windows[i+1].Sequence != w.Sequence {
			if err := to.left(w.Sequence); err != nil {
				return err
			}
		}
	}
	return nil
}

// inOrder lists the windows of what was examined, those of a sequence one after the other.
func inOrder(check *jobs.Check) []jobs.Window {
	order := map[string]int{}
	for i := range check.Timeline.Sequences {
		q := &check.Timeline.Sequences[i]
		if q.Role != jobs.RoleReference {
			order[q.ID] = i
		}
	}
	windows := slices.DeleteFunc(slices.Clone(check.Windows), func(w jobs.Window) bool { _, ok := order[w.Sequence]; return !ok })
	slices.SortStableFunc(windows, func(a, b jobs.Window) int {
		return cmp.Or(cmp.Compare(order[a.Sequence], order[b.Sequence]), cmp.Compare(a.Index, b.Index))
	})
	return windows
}

// headers places the media of a check.
func headers(ctx context.Context, src Source, windows []jobs.Window) (*judge.Places, error) {
	places, err := judge.NewPlaces(src.Check)
	if err != nil {
		return nil, err
	}
	for _, w := range windows {
		object, err := src.Object(ctx, w)
		if err != nil {
			return nil, fmt.Errorf("window %d of %s: %w", w.Index, w.Sequence, err)
		}
		var header *measurement.Header
		if object != nil {
			m, err := measurement.OpenWith(bytes.NewReader(object), int64(len(object)), measurement.Options{SkipGrids: true})
			if err != nil {
				return nil, fmt.Errorf("window %d of %s: %w", w.Index, w.Sequence, err)
			}
			h := m.Header()
			header = &h
		}
		if err := places.Window(w, header); err != nil {
			return nil, err
		}
	}
	return places, nil
}

func tracksOf(src Source, places *judge.Places) []*track {
	var list []*track
	at := places.Renditions(src.Report.Renditions)
	for _, r := range src.Report.Renditions {
		if p := at[r.ID]; p != nil {
			list = append(list, &track{Rendition: r, kind: measurement.Kind(r.Kind), place: p, utc: calendarOf(src.Check, r.Sequence)})
		}
	}
	return list
}

// reader takes windows apart.
type reader struct {
	source Source
	tracks []*track
	to     table

	rows   *measurement.Reader
	header measurement.Header
	// unit, clock and here are those of the last row.
	here  *track
	unit  int32
	clock judge.Clock
	known bool
}

func (r *reader) window(ctx context.Context, w jobs.Window) error {
	object, err := r.source.Object(ctx, w)
	if err != nil || object == nil {
		return err
	}
	body := bytes.NewReader(object)
	if r.rows == nil {
		r.rows, err = measurement.OpenWith(body, int64(len(object)), measurement.Options{SkipGrids: true})
	} else {
		err = r.rows.Reset(body, int64(len(object)))
	}
	if err != nil {
		return err
	}
	r.header, r.here = r.rows.Header(), nil
	if err := r.rows.Frames(func(f *measurement.Frame) error { return r.frame(w, f) }); err != nil {
		return err
	}
	r.here = nil
	return r.rows.Slots(func(s *measurement.Slot) error { return r.slot(w, s) })
}

func (r *reader) frame(w jobs.Window, f *measurement.Frame) error {
	if !r.enter(w.Sequence, measurement.Video, f.Track, f.Unit) {
		return nil
	}
	return r.to.frame(r.here, r.clock.Time(f.PTS), r.clock.Length(f.Duration), f)
}

// slotLength is that of a whole slot.
const slotLength jobs.Micros = 1e6 / measurement.SlotsPerSecond

func (r *reader) slot(w jobs.Window, s *measurement.Slot) error {
	if s.Samples <= 0 || !r.enter(w.Sequence, measurement.Audio, s.Track, s.Unit) {
		return nil
	}
	at, length := r.clock.Slot(s.Index), slotLength
	if rate := jobs.Micros(r.here.format.SampleRate); rate > 0 { // a slot on the border of two segments comes in two parts
		at += jobs.Micros(s.Offset) * 1e6 / rate
		length = min(jobs.Micros(s.Samples)*1e6/rate, slotLength)
	}
	return r.to.slot(r.here, at, length, s)
}

// enter finds the track and the clock of a row; false when it has no place in the report.
func (r *reader) enter(sequence string, kind measurement.Kind, number, unit int32) bool {
	if r.here != nil && r.unit == unit && r.here.trackOf(kind, number) {
		return r.known
	}
	r.known, r.unit = false, unit
	for _, t := range r.tracks {
		if t.Sequence != sequence || !t.trackOf(kind, number) {
			continue
		}
		r.here = t
		t.measure = r.header.Measure
		r.clock, r.known = t.place.Clock(int(unit))
		r.known = r.known && r.formatOf(t, unit)
		return r.known
	}
	r.here = nil
	return false
}

func (t *track) trackOf(kind measurement.Kind, number int32) bool {
	return t.kind == kind && t.place.Track() == int(number)
}

// formatOf finds the format of a track in a unit.
func (r *reader) formatOf(t *track, unit int32) bool {
	for i := range r.header.Units {
		u := &r.header.Units[i]
		if u.Index != int(unit) {
			continue
		}
		for _, ut := range u.Tracks {
			if ut.Kind == t.kind && ut.Track == t.place.Track() && ut.Format >= 0 && ut.Format < len(r.header.Formats) {
				t.format = r.header.Formats[ut.Format]
				return true
			}
		}
	}
	return false
}
