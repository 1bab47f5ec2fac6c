package evidence

import (
	"slices"

	"aircheck/jobs"
	"aircheck/report"
)

// keep adds to an index what another one has of the same report and this one lacks: media may be gone that were there for the first frames, and of two workers that are at a check each
// may have bad luck with something else. The level is that of which findings are shown.
func keep(index, other *jobs.Evidence, r *report.Report, level Level) {
	wanted := map[string]bool{}
	for i := range r.Findings {
		if f := &r.Findings[i]; shown(f, level) {
			wanted[jobs.FindingKey(f)] = true
		}
	}
	have := map[string]*jobs.Proof{}
	for i := range index.Items {
		have[index.Items[i].Finding] = &index.Items[i]
	}
	var more []jobs.Proof
	for i := range other.Items {
		p := &other.Items[i]
		switch mine := have[p.Finding]; {
		case mine != nil:
			complete(mine, p)
		case wanted[p.Finding] && len(index.Items)+len(more) < jobs.MaxProofs:
			have[p.Finding], more = p, append(more, *p)
		}
	}
	index.Items = append(index.Items, more...)
	index.Left = max(0, index.Left-len(more))
	if index.Strip == nil {
		index.Strip = other.Strip
	}
}

// complete adds the pictures of roles that a proof has none of, and the sound if it has none.
func complete(p, other *jobs.Proof) {
	for _, picture := range other.Pictures {
		if !slices.ContainsFunc(p.Pictures, func(o jobs.Picture) bool { return o.Role == picture.Role || o.File == picture.File }) {
			p.Pictures = append(p.Pictures, picture)
		}
	}
	if len(p.Sounds) == 0 {
		p.Sounds = other.Sounds
	}
	slices.SortStableFunc(p.Pictures, func(a, b jobs.Picture) int { return order(a.Role) - order(b.Role) })
}

// order is where the picture of a role stands among those of a finding.
func order(role string) int {
	return slices.Index([]string{jobs.RoleBefore, jobs.RoleFirst, jobs.RoleWorst, jobs.RoleAfter}, role)
}
