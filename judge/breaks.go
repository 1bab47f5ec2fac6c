package judge

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"aircheck/jobs"
)

// Ad breaks under their own profile. A second judge folds the same measurements under it; at the end each time has the findings of its profile. Both judges are serial folds over
// the same rows, so the choice between them depends on the cut as little as they do.

// newBreaks makes the judge of what stands in breaks; nil when it would judge no differently.
func newBreaks(check *jobs.Check) (*Judge, error) {
	p := check.BreakProfile
	if p == nil || p.Digest == check.Profile.Digest {
		return nil, nil
	}
	inner := *check
	inner.Profile, inner.BreakProfile = *p, nil
	j, err := New(&inner)
	if err != nil {
		return nil, err
	}
	j.undrawn()
	return j, nil
}

// restoreBreaks takes the second judge of a checkpoint.
func (j *Judge) restoreBreaks(snapshot json.RawMessage) error {
	if (j.breaks != nil) != (len(snapshot) > 0) {
		return fmt.Errorf("restore check %s: the checkpoint and the check do not agree about a profile for breaks", j.check.ID)
	}
	if j.breaks == nil {
		return nil
	}
	inner, err := Restore(j.breaks.check, snapshot)
	if err != nil {
		return fmt.Errorf("judge of breaks: %w", err)
	}
	inner.undrawn()
	j.breaks = inner
	return nil
}

// interrupted gives the findings of the whole check: of those that begin in an ad break the ones of its profile.
func (j *Judge) interrupted(r *jobs.Result) error {
	if j.breaks == nil {
		return nil
	}
	within, err := j.breaks.Finish()
	if err != nil {
		return fmt.Errorf("judge breaks: %w", err)
	}
	b := breakChoice{rulings: newRulings(j.params), spans: breaksOf(r.Summary.Markers), until: r.Duration}
	if len(b.spans) > 0 {
		r.Findings = b.merge(r.Findings, within.Findings, j.check.BreakProfile.Name)
	}
	return nil
}

// span of a break, half-open.
type breakSpan struct{ from, to jobs.Seconds }

// breaksOf lists the breaks whose end is known, those that touch as one, in the order of time.
func breaksOf(markers []jobs.Marker) []breakSpan {
	var list []breakSpan
	for _, m := range markers {
		if m.Kind == "break" && m.End > m.Start {
			list = append(list, breakSpan{m.Start, m.End})
		}
	}
	slices.SortFunc(list, func(a, b breakSpan) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	merged := list[:0]
	for _, s := range list {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// breakChoice chooses between the findings of two profiles.
type breakChoice struct {
	rulings *rulings
	spans   []breakSpan
	until   jobs.Seconds // end of the stream
}

// holds tells whether a time lies in a break.
func (b *breakChoice) holds(at jobs.Seconds) bool {
	i, found := slices.BinarySearchFunc(b.spans, at, func(s breakSpan, at jobs.Seconds) int { return cmp.Compare(s.from, at) })
	return found || i > 0 && at < b.spans[i-1].to
}

// whole tells whether a finding is about the programme and not about a time in it: such ones stay under the profile of the programme, wherever their time begins.
func (b *breakChoice) whole(f *jobs.Finding) bool {
	switch f.Code {
	case "audio.loudness", "audio.loudness_range":
		return true
	}
	return b.rulings.rules[f.Code] || strings.HasPrefix(f.Code, "reference.") || strings.HasPrefix(f.Code, "worker.") || f.Start == 0 && f.End >= b.until
}

// defect names what two profiles may see differently.
type defect struct{ code, rendition string }

// merge takes the findings that begin in breaks from within, all others from around. The profiles may see one defect begin at different times, one in a break and one
// not: what both tell is told once, and what neither would tell, because each leaves it to the other, is told as the break's profile sees it.
func (b *breakChoice) merge(around, within []jobs.Finding, profile string) []jobs.Finding {
	taken := map[defect][]jobs.Finding{}
	var result, left []jobs.Finding
	take := func(f jobs.Finding) {
		key := defect{f.Code, f.Rendition}
		taken[key] = append(taken[key], f)
		result = append(result, f)
	}
	for _, f := range around {
		if b.whole(&f) || !b.holds(f.Start) {
			take(f)
		} else {
			left = append(left, f)
		}
	}
	var early []jobs.Finding
	for _, f := range within {
		f.Profile = profile
		switch {
		case b.whole(&f):
		case !b.holds(f.Start):
			early = append(early, f)
		case !overlaps(taken[defect{f.Code, f.Rendition}], &f):
			take(f)
		}
	}
	dropped := map[defect][]jobs.Finding{}
	for _, f := range left {
		dropped[defect{f.Code, f.Rendition}] = append(dropped[defect{f.Code, f.Rendition}], f)
	}
	for _, f := range early {
		key := defect{f.Code, f.Rendition}
		if overlaps(dropped[key], &f) && !overlaps(taken[key], &f) {
			take(f)
		}
	}
	slices.SortStableFunc(result, compareFindings)
	return result
}

// overlaps tells whether a finding shares time with one of a list. A judge tells of at most maxFindings of a code, and of few that a break could cut.
func overlaps(list []jobs.Finding, f *jobs.Finding) bool {
	return slices.ContainsFunc(list, func(o jobs.Finding) bool { return o.Start < f.End && f.Start < o.End || o.Start == f.Start })
}
