package page

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strconv"

	"aircheck/jobs"
	"aircheck/report"
)

// maxCompared bounds the findings in each of the lists of a comparison.
const maxCompared = 500

// compareView is what the template of the compare page is executed on.
type compareView struct {
	shell
	*CompareData
	Sides      [2]sideView
	Facts      []pair
	Loudness   []pair
	Thresholds []pair
	New        findingList // only in B
	Gone       findingList // only in A
	Changed    []changed
	MoreChange int
	Same       int
}

// sideView is one of the two checks.
type sideView struct {
	Letter string
	Name   string
	Report *report.Report
	URL    template.URL
	Tally  []tally
	Groups []group
}

// pair is one figure of both.
type pair struct {
	Name, A, B string
	Differs    bool
}

// findingList is some findings and how many more there are.
type findingList struct {
	List []jobs.Finding
	More int
}

// changed is a finding that both have, not quite alike.
type changed struct {
	A, B jobs.Finding
	What []string
}

// compareModel is the data of the script.
type compareModel struct {
	A *model `json:"a"`
	B *model `json:"b"`
}

func newCompareView(d *CompareData) (*compareView, error) {
	v := &compareView{CompareData: d}
	a, modelA := newSide("A", &d.A)
	b, modelB := newSide("B", &d.B)
	s, err := newShell(d.Site, nil, "")
	if err != nil {
		return nil, err
	}
	v.shell, v.Sides = s, [2]sideView{a, b}
	v.Kind, v.Title, v.Data = "compare", "Compare "+a.Name+" and "+b.Name, compareModel{modelA, modelB}
	v.Facts = facts(d.A.Report, d.B.Report)
	v.Loudness = loudnessPairs(d.A.Report.Summary.Loudness, d.B.Report.Summary.Loudness)
	v.Thresholds = thresholdPairs(d.A.Profile, d.B.Profile)
	diff := compareFindings(d.A.Report.Findings, d.B.Report.Findings)
	v.Same = diff.same
	v.New, v.Gone = listOf(diff.onlyB), listOf(diff.onlyA)
	v.Changed = diff.changed[:min(len(diff.changed), maxCompared)]
	v.MoreChange = len(diff.changed) - len(v.Changed)
	return v, nil
}

func newSide(letter string, s *CompareSide) (sideView, *model) {
	v := sideView{Letter: letter, Name: s.Name, Report: s.Report, URL: s.URL, Tally: tallyOf(s.Report.Findings), Groups: groupsOf(s.Report)}
	if v.Name == "" {
		v.Name = letter
	}
	v.Name = report.Printable(v.Name)
	for i := range v.Groups {
		for _, l := range v.Groups[i].Lanes {
			l.draw(s.Report)
		}
	}
	m := newModel(s.Report, v.Groups, nil)
	m.Curves, m.Limits = packCurves(s.Curves), limitsOf(s.Profile)
	return v, m
}

func listOf(list []jobs.Finding) findingList {
	keep := list[:min(len(list), maxCompared)]
	return findingList{keep, len(list) - len(keep)}
}

// difference is what became of the findings of A in B.
type difference struct {
	onlyA, onlyB []jobs.Finding
	changed      []changed
	same         int
}

// nearby is how far the beginnings of two findings may be apart, in seconds, for them to be the same one where they do not overlap: other frame rates and other
// thresholds move a beginning by a few frames.
const nearby = 0.5

// compareFindings pairs findings of one code and rendition that overlap or begin nearby, each with the first that fits, in order of time.
func compareFindings(a, b []jobs.Finding) difference {
	var d difference
	waiting := map[[2]string][]jobs.Finding{}
	for _, f := range byStart(b) {
		key := [2]string{f.Code, f.Rendition}
		waiting[key] = append(waiting[key], f)
	}
	for _, f := range byStart(a) {
		key := [2]string{f.Code, f.Rendition}
		list := waiting[key]
		for len(list) > 0 && !near(f, list[0]) && list[0].Start < f.Start {
			d.onlyB = append(d.onlyB, list[0])
			list = list[1:]
		}
		if len(list) == 0 || !near(f, list[0]) {
			d.onlyA = append(d.onlyA, f)
		} else {
			d.pair(f, list[0])
			list = list[1:]
		}
		waiting[key] = list
	}
	for _, list := range waiting {
		d.onlyB = append(d.onlyB, list...)
	}
	d.onlyA, d.onlyB = byStart(d.onlyA), byStart(d.onlyB)
	return d
}

func (d *difference) pair(a, b jobs.Finding) {
	if what := changes(a, b); len(what) > 0 {
		d.changed = append(d.changed, changed{a, b, what})
	} else {
		d.same++
	}
}

func near(a, b jobs.Finding) bool {
	return a.Start < b.End && b.Start < a.End || math.Abs(float64(a.Start-b.Start)) <= nearby
}

// byStart sorts by time and, for one order whatever the input's, by code and rendition.
func byStart(list []jobs.Finding) []jobs.Finding {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(x, y jobs.Finding) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.Code, y.Code), cmp.Compare(x.Rendition, y.Rendition))
	})
	return list
}

// changes says in words how b is not a.
func changes(a, b jobs.Finding) []string {
	var what []string
	if a.Severity != b.Severity {
		what = append(what, fmt.Sprintf("%s, was %s", b.Severity, a.Severity))
	}
	if a.Start != b.Start {
		what = append(what, fmt.Sprintf("begins at %s, was %s", report.Clock(b.Start), report.Clock(a.Start)))
	}
	if lengthA, lengthB := span(a.Start, a.End), span(b.Start, b.End); lengthA != lengthB {
		what = append(what, fmt.Sprintf("lasts %s, was %s", lengthB, lengthA))
	}
	if valueA, valueB := report.ValueOf(a), report.ValueOf(b); valueA != valueB {
		what = append(what, fmt.Sprintf("%s, was %s", orAbsent(valueB), orAbsent(valueA)))
	}
	if a.Cause != b.Cause {
		what = append(what, fmt.Sprintf("cause %s, was %s", orAbsent(report.Printable(b.Cause)), orAbsent(report.Printable(a.Cause))))
	}
	return what
}

func orAbsent(s string) string { return cmp.Or(s, absent) }

// facts puts what identifies both side by side.
func facts(a, b *report.Report) []pair {
	list := []pair{
		newPair("Input", a.Check.Input, b.Check.Input), newPair("Duration", report.Clock(a.Duration), report.Clock(b.Duration)),
		newPair("Profile", a.Check.Profile.Name, b.Check.Profile.Name), newPair("Analysed", analysed(a), analysed(b)),
		newPair("Versions", versions(a), versions(b)),
	}
	for i := range max(len(a.Renditions), len(b.Renditions)) {
		list = append(list, newPair("Rendition "+strconv.Itoa(i+1), renditionAt(a, i), renditionAt(b, i)))
	}
	return list
}

func newPair(name, a, b string) pair {
	a, b = orAbsent(report.Printable(a)), orAbsent(report.Printable(b))
	return pair{report.Printable(name), a, b, a != b}
}

func analysed(r *report.Report) string {
	for _, s := range r.Shares() {
		if s.State == jobs.Analysed {
			return s.Percent
		}
	}
	return ""
}

func versions(r *report.Report) string {
	v := r.Check.Versions
	return fmt.Sprintf("aircheck %s, measure %d, judge %d, FFmpeg %s", v.Aircheck, v.Measure, v.Judge, v.FFmpeg)
}

func renditionAt(r *report.Report, i int) string {
	if i >= len(r.Renditions) {
		return ""
	}
	return report.Describe(r.Renditions[i])
}

// loudnessPairs compares tracks of one id.
func loudnessPairs(a, b []jobs.Loudness) []pair {
	var list []pair
	add := func(track, name, unit string, x, y *jobs.Number) {
		p := newPair(track+" "+name+", "+unit, figure(x), figure(y))
		if p.Differs && x != nil && y != nil {
			p.B += fmt.Sprintf(" (%+.1f)", float64(*y-*x))
		}
		list = append(list, p)
	}
	ids := map[string][2]jobs.Loudness{}
	for side, l := range [2][]jobs.Loudness{a, b} {
		for _, one := range l {
			both := ids[one.Rendition]
			both[side] = one
			ids[one.Rendition] = both
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		x, y := ids[id][0], ids[id][1]
		add(id, "integrated", "LUFS", x.Integrated, y.Integrated)
		add(id, "range", "LU", x.Range, y.Range)
		add(id, "max short-term", "LUFS", x.MaxShortTerm, y.MaxShortTerm)
		add(id, "true peak", "dBTP", x.TruePeak, y.TruePeak)
	}
	return list
}

// thresholdPairs lists the thresholds in which two profiles differ. One that is not in force is absent.
func thresholdPairs(a, b *jobs.Profile) []pair {
	if a == nil || b == nil || a.Digest == b.Digest && a.Digest != "" {
		return nil
	}
	names := map[string]bool{}
	for _, p := range []*jobs.Profile{a, b} {
		for name := range p.Thresholds {
			names[name] = true
		}
	}
	var list []pair
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if p := newPair(name, threshold(a, name), threshold(b, name)); p.Differs {
			list = append(list, p)
		}
	}
	return list
}

func threshold(p *jobs.Profile, name string) string {
	v, ok := p.Thresholds[name]
	if !ok {
		return "never"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
