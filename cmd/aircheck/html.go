package main

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/report/page"
	"aircheck/storage"
)

// maxEmbedded bounds the pictures within a page that stands alone. Browsers open such a file within a second or two; what does not fit is left out, the worst findings come first.
const maxEmbedded = 64 << 20

// pageFile is the page in the directory of --out.
const pageFile = "report.html"

// page writes the report of a local check as a page that stands alone.
func (e *examined) page(w io.Writer, r *report.Report) error {
	d := e.pageData(r)
	left := maxEmbedded
	d.File = func(name string) template.URL { return embed(name, e.pictures.Files[name], &left) }
	return page.WriteCheck(w, d)
}

func (e *examined) pageData(r *report.Report) page.CheckData {
	return page.CheckData{Report: r, Profile: &e.check.Profile, Curves: &e.curves, Evidence: e.pictures.Index, Player: playerOf(r.Check.Input)}
}

// embed makes an address that holds a picture, as long as there is room.
func embed(name string, body []byte, left *int) template.URL {
	if len(body) == 0 || len(body) > *left {
		return ""
	}
	*left -= len(body)
	return page.DataURL(name, body)
}

// page writes the page of --out. Its pictures are the files beside it.
func (d *outDir) page(e *examined) error {
	if d.dir == "" {
		return nil
	}
	data := e.pageData(e.report)
	data.File = func(name string) template.URL {
		return template.URL(evidenceDir + "/" + url.PathEscape(name)) //nolint:gosec // a name of ours, escaped
	}
	var b bytes.Buffer
	if err := page.WriteCheck(&b, data); err != nil {
		return err
	}
	d.write(pageFile, b.Bytes())
	return nil
}

// playerOf plays files of this machine that browsers know. Whatever would need the network is left out: the page opens without one.
func playerOf(input string) *page.Player {
	if strings.Contains(input, "://") {
		return nil
	}
	switch strings.ToLower(filepath.Ext(input)) {
	case ".mp4", ".m4v", ".mov", ".webm", ".m4a", ".mp3", ".aac", ".ogg", ".opus", ".flac", ".wav":
	default:
		return nil
	}
	full, err := filepath.Abs(input)
	if err != nil {
		return nil
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(full)}
	return &page.Player{Media: template.URL(address.String())} //nolint:gosec // a file address, escaped
}

// storedPage writes the report of a stored check as a page that stands alone, with whatever the store has beside the report. profile is that of the report, and
// held are the waivers of its findings.
func storedPage(ctx context.Context, checks *archive.Archive, profile *jobs.Profile, held map[string]jobs.Waiver) func(io.Writer, *report.Report) error {
	return func(w io.Writer, r *report.Report) error {
		d := page.CheckData{Report: r, Profile: profile, Waivers: held}
		var err error
		if d.Curves, err = optional(checks.Curves(ctx, r.Check.ID)); err != nil {
			return err
		}
		if d.Evidence, err = optional(checks.Evidence(ctx, r.Check.ID)); err != nil {
			return err
		}
		left := maxEmbedded
		d.File = func(name string) template.URL { return embed(name, storedFile(ctx, checks, r.Check.ID, name), &left) }
		return page.WriteCheck(w, d)
	}
}

// optional takes what is not there for nothing.
func optional[T any](v *T, err error) (*T, error) {
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return v, err
}

// storedFile reads a picture; nil when it cannot be had, for a page without a picture is better than none.
func storedFile(ctx context.Context, checks *archive.Archive, id, name string) []byte {
	file, size, err := checks.EvidenceFile(ctx, id, name)
	if err != nil {
		return nil
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, size))
	if err != nil {
		return nil
	}
	return body
}

// profileOf is the profile that judged a stored check; nil when its manifest cannot be had: the page has no limits in its curves then.
func profileOf(ctx context.Context, checks *archive.Archive, id string) *jobs.Profile {
	check, err := checks.Check(ctx, id)
	if err != nil {
		return nil
	}
	return &check.Profile
}
