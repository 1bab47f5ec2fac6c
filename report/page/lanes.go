package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/report"
)

// group is the lanes of one rendition, or of the stream as a whole.
type group struct {
	Rendition string // empty: the stream
	Label     string
	Lanes     []*lane
}

// The kinds of lanes.
const (
	laneFound = "found" // a detector with findings
	laneGap   = "gap"   // detectors without findings that did not analyse all of the time, all the same parts of it
	laneClean = "clean" // detectors that analysed all of it and found nothing
)

// lane is one row of a timeline.
type lane struct {
	Kind  string
	Label string
	Codes []string // of the detectors, where they are several
	// Findings are places in the report.
	Findings []int
	Worst    jobs.Severity
	// Holes are the stretches that were not analysed.
	Holes []jobs.Interval
	// Covered: the report says what became of its time, up to Until: a track may end before the others.
	Covered bool
	Until   jobs.Seconds
	// Marks draw it where there is no script.
	Marks []mark
}

// mark is a shape of an SVG that is drawWidth wide and laneHeight high.
type mark struct {
	Class string
	Path  string
}

const (
	drawWidth  = 1000
	laneHeight = 18
	// maxGapLanes bounds the lanes of gaps in a group; the last one has what is left.
	maxGapLanes = 6
)

// groupsOf arranges findings and coverage by rendition and detector.
func groupsOf(r *report.Report) []group {
	found := foundLanes(r)
	unjudged := map[[2]string]bool{}
	for _, u := range r.Unjudged() {
		for _, d := range u.Detectors {
			unjudged[[2]string{u.Rendition, d}] = true
		}
	}
	var list []group
	if lanes := found[""]; len(lanes) > 0 {
		list = append(list, group{Label: "stream", Lanes: lanes})
	}
	for i := range r.Renditions {
		rd := &r.Renditions[i]
		g := group{Rendition: rd.ID, Label: report.Describe(*rd), Lanes: found[rd.ID]}
		g.cover(r.Coverage, unjudged)
		list = append(list, g)
		delete(found, rd.ID)
	}
	return append(list, strayGroups(r, found)...)
}

// strayGroups is for findings about renditions that the report does not list.
func strayGroups(r *report.Report, found map[string][]*lane) []group {
	var list []group
	for i := range r.Findings {
		id := r.Findings[i].Rendition
		if lanes := found[id]; id != "" && len(lanes) > 0 {
			list = append(list, group{Rendition: id, Label: report.Printable(id), Lanes: lanes})
			delete(found, id)
		}
	}
	return list
}

// foundLanes makes a lane of each detector with findings, by rendition, the worst first.
func foundLanes(r *report.Report) map[string][]*lane {
	lanes := map[string][]*lane{}
	at := map[[2]string]*lane{}
	for i := range r.Findings {
		f := &r.Findings[i]
		key := [2]string{f.Rendition, f.Code}
		l := at[key]
		if l == nil {
			l = &lane{Kind: laneFound, Label: f.Code}
			at[key] = l
			lanes[f.Rendition] = append(lanes[f.Rendition], l)
		}
		l.Findings = append(l.Findings, i)
		if f.Severity.Rank() > l.Worst.Rank() {
			l.Worst = f.Severity
		}
	}
	for _, list := range lanes {
		slices.SortStableFunc(list, func(a, b *lane) int { return cmp.Compare(b.Worst.Rank(), a.Worst.Rank()) })
	}
	return lanes
}

// cover adds what became of the detectors' time: holes to the lanes that are there, lanes of their own for the others.
func (g *group) cover(coverage []jobs.Coverage, unjudged map[[2]string]bool) {
	clean := &lane{Kind: laneClean, Covered: true}
	var gaps []*lane
	at := map[string]*lane{}
	for i := range coverage {
		c := &coverage[i]
		if c.Rendition != g.Rendition || unjudged[[2]string{c.Rendition, c.Detector}] {
			continue
		}
		holes, until := holesOf(c.Intervals), untilOf(c.Intervals)
		if l := g.lane(c.Detector); l != nil {
			l.Holes, l.Covered, l.Until = holes, until > 0, until
			continue
		}
		if until == 0 {
			continue // a track without any time: there is nothing that could be clean
		}
		if len(holes) == 0 {
			if clean.Codes = append(clean.Codes, c.Detector); clean.Until == 0 || until < clean.Until {
				clean.Until = until
			}
			continue
		}
		key := fmt.Sprint(holes)
		l := at[key]
		if l == nil {
			if l = last(gaps); len(gaps) < maxGapLanes {
				l = &lane{Kind: laneGap, Covered: true}
				gaps = append(gaps, l)
			}
			l.Holes = append(l.Holes, holes...)
			l.Until = max(l.Until, until)
			at[key] = l
		}
		l.Codes = append(l.Codes, c.Detector)
	}
	for _, l := range gaps {
		l.Label = plural(len(l.Codes), "detector") + " in part"
		if g.whole(l, coverage) {
			l.Label = plural(len(l.Codes), "detector") + " not at all"
		}
		g.Lanes = append(g.Lanes, l)
	}
	if len(clean.Codes) > 0 {
		clean.Label = plural(len(clean.Codes), "detector") + " clean"
		g.Lanes = append(g.Lanes, clean)
	}
}

// untilOf is where the last interval ends; 0 when there is none.
func untilOf(intervals []jobs.Interval) jobs.Seconds {
	var until jobs.Seconds
	for _, v := range intervals {
		until = max(until, v.End)
	}
	return until
}

// whole tells whether nothing of the time of a gap's detectors was analysed.
func (g *group) whole(l *lane, coverage []jobs.Coverage) bool {
	for i := range coverage {
		if c := &coverage[i]; c.Rendition == g.Rendition && slices.Contains(l.Codes, c.Detector) && len(holesOf(c.Intervals)) < len(c.Intervals) {
			return false
		}
	}
	return true
}

func last(list []*lane) *lane {
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

func (g *group) lane(code string) *lane {
	for _, l := range g.Lanes {
		if l.Kind == laneFound && l.Label == code {
			return l
		}
	}
	return nil
}

func holesOf(intervals []jobs.Interval) []jobs.Interval {
	var holes []jobs.Interval
	for _, iv := range intervals {
		if iv.State != jobs.Analysed {
			holes = append(holes, iv)
		}
	}
	return holes
}

// draw makes the marks of a lane. Marks of one class that meet are one, so that there are never more than drawWidth of them.
func (l *lane) draw(r *report.Report) {
	length := float64(r.Duration)
	for _, state := range []jobs.State{jobs.Failed, jobs.Skipped, jobs.Pending} {
		var cells row
		for _, h := range l.Holes {
			if h.State == state {
				cells.fill(h.Start, h.End, length)
			}
		}
		l.add("hole "+string(state), cells.path(0, laneHeight))
	}
	for _, s := range []jobs.Severity{jobs.Info, jobs.Warn, jobs.Fail} {
		var cells row
		for _, i := range l.Findings {
			if f := &r.Findings[i]; f.Severity == s {
				cells.fill(f.Start, f.End, length)
			}
		}
		height := heightOf(s)
		l.add(string(s), cells.path(laneHeight-2-height, height))
	}
}

// heightOf tells severities apart by more than their colour.
func heightOf(s jobs.Severity) int { return 2 + 4*s.Rank() }

func (l *lane) add(class, path string) {
	if path != "" {
		l.Marks = append(l.Marks, mark{class, path})
	}
}

// row is the cells of a lane that are filled.
type row [drawWidth]bool

// minCells is how wide the shortest finding is drawn.
const minCells = 3

func (c *row) fill(start, end jobs.Seconds, length float64) {
	if !(length > 0) {
		return
	}
	from := min(cell(float64(start)/length), drawWidth-minCells)
	to := max(cell(float64(end)/length), from+minCells)
	for i := from; i < min(to, drawWidth); i++ {
		c[i] = true
	}
}

func cell(share float64) int {
	if !(share > 0) { // NaN too
		return 0
	}
	return int(math.Round(min(share, 1) * drawWidth))
}

func (c *row) path(top, height int) string {
	var b strings.Builder
	for i := 0; i < drawWidth; i++ {
		if !c[i] {
			continue
		}
		from := i
		for i < drawWidth && c[i] {
			i++
		}
		fmt.Fprintf(&b, "M%d %dh%dv%dh-%dz", from, top, i-from, height, i-from)
	}
	return b.String()
}
