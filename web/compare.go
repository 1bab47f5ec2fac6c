package web

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"

	"aircheck/jobs"
	"aircheck/report/page"
)

// pair is what is asked to be compared.
type pair struct {
	A, B    string
	Problem string
	Recent  []listed
}

// compare shows what changed from one check to another.
func (p *pages) compare(w http.ResponseWriter, r *http.Request) {
	q := pair{A: strings.TrimSpace(r.URL.Query().Get("a")), B: strings.TrimSpace(r.URL.Query().Get("b"))}
	if q.A == "" || q.B == "" {
		p.askPair(w, r, http.StatusOK, q)
		return
	}
	if !jobs.ValidID(q.A) || !jobs.ValidID(q.B) {
		q.Problem = "These are not the ids of two checks."
		p.askPair(w, r, http.StatusBadRequest, q)
		return
	}
	data := page.CompareData{Site: p.site(r)}
	for id, side := range map[string]*page.CompareSide{q.A: &data.A, q.B: &data.B} {
		var err error
		if *side, err = p.compareSide(r, id); err != nil {
			p.fail(w, r, "The report of check "+id, err)
			return
		}
	}
	if q.A == q.B {
		data.A = data.B
	}
	var b bytes.Buffer
	if err := page.WriteCompare(&b, data); err != nil {
		p.fail(w, r, "The comparison", err)
		return
	}
	send(w, r, http.StatusOK, b.Bytes())
}

func (p *pages) compareSide(r *http.Request, id string) (page.CompareSide, error) {
	f, err := p.findReport(r.Context(), id)
	if err != nil {
		return page.CompareSide{}, err
	}
	side := page.CompareSide{Report: f.report, Name: f.report.Check.Input + " · " + id, URL: template.URL("/checks/" + id)} //nolint:gosec // an id has letters, digits and dashes
	side.Curves, _ = p.archive.Curves(r.Context(), id)                                                                      // a page without curves is still a page
	side.Profile = p.profileOf(r.Context(), id)
	return side, nil
}

// askPair asks which two.
func (p *pages) askPair(w http.ResponseWriter, r *http.Request, status int, q pair) {
	q.Recent, _ = p.recent(r.Context(), 0, recentOnWall) // the form works without suggestions
	p.show(w, r, status, "pair", p.frame(r, "Compare", q))
}
