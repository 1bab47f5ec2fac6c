package page

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/report"
)

// Bounds of what is written without script; with it everything is shown.
const (
	// maxServed bounds the findings in the table: about what one reads. The others are in the data.
	maxServed = 300
	// maxGapsShown and maxMarkersShown bound lists that nobody reads to their end.
	maxGapsShown    = 40
	maxMarkersShown = 200
)

// checkView is what the template of the check page is executed on.
type checkView struct {
	shell
	*CheckData
	Tally     []tally
	Shares    []report.Share
	Gaps      []report.Gap
	GapsLeft  int
	Unjudged  []report.Unjudged
	Complete  bool // all that could be analysed was
	Groups    []group
	Rows      []findingRow
	RowsLeft  int
	Proofs    []proofView
	Loudness  []jobs.Loudness
	Markers   []jobs.Marker
	More      int // markers that are not shown
	Reference []referenceView
	Facts     []fact
	Waived    int
}

// tally counts the findings of one severity.
type tally struct {
	Severity jobs.Severity
	Count    int
}

// findingRow is a row of the table.
type findingRow struct {
	Key    string
	F      jobs.Finding
	Waiver *jobs.Waiver
	Until  string
}

// referenceView is how a rendition compares with the reference, in words.
type referenceView struct {
	Rendition string
	Parts     []string
}

// fact is a line about the check.
type fact struct{ Name, Value string }

func newCheckView(d *CheckData) (*checkView, error) {
	v := &checkView{CheckData: d, Proofs: d.proofs()}
	r := d.Report
	v.Groups = groupsOf(r)
	data := d.model(v.Groups)
	s, err := newShell(d.Site, v.addresses(data), d.media())
	if err != nil {
		return nil, err
	}
	v.shell = s
	v.Kind, v.Data = "check", data
	v.Title = strings.ToUpper(string(r.Verdict)) + " · " + report.Printable(r.Check.Input)
	v.Tally = tallyOf(r.Findings)
	v.cover(r)
	for i := range v.Groups {
		for _, l := range v.Groups[i].Lanes {
			l.draw(r)
		}
	}
	v.rows()
	v.Loudness = r.Summary.Loudness
	v.Markers = r.Summary.Markers[:min(len(r.Summary.Markers), maxMarkersShown)]
	v.More = len(r.Summary.Markers) - len(v.Markers)
	for i := range r.Summary.Reference {
		c := &r.Summary.Reference[i]
		v.Reference = append(v.Reference, referenceView{c.Rendition, report.ComparisonParts(c)})
	}
	v.Facts = factsOf(r)
	return v, nil
}

// addresses are those of all pictures of the page.
func (v *checkView) addresses(m *model) []template.URL {
	var list []template.URL
	if m.Strip != nil {
		list = append(list, m.Strip.Sheets...)
	}
	for i := range v.Proofs {
		for _, p := range v.Proofs[i].Pictures {
			list = append(list, p.URL)
		}
	}
	return list
}

// media is the address of what the player plays; empty without one.
func (d *CheckData) media() (url template.URL) {
	if d.Player != nil {
		url = d.Player.Media
	}
	return url
}

// model is the data of the page's script.
func (d *CheckData) model(groups []group) *model {
	m := newModel(d.Report, groups, d.Waivers)
	m.Curves, m.Limits, m.Strip = packCurves(d.Curves), limitsOf(d.Profile), d.strip()
	m.Live, m.Events = d.Live, d.Events
	if d.Player != nil {
		m.HLS = d.Player.HLS
	}
	return m
}

func tallyOf(findings []jobs.Finding) []tally {
	var list []tally
	for _, s := range []jobs.Severity{jobs.Fail, jobs.Warn, jobs.Info} {
		n := 0
		for i := range findings {
			if findings[i].Severity == s {
				n++
			}
		}
		if n > 0 {
			list = append(list, tally{s, n})
		}
	}
	return list
}

// cover tells what was not analysed.
func (v *checkView) cover(r *report.Report) {
	v.Shares = r.Shares()
	v.Complete = len(v.Shares) == 1 && v.Shares[0].State == jobs.Analysed && !hasEmpty(r.Coverage)
	gaps := r.Gaps()
	v.Gaps = gaps[:min(len(gaps), maxGapsShown)]
	v.GapsLeft = len(gaps) - len(v.Gaps)
	v.Unjudged = r.Unjudged()
}

// hasEmpty tells whether there is a track without any time: nothing of it was looked at.
func hasEmpty(coverage []jobs.Coverage) bool {
	return slices.ContainsFunc(coverage, func(c jobs.Coverage) bool { return untilOf(c.Intervals) == 0 })
}

// rows makes the table as it is without script: the most severe findings, the worst first.
func (v *checkView) rows() {
	keep := worstOf(v.Report.Findings, maxServed)
	v.RowsLeft = len(v.Report.Findings) - len(keep)
	slices.SortStableFunc(keep, func(a, b int) int {
		x, y := &v.Report.Findings[a], &v.Report.Findings[b]
		return cmp.Or(cmp.Compare(y.Severity.Rank(), x.Severity.Rank()), cmp.Compare(x.Start, y.Start))
	})
	for _, i := range keep {
		f := v.Report.Findings[i]
		row := findingRow{Key: jobs.FindingKey(&f), F: f}
		if w, ok := v.Waivers[row.Key]; ok {
			row.Waiver, row.Until = &w, expiry(&w)
		}
		v.Rows = append(v.Rows, row)
	}
	for i := range v.Report.Findings {
		if _, ok := v.Waivers[jobs.FindingKey(&v.Report.Findings[i])]; ok {
			v.Waived++
		}
	}
}

// worstOf gives the places of the n most severe findings, in their order.
func worstOf(findings []jobs.Finding, n int) []int {
	var keep []int
	taken := make([]bool, len(findings))
	for rank := jobs.Fail.Rank(); rank >= 0; rank-- {
		for i := range findings {
			if findings[i].Severity.Rank() == rank && n > 0 {
				taken[i] = true
				n--
			}
		}
	}
	for i := range taken {
		if taken[i] {
			keep = append(keep, i)
		}
	}
	return keep
}

// factsOf is what identifies the check.
func factsOf(r *report.Report) []fact {
	list := []fact{{"Check", r.Check.ID}, {"Profile", r.Check.Profile.Name + "  " + r.Check.Profile.Digest}}
	if b := r.Check.Profile.Breaks; b != nil {
		list = append(list, fact{"Profile in breaks", b.Name + "  " + b.Digest})
	}
	versions := "aircheck " + r.Check.Versions.Aircheck + ", FFmpeg " + r.Check.Versions.FFmpeg
	return append(list, fact{"Versions", versions}, fact{"Digest", r.Digest})
}
