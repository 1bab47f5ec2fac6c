package follow

import (
	"slices"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

// maxMarked bounds the markers whose beginnings are remembered: a break a minute has 60 in an hour, and some encoders cue every segment.
const maxMarked = 2000

// maxLoose bounds what is remembered while there is no place for it.
const maxLoose = 100

func (s *state) takeLoose() []live.Fault {
	list := s.loose
	s.loose = nil
	return list
}

// fault finds the place of a fault: at its segment, which may still be on its way, or at the live edge. It tells whether the fault is new.
func (s *state) fault(f live.Fault, now time.Time) bool {
	if len(s.periods) == 0 {
		return s.putOff(f)
	}
	r := s.byID[f.Sequence]
	if r == nil {
		if f.Sequence != "" {
			return false // of a rendition that is not followed
		}
		return s.atEdge(f, nil, now)
	}
	if f.Number < 0 {
		return s.atEdge(f, r, now)
	}
	for _, it := range r.items {
		if it.Number == f.Number {
			return it.tell(f)
		}
	}
	for i := len(s.periods) - 1; i >= 0; i-- {
		if pl := s.periods[i].places[r.id]; pl != nil {
			if seg := pl.find(f.Number); seg != nil {
				return s.periods[i].ledger.tell(f.Key, findingOf(&f, pl.sequence, seg.Start, seg.Start+seg.Duration), now)
			}
		}
	}
	return s.atEdge(f, r, now)
}

// putOff keeps a fault until there is a segment to tell it with; one that goes on takes the place of what was told before.
func (s *state) putOff(f live.Fault) bool {
	for i := range s.loose {
		if f.Key != "" && s.loose[i].Key == f.Key {
			s.loose[i] = f
			return false
		}
	}
	if len(s.loose) < maxLoose {
		s.loose = append(s.loose, f)
	}
	return true
}

// tell keeps a fault until the item has its place.
func (it *item) tell(f live.Fault) bool {
	for i := range it.faults {
		if f.Key != "" && it.faults[i].Key == f.Key {
			it.faults[i] = f
			return false
		}
	}
	if len(it.faults) < maxLoose {
		it.faults = append(it.faults, f)
	}
	return true
}

// atEdge places a fault behind all that is known of its row, or of the stream: from there on it lasts as long as it lasts.
func (s *state) atEdge(f live.Fault, r *row, now time.Time) bool {
	p := s.periods[len(s.periods)-1]
	var edge jobs.Micros
	sequence := ""
	for id, pl := range p.places {
		if r != nil && id != r.id {
			continue
		}
		end := pl.end
		if one := s.byID[id]; one != nil {
			for _, it := range one.items {
				if it.period == p {
					end += it.Duration
				}
			}
		}
		edge = max(edge, end)
		if r != nil {
			sequence = pl.sequence
		}
	}
	if begun, ok := p.ledger.begun(f.Key); ok {
		edge = begun
	}
	lasts := min(max(jobs.FromDuration(f.Until.Sub(f.Since)), 0), maxLasting)
	return p.ledger.tell(f.Key, findingOf(&f, sequence, edge, edge+lasts), now)
}

// maxLasting bounds a fault: a year, for whatever the clocks may say.
const maxLasting jobs.Micros = 366 * 86400e6

// remember keeps markers until they have a place; one that is told again takes the place of what was told before.
func (s *state) remember(list []live.Marker) {
	for _, m := range list {
		known := false
		for i := range s.markers {
			if o := &s.markers[i]; m.ID != "" && o.ID == m.ID && o.Source == m.Source {
				*o, known = m, true
				break
			}
		}
		if known {
			continue
		}
		if len(s.markers) >= maxLoose { // some never find a place: those of segments that nobody followed
			s.markers = slices.Delete(s.markers, 0, 1)
		}
		s.markers = append(s.markers, m)
	}
}

// placeMarkers moves the markers that have a place in a period by now into its ledger. grown are its places with what is about to be written. What was over
// before the period began is nobody's any more.
func (s *state) placeMarkers(p *period, grown map[string]*place) {
	kept := s.markers[:0]
	for _, m := range s.markers {
		start, pl, ok := markerAt(p, grown, &m)
		key := m.Source + " " + m.ID
		if was, told := p.marked[key]; told && !ok && pl != nil && m.ID != "" {
			start, ok = was, true // its segment is long gone, and how long it lasted is known only now
		}
		if !ok || start >= pl.end {
			kept = append(kept, m)
			continue
		}
		end := start
		if m.End.IsZero() {
			end += min(max(jobs.FromDuration(m.Length), 0), maxLasting)
		} else if m.End.After(m.Start) && !m.Start.IsZero() {
			end += min(jobs.FromDuration(m.End.Sub(m.Start)), maxLasting)
		}
		if end < 0 {
			continue
		}
		out := m.Marker
		out.Start, out.End, out.Rendition = max(start, 0).At(), end.At(), ""
		if grown[m.Sequence] != nil {
			out.Rendition = pl.sequence
		}
		p.ledger.markers = append(p.ledger.markers, out)
		if p.marked == nil || len(p.marked) >= maxMarked {
			p.marked = map[string]jobs.Micros{}
		}
		p.marked[key] = start
	}
	s.markers = kept
}

// markerAt tells where a marker stands on the timeline of a period; negative when it stands before it.
func markerAt(p *period, grown map[string]*place, m *live.Marker) (jobs.Micros, *place, bool) {
	pl := grown[m.Sequence]
	if pl == nil && len(p.order) > 0 {
		pl = grown[p.order[0]]
	}
	if pl == nil {
		return 0, nil, false
	}
	if !m.Start.IsZero() {
		at, ok := pl.at(m.Start)
		return at, pl, ok
	}
	if seg := pl.find(m.Number); seg != nil {
		return seg.Start + jobs.FromDuration(m.Offset), pl, true
	}
	return 0, pl, false
}
