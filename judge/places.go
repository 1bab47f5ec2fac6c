package judge

import (
	"cmp"
	"fmt"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Places tells where the media of a check stand on its timeline: which decode unit and which timestamp of which track is shown at a time of a rendition. It needs the
// headers of the measurements and no rows. What only rows tell is left out: where the clock of an object begins again within it.
type Places struct {
	judge  *Judge
	tracks map[trackKey][]unitPlace
}

// trackKey names a track of a sequence.
type trackKey struct {
	sequence string
	kind     measurement.Kind
	track    int
}

// unitPlace is where one unit of a track stands.
type unitPlace struct {
	placedTrack
	unit   int
	format measurement.Format
}

// Moment is a moment of a track, as a decoder finds it.
type Moment struct {
	Sequence string
	Kind     measurement.Kind
	Track    int
	// Unit and PTS name the picture that is on the screen, or the sample that is played: PTS is the wanted time in ticks, and a picture's own is not greater.
	Unit int
	PTS  int64
	// Beyond says by how much the moment lies behind the end of the unit's media, or before its beginning: nothing is shown then.
	Beyond jobs.Micros
}

// NewPlaces begins the placing of a check.
func NewPlaces(check *jobs.Check) (*Places, error) {
	j, err := New(check)
	if err != nil {
		return nil, err
	}
	return &Places{judge: j, tracks: map[trackKey][]unitPlace{}}, nil
}

// Window takes the header of a window's measurement; the windows of a sequence must come in order. A nil header says that there is no measurement.
func (p *Places) Window(w jobs.Window, h *measurement.Header) error {
	q, err := p.judge.sequence(w.Sequence)
	if err != nil {
		return err
	}
	if h == nil {
		if err := q.inOrder(w); err != nil {
			return err
		}
		q.absent(w, "")
		q.Next++
		return nil
	}
	if err := q.expects(w, h.Sequence, h.Window); err != nil {
		return err
	}
	f := &fold{q: q, formats: h.Formats, at: map[rowKey]int{}, cursor: map[*stream]int{}}
	for i := range h.Units {
		if err := f.unit(&h.Units[i], w); err != nil {
			return fmt.Errorf("window %d of %s: %w", w.Index, q.ID, err)
		}
	}
	for i := range f.units {
		p.note(q, &f.units[i], h.Formats)
	}
	q.absent(w, "")
	q.Next++
	return nil
}

func (p *Places) note(q *sequence, u *placedUnit, formats []measurement.Format) {
	if q.isReference() {
		return
	}
	for _, t := range u.Tracks {
		if t.Frames == 0 {
			continue // nothing came out of the decoder here
		}
		key := trackKey{q.ID, t.Kind, t.Track}
		p.tracks[key] = append(p.tracks[key], unitPlace{t, u.Index, formats[t.Format]})
	}
}

// Renditions ends the placing and gives the moments of each rendition of a report, by its id.
func (p *Places) Renditions(list []jobs.Rendition) map[string]*Place {
	all := map[string]*Place{}
	seen := map[trackKey]int{}
	for i := range list {
		r := &list[i]
		kind := measurement.Kind(r.Kind)
		counted := trackKey{sequence: r.Sequence, kind: kind}
		n := seen[counted]
		seen[counted]++
		if q, err := p.judge.sequence(r.Sequence); err == nil {
			if s := streamOf(q.Streams, kind, n); s != nil {
				all[r.ID] = &Place{key: trackKey{q.ID, kind, s.Track}, units: p.sorted(trackKey{q.ID, kind, s.Track}), shift: p.judge.shifts(q)}
			}
		}
	}
	return all
}

// streamOf is the n-th stream of a kind: renditions are numbered in that order.
func streamOf(streams []*stream, kind measurement.Kind, n int) *stream {
	for _, s := range streams {
		if s.Kind != kind {
			continue
		}
		if n == 0 {
			return s
		}
		n--
	}
	return nil
}

func (p *Places) sorted(key trackKey) []unitPlace {
	units := p.tracks[key]
	slices.SortStableFunc(units, func(a, b unitPlace) int { return cmp.Compare(a.First, b.First) })
	return units
}

// Place is where one rendition stands.
type Place struct {
	key   trackKey
	units []unitPlace
	shift []shift
}

// atSlack is added to a time before it is looked up: times are rounded to microseconds, and the picture that begins there is meant.
const atSlack jobs.Micros = 500

// At finds what is shown at a time of the rendition; false when it has no media at all.
func (p *Place) At(at jobs.Micros) (Moment, bool) {
	if len(p.units) == 0 {
		return Moment{}, false
	}
	raw := p.unshifted(at) + atSlack
	i, found := slices.BinarySearchFunc(p.units, raw, func(u unitPlace, t jobs.Micros) int { return cmp.Compare(u.First, t) })
	if !found {
		i = max(0, i-1)
	}
	u := &p.units[i]
	m := Moment{Sequence: p.key.sequence, Kind: p.key.kind, Track: p.key.track, Unit: u.unit, PTS: u.pts(raw)}
	m.Beyond = max(0, u.First-raw, raw-u.End)
	return m, true
}

// unshifted finds the time before alignment; it is exact but where two discontinuity groups overlap.
func (p *Place) unshifted(at jobs.Micros) jobs.Micros {
	raw := at
	for range 2 { // the shift is that of the group in which the result lies
		raw = at - shiftAt(p.shift, raw)
	}
	return raw
}

// pts is the raw timestamp of a time.
func (u *unitPlace) pts(at jobs.Micros) int64 {
	return clampTicks(clampTicks(u.Origin.Ticks, u.Base.ticks(at-u.Origin.At)), -u.Turn)
}

// Time places a timestamp of a unit; false when the rendition has no such unit.
func (p *Place) Time(unit int, pts int64) (jobs.Micros, bool) {
	for i := range p.units {
		if u := &p.units[i]; u.unit == unit {
			return shifted(p.shift, u.time(pts)), true
		}
	}
	return 0, false
}

// End is where the media of the rendition end.
func (p *Place) End() jobs.Micros {
	var end jobs.Micros
	for i := range p.units {
		end = max(end, shifted(p.shift, p.units[i].End))
	}
	return end
}

// Format is that of the rendition's first unit; the zero format when it has none.
func (p *Place) Format() measurement.Format {
	if len(p.units) == 0 {
		return measurement.Format{}
	}
	return p.units[0].format
}

// Ticks is a length in ticks of the unit's track.
func (p *Place) Ticks(m Moment, length jobs.Micros) int64 {
	for i := range p.units {
		if p.units[i].unit == m.Unit {
			return p.units[i].Base.ticks(length)
		}
	}
	return 0
}

// Unit is where the media of a unit stand; false when the rendition has no such unit.
func (p *Place) Unit(unit int) (from, to jobs.Micros, ok bool) {
	for i := range p.units {
		if u := &p.units[i]; u.unit == unit {
			return shifted(p.shift, u.First), shifted(p.shift, u.End), true
		}
	}
	return 0, 0, false
}
