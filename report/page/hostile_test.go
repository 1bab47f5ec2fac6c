package page

import (
	"encoding/json"
	"html/template"
	"math"
	"regexp"
	"strings"
	"testing"

	"aircheck/internal/browser"
	"aircheck/jobs"
	"aircheck/report"
)

// nasty are texts that want to be markup, script, another direction, or a control character.
func nasty() []string {
	return []string{
		`</script><script>window.taken = 1</script>`, `"><img src=x onerror="window.taken = 2">`, `' onmouseover='window.taken = 3`,
		"<!--<script>", "a\u202eb\u2066c", "\x00\x1b[31m\u0007", `{{.}}`, `javascript:window.taken=4`, "שלום <b>עולם</b>", "]]>", "&lt;b&gt;&quot;", "\u2028\u2029",
	}
}

// hostile is the full check with a nasty text wherever one comes from outside.
func hostile(t testing.TB, text string) CheckData {
	d := full(t)
	r := d.Report
	r.Check.Input, r.Check.Profile.Name, r.Check.ID = text, text, text
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Message, f.Cause, f.Evidence, f.Profile, f.Unit = text, text, text, text, text
		if i%2 == 1 {
			f.Code, f.Rendition = text, text
		}
	}
	for i := range r.Renditions {
		rd := &r.Renditions[i]
		rd.Codec, rd.Language, rd.Layout, rd.Name = text, text, text, text
	}
	for i := range r.Coverage {
		for k := range r.Coverage[i].Intervals {
			r.Coverage[i].Intervals[k].Reason = text
		}
	}
	r.Summary.Markers = append(r.Summary.Markers, jobs.Marker{Kind: text, Source: text, ID: text, Text: text})
	r.Summary.Loudness[0].Rendition = text
	for key, w := range d.Waivers {
		w.Reason, w.Person = text, text
		d.Waivers[key] = w
	}
	for i := range r.Findings {
		d.Waivers[jobs.FindingKey(&r.Findings[i])] = jobs.Waiver{ID: text, Reason: text, Person: text}
		proof := jobs.Proof{Finding: jobs.FindingKey(&r.Findings[i]), Pictures: []jobs.Picture{{Role: text, Rendition: text, File: text, Width: 10, Height: 10}}}
		d.Evidence.Items = append(d.Evidence.Items, proof)
	}
	d.Curves.Renditions[0].Rendition, d.Curves.Renditions[0].Curves[0].Unit = text, text
	return d
}

// shown is a page without its elements' names and attributes, its data and its script: what a reader sees.
func shown(html string) string {
	return regexp.MustCompile(`<[^>]*>`).ReplaceAllString(html[:strings.Index(html, `<script type="application/json"`)], "")
}

// TestHostileTextIsText: it is shown, and it is nothing else.
func TestHostileTextIsText(t *testing.T) {
	for _, text := range nasty() {
		html := render(t, hostile(t, text))
		if n := strings.Count(html, "<script"); n != 2 {
			t.Errorf("%q: %d scripts in the page, want data and script", text, n)
		}
		seen := shown(html)
		for _, bad := range []string{"<img src=x", "<b>עולם", "\u202e", "\u2066", "\x00", "\x1b"} {
			if strings.Contains(seen, bad) {
				t.Errorf("%q: the page shows %q", text, bad)
			}
		}
		if strings.Contains(html, `href="javascript:`) {
			t.Errorf("%q: a link runs script", text)
		}
		var b strings.Builder
		side := CompareSide{Report: hostile(t, text).Report, Name: text, Profile: &jobs.Profile{Thresholds: map[string]float64{text: 1}}}
		other := CompareSide{Report: full(t).Report, Profile: &jobs.Profile{}}
		if err := WriteCompare(&b, CompareData{A: side, B: other}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "<script"); n != 2 {
			t.Errorf("%q: %d scripts in the compare page", text, n)
		}
	}
}

// TestHostileTextInABrowser: what script makes of it is text, too.
func TestHostileTextInABrowser(t *testing.T) {
	t.Parallel()
	p := browser.Blank(t, browser.Desktop())
	for _, text := range nasty() {
		d := hostile(t, text)
		p.Go(file(t, render(t, d)))
		p.Wait(ready)
		p.Click("#findings tbody tr:nth-child(3) a")
		p.Wait(selected)
		if taken := browser.Eval[bool](p, "window.taken !== undefined || document.querySelectorAll('main script, main iframe, [onerror], [onmouseover]').length > 0"); taken {
			t.Errorf("%q was taken for markup", text)
		}
		if turned := browser.Eval[bool](p, "/[\\u0000-\\u0008\\u001b\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText)"); turned {
			t.Errorf("%q: the page shows characters that steer", text)
		}
		want, err := json.Marshal(strings.TrimSpace(report.Printable(text)))
		if err != nil {
			t.Fatal(err)
		}
		if !browser.Eval[bool](p, "document.querySelector('#detail .message').textContent.includes("+string(want)+")") {
			t.Errorf("%q is not shown: %q", text, browser.Eval[string](p, "document.querySelector('#detail .message').textContent"))
		}
	}
}

// TestBrokenNumbers: whatever a store holds, there is a page.
func TestBrokenNumbers(t *testing.T) {
	t.Parallel()
	p := browser.Blank(t, browser.Desktop())
	nan, inf := jobs.Number(math.NaN()), jobs.Number(math.Inf(1))
	for name, change := range map[string]func(d *CheckData){
		"no duration":       func(d *CheckData) { d.Report.Duration = 0 },
		"negative duration": func(d *CheckData) { d.Report.Duration = -5 },
		"no number":         func(d *CheckData) { d.Report.Duration = jobs.Seconds(math.NaN()) },
		"endless":           func(d *CheckData) { d.Report.Findings[0].End = jobs.Seconds(math.Inf(1)) },
		"backwards":         func(d *CheckData) { d.Report.Findings[0].Start, d.Report.Findings[0].End = 9, 3 },
		"far away":          func(d *CheckData) { d.Report.Findings[0].Start, d.Report.Findings[0].End = -1e300, 1e300 },
		"bad values":        func(d *CheckData) { d.Report.Findings[1].Value, d.Report.Findings[1].Threshold = &nan, &inf },
		"no step":           func(d *CheckData) { d.Curves.Renditions[0].Step = 0 },
		"bad points": func(d *CheckData) {
			d.Curves.Renditions[0].Curves[0].High[3], d.Curves.Renditions[0].Curves[0].Low[3] = &inf, &nan
		},
		"great points": func(d *CheckData) {
			c := d.Curves.Renditions[0].Curves[0]
			c.High[3], c.Low[3] = num(1.7e308), num(-1.7e308)
		},
		"uneven curves":    func(d *CheckData) { d.Curves.Renditions[0].Curves[0].Mean = d.Curves.Renditions[0].Curves[0].Mean[:3] },
		"a strip of zeros": func(d *CheckData) { *d.Evidence.Strip = jobs.Strip{} },
		"an endless strip": func(d *CheckData) { d.Evidence.Strip.Count, d.Evidence.Strip.Step = math.MaxInt, 1e-300 },
		"huge pictures":    func(d *CheckData) { d.Evidence.Items[0].Pictures[0].Width = math.MaxInt },
		"no findings":      func(d *CheckData) { d.Report.Findings, d.Report.Coverage, d.Report.Renditions = nil, nil, nil },
	} {
		d := full(t)
		change(&d)
		html := render(t, d)
		if seen := shown(html); strings.Contains(seen, "NaN") || strings.Contains(seen, "Inf ") {
			t.Errorf("%s: the page shows a number that is none", name)
		}
		p.Go(file(t, html))
		p.Wait(ready)
	}
}

// TestFileNamesStayWithinTheEvidence: an index names files, not places.
func TestFileNamesStayWithinTheEvidence(t *testing.T) {
	d := full(t)
	asked := ""
	d.File = func(name string) template.URL { asked += name + "\n"; return "data:," }
	for _, name := range []string{"../report.json", "a/b.jpg", `a\b.jpg`, ""} {
		d.Evidence.Items[0].Pictures[0].File = name
		render(t, d)
	}
	if strings.ContainsAny(asked, `/\`) {
		t.Errorf("asked for %q", asked)
	}
}
