package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"aircheck/jobs"
)

// group is findings that say the same about several renditions: one line for a person. JSON has them one by one.
type group struct {
	jobs.Finding
	renditions []string
	waived     *Waived // nil: they are not
}

// grouped puts findings together that differ in their rendition alone, in the order of the first of each.
func (r *Report) grouped() []group {
	var list []group
	at, waivers := map[string]int{}, r.waivers()
	for _, f := range r.Findings {
		waived, waiver := waivers[jobs.FindingKey(&f)], ""
		if waived != nil {
			waiver = waived.Waiver
		}
		key := strings.Join([]string{f.Code, string(f.Severity), Clock(f.Start), Clock(f.End), valueOf(f), f.Message, f.Cause, f.Evidence, waiver}, "\x00")
		i, ok := at[key]
		if ok && f.Rendition != "" && !slices.Contains(list[i].renditions, f.Rendition) && list[i].renditions[0] != "" {
			list[i].renditions = append(list[i].renditions, f.Rendition)
			continue
		}
		at[key] = len(list)
		list = append(list, group{f, []string{f.Rendition}, waived})
	}
	return list
}

// where names the renditions of a group.
func (g *group) where() string {
	if len(g.renditions) == 1 {
		return whereOf(g.Finding)
	}
	return ranges(g.renditions)
}

// ranges shortens a list of renditions: "v0-v3, a1".
func ranges(ids []string) string {
	var parts []string
	for i := 0; i < len(ids); {
		kind, first, ok := numbered(ids[i])
		n := 1
		for ok && i+n < len(ids) {
			if k, next, follows := numbered(ids[i+n]); !follows || k != kind || next != first+n {
				break
			}
			n++
		}
		part := ids[i]
		if n > 2 {
			part = fmt.Sprintf("%s-%s", ids[i], ids[i+n-1])
		} else if n == 2 {
			part += ", " + ids[i+1]
		}
		parts = append(parts, part)
		i += n
	}
	return strings.Join(parts, ", ")
}

// numbered takes the id of a rendition apart: a letter and a number.
func numbered(id string) (kind string, n int, ok bool) {
	if len(id) < 2 {
		return "", 0, false
	}
	n, err := strconv.Atoi(id[1:])
	return id[:1], n, err == nil && n >= 0
}

// severity is that of the group, with what people made of it.
func (g *group) severity() string {
	if g.waived != nil {
		return string(g.Severity) + ", waived"
	}
	return string(g.Severity)
}

// weight orders groups where not all can be shown: what is waived goes first.
func (g *group) weight() int {
	if g.waived != nil {
		return 0
	}
	return g.Severity.Rank()
}

// explained is the message of the group with where the fault lies, and with who waived it.
func (g *group) explained() string {
	if g.waived != nil {
		return fmt.Sprintf("%s (%s)", explained(g.Finding), g.waived)
	}
	return explained(g.Finding)
}

// explained is the message of a finding with where the fault lies.
func explained(f jobs.Finding) string {
	switch {
	case f.Cause == "":
		return f.Message
	case f.Evidence == "":
		return fmt.Sprintf("%s (%s)", f.Message, f.Cause)
	}
	return fmt.Sprintf("%s (%s: %s)", f.Message, f.Cause, f.Evidence)
}
