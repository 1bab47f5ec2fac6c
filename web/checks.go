package web

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/report/page"
	"aircheck/storage"
	"aircheck/waive"
	"aircheck/web/door"
)

// found is a check as far as it goes.
type found struct {
	report *report.Report
	// live: its stream goes on, and the report is one so far.
	live bool
}

// findReport reads the report of a check, or the one so far.
func (p *pages) findReport(ctx context.Context, id string) (found, error) {
	doc, err := p.archive.Report(ctx, id)
	f := found{}
	if errors.Is(err, storage.ErrNotFound) {
		f.live = true
		doc, err = p.archive.Interim(ctx, id)
	}
	if err != nil {
		return f, err
	}
	f.report, err = report.Parse(doc)
	return f, err
}

// check shows one check.
func (p *pages) check(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !jobs.ValidID(id) {
		p.refuse(w, r, trouble{Status: http.StatusNotFound, Text: "That is not the id of a check.", Advice: "Ids have 20 small letters and digits, or the name of a stream and an hour."})
		return
	}
	f, err := p.findReport(r.Context(), id)
	if errors.Is(err, storage.ErrNotFound) {
		p.unfinished(w, r, id, err)
		return
	}
	if err != nil {
		p.fail(w, r, "The report of check "+id, err)
		return
	}
	data := p.checkData(r, id, f)
	var b bytes.Buffer
	if err := page.WriteCheck(&b, data); err != nil {
		p.fail(w, r, "The page of check "+id, err)
		return
	}
	if data.Player != nil {
		media, err := url.Parse(string(data.Player.Media))
		if err == nil {
			setPolicy(w.Header(), media)
		}
	}
	send(w, r, http.StatusOK, b.Bytes())
}

// checkData gathers what the page shows. Only the report is needed: what cannot be read is left out.
func (p *pages) checkData(r *http.Request, id string, f found) page.CheckData {
	ctx := r.Context()
	d := page.CheckData{Report: f.report, Site: p.site(r), Live: f.live}
	d.Curves, _ = p.archive.Curves(ctx, id)
	if evidence, err := p.archive.Evidence(ctx, id); err == nil {
		d.Evidence = evidence
		d.File = func(name string) template.URL {
			return template.URL("/checks/" + id + "/evidence/" + url.PathEscape(name))
		} //nolint:gosec // escaped
	}
	d.Profile = p.profileOf(ctx, id)
	d.Waivers = p.waiversOf(ctx, id, f.report)
	d.Player = p.player(ctx, id, f)
	if f.live {
		d.Events = template.URL("/events?check=" + id) //nolint:gosec // an id has letters, digits and dashes
	}
	if door.Identity(ctx).Can(door.Operator) {
		d.CanWaive = true
		d.WaiveURL = template.URL("/checks/" + id + "/waive") //nolint:gosec // as above
	}
	for _, format := range report.Formats() {
		if format == report.FormatHTML {
			continue
		}
		d.Downloads = append(d.Downloads, page.Link{Text: string(format), URL: template.URL("/checks/" + id + "/report." + string(format))}) //nolint:gosec // as above
	}
	return d
}

// profileOf is the profile of a check, live or not; nil when it cannot be read.
func (p *pages) profileOf(ctx context.Context, id string) *jobs.Profile {
	if check, err := p.archive.Check(ctx, id); err == nil {
		return &check.Profile
	}
	if first, err := p.archive.Instalment(ctx, id, 0); err == nil && first.Begin != nil {
		return &first.Begin.Profile
	}
	return nil
}

// site is what surrounds the pages of package page here.
func (p *pages) site(r *http.Request) *page.Site {
	f := p.frame(r, "", nil)
	s := &page.Site{Asset: p.assets.URL, User: f.Person}
	if f.Leave {
		s.Logout = door.LogoutPath
	}
	if style, err := p.assets.URL("chrome.css"); err == nil {
		s.Styles = []template.URL{template.URL(style)} //nolint:gosec // a name of ours
	}
	s.Nav = []page.Link{{Text: "aircheck", URL: "/"}}
	for _, l := range f.Nav {
		s.Nav = append(s.Nav, page.Link{Text: l.Text, URL: template.URL(l.URL), Current: l.Here}) //nolint:gosec // constants
	}
	return s
}

// waiversOf finds the waivers that hold for the findings of a check: those that were given there, and those whose content turned up again.
func (p *pages) waiversOf(ctx context.Context, id string, r *report.Report) map[string]jobs.Waiver {
	waivers, err := p.archive.WaiversFor(ctx, r.Findings)
	if err != nil || len(waivers) == 0 {
		return nil
	}
	signed, _ := p.archive.Signatures(ctx, id) // without signatures nothing is known again
	return waive.Held(waivers, id, r.Check.Input, signed, r.Findings, p.now())
}

// unfinished shows a check that has no report: it is under way, it was given up, or there is none.
func (p *pages) unfinished(w http.ResponseWriter, r *http.Request, id string, missing error) {
	ctx := r.Context()
	if failure, err := p.archive.Failure(ctx, id); err == nil {
		p.refuse(w, r, trouble{
			Status: http.StatusOK, Title: "Given up", Text: "Check " + id + " could not be judged in " + strconv.Itoa(failure.Attempts) + " attempts: " + failure.Message,
			Advice: "Its measurements are kept: once the cause is mended, 'aircheck rejudge' judges them.",
		})
		return
	}
	look := underway{ID: id}
	seen := func(check *jobs.Check) { look.Input, look.Windows = check.Input, len(check.Windows) }
	check, err := p.archive.Check(ctx, id)
	if err == nil {
		seen(check)
	} else if errors.Is(err, storage.ErrNotFound) {
		err = p.growth.view(ctx, id, seen)
	}
	if err != nil {
		if !errors.Is(err, storage.ErrNotFound) {
			missing = err
		}
		p.fail(w, r, "Check "+id, missing)
		return
	}
	done, err := p.archive.Results(ctx, id)
	if err != nil {
		p.fail(w, r, "Check "+id, err)
		return
	}
	look.Done = len(done)
	f := p.frame(r, "Check "+id, look)
	f.Scripts, f.Refresh = []string{"reload.js"}, 5
	p.show(w, r, http.StatusOK, "underway", f)
}

// underway is a check whose windows are being measured.
type underway struct {
	ID, Input     string
	Done, Windows int
}

// reportFile gives a report in one of its forms: /checks/<id>/report.<format>.
func (p *pages) reportFile(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	name, ok := strings.CutPrefix(r.PathValue("file"), "report.")
	format, err := report.ParseFormat(name)
	if !ok || err != nil || !jobs.ValidID(id) {
		p.refuse(w, r, trouble{Status: http.StatusNotFound, Text: "There is no such form of a report.", Advice: "The page of the check lists those that there are."})
		return
	}
	f, err := p.findReport(r.Context(), id)
	if err != nil {
		p.fail(w, r, "The report of check "+id, err)
		return
	}
	var b bytes.Buffer
	options := report.Options{From: beginOf(id)}
	if format == report.FormatDateRange {
		if check, err := p.archive.Check(r.Context(), id); err == nil && !check.Begin().IsZero() { // a live check has no manifest yet
			options.From = check.Begin()
		}
	}
	held := p.waiversOf(r.Context(), id, f.report)
	f.report.Waive(held)
	options.Page = func(w io.Writer, one *report.Report) error {
		return page.WriteCheck(w, page.CheckData{Report: one, Waivers: held})
	}
	if err := f.report.WriteWith(&b, format, options); err != nil {
		p.fail(w, r, "The report of check "+id+" as "+name, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", format.MediaType())
	header.Set("Content-Disposition", mime.FormatMediaType(disposition(format), map[string]string{"filename": id + "." + name}))
	_, _ = w.Write(b.Bytes()) // the reader went
}

// disposition saves what a browser would run or could not show.
func disposition(f report.Format) string {
	switch f {
	case report.FormatText, report.FormatJSON, report.FormatVTT:
		return "inline"
	}
	return "attachment"
}

// beginOf is when the hour of a live check began; the zero time of others.
func beginOf(id string) time.Time {
	_, begin, _ := jobs.ParseLiveID(id)
	return begin
}

// evidence gives a picture or a track that was made of a check.
func (p *pages) evidence(w http.ResponseWriter, r *http.Request) {
	id, name := r.PathValue("id"), r.PathValue("file")
	kind := evidenceKind(name)
	if kind == "" || !jobs.ValidID(id) {
		http.NotFound(w, r)
		return
	}
	body, size, err := p.archive.EvidenceFile(r.Context(), id, name)
	if err != nil {
		p.fail(w, r, "The picture", err)
		return
	}
	defer body.Close()
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.FormatInt(size, 10))
	// Pictures that are made anew have the same names; within a visit they need not be fetched twice.
	header.Set("Cache-Control", "private, max-age=300")
	_, _ = io.CopyN(w, body, size) // the reader went
}

func evidenceKind(name string) string {
	switch path.Ext(name) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".webp":
		return "image/webp"
	case ".vtt":
		return "text/vtt; charset=utf-8"
	case ".json":
		return "application/json"
	}
	return ""
}
