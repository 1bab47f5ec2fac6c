package dash

import (
	"fmt"
	"slices"
	"strings"
)

// row is what becomes one sequence: a representation, and those that go on for it in later periods.
type row struct {
	first *Representation
	reps  []*Representation // in the order of their periods; those without one are left out
}

// rows joins representations across periods. An adaptation set goes on in the one of the same media, role, language and codec; within it a representation
// goes on in the one of its id, else in the one of its rank by bandwidth: advertisements have ids of their own. Those of subtitles come last.
func (m *MPD) rows() []*row {
	var list []*row
	known := map[string]*row{}
	for _, q := range m.Periods {
		taken := map[*row]bool{}
		sets := map[string]int{}
		for _, s := range q.Sets {
			key := s.key()
			sets[key]++
			list = s.join(fmt.Sprint(key, sets[key]), list, known, taken)
		}
	}
	slices.SortStableFunc(list, func(a, b *row) int { return a.rank() - b.rank() })
	return list
}

// join adds the representations of a set to the rows that they go on for, or to new ones.
func (s *Set) join(key string, list []*row, known map[string]*row, taken map[*row]bool) []*row {
	names := make([][2]string, len(s.Reps))
	for rank, i := range s.byBandwidth() {
		names[i] = [2]string{key + " id " + s.Reps[i].ID, fmt.Sprintf("%s rank %d", key, rank)}
		s.Reps[i].keys = names[i]
	}
	joined := make([]*row, len(s.Reps))
	for which := range 2 { // ids first, so that no rank takes what an id names
		for i := range s.Reps {
			if r := known[names[i][which]]; joined[i] == nil && r != nil && !taken[r] {
				joined[i], taken[r] = r, true
			}
		}
	}
	for i, rep := range s.Reps {
		r := joined[i]
		if r == nil {
			r = &row{first: rep}
			taken[r] = true
			list = append(list, r)
		}
		for _, name := range names[i] {
			if known[name] == nil {
				known[name] = r
			}
		}
		r.reps = append(r.reps, rep)
	}
	return list
}

// inLast tells whether a row has a representation in the last of so many periods.
func (r *row) inLast(periods int) bool {
	return len(r.reps) > 0 && r.reps[len(r.reps)-1].Period.Index == periods-1
}

// rank puts subtitles behind everything else, which is numbered as if there were none.
func (r *row) rank() int {
	if r.first.Set.Media == "captions" {
		return 1
	}
	return 0
}

func (s *Set) key() string {
	codec := ""
	if len(s.Reps) > 0 {
		codec, _, _ = strings.Cut(s.Reps[0].Variant.Codecs, ".")
	}
	return strings.Join([]string{s.Media, s.Role, s.Language, codec}, "|")
}

// byBandwidth lists the positions of the representations, least bandwidth first.
func (s *Set) byBandwidth() []int {
	order := make([]int, len(s.Reps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if d := s.Reps[a].Variant.Bandwidth - s.Reps[b].Variant.Bandwidth; d != 0 {
			return int(min(max(d, -1), 1))
		}
		return 0
	})
	return order
}

// ladder names the set as a whole, between whose representations players switch.
func (s *Set) ladder(q *Period) string { return fmt.Sprintf("period %d set %d", q.Index, s.Index) }

// name is what a person calls a representation.
func (r *Representation) name() string {
	parts := r.Set.Media + " " + clip(r.ID)
	if r.Set.Language != "" && r.Set.Language != "und" {
		parts += ", " + clip(r.Set.Language)
	}
	return strings.TrimSpace(parts)
}
