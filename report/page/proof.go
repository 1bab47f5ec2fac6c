package page

import (
	"encoding/base64"
	"html/template"
	"path"
	"strings"

	"aircheck/jobs"
	"aircheck/report"
)

// Bounds of an index of evidence, which comes from a store.
const (
	maxSheets   = 64
	maxPictures = 16
	maxCells    = 100_000
	maxEdge     = 4096
)

// proofView is the evidence of a finding as the page shows it.
type proofView struct {
	Key      string
	Finding  jobs.Finding
	Pictures []pictureView
}

// pictureView is a frame, or a picture of sound.
type pictureView struct {
	URL           template.URL
	Width, Height int
	Caption, Alt  string
	Sound         bool
}

// file is the address of a file of the evidence; empty when there is none.
func (d *CheckData) file(name string) template.URL {
	if d.File == nil || name == "" || strings.ContainsAny(name, "/\\") {
		return ""
	}
	return d.File(name)
}

// proofs pairs the evidence with the findings, in the order of the report.
func (d *CheckData) proofs() []proofView {
	if d.Evidence == nil {
		return nil
	}
	items := map[string]*jobs.Proof{}
	for i := range d.Evidence.Items {
		items[d.Evidence.Items[i].Finding] = &d.Evidence.Items[i]
	}
	var list []proofView
	for i := range d.Report.Findings {
		f := &d.Report.Findings[i]
		key := jobs.FindingKey(f)
		if p := items[key]; p != nil {
			delete(items, key) // once, should two findings have one key
			if v := d.proof(key, f, p); len(v.Pictures) > 0 {
				list = append(list, v)
			}
		}
	}
	return list
}

func (d *CheckData) proof(key string, f *jobs.Finding, p *jobs.Proof) proofView {
	v := proofView{Key: key, Finding: *f}
	for _, pic := range p.Pictures[:min(len(p.Pictures), maxPictures)] {
		role := report.Printable(pic.Role)
		caption := role + " " + report.Clock(pic.At)
		if pic.Rendition != f.Rendition {
			caption += " " + report.Printable(pic.Rendition)
		}
		alt := "Picture " + role + " " + f.Code + ", at " + report.Clock(pic.At)
		v.add(d.file(pic.File), pic.Width, pic.Height, caption, alt, false)
	}
	for _, s := range p.Sounds[:min(len(p.Sounds), maxPictures)] {
		when := report.Clock(s.Start) + " – " + report.Clock(s.End)
		v.add(d.file(s.File), s.Width, s.Height, report.Printable(s.Rendition)+" "+when, "Waveform and spectrogram of the sound from "+when, true)
	}
	return v
}

func (v *proofView) add(url template.URL, width, height int, caption, alt string, sound bool) {
	if url == "" || width <= 0 || height <= 0 || width > maxEdge || height > maxEdge {
		return
	}
	v.Pictures = append(v.Pictures, pictureView{url, width, height, caption, report.Printable(alt), sound})
}

// strip is the film strip for the script; nil when there is none that makes sense.
func (d *CheckData) strip() *modelStrip {
	if d.Evidence == nil || d.Evidence.Strip == nil {
		return nil
	}
	s := d.Evidence.Strip
	bad := !(s.Step > 0) || s.Count <= 0 || s.Count > maxCells || s.Width <= 0 || s.Width > maxEdge || s.Height <= 0 || s.Height > maxEdge ||
		s.Columns <= 0 || s.Columns > maxCells || s.Rows <= 0 || s.Rows > maxCells || len(s.Sheets) == 0 || len(s.Sheets) > maxSheets
	if bad {
		return nil
	}
	out := &modelStrip{Step: s.Step, Count: s.Count, Width: s.Width, Height: s.Height, Columns: s.Columns, Rows: s.Rows}
	for _, name := range s.Sheets {
		out.Sheets = append(out.Sheets, d.file(name))
	}
	return out
}

// DataURL puts a picture into an address, for pages that stand alone. It is empty for files that are no pictures.
func DataURL(name string, body []byte) template.URL {
	kind := ""
	switch path.Ext(name) {
	case ".jpg", ".jpeg":
		kind = "image/jpeg"
	case ".png":
		kind = "image/png"
	default:
		return ""
	}
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(body)) //nolint:gosec // base64 has nothing that could end the address
}
